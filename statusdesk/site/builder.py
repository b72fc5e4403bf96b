"""The static site in a folder: written incrementally, and always the one that a full build would write.

A build renders what the plan names, and writes a file only when its bytes differ: new files in their place, where
nothing links to them yet; files that are there already beside it, to be shown when all is written, the entry page and
`build.json` last; removals at the end. So a reader never meets half a page, nor one that leads to what is not there. A
ledger beside the workspace (`ledger`) remembers what lies in the folder. Whatever makes that memory doubtful (another
version, another folder, an interrupted build, a foreign file) leads to a full build, which looks at what lies there,
rewrites nothing that is right, and removes only files whose names are ours.

`build.json`: `files` counts all files but itself; `digest` is the sum, modulo 2^256, of the SHA-256 (as big-endian
numbers) of `PATH NUL SHA256HEX` over those files, in 64 hexadecimal digits; `build_id` is its first 12.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast

import filelock

from statusdesk import paths
from statusdesk.domain import headers
from statusdesk.domain.audit import Changes
from statusdesk.domain.public import MonthCount, PublicComponent
from statusdesk.domain.times import rfc3339
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.site import forks
from statusdesk.site.badges import Badges
from statusdesk.site.calendar import Calendar
from statusdesk.site.cards import Cards
from statusdesk.site.edition import Edition, editions
from statusdesk.site.feeds import Feeds
from statusdesk.site.language import NAMES
from statusdesk.site.ledger import Ledger, Share, Trace, opened
from statusdesk.site.pages import Pages
from statusdesk.site.plan import Plan, Shown, cards_digest, component_digests, moved_months, page_digest, plan
from statusdesk.site.reader import PublicReader
from statusdesk.site.reading import Kept, Reading
from statusdesk.site.sitemap import NEWEST, robots, sitemap
from statusdesk.site.stamp import BUILD_FILE
from statusdesk.site.statuspage import StatuspageApi
from statusdesk.site.templating import Overrides, engine, overrides
from statusdesk.site.theme import assets
from statusdesk.site.widget import Widget

LOCK_WAIT_S = 60
_TEMPORARY = ".statusdesk-"
# From so many files on, one flush of the disk is cheaper than one for each file.
_FLUSH_EACH_UP_TO = 64
# From so many incidents on, a second process saves more than it costs.
_WORTH_A_PROCESS = 2000
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would write other line ends
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
# Files of each language, and those that there are once.
_PAGES = (
    r"index\.html|(?:feed|history)\.(?:atom|rss)|feed\.json|calendar\.ics|badge\.svg|widget\.js"
    r"|(?:history|prevention|promise|follow)/index\.html|history/\d{4}-\d\d/index\.html"
    rf"|(?:incidents|maintenance|components)/{_NAME}/index\.html|components/{_NAME}/(?:feed\.atom|badge\.svg)"
)
_SHARED = (
    r"404\.html|_headers|build\.json|sitemap\.xml|robots\.txt|card\.png|assets/page-[0-9a-f]{12}\.js"
    r"|assets/logo-[0-9a-f]{12}\.(?:png|svg|webp)"
    rf"|incidents/{_NAME}/card\.png|api/v2/incidents/{_NAME}\.json"
    r"|api/v2/(?:summary|status|components|incidents|scheduled-maintenances)\.json"
    r"|api/v2/scheduled-maintenances/(?:active|upcoming)\.json"
)
_OURS = re.compile(rf"(?:(?:{'|'.join(NAMES)})/)?(?:{_PAGES})|{_SHARED}")
_OUR_FOLDERS = ("assets", "api/v2", "api/v2/incidents", "api/v2/scheduled-maintenances")
_OUR_PARENTS = ("incidents", "maintenance", "components", "history", "prevention", "promise", "follow")


# Opens another view of the record, for a process of its own.
Again = Callable[[], AbstractContextManager[PublicReader]]


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


@dataclass(frozen=True, kw_only=True)
class BuiltSite:
    """The site as it lies in its folder."""

    folder: Path
    state_file: Path
    build_id: str
    head: int
    built_at: datetime

    @cached_property
    def files(self) -> Mapping[str, str]:
        """SHA-256 (hexadecimal) by path, `build.json` included. Read when asked for: there may be many."""
        with _as_fault(self.folder), opened(self.state_file) as known:
            stamp = hashlib.sha256((self.folder / BUILD_FILE).read_bytes()).hexdigest()
            return known.files() | {BUILD_FILE: stamp}


def publish_order(path: str) -> tuple[int, str]:
    """The order in which readers must see files change: what is linked before what links, the entry page last.

    Only `build.json`, which tells that all of it is there, comes after that.
    """
    if path[2:3] == "/" and path[:2] in NAMES:
        return min(publish_order(path[3:])[0], 3), path
    if path.startswith("assets/"):
        return 0, path
    if path in ("index.html", BUILD_FILE):
        return 4 + (path == BUILD_FILE), path
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
    templates: Path | None = None,
    again: Again | None = None,
    full: bool = False,
) -> BuildReport:
    """Bring the folder `out` to what the record says. `now` gives the day for bars and the stamp in `build.json`.

    `kept` is what a running desk keeps of the record from one build to the next; `templates` the folder in which the
    workspace keeps templates of its own, if it has any. `again` opens a second view of the record, with which a full
    build can use a second processor.

    Raises Refused when the folder and the workspace's state overlap, or an own template does not work (then nothing was
    written); EnvironmentFault when the disk does not let us: the site stays whole for its readers then, and the next
    build repairs it.
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
            report = _Build(reader, out, known, now, kept, overrides(templates), again).run(full=full)
    return replace(report, seconds=round(time.perf_counter() - started, 6))


def load_site(out: Path, state_file: Path) -> BuiltSite | None:
    """The site as the last build left it, for publishing; None when there is no finished build of this folder."""
    if not state_file.exists():
        return None
    with _as_fault(out), opened(state_file) as known:
        if not known.is_whole or known.built_at is None or known.folder != _folder_name(out):
            return None
        if not (out / BUILD_FILE).is_file():
            return None
        return BuiltSite(
            folder=out,
            state_file=state_file,
            build_id=known.digest_hex[:12],
            head=known.head,
            built_at=known.built_at,
        )


class _Press:
    """All that prints one edition."""

    def __init__(self, edition: Edition, own: Overrides | None) -> None:
        self.prefix = edition.prefix
        self.pages, self.feeds, self.calendar = Pages(edition, own), Feeds(edition), Calendar(edition)
        self.badges, self.widget = Badges(edition), Widget(edition)

    def front(self) -> dict[str, Callable[[], bytes]]:
        """What every change touches, by path below the edition's folder, entry page last."""
        return self.feeds.front() | self.calendar.front() | self.badges.front() | self.pages.front()

    def component(self, component: PublicComponent) -> dict[str, bytes]:
        """A component's files by name in its folder, its page last."""
        return {
            "feed.atom": self.feeds.component(component),
            "badge.svg": self.badges.component(component),
            "index.html": self.pages.component(component),
        }


@dataclass(frozen=True, slots=True)
class _Share:
    """What a second process did: hashes, traces, what lies beside its place, and what it cost."""

    files: dict[str, str]
    traces: dict[str, Trace]
    beside: dict[str, str]
    written: int
    bytes: int
    unflushed: bool


def _halves(months: Sequence[MonthCount]) -> tuple[Sequence[MonthCount], Sequence[MonthCount]]:
    """Newer and older months that hold about as many incidents."""
    whole, so_far = sum(m.incidents for m in months), 0
    for at, month in enumerate(months):
        so_far += month.incidents
        if 2 * so_far >= whole:
            return months[: at + 1], months[at + 1 :]
    return months, ()


class _Build:
    """One run of the builder."""

    def __init__(
        self,
        reader: PublicReader,
        out: Path,
        ledger: Ledger | Share,
        now: datetime,
        kept: Kept | None,
        own: Overrides | None,
        again: Again | None = None,
    ) -> None:
        self.reader, self.out, self.now, self.own, self.again = reader, out, now, own, again
        self.ledger = cast("Ledger", ledger)  # a share takes what rendering months tells it, and no more is asked of it
        self.engine = f"{engine()}-{own.digest}" if own else engine()
        page = reader.page()
        self.reading = Reading(reader, page, now, kept)
        self.reading.kept.drawn_by(self.engine)
        self.head = self.reading.kept.head
        self.editions = editions(self.reading)
        self.presses = [_Press(edition, own) for edition in self.editions]
        self.cards = Cards(self.editions[0])
        self.api = StatuspageApi(self.reading)
        self.shown = Shown(page_digest(page), component_digests(self.reading), cards_digest(self.reading))
        self.written = self.bytes = self.removed = 0
        self.other_pages = False  # whether a page appeared or went
        self.looks = False  # a full build looks at what lies there instead of trusting the ledger
        self.beside: dict[str, str] = {}
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
        if self.own:
            self._rehearse(todo)
        self.ledger.begin()
        try:
            if todo.full:
                with _without_collecting(), self._lean():
                    self._everything()
            else:
                self._planned(todo)
            built_at = self._stamp()
            self._show()
        except Exception:
            for name in self.beside.values():
                _forget(name)
            raise
        if self.unflushed:
            os.sync()
        self.ledger.engine, self.ledger.folder = self.engine, _folder_name(self.out)
        self.ledger.head, self.ledger.day = self.head, self.reading.today
        self.ledger.page, self.ledger.cards = self.shown.page, self.shown.cards
        self.ledger.commit(built_at)
        return self._report(full=todo.full)

    def _changes(self) -> Changes | None:
        """What changed since the last build; None when its memory cannot be trusted."""
        known = self.ledger
        if not known.is_whole or known.engine != self.engine or known.folder != _folder_name(self.out):
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

    def _rehearse(self, todo: Plan) -> None:
        """Render every page of this build before the first is written: an own template that breaks changes nothing."""
        reading, full = self.reading, todo.full
        refs = self.reader.refs() if full else sorted(todo.incidents)
        works = self.reader.maintenance_refs() if full else sorted(todo.maintenances)
        for pages in (press.pages for press in self.presses):
            for incident in filter(None, map(reading.incident, refs)):
                pages.incident(incident)
            for work in filter(None, map(reading.maintenance, works)):
                pages.maintenance(work)
            for component in (c for c in reading.components if full or c.slug in todo.components):
                pages.component(component)
            for month in (m.month for m in reading.months if full or m.month in todo.months):
                pages.month(month)
            for render in (pages.not_found, *pages.front().values()):
                render()

    def _everything(self) -> None:
        self.looks = self.other_pages = True
        self.ledger.forget()
        incidents, works = self.reader.refs(), self.reader.maintenance_refs()
        self.flush_each = len(incidents) + len(works) <= _FLUSH_EACH_UP_TO or not hasattr(os, "sync")
        there = set(self._inventory())
        self._assets()
        done = self._months_on_both_processors(len(incidents))
        for ref in incidents:
            if ref not in done:
                self._incident(ref)
        for ref in works:
            self._maintenance(ref)
        for slug in self.shown.components:
            self._component(slug)
        self._front()
        self._show()
        for path in sorted(there - self.ledger.files().keys() - {BUILD_FILE}):
            self._remove(path)

    def _months_on_both_processors(self, incidents: int) -> set[str]:
        """Every month with its incidents, the older half in a second process where there can be one."""
        months = self.reading.months
        theirs: Sequence[MonthCount] = ()
        if self.again is not None and incidents >= _WORTH_A_PROCESS and forks.possible():
            months, theirs = _halves(months)
        other = forks.Elsewhere(lambda: self._months_elsewhere(theirs)) if theirs else None
        done = {ref for month in months for ref in self._whole_month(month.month)}
        share = other.result() if other else None
        if share is None:
            return done.union(*(self._whole_month(month.month) for month in theirs))
        for path, sha in share.files.items():
            self.ledger.note(path, sha)
        for ref, trace in share.traces.items():
            self.ledger.set_trace("i", ref, trace)
        self.beside |= share.beside
        self.written += share.written
        self.bytes += share.bytes
        self.unflushed |= share.unflushed
        return done | share.traces.keys()

    def _months_elsewhere(self, months: Sequence[MonthCount]) -> _Share:
        """In a second process: some months, by a view of the record that is its own and shows the same."""
        assert self.again is not None
        with self.again() as reader:
            share = Share()
            build = _Build(reader, self.out, share, self.now, None, self.own)
            if build.head != self.head:
                raise EnvironmentFault("The record has changed since.")
            build.looks, build.flush_each = True, self.flush_each
            try:
                for month in months:
                    build._whole_month(month.month)
            except BaseException:
                for name in build.beside.values():
                    _forget(name)
                raise
            return _Share(share.files, share.traces, build.beside, build.written, build.bytes, build.unflushed)

    @contextlib.contextmanager
    def _lean(self) -> Iterator[None]:
        """A full build goes through all months once: two of them at hand are enough, whatever a desk would keep."""
        kept, busiest = self.reading.kept, max((m.incidents for m in self.reading.months), default=0)
        was, kept.most = kept.most, 2 * busiest + 100
        try:
            yield
        finally:
            kept.most = was

    def _whole_month(self, month: str) -> list[str]:
        """A month's incidents, and its page while they are at hand."""
        refs = [incident.ref for incident in self.reading.incidents_of(month)]
        for ref in refs:
            self._incident(ref)
        self._month(month)
        return refs

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
        moved = moved_months(before, months, self.ledger.day, self.reading.today)
        for month in sorted(todo.months | moved):
            if month in known:
                self._month(month)
            else:
                gone += [f"{press.prefix}history/{month}/index.html" for press in self.presses]
        self.other_pages |= [m.month for m in before] != [m.month for m in months]
        if todo.front:
            self._front()
        self._show()
        for path in gone:
            if self.ledger.sha(path) is not None:
                self._remove(path)

    def _assets(self) -> None:
        found = assets(self.reading.page.theme)
        for path, data in found.files.items():
            self._put(path, data)
        self._put("_headers", headers.written(headers.rules(found.policy, languages=len(self.presses) > 1)))
        self._put("robots.txt", robots(self.reading.page.base_url))
        self._put("404.html", self.presses[0].pages.not_found())
        for press in self.presses:
            self._put(f"{press.prefix}widget.js", press.widget.script())

    def _incident(self, ref: str) -> list[str]:
        """Write an incident's files; returns those that are no longer its own."""
        incident = self.reading.incident(ref)
        before = self.ledger.trace("i", ref)
        old = [f"{press.prefix}incidents/{ref}/index.html" for press in self.presses] if before else []
        old += [f"incidents/{ref}/card.png", f"api/v2/incidents/{before.code}.json"] if before else []
        self.other_pages |= (incident is None) != (before is None)
        if incident is None:
            self.ledger.set_trace("i", ref, None)
            return old
        slugs = dict.fromkeys(e.component_slug for e in incident.entries)
        self.ledger.set_trace("i", ref, Trace(incident.month, incident.code, tuple(slugs)))
        files = {f"api/v2/incidents/{incident.code}.json": self.api.one_incident(incident)}
        if not incident.backfilled:  # old news needs no picture, and there may be ten years of it
            files[f"incidents/{ref}/card.png"] = self.cards.incident(incident)
        for press in self.presses:
            files[f"{press.prefix}incidents/{ref}/index.html"] = press.pages.incident(incident)
        for path, data in files.items():
            self._put(path, data)
        return [path for path in old if path not in files]

    def _maintenance(self, ref: str) -> list[str]:
        work = self.reading.maintenance(ref)
        self.other_pages = True  # moved work may enter or leave what the map of the site lists
        if work is None:
            self.ledger.set_trace("m", ref, None)
            return [f"{press.prefix}maintenance/{ref}/index.html" for press in self.presses]
        self.ledger.set_trace("m", ref, Trace(work.month, work.code, tuple(slug for _, slug, _ in work.components)))
        for press in self.presses:
            self._put(f"{press.prefix}maintenance/{ref}/index.html", press.pages.maintenance(work))
        return []

    def _component(self, slug: str) -> list[str]:
        component = next((c for c in self.reading.components if c.slug == slug), None)
        self.other_pages |= (component is None) or slug not in self.ledger.components()
        self.ledger.set_component(slug, self.shown.components.get(slug))
        gone: list[str] = []
        for press in self.presses:
            folder = f"{press.prefix}components/{slug}/"
            if component is None:
                gone += [f"{folder}{name}" for name in ("feed.atom", "badge.svg", "index.html")]
                continue
            for name, data in press.component(component).items():
                self._put(folder + name, data)
        return gone

    def _month(self, month: str) -> None:
        for press in self.presses:
            self._put(f"{press.prefix}history/{month}/index.html", press.pages.month(month))

    def _front(self) -> None:
        """What every change touches: what is linked before what links, the main language's entry page last."""
        for path, render in (self.cards.front() | self.api.front()).items():
            self._put(path, render())
        if self.other_pages and self.reading.page.base_url:
            incidents, works = self.reader.recent_refs(NEWEST), self.reader.recent_maintenance_refs(NEWEST)
            self._put("sitemap.xml", sitemap(self.editions, incidents, works))
        for press in reversed(self.presses):
            for path, render in press.front().items():
                self._put(press.prefix + path, render())

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
        """Write a new file in its place, where nothing links to it yet, or one that is there already beside it.

        What is beside its place is shown when all is written (`_show`): then no page leads to one that is not there.
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
        except BaseException:
            _forget(name)
            raise
        if name != target:
            self.beside[path] = name
        self.written += 1
        self.bytes += len(data)

    def _show(self) -> None:
        """Put what was written beside its place into it, each file at once, the entry page last."""
        if self.beside and self.unflushed:  # or a power cut could leave a name whose words are not on the disk
            os.sync()
            self.unflushed = False
        for path in sorted(self.beside, key=publish_order):
            self._put_in_place(path, self.beside[path])
        self.beside.clear()

    def _put_in_place(self, path: str, name: str) -> None:
        os.replace(name, f"{self.out}{os.sep}{path}")  # noqa: PTH105

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
        for top in (self.out, *(self.out / code for code in NAMES)):
            folders.append(top)
            for parent in _OUR_PARENTS:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    folders += [Path(e.path) for e in os.scandir(top / parent) if e.is_dir(follow_symlinks=False)]
                    folders.append(top / parent)
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


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Ten thousand pages leave no circles behind; looking for them again and again takes its share of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _forget(name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name)  # noqa: PTH108


def _holds(target: Path, data: bytes) -> bool:
    """Whether a file is there with exactly these bytes."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except OSError:
        return False


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
