"""A component's line: its bar, its percentage, and the days that mattered in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import IncidentState
from statusdesk.domain.public import PublicComponent, PublicIncident, PublicMaintenance
from statusdesk.site import bars, words
from statusdesk.site.bars import Bar, Stretch
from statusdesk.site.edition import Edition
from statusdesk.site.reading import ended_at


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day that mattered, in words under a bar."""

    day: date
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class Days:
    """A component's days as a drawing with its links and in words: as old as what happened to it, not as what we said.

    `begun` is when it was there first. `ref` is what a page keeps them under.
    """

    ref: str
    bar: Bar
    links: Markup
    named: Sequence[NamedDay]
    begun: datetime


@dataclass(frozen=True, slots=True)
class ComponentBar:
    """A component's line on the home page."""

    component: PublicComponent
    days: Days
    percent: str
    named: Sequence[NamedDay]
    more: int
    here_since: date | None

    @property
    def ref(self) -> str:
        """What a page keeps it under."""
        return self.component.id


def component_bar(
    edition: Edition, component: PublicComponent, root: str, named: int = bars.NAMED_DAYS
) -> ComponentBar:
    """A component's last days."""
    reading, d = edition.reading, edition.dates
    found = reading.stretches_of(component)
    until = reading.counted_until(found)
    first, since = bars.window(reading.today, d.zone, reading.page.bar_days)
    months = [m.month for m in reading.months]  # the days link into them
    days = reading.kept.once(
        ("days", edition.language.code, component.id, root),
        (component.created_at, found, first, reading.today, months),
        lambda: _days(edition, component, found, first, root),
    )
    existed = d.on(days.begun)
    return reading.kept.once(
        ("line", edition.language.code, component.id, root, named),
        (component, days, until),
        lambda: ComponentBar(
            component,
            days,
            d.percent(bars.share_up(found, max(since, days.begun), until)),
            days.named[:named],
            max(0, len(days.named) - named),
            existed if existed > first else None,
        ),
    )


def _days(edition: Edition, component: PublicComponent, found: Sequence[Stretch], first: date, root: str) -> Days:
    reading, d = edition.reading, edition.dates
    begun = min([component.created_at, *(s.start for s in found)])
    marked = bars.by_day(found, d.zone, first, reading.today)
    bar = bars.draw(first, reading.today, marked, since=d.on(begun))
    links = _links(edition, bar, found, root)
    return Days(component.id, bar, links, _named_days(edition, found, root, first), begun)


def _links(edition: Edition, bar: Bar, found: Sequence[Stretch], root: str) -> Markup:
    """Each marked day as a place to press in the drawing; neighbours that lead to the same place are one.

    For pointers only: the same links stand in words under the bar.
    """
    runs: list[tuple[date, date, str]] = []
    for day, stretch in bars.worst_by_day(found, edition.dates.zone, bar.first, bar.last).items():
        href = _history_href(edition, stretch, root)
        if runs and runs[-1][2] == href and runs[-1][1] == day - timedelta(days=1):
            runs[-1] = (runs[-1][0], day, href)
        else:
            runs.append((day, day, href))
    return Markup("").join(
        Markup('<a href="%s" tabindex="-1"><rect x="%d" width="%d" height="40"/></a>')
        % (href, bar.place(first), bar.place(last) - bar.place(first) + bars.STEP)
        for first, last, href in runs
    )


def _named_days(edition: Edition, found: Sequence[Stretch], root: str, first: date) -> list[NamedDay]:
    """The days on which something began, newest first: what and for how long."""
    days: dict[date, list[Stretch]] = {}
    for stretch in found:
        days.setdefault(max(first, edition.dates.on(stretch.start)), []).append(stretch)
    return [
        NamedDay(day, _said(edition, items), _history_href(edition, items[-1], root))
        for day, items in sorted(days.items(), reverse=True)
    ]


def _said(edition: Edition, found: Sequence[Stretch]) -> str:
    """As in “down 28 min, partly down 1 h 30”."""
    w, say = edition.words, edition.language.say
    now = max((s for s in found if s.end is None), key=lambda s: s.status.rank, default=None)
    if now:
        # Translators: the state of a service and since when it has it: partly down since 15:40 CEST.
        return say("%(state)s since %(time)s") % {
            "state": w.status_said[now.status],
            "time": edition.dates.clock_zone(now.start),
        }
    sums = bars.seconds_by_status(found, found[-1].start)
    if not sums:
        return w.status_said[found[-1].status]
    # Translators: the state of a service and for how long it had it: down 28 min.
    each = say("%(state)s %(duration)s")
    said = [
        each % {"state": w.status_said[status], "duration": w.duration(seconds, short=True)}
        for status, seconds in sums.items()
    ]
    return w.comma.join(said)


def _history_href(edition: Edition, stretch: Stretch, root: str) -> str:
    """The day's place in the history, or the page of the thing itself where the day is not known."""
    local = edition.reading.dates.local(stretch.began_at) if stretch.began_at else None
    if local and any(m.month == f"{local:%Y-%m}" for m in edition.reading.months):
        return f"{root}history/{local:%Y-%m}/#d{local:%d}"
    if stretch.incident_ref:
        return f"{root}incidents/{stretch.incident_ref}/"
    return f"{root}maintenance/{stretch.maintenance_ref}/" if stretch.maintenance_ref else f"{root}history/"


def incident_stretches(incident: PublicIncident) -> list[Stretch]:
    """An incident's entries; one that names no component counts by its impact from start to end."""
    if incident.state is IncidentState.WITHDRAWN:
        return []
    if incident.entries:
        return bars.stretches(incident.entries)
    status = words.IMPACT_STATUS[incident.impact]
    if not status.is_trouble:
        return []
    return [Stretch(status, incident.started_at, ended_at(incident), incident.ref)]


def maintenance_stretch(maintenance: PublicMaintenance) -> Stretch:
    """Planned work from its real start to its real end, where they are known."""
    return Stretch(
        ComponentStatus.UNDER_MAINTENANCE,
        maintenance.actual_start or maintenance.starts_at,
        maintenance.actual_end or maintenance.ends_at,
        maintenance_ref=maintenance.ref,
    )
