"""Reading a Statuspage: its public v2 JSON, from an address, a folder of saved files, or one file.

The shapes are those of real pages (https://metastatuspage.com/api and what githubstatus.com answers). Real history has
dents: an update id twice, an update before the start, maintenances that nobody ended. They are straightened as little
as our invariants need, and every straightening is reported.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
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

if TYPE_CHECKING:
    import requests

FILES = ("components.json", "incidents.json", "scheduled-maintenances.json", "summary.json")
STALE = timedelta(days=7)  # open and silent for so long at the source: nobody will end it there any more
MAX_BYTES = 256 * 1024 * 1024
TOTAL_S = 300.0  # for one file over the web
WEB_LIMIT = 50  # of each kind, as the service documents
FIRST, LAST = datetime(1995, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)  # beyond, a time is a slip
NAME_LIMIT, CODE_LIMIT = 200, 24
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
    if not re.match(r"https?://", source, re.IGNORECASE):
        return _Reading(_load(source)).history()
    reading = _Reading(_fetch(source))
    for key, what in (("incidents", "incidents"), ("scheduled_maintenances", "maintenances")):
        if max(len(_list(document, key)) for document in reading.documents) >= WEB_LIMIT:
            why = f"A Statuspage shows only its {WEB_LIMIT} newest over the web; older ones are not in it."
            reading.adjusted.append(Remark(what, why))
    return reading.history()


def _load(source: str) -> list[Json]:
    try:
        path = Path(source).expanduser()
    except RuntimeError:
        raise Refused(f"{source} names a home folder that does not exist.", field="source") from None
    if path.is_dir():
        files = [path / name for name in FILES if (path / name).is_file()]
        if not files:
            raise Refused(
                f"{path} holds none of {', '.join(FILES)}. Choose the folder with the saved files.", field="source"
            )
    elif path.is_file():
        files = [path]
    else:
        raise Refused(f"There is no file or folder {source}. Give a web address, a folder or a file.", field="source")
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

    try:
        host = urlsplit(base).hostname
    except ValueError:
        host = None
    if not host:
        raise Refused(f"“{base[:80]}” is not a web address. Write it like https://status.example.org.", field="source")
    root = re.sub(r"/api/v2(/.*)?$", "", base.rstrip("/"))
    with requests.Session() as session:
        return [_download(session, f"{root}/api/v2/{name}", host) for name in FILES[:3]]


def _download(session: requests.Session, url: str, host: str) -> Json:
    import requests  # noqa: PLC0415
    import urllib3.exceptions  # noqa: PLC0415  what reading a stream raises is not wrapped

    pieces, size, until = [], 0, time.monotonic() + TOTAL_S
    try:
        with session.get(url, timeout=(5, 30), stream=True) as answer:
            status = answer.status_code
            for piece in answer.iter_content(65_536) if status == requests.codes.ok else ():
                pieces.append(piece)
                size += len(piece)
                if size > MAX_BYTES:
                    raise Refused(f"{url} is larger than 256 MB. Save it as a file and import that.", field="source")
                if time.monotonic() > until:
                    raise EnvironmentFault(f"{host} takes more than {TOTAL_S:.0f} seconds to answer. Try again later.")
    except requests.exceptions.InvalidURL:
        raise Refused(f"“{url[:80]}” is not a web address.", field="source") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise EnvironmentFault(
            f"{host} cannot be reached ({type(error).__name__}). Check the address and the network."
        ) from None
    if status == requests.codes.too_many_requests or status >= requests.codes.internal_server_error:
        raise EnvironmentFault(f"{url} answered {status}: it cannot answer now. Try again later.")
    if status != requests.codes.ok:
        raise Refused(f"{url} answered {status}. Give the address of a Statuspage.", field="source")
    return _document(b"".join(pieces), url)


class _Reading:
    """One reading of some documents."""

    def __init__(self, documents: list[Json]) -> None:
        self.documents = documents
        self.adjusted: list[Remark] = []
        self.skipped: list[Remark] = []
        self.components: dict[str, PastComponent] = {}
        page: Json = next((d["page"] for d in documents if isinstance(d.get("page"), dict)), {})
        self.page_id = str(page.get("id") or "page")
        self.as_of = _time_or_none(page.get("updated_at")) or datetime.now(UTC)

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
            for raw in _list(document, key):
                id_ = _id(raw)
                name = f"{key[:-1].replace('_', ' ')} {id_ or '?'}"
                if not id_:
                    self.skipped.append(Remark(name, "It has no id."))
                    continue
                if id_ in made:
                    continue  # summary.json repeats what the other files hold
                adjusted, components = len(self.adjusted), dict(self.components)
                try:
                    made[id_] = make(raw)
                except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
                    del self.adjusted[adjusted:]
                    self.components = components
                    why = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
                    self.skipped.append(Remark(name, f"It cannot be read: {why}."))
        return list(made.values())

    def _read_components(self) -> None:
        groups: dict[str, Json] = {}
        plain: list[Json] = []
        for document in self.documents:
            for raw in _list(document, "components"):
                id_ = _id(raw)
                if not id_:
                    self.skipped.append(Remark("component ?", "It has no id."))
                elif raw.get("group"):
                    groups.setdefault(id_, raw)
                else:
                    plain.append(raw)

        def group_of(raw: Json) -> Json:
            return groups.get(str(raw.get("group_id") or ""), {})

        for raw in sorted(plain, key=lambda one: (_position(group_of(one) or one), _position(one))):
            self._component(raw, tidy_line(str(group_of(raw).get("name") or ""))[:NAME_LIMIT])

    def _component(self, raw: Json, group: str = "", *, gone: bool = False) -> str:
        key = _id(raw) or str(raw.get("code") or "")
        if not key:
            raise ValueError("a component of it has no id")
        if key not in self.components:
            name = tidy_line(str(raw.get("name") or key))
            if len(name) > NAME_LIMIT:
                self.adjusted.append(Remark(f"component {key}", f"Its name was cut to {NAME_LIMIT} characters."))
                name = name[:NAME_LIMIT].rstrip()
            self.components[key] = PastComponent(
                key=key,
                name=name,
                description=tidy(str(raw.get("description") or "")),
                group=group,
                created_at=_time_or_none(raw.get("created_at")) or self.as_of,
                gone=gone,
            )
            if gone:
                self.adjusted.append(Remark(f"component {name}", "Only history names it; kept as archived."))
        return key

    def _updates(self, raw: Json) -> list[Json]:
        """Oldest first. The files have them newest first, which decides among those of the same moment."""
        said = [one for one in reversed(_list(raw, "incident_updates")) if isinstance(one, dict)]
        return sorted(said, key=lambda one: _need_time(one.get("display_at") or one.get("created_at")))

    def _codes(self, said: list[Json], name: str) -> list[str]:
        """An update's own id, or nothing where the same id stands twice: then it gets one of ours."""
        seen: set[str] = set()
        codes = []
        for one in said:
            code = str(one.get("id") or "")
            code = code if len(code) <= CODE_LIMIT and code.isascii() and code.isalnum() else ""
            if code in seen and code:
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
            for part in _list(one, "affected_components"):
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
            parts = [self._component(one, gone=_id(one) not in self.components) for one in _list(raw, "components")]
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
        parts = [self._component(one, gone=_id(one) not in self.components) for one in _list(raw, "components")]
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


def _id(raw: object) -> str:
    """The id of a thing; empty when it has none, or is no thing."""
    id_ = raw.get("id") if isinstance(raw, dict) else None
    return str(id_).strip() if isinstance(id_, str | int) and not isinstance(id_, bool) else ""


def _list(raw: Json, key: str) -> list[Any]:
    """A list in a thing, where other programs may have left nothing, or something else."""
    found = raw.get(key)
    return found if isinstance(found, list) else []


def _position(raw: Json) -> int:
    position = raw.get("position")
    return position if isinstance(position, int) else 0


def _time_or_none(value: object) -> datetime | None:
    """A time that matters little: what cannot be read is none."""
    try:
        return _time(value)
    except (ValueError, OverflowError):
        return None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"“{value[:40]}” is not a time") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if not FIRST <= at < LAST:
        raise ValueError(f"“{value[:40]}” lies outside of {FIRST.year} to {LAST.year}")
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
