"""Times on the way in and out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statusdesk.domain import times

NOW = datetime(2026, 6, 9, 13, 2, 30, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("+30m", NOW + timedelta(minutes=30)),
        ("+2h", NOW + timedelta(hours=2)),
        ("+1h30m", NOW + timedelta(minutes=90)),
        ("+1d", NOW + timedelta(days=1)),
        ("2026-06-09T16:10+02:00", datetime(2026, 6, 9, 14, 10, tzinfo=UTC)),
        ("2026-06-09T14:10:00Z", datetime(2026, 6, 9, 14, 10, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_iso_8601_or_as_a_delay(typed: str, meant: datetime) -> None:
    assert times.parse_time(typed, NOW) == meant


@pytest.mark.parametrize(
    "typed", ["soon", "", "+", "16:10", "2026-06-09T16:10", "2026-13-40T00:00Z", "0001-01-01T00:00+14:00"]
)
def test_what_is_no_time_with_a_zone_is_refused_with_advice(typed: str) -> None:
    with pytest.raises(ValueError, match=r"time|zone|date"):
        times.parse_time(typed, NOW)


@given(INSTANTS)
def test_rounding_up_lands_on_five_minutes_and_never_goes_back(instant: datetime) -> None:
    rounded = times.round_up(instant)
    assert rounded.minute % 5 == 0
    assert (rounded.second, rounded.microsecond) == (0, 0)
    assert timedelta(0) <= rounded - instant < timedelta(minutes=5)


@given(INSTANTS)
def test_rfc_3339_keeps_milliseconds_and_reads_back(instant: datetime) -> None:
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(times.rfc3339(instant)) == instant


def test_a_day_and_a_month_belong_to_the_zone_of_the_page() -> None:
    late = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
    assert times.local_day(late, ZoneInfo("Europe/Stockholm")) == date(2026, 6, 1)
    assert times.month_key(late, ZoneInfo("Europe/Stockholm")) == "2026-06"
    assert times.start_of_day(date(2026, 6, 1), ZoneInfo("Europe/Stockholm")) == datetime(2026, 5, 31, 22, tzinfo=UTC)
