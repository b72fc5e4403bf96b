"""What people type into the small fields."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from statusdesk.domain.incident import Impact
from statusdesk_ui import words
from statusdesk_ui.typed import date_of, time_of

NOW = datetime(2026, 6, 10, 9, 50, tzinfo=UTC)  # a Wednesday; 10:50 in London
LONDON, UTC_ZONE = ZoneInfo("Europe/London"), ZoneInfo("UTC")
TODAY = date(2026, 6, 10)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("14:30", datetime(2026, 6, 10, 13, 30, tzinfo=UTC)),
        ("1430", datetime(2026, 6, 10, 13, 30, tzinfo=UTC)),
        ("14.30", datetime(2026, 6, 10, 13, 30, tzinfo=UTC)),
        ("10:00", datetime(2026, 6, 11, 9, 0, tzinfo=UTC)),
        ("today 10:00", datetime(2026, 6, 10, 9, 0, tzinfo=UTC)),
        ("tomorrow 9:00", datetime(2026, 6, 11, 8, 0, tzinfo=UTC)),
        ("9:00 Tomorrow", datetime(2026, 6, 11, 8, 0, tzinfo=UTC)),
        ("24:00", datetime(2026, 6, 10, 23, 0, tzinfo=UTC)),
        ("+2h", NOW + timedelta(hours=2)),
        ("+1h30m", NOW + timedelta(minutes=90)),
        ("2026-06-12 14:30", datetime(2026, 6, 12, 13, 30, tzinfo=UTC)),
        ("2026-06-12T14:30Z", datetime(2026, 6, 12, 14, 30, tzinfo=UTC)),
        ("now", NOW),
    ],
)
def test_a_time_is_understood_in_the_pages_zone(text: str, meant: datetime) -> None:
    assert time_of(text, NOW, LONDON) == meant


def test_a_start_is_the_last_such_time_gone_by() -> None:
    assert time_of("10:00", NOW, LONDON, past=True) == datetime(2026, 6, 10, 9, 0, tzinfo=UTC)
    assert time_of("23:00", NOW, LONDON, past=True) == datetime(2026, 6, 9, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "25:00", "24:30", "9", "12:60", "2026-02-30 10:00", "+", "ten past", "½"])
def test_what_is_no_time_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|There is no day"):
        time_of(text, NOW, UTC_ZONE)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30 Jun", date(2026, 6, 30)),
        ("30. june 2027", date(2027, 6, 30)),
        ("Jun 30", date(2026, 6, 30)),
        ("1 Jan", date(2027, 1, 1)),
        ("2026-07-01", date(2026, 7, 1)),
        ("Friday", date(2026, 6, 12)),
        ("wed", date(2026, 6, 17)),
        ("+14d", date(2026, 6, 24)),
        ("+2w", date(2026, 6, 24)),
        ("tomorrow", date(2026, 6, 11)),
    ],
)
def test_a_date_is_understood(text: str, meant: date) -> None:
    assert date_of(text, TODAY) == meant


@pytest.mark.parametrize("text", ["someday", "31 Feb", "2026-13-01", "32 Jan", "Q3"])
def test_what_is_no_date_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date|There is no day"):
        date_of(text, TODAY)


def test_spans_use_the_two_largest_units() -> None:
    assert words.span(timedelta(seconds=12)) == "12 s"
    assert words.span(timedelta(hours=1, minutes=9, seconds=40)) == "1 h 9 min"
    assert words.span(timedelta(days=3, hours=2, minutes=5)) == "3 d 2 h"
    assert words.span(timedelta(hours=-2)) == "2 h"


def test_zones_without_a_name_are_shown_as_an_offset() -> None:
    assert words.zone_name(NOW, LONDON) == "BST"
    assert words.zone_name(NOW, ZoneInfo("America/Sao_Paulo")) == "UTC-03"


def test_a_title_is_made_from_what_is_affected_and_how_bad_it_is() -> None:
    assert words.title_for(["Tills"], Impact.MAJOR) == "Tills: major problem"
    assert words.title_for(["Tills", "Website", "Chat"], Impact.MINOR) == "Tills, Website and Chat: minor problem"
    assert words.title_for([], Impact.MAJOR) == ""
    assert words.title_for(["Tills"], None) == ""
    assert words.title_for(["A" * 60, "B" * 60], Impact.CRITICAL) == "2 services: critical problem"
    assert len(words.title_for(["A" * 200], Impact.CRITICAL)) == 80
