"""Writing: what one verb does, inside `Store.write`. Every method is one statement about the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from statusdesk.domain import ids
from statusdesk.domain import promise as promises
from statusdesk.domain.audit import AuditEvent, Touched
from statusdesk.domain.cards import ContactCard
from statusdesk.domain.component import Component, ComponentEntry, ComponentGroup, ComponentStatus
from statusdesk.domain.delivery import Account, Delivery, DeliveryKind, DeliveryState, Target
from statusdesk.domain.incident import (
    CauseStatement,
    EtaOutcome,
    EtaStatement,
    Incident,
    IncidentUpdate,
    PreventionStep,
    judge_estimates,
)
from statusdesk.domain.maintenance import Maintenance, MaintenanceUpdate
from statusdesk.domain.page import Page
from statusdesk.domain.people import Callback, FollowUp, Person
from statusdesk.domain.promise import NextUpdatePromise, PromiseState
from statusdesk.store import tables as t
from statusdesk.store.reader import Reader
from statusdesk.store.rows import make, make_delivery, values

_UNSENT = (DeliveryState.QUEUED, DeliveryState.RETRY_WAIT, DeliveryState.FAILED)
_MAYBE_OUT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.VERIFIED, DeliveryState.UNKNOWN)
LAST_GROUP = 10_000  # the position of a heading that stays behind those that are added later


class Writer(Reader):
    """One verb's hand on the record: when it happens and who does it are fixed for all of it."""

    def __init__(self, connection: sa.Connection, *, at: datetime, actor: str) -> None:
        super().__init__(connection)
        self.at = at
        self.actor = actor

    def event(self, verb: str, touched: Touched, key: str, reason: str = "") -> int:
        """Append an event and return the new head. The head counts without gaps; each event seals the one before."""
        row = self.sql.execute(sa.select(t.pages.c.event_head, t.pages.c.event_hash)).one()
        made = AuditEvent(
            head=int(row[0]) + 1,
            at=self.at,
            actor=self.actor,
            verb=verb,
            touched=touched,
            key=key,
            reason=reason,
            prev_hash=str(row[1]),
        )
        made = replace(made, hash=made.seal())
        self.sql.execute(sa.insert(t.events).values(values(t.events, made)))
        self.sql.execute(sa.update(t.pages).values(event_head=made.head, event_hash=made.hash))
        return made.head

    def count(self, name: str) -> int:
        """The next number of a counter, from 1."""
        c = t.counters
        changed = self.sql.execute(sa.update(c).where(c.c.name == name).values(value=c.c.value + 1))
        if not changed.rowcount:
            self.sql.execute(sa.insert(c).values(name=name, value=1))
        return int(self.sql.execute(sa.select(c.c.value).where(c.c.name == name)).scalar_one())

    def new_ref(self, prefix: str, year: int) -> str:
        """The next reference of a year."""
        return ids.reference(prefix, year, self.count(f"{prefix}-{year}"))

    # The page, components, destinations

    def add_page(self, page: Page, promise_html: str) -> None:
        """The one page of a workspace."""
        contacts = tuple((c.kind, c.label, c.value, c.hours) for c in page.contacts)
        cadence = {str(impact): seconds for impact, seconds in page.cadence_s.items()}
        row = values(t.pages, page, contacts=contacts, cadence_s=cadence)
        self.sql.execute(
            sa.insert(t.pages).values(row | {"promise_html": promise_html, "updated_at": self.at, "event_head": 0})
        )

    def change_page(self, **columns: Any) -> None:
        """Some settings of the page."""
        self.sql.execute(sa.update(t.pages).values(updated_at=self.at, **columns))

    def move_to_months(self, month_of: Callable[[datetime], str]) -> None:
        """The page's time zone changed: what began at a month's edge may belong to another month now."""
        for table, begun in ((t.incidents, t.incidents.c.started_at), (t.maintenances, t.maintenances.c.starts_at)):
            rows = self.sql.execute(sa.select(table.c.id, begun, table.c.month)).all()
            moved = [{"key": id_, "month": month_of(at)} for id_, at, month in rows if month_of(at) != month]
            if moved:
                self.sql.execute(sa.update(table).where(table.c.id == sa.bindparam("key")), moved)

    def add_card(self, card: ContactCard) -> None:
        """A person's number on the page."""
        self.sql.execute(sa.insert(t.cards).values(values(t.cards, card)))

    def end_card(self, id_: str) -> None:
        """Take a card off the page; its number is gone for good."""
        self.sql.execute(sa.update(t.cards).where(t.cards.c.id == id_).values(revoked_at=self.at, phone=""))

    def end_cards_of(self, incident_id: str, at: datetime) -> None:
        """The cards that end with their incident stay until `at` at the latest."""
        c = t.cards.c
        ending = (c.incident_id == incident_id, c.ends_on_resolve.is_(sa.true()), c.ends_at > at)
        self.sql.execute(sa.update(t.cards).where(*ending).values(ends_at=at))

    def group_named(self, name: str, *, last: bool = False) -> str:
        """The heading of that name, case ignored; made after the others when it is not there, or behind them all."""
        groups = self.groups()
        found = next((one for one in groups if one.name.casefold() == name.casefold()), None)
        if found is not None:
            return found.id
        before = [one.position for one in groups if one.position < LAST_GROUP]
        position = LAST_GROUP if last else max(before, default=0) + 1
        group = ComponentGroup(id=ids.new_id(self.at), name=name, position=position)
        self.sql.execute(sa.insert(t.groups).values(values(t.groups, group, created_at=self.at)))
        return group.id

    def add_component(self, component: Component) -> None:
        """A new component."""
        row = values(t.components, component, updated_at=self.at)
        self.sql.execute(sa.insert(t.components).values(row))

    def change_component(self, id_: str, **columns: Any) -> None:
        """Some columns of a component."""
        query = sa.update(t.components).where(t.components.c.id == id_)
        self.sql.execute(query.values(updated_at=self.at, **columns))

    def add_account(self, account: Account) -> None:
        """A connected account. Its token is in the keyring by now."""
        row = values(t.accounts, account, settings=dict(account.settings), limits=dict(account.limits))
        self.sql.execute(sa.insert(t.accounts).values(row))

    def change_account(self, id_: str, **columns: Any) -> None:
        """Some columns of an account."""
        self.sql.execute(sa.update(t.accounts).where(t.accounts.c.id == id_).values(**columns))

    def add_target(self, target: Target) -> None:
        """A place to publish to. Its credential is in the keyring by now."""
        self.sql.execute(sa.insert(t.targets).values(values(t.targets, target, settings=dict(target.settings))))

    def change_target(self, id_: str, **columns: Any) -> None:
        """Some columns of a target."""
        self.sql.execute(sa.update(t.targets).where(t.targets.c.id == id_).values(**columns))

    def cancel_for(self, destination_id: str, why: str, *, doubts: bool) -> None:
        """What waits for a destination will not be sent; with `doubts` what may have arrived is let go, too."""
        d = t.deliveries.c
        waiting = [DeliveryState.QUEUED, DeliveryState.RETRY_WAIT, DeliveryState.FAILED]
        waiting += [DeliveryState.UNKNOWN] if doubts else []
        self.sql.execute(
            sa.update(t.deliveries)
            .where(d.destination_id == destination_id, d.state.in_(waiting))
            .values(state=DeliveryState.CANCELLED, error=why, next_try_at=None, updated_at=self.at)
        )

    # Incidents

    def add_incident(self, incident: Incident) -> None:
        """A new incident."""
        self.sql.execute(sa.insert(t.incidents).values(values(t.incidents, incident)))

    def change_incident(self, id_: str, **columns: Any) -> None:
        """Some columns of an incident."""
        self.sql.execute(sa.update(t.incidents).where(t.incidents.c.id == id_).values(**columns))

    def add_update(self, update: IncidentUpdate) -> None:
        """A published entry; it is never changed afterwards (invariant 2)."""
        self.sql.execute(sa.insert(t.updates).values(values(t.updates, update)))

    def add_cause(self, incident_id: str, cause: CauseStatement) -> None:
        """What we now say the cause is."""
        self.sql.execute(sa.insert(t.causes).values(values(t.causes, cause, incident_id=incident_id)))

    def add_eta(self, incident_id: str, eta: EtaStatement) -> None:
        """When we now say it will work again."""
        self.sql.execute(sa.insert(t.etas).values(values(t.etas, eta, incident_id=incident_id)))

    def judge_etas(self, incident_id: str, resolved_at: datetime, *, false_alarm: bool) -> None:
        """The end is known: every estimate gets its outcome."""
        said = self.etas(incident_id)
        for one, outcome in zip(said, judge_estimates(said, resolved_at, false_alarm=false_alarm), strict=True):
            e = t.etas.c
            self.sql.execute(
                sa.update(t.etas).where(e.incident_id == incident_id, e.seq == one.seq).values(outcome=outcome)
            )

    def reopen_etas(self, incident_id: str) -> None:
        """It was not the end: no estimate has an outcome yet."""
        timed = sa.and_(t.etas.c.incident_id == incident_id, t.etas.c.due_at.is_not(None))
        self.sql.execute(sa.update(t.etas).where(timed).values(outcome=EtaOutcome.OPEN))

    def add_promise(self, incident_id: str, promise: NextUpdatePromise) -> None:
        """We speak again by then."""
        self.sql.execute(sa.insert(t.promises).values(values(t.promises, promise, incident_id=incident_id)))

    def judge_promise(self, incident_id: str, promise: NextUpdatePromise) -> None:
        """A settled promise turned out otherwise."""
        p = t.promises.c
        columns = {"state": promise.state, "settled_at": promise.settled_at}
        mine = sa.update(t.promises).where(p.incident_id == incident_id, p.seq == promise.seq)
        self.sql.execute(mine.values(columns))

    def settle_promise(self, incident_id: str, at: datetime, seq: int, *, moved: bool = False) -> None:
        """Words went out: the open promise is kept, late or moved."""
        p = t.promises.c
        is_open = (p.incident_id == incident_id, p.state == PromiseState.OPEN)
        for row in self.sql.execute(sa.select(t.promises).where(*is_open)).all():
            done = promises.settle(make(NextUpdatePromise, row), at, seq, moved=moved)
            settled = {"state": done.state, "settled_at": at, "settled_seq": seq}
            self.sql.execute(sa.update(t.promises).where(*is_open, p.seq == row.seq).values(settled))

    def add_step(self, step: PreventionStep) -> None:
        """A prevention step."""
        self.sql.execute(sa.insert(t.steps).values(values(t.steps, step)))

    def set_components(
        self,
        statuses: Mapping[str, ComponentStatus],
        at: datetime,
        *,
        incident_id: str | None = None,
        maintenance_id: str | None = None,
        drill: bool = False,
    ) -> None:
        """From `at` on, an incident or a maintenance holds these components in these statuses.

        An entry that is open with the same status stays; another one is closed. Operational only closes.
        """
        e = t.entries.c
        mine = e.incident_id == incident_id if incident_id else e.maintenance_id == maintenance_id
        open_rows = self.sql.execute(
            sa.select(e.id, e.component_id, e.status, e.from_at).where(mine, e.to_at.is_(None))
        ).all()
        open_now = {row.component_id: row for row in open_rows}
        for component_id, status in statuses.items():
            have = open_now.get(component_id)
            if have is not None and have.status == status:
                continue
            if have is not None:
                self.sql.execute(sa.update(t.entries).where(e.id == have.id).values(to_at=max(at, have.from_at)))
            if status is not ComponentStatus.OPERATIONAL:
                entry = ComponentEntry(
                    component_id=component_id,
                    status=status,
                    from_at=at,
                    incident_id=incident_id,
                    maintenance_id=maintenance_id,
                )
                self.sql.execute(sa.insert(t.entries).values(values(t.entries, entry)))
            if not drill:  # practice leaves no trace on the page, not even a time
                self.change_component(component_id)

    def recover_components(
        self, at: datetime, *, incident_id: str = "", maintenance_id: str = "", drill: bool = False
    ) -> None:
        """The incident or maintenance lets go of all its components."""
        e = t.entries.c
        mine = e.incident_id == incident_id if incident_id else e.maintenance_id == maintenance_id
        held = self.sql.execute(sa.select(e.component_id).where(mine, e.to_at.is_(None))).scalars().all()
        for component_id in () if drill else held:
            self.change_component(component_id)
        later = sa.case((e.from_at > at, e.from_at), else_=sa.literal(at, t.Instant()))
        self.sql.execute(sa.update(t.entries).where(mine, e.to_at.is_(None)).values(to_at=later))

    # Maintenance

    def add_maintenance(self, maintenance: Maintenance, component_ids: Iterable[str]) -> None:
        """A new maintenance."""
        self.sql.execute(sa.insert(t.maintenances).values(values(t.maintenances, maintenance)))
        self._link_components(maintenance.id, component_ids)

    def _link_components(self, maintenance_id: str, component_ids: Iterable[str]) -> None:
        links = [{"maintenance_id": maintenance_id, "component_id": one} for one in component_ids]
        if links:
            self.sql.execute(sa.insert(t.maintenance_components), links)

    def change_maintenance(self, id_: str, **columns: Any) -> None:
        """Some columns of a maintenance."""
        self.sql.execute(sa.update(t.maintenances).where(t.maintenances.c.id == id_).values(**columns))

    def maintenance_component_ids(self, id_: str) -> tuple[str, ...]:
        """Which components a maintenance stops."""
        m = t.maintenance_components.c
        found = self.sql.execute(sa.select(m.component_id).where(m.maintenance_id == id_).order_by(m.component_id))
        return tuple(found.scalars())

    def add_maintenance_update(self, update: MaintenanceUpdate) -> None:
        """A published entry about a maintenance."""
        self.sql.execute(sa.insert(t.maintenance_updates).values(values(t.maintenance_updates, update)))

    # Those who told us

    def add_person(self, person: Person) -> None:
        """Somebody who told us."""
        self.sql.execute(sa.insert(t.persons).values(asdict(person)))

    def erase_person(self, id_: str) -> bool:
        """Nothing of this person remains; calls and follow-ups keep only that there was one (invariant 18)."""
        return bool(self.sql.execute(sa.delete(t.persons).where(t.persons.c.id == id_)).rowcount)

    def put_callback(self, callback: Callback) -> None:
        """A promised call, new or changed."""
        self._put(t.callbacks, callback)

    def put_follow_up(self, follow_up: FollowUp) -> None:
        """A reporter to ask, new or changed."""
        self._put(t.follow_ups, follow_up)

    def _put(self, table: sa.Table, thing: Callback | FollowUp) -> None:
        row = values(table, thing)
        if not self.sql.execute(sa.update(table).where(table.c.id == thing.id).values(row)).rowcount:
            self.sql.execute(sa.insert(table).values(row))

    # Deliveries

    def add_delivery(self, delivery: Delivery) -> None:
        """A word for a place."""
        row = values(t.deliveries, delivery, remote_id=None, remote_url="")
        self.sql.execute(sa.insert(t.deliveries).values(row))

    def publish_waits(self, target_id: str) -> bool:
        """Whether a publish of this target has not begun yet, so that it will carry what is written now."""
        d = t.deliveries.c
        waiting = (DeliveryState.QUEUED, DeliveryState.RETRY_WAIT)
        query = sa.select(d.id).where(d.destination_id == target_id, d.state.in_(waiting)).limit(1)
        return self.sql.execute(query).first() is not None

    def supersede(self, incident_id: str) -> None:
        """A newer text exists: what waits about this incident is not posted late, anywhere.

        Except what mends a text that is out, or may be: wrong words do not become right by newer ones.
        """
        d = t.deliveries.c
        waits = sa.and_(d.incident_id == incident_id, d.kind == DeliveryKind.POST, d.state.in_(_UNSENT))
        rows = [make_delivery(row) for row in self.sql.execute(sa.select(t.deliveries).where(waits))]
        mending = [row.id for row in rows if any(one.state.maybe_out for one in self.said_before(row))]
        self.sql.execute(sa.update(t.deliveries).where(waits, d.id.not_in(mending)).values(_given_way(self.at)))

    def supersede_update(self, update_id: str) -> tuple[frozenset[str], frozenset[str]]:
        """The text of one update is mended: what still waits of it is never posted.

        Returns the accounts where the text is out or may be, and those where it was still waiting.
        """
        d = t.deliveries.c
        mine = sa.and_(d.update_id == update_id, d.kind == DeliveryKind.POST)
        # Held until the end, so that no courier takes one between the look and the change.
        rows = self.sql.execute(sa.select(d.destination_id, d.state).where(mine).with_for_update()).all()
        self.sql.execute(sa.update(t.deliveries).where(mine, d.state.in_(_UNSENT)).values(_given_way(self.at)))
        out = frozenset(row[0] for row in rows if row[1] in _MAYBE_OUT)
        return out, frozenset(row[0] for row in rows if row[1] in _UNSENT)

    def change_delivery(self, seen: Delivery, **columns: Any) -> bool:
        """Some columns of a delivery, if no courier has touched it since it was seen."""
        d = t.deliveries.c
        query = sa.update(t.deliveries).where(d.id == seen.id, d.state == seen.state, d.attempts == seen.attempts)
        return bool(self.sql.execute(query.values(updated_at=self.at, **columns)).rowcount)

    # Forms that wait, and what was imported

    def save_draft(self, key: str, payload: Mapping[str, Any]) -> None:
        """A form as it stands now."""
        row = {"saved_at": self.at, "payload": dict(payload)}
        if not self.sql.execute(sa.update(t.drafts).where(t.drafts.c.key == key).values(row)).rowcount:
            self.sql.execute(sa.insert(t.drafts).values(key=key, **row))

    def drop_draft(self, key: str) -> None:
        """The form was published or thrown away."""
        self.sql.execute(sa.delete(t.drafts).where(t.drafts.c.key == key))

    def imported(self) -> dict[str, tuple[str, str]]:
        """What was imported before: entity id and digest of the source, by key of the source."""
        found = self.sql.execute(sa.select(t.imports.c.key, t.imports.c.entity_id, t.imports.c.digest))
        return {row[0]: (row[1], row[2]) for row in found}

    def remember_import(self, key: str, entity_id: str, digest: str) -> None:
        """This entity came from there, and looked like this."""
        row = {"entity_id": entity_id, "digest": digest}
        if not self.sql.execute(sa.update(t.imports).where(t.imports.c.key == key).values(row)).rowcount:
            self.sql.execute(sa.insert(t.imports).values(key=key, **row))

    def was_touched(self, touched: Touched, key: str) -> bool:
        """Whether somebody ever did something to it here."""
        e = t.events.c
        return (
            self.sql.execute(sa.select(e.head).where(e.touched == touched, e.key == key).limit(1)).first() is not None
        )

    def codes(self) -> set[str]:
        """Every public code in use."""
        tables = (t.components, t.incidents, t.maintenances)
        return set(self.sql.execute(sa.union_all(*(sa.select(table.c.code) for table in tables))).scalars())

    def incident_by_id(self, id_: str) -> Incident:
        """An incident by its id."""
        return make(Incident, self.sql.execute(sa.select(t.incidents).where(t.incidents.c.id == id_)).one())

    def maintenance_by_id(self, id_: str) -> Maintenance:
        """A maintenance by its id."""
        return make(Maintenance, self.sql.execute(sa.select(t.maintenances).where(t.maintenances.c.id == id_)).one())

    def replace_incident(self, incident: Incident) -> None:
        """An imported incident as its source shows it now."""
        self.sql.execute(
            sa.update(t.incidents).where(t.incidents.c.id == incident.id).values(values(t.incidents, incident))
        )

    def put_maintenance(self, maintenance: Maintenance, component_ids: Sequence[str]) -> None:
        """An imported maintenance, new or as its source shows it now."""
        m = t.maintenances
        row = values(m, maintenance)
        if self.sql.execute(sa.update(m).where(m.c.id == maintenance.id).values(row)).rowcount:
            self._link_components(maintenance.id, component_ids)
        else:
            self.add_maintenance(maintenance, component_ids)

    def add_updates(self, updates: Sequence[IncidentUpdate]) -> None:
        """Many published entries at once."""
        if updates:
            self.sql.execute(sa.insert(t.updates), [values(t.updates, one) for one in updates])

    def add_entries(self, entries: Sequence[ComponentEntry]) -> None:
        """Many stretches at once."""
        if entries:
            self.sql.execute(sa.insert(t.entries), [values(t.entries, one) for one in entries])

    def forget_incident_history(self, incident_id: str) -> None:
        """Remove what was imported for an incident, to write it anew from a source that changed."""
        for table in (t.updates, t.entries, t.promises):
            self.sql.execute(sa.delete(table).where(table.c.incident_id == incident_id))

    def forget_maintenance(self, maintenance_id: str) -> None:
        """Remove what was imported for a maintenance, to write it anew."""
        for table in (t.maintenance_updates, t.entries, t.maintenance_components):
            self.sql.execute(sa.delete(table).where(table.c.maintenance_id == maintenance_id))


def _given_way(at: datetime) -> dict[str, Any]:
    """The columns of a delivery that a newer text has overtaken."""
    superseded = {"state": DeliveryState.SUPERSEDED, "next_try_at": None, "error": "", "error_code": "", "note": ""}
    return superseded | {"updated_at": at}
