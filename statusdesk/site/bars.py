"""Day bars (F33): what was published about a component, as one mark a day, in words, and as a percentage.

A mark rises above the line by its weight (slower, partly down, down); planned work hangs below, so grey-scale tells
them apart. The formula, printed on the page: a minute of major outage counts 1, of partial outage 0.5, of anything
else 0. Only published entries count; days before the component existed are absent.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.public import PublicEntry
from statusdesk.domain.times import start_of_day

NAMED_DAYS = 3  # under a component's bar; the rest stands in its history
_S = ComponentStatus
_WEIGHT: dict[ComponentStatus, float] = {_S.MAJOR_OUTAGE: 1.0, _S.PARTIAL_OUTAGE: 0.5}
# The pen stands at the foot of the day's green mark: (x, 33). Each returns there.
_RISE: dict[ComponentStatus, str] = {_S.DEGRADED_PERFORMANCE: "6", _S.PARTIAL_OUTAGE: "13", _S.MAJOR_OUTAGE: "23"}
STEP = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without a gap in which one status held. `end` None: still. `ref`s say which problem it was."""

    status: ComponentStatus
    start: datetime
    end: datetime | None
    incident_ref: str | None = None
    maintenance_ref: str | None = None
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """The drawing: `width` units wide (four a day), 40 high. `first` is the day of its first mark."""

    path: str
    width: int
    first: date
    last: date

    def place(self, day: date) -> int:
        """Where a day's mark has its place, of `STEP` units."""
        return (day - self.first).days * STEP


def draw(
    first: date,
    last: date,
    worst: Mapping[date, set[ComponentStatus]],
    *,
    since: date | None = None,
    until: date | None = None,
) -> Bar:
    """One path for the days from `first` to `last`; days before `since` and after `until` stay empty."""
    begin = max(first, since) if since else first
    out: list[str] = []
    day, x = begin, (begin - first).days * STEP + 2
    pen_up = f"M{x} 25"
    while day <= (until or last):
        statuses = worst.get(day, set())
        out.append(pen_up + "v8")
        trouble = max((s for s in statuses if s.is_trouble), key=lambda s: s.rank, default=None)
        below = _S.UNDER_MAINTENANCE in statuses
        if trouble:
            rise = _RISE[trouble]
            out.append(f"m0-10v-{rise}")
            if below:
                out.append(f"m0 {int(rise) + 12}v5m4-15")
            else:
                out.append(f"m4 {int(rise) + 2}")
        else:
            out.append("m0 2v5m4-15" if below else "m4-8")
        pen_up = ""
        day += timedelta(days=1)
    return Bar("".join(out), ((last - first).days + 1) * STEP, first, last)


def stretches(entries: Iterable[PublicEntry]) -> list[Stretch]:
    """A component's entries as stretches, oldest first."""
    found = [
        Stretch(e.status, e.from_at, e.to_at, e.incident_ref, e.maintenance_ref, e.began_at)
        for e in entries
        if e.status is not _S.OPERATIONAL
    ]
    return sorted(found, key=lambda s: (s.start, s.status.rank, s.incident_ref or "", s.maintenance_ref or ""))


def by_day(found: Iterable[Stretch], zone: ZoneInfo, first: date, last: date) -> dict[date, set[ComponentStatus]]:
    """The statuses of each day from `first` to `last` on which something was wrong or worked on."""
    days: dict[date, set[ComponentStatus]] = {}
    for stretch in found:
        for day in _days_of(stretch, zone, first, last):
            days.setdefault(day, set()).add(stretch.status)
    return days


def worst_by_day(found: Iterable[Stretch], zone: ZoneInfo, first: date, last: date) -> dict[date, Stretch]:
    """The worst stretch of each day on which something was wrong or worked on; of equals the later one. In order."""
    days: dict[date, Stretch] = {}
    for stretch in found:
        for day in _days_of(stretch, zone, first, last):
            if day not in days or stretch.status.rank >= days[day].status.rank:
                days[day] = stretch
    return dict(sorted(days.items()))


def _days_of(stretch: Stretch, zone: ZoneInfo, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last` that a stretch touches."""
    begins = stretch.start.astimezone(zone).date()
    # An end at midnight belongs to the day before.
    ends = last if stretch.end is None else (stretch.end - timedelta(milliseconds=1)).astimezone(zone).date()
    day = max(first, begins)
    while day <= min(last, max(ends, begins)):
        yield day
        day += timedelta(days=1)


def worst_over_time(found: Sequence[Stretch], until: datetime) -> list[tuple[ComponentStatus, datetime, datetime]]:
    """Overlapping stretches as a line of the worst status at each moment; what is still going on ends at `until`."""
    steps = [(s.start, 1, s.status) for s in found]
    steps += [(s.end or max(until, s.start), -1, s.status) for s in found]
    steps.sort(key=itemgetter(0))
    line: list[tuple[ComponentStatus, datetime, datetime]] = []
    holding: Counter[ComponentStatus] = Counter()
    for (at, change, status), (after, _, _) in itertools.pairwise(steps):
        holding[status] += change
        worst = max((s for s, count in holding.items() if count > 0), key=lambda s: s.rank, default=None)
        if worst is None or at == after:
            continue
        if line and line[-1][0] is worst and line[-1][2] == at:
            line[-1] = (worst, line[-1][1], after)
        else:
            line.append((worst, at, after))
    return line


def seconds_by_status(found: Sequence[Stretch], until: datetime) -> dict[ComponentStatus, float]:
    """How long each status was the worst one, worst status first."""
    sums: dict[ComponentStatus, float] = {}
    for status, start, end in worst_over_time(found, until):
        sums[status] = sums.get(status, 0.0) + (end - start).total_seconds()
    return dict(sorted(sums.items(), key=lambda item: -item[0].rank))


def share_up(found: Sequence[Stretch], since: datetime, until: datetime) -> float:
    """The share of the time from `since` to `until` that was not lost, by the formula above; 1.0 for no time at all."""
    total = (until - since).total_seconds()
    if total <= 0:
        return 1.0
    lost = sum(
        _WEIGHT.get(status, 0.0) * max(0.0, (min(end, until) - max(start, since)).total_seconds())
        for status, start, end in worst_over_time(found, until)
    )
    return 1.0 - lost / total


def window(today: date, zone: ZoneInfo, days: int) -> tuple[date, datetime]:
    """The first of so many days that end today, and the instant at which it began."""
    first = today - timedelta(days=days - 1)
    return first, start_of_day(first, zone)
