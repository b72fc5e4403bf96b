"""Times on the way in and out: RFC 3339, `+30m`, rounding up to the clock, days and months in a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DELAY = re.compile(r"\+(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")
FIVE_MINUTES = timedelta(minutes=5)


@lru_cache(maxsize=4096)  # one instant is told in several documents
def rfc3339(instant: datetime) -> str:
    """2026-06-09T15:41:00.000Z: UTC, milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_time(text: str, now: datetime) -> datetime:
    """An instant from ISO 8601 with a zone, or a delay from now such as `+30m`, `+2h`, `+1d`, `+1h30m`.

    Raises ValueError with a sentence for the user.
    """
    text = text.strip()
    delay = _DELAY.fullmatch(text)
    if delay and any(delay.groups()):
        days, hours, minutes = (int(part or 0) for part in delay.groups())
        return now + timedelta(days=days, hours=hours, minutes=minutes)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"“{text[:40]}” is not a time. Write it as 2026-06-09T16:10+02:00, or as +30m or +2h from now."
        ) from None
    if instant.tzinfo is None:
        raise ValueError(f"“{text[:40]}” has no time zone. Add one, for example 2026-06-09T16:10+02:00 or a Z for UTC.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"“{text[:40]}” is too far away. Choose a time near today.") from None


def round_up(instant: datetime, step: timedelta = FIVE_MINUTES) -> datetime:
    """The next full step of the clock, or the instant itself when it is one."""
    seconds = int(step.total_seconds())
    stamp = instant.timestamp()
    rounded = -int(-stamp // seconds) * seconds
    return datetime.fromtimestamp(rounded, UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant in a zone."""
    return instant.astimezone(zone).date()


def month_key(instant: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM` of an instant in a zone: the address of its history page."""
    return f"{instant.astimezone(zone):%Y-%m}"


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a calendar day begins in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
