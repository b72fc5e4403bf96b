"""Reading for the desk: everything, private fields included. The site reads through `public` instead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from statusdesk.domain import board, ids
from statusdesk.domain.audit import AuditEvent
from statusdesk.domain.cards import ContactCard
from statusdesk.domain.component import Component, ComponentEntry, ComponentGroup, ComponentStatus
from statusdesk.domain.delivery import Account, Delivery, DeliveryKind, DeliveryState, RemotePost, Target
from statusdesk.domain.incident import (
    OPEN_STATES,
    CauseStatement,
    EtaStatement,
    Impact,
    Incident,
    IncidentState,
    IncidentUpdate,
    PreventionStep,
    StepState,
)
from statusdesk.domain.maintenance import Maintenance, MaintenanceState, MaintenanceUpdate
from statusdesk.domain.page import Contact, Page
from statusdesk.domain.people import Callback, FollowUp, FollowUpState
from statusdesk.domain.promise import NextUpdatePromise, PromiseRecord, PromiseState, record_begins
from statusdesk.errors import NotFound
from statusdesk.store import tables as t
from statusdesk.store.rows import make, make_delivery
from statusdesk.store.standing import statuses

_OVER = tuple(one for one in FollowUpState if one.is_over)
_TROUBLE = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


_PAGE = sa.select(*(t.pages.c[name] for name in Page.__dataclass_fields__))


class Reader:
    """One view of the record, on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.sql = connection

    # The page, its components and destinations

    def page(self) -> Page:
        """The settings of the workspace."""
        row = self.sql.execute(_PAGE).one()
        have = {name: row._mapping[name] for name in Page.__dataclass_fields__}  # noqa: SLF001
        have["contacts"] = tuple(Contact(*one) for one in have["contacts"])
        have["cadence_s"] = {Impact(key): value for key, value in have["cadence_s"].items()}
        return Page(**have)

    def has_page(self) -> bool:
        """Whether the workspace was made to its end."""
        return self.sql.execute(sa.select(t.pages.c.id).limit(1)).first() is not None

    def head(self) -> int:
        """How many events the record holds."""
        return int(self.sql.execute(sa.select(t.pages.c.event_head)).scalar_one())

    def groups(self) -> tuple[ComponentGroup, ...]:
        """All groups, in order."""
        found = self.sql.execute(sa.select(t.groups).order_by(t.groups.c.position, t.groups.c.id))
        return tuple(make(ComponentGroup, row) for row in found)

    def components(self, *, archived: bool = False) -> tuple[Component, ...]:
        """Components in order, without archived ones unless asked."""
        query = sa.select(t.components).order_by(t.components.c.position, t.components.c.id)
        if not archived:
            query = query.where(t.components.c.archived_at.is_(None))
        return tuple(make(Component, row) for row in self.sql.execute(query))

    def component_rows(self) -> tuple[board.ComponentRow, ...]:
        """Components with the status that follows from their open entries (invariant 1); drills do not count."""
        standing = statuses(self.sql)
        names = {group.id: group.name for group in self.groups()}
        return tuple(
            board.ComponentRow(
                component=one,
                status=standing.get(one.id, ComponentStatus.OPERATIONAL),
                group=names.get(one.group_id or "", ""),
            )
            for one in self.components()
        )

    def accounts(self) -> tuple[Account, ...]:
        """Connected accounts, in the order they were connected."""
        query = sa.select(t.accounts).where(t.accounts.c.removed_at.is_(None)).order_by(t.accounts.c.id)
        return tuple(make(Account, row) for row in self.sql.execute(query))

    def account(self, key: str) -> Account:
        """One account by id or name."""
        for one in self.accounts():
            if key in (one.id, one.name):
                return one
        raise NotFound(f"There is no account “{key}”. See them with: statusdeskctl account list", field="account")

    def contact_cards(self, now: datetime) -> tuple[ContactCard, ...]:
        """Cards that are on the page now or later, the soonest to end first."""
        c, i = t.cards.c, t.incidents.c
        query = (
            sa.select(t.cards, i.ref.label("incident_ref"))
            .select_from(t.cards.outerjoin(t.incidents, c.incident_id == i.id))
            .where(c.revoked_at.is_(None), c.ends_at > now)
            .order_by(c.ends_at, c.id)
        )
        return tuple(make(ContactCard, row) for row in self.sql.execute(query))

    def cards_turn_between(self, after: datetime, until: datetime) -> bool:
        """Whether the time of a card began or ended after one instant and until another."""
        c = t.cards.c
        turns = sa.or_(*(sa.and_(at > after, at <= until) for at in (c.starts_at, c.ends_at)))
        query = sa.select(c.id).where(c.revoked_at.is_(None), turns)
        return self.sql.execute(query.limit(1)).first() is not None

    def targets(self) -> tuple[Target, ...]:
        """Targets, in the order they were added."""
        query = sa.select(t.targets).where(t.targets.c.removed_at.is_(None)).order_by(t.targets.c.id)
        return tuple(make(Target, row) for row in self.sql.execute(query))

    def target(self, key: str) -> Target:
        """One target by id or name."""
        for one in self.targets():
            if key in (one.id, one.name):
                return one
        raise NotFound(f"There is no target “{key}”. See them with: statusdeskctl target list", field="target")

    def newest_event(self) -> datetime:
        """When the last event of the record was written."""
        e = t.events.c
        found: datetime = self.sql.execute(sa.select(e.at).order_by(e.head.desc()).limit(1)).scalar_one()
        return found

    def broken_event(self) -> int | None:
        """The first event whose seal does not fit, or None: the audit trail is what was written."""
        before = ""
        for row in self.sql.execute(sa.select(t.events).order_by(t.events.c.head)):
            event = make(AuditEvent, row)
            if event.prev_hash != before or event.seal() != event.hash:
                return event.head
            before = event.hash
        return None

    # Incidents

    def find_incident(self, ref: str) -> Incident | None:
        """An incident by its reference, or None."""
        row = self.sql.execute(sa.select(t.incidents).where(t.incidents.c.ref == ref)).one_or_none()
        return None if row is None else make(Incident, row)

    def next_ref(self, prefix: str, year: int) -> str:
        """The reference the next incident will get, if nobody else is faster."""
        c = t.counters.c
        last = self.sql.execute(sa.select(c.value).where(c.name == f"{prefix}-{year}")).scalar()
        return ids.reference(prefix, year, (last or 0) + 1)

    def incident(self, ref: str) -> Incident:
        """An incident by its reference."""
        found = self.find_incident(ref.strip().upper())
        if found is None:
            raise NotFound(f"There is no incident {ref}. See them with: statusdeskctl incident list", field="ref")
        return found

    def _of(self, cls: type[Any], table: sa.Table, incident_id: str, *order: sa.Column[Any]) -> tuple[Any, ...]:
        found = self.sql.execute(sa.select(table).where(table.c.incident_id == incident_id).order_by(*order))
        return tuple(make(cls, row) for row in found)

    def updates(self, incident_id: str) -> tuple[IncidentUpdate, ...]:
        """The public history, oldest first."""
        return self._of(IncidentUpdate, t.updates, incident_id, t.updates.c.seq)

    def entries(self, incident_id: str) -> tuple[ComponentEntry, ...]:
        """What the incident did to components, oldest first."""
        return self._of(ComponentEntry, t.entries, incident_id, t.entries.c.id)

    def causes(self, incident_id: str) -> tuple[CauseStatement, ...]:
        """Everything said about the cause, oldest first."""
        return self._of(CauseStatement, t.causes, incident_id, t.causes.c.seq)

    def etas(self, incident_id: str) -> tuple[EtaStatement, ...]:
        """Every estimate given, oldest first."""
        return self._of(EtaStatement, t.etas, incident_id, t.etas.c.seq)

    def promises(self, incident_id: str) -> tuple[NextUpdatePromise, ...]:
        """Every promise made, oldest first."""
        return self._of(NextUpdatePromise, t.promises, incident_id, t.promises.c.seq)

    def steps(self, incident_id: str) -> tuple[PreventionStep, ...]:
        """Prevention steps in order."""
        return self._of(PreventionStep, t.steps, incident_id, t.steps.c.position, t.steps.c.id)

    def callbacks(self, incident_id: str) -> tuple[Callback, ...]:
        """Calls promised because of the incident."""
        return self._of(Callback, t.callbacks, incident_id, t.callbacks.c.id)

    def follow_ups(self, incident_id: str) -> tuple[FollowUp, ...]:
        """Reporters who are to be asked."""
        return self._of(FollowUp, t.follow_ups, incident_id, t.follow_ups.c.id)

    def view(self, ref: str) -> board.IncidentView:
        """Everything about one incident."""
        incident = self.incident(ref)
        entries = self.entries(incident.id)
        touched = {one.component_id for one in entries}
        return board.IncidentView(
            incident=incident,
            entries=entries,
            components=tuple(one for one in self.components(archived=True) if one.id in touched),
            updates=self.updates(incident.id),
            causes=self.causes(incident.id),
            etas=self.etas(incident.id),
            promises=self.promises(incident.id),
            steps=self.steps(incident.id),
            deliveries=self.deliveries(incident_id=incident.id),
            callbacks=self.callbacks(incident.id),
            follow_ups=self.follow_ups(incident.id),
        )

    def incident_rows(
        self,
        *,
        states: Collection[IncidentState] = (),
        since: datetime | None = None,
        text: str = "",
        limit: int = 200,
        offset: int = 0,
    ) -> tuple[board.IncidentRow, ...]:
        """Lines of a list of incidents, newest first. `text` is looked for in reference and title, case ignored."""
        i = t.incidents.c
        query = self._rows_query().order_by(i.started_at.desc(), i.id.desc()).limit(limit).offset(offset)
        if states:
            query = query.where(i.state.in_(states))
        if since:
            query = query.where(i.started_at >= since)
        for word in text.split():
            pattern = "%" + word.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            query = query.where(sa.func.lower(i.title + " " + i.ref).like(pattern, escape="\\"))
        return tuple(make(board.IncidentRow, row) for row in self.sql.execute(query))

    @staticmethod
    def _rows_query() -> sa.Select[Any]:
        i, p, f, d = t.incidents.c, t.promises.c, t.follow_ups.c, t.deliveries.c
        asked = sa.select(sa.func.count()).where(f.incident_id == i.id)
        trouble = sa.select(sa.func.count()).where(d.incident_id == i.id, d.state.in_(_TROUBLE))
        return sa.select(
            *(i[n] for n in ("ref", "title", "state", "impact", "started_at", "resolved_at", "updated_at")),
            i.drill,
            i.backfilled,
            p.due_at,
            p.made_at.label("promised_at"),
            asked.where(f.state.not_in(_OVER)).scalar_subquery().label("waiting_people"),
            asked.scalar_subquery().label("asked_people"),
            trouble.scalar_subquery().label("trouble"),
        ).select_from(t.incidents.outerjoin(t.promises, sa.and_(p.incident_id == i.id, p.state == PromiseState.OPEN)))

    def waiting_rows(self) -> tuple[board.IncidentRow, ...]:
        """Resolved incidents whose reporters have not all answered, newest first."""
        i, f = t.incidents.c, t.follow_ups.c
        pending = sa.select(f.incident_id).where(f.state.not_in(_OVER))
        query = self._rows_query().where(i.state == IncidentState.RESOLVED, i.id.in_(pending))
        return tuple(make(board.IncidentRow, row) for row in self.sql.execute(query.order_by(i.resolved_at.desc())))

    def incidents_total(self) -> int:
        """How many incidents the workspace holds."""
        return int(self.sql.execute(sa.select(sa.func.count()).select_from(t.incidents)).scalar_one())

    def step_rows(self, limit: int = 50) -> tuple[board.StepRow, ...]:
        """Prevention steps that are not done, by date; those without a date last."""
        s, i = t.steps.c, t.incidents.c
        query = (
            sa.select(s.id, i.ref.label("incident_ref"), s.public_md.label("text"), s.owner, s.due_on)
            .select_from(t.steps.join(t.incidents, s.incident_id == i.id))
            .where(s.state.in_((StepState.PLANNED, StepState.DOING)), i.drill.is_(sa.false()))
            .order_by(s.due_on.is_(None), s.due_on, s.id)
            .limit(limit)
        )
        return tuple(make(board.StepRow, row) for row in self.sql.execute(query))

    def promise_record(self, since: datetime) -> PromiseRecord:
        """Promises settled after an instant; drills and imported history never count (invariant 6)."""
        p, i = t.promises.c, t.incidents.c
        query = (
            sa.select(p.state, sa.func.count())
            .select_from(t.promises.join(t.incidents, p.incident_id == i.id))
            .where(p.settled_at >= since, i.drill.is_(sa.false()), i.backfilled.is_(sa.false()))
            .group_by(p.state)
        )
        counts = {row[0]: int(row[1]) for row in self.sql.execute(query)}
        kept, late, moved = (counts.get(s, 0) for s in (PromiseState.KEPT, PromiseState.LATE, PromiseState.MOVED))
        return PromiseRecord(kept, late, moved)

    # Maintenance

    def maintenance(self, ref: str) -> Maintenance:
        """A maintenance by its reference."""
        row = self.sql.execute(sa.select(t.maintenances).where(t.maintenances.c.ref == ref.strip().upper()))
        found = row.one_or_none()
        if found is None:
            raise NotFound(f"There is no maintenance {ref}. See them with: statusdeskctl maintenance list", field="ref")
        return make(Maintenance, found)

    def maintenance_updates(self, maintenance_id: str) -> tuple[MaintenanceUpdate, ...]:
        """What was published about a maintenance, oldest first."""
        m = t.maintenance_updates
        found = self.sql.execute(sa.select(m).where(m.c.maintenance_id == maintenance_id).order_by(m.c.seq))
        return tuple(make(MaintenanceUpdate, row) for row in found)

    def maintenance_rows(self, *, over: bool = False, limit: int = 100) -> tuple[board.MaintenanceRow, ...]:
        """Planned and running work, the next first; with `over` also what is past, newest first."""
        m = t.maintenances.c
        query = sa.select(m.ref, m.title, m.state, m.starts_at, m.ends_at).limit(limit)
        if over:
            query = query.order_by(m.starts_at.desc())
        else:
            ended = tuple(one for one in MaintenanceState if one.is_over)
            query = query.where(m.state.not_in(ended)).order_by(m.starts_at)
        return tuple(make(board.MaintenanceRow, row) for row in self.sql.execute(query))

    # Deliveries

    def deliveries(
        self,
        *,
        incident_id: str | None = None,
        states: Collection[DeliveryState] = (),
        limit: int | None = None,
    ) -> tuple[Delivery, ...]:
        """Deliveries, oldest first."""
        query = sa.select(t.deliveries).order_by(t.deliveries.c.event_head, t.deliveries.c.id)
        if incident_id is not None:
            query = query.where(t.deliveries.c.incident_id == incident_id)
        if states:
            query = query.where(t.deliveries.c.state.in_(states))
        if limit is not None:
            query = query.limit(limit)
        return tuple(make_delivery(row) for row in self.sql.execute(query))

    def said_before(self, row: Delivery) -> Sequence[Delivery]:
        """What a correction or a retraction is about, at the same place, the newest first; empty for other words.

        The text it names, and where that one is a correction itself, the text that was corrected by it, too.
        """
        u, d = t.updates.c, t.deliveries.c
        known = self.sql.execute(sa.select(u.seq, u.corrects_seq).where(u.incident_id == row.incident_id))
        about: dict[int | None, int | None] = {one.seq: one.corrects_seq for one in known}
        wanted: list[int] = []
        while (seq := about.get(wanted[-1] if wanted else row.seq)) is not None:
            wanted.append(seq)
        if not wanted:
            return ()
        here = sa.and_(d.incident_id == row.incident_id, d.destination_id == row.destination_id, d.seq.in_(wanted))
        found = self.sql.execute(sa.select(t.deliveries).where(here).order_by(d.seq.desc()))
        return [make_delivery(one) for one in found]

    def count_deliveries(self, states: Collection[DeliveryState]) -> int:
        """How many deliveries are in some states."""
        query = sa.select(sa.func.count()).select_from(t.deliveries).where(t.deliveries.c.state.in_(states))
        return int(self.sql.execute(query).scalar_one())

    def publishes_wait(self) -> bool:
        """Whether the site has not been brought up to the record everywhere."""
        d = t.deliveries.c
        waiting = tuple(one for one in DeliveryState if one.undelivered)
        query = sa.select(d.id).where(d.kind == DeliveryKind.PUBLISH, d.state.in_(waiting)).limit(1)
        return self.sql.execute(query).first() is not None

    def delivery(self, id_: str) -> Delivery:
        """One delivery by its id."""
        row = self.sql.execute(sa.select(t.deliveries).where(t.deliveries.c.id == id_)).one_or_none()
        if row is None:
            raise NotFound("That delivery is not there any more.", field="delivery")
        return make_delivery(row)

    def root_post(self, incident_id: str, account_id: str) -> RemotePost | None:
        """The incident's first post on an account that arrived: what every later one replies to."""
        d = t.deliveries.c
        query = (
            sa.select(d.remote_id, d.remote_url)
            .where(d.incident_id == incident_id, d.destination_id == account_id)
            .where(d.state.in_((DeliveryState.SENT, DeliveryState.VERIFIED)), d.remote_id.is_not(None))
            .order_by(d.event_head, d.id)
            .limit(1)
        )
        row = self.sql.execute(query).one_or_none()
        return None if row is None else RemotePost(id=row[0], url=row[1])

    def open_replies(self) -> int:
        """How many replies nobody made anything of yet."""
        query = sa.select(sa.func.count()).select_from(t.reply_rows).where(t.reply_rows.c.handled_as.is_(None))
        return int(self.sql.execute(query).scalar_one())

    def drafts(self) -> Sequence[tuple[str, datetime, dict[str, Any]]]:
        """Forms that were not published, newest first: key, when saved, content."""
        query = sa.select(t.drafts.c.key, t.drafts.c.saved_at, t.drafts.c.payload).order_by(t.drafts.c.saved_at.desc())
        return [(row[0], row[1], dict(row[2])) for row in self.sql.execute(query)]

    def board(self, now: datetime, site: board.SiteStatus) -> board.Board:
        """Everything the main window shows at a glance."""
        page = self.page()
        return board.Board(
            page=page,
            groups=self.groups(),
            components=self.component_rows(),
            open_incidents=self.incident_rows(states=OPEN_STATES),
            planned=self.maintenance_rows(),
            waiting=self.waiting_rows(),
            steps=self.step_rows(),
            promises=self.promise_record(record_begins(now.astimezone(page.zone).date(), page.zone)),
            accounts=self.accounts(),
            targets=self.targets(),
            trouble=self.deliveries(states=_TROUBLE, limit=50),
            site=site,
            incidents_total=self.incidents_total(),
            queue=self.deliveries(states=(DeliveryState.RETRY_WAIT,), limit=50),
            open_replies=self.open_replies(),
        )
