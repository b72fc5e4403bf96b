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
    EtaOutcome,
    UpdateKind,
    first_and_last,
)
from statusdesk.domain.page import Contact
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
from statusdesk.store import public_queries as q
from statusdesk.store.standing import statuses

MANY = 500  # more events than this since the last build: building everything is cheaper than planning
_LABELS = {"mastodon": "Mastodon", "bluesky": "Bluesky"}


class PublicRecordReader:
    """One view of everything public, on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.sql = connection
        self._components: dict[str, tuple[str, str]] | None = None

    def _all(self, query: sa.Executable, **given: Any) -> Sequence[Any]:
        return self.sql.execute(query, given).all()

    def _list(self, query: sa.Executable, **given: Any) -> list[str]:
        return list(self.sql.execute(query, given).scalars())

    def head(self) -> int:
        """How many events the record holds at the moment of this view."""
        return int(self.sql.execute(q.HEAD).scalar_one())

    def changes_since(self, head: int) -> Changes | None:
        """What changed after an event; None when everything must be built."""
        found = self._all(q.EVENTS, head=head, limit=MANY + 1)
        now = self.head()
        if len(found) > MANY or head > now:
            return None
        keys: dict[Touched, set[str]] = defaultdict(set)
        for touched, key in found:
            keys[touched].add(key)
        if keys.keys() & {Touched.PAGE, Touched.COMPONENT, Touched.IMPORT}:
            return None
        return Changes(
            head=now,
            incidents=frozenset(keys[Touched.INCIDENT] | keys[Touched.PERSON]),
            maintenances=frozenset(keys[Touched.MAINTENANCE]),
            destinations=bool(keys[Touched.ACCOUNT]),
        )

    # The page and its components

    def page(self) -> PublicPage:
        """The page's own words."""
        row = self.sql.execute(q.PAGE).one()
        profiles = self._all(q.PROFILES)
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
        return [
            PublicGroup(
                id=row.id,
                code=public_code(row.id),
                name=row.name,
                position=row.position,
                collapsed=row.collapsed,
                created_at=row.created_at,
            )
            for row in self._all(q.GROUPS)
        ]

    def components(self) -> Sequence[PublicComponent]:
        """All visible components that are not archived, in order."""
        standing = statuses(self.sql)
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
            for row in self._all(q.COMPONENTS)
        ]

    def _names(self) -> dict[str, tuple[str, str]]:
        if self._components is None:
            self._components = {id_: (slug, name) for id_, slug, name in self._all(q.NAMES)}
        return self._components

    # Incidents

    def incidents(self, refs: Sequence[str]) -> Sequence[PublicIncident]:
        """The incidents behind references, whole, with a fixed number of questions."""
        rows = self._all(q.INCIDENTS, refs=list(refs)) if refs else ()
        if not rows:
            return []
        ids = [row[0] for row in rows]
        updates, entries, steps = self._updates(ids), self._entries_of(ids), self._steps_of(ids)
        causes, etas, asked = self._causes(ids), self._etas(ids), self._asked(ids)
        due: dict[str, datetime] = dict(map(tuple, self._all(q.DUE, ids=ids)))
        return [
            PublicIncident(
                **dict(zip(q.INCIDENT_FIELDS, row[1:], strict=True)),
                cause=causes.get(row[0]),
                eta=etas.get(row[0]),
                next_due_at=due.get(row[0]),
                asked=asked[row[0]][0],
                confirmed=asked[row[0]][1],
                entries=tuple(entries[row[0]]),
                updates=tuple(updates[row[0]]),
                steps=tuple(steps[row[0]]),
            )
            for row in rows
        ]

    def _updates(self, ids: list[str]) -> dict[str, list[PublicUpdate]]:
        found = self._all(q.UPDATES, ids=ids)
        # A retraction wins over a correction, whichever came first: what was taken back is not shown at all.
        mending = sorted(
            (r for r in found if r.corrects_seq is not None), key=lambda r: (r.kind is UpdateKind.RETRACTION, r.seq)
        )
        replaced = {(r.incident_id, r.corrects_seq): (r.seq, r.kind) for r in mending}
        promised = {(id_, seq): (due_at, state) for id_, seq, due_at, state in self._all(q.PROMISED, ids=ids)}
        made: dict[str, list[PublicUpdate]] = defaultdict(list)
        nothing = (None, None)
        for id_, code, seq, kind, state_after, html, plain, published_at, author, language, corrects_seq in found:
            by_seq, by_kind = replaced.get((id_, seq), nothing)
            retracted = by_kind is UpdateKind.RETRACTION
            promised_at, promise = promised.get((id_, seq), nothing)
            made[id_].append(
                PublicUpdate(
                    code=code,
                    seq=seq,
                    kind=kind,
                    state_after=state_after,
                    body_html="" if retracted else html,
                    body_plain="" if retracted else plain,
                    published_at=published_at,
                    author=author,
                    language=language,
                    corrects_seq=corrects_seq,
                    replaced_seq=by_seq,
                    replaced_kind=by_kind,
                    promised_at=promised_at,
                    promise=promise,
                )
            )
        return made

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

    def _entries_of(self, ids: list[str]) -> dict[str, list[PublicEntry]]:
        made: dict[str, list[PublicEntry]] = defaultdict(list)
        for row in self._all(q.ENTRIES_OF, ids=ids):
            made[row.incident_id].append(self._entry(row))
        return made

    def _steps_of(self, ids: list[str]) -> dict[str, list[PublicStep]]:
        made: dict[str, list[PublicStep]] = defaultdict(list)
        for row in self._all(q.STEPS_OF, ids=ids):
            made[row.incident_id].append(self._step(row))
        return made

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

    def _causes(self, ids: list[str]) -> dict[str, PublicCause]:
        return {
            r.incident_id: PublicCause(
                certainty=r.certainty, html=r.public_html, our_action_html=r.our_action_html, said_at=r.said_at
            )
            for r in self._all(q.CAUSES, ids=ids)
        }

    def _etas(self, ids: list[str]) -> dict[str, PublicEta]:
        said: dict[str, list[Any]] = defaultdict(list)
        for row in self._all(q.ETAS, ids=ids):
            said[row.incident_id].append(row)
        return {incident_id: _eta(rows) for incident_id, rows in said.items()}

    def _asked(self, ids: list[str]) -> dict[str, tuple[int, int]]:
        found = self._all(q.ASKED, ids=ids)
        return defaultdict(lambda: (0, 0), {row[0]: (int(row[1]), int(row[2])) for row in found})

    def open_refs(self) -> Sequence[str]:
        """Open incidents, worst first, then newest first."""
        newest = sorted(self._all(q.OPEN), key=lambda one: (one.started_at, one.id), reverse=True)
        return [row.ref for row in sorted(newest, key=lambda one: -one.impact.rank)]

    def waiting_refs(self) -> Sequence[str]:
        """Resolved, not closed, some reporters not yet answered; newest first."""
        newest = sorted(self._all(q.WAITING), key=lambda one: (one.started_at, one.id), reverse=True)
        return [row.ref for row in newest]

    def refs_in_month(self, month: str) -> Sequence[str]:
        """Incidents that began in a month, newest first."""
        return self._list(q.IN_MONTH, month=month)

    def recent_refs(self, limit: int) -> Sequence[str]:
        """The newest incidents by start, newest first."""
        return self._list(q.RECENT, limit=limit)

    def updated_refs(self, limit: int) -> Sequence[str]:
        """The incidents with the newest public updates, newest first."""
        return self._list(q.UPDATED, limit=limit)

    def component_refs(self, component_id: str, limit: int) -> Sequence[str]:
        """The incidents that touched a component last, by when they did, newest first."""
        # A problem may have touched it several times: as long as that happens, more is asked for.
        asked = limit
        while True:
            rows = self._list(q.OF_COMPONENT, component_id=component_id, limit=asked)
            found = list(dict.fromkeys(rows))
            if len(found) >= limit or len(rows) < asked:
                return found[:limit]
            asked *= 2

    def refs(self) -> Sequence[str]:
        """All incidents, oldest first."""
        return self._list(q.ALL)

    # Maintenance

    def maintenances(self, refs: Sequence[str]) -> Sequence[PublicMaintenance]:
        """The maintenances behind references, whole."""
        rows = self._all(q.MAINTENANCES, refs=list(refs)) if refs else ()
        if not rows:
            return []
        ids = [row[0] for row in rows]
        parts: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for id_, component_id, slug, name in self._all(q.MAINTENANCE_COMPONENTS, ids=ids):
            parts[id_].append((component_id, slug, name))
        said: dict[str, list[PublicUpdate]] = defaultdict(list)
        for r in self._all(q.MAINTENANCE_UPDATES, ids=ids):
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
        return [
            PublicMaintenance(
                **dict(zip(q.MAINTENANCE_FIELDS, row[1:], strict=True)),
                components=tuple(parts[row[0]]),
                updates=tuple(said[row[0]]),
            )
            for row in rows
        ]

    def active_maintenance_refs(self) -> Sequence[str]:
        """Maintenances that are not over, the next one first."""
        return self._list(q.MAINTENANCES_ACTIVE)

    def recent_maintenance_refs(self, limit: int) -> Sequence[str]:
        """The newest maintenances by planned start, newest first."""
        return self._list(q.MAINTENANCES_RECENT, limit=limit)

    def component_maintenance_refs(self, component_id: str, limit: int) -> Sequence[str]:
        """The newest maintenances that name a component, newest first."""
        return self._list(q.MAINTENANCES_OF_COMPONENT, component_id=component_id, limit=limit)

    def maintenance_refs_in_month(self, month: str) -> Sequence[str]:
        """Maintenances planned to begin in a month, newest first."""
        return self._list(q.MAINTENANCES_IN_MONTH, month=month)

    def maintenance_refs(self) -> Sequence[str]:
        """The references of all maintenances, oldest first."""
        return self._list(q.MAINTENANCES_ALL)

    # Over time

    def months(self) -> Sequence[MonthCount]:
        """Every month that holds something, newest first."""
        incidents: dict[str, int] = dict(map(tuple, self._all(q.INCIDENT_MONTHS)))
        works: dict[str, int] = dict(map(tuple, self._all(q.MAINTENANCE_MONTHS)))
        return [
            MonthCount(month=month, incidents=incidents.get(month, 0), maintenances=works.get(month, 0))
            for month in sorted(incidents.keys() | works.keys(), reverse=True)
        ]

    def entries_since(self, since: datetime) -> Sequence[PublicEntry]:
        """Every stretch of trouble or maintenance that reaches beyond an instant, oldest first."""
        return [self._entry(row) for row in self._all(q.ENTRIES_SINCE, since=since)]

    def steps(self, limit: int) -> Sequence[PublicStep]:
        """Prevention steps: unfinished ones by date, then finished ones newest first."""
        rows = list(self._all(q.STEPS_TO_DO, limit=limit))
        if len(rows) < limit:
            rows += self._all(q.STEPS_OVER, limit=limit - len(rows))
        return [self._step(row) for row in rows]

    def cards(self) -> Sequence[PublicCard]:
        """Consented, not revoked contact cards, the soonest to end first; also those that are over by now."""
        return [PublicCard(**row._mapping) for row in self._all(q.CARDS)]  # noqa: SLF001  SQLAlchemy's public name

    def broken_promises(self, limit: int) -> Sequence[PublicPromise]:
        """The promises that were late or moved, the one settled last first."""
        return [PublicPromise(**row._mapping) for row in self._all(q.BROKEN, limit=limit)]  # noqa: SLF001

    def record(self, today: date) -> PublicRecord:
        """Promises and estimates of the 90 days up to and with a day in the page's zone."""
        since = record_begins(today, ZoneInfo(self.sql.execute(q.ZONE).scalar_one()))
        counts: dict[PromiseState, int] = dict(map(tuple, self._all(q.PROMISES_SINCE, since=since)))
        said: dict[str, list[EtaOutcome]] = defaultdict(list)
        for incident_id, outcome in self._all(q.OUTCOMES_SINCE, since=since):
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
