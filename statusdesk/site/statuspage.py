"""The public JSON in the shape of Statuspage's API v2, so that programs that read other status pages read this one.

Field by field as real pages answer it; what only StatusDesk knows stands beside it under the one key `statusdesk`.
Ids are our public codes. `page.url` must be a valid address for strict clients: until the page is online it is
`http://localhost/`. In an incident's own file its components carry the status that this incident gave them (not the
present one), so that the file changes only when its incident does; the lists carry the present one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from statusdesk.domain.component import ComponentStatus, status_of, worst
from statusdesk.domain.incident import Impact, IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import (
    PublicComponent,
    PublicEntry,
    PublicGroup,
    PublicIncident,
    PublicMaintenance,
    PublicUpdate,
)
from statusdesk.domain.times import rfc3339
from statusdesk.site.language import language
from statusdesk.site.reading import Reading, ended_at, said_at
from statusdesk.site.words import KIND

LISTED = 50
NO_ADDRESS = "http://localhost/"
Json = dict[str, Any]

_INDICATOR = {Impact.NONE: "none", Impact.MINOR: "minor", Impact.MAJOR: "major", Impact.CRITICAL: "critical"}
_DESCRIPTION = {
    ComponentStatus.DEGRADED_PERFORMANCE: "Partially Degraded Service",
    ComponentStatus.PARTIAL_OUTAGE: "Partial System Outage",
    ComponentStatus.MAJOR_OUTAGE: "Major System Outage",
}
_BY_INDICATOR = {"minor": "Minor Service Outage", "major": "Partial System Outage", "critical": "Major System Outage"}
_COMPONENT_INDICATOR = {
    ComponentStatus.DEGRADED_PERFORMANCE: "minor",
    ComponentStatus.PARTIAL_OUTAGE: "major",
    ComponentStatus.MAJOR_OUTAGE: "critical",
}


_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class _Told:
    """A problem or planned work as JSON, in two pieces: between them stand its components as they are now."""

    before: str
    after: str

    def around(self, components: str) -> str:
        return f"{self.before}{components}{self.after}"


class StatuspageApi:
    """Builds the documents. All bytes are ASCII, keys stand as built: no reader can trip over an unusual character.

    What the lists tell of a problem is put together once, and again only when the problem changes: a running desk keeps
    it from one build to the next (`Kept.once`).
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._now: dict[str, str] = {}
        self._say = language(reading.page.locale).say  # people's words in it are in the main language, too

    def summary(self) -> bytes:
        """api/v2/summary.json."""
        return _document(
            page=self._page(),
            components=_encode(self._components()),
            incidents=self._incidents(self.reading.open),
            scheduled_maintenances=self._maintenances(self.reading.planned),
            status=_encode(self._status()),
        )

    def status(self) -> bytes:
        """api/v2/status.json."""
        return _document(page=self._page(), status=_encode(self._status()))

    def components(self) -> bytes:
        """api/v2/components.json."""
        return _document(page=self._page(), components=_encode(self._components()))

    def incidents(self) -> bytes:
        """api/v2/incidents.json: the 50 newest."""
        return self._incident_list(self.reading.recent_incidents(LISTED))

    def unresolved(self) -> bytes:
        """api/v2/incidents/unresolved.json."""
        return self._incident_list(self.reading.open)

    def scheduled(self) -> bytes:
        """api/v2/scheduled-maintenances.json: the 50 newest."""
        return self._maintenance_list(self.reading.recent_maintenances(LISTED))

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The documents that every change touches, by path, the status itself last."""
        return {
            "api/v2/components.json": self.components,
            "api/v2/incidents.json": self.incidents,
            "api/v2/incidents/unresolved.json": self.unresolved,
            "api/v2/scheduled-maintenances.json": self.scheduled,
            "api/v2/scheduled-maintenances/active.json": self.active,
            "api/v2/scheduled-maintenances/upcoming.json": self.upcoming,
            "api/v2/summary.json": self.summary,
            "api/v2/status.json": self.status,
        }

    def active(self) -> bytes:
        """api/v2/scheduled-maintenances/active.json."""
        return self._maintenance_list([m for m in self.reading.planned if m.state.is_active])

    def upcoming(self) -> bytes:
        """api/v2/scheduled-maintenances/upcoming.json."""
        return self._maintenance_list([m for m in self.reading.planned if m.state is MaintenanceState.SCHEDULED])

    def one_incident(self, incident: PublicIncident) -> bytes:
        """api/v2/incidents/CODE.json: as old as its incident."""
        then = _encode(self._components_then(incident))
        return _document(page=self._page(said_at(incident)), incident=self._incident(incident).around(then))

    def _incident_list(self, incidents: Sequence[PublicIncident]) -> bytes:
        return _document(page=self._page(), incidents=self._incidents(incidents))

    def _maintenance_list(self, works: Sequence[PublicMaintenance]) -> bytes:
        return _document(page=self._page(), scheduled_maintenances=self._maintenances(works))

    def _incidents(self, incidents: Sequence[PublicIncident]) -> str:
        once = self.reading.kept.once
        told = (
            once(("v2", i.ref), i, partial(self._incident, i)).around(
                self._components_now(e.component_id for e in i.entries)
            )
            for i in incidents
        )
        return f"[{','.join(told)}]"

    def _maintenances(self, works: Sequence[PublicMaintenance]) -> str:
        once = self.reading.kept.once
        told = (
            once(("v2", m.ref), m, partial(self._maintenance, m)).around(
                self._components_now(key for key, _, _ in m.components)
            )
            for m in works
        )
        return f"[{','.join(told)}]"

    def _page(self, updated_at: datetime | None = None) -> str:
        page = self.reading.page
        return _encode(
            {
                "id": self._page_id,
                "name": page.name,
                "url": page.base_url or NO_ADDRESS,
                "time_zone": page.time_zone,
                "updated_at": rfc3339(updated_at or self.reading.newest_at),
            }
        )

    @property
    def _page_id(self) -> str:
        return self.reading.page.id

    def _status(self) -> Json:
        """The worst of what is open; maintenance shows only when nothing is wrong."""
        state = worst(c.status for c in self.reading.components)
        ranks = ["none", "minor", "major", "critical"]
        found = [_INDICATOR[i.impact] for i in self.reading.open] + [_COMPONENT_INDICATOR.get(state, "none")]
        indicator = max(found, key=ranks.index)
        if indicator != "none":
            fitting = _COMPONENT_INDICATOR.get(state) == indicator
            return {"indicator": indicator, "description": _DESCRIPTION[state] if fitting else _BY_INDICATOR[indicator]}
        if state is ComponentStatus.UNDER_MAINTENANCE or any(m.state.is_active for m in self.reading.planned):
            return {"indicator": "maintenance", "description": "Service Under Maintenance"}
        return {"indicator": "none", "description": "All Systems Operational"}

    def _components(self) -> list[Json]:
        """Groups stand before their members, as pages of Statuspage list them."""
        out: list[Json] = []
        for group, members in self.reading.groups:
            if group is not None:
                out.append(self._group(group, members))
            out += [self._component(c) for c in members]
        return out

    def _group(self, group: PublicGroup, members: Sequence[PublicComponent]) -> Json:
        return {
            "id": group.code,
            "name": group.name,
            "status": worst(c.status for c in members).value,
            "created_at": rfc3339(group.created_at),
            "updated_at": rfc3339(max(group.created_at, *(c.updated_at for c in members))),
            "position": group.position,
            "description": None,
            "showcase": False,
            "start_date": None,
            "group_id": None,
            "page_id": self._page_id,
            "group": True,
            "only_show_if_degraded": False,
            "components": [c.code for c in members],
        }

    def _component(self, c: PublicComponent, status: ComponentStatus | None = None, at: datetime | None = None) -> Json:
        group = next((g for g, members in self.reading.groups if g is not None and g.id == c.group_id), None)
        return {
            "id": c.code,
            "name": c.name,
            "status": (status or c.status).value,
            "created_at": rfc3339(c.created_at),
            "updated_at": rfc3339(at or c.updated_at),
            "position": c.position,
            "description": c.description or None,
            "showcase": True,
            "start_date": self.reading.dates.on(c.created_at).isoformat(),
            "group_id": group.code if group else None,
            "page_id": self._page_id,
            "group": False,
            "only_show_if_degraded": False,
        }

    def _components_now(self, ids: Iterable[str]) -> str:
        if not self._now:
            self._now = {c.id: _encode(self._component(c)) for c in self.reading.components}
        wanted = set(ids)
        return f"[{','.join(text for key, text in self._now.items() if key in wanted)}]"

    def _components_then(self, incident: PublicIncident) -> list[Json]:
        out = []
        for c in self.reading.components:
            entries = [e for e in incident.entries if e.component_id == c.id]
            if entries:
                status = status_of(entries)
                out.append(self._component(c, status, max(e.to_at or e.from_at for e in entries)))
        return out

    def _incident(self, incident: PublicIncident) -> _Told:
        updates = incident.updates
        first_watched = next((u for u in updates if u.state_after is IncidentState.MONITORING), None)
        end = ended_at(incident)
        before = {
            "id": incident.code,
            "name": incident.title,
            "status": _status_of(incident.state),
            "created_at": rfc3339(incident.first_public_at),
            "updated_at": rfc3339(said_at(incident)),
            "monitoring_at": rfc3339(first_watched.published_at) if first_watched else None,
            "resolved_at": rfc3339(end) if end else None,
            "impact": incident.impact.value,
            "shortlink": self.absolute(f"incidents/{incident.ref}/"),
            "started_at": rfc3339(incident.started_at),
            "page_id": self._page_id,
            "incident_updates": self._updates(updates, incident.code, incident.entries),
        }
        return _around_components(before, {"reminder_intervals": None, "statusdesk": _own_fields(incident)})

    def _maintenance(self, m: PublicMaintenance) -> _Told:
        before = {
            "id": m.code,
            "name": m.title,
            "status": _status_of(m.state),
            "created_at": rfc3339(m.published_at),
            "updated_at": rfc3339(m.updated_at),
            "monitoring_at": None,
            "resolved_at": rfc3339(m.actual_end or m.updated_at) if m.state.is_over else None,
            "impact": "maintenance",
            "shortlink": self.absolute(f"maintenance/{m.ref}/"),
            "started_at": rfc3339(m.actual_start or m.published_at),
            "page_id": self._page_id,
            "incident_updates": self._updates(m.updates, m.code, _worked_on(m)),
        }
        after = {
            "reminder_intervals": None,
            "scheduled_for": rfc3339(m.starts_at),
            "scheduled_until": rfc3339(m.ends_at),
            "statusdesk": {
                "ref": m.ref,
                "cancelled": m.state is MaintenanceState.CANCELLED,
                "actual_start": rfc3339(m.actual_start) if m.actual_start else None,
                "actual_end": rfc3339(m.actual_end) if m.actual_end else None,
                "rescheduled_from": rfc3339(m.rescheduled_from) if m.rescheduled_from else None,
                "max_interruption_s": m.max_interruption_s,
            },
        }
        return _around_components(before, after)

    def _updates(self, updates: Sequence[PublicUpdate], code: str, entries: Sequence[PublicEntry]) -> list[Json]:
        by_seq = {u.seq: u for u in updates}
        out = []
        before: datetime | None = None
        for update in updates:
            out.append(
                {
                    "id": update.code,
                    "status": _status_of(update.state_after),
                    "body": self._body_now(update, by_seq),
                    "incident_id": code,
                    "created_at": rfc3339(update.published_at),
                    "updated_at": rfc3339(changed_at(update, by_seq)),
                    "display_at": rfc3339(update.published_at),
                    "affected_components": self._affected(entries, before, update.published_at),
                    "deliver_notifications": True,
                    "custom_tweet": None,
                    "tweet_id": None,
                }
            )
            before = update.published_at
        return out[::-1]

    def _affected(self, entries: Sequence[PublicEntry], before: datetime | None, at: datetime) -> list[Json] | None:
        """The components whose status an update changed: those whose entries begin or end between it and the last."""
        if before is not None and not any(
            before < edge <= at for e in entries for edge in (e.from_at, e.to_at) if edge is not None
        ):
            return None
        found = []
        for key in dict.fromkeys(e.component_id for e in entries if e.component_id in self._visible):
            old = worst(e.status for e in entries if e.component_id == key and before and _holds(e, before))
            new = worst(e.status for e in entries if e.component_id == key and _holds(e, at))
            if old is not new:
                code, name = self._visible[key]
                found.append({"code": code, "name": name, "old_status": old.value, "new_status": new.value})
        return found or None

    @cached_property
    def _visible(self) -> dict[str, tuple[str, str]]:
        """Code and full name of each component on the page, by id."""
        return {
            c.id: (c.code, f"{group.name} - {c.name}" if group else c.name)
            for group, members in self.reading.groups
            for c in members
        }

    def _body_now(self, update: PublicUpdate, by_seq: dict[int, PublicUpdate]) -> str:
        """An update's text for places that cannot strike out: retracted text is replaced by the reason."""
        if update.replaced_kind is UpdateKind.RETRACTION and update.replaced_seq in by_seq:
            return f"{self._say(KIND[UpdateKind.RETRACTION])}: {by_seq[update.replaced_seq].body_plain}"
        if update.kind is UpdateKind.CORRECTION:
            return f"{self._say(KIND[UpdateKind.CORRECTION])}: {update.body_plain}"
        return update.body_plain

    def absolute(self, path: str) -> str:
        """A full address for JSON; on a page that is not online yet, one on `NO_ADDRESS`."""
        return (self.reading.page.base_url or NO_ADDRESS).rstrip("/") + "/" + path


def _document(**parts: str) -> bytes:
    """A document of parts that are JSON already."""
    return ("{" + ",".join(f'"{key}":{text}' for key, text in parts.items()) + "}\n").encode()


def _around_components(before: Json, after: Json) -> _Told:
    return _Told(_encode(before)[:-1] + ',"components":', "," + _encode(after)[1:])


def _worked_on(m: PublicMaintenance) -> list[PublicEntry]:
    """What a piece of work did to its components, as far as somebody confirmed that it began."""
    if m.actual_start is None:
        return []
    status = ComponentStatus.UNDER_MAINTENANCE
    end = m.actual_end or (m.updated_at if m.state.is_over else None)
    return [
        PublicEntry(
            component_id=key,
            component_slug=slug,
            component_name=name,
            status=status,
            from_at=m.actual_start,
            to_at=end,
            incident_ref=None,
            maintenance_ref=m.ref,
        )
        for key, slug, name in m.components
    ]


def changed_at(update: PublicUpdate, by_seq: dict[int, PublicUpdate]) -> datetime:
    """When what one reads of an update last changed: itself never does, but it may have been corrected or retracted."""
    later = by_seq.get(update.replaced_seq) if update.replaced_seq is not None else None
    return later.published_at if later else update.published_at


def _holds(entry: PublicEntry, at: datetime) -> bool:
    return entry.from_at <= at and (entry.to_at is None or entry.to_at > at)


def _status_of(state: IncidentState | MaintenanceState) -> str:
    """Statuspage knows no closed and no withdrawn: both are resolved; a cancelled maintenance is completed."""
    if state in (IncidentState.CLOSED, IncidentState.WITHDRAWN):
        return IncidentState.RESOLVED.value
    return MaintenanceState.COMPLETED.value if state is MaintenanceState.CANCELLED else state.value


def _own_fields(incident: PublicIncident) -> Json:
    """Cause, estimate, promise and prevention: what Statuspage has no field for."""
    cause, eta = incident.cause, incident.eta
    return {
        "ref": incident.ref,
        "state": incident.state.value,
        "cause": {"certainty": cause.certainty.value, "html": cause.html, "our_action_html": cause.our_action_html}
        if cause
        else None,
        "eta": {
            "due_at": rfc3339(eta.due_at) if eta.due_at else None,
            "said_at": rfc3339(eta.said_at),
            "outcome": eta.outcome.value,
        }
        if eta
        else None,
        "next_update_by": rfc3339(incident.next_due_at) if incident.next_due_at else None,
        "prevention": [
            {
                "html": s.html,
                "state": s.state.value,
                "due_on": s.due_on.isoformat() if s.due_on else None,
                "done_on": s.done_on.isoformat() if s.done_on else None,
            }
            for s in incident.steps
        ],
        "backfilled": incident.backfilled,
    }
