"""One build's look at the record: the reader's answers kept for the length of a build, and what follows from them.

No clock is read here. `now` is the moment for which the build is made, `today` its day in the page's zone; everything
else is record.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from statusdesk.domain.incident import OPEN_STATES, EtaOutcome, IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import (
    MonthCount,
    PublicCard,
    PublicComponent,
    PublicEntry,
    PublicGroup,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicRecord,
    PublicUpdate,
)
from statusdesk.domain.times import start_of_day
from statusdesk.site.bars import Stretch, stretches, window
from statusdesk.site.dates import Dates, dates
from statusdesk.site.reader import PublicReader

T = TypeVar("T")
RECENT = 5
NEWEST = 50
_KEEP = 2000  # more than the busiest month of a page with 50,000 problems holds


class Kept:
    """What a running desk keeps of the record between two builds, so that a change is all that is read again.

    Everything here follows from the record at the event `head`; whatever an event may have touched is dropped.
    """

    def __init__(self) -> None:
        self.head = -1
        self.engine = ""
        self.most = _KEEP
        self._forget()

    def _forget(self) -> None:
        self.incidents: dict[str, PublicIncident] = {}
        self.maintenances: dict[str, PublicMaintenance] = {}
        self.entries: dict[str, dict[str, list[PublicEntry]]] = {}
        self.entries_since: datetime | None = None
        self.drawn: dict[Hashable, tuple[object, Any]] = {}

    def follow(self, reader: PublicReader) -> None:
        """Bring what is kept to the reader's view of the record."""
        head = reader.head()
        if head == self.head:
            return
        changes = reader.changes_since(self.head) if self.head >= 0 else None
        if changes is None or changes.page or changes.components or changes.maintenances:
            self._forget()
        else:
            for ref in changes.incidents:
                self.incidents.pop(ref, None)
                for of_component in self.entries.values():
                    of_component.pop(ref, None)
            for incident in reader.incidents(list(changes.incidents)):
                self._put(incident)
        self.head = head

    def _put(self, incident: PublicIncident) -> None:
        """An incident as it is now, and what of it the bars show."""
        self.incidents[incident.ref] = incident
        if self.entries_since is None or incident.state is IncidentState.WITHDRAWN:  # a false alarm was no trouble
            return
        for entry in incident.entries:
            if entry.to_at is None or entry.to_at > self.entries_since:
                self.entries.setdefault(entry.component_id, {}).setdefault(incident.ref, []).append(entry)

    def drawn_by(self, engine: str) -> None:
        """What was drawn with other templates does not count any more."""
        if engine != self.engine:
            self.engine = engine
            self.drawn.clear()

    def once(self, key: Hashable, of: object, make: Callable[[], T]) -> T:
        """What `make` gives, kept under `key` for as long as what it was made of stays equal to `of`."""
        known = self.drawn.get(key)
        if known is not None and (known[0] is of or known[0] == of):
            made: T = known[1]
            return made
        made = make()
        self.drawn[key] = (of, made)
        return made


class Reading:
    """What one build reads: through `kept`, so that nothing is read twice."""

    def __init__(self, reader: PublicReader, page: PublicPage, now: datetime, kept: Kept | None = None) -> None:
        self.reader = reader
        self.page = page
        self.now = now
        self.dates: Dates = dates(page.time_zone, page.locale)
        self.today = self.dates.on(now)
        self.kept = kept or Kept()
        self.kept.follow(reader)

    def incident(self, ref: str) -> PublicIncident | None:
        """One incident; its page, its JSON and its month ask for it one after the other."""
        return next(iter(self.incidents([ref])), None)

    def incidents(self, refs: Sequence[str]) -> list[PublicIncident]:
        """The incidents behind references, in their order."""
        kept = self.kept.incidents
        missing = [ref for ref in refs if ref not in kept]
        if missing:
            if len(kept) + len(missing) > self.kept.most:
                self.kept.incidents.clear()
                self.kept.drawn.clear()
                missing = list(refs)
            kept |= {i.ref: i for i in self.reader.incidents(missing)}
        return [kept[ref] for ref in refs if ref in kept]

    def maintenance(self, ref: str) -> PublicMaintenance | None:
        """One maintenance."""
        return next(iter(self.maintenances([ref])), None)

    def maintenances(self, refs: Sequence[str]) -> list[PublicMaintenance]:
        """The maintenances behind references, in their order."""
        kept = self.kept.maintenances
        missing = [ref for ref in refs if ref not in kept]
        if missing:
            if len(kept) + len(missing) > self.kept.most:
                kept.clear()
                missing = list(refs)
            kept |= {m.ref: m for m in self.reader.maintenances(missing)}
        return [kept[ref] for ref in refs if ref in kept]

    def incidents_of(self, month: str) -> list[PublicIncident]:
        """The incidents that began in a month, newest first."""
        return self.incidents(self.reader.refs_in_month(month))

    def maintenances_of(self, month: str) -> list[PublicMaintenance]:
        """The maintenances planned to begin in a month, newest first."""
        return self.maintenances(self.reader.maintenance_refs_in_month(month))

    def incidents_with(self, component_id: str, limit: int) -> list[PublicIncident]:
        """The incidents that touched a component last, newest first."""
        found = self.incidents(self.reader.component_refs(component_id, limit))
        return sorted(found, key=lambda i: (i.started_at, i.ref), reverse=True)

    def maintenances_with(self, component_id: str, limit: int) -> list[PublicMaintenance]:
        """The newest maintenances that name a component, newest first."""
        return self.maintenances(self.reader.component_maintenance_refs(component_id, limit))

    def recent_incidents(self, limit: int) -> list[PublicIncident]:
        """The newest incidents by start, newest first; at most `NEWEST`."""
        return self.incidents(self._recent_refs[:limit])

    def recent_maintenances(self, limit: int) -> list[PublicMaintenance]:
        """The newest maintenances by planned start, newest first; at most `NEWEST`."""
        return self.maintenances(self._recent_maintenance_refs[:limit])

    def updated_incidents(self, limit: int) -> list[PublicIncident]:
        """The incidents with the newest public updates, newest first; at most `NEWEST`."""
        return self.incidents(self._updated_refs[:limit])

    # Feeds, calendar, JSON and pages all begin with what is newest: one question for all of them.

    @cached_property
    def _recent_refs(self) -> Sequence[str]:
        return self.reader.recent_refs(max(NEWEST, RECENT + len(self.open)))

    @cached_property
    def _recent_maintenance_refs(self) -> Sequence[str]:
        return self.reader.recent_maintenance_refs(NEWEST)

    @cached_property
    def _updated_refs(self) -> Sequence[str]:
        return self.reader.updated_refs(NEWEST)

    @cached_property
    def cards(self) -> Sequence[PublicCard]:
        """Contact cards of the time of this build, the soonest to end first: no number lies in a page before or after.

        The desk publishes when one begins and when one ends; in between the reader's own clock hides what is over.
        """
        return [card for card in self.reader.cards() if card.starts_at <= self.now < card.ends_at]

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
        return self.incidents(self.reader.open_refs())

    @cached_property
    def waiting(self) -> Sequence[PublicIncident]:
        """Resolved, and not everyone who reported it has answered."""
        return self.incidents(self.reader.waiting_refs())

    @cached_property
    def recent(self) -> Sequence[PublicIncident]:
        """The newest incidents that are over."""
        found = self.recent_incidents(RECENT + len(self.open))
        return [i for i in found if not i.state.is_open][:RECENT]

    @cached_property
    def planned(self) -> Sequence[PublicMaintenance]:
        """Maintenance that is not over, the next one first."""
        return self.maintenances(self.reader.active_maintenance_refs())

    @cached_property
    def months(self) -> Sequence[MonthCount]:
        """Every month that holds something, newest first. A build that knows them already says so."""
        return self.reader.months()

    @cached_property
    def record(self) -> PublicRecord:
        """How promises and estimates went lately."""
        return self.reader.record(self.today)

    @cached_property
    def newest_at(self) -> datetime:
        """The time of the newest public words; the page's own beginning when there are none."""
        times = [self.page.created_at]
        times += [said_at(i) for i in self.updated_incidents(1)]
        times += [m.updated_at for m in (*self.planned, *self.recent_maintenances(RECENT))]
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
    def _entries(self) -> dict[str, dict[str, list[PublicEntry]]]:
        """By component and reference, what reaches into the days that the bars show."""
        kept = self.kept
        _, since = window(self.today, self.dates.zone, self.page.bar_days)
        if kept.entries_since != since:
            kept.entries, kept.entries_since = {}, since
            for entry in self.reader.entries_since(since):
                ref = entry.incident_ref or entry.maintenance_ref or ""
                kept.entries.setdefault(entry.component_id, {}).setdefault(ref, []).append(entry)
        return kept.entries

    def stretches_of(self, component: PublicComponent) -> list[Stretch]:
        """Trouble and planned work of a component in the days that the bars show, oldest first."""
        entries = [e for found in self._entries.get(component.id, {}).values() for e in found]
        return self.kept.once(("stretches", component.id), entries, lambda: stretches(entries))


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
