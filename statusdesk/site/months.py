"""A month of history, day by day."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import PublicIncident, PublicMaintenance
from statusdesk.site import bars
from statusdesk.site.edition import Edition
from statusdesk.site.lines import incident_stretches, maintenance_stretch
from statusdesk.site.reading import ended_at, estimate_gap, said_at
from statusdesk.site.words import Look

# A month that holds more names each problem in a line: what was said of it stands on its own page.
IN_FULL = 200


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of a month's page; or a run of days on which nothing began, with what was still going on (`carried`)."""

    first: date
    last: date
    incidents: Sequence[PublicIncident]
    maintenances: Sequence[PublicMaintenance]
    carried: Sequence[PublicIncident]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing began."""
        return not self.incidents and not self.maintenances


def month_view(edition: Edition, key: str) -> dict[str, Any]:
    """What the page of a month shows. `key` is YYYY-MM in the page's zone."""
    reading, zone = edition.reading, edition.dates.zone
    first = date(int(key[:4]), int(key[5:]), 1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    known = min(last, reading.today)
    incidents = reading.incidents_of(key)
    works = reading.maintenances_of(key)
    carried = [i for i in reading.incidents_of(f"{first - timedelta(days=1):%Y-%m}") if last_day(edition, i) >= first]
    once = reading.kept.once
    found = [
        s for i in (*carried, *incidents) for s in once(("stretches of", i.ref), i, partial(incident_stretches, i))
    ]
    found += [maintenance_stretch(m) for m in works if m.state is not MaintenanceState.CANCELLED]
    marked = bars.by_day(found, zone, first, known)
    keys = [m.month for m in reading.months]
    at = keys.index(key) if key in keys else -1
    judged = [i.eta.outcome for i in incidents if i.eta and estimate_gap(i) is not None]
    return {
        "key": key,
        "compact": len(incidents) > IN_FULL,
        "incidents": incidents,
        "works": works,
        "stamp": max([*(said_at(i) for i in (*incidents, *carried)), *(m.updated_at for m in works)], default=None),
        "bar": bars.draw(first, last, marked, until=known) if known >= first else None,
        "days_known": max(0, (known - first).days + 1),
        "days_marked": len(marked),
        "rows": month_rows(edition, first, known, incidents, works, carried),
        "newer": keys[at - 1] if at > 0 else None,
        "older": keys[at + 1] if 0 <= at < len(keys) - 1 else None,
        "met": sum(outcome.value == "met" for outcome in judged),
        "judged": len(judged),
        "asked": sum(i.asked for i in incidents),
        "confirmed": sum(i.confirmed for i in incidents),
    }


def spans(edition: Edition, incident: PublicIncident) -> list[tuple[Look, str]]:
    """How long an incident was how bad, worst first."""
    w = edition.words
    if ended_at(incident) is None:
        return [(w.impact[incident.impact], edition.language.say("still open"))]
    sums = bars.seconds_by_status(incident_stretches(incident), incident.started_at)
    return [(w.status[status], w.duration(seconds)) for status, seconds in sums.items() if status.is_trouble]


def last_day(edition: Edition, incident: PublicIncident) -> date:
    """The last day on which it went on; today while it is open."""
    end = ended_at(incident)
    if end is None:
        return edition.reading.today
    ended: date = edition.reading.kept.once(
        ("last day", incident.ref), end, lambda: edition.dates.on(end - timedelta(milliseconds=1))
    )
    return ended


def month_rows(
    edition: Edition,
    first: date,
    known: date,
    incidents: Sequence[PublicIncident],
    works: Sequence[PublicMaintenance],
    carried: Sequence[PublicIncident],
) -> list[MonthDay]:
    """Newest day first; runs of days on which nothing began in between. Planned days to come are listed too."""
    begun: dict[date, tuple[list[PublicIncident], list[PublicMaintenance]]] = {}
    for incident in incidents:
        begun.setdefault(edition.dates.on(incident.started_at), ([], []))[0].append(incident)
    for work in works:
        begun.setdefault(edition.dates.on(work.starts_at), ([], []))[1].append(work)
    spans = [(edition.dates.on(i.started_at), last_day(edition, i), i) for i in (*carried, *incidents)]
    rows = [MonthDay(day, day, *things, ()) for day, things in begun.items()]
    day = first
    while day <= known:
        if day not in begun:
            still = tuple(i for begin, end, i in spans if begin <= day <= end)
            before = rows[-1] if rows else None
            if before and before.last == day - timedelta(days=1) and before.is_quiet and before.carried == still:
                rows[-1] = replace(before, last=day)
            else:
                rows.append(MonthDay(day, day, (), (), still))
        day += timedelta(days=1)
    return sorted(rows, key=lambda row: row.first, reverse=True)
