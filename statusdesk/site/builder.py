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

import filelock

import statusdesk
from statusdesk import paths
from statusdesk.domain.audit import Changes
from statusdesk.domain.times import rfc3339
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.site.edition import editions
from statusdesk.site.feeds import Feeds
from statusdesk.site.language import NAMES
from statusdesk.site.ledger import Ledger, Trace, opened
from statusdesk.site.pages import Pages, assets
from statusdesk.site.plan import Plan, Shown, cards_digest, component_digests, moved_months, page_digest, plan
from statusdesk.site.reader import PublicReader
from statusdesk.site.reading import Kept, Reading
from statusdesk.site.stamp import BUILD_FILE
from statusdesk.site.statuspage import StatuspageApi

LOCK_WAIT_S = 60
_TEMPORARY = ".statusdesk-"
# From so many files on, one flush of the disk is cheaper than one for each file.
_FLUSH_EACH_UP_TO = 64
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would write other line ends
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
_OURS = re.compile(
    rf"(?:(?:{'|'.join(NAMES)})/)?(?:index\.html|feed\.atom|history\.atom|(?:history|prevention|promise|follow)/index\.html"
    rf"|history/\d{{4}}-\d\d/index\.html|(?:incidents|maintenance|components)/{_NAME}/index\.html)"
    rf"|404\.html|_headers|build\.json"
    rf"|api/v2/(?:summary|status|components|incidents|scheduled-maintenances)\.json|api/v2/incidents/{_NAME}\.json"
    r"|api/v2/scheduled-maintenances/(?:active|upcoming)\.json|assets/page-[0-9a-f]{12}\.js"
)
_EDITIONS = ("", *(f"{code}/" for code in NAMES))
_OUR_FOLDERS = (
    *("assets", "api/v2", "api/v2/incidents", "api/v2/scheduled-maintenances"),
    *(edition + name for edition in _EDITIONS for name in ("", "history", "prevention", "promise", "follow")),
)
_OUR_PARENTS = tuple(e + name for e in _EDITIONS for name in ("incidents", "maintenance", "components", "history"))


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


def build(
    reader: PublicReader,
    *,
    out: Path,
    state_file: Path,
    now: datetime,
    kept: Kept | None = None,
    full: bool = False,
) -> BuildReport:
    """Bring the folder `out` to what the record says. `now` gives the day for bars and the stamp in `build.json`.

    `kept` is what a running desk keeps of the record from one build to the next.

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
        with _only_builder(state_file), opened(state_file) as known:
            report = _Build(reader, out, known, now, kept).run(full=full)
    return replace(report, seconds=round(time.perf_counter() - started, 6))


def load_site(out: Path, state_file: Path) -> BuiltSite | None:
    """The site as the last build left it, for publishing; None when there is no finished build of this folder."""
    if not state_file.exists():
        return None
    with _as_fault(out), opened(state_file) as known:
        if not known.is_whole or known.built_at is None or known.folder != _folder_name(out):
            return None
        try:
            stamp = (out / BUILD_FILE).read_bytes()
        except FileNotFoundError:
            return None
        files = known.files() | {BUILD_FILE: hashlib.sha256(stamp).hexdigest()}
        return BuiltSite(
            folder=out, files=files, build_id=known.digest_hex[:12], head=known.head, built_at=known.built_at
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

    def __init__(self, reader: PublicReader, out: Path, ledger: Ledger, now: datetime, kept: Kept | None) -> None:
        self.reader, self.out, self.ledger, self.now = reader, out, ledger, now
        page = reader.page()
        self.reading = Reading(reader, page, now, kept)
        self.head = self.reading.kept.head
        self.editions = [(edition.prefix, Pages(edition), Feeds(edition)) for edition in editions(self.reading)]
        self.api = StatuspageApi(self.reading)
        self.shown = Shown(page_digest(page), component_digests(self.reading), cards_digest(self.reading))
        self.written = self.bytes = self.removed = 0
        self.looks = False  # a full build looks at what lies there instead of trusting the ledger
        self.unflushed = False
        self.flush_each = True
        self.folders: set[str] = set()

    def run(self, *, full: bool) -> BuildReport:
        changes = None if full else self._changes()
        todo = Plan(full=True) if changes is None else plan(self.reading, self.ledger, changes, self.shown)
        if not todo.full and not todo.is_empty:
            self.flush_each = len(todo.incidents) + len(todo.maintenances) <= _FLUSH_EACH_UP_TO
        elif not todo.full and self.head == self.ledger.head:
            return self._report(full=False)
        self.ledger.begin()
        if todo.full:
            self._everything()
        else:
            self._planned(todo)
        built_at = self._stamp()
        if self.unflushed:
            os.sync()
        self.ledger.engine, self.ledger.folder = engine(), _folder_name(self.out)
        self.ledger.head, self.ledger.day = self.head, self.reading.today
        self.ledger.page, self.ledger.cards = self.shown.page, self.shown.cards
        self.ledger.commit(built_at)
        return self._report(full=todo.full)

    def _changes(self) -> Changes | None:
        """What changed since the last build; None when its memory cannot be trusted."""
        known = self.ledger
        if not known.is_whole or known.engine != engine() or known.folder != _folder_name(self.out):
            return None
        try:
            lies_there = json.loads((self.out / BUILD_FILE).read_bytes())
            if lies_there["digest"] != known.digest_hex or self.head < known.head:
                return None
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return Changes() if self.head == known.head else self.reader.changes_since(known.head)

    def _report(self, *, full: bool) -> BuildReport:
        return BuildReport(
            written=self.written,
            unchanged=self.ledger.count + 1 - self.written,
            removed=self.removed,
            bytes=self.bytes,
            seconds=0.0,
            build_id=self.ledger.digest_hex[:12],
            head=self.ledger.head,
            full=full,
        )

    # What to write

    def _everything(self) -> None:
        self.looks = True
        self.ledger.forget()
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
        for slug in self.shown.components:
            self._component(slug)
        for month in reversed(self.reading.months):
            self._month(month.month)
        self._front()
        for path in sorted(there - self.ledger.files().keys() - {BUILD_FILE}):
            self._remove(path)

    def _planned(self, todo: Plan) -> None:
        before = self.ledger.months()
        gone: list[str] = []
        for ref in sorted(todo.incidents):
            gone += self._incident(ref)
        for ref in sorted(todo.maintenances):
            gone += self._maintenance(ref)
        self.reading.months = months = self.ledger.months()
        for slug in sorted(todo.components):
            gone += self._component(slug)
        known = {m.month for m in months}
        for month in sorted(todo.months | moved_months(before, months, self.ledger.day, self.reading.today)):
            if month in known:
                self._month(month)
            else:
                gone += [f"{prefix}history/{month}/index.html" for prefix, _, _ in self.editions]
        if todo.front:
            self._front()
        for path in gone:
            if self.ledger.sha(path) is not None:
                self._remove(path)

    def _assets(self) -> None:
        self._put(assets().script_path, assets().script)
        self._put("_headers", _headers())
        self._put("404.html", self.editions[0][1].not_found())

    def _incident(self, ref: str) -> list[str]:
        """Write an incident's files; returns those that are no longer its own."""
        incident = self.reading.incident(ref)
        before = self.ledger.trace("i", ref)
        old = [f"{prefix}incidents/{ref}/index.html" for prefix, _, _ in self.editions] if before else []
        old += [f"api/v2/incidents/{before.code}.json"] if before else []
        if incident is None:
            self.ledger.set_trace("i", ref, None)
            return old
        slugs = dict.fromkeys(e.component_slug for e in incident.entries)
        self.ledger.set_trace("i", ref, Trace(incident.month, incident.code, tuple(slugs)))
        files = {f"api/v2/incidents/{incident.code}.json": self.api.one_incident(incident)}
        for prefix, pages, _ in self.editions:
            files[f"{prefix}incidents/{ref}/index.html"] = pages.incident(incident)
        for path, data in files.items():
            self._put(path, data)
        return [path for path in old if path not in files]

    def _maintenance(self, ref: str) -> list[str]:
        work = self.reading.maintenance(ref)
        if work is None:
            self.ledger.set_trace("m", ref, None)
            return [f"{prefix}maintenance/{ref}/index.html" for prefix, _, _ in self.editions]
        self.ledger.set_trace("m", ref, Trace(work.month, work.code, tuple(slug for _, slug, _ in work.components)))
        for prefix, pages, _ in self.editions:
            self._put(f"{prefix}maintenance/{ref}/index.html", pages.maintenance(work))
        return []

    def _component(self, slug: str) -> list[str]:
        component = next((c for c in self.reading.components if c.slug == slug), None)
        self.ledger.set_component(slug, self.shown.components.get(slug))
        for prefix, pages, _ in self.editions if component else ():
            assert component is not None
            self._put(f"{prefix}components/{slug}/index.html", pages.component(component))
        return [] if component else [f"{prefix}components/{slug}/index.html" for prefix, _, _ in self.editions]

    def _month(self, month: str) -> None:
        for prefix, pages, _ in self.editions:
            self._put(f"{prefix}history/{month}/index.html", pages.month(month))

    def _front(self) -> None:
        """What every change touches, entry page and JSON last."""
        for prefix, pages, feeds in reversed(self.editions):
            for path, render in (feeds.front() | pages.front()).items():
                self._put(prefix + path, render())
        for path, render in self.api.front().items():
            self._put(path, render())

    def _stamp(self) -> datetime:
        """build.json, unless nothing else changed; returns when the site that lies there was built."""
        target, digest = self.out / BUILD_FILE, self.ledger.digest_hex
        document = {"build_id": digest[:12], "generated_at": "", "files": self.ledger.count, "digest": digest}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            there = json.loads(target.read_bytes())
            if there == document | {"generated_at": there["generated_at"]}:
                return datetime.fromisoformat(there["generated_at"])
        document["generated_at"] = rfc3339(self.now)
        self._write(BUILD_FILE, json.dumps(document, indent=1).encode() + b"\n")
        return self.now

    # How to write

    def _put(self, path: str, data: bytes) -> None:
        if not _OURS.fullmatch(path):
            raise AssertionError(f"A page got a name that is not ours: {path!r}")
        digest = hashlib.sha256(data).hexdigest()
        if self.ledger.sha(path) == digest:
            return
        if not (self.looks and _holds(self.out / path, data)):
            self._write(path, data)
        self.ledger.note(path, digest)

    def _write(self, path: str, data: bytes) -> None:
        """Write a file so that a reader never meets half of it.

        A new one, which nothing links to yet, is written in its place: that costs a third of the other way.
        """
        target = f"{self.out}{os.sep}{path}"
        folder = os.path.dirname(target)  # noqa: PTH120  text, because pathlib takes longer than the disk
        if folder not in self.folders:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            self.folders.add(folder)
        try:
            handle, name = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o644), target
        except FileExistsError:
            handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=folder)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
                if self.flush_each:
                    os.fsync(file.fileno())
                else:
                    self.unflushed = True
            os.chmod(name, 0o644)  # noqa: PTH101  a public page: whoever serves it must be able to read it
            if name != target:
                os.replace(name, target)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise
        self.written += 1
        self.bytes += len(data)

    def _remove(self, path: str) -> None:
        target = self.out / path
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a folder that still holds something stays
            if target.parent != self.out:
                target.parent.rmdir()
        self.ledger.note(path, None)
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
    return str(out.resolve())


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
