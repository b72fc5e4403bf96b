"""The static site in a folder: written incrementally, and always the one that a full build would write.

A build renders what the plan names, and writes a file only when its bytes differ: to a temporary file in the same
folder, then renamed, so that a reader never sees half a file; first what is linked, then what links, `build.json`
last, and removals at the end. A log beside the workspace (`ledger`) remembers what lies there. Whatever makes that
memory doubtful (another version, another folder, an interrupted build, a foreign file) leads to a full build, which
looks at what lies there, rewrites nothing that is right, and removes only files whose names are ours.

`build.json`: `files` counts all files but itself; `digest` is the sum, modulo 2^256, of the SHA-256 (as big-endian
numbers) of `PATH NUL SHA256HEX` over those files, in 64 hexadecimal digits; `build_id` is its first 12.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import filelock

import statusdesk
from statusdesk import paths
from statusdesk.domain.audit import Changes
from statusdesk.domain.times import rfc3339
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.site import ledger
from statusdesk.site.edition import editions
from statusdesk.site.feeds import Feeds
from statusdesk.site.ledger import Memory, Trace
from statusdesk.site.pages import Pages, assets
from statusdesk.site.plan import Plan, component_digests, page_digest, plan
from statusdesk.site.reader import PublicReader
from statusdesk.site.reading import Reading
from statusdesk.site.stamp import BUILD_FILE
from statusdesk.site.statuspage import StatuspageApi

LOCK_WAIT_S = 60
_TEMPORARY = ".statusdesk-"
# From so many files on, one flush of the disk is cheaper than one for each file.
_FLUSH_EACH_UP_TO = 64
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
_OURS = re.compile(
    rf"index\.html|404\.html|feed\.atom|history\.atom|_headers|build\.json|(?:history|prevention|promise|follow)/index\.html|history/\d{{4}}-\d\d/index\.html"
    rf"|(?:incidents|maintenance|components)/{_NAME}/index\.html"
    rf"|api/v2/(?:summary|status|components|incidents|scheduled-maintenances)\.json|api/v2/incidents/{_NAME}\.json"
    r"|api/v2/scheduled-maintenances/(?:active|upcoming)\.json|assets/page-[0-9a-f]{12}\.js"
)
_OUR_FOLDERS = (
    "",
    "assets",
    "api/v2",
    "api/v2/incidents",
    "api/v2/scheduled-maintenances",
    "history",
    "prevention",
    "promise",
    "follow",
)
_OUR_PARENTS = ("incidents", "maintenance", "components", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did. `unchanged` files were right already; `bytes` counts what was written."""

    written: int
    unchanged: int
    removed: int
    bytes: int
    seconds: float
    build_id: str
    head: int
    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSite:
    """The site as it lies in its folder: SHA-256 (hexadecimal) by path, `build.json` included."""

    folder: Path
    files: Mapping[str, str]
    build_id: str
    head: int
    built_at: datetime


def publish_order(path: str) -> tuple[int, str]:
    """The order in which readers must see files change: what is linked before what links, `build.json` last."""
    if path.startswith("assets/"):
        return 0, path
    if path == BUILD_FILE:
        return 4, path
    if path.startswith(("history/", "components/")):
        return 2, path
    if path.startswith(("incidents/", "maintenance/")) or path in ("404.html", "_headers") or _is_one_incident(path):
        return 1, path
    return 3, path


def _is_one_incident(path: str) -> bool:
    return path.startswith("api/v2/incidents/") and path != "api/v2/incidents/unresolved.json"


def build(reader: PublicReader, *, out: Path, state_file: Path, now: datetime, full: bool = False) -> BuildReport:
    """Bring the folder `out` to what the record says. `now` gives the day for bars and the stamp in `build.json`.

    Raises Refused when the folder and the workspace's state overlap, EnvironmentFault when the disk does not let us;
    the site stays whole for its readers then, and the next build repairs it.
    """
    started = time.perf_counter()
    if paths.overlap(out, state_file.parent):
        raise Refused(
            "The folder for the site holds private data of the workspace, or lies inside it. Choose another folder, "
            "so that callers' numbers can never be published.",
            field="output_dir",
        )
    with _as_fault(out):
        state_file.parent.mkdir(parents=True, exist_ok=True)
        out.mkdir(parents=True, exist_ok=True)
        with _only_builder(state_file):
            report = _Build(reader, out, state_file, now).run(full=full)
    return replace(report, seconds=round(time.perf_counter() - started, 6))


def load_site(out: Path, state_file: Path) -> BuiltSite | None:
    """The site as the last build left it, for publishing; None when there is no finished build of this folder."""
    with _as_fault(out):
        memory = ledger.load(state_file)
        if memory is None or memory.interrupted or memory.built_at is None or memory.folder != _folder_name(out):
            return None
        try:
            stamp = (out / BUILD_FILE).read_bytes()
        except FileNotFoundError:
            return None
    files = memory.files | {BUILD_FILE: hashlib.sha256(stamp).hexdigest()}
    return BuiltSite(
        folder=out, files=files, build_id=memory.digest_hex[:12], head=memory.head, built_at=memory.built_at
    )


@cache
def engine() -> str:
    """The fingerprint of what renders: version, templates, and in a checkout the code beside this file."""
    digest = hashlib.sha256(statusdesk.__version__.encode())
    templates = paths.templates_dir()
    sources = [*templates.glob("site/*"), *templates.glob("feeds/*"), *templates.glob("assets/*")]
    for source in [*sorted(sources), *sorted(Path(__file__).parent.glob("*.py"))]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class _Build:
    """One run of the builder."""

    def __init__(self, reader: PublicReader, out: Path, state_file: Path, now: datetime) -> None:
        self.reader, self.out, self.state_file, self.now = reader, out, state_file, now
        page = reader.page()
        self.head = reader.head()
        self.reading = Reading(reader, page, now.astimezone(ZoneInfo(page.time_zone)).date())
        main = editions(self.reading)[0]
        self.pages = Pages(main)
        self.api = StatuspageApi(self.reading)
        self.feeds = Feeds(main)
        self.page_digest = page_digest(page)
        self.components = component_digests(self.reading)
        self.known = ledger.load(state_file)
        self.memory = Memory(engine(), _folder_name(out))
        self.lines: list[str] = []
        self.written = self.bytes = self.removed = 0
        self.unflushed = False
        self.flush_each = True
        self.folders: set[Path] = set()

    def run(self, *, full: bool) -> BuildReport:
        changes = None if full else self._changes()
        todo = Plan(full=True)
        if changes is not None and self.known is not None:
            self.memory = self.known
            todo = plan(self.reading, self.known, changes, self.page_digest, self.components)
            if todo.full:
                self.memory = Memory(engine(), _folder_name(self.out))
        if not todo.full and not (todo.front or todo.incidents or todo.maintenances or todo.components or todo.months):
            if self.head != self.memory.head:
                self._begin()
                self._commit()
            return self._report(full=False)
        self._begin()
        if todo.full:
            self._everything()
        else:
            self._planned(todo)
        self._stamp()
        if self.unflushed:
            os.sync()
        self._commit(anew=todo.full)
        return self._report(full=todo.full)

    def _changes(self) -> Changes | None:
        """What changed since the last build; None when its memory cannot be trusted."""
        known = self.known
        if known is None or known.interrupted or known.engine != engine() or known.folder != _folder_name(self.out):
            return None
        try:
            lies_there = json.loads((self.out / BUILD_FILE).read_bytes())
            if lies_there["digest"] != known.digest_hex or self.head < known.head:
                return None
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return Changes() if self.head == known.head else self.reader.changes_since(known.head)

    def _begin(self) -> None:
        known = self.known
        same = known is not None and (known.engine, known.folder) == (self.memory.engine, self.memory.folder)
        usable = same and known is not None and not known.interrupted
        ledger.begin(self.state_file, self.memory, self.head, self.reading.today, anew=not usable)

    def _commit(self, *, anew: bool = False) -> None:
        self.memory.head, self.memory.day = self.head, self.reading.today
        if anew:
            ledger.replace_all(self.state_file, self.memory)
        else:
            ledger.commit(self.state_file, self.memory, self.lines)

    def _report(self, *, full: bool) -> BuildReport:
        return BuildReport(
            written=self.written,
            unchanged=len(self.memory.files) + 1 - self.written,
            removed=self.removed,
            bytes=self.bytes,
            seconds=0.0,
            build_id=self.memory.digest_hex[:12],
            head=self.memory.head,
            full=full,
        )

    # What to write

    def _everything(self) -> None:
        incidents, works = self.reader.refs(), self.reader.maintenance_refs()
        self.flush_each = len(incidents) + len(works) <= _FLUSH_EACH_UP_TO or not hasattr(os, "sync")
        there = set(self._inventory())
        self._assets()
        done: set[str] = set()
        for month in reversed(self.reading.months):
            for incident in self.reading.incidents_of(month.month):
                self._incident(incident.ref)
                done.add(incident.ref)
        for ref in incidents:
            if ref not in done:
                self._incident(ref)
        for ref in works:
            self._maintenance(ref)
        for slug in self.components:
            self._component(slug)
        for month in reversed(self.reading.months):
            self._month(month.month)
        self._front()
        self._note_page()
        for path in sorted(there - self.memory.files.keys() - {BUILD_FILE}):
            self._remove(path)

    def _planned(self, todo: Plan) -> None:
        work = len(todo.incidents) + len(todo.maintenances)
        self.flush_each = work <= _FLUSH_EACH_UP_TO or not hasattr(os, "sync")
        gone: list[str] = []
        for ref in sorted(todo.incidents):
            gone += self._incident(ref)
        for ref in sorted(todo.maintenances):
            gone += self._maintenance(ref)
        for slug in sorted(todo.components):
            gone += self._component(slug)
        months = {m.month for m in self.reading.months}
        for month in sorted(todo.months):
            if month in months:
                self._month(month)
            else:
                gone.append(f"history/{month}/index.html")
        if todo.front:
            self._front()
        self._note_page()
        for path in gone:
            if path in self.memory.files:
                self._remove(path)

    def _note_page(self) -> None:
        if self.memory.page != self.page_digest:
            self.memory.page = self.page_digest
            self.lines.append(f"page\t{self.page_digest}")

    def _assets(self) -> None:
        self._put(assets().script_path, assets().script)
        self._put("_headers", _headers())
        self._put("404.html", self.pages.not_found())

    def _incident(self, ref: str) -> list[str]:
        """Write an incident's files; returns those that are no longer its own."""
        incident = self.reading.incident(ref)
        before = Trace.of(self.memory.incidents.pop(ref, None))
        old = [f"incidents/{ref}/index.html", f"api/v2/incidents/{before.code}.json"] if before else []
        if incident is None:
            self.lines.append(ledger.trace_line("i", ref, None))
            return old
        slugs = dict.fromkeys(e.component_slug for e in incident.entries)
        trace = Trace(incident.month, incident.code, tuple(slugs))
        json_path = f"api/v2/incidents/{incident.code}.json"
        self._put(json_path, self.api.one_incident(incident))
        self._put(f"incidents/{ref}/index.html", self.pages.incident(incident))
        self._remember("i", ref, before, trace)
        return [path for path in old if path not in (json_path, f"incidents/{ref}/index.html")]

    def _maintenance(self, ref: str) -> list[str]:
        work = self.reading.maintenance(ref)
        before = Trace.of(self.memory.maintenances.pop(ref, None))
        if work is None:
            self.lines.append(ledger.trace_line("m", ref, None))
            return [f"maintenance/{ref}/index.html"]
        self._put(f"maintenance/{ref}/index.html", self.pages.maintenance(work))
        self._remember("m", ref, before, Trace(work.month, work.code, tuple(slug for _, slug, _ in work.components)))
        return []

    def _remember(self, mark: str, ref: str, before: Trace | None, trace: Trace) -> None:
        (self.memory.incidents if mark == "i" else self.memory.maintenances)[ref] = trace.text
        if trace != before:
            self.lines.append(ledger.trace_line(mark, ref, trace.text))

    def _component(self, slug: str) -> list[str]:
        component = next((c for c in self.reading.components if c.slug == slug), None)
        if component is None:
            if self.memory.components.pop(slug, None):
                self.lines.append(f"c\t{slug}\t")
            return [f"components/{slug}/index.html"]
        self._put(f"components/{slug}/index.html", self.pages.component(component))
        if self.memory.components.get(slug) != self.components[slug]:
            self.memory.components[slug] = self.components[slug]
            self.lines.append(f"c\t{slug}\t{self.components[slug]}")
        return []

    def _month(self, month: str) -> None:
        self._put(f"history/{month}/index.html", self.pages.month(month))

    def _front(self) -> None:
        """What every change touches, entry page and JSON last."""
        for path, render in (self.feeds.front() | self.pages.front() | self.api.front()).items():
            self._put(path, render())

    def _stamp(self) -> None:
        """build.json, unless nothing else changed."""
        target, digest = self.out / BUILD_FILE, self.memory.digest_hex
        document = {"build_id": digest[:12], "generated_at": "", "files": len(self.memory.files), "digest": digest}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            there = json.loads(target.read_bytes())
            if there == document | {"generated_at": there["generated_at"]}:
                self.memory.built_at = datetime.fromisoformat(there["generated_at"])
                return
        document["generated_at"] = rfc3339(self.now)
        self._write(target, json.dumps(document, indent=1).encode() + b"\n")
        self.memory.built_at = self.now

    # How to write

    def _put(self, path: str, data: bytes) -> None:
        if not _OURS.fullmatch(path):
            raise AssertionError(f"A page got a name that is not ours: {path!r}")
        digest = hashlib.sha256(data).hexdigest()
        if self.memory.files.get(path) == digest:
            return
        target = self.out / path
        if self.memory is not self.known and _holds(target, data):
            self._note(path, digest)
            return
        self._write(target, data)
        self._note(path, digest)

    def _note(self, path: str, digest: str) -> None:
        self.memory.note(path, digest)
        self.lines.append(f"+\t{digest}\t{path}")

    def _write(self, target: Path, data: bytes) -> None:
        if target.parent not in self.folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.folders.add(target.parent)
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                if self.flush_each:
                    os.fsync(file.fileno())
                else:
                    self.unflushed = True
            os.chmod(name, 0o644)  # noqa: PTH101  a public page: whoever serves it must be able to read it
            os.replace(name, target)  # noqa: PTH105  one call, both are ours
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        self.written += 1
        self.bytes += len(data)

    def _remove(self, path: str) -> None:
        target = self.out / path
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a folder that still holds something stays
            if target.parent != self.out:
                target.parent.rmdir()
        if path in self.memory.files:
            self.memory.note(path, None)
            self.lines.append(f"-\t{path}")
        self.removed += 1

    def _inventory(self) -> Iterator[str]:
        """Files in the folder whose names are ours, and what an interrupted build left of its own."""
        folders = [self.out / name for name in _OUR_FOLDERS]
        for parent in _OUR_PARENTS:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                folders += [Path(e.path) for e in os.scandir(self.out / parent) if e.is_dir(follow_symlinks=False)]
        for folder in folders:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
                for entry in entries:
                    path = Path(entry.path).relative_to(self.out).as_posix()
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    if entry.name.startswith(_TEMPORARY):
                        Path(entry.path).unlink(missing_ok=True)
                    elif _OURS.fullmatch(path):
                        yield path


def _holds(target: Path, data: bytes) -> bool:
    """Whether a file is there with exactly these bytes."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except OSError:
        return False


def _headers() -> bytes:
    """What hosts that read `_headers` (Netlify, Cloudflare Pages) must send along."""
    lines = [
        "/*",
        f"  Content-Security-Policy: {assets().policy}; frame-ancestors 'none'",
        "  X-Content-Type-Options: nosniff",
        "  Referrer-Policy: no-referrer",
        "  Cache-Control: public, max-age=0, must-revalidate",
        "/assets/*",
        "  Cache-Control: public, max-age=31536000, immutable",
    ]
    for path in ("/api/*", "/feed.atom", "/history.atom", "/build.json"):
        lines += [path, "  Access-Control-Allow-Origin: *"]
    return ("\n".join(lines) + "\n").encode()


def _folder_name(out: Path) -> str:
    return str(out.resolve()).replace("\t", " ").replace("\n", " ")


@contextlib.contextmanager
def _only_builder(state_file: Path) -> Iterator[None]:
    lock = filelock.FileLock(state_file.with_name(state_file.name + ".lock"), timeout=LOCK_WAIT_S)
    try:
        with lock:
            yield
    except filelock.Timeout:
        raise EnvironmentFault(
            "Another StatusDesk has been writing this site for a minute. Wait for it, or end it, and try again."
        ) from None


@contextlib.contextmanager
def _as_fault(out: Path) -> Iterator[None]:
    """The disk's refusals, in words that help."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            said = "The disk is full. Free some space and build again."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            said = "This computer does not allow writing there. Check the folder's permissions, or choose another one."
        elif error.errno == errno.EFBIG:
            said = "A file became larger than this computer allows here. Raise the limit, or choose another folder."
        elif error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY):
            said = "Something else stands where a page must go. Move it away and build again."
        else:
            said = "Check the disk and build again."
        what = error.filename2 or error.filename or out
        raise EnvironmentFault(
            f"The site could not be written to {out}: {error.strerror or error} ({what}). {said} "
            "Readers still see the last good pages, and the next build repairs the rest.",
            title="The site was not written",
        ) from error
