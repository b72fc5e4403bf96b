"""Writing a `History` into the record in one transaction: repeatable, marked as backfilled, posted to nobody."""

from __future__ import annotations

import hashlib
from datetime import datetime

from statusdesk.domain import ids, times
from statusdesk.domain import promise as promises
from statusdesk.domain.audit import Touched
from statusdesk.domain.component import Component, ComponentEntry, ComponentStatus
from statusdesk.domain.incident import Incident, IncidentUpdate, UpdateKind
from statusdesk.domain.maintenance import Maintenance, MaintenanceUpdate
from statusdesk.domain.page import Page
from statusdesk.domain.promise import NextUpdatePromise
from statusdesk.domain.text import tidy_line
from statusdesk.exchange.history import (
    History,
    PastComponent,
    PastIncident,
    PastMaintenance,
    PastUpdate,
    Remark,
    Report,
)
from statusdesk.site import markdown
from statusdesk.store.writer import Writer


def bring_in(writer: Writer, history: History) -> Report:
    """Write what is new or changed. The same history a second time changes nothing."""
    return _Import(writer, history).run()


KEY_LIMIT = 200
OURS = ""  # in place of a source's digest: a component that was here before; the source never changes it


class _Import:
    def __init__(self, writer: Writer, history: History) -> None:
        self.writer = writer
        self.history = history
        self.page: Page = writer.page()
        self.known = writer.imported()
        self.codes = writer.codes()
        self.component_ids: dict[str, str] = {}
        self.report = Report(skipped=list(history.skipped), adjusted=list(history.adjusted))

    def run(self) -> Report:
        for component in self.history.components:
            self._component(component)
        for incident in sorted(self.history.incidents, key=lambda one: (one.started_at, one.key)):
            self._incident(incident)
        for maintenance in sorted(self.history.maintenances, key=lambda one: (one.starts_at, one.key)):
            self._maintenance(maintenance)
        report = self.report
        report.components, report.incidents = len(self.history.components), len(self.history.incidents)
        report.maintenances = len(self.history.maintenances)
        report.read = report.components + report.incidents + report.maintenances + len(self.history.skipped)
        return report

    def _key(self, kind: str, key: str) -> str:
        whole = f"{self.history.source}/{kind}/{key}"
        return whole if len(whole) <= KEY_LIMIT else f"{kind}/{hashlib.sha256(whole.encode()).hexdigest()}"

    def _code(self, wanted: str, id_: str) -> str:
        """The source's own short id, so that addresses go on working; ours where it is taken or of another shape."""
        free = wanted and wanted not in self.codes and len(wanted) <= 24 and wanted.isascii() and wanted.isalnum()  # noqa: PLR2004
        code = wanted if free else ids.public_code(id_)
        self.codes.add(code)
        return code

    def _component(self, past: PastComponent) -> None:
        key = self._key("component", past.key)
        if key in self.known:
            self._known_component(past, key)
            return
        everyone = self.writer.components(archived=True)
        name = tidy_line(past.name) or past.key
        same_name = next((one for one in everyone if one.name.casefold() == name.casefold()), None)
        if same_name is not None:
            self.component_ids[past.key] = same_name.id
            self.writer.remember_import(key, same_name.id, OURS)
            self.report.same += 1
        else:
            id_ = ids.new_id(self.writer.at)
            self.writer.add_component(
                Component(
                    id=id_,
                    code=self._code(past.key, id_),
                    slug=ids.slug(name, {one.slug for one in everyone}),
                    name=name,
                    description=past.description,
                    group_id=self.writer.group_named(past.group) if past.group else None,
                    position=max((one.position for one in everyone), default=0) + 1,
                    created_at=past.created_at,
                    archived_at=self.writer.at if past.gone else None,
                )
            )
            self.component_ids[past.key] = id_
            self.writer.remember_import(key, id_, past.digest())
            self.report.new += 1

    def _known_component(self, past: PastComponent, key: str) -> None:
        """What the source changed is changed here, unless somebody changed it here."""
        id_, before = self.known[key]
        self.component_ids[past.key] = id_
        everyone = self.writer.components(archived=True)
        ours = next(one for one in everyone if one.id == id_)
        touched = self.writer.was_touched(Touched.COMPONENT, id_)
        is_back = ours.archived_at is not None and not touched
        if past.gone or before == OURS or (before == past.digest() and not is_back):
            self.report.same += 1
            return
        if touched:
            why = f"It was changed here since it was imported; “{ours.name}” stays as it is."
            self.report.skipped.append(Remark(f"component {past.name}", why))
            return
        name = tidy_line(past.name) or past.key
        if any(one.name.casefold() == name.casefold() for one in everyone if one.id != id_):
            why = f"There is another component of that name here; “{ours.name}” stays as it is."
            self.report.skipped.append(Remark(f"component {past.name}", why))
            return
        self.writer.change_component(
            id_,
            name=name,
            description=past.description,
            group_id=self.writer.group_named(past.group) if past.group else None,
            archived_at=None,
        )
        self.writer.remember_import(key, id_, past.digest())
        self.report.changed += 1

    def _incident(self, past: PastIncident) -> None:
        key, digest = self._key("incident", past.key), past.digest()
        if key not in self.known:
            self._write_incident(past, key, digest)
            self.report.new += 1
            return
        id_, before = self.known[key]
        if before == digest:
            self.report.same += 1
            return
        incident = self.writer.incident_by_id(id_)
        if self.writer.was_touched(Touched.INCIDENT, incident.ref):
            self.report.skipped.append(
                Remark(f"{incident.ref} {past.title}", "It was updated here since it was imported.")
            )
            return
        self.writer.forget_incident_history(id_)
        self._write_incident(past, key, digest, again=incident)
        self.report.changed += 1

    def _write_incident(self, past: PastIncident, key: str, digest: str, again: Incident | None = None) -> None:
        zone, writer = self.page.zone, self.writer
        id_ = again.id if again else ids.new_id(past.started_at)
        last = past.updates[-1].at if past.updates else past.resolved_at or past.started_at
        first = past.updates[0].at if past.updates else past.started_at
        incident = Incident(
            id=id_,
            code=again.code if again else self._code(past.key, id_),
            ref=again.ref if again else writer.new_ref(self.page.ref_prefix, past.started_at.astimezone(zone).year),
            title=tidy_line(past.title) or "Untitled",
            state=past.state,
            impact=past.impact,
            started_at=past.started_at,
            first_public_at=first,
            updated_at=max(last, first),
            resolved_at=past.resolved_at,
            backfilled=True,
            last_seq=len(past.updates),
            month=times.month_key(past.started_at, zone),
        )
        if again:
            writer.replace_incident(incident)
        else:
            writer.add_incident(incident)
        writer.add_updates([self._update(incident, seq, one) for seq, one in enumerate(past.updates, 1)])
        writer.add_entries(
            [
                ComponentEntry(
                    component_id=self.component_ids[one.component],
                    status=one.status,
                    from_at=one.from_at,
                    to_at=one.to_at,
                    incident_id=id_,
                )
                for one in past.stretches
            ]
        )
        if past.state.is_open:
            # Invariant 4: an open incident always has a promise, also one that came from elsewhere.
            due = promises.default_due(writer.at, self.page.cadence(past.impact, past.state))
            promise = NextUpdatePromise(due_at=due, made_at=writer.at, seq=max(1, incident.last_seq))
            writer.add_promise(id_, promise)
        writer.remember_import(key, id_, digest)

    def _update(self, incident: Incident, seq: int, past: PastUpdate) -> IncidentUpdate:
        id_ = ids.new_id(past.at)
        return IncidentUpdate(
            id=id_,
            code=past.code or ids.public_code(id_),
            incident_id=incident.id,
            seq=seq,
            kind=UpdateKind.UPDATE,
            state_after=past.state,
            body_md=past.text,
            body_html=markdown.to_html(past.text),
            body_plain=markdown.to_plain(past.text),
            published_at=past.at,
            language=self.page.locale,
        )

    def _maintenance(self, past: PastMaintenance) -> None:
        key, digest = self._key("maintenance", past.key), past.digest()
        if key in self.known:
            id_, before = self.known[key]
            if before == digest:
                self.report.same += 1
                return
            ref = self.writer.maintenance_by_id(id_).ref
            if self.writer.was_touched(Touched.MAINTENANCE, ref):
                self.report.skipped.append(Remark(f"{ref} {past.title}", "It was changed here since it was imported."))
                return
            self.writer.forget_maintenance(id_)
            self.report.changed += 1
        else:
            self.report.new += 1
        self._write_maintenance(past, key, digest)

    def _write_maintenance(self, past: PastMaintenance, key: str, digest: str) -> None:
        zone, writer = self.page.zone, self.writer
        again = self.writer.maintenance_by_id(self.known[key][0]) if key in self.known else None
        id_ = again.id if again else ids.new_id(past.starts_at)
        what = past.updates[0].text if past.updates else ""
        maintenance = Maintenance(
            id=id_,
            code=again.code if again else self._code(past.key, id_),
            ref=again.ref if again else writer.new_ref(self.page.ref_prefix, past.starts_at.astimezone(zone).year),
            title=tidy_line(past.title) or "Untitled",
            state=past.state,
            starts_at=past.starts_at,
            ends_at=past.ends_at,
            what_stops_md=what,
            what_stops_html=markdown.to_html(what),
            actual_start=past.actual_start,
            actual_end=past.actual_end,
            published_at=past.published_at,
            updated_at=past.updates[-1].at if past.updates else past.published_at,
            backfilled=True,
            last_seq=len(past.updates),
            month=times.month_key(past.starts_at, zone),
        )
        parts = list(dict.fromkeys(self.component_ids[one] for one in past.components))
        writer.put_maintenance(maintenance, parts)
        for seq, one in enumerate(past.updates, 1):
            update_id = ids.new_id(one.at)
            writer.add_maintenance_update(
                MaintenanceUpdate(
                    id=update_id,
                    code=one.code or ids.public_code(update_id),
                    maintenance_id=id_,
                    seq=seq,
                    state_after=one.state,
                    body_md=one.text,
                    body_html=markdown.to_html(one.text),
                    body_plain=markdown.to_plain(one.text),
                    published_at=one.at,
                )
            )
        if past.actual_start is not None:
            self._work_stretches(id_, parts, past.actual_start, past.actual_end)
        writer.remember_import(key, id_, digest)

    def _work_stretches(self, id_: str, parts: list[str], start: datetime, end: datetime | None) -> None:
        self.writer.add_entries(
            [
                ComponentEntry(
                    component_id=part,
                    status=ComponentStatus.UNDER_MAINTENANCE,
                    from_at=start,
                    to_at=end,
                    maintenance_id=id_,
                )
                for part in parts
            ]
        )
