"""The record as the world may see it: builds the types of `domain.public`, reads no private column at all.

Implements `site.reader.PublicReader` by shape; the site never imports this. Drills are left out of every query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.ids import public_code
from statusdesk.domain.incident import (
    OPEN_STATES,
    EtaOutcome,
    IncidentState,
    StepState,
    UpdateKind,
    first_and_last,
)
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact
from statusdesk.domain.people import Answer, FollowUpState
from statusdesk.domain.promise import PromiseState, record_begins
from statusdesk.domain.public import (
    MonthCount,
    PublicCard,
    PublicCause,
    PublicComponent,
    PublicEntry,
    PublicEta,
    PublicGroup,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicProfile,
    PublicPromise,
    PublicRecord,
    PublicStep,
    PublicTheme,
    PublicUpdate,
)
from statusdesk.store import tables as t
from statusdesk.store.standing import statuses

MANY = 500  # more events than this since the last build: building everything is cheaper than planning
_ENDED = tuple(one for one in MaintenanceState if one.is_over)
_ASKED = (FollowUpState.ASKED, FollowUpState.ANSWERED, FollowUpState.NO_ANSWER, FollowUpState.PENDING)
_LABELS = {"mastodon": "Mastodon", "bluesky": "Bluesky"}


class PublicRecordReader:
    """One view of everything public, on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.sql = connection
        self._components: dict[str, tuple[str, str]] | None = None

    def head(self) -> int:
        """How many events the record holds at the moment of this view."""
        return int(self.sql.execute(sa.select(t.pages.c.event_head)).scalar_one())

    def changes_since(self, head: int) -> Changes | None:
        """What changed after an event; None when everything must be built."""
        e = t.events.c
        found = self.sql.execute(sa.select(e.touched, e.key).where(e.head > head).distinct().limit(MANY + 1)).all()
        if len(found) > MANY or head > self.head():
            return None
        keys: dict[Touched, set[str]] = defaultdict(set)
        for touched, key in found:
            keys[touched].add(key)
        if keys.keys() & {Touched.PAGE, Touched.COMPONENT, Touched.IMPORT}:
            return None
        return Changes(
            head=self.head(),
            incidents=frozenset(keys[Touched.INCIDENT] | keys[Touched.PERSON]),
            maintenances=frozenset(keys[Touched.MAINTENANCE]),
            destinations=bool(keys[Touched.ACCOUNT]),
        )

    # The page and its components

    def page(self) -> PublicPage:
        """The page's own words."""
        p, a = t.pages.c, t.accounts.c
        row = self.sql.execute(
            sa.select(
                p.id,
                p.name,
                p.base_url,
                p.time_zone,
                p.locale,
                p.promise_html,
                p.contacts,
                p.created_at,
                p.updated_at,
                p.languages,
                p.bar_days,
                p.accent,
                p.scheme,
                p.css,
                p.logo_name,
                p.logo,
            )
        ).one()
        profiles = self.sql.execute(
            sa.select(a.kind, a.profile_url)
            .where(a.removed_at.is_(None), a.enabled.is_(sa.true()), a.profile_url.like("http%"))
            .order_by(a.id)
        )
        return PublicPage(
            id=public_code(row.id),
            name=row.name,
            base_url=row.base_url,
            time_zone=row.time_zone,
            locale=row.locale,
            promise_html=row.promise_html,
            contacts=tuple(Contact(*one) for one in row.contacts),
            follow=tuple(PublicProfile(kind=k, label=_LABELS.get(k, k.title()), url=u) for k, u in profiles),
            languages=row.languages,
            bar_days=row.bar_days,
            theme=PublicTheme(
                accent=row.accent, scheme=row.scheme, css=row.css, logo_name=row.logo_name, logo=bytes(row.logo)
            ),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    def groups(self) -> Sequence[PublicGroup]:
        """All groups with visible components, in order."""
        g, c = t.groups.c, t.components.c
        used = sa.select(c.group_id).where(c.visible.is_(sa.true()), c.archived_at.is_(None))
        found = self.sql.execute(sa.select(t.groups).where(g.id.in_(used)).order_by(g.position, g.id))
        return [
            PublicGroup(
                id=row.id,
                code=public_code(row.id),
                name=row.name,
                position=row.position,
                collapsed=row.collapsed,
                created_at=row.created_at,
            )
            for row in found
        ]

    def components(self) -> Sequence[PublicComponent]:
        """All visible components that are not archived, in order."""
        c, standing = t.components.c, statuses(self.sql)
        found = self.sql.execute(
            sa.select(c.id, c.code, c.slug, c.name, c.description, c.group_id, c.position, c.created_at, c.updated_at)
            .where(c.visible.is_(sa.true()), c.archived_at.is_(None))
            .order_by(c.position, c.id)
        )
        return [
            PublicComponent(
                id=row.id,
                code=row.code,
                slug=row.slug,
                name=row.name,
                description=row.description,
                group_id=row.group_id,
                position=row.position,
                status=standing.get(row.id, ComponentStatus.OPERATIONAL),
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
            for row in found
        ]

    def _names(self) -> dict[str, tuple[str, str]]:
        if self._components is None:
            c = t.components.c
            self._components = {r.id: (r.slug, r.name) for r in self.sql.execute(sa.select(c.id, c.slug, c.name))}
        return self._components

    # Incidents

    def _incidents(self, *where: sa.ColumnElement[bool], order: Sequence[Any] = (), limit: int | None = None) -> Any:
        i = t.incidents.c
        public = [i[n] for n in PublicIncident.__dataclass_fields__ if n in i]
        query = sa.select(i.id, *public).where(i.drill.is_(sa.false()), *where)
        query = query.order_by(*(order or (i.started_at.desc(), i.id.desc())))
        return self.sql.execute(query.limit(limit) if limit else query).all()

    def _assemble(self, rows: Sequence[Any]) -> list[PublicIncident]:
        """Whole incidents from their rows, with a fixed number of queries."""
        if not rows:
            return []
        refs = {row.id: row.ref for row in rows}
        updates, entries, steps = self._updates(refs), self._entries_of(refs), self._steps_of(refs)
        causes, etas, due, asked = self._causes(refs), self._etas(refs), self._due(refs), self._asked(refs)
        public = [name for name in PublicIncident.__dataclass_fields__ if name in t.incidents.c]
        return [
            PublicIncident(
                **{name: row._mapping[name] for name in public},  # noqa: SLF001
                cause=causes.get(row.id),
                eta=etas.get(row.id),
                next_due_at=due.get(row.id),
                asked=asked[row.id][0],
                confirmed=asked[row.id][1],
                entries=tuple(entries[row.id]),
                updates=tuple(updates[row.id]),
                steps=tuple(steps[row.id]),
            )
            for row in rows
        ]

    def _updates(self, refs: dict[str, str]) -> dict[str, list[PublicUpdate]]:
        u = t.updates.c
        columns = (u.incident_id, u.code, u.seq, u.kind, u.state_after, u.body_html, u.body_plain, u.published_at)
        found = self.sql.execute(
            sa.select(*columns, u.author, u.language, u.corrects_seq)
            .where(u.incident_id.in_(refs))
            .order_by(u.incident_id, u.seq)
        ).all()
        # A retraction wins over a correction, whichever came first: what was taken back is not shown at all.
        mending = sorted(found, key=lambda r: (r.kind is UpdateKind.RETRACTION, r.seq))
        replaced = {(r.incident_id, r.corrects_seq): (r.seq, r.kind) for r in mending if r.corrects_seq is not None}
        promised = self._promised(refs)
        made: dict[str, list[PublicUpdate]] = defaultdict(list)
        for r in found:
            by = replaced.get((r.incident_id, r.seq), (None, None))
            retracted = by[1] is UpdateKind.RETRACTION
            made[r.incident_id].append(
                PublicUpdate(
                    code=r.code,
                    seq=r.seq,
                    kind=r.kind,
                    state_after=r.state_after,
                    body_html="" if retracted else r.body_html,
                    body_plain="" if retracted else r.body_plain,
                    published_at=r.published_at,
                    author=r.author,
                    language=r.language,
                    corrects_seq=r.corrects_seq,
                    replaced_seq=by[0],
                    replaced_kind=by[1],
                    **promised.get((r.incident_id, r.seq), {}),
                )
            )
        return made

    def _promised(self, refs: dict[str, str]) -> dict[tuple[str, int], dict[str, Any]]:
        """What had been promised for the updates that settled a promise, by incident and number."""
        p = t.promises.c
        columns = (p.incident_id, p.settled_seq, p.due_at, p.state)
        query = sa.select(*columns).where(p.incident_id.in_(refs), p.settled_seq.is_not(None))
        return {(r[0], r[1]): {"promised_at": r.due_at, "promise": r.state} for r in self.sql.execute(query)}

    def _entry_columns(self) -> sa.Select[Any]:
        """Entries of published incidents and maintenances. A false alarm was no trouble: its entries do not count."""
        e, i, m = t.entries.c, t.incidents.c, t.maintenances.c
        return (
            sa.select(
                e.component_id,
                e.status,
                e.from_at,
                e.to_at,
                e.incident_id,
                i.ref.label("incident_ref"),
                m.ref.label("maintenance_ref"),
                sa.func.coalesce(i.started_at, m.starts_at, type_=e.from_at.type).label("began_at"),
            )
            .select_from(
                t.entries.outerjoin(t.incidents, e.incident_id == i.id).outerjoin(
                    t.maintenances, e.maintenance_id == m.id
                )
            )
            .where(sa.or_(i.id.is_(None), sa.and_(i.drill.is_(sa.false()), i.state != IncidentState.WITHDRAWN)))
            .order_by(e.from_at, e.id)
        )

    def _entry(self, row: Any) -> PublicEntry:
        slug, name = self._names()[row.component_id]
        return PublicEntry(
            component_id=row.component_id,
            component_slug=slug,
            component_name=name,
            status=row.status,
            from_at=row.from_at,
            to_at=row.to_at,
            incident_ref=row.incident_ref,
            maintenance_ref=row.maintenance_ref,
            began_at=row.began_at,
        )

    def _entries_of(self, refs: dict[str, str]) -> dict[str, list[PublicEntry]]:
        made: dict[str, list[PublicEntry]] = defaultdict(list)
        for row in self.sql.execute(self._entry_columns().where(t.entries.c.incident_id.in_(refs))):
            made[row.incident_id].append(self._entry(row))
        return made

    def _steps_of(self, refs: dict[str, str]) -> dict[str, list[PublicStep]]:
        made: dict[str, list[PublicStep]] = defaultdict(list)
        s = t.steps.c
        for row in self.sql.execute(
            self._step_columns().where(s.incident_id.in_(refs)).order_by(s.incident_id, s.position, s.id)
        ):
            made[row.incident_id].append(self._step(row))
        return made

    @staticmethod
    def _step_columns() -> sa.Select[Any]:
        s, i = t.steps.c, t.incidents.c
        return sa.select(
            s.incident_id,
            s.public_html,
            s.state,
            s.due_on,
            s.done_on,
            s.dropped_reason,
            s.moved_from,
            i.ref.label("incident_ref"),
        ).select_from(t.steps.join(t.incidents, sa.and_(s.incident_id == i.id, i.drill.is_(sa.false()))))

    @staticmethod
    def _step(row: Any) -> PublicStep:
        return PublicStep(
            html=row.public_html,
            state=row.state,
            due_on=row.due_on,
            done_on=row.done_on,
            dropped_reason=row.dropped_reason,
            moved_from=row.moved_from,
            incident_ref=row.incident_ref,
        )

    def _causes(self, refs: dict[str, str]) -> dict[str, PublicCause]:
        c = t.causes.c
        columns = (c.incident_id, c.certainty, c.public_html, c.our_action_html, c.said_at)
        found = self.sql.execute(sa.select(*columns).where(c.incident_id.in_(refs)).order_by(c.seq))
        return {
            r.incident_id: PublicCause(
                certainty=r.certainty, html=r.public_html, our_action_html=r.our_action_html, said_at=r.said_at
            )
            for r in found
        }

    def _etas(self, refs: dict[str, str]) -> dict[str, PublicEta]:
        e = t.etas.c
        said: dict[str, list[Any]] = defaultdict(list)
        columns = (e.incident_id, e.due_at, e.said_at, e.outcome)
        for row in self.sql.execute(sa.select(*columns).where(e.incident_id.in_(refs)).order_by(e.seq)):
            said[row.incident_id].append(row)
        return {incident_id: _eta(rows) for incident_id, rows in said.items()}

    def _due(self, refs: dict[str, str]) -> dict[str, datetime]:
        p = t.promises.c
        query = sa.select(p.incident_id, p.due_at).where(p.incident_id.in_(refs), p.state == PromiseState.OPEN)
        return {row.incident_id: row.due_at for row in self.sql.execute(query)}

    def _asked(self, refs: dict[str, str]) -> dict[str, tuple[int, int]]:
        f = t.follow_ups.c
        yes = sa.func.sum(sa.case((f.answer == Answer.CONFIRMED, 1), else_=0))
        query = sa.select(f.incident_id, sa.func.count(), yes).where(f.incident_id.in_(refs), f.state.in_(_ASKED))
        found = self.sql.execute(query.group_by(f.incident_id))
        return defaultdict(lambda: (0, 0), {row[0]: (int(row[1]), int(row[2])) for row in found})

    def open_incidents(self) -> Sequence[PublicIncident]:
        """Open incidents, worst first, then newest first."""
        rows = self._incidents(t.incidents.c.state.in_(OPEN_STATES))
        return sorted(self._assemble(rows), key=lambda one: -one.impact.rank)

    def waiting_incidents(self) -> Sequence[PublicIncident]:
        """Resolved, not closed, some reporters not yet answered; newest first."""
        f = t.follow_ups.c
        pending = sa.select(f.incident_id).where(f.state.in_((FollowUpState.PENDING, FollowUpState.ASKED)))
        i = t.incidents.c
        return self._assemble(self._incidents(i.state == IncidentState.RESOLVED, i.id.in_(pending)))

    def incident(self, ref: str) -> PublicIncident | None:
        """One incident by its reference."""
        return next(iter(self._assemble(self._incidents(t.incidents.c.ref == ref))), None)

    def incidents_in_month(self, month: str) -> Sequence[PublicIncident]:
        """Incidents that began in a month, newest first."""
        return self._assemble(self._incidents(t.incidents.c.month == month))

    def recent_incidents(self, limit: int) -> Sequence[PublicIncident]:
        """The newest incidents by start, newest first."""
        return self._assemble(self._incidents(limit=limit))

    def recently_updated(self, limit: int) -> Sequence[PublicIncident]:
        """The incidents with the newest public updates, newest first."""
        i = t.incidents.c
        return self._assemble(self._incidents(order=(i.updated_at.desc(), i.id.desc()), limit=limit))

    def component_incidents(self, component_id: str, limit: int) -> Sequence[PublicIncident]:
        """The newest incidents that touched a component, newest first."""
        e = t.entries.c
        touched = sa.select(e.incident_id).where(e.component_id == component_id, e.incident_id.is_not(None))
        return self._assemble(self._incidents(t.incidents.c.id.in_(touched), limit=limit))

    def refs(self) -> Sequence[str]:
        """The references of all incidents, oldest first."""
        i = t.incidents.c
        query = sa.select(i.ref).where(i.drill.is_(sa.false())).order_by(i.started_at, i.id)
        return self.sql.execute(query).scalars().all()

    # Maintenance

    def _maintenances(self, *where: sa.ColumnElement[bool], order: Any, limit: int | None = None) -> Any:
        query = sa.select(t.maintenances).where(*where).order_by(*order)
        rows = self.sql.execute(query.limit(limit) if limit else query).all()
        if not rows:
            return []
        ids = [row.id for row in rows]
        parts: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        mc, c = t.maintenance_components.c, t.components.c
        joined = t.maintenance_components.join(t.components, mc.component_id == c.id)
        for row in self.sql.execute(
            sa.select(mc.maintenance_id, c.id, c.slug, c.name)
            .select_from(joined)
            .where(mc.maintenance_id.in_(ids))
            .order_by(c.position, c.id)
        ):
            parts[row[0]].append((row[1], row[2], row[3]))
        said: dict[str, list[PublicUpdate]] = defaultdict(list)
        u = t.maintenance_updates.c
        for r in self.sql.execute(
            sa.select(t.maintenance_updates).where(u.maintenance_id.in_(ids)).order_by(u.maintenance_id, u.seq)
        ):
            said[r.maintenance_id].append(
                PublicUpdate(
                    code=r.code,
                    seq=r.seq,
                    kind=UpdateKind.UPDATE,
                    state_after=r.state_after,
                    body_html=r.body_html,
                    body_plain=r.body_plain,
                    published_at=r.published_at,
                )
            )
        public = [name for name in PublicMaintenance.__dataclass_fields__ if name in t.maintenances.c]
        return [
            PublicMaintenance(
                **{name: row._mapping[name] for name in public},  # noqa: SLF001
                components=tuple(parts[row.id]),
                updates=tuple(said[row.id]),
            )
            for row in rows
        ]

    def active_maintenances(self) -> Sequence[PublicMaintenance]:
        """Maintenances that are not over, the next one first."""
        m = t.maintenances.c
        found: list[PublicMaintenance] = self._maintenances(m.state.not_in(_ENDED), order=(m.starts_at, m.id))
        return found

    def recent_maintenances(self, limit: int) -> Sequence[PublicMaintenance]:
        """The newest maintenances by planned start, newest first."""
        m = t.maintenances.c
        found: list[PublicMaintenance] = self._maintenances(order=(m.starts_at.desc(), m.id.desc()), limit=limit)
        return found

    def component_maintenances(self, component_id: str, limit: int) -> Sequence[PublicMaintenance]:
        """The newest maintenances that name a component, newest first."""
        m, mc = t.maintenances.c, t.maintenance_components.c
        named = sa.select(mc.maintenance_id).where(mc.component_id == component_id)
        order = (m.starts_at.desc(), m.id.desc())
        found: list[PublicMaintenance] = self._maintenances(m.id.in_(named), order=order, limit=limit)
        return found

    def maintenance(self, ref: str) -> PublicMaintenance | None:
        """One maintenance by its reference."""
        m = t.maintenances.c
        return next(iter(self._maintenances(m.ref == ref, order=(m.id,))), None)

    def maintenances_in_month(self, month: str) -> Sequence[PublicMaintenance]:
        """Maintenances planned to begin in a month, newest first."""
        m = t.maintenances.c
        found: list[PublicMaintenance] = self._maintenances(m.month == month, order=(m.starts_at.desc(), m.id.desc()))
        return found

    def maintenance_refs(self) -> Sequence[str]:
        """The references of all maintenances, oldest first."""
        m = t.maintenances.c
        return self.sql.execute(sa.select(m.ref).order_by(m.starts_at, m.id)).scalars().all()

    # Over time

    def months(self) -> Sequence[MonthCount]:
        """Every month that holds something, newest first."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        i, m = t.incidents.c, t.maintenances.c
        undrilled = sa.select(i.month, sa.func.count()).where(i.drill.is_(sa.false())).group_by(i.month)
        for month, n in self.sql.execute(undrilled):
            counts[month][0] = int(n)
        for month, n in self.sql.execute(sa.select(m.month, sa.func.count()).group_by(m.month)):
            counts[month][1] = int(n)
        return [
            MonthCount(month=month, incidents=n[0], maintenances=n[1])
            for month, n in sorted(counts.items(), reverse=True)
        ]

    def entries_since(self, since: datetime) -> Sequence[PublicEntry]:
        """Every stretch of trouble or maintenance that reaches beyond an instant, oldest first."""
        e = t.entries.c
        query = self._entry_columns().where(sa.or_(e.to_at.is_(None), e.to_at > since))
        return [self._entry(row) for row in self.sql.execute(query)]

    def steps(self, limit: int) -> Sequence[PublicStep]:
        """Prevention steps: unfinished ones by date, then finished ones newest first."""
        s = t.steps.c
        unfinished = s.state.in_((StepState.PLANNED, StepState.DOING))
        first = self._step_columns().where(unfinished).order_by(s.due_on.is_(None), s.due_on, s.id).limit(limit)
        rows = list(self.sql.execute(first))
        if len(rows) < limit:
            rest = self._step_columns().where(sa.not_(unfinished)).order_by(s.done_on.desc(), s.id.desc())
            rows += self.sql.execute(rest.limit(limit - len(rows)))
        return [self._step(row) for row in rows]

    def cards(self) -> Sequence[PublicCard]:
        """Consented, not revoked contact cards, the soonest to end first; also those that are over by now."""
        c, i = t.cards.c, t.incidents.c
        query = (
            sa.select(c.name, c.role, c.phone, c.languages, c.starts_at, c.ends_at, i.ref.label("incident_ref"))
            .select_from(t.cards.outerjoin(t.incidents, c.incident_id == i.id))
            .where(c.revoked_at.is_(None), sa.or_(i.id.is_(None), i.drill.is_(sa.false())))
            .order_by(c.ends_at, c.id)
        )
        return [PublicCard(**row._mapping) for row in self.sql.execute(query)]  # noqa: SLF001

    def promises(self, limit: int) -> Sequence[PublicPromise]:
        """The promises settled last, newest first."""
        return self._settled(limit)

    def broken_promises(self, limit: int) -> Sequence[PublicPromise]:
        """Those of them that were late or moved, newest first."""
        return self._settled(limit, t.promises.c.state.in_((PromiseState.LATE, PromiseState.MOVED)))

    def _settled(self, limit: int, *where: sa.ColumnElement[bool]) -> list[PublicPromise]:
        p, i = t.promises.c, t.incidents.c
        query = (
            sa.select(p.due_at, p.state, p.settled_at, i.ref.label("incident_ref"), i.title.label("incident_title"))
            .select_from(t.promises.join(t.incidents, p.incident_id == i.id))
            .where(p.settled_at.is_not(None), i.drill.is_(sa.false()), i.backfilled.is_(sa.false()), *where)
            .order_by(p.settled_at.desc(), i.ref.desc(), p.seq.desc())
            .limit(limit)
        )
        return [PublicPromise(**row._mapping) for row in self.sql.execute(query)]  # noqa: SLF001

    def record(self, today: date) -> PublicRecord:
        """Promises and estimates of the 90 days up to and with a day in the page's zone."""
        zone = ZoneInfo(self.sql.execute(sa.select(t.pages.c.time_zone)).scalar_one())
        since = record_begins(today, zone)
        i, p, e = t.incidents.c, t.promises.c, t.etas.c
        ours = sa.and_(i.drill.is_(sa.false()), i.backfilled.is_(sa.false()))
        promises = self.sql.execute(
            sa.select(p.state, sa.func.count())
            .select_from(t.promises.join(t.incidents, p.incident_id == i.id))
            .where(ours, p.settled_at >= since)
            .group_by(p.state)
        )
        counts = {row[0]: int(row[1]) for row in promises}
        said: dict[str, list[EtaOutcome]] = defaultdict(list)
        for incident_id, outcome in self.sql.execute(
            sa.select(e.incident_id, e.outcome)
            .select_from(t.etas.join(t.incidents, e.incident_id == i.id))
            .where(ours, i.resolved_at >= since)
            .order_by(e.incident_id, e.seq)
        ):
            said[incident_id].append(outcome)
        judged = [ends for ends in (first_and_last(one) for one in said.values()) if ends]
        return PublicRecord(
            promises_kept=counts.get(PromiseState.KEPT, 0),
            promises_total=sum(counts.values()),
            estimates_met=sum(last is EtaOutcome.MET for _first, last in judged),
            estimates_total=len(judged),
        )


def _eta(rows: Sequence[Any]) -> PublicEta:
    """The estimate from all that was said about it, oldest first; judged as `record` counts it."""
    last = rows[-1]
    times = [row.due_at for row in rows if row.due_at]
    judged = first_and_last([row.outcome for row in rows])
    return PublicEta(
        due_at=last.due_at,
        said_at=last.said_at,
        first_due_at=times[0] if times else None,
        last_due_at=times[-1] if times else None,
        statements=len(rows),
        outcome=judged[1] if judged else last.outcome,
    )
