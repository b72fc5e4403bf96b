"""Times, days and durations in the page's zone and language, and never without their zone (invariant 19)."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_locale_identifier, parse_locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Dates:
    """Everything about time on one page of words; one per zone and language, see `dates`."""

    def __init__(self, time_zone: str, locale: str) -> None:
        self.zone = ZoneInfo(time_zone)
        self.locale = _locale(locale)
        self._days: dict[tuple[str, date], str] = {}

    @property
    def lang(self) -> str:
        """The language for `lang` attributes and feeds, as in BCP 47."""
        return str(get_locale_identifier(parse_locale(str(self.locale)), "-"))

    def local(self, instant: datetime) -> datetime:
        """The instant on the page's clock."""
        return instant.astimezone(self.zone)

    def on(self, instant: datetime) -> date:
        """The calendar day of an instant on the page's clock."""
        return instant.astimezone(self.zone).date()

    def iso(self, instant: datetime) -> str:
        """For `datetime` attributes: local time with its offset, to the minute."""
        return self.local(instant).isoformat(timespec="minutes")

    def zone_name(self, instant: datetime) -> str:
        """CEST; or UTC+3 where the zone has no letters of its own."""
        local = self.local(instant)
        name = local.tzname() or ""
        return name if name.isalpha() else offset_words(local)

    def clock(self, instant: datetime) -> str:
        """15:12."""
        local = instant.astimezone(self.zone)
        return f"{local.hour:02}:{local.minute:02}"

    def clock_zone(self, instant: datetime) -> str:
        """15:12 CEST."""
        return f"{self.clock(instant)} {self.zone_name(instant)}"

    def full(self, instant: datetime) -> str:
        """9 June 2026, 15:12 CEST."""
        return f"{self.day(self.on(instant))} {self.local(instant).year}, {self.clock_zone(instant)}"

    def time(self, instant: datetime) -> Markup:
        """A `time` element: 15:12 CEST."""
        return self._time(instant, self.clock_zone(instant))

    def big(self, instant: datetime) -> Markup:
        """A `time` element whose zone is set small."""
        iso, clock, zone = self.iso(instant), self.clock(instant), self.zone_name(instant)
        return Markup(f'<time datetime="{iso}">{clock} <small>{zone}</small></time>')  # noqa: S704  no text of users

    def moment(self, instant: datetime) -> Markup:
        """A `time` element with its day: 9 June, 15:12 CEST."""
        return self._time(instant, f"{self.day(self.on(instant))}, {self.clock_zone(instant)}")

    def near(self, instant: datetime, other: datetime) -> Markup:
        """A `time` element that names its day only when it is another one than `other`'s."""
        return self.time(instant) if self.on(instant) == self.on(other) else self.moment(instant)

    def between(self, start: datetime, end: datetime) -> Markup:
        """From when to when, each day named once: 9 June, 15:12 to 17:10 CEST."""
        if self.on(start) != self.on(end):
            return self.moment(start) + " to " + self.moment(end)
        first = self.clock(start) if self.zone_name(start) == self.zone_name(end) else self.clock_zone(start)
        return self.weekday(self.on(start)) + ", " + self._time(start, first) + " to " + self.time(end)

    def _time(self, instant: datetime, words: str) -> Markup:
        iso = self.local(instant).isoformat(timespec="minutes")
        return Markup(f'<time datetime="{iso}">{words}</time>')  # noqa: S704  clocks and Babel's names of days

    def day(self, day: date) -> str:
        """9 June."""
        return self._skeleton("MMMMd", day)

    def day_year(self, day: date) -> str:
        """9 June 2026."""
        return f"{self.day(day)} {day.year}"

    def weekday(self, day: date) -> str:
        """Tuesday 9 June."""
        return self._skeleton("EEEE", day) + " " + self._skeleton("MMMMd", day).replace(" ", "\N{NO-BREAK SPACE}")

    def days(self, first: date, last: date) -> str:
        """1 to 7 June, or June 1 to 7, as the language has it; both days lie in one month."""
        if first == last:
            return self.day(first)
        said = self.day(last)
        return f"{first.day} to {said}" if said[:1].isdigit() else f"{self.day(first)} to {last.day}"

    def weekday_year(self, day: date) -> str:
        """Tuesday 9 June 2026."""
        return f"{self.weekday(day)} {day.year}"

    def month(self, key: str) -> str:
        """June 2026, from 2026-06."""
        return self._skeleton("yMMMM", date(int(key[:4]), int(key[5:]), 1))

    def month_name(self, key: str) -> str:
        """June, from 2026-06."""
        return self._skeleton("LLLL", date(int(key[:4]), int(key[5:]), 1))

    def month_short(self, day: date) -> str:
        """Jun."""
        return self._skeleton("LLL", day)

    def _skeleton(self, skeleton: str, day: date) -> str:
        known = self._days.get((skeleton, day))
        if known is None:
            if skeleton in ("EEEE", "LLLL", "LLL"):
                known = format_date(day, skeleton, locale=self.locale)
            else:
                noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
                known = format_skeleton(skeleton, noon, locale=self.locale)
            self._days[skeleton, day] = known
        return known

    def number(self, number: int) -> str:
        """1,234."""
        return str(format_decimal(number, locale=self.locale))

    def percent(self, share: float) -> str:
        """99.95%: rounded down to two decimals, so that 100 means that nothing was lost."""
        return "100%" if share >= 1 else str(format_percent(int(share * 10000) / 10000, "0.00%", locale=self.locale))


def duration(seconds: float, *, short: bool = False) -> str:
    """1 h 58 min; `short` leaves the last unit out: 1 h 58. From two days on 2 d 3 h."""
    whole = int(seconds)
    if whole < _MINUTE:
        return "less than a minute" if whole else "0 min"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        hours, minutes = divmod(whole // _MINUTE, 60)
        if not minutes:
            return f"{hours} h"
        return f"{hours} h {minutes:02}" if short else f"{hours} h {minutes} min"
    days, hours = divmod(whole // _HOUR, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def long_duration(seconds: float) -> str:
    """35 minutes, 1 hour and 5 minutes: for sentences."""
    minutes = max(1, int(seconds) // _MINUTE)
    hours, rest = divmod(minutes, 60)
    parts = [f"{n} {unit}{'s' if n != 1 else ''}" for n, unit in ((hours, "hour"), (rest, "minute")) if n]
    return " and ".join(parts)


def offset_words(local: datetime) -> str:
    """UTC+2, UTC−3:30, UTC."""
    offset = local.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def _locale(name: str) -> Locale:
    with contextlib.suppress(ValueError, UnknownLocaleError):
        return Locale.parse(name.replace("-", "_"))
    return Locale.parse("en")


@cache
def dates(time_zone: str, locale: str) -> Dates:
    """The words for times in one zone and language; kept, because the formats are dear to build."""
    return Dates(time_zone, locale)
