"""Reading a Statuspage: its public v2 JSON, from an address, a folder of saved files, or one file.

The shapes are those of real pages (https://metastatuspage.com/api and what githubstatus.com answers). Real history has
dents: an update id twice, an update before the start, maintenances that nobody ended. They are straightened as little
as our invariants need, and every straightening is reported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.text import tidy, tidy_line
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.exchange.history import (
    History,
    PastComponent,
    PastIncident,
    PastMaintenance,
    PastMaintenanceUpdate,
    PastStretch,
    PastUpdate,
    Remark,
)

FILES = ("components.json", "incidents.json", "scheduled-maintenances.json", "summary.json")
STALE = timedelta(days=7)  # open and silent for so long at the source: nobody will end it there any more
MAX_BYTES = 256 * 1024 * 1024
_STATES = {"postmortem": IncidentState.RESOLVED}
_BY_IMPACT = {
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}
_TAG = re.compile(r"</?(?:p|br|a|b|i|strong|em|ul|ol|li|div|span|small|var|h\d)\b[^>]*>", re.IGNORECASE)

Json = Mapping[str, Any]


def read(source: str) -> History:
    """The history of a Statuspage. Raises Refused for what is none, EnvironmentFault when it cannot be reached."""
    documents = _fetch(source) if re.match(r"https?://", source) else _load(Path(source).expanduser())
    return _Reading(documents).history()


def _load(path: Path) -> list[Json]:
    if path.is_dir():
        files = [path / name for name in FILES if (path / name).is_file()]
        if not files:
            raise Refused(
                f"{path} holds none of {', '.join(FILES)}. Choose the folder with the saved files.", field="source"
            )
    elif path.is_file():
        files = [path]
    else:
        raise Refused(f"There is no file or folder {path}. Give a web address, a folder or a file.", field="source")
    return [_document(file.read_bytes(), str(file)) for file in files]


def _document(raw: bytes, name: str) -> Json:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON. Save it again from the status page.", field="source") from None
    if not isinstance(found, dict) or not found.keys() & {"components", "incidents", "scheduled_maintenances"}:
        raise Refused(f"{name} is not a Statuspage v2 file: it has no components and no incidents.", field="source")
    return found


def _fetch(base: str) -> list[Json]:
    import requests  # noqa: PLC0415  0.15 s, only needed here

    root = re.sub(r"/api/v2(/.*)?$", "", base.rstrip("/"))
    found = []
    with requests.Session() as session:
        for name in FILES[:3]:
            url = f"{root}/api/v2/{name}"
            try:
                with session.get(url, timeout=(5, 30), stream=True) as answer:
                    if answer.status_code != 200:  # noqa: PLR2004
                        raise Refused(
                            f"{url} answered {answer.status_code}. Give the address of a Statuspage.", field="source"
                        )
                    raw = answer.raw.read(MAX_BYTES + 1, decode_content=True)
            except requests.RequestException as error:
                raise EnvironmentFault(
                    f"{urlsplit(url).hostname} cannot be reached ({type(error).__name__}). Check address and network."
                ) from None
            if len(raw) > MAX_BYTES:
                raise Refused(f"{url} is larger than 256 MB. Save it as a file and import that.", field="source")
            found.append(_document(raw, url))
    return found


class _Reading:
    """One reading of some documents."""

    def __init__(self, documents: list[Json]) -> None:
        self.documents = documents
        self.adjusted: list[Remark] = []
        self.skipped: list[Remark] = []
        self.components: dict[str, PastComponent] = {}
        page: Json = next((d["page"] for d in documents if isinstance(d.get("page"), dict)), {})
        self.page_id = str(page.get("id") or "page")
        self.as_of = _time(page.get("updated_at")) or datetime.now(UTC)

    def history(self) -> History:
        self._read_components()
        incidents = self._each("incidents", self._incident)
        maintenances = self._each("scheduled_maintenances", self._maintenance)
        return History(
            source=f"statuspage/{self.page_id}",
            components=tuple(self.components.values()),
            incidents=[one for one in incidents if isinstance(one, PastIncident)],
            maintenances=[one for one in maintenances if isinstance(one, PastMaintenance)],
            adjusted=self.adjusted,
            skipped=self.skipped,
        )

    def _each(self, key: str, make: Any) -> list[PastIncident | PastMaintenance]:
        made: dict[str, PastIncident | PastMaintenance] = {}
        for document in self.documents:
            for raw in document.get(key) or ():
                name = f"{key[:-1].replace('_', ' ')} {raw.get('id', '?') if isinstance(raw, dict) else '?'}"
                if not isinstance(raw, dict) or not raw.get("id"):
                    self.skipped.append(Remark(name, "It has no id."))
                    continue
                if raw["id"] in made:
                    continue  # summary.json repeats what the other files hold
                try:
                    made[raw["id"]] = make(raw)
                except (KeyError, ValueError, TypeError, AttributeError) as error:
                    self.skipped.append(Remark(name, f"It cannot be read: {error}."))
        return list(made.values())

    def _read_components(self) -> None:
        groups: dict[str, str] = {}
        plain: list[Json] = []
        for document in self.documents:
            for raw in document.get("components") or ():
                if not isinstance(raw, dict) or not raw.get("id"):
                    self.skipped.append(Remark("component ?", "It has no id."))
                elif raw.get("group"):
                    groups[raw["id"]] = tidy_line(str(raw.get("name", "")))
                else:
                    plain.append(raw)
        for raw in sorted(plain, key=lambda one: int(one.get("position") or 0)):
            self._component(raw, groups.get(raw.get("group_id") or "", ""))

    def _component(self, raw: Json, group: str = "", *, gone: bool = False) -> str:
        key = str(raw.get("id") or raw.get("code"))
        if key not in self.components:
            name = tidy_line(str(raw.get("name") or key))
            self.components[key] = PastComponent(
                key=key,
                name=name,
                description=tidy(str(raw.get("description") or "")),
                group=group,
                created_at=_time(raw.get("created_at")) or self.as_of,
                gone=gone,
            )
            if gone:
                self.adjusted.append(Remark(f"component {name}", "Only history names it; kept as archived."))
        return key

    def _updates(self, raw: Json) -> list[Json]:
        """Oldest first. The files have them newest first, which decides among those of the same moment."""
        said = [one for one in reversed(raw.get("incident_updates") or ()) if isinstance(one, dict)]
        return sorted(said, key=lambda one: _need_time(one.get("display_at") or one.get("created_at")))

    def _codes(self, said: list[Json], name: str) -> list[str]:
        """An update's own id, or nothing where the same id stands twice: then it gets one of ours."""
        seen: set[str] = set()
        codes = []
        for one in said:
            code = str(one.get("id") or "")
            if code in seen:
                self.adjusted.append(Remark(f"{name}: update {code}", "The same id stands twice; both texts are kept."))
                code = ""
            seen.add(code)
            codes.append(code)
        return codes

    def _incident(self, raw: Json) -> PastIncident:
        name = f"incident {raw['id']} {tidy_line(str(raw.get('name', '')))[:60]}"
        said = self._updates(raw)
        codes = self._codes(said, name)
        updates = tuple(
            PastUpdate(
                code=code,
                at=_need_time(one.get("display_at") or one.get("created_at")),
                state=_state(one),
                text=_text(one),
            )
            for one, code in zip(said, codes, strict=True)
        )
        started = _need_time(raw.get("started_at") or raw.get("created_at"))
        if updates and updates[0].at < started:
            self.adjusted.append(Remark(name, "Its first update is older than its start; the start was moved to it."))
            started = updates[0].at
        impact = Impact(raw.get("impact") or "none") if raw.get("impact") != "maintenance" else Impact.NONE
        state, resolved = _state(raw), _time(raw.get("resolved_at"))
        last = updates[-1].at if updates else started
        if state.is_open and resolved is not None:
            self.adjusted.append(Remark(name, f"It says {state}, but also when it was resolved; taken as resolved."))
            state = IncidentState.RESOLVED
        elif state.is_open and self.as_of - last > STALE:
            self.adjusted.append(
                Remark(name, "Open without a word for over a week; taken as resolved with its last update.")
            )
            state, resolved = IncidentState.RESOLVED, last
        if not state.is_open:
            resolved = max(resolved or last, started)
        return PastIncident(
            key=str(raw["id"]),
            title=tidy_line(str(raw.get("name") or "")),
            impact=impact,
            state=state,
            started_at=started,
            resolved_at=None if state.is_open else resolved,
            updates=updates,
            stretches=self._stretches(raw, said, impact, started, None if state.is_open else resolved),
        )

    def _stretches(
        self, raw: Json, said: list[Json], impact: Impact, started: datetime, end: datetime | None
    ) -> tuple[PastStretch, ...]:
        """What each component went through: from the updates' own words, else from the impact for the whole time."""
        open_: dict[str, tuple[ComponentStatus, datetime]] = {}
        done: list[PastStretch] = []

        def close(key: str, at: datetime) -> None:
            status, since = open_.pop(key)
            if at > since:
                done.append(PastStretch(component=key, status=status, from_at=since, to_at=at))

        for one in said:
            at = _need_time(one.get("display_at") or one.get("created_at"))
            for part in one.get("affected_components") or ():
                key = self._component(part, gone=str(part.get("code")) not in self.components)
                status = ComponentStatus(part.get("new_status") or "operational")
                if key in open_ and open_[key][0] is not status:
                    close(key, at)
                if status is not ComponentStatus.OPERATIONAL and key not in open_:
                    open_[key] = (status, at if done or open_ else started)
        for key in sorted(open_):
            if end is not None:
                close(key, end)
        done += [PastStretch(component=k, status=s, from_at=at, to_at=None) for k, (s, at) in sorted(open_.items())]
        if not done and impact in _BY_IMPACT and (end is None or end > started):
            parts = [self._component(one, gone=one["id"] not in self.components) for one in raw.get("components") or ()]
            done = [
                PastStretch(component=key, status=_BY_IMPACT[impact], from_at=started, to_at=end)
                for key in dict.fromkeys(parts)
            ]
        return tuple(done)

    def _maintenance(self, raw: Json) -> PastMaintenance:
        name = f"maintenance {raw['id']} {tidy_line(str(raw.get('name', '')))[:60]}"
        said = self._updates(raw)
        codes = self._codes(said, name)
        updates = tuple(
            PastMaintenanceUpdate(
                code=code,
                at=_need_time(one.get("display_at") or one.get("created_at")),
                state=MaintenanceState(one.get("status") or "scheduled"),
                text=_text(one),
            )
            for one, code in zip(said, codes, strict=True)
        )
        starts = _need_time(raw.get("scheduled_for") or raw.get("started_at"))
        ends = _time(raw.get("scheduled_until")) or starts
        if ends <= starts:
            self.adjusted.append(Remark(name, "Its end is not after its start; given a minute."))
            ends = starts + timedelta(minutes=1)
        state = MaintenanceState(raw.get("status") or "scheduled")
        finished = _time(raw.get("resolved_at"))
        if not state.is_over and self.as_of - ends > STALE:
            if state is MaintenanceState.SCHEDULED:
                self.adjusted.append(Remark(name, "Planned, long past and never started; taken as cancelled."))
                state = MaintenanceState.CANCELLED
            else:
                self.adjusted.append(Remark(name, "Never ended at the source; taken as completed at its planned end."))
                state, finished = MaintenanceState.COMPLETED, ends
        began = next((one.at for one in updates if one.state is MaintenanceState.IN_PROGRESS), None)
        if began is None and state in (MaintenanceState.COMPLETED, MaintenanceState.VERIFYING):
            began = starts
        if state is MaintenanceState.COMPLETED:
            finished = max(finished or ends, began or starts)
        parts = [self._component(one, gone=one["id"] not in self.components) for one in raw.get("components") or ()]
        return PastMaintenance(
            key=str(raw["id"]),
            title=tidy_line(str(raw.get("name") or "")),
            state=state,
            starts_at=starts,
            ends_at=ends,
            actual_start=began,
            actual_end=finished if state is MaintenanceState.COMPLETED else None,
            published_at=updates[0].at if updates else _need_time(raw.get("created_at")),
            components=tuple(dict.fromkeys(parts)),
            updates=updates,
        )


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    at = datetime.fromisoformat(value)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _need_time(value: object) -> datetime:
    at = _time(value)
    if at is None:
        raise ValueError("a time is missing")
    return at


def _state(raw: Json) -> IncidentState:
    word = str(raw.get("status") or "investigating")
    return _STATES.get(word) or IncidentState(word)


def _text(raw: Json) -> str:
    """An update's body as Markdown: line breaks and the few tags that Statuspage allows become signs."""
    body = tidy(str(raw.get("body") or ""))
    if not _TAG.search(body):
        return tidy(unescape(body))
    parser = _ToMarkdown()
    parser.feed(body)
    parser.close()
    return tidy(re.sub(r"\n{3,}", "\n\n", "".join(parser.out)))


class _ToMarkdown(HTMLParser):
    """The tags of a Statuspage body as Markdown; others are left out, their words stay."""

    _MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        if tag == "br":
            self.out.append("  \n")
        elif tag in ("p", "div", "ul", "ol") or re.fullmatch(r"h\d", tag):
            self.out.append("\n\n")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")
            self.out.append("[")
        else:
            self.out.append(self._MARKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        """Close a tag."""
        if tag == "a" and self._links:
            self.out.append(f"]({self._links.pop()})")
        elif tag in ("p", "div", "ul", "ol"):
            self.out.append("\n\n")
        else:
            self.out.append(self._MARKS.get(tag, ""))

    def handle_data(self, data: str) -> None:
        """Words."""
        self.out.append(data)
