"""What people type into the small fields: times of the clock, delays, dates. Every error is a sentence for them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from statusdesk.domain.times import parse_time

_CLOCK = re.compile(
    r"(?:(today|tomorrow|yesterday)\s+)?([01]?\d|2[0-4])[:.]?([0-5]\d)(?:\s+(today|tomorrow|yesterday))?"
)
_DATE_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]([01]\d|2[0-3]):([0-5]\d)")
_DAYS = re.compile(r"\+(\d{1,3})\s*([dw])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OFFSET = {"today": 0, "tomorrow": 1, "yesterday": -1}


def time_of(text: str, now: datetime, zone: ZoneInfo, *, past: bool = False) -> datetime:
    """The instant meant by "14:30", "tomorrow 9:00", "+2h" or "2026-06-12 14:30", in the page's zone.

    A bare time of the clock is the next one to come, or with `past` the last one gone by. Raises ValueError with a
    sentence for the user.
    """
    text = " ".join(text.lower().split())
    local = now.astimezone(zone)
    if text == "now":
        return now
    if (match := _DATE_CLOCK.fullmatch(text)) is not None:
        day = _real_date(match[1])
        return _instant(day, int(match[2]), int(match[3]), zone)
    if (match := _CLOCK.fullmatch(text)) is not None and (":" in text or "." in text or len(match[2]) == 2):
        hour, minute, word = int(match[2]), int(match[3]), match[1] or match[4]
        day = local.date() + timedelta(days=_OFFSET[word] if word else 0)
        if hour == 24 and minute == 0:
            hour, day = 0, day + timedelta(days=1)
        elif hour == 24:
            raise ValueError(f"“{text}” is not a time. The day ends at 24:00.")
        instant = _instant(day, hour, minute, zone)
        if word is None and not past and instant <= now:
            instant = _instant(day + timedelta(days=1), hour, minute, zone)
        if word is None and past and instant > now:
            instant = _instant(day - timedelta(days=1), hour, minute, zone)
        return instant
    try:
        return parse_time(text.upper() if "t" in text else text, now)
    except ValueError:
        raise ValueError(
            f"“{text[:40]}” is not a time. Write it as 14:30, tomorrow 9:00, +2h, or 2026-06-12 14:30."
        ) from None


def date_of(text: str, today: date) -> date:
    """The day meant by "30 Jun", "2026-06-30", "Friday", "+14d" or "tomorrow".

    Without a year it is the next such day. Raises ValueError with a sentence for the user.
    """
    text = " ".join(text.lower().replace(",", " ").split())
    if text in _OFFSET:
        return today + timedelta(days=_OFFSET[text])
    if (match := _DAYS.fullmatch(text)) is not None:
        return today + timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))
    if text[:3] in _WEEKDAYS and text.isalpha():
        return today + timedelta(days=(_WEEKDAYS.index(text[:3]) - today.weekday() - 1) % 7 + 1)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _real_date(text)
    if (match := re.fullmatch(r"(\d{1,2})\.? ([a-z]{3,9})\.?(?: (\d{4}))?", text)) is not None:
        return _named_day(text, int(match[1]), match[2], match[3], today)
    if (match := re.fullmatch(r"([a-z]{3,9})\.? (\d{1,2})(?: (\d{4}))?", text)) is not None:
        return _named_day(text, int(match[2]), match[1], match[3], today)
    raise ValueError(f"“{text[:40]}” is not a date. Write it as 30 Jun, 2026-06-30, Friday or +14d.")


def _named_day(text: str, day: int, month: str, year: str | None, today: date) -> date:
    try:
        number = _MONTHS.index(month[:3]) + 1
        if year:
            return date(int(year), number, day)
        found = date(today.year, number, day)
        return found if found >= today else date(today.year + 1, number, day)
    except ValueError:
        raise ValueError(f"“{text[:40]}” is not a date. Write it as 30 Jun, 2026-06-30, Friday or +14d.") from None


def _real_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"There is no day {text}. Check the date.") from None


def _instant(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
