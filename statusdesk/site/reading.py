"""One build's look at the record: the reader's answers kept for the length of a build, and what follows from them.

No clock is read here. `today` is the day in the page's zone for which the build is made; everything else is record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property

from statusdesk.domain.incident import OPEN_STATES, EtaOutcome, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import (
    MonthCount,
    PublicCard,
    PublicComponent,
    PublicGroup,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicUpdate,
)
from statusdesk.domain.times import start_of_day
from statusdesk.site.bars import Stretch, stretches, window
from statusdesk.site.dates import Dates, dates
from statusdesk.site.reader import PublicReader

RECENT = 5
_KEEP = 256
_KEEP_MONTHS = 2


class Reading:
    """What one build has read so far."""

    def __init__(self, reader: PublicReader, page: PublicPage, today: date) -> None:
        self.reader = reader
        self.page = page
        self.today = today
        self.dates: Dates = dates(page.time_zone, page.locale)
        self._incidents: dict[str, PublicIncident | None] = {}
        self._maintenances: dict[str, PublicMaintenance | None] = {}
        self._months: dict[str, Sequence[PublicIncident]] = {}

    def incident(self, ref: str) -> PublicIncident | None:
        """One incident; its page, its JSON and its month ask for it one after the other."""
        if ref not in self._incidents:
            if len(self._incidents) >= _KEEP:
                self._incidents.clear()
            self._incidents[ref] = self.reader.incident(ref)
        return self._incidents[ref]

    def incidents_of(self, month: str) -> Sequence[PublicIncident]:
        """The incidents that began in a month. A full build reads them in this way: a month at once, not one by one."""
        if month not in self._months:
            if len(self._months) >= _KEEP_MONTHS:
                self._months.clear()
            self._months[month] = self.reader.incidents_in_month(month)
            if len(self._incidents) >= _KEEP:
                self._incidents.clear()
            self._incidents |= {i.ref: i for i in self._months[month]}
        return self._months[month]

    def maintenance(self, ref: str) -> PublicMaintenance | None:
        """One maintenance."""
        if ref not in self._maintenances:
            if len(self._maintenances) >= _KEEP:
                self._maintenances.clear()
            self._maintenances[ref] = self.reader.maintenance(ref)
        return self._maintenances[ref]

    @cached_property
    def components(self) -> Sequence[PublicComponent]:
        """All visible components, in order."""
        return self.reader.components()

    @cached_property
    def slugs(self) -> frozenset[str]:
        """The components that have a page."""
        return frozenset(c.slug for c in self.components)

    @cached_property
    def groups(self) -> Sequence[tuple[PublicGroup | None, list[PublicComponent]]]:
        """Components under their headings; those without one come first."""
        members: dict[str | None, list[PublicComponent]] = {}
        known = {group.id: group for group in self.reader.groups()}
        for component in self.components:
            members.setdefault(component.group_id if component.group_id in known else None, []).append(component)
        bare = [(None, members[None])] if None in members else []
        return [*bare, *((group, members[key]) for key, group in known.items() if key in members)]

    @cached_property
    def open(self) -> Sequence[PublicIncident]:
        """Open incidents, worst first."""
        return self.reader.open_incidents()

    @cached_property
    def waiting(self) -> Sequence[PublicIncident]:
        """Resolved, and not everyone who reported it has answered."""
        return self.reader.waiting_incidents()

    @cached_property
    def recent(self) -> Sequence[PublicIncident]:
        """The newest incidents that are over."""
        found = self.reader.recent_incidents(RECENT + len(self.open))
        return [i for i in found if not i.state.is_open][:RECENT]

    @cached_property
    def planned(self) -> Sequence[PublicMaintenance]:
        """Maintenance that is not over, the next one first."""
        return self.reader.active_maintenances()

    @cached_property
    def cards(self) -> Sequence[PublicCard]:
        """The people who can be called, the soonest to end first."""
        return self.reader.cards()

    @cached_property
    def months(self) -> Sequence[MonthCount]:
        """Every month that holds something, newest first."""
        return self.reader.months()

    @cached_property
    def newest_at(self) -> datetime:
        """The time of the newest public words; the page's own beginning when there are none."""
        times = [self.page.created_at]
        times += [said_at(i) for i in self.reader.recently_updated(1)]
        times += [m.updated_at for m in (*self.planned, *self.reader.recent_maintenances(RECENT))]
        return max(times)

    @cached_property
    def _said_of_open(self) -> dict[str, datetime]:
        """When we last spoke of what is still going on, by reference."""
        return {i.ref: said_at(i) for i in self.open} | {m.ref: m.updated_at for m in self.planned}

    def counted_until(self, found: Sequence[Stretch]) -> datetime:
        """Until when a component's time is counted: the start of today, or its own newest published moment.

        Only what is its own counts, so that news about one component never changes the page of another.
        """
        times = [start_of_day(self.today, self.dates.zone)]
        for stretch in found:
            times.append(stretch.end or stretch.start)
            if stretch.end is None:
                ref = stretch.incident_ref or stretch.maintenance_ref or ""
                times.append(self._said_of_open.get(ref, stretch.start))
        return max(times)

    @cached_property
    def _by_component(self) -> dict[str, list[Stretch]]:
        found: dict[str, list[Stretch]] = {}
        _, since = window(self.today, self.dates.zone)
        entries = self.reader.entries_since(since)
        for component_id in {e.component_id for e in entries}:
            found[component_id] = stretches(e for e in entries if e.component_id == component_id)
        return found

    def stretches_of(self, component: PublicComponent) -> list[Stretch]:
        """Trouble and planned work of a component in the last 90 days, oldest first."""
        return self._by_component.get(component.id, [])


def said_at(incident: PublicIncident) -> datetime:
    """When the newest public words about an incident were said."""
    last = incident.updates[-1].published_at if incident.updates else incident.first_public_at
    return max(last, incident.closed_at or last)


def ended_at(incident: PublicIncident) -> datetime | None:
    """When the trouble ended, as far as we know; None while it is open."""
    if incident.state.is_open:
        return None
    return incident.resolved_at or incident.closed_at or said_at(incident)


def what_is_wrong(incident: PublicIncident) -> PublicUpdate | None:
    """The newest words that say what is wrong: corrected ones in their corrected form, retracted ones never.

    A line that only moves a promise says nothing about the trouble, and once it is over neither do the words that
    end it: such lines count only when there is nothing else.
    """
    fallback: PublicUpdate | None = None
    for update in reversed(incident.updates):
        said = _as_it_stands(update, incident) if update.kind.speaks else None
        if said and update.kind is not UpdateKind.PROMISE_MOVED and update.state_after in OPEN_STATES:
            return said
        fallback = fallback or said
    return fallback


def how_it_ended(incident: PublicIncident) -> PublicUpdate | None:
    """The words that ended it, as they stand now; None while it is open, or when they already say what was wrong."""
    if incident.state.is_open:
        return None
    last = next((u for u in reversed(incident.updates) if u.kind.speaks and u.state_after not in OPEN_STATES), None)
    said = _as_it_stands(last, incident) if last else None
    return None if said is None or said is what_is_wrong(incident) else said


def _as_it_stands(update: PublicUpdate, incident: PublicIncident) -> PublicUpdate | None:
    """The update, or what it was corrected to; None when it was taken back and nothing was put right."""
    corrections = {u.corrects_seq: u for u in incident.updates if u.kind is UpdateKind.CORRECTION}
    said: PublicUpdate | None = update
    while said is not None and said.replaced_seq is not None:
        said = corrections.get(said.seq)
    return said


def estimate_gap(incident: PublicIncident) -> float | None:
    """How many seconds it ended before the last time we gave (negative: after it); None with nothing to judge."""
    eta, end = incident.eta, ended_at(incident)
    if eta is None or eta.last_due_at is None or end is None or incident.backfilled:
        return None
    judged = eta.outcome in (EtaOutcome.MET, EtaOutcome.MISSED)
    return (eta.last_due_at - end).total_seconds() if judged else None


def plan_gap(maintenance: PublicMaintenance) -> float | None:
    """How many seconds a maintenance ended before its plan (negative: after it); None when that is not known."""
    if maintenance.state is not MaintenanceState.COMPLETED or maintenance.actual_end is None or maintenance.backfilled:
        return None
    return (maintenance.ends_at - maintenance.actual_end).total_seconds()
