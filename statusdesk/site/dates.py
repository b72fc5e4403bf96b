"""Times, days and durations in the page's zone and language, and never without their zone (invariant 19)."""

from __future__ import annotations

import contextlib
import copy
import re
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_locale_identifier, parse_locale
from babel.dates import format_date
from babel.localedata import LocaleDataDict, load
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

# The year of a full date, with what stands before it: “, y”, “ 'de' y”, “y年”.
_KEEP = 4096
_YEAR = re.compile(r"[,،]?\s*(?:'\w+'\s*)?y+年?")


class Dates:
    """Everything about time on one page of words; one per zone and language, see `dates`."""

    def __init__(self, time_zone: str, locale: str) -> None:
        self.zone = ZoneInfo(time_zone)
        self.locale = _locale(locale)
        self._days: dict[tuple[str, date], str] = {}
        self._instants: dict[datetime, tuple[datetime, str, str, str]] = {}
        full = _pattern(self.locale.date_formats["full"])
        if full.startswith("EEEE, d MMMM"):  # the house writes Tuesday 9 June, without the comma
            full = full.replace(",", "")
        self._patterns = {
            "day": _pattern(self.locale.datetime_skeletons["MMMMd"]),
            "day_year": _pattern(self.locale.date_formats["long"]),
            "weekday": _YEAR.sub("", full).strip(),
            "weekday_year": full,
            "month": _pattern(self.locale.datetime_skeletons["yMMMM"]),
        }
        self._day_and_time: str = str(self.locale.datetime_formats["medium"])
        hour, between = re.match(r"(H+)(\W)", _pattern(self.locale.datetime_skeletons["Hm"])).groups()  # type: ignore[union-attr]
        self._clock = ("{:02}" if len(hour) > 1 else "{}") + between + "{:02}"
        self._percent = re.sub(r"[#,0]+", "0.00", _pattern(self.locale.percent_formats[None]))

    @property
    def lang(self) -> str:
        """The language for `lang` attributes and feeds, as in BCP 47."""
        return str(get_locale_identifier(parse_locale(str(self.locale)), "-"))

    def _told(self, instant: datetime) -> tuple[datetime, str, str, str]:
        """An instant on the page's clock, as ISO to the minute, its clock time and its zone: each is asked often."""
        known = self._instants.get(instant)
        if known is None:
            local = instant.astimezone(self.zone)
            name = local.tzname() or ""
            known = (
                local,
                local.isoformat(timespec="minutes"),
                self._clock.format(local.hour, local.minute),
                name if name.isalpha() else offset_words(local),
            )
            if len(self._instants) >= _KEEP:
                self._instants.clear()
            self._instants[instant] = known
        return known

    def local(self, instant: datetime) -> datetime:
        """The instant on the page's clock."""
        return self._told(instant)[0]

    def on(self, instant: datetime) -> date:
        """The calendar day of an instant on the page's clock."""
        known = self._instants.get(instant)
        return known[0].date() if known else instant.astimezone(self.zone).date()

    def iso(self, instant: datetime) -> str:
        """For `datetime` attributes: local time with its offset, to the minute."""
        return self._told(instant)[1]

    def zone_name(self, instant: datetime) -> str:
        """CEST; or UTC+3 where the zone has no letters of its own."""
        return self._told(instant)[3]

    def clock(self, instant: datetime) -> str:
        """15:12, or as the language writes it (15.12); always by 24 hours."""
        return self._told(instant)[2]

    def clock_zone(self, instant: datetime) -> str:
        """15:12 CEST."""
        return f"{self.clock(instant)} {self.zone_name(instant)}"

    def full(self, instant: datetime) -> str:
        """9 June 2026, 15:12 CEST."""
        return self._day_and_time.format(self.clock_zone(instant), self.day_year(self.on(instant)))

    def time(self, instant: datetime) -> Markup:
        """A `time` element: 15:12 CEST."""
        return self._time(instant, self.clock_zone(instant))

    def big(self, instant: datetime) -> Markup:
        """A `time` element whose zone is set small."""
        iso, clock, zone = self.iso(instant), self.clock(instant), self.zone_name(instant)
        return Markup(f'<time datetime="{iso}">{clock} <small>{zone}</small></time>')  # noqa: S704  no text of users

    def moment(self, instant: datetime) -> Markup:
        """A `time` element with its day: 9 June, 15:12 CEST."""
        return self._time(instant, self._day_and_time.format(self.clock_zone(instant), self.day(self.on(instant))))

    def near(self, instant: datetime, other: datetime) -> Markup:
        """A `time` element that names its day only when it is another one than `other`'s."""
        return self.time(instant) if self.on(instant) == self.on(other) else self.moment(instant)

    def stamp(self, instant: datetime) -> Markup:
        """When the page was written: Tuesday 9 June 2026, 15:52 CEST; narrow screens leave the day out."""
        between = self._day_and_time.replace("{1}", "").replace("{0}", "")
        day = self.weekday_year(self.on(instant)) + between
        return Markup(f"<span>{day}</span>") + self.time(instant)  # noqa: S704  no text of users

    def short(self, instant: datetime) -> Markup:
        """A `time` element without its zone, for the beginning of a stretch whose end names it."""
        return self._time(instant, self.clock(instant))

    def _time(self, instant: datetime, words: str) -> Markup:
        return Markup(f'<time datetime="{self.iso(instant)}">{words}</time>')  # noqa: S704  clocks and Babel's names of days

    def day(self, day: date) -> str:
        """9 June."""
        return self._say(day, self._patterns["day"])

    def day_year(self, day: date) -> str:
        """9 June 2026."""
        return self._say(day, self._patterns["day_year"])

    def weekday(self, day: date) -> str:
        """Tuesday 9 June, whose day and month stay together on a line."""
        said = self._say(day, self._patterns["weekday"])
        return said.replace(" ", "\N{NO-BREAK SPACE}").replace("\N{NO-BREAK SPACE}", " ", 1)

    def days(self, first: date, last: date) -> str:
        """1–7 June, or June 1–7, as the language has it; both days lie in one month."""
        if first == last:
            return self.day(first)
        pattern = re.sub(r"d(\.|日)?", rf"'{first.day}'\1–'{last.day}'\1", self._patterns["day"], count=1)
        return self._say(first, pattern)

    def weekday_year(self, day: date) -> str:
        """Tuesday 9 June 2026."""
        return self._say(day, self._patterns["weekday_year"])

    def month(self, key: str) -> str:
        """June 2026, from 2026-06."""
        return self._say(date(int(key[:4]), int(key[5:]), 1), self._patterns["month"])

    def month_name(self, key: str) -> str:
        """June, from 2026-06."""
        return self._say(date(int(key[:4]), int(key[5:]), 1), "LLLL")

    def month_short(self, day: date) -> str:
        """Jun."""
        return self._say(day, "LLL")

    def _say(self, day: date, pattern: str) -> str:
        known = self._days.get((pattern, day))
        if known is None:
            known = self._days[pattern, day] = format_date(day, pattern, locale=self.locale)
        return known

    def number(self, number: int) -> str:
        """1,234."""
        return str(number) if 0 <= number < 1000 else str(format_decimal(number, locale=self.locale))  # noqa: PLR2004

    def rate(self, part: int, whole: int) -> str:
        """95%, rounded down: 41 of 43."""
        return str(format_percent(part * 100 // whole / 100, self._percent.replace("0.00", "0"), locale=self.locale))

    def percent(self, share: float) -> str:
        """99.95%: rounded down to two decimals, so that 100 means that nothing was lost."""
        pattern = self._percent if share < 1 else self._percent.replace("0.00", "0")
        return str(format_percent(int(share * 10000) / 10000, pattern, locale=self.locale))


def offset_words(local: datetime) -> str:
    """UTC+2, UTC−3:30, UTC."""
    offset = local.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def _pattern(found: object) -> str:
    """The pattern behind one of Babel's formats."""
    return str(getattr(found, "pattern", found))


def _locale(name: str) -> Locale:
    """The locale of that name with words of its own.

    Babel's locales share what they inherit and write into it when they look something up: after Japanese, June in
    Arabic was 6月. With a copy of the data, what one language says never depends on which others were read before.
    """
    found = Locale.parse("en")
    with contextlib.suppress(ValueError, UnknownLocaleError):
        found = Locale.parse(name.replace("-", "_"))
    own = copy.copy(found)
    own._Locale__data = LocaleDataDict(copy.deepcopy(load(str(found))))  # type: ignore[attr-defined, arg-type]  # noqa: SLF001
    return own


@cache
def dates(time_zone: str, locale: str) -> Dates:
    """The words for times in one zone and language; kept, because the formats are dear to build."""
    return Dates(time_zone, locale)
