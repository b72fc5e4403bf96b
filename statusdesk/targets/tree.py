"""Publishing to a host that is a tree of files: what goes over, in which order, and what is never touched.

- Only what differs from this desk's own last publishing is sent. Its word is taken as long as the host's `build.json`
  shows that build; else the host is compared, as far as it can be without reading all of it back.
- Files that nothing leads to yet go first, then changed ones, each in the site's own order; the entry page late,
  `build.json` very last, and only if nobody else put his there meanwhile. Orphans are removed after that.
- A publishing that was cut off goes on where it was.
- A StatusDesk site is taken over, unless it is newer than ours and not of our making: then another desk published
  there after we built, and a person must look. Any other file at a path that the site needs stops the publishing,
  unless the setting `replace` is `yes`. What we did not put there is never removed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from statusdesk.domain import headers
from statusdesk.domain.board import CheckLine
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.targets.base import Place, Published, Site
from statusdesk.targets.files import ASIDE, Beat, Files, Found, Outgoing
from statusdesk.targets.note import Memory, Note

BUILD = "build.json"
_BEAT_S = 1.0  # between two words to whoever waits
_LOOK_S = 5.0  # between two looks at whether another desk came first
OVERTAKEN = "Another desk published there in this moment. It is compared again."


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a `build.json` says of itself."""

    id: str
    generated_at: datetime | None


class TreeHost:
    """A target whose host is a tree of files; `connect` opens it, or raises TryLater or NeedsPerson."""

    def __init__(self, place: Place, connect: Callable[[Beat], Files]) -> None:
        self._place = place
        self._connect = connect

    def check(self) -> Sequence[CheckLine]:
        """Whether one gets in, may write and remove there, and what lies there now. Readers see nothing of it."""
        lines: list[CheckLine] = []
        what = "Server"
        try:
            with closing(self._connect(lambda: None)) as files:
                there = read_stamp(files.read(BUILD))
                files.standing([])  # looking there must be allowed as well
                lines.append(CheckLine(what=what, ok=True, result=files.greeting))
                what = "Writing"
                self._probe(files)
                lines.append(CheckLine(what=what, ok=True, result=f"Files can be written to {files.where}."))
                what = "Contents"
                lines += _contents(files, there)
        except SendingError as error:
            lines.append(CheckLine(what=what, ok=False, result=error.message))
        return lines

    def _probe(self, files: Files) -> None:
        self._place.state_file.parent.mkdir(parents=True, exist_ok=True)
        name = f"{ASIDE}{secrets.token_hex(6)}.txt"
        source = self._place.state_file.with_name(name)
        source.write_bytes(b"")
        try:
            probe = Outgoing(
                path=name,
                source=source,
                sha=hashlib.sha256(b"").hexdigest(),
                label=headers.label([], "probe.txt"),
                is_new=True,
            )
            files.prepare([name])
            list(files.write([probe]))
            list(files.remove([name]))
        finally:
            source.unlink(missing_ok=True)

    def publish(self, site: Site) -> Published:
        """Bring the host to this site. Raises TryLater or NeedsPerson; what was not reached stays as it was."""
        heart = Heart(site.progress)
        with own_disk(), closing(self._connect(heart.beat)) as files:
            note = Note(self._place.state_file, files.identity)
            with closing(note):
                work = _Publishing(site, files, note, heart, may_replace=self._place.settings.get("replace") == "yes")
                return work.run()


class Heart:
    """Tells how far a publishing is, often enough that nobody takes it for dead."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress
        self._at = time.monotonic()
        self.done = self.total = 0

    def beat(self) -> None:
        """Say how many files of how many are over, if that was not said a moment ago."""
        if time.monotonic() - self._at >= _BEAT_S:
            self._at = time.monotonic()
            self._progress(self.done, self.total)


class _Publishing:
    """One publishing, from the first look to the last."""

    def __init__(self, site: Site, files: Files, note: Note, heart: Heart, *, may_replace: bool) -> None:
        self._site, self._files, self._note, self._heart = site, files, note, heart
        self._may_replace = may_replace
        self._wanted = {path: sha for path, sha in site.files.items() if path != BUILD}
        self._build = (site.folder / BUILD).read_bytes()
        self._rules = headers.read(_text(site))
        self._looked_at = time.monotonic()

    def run(self) -> Published:
        last = self._note.load()
        self._before = self._files.read(BUILD)
        there = read_stamp(self._before)
        ours = read_stamp(Found(self._build))
        refuse_newer(there, ours, {self._site.build_id, last.build, last.begun_build}, self._files.where)
        shown = there.id if there else ""
        certain, present = self._compared(last, shown)
        todo = [self._outgoing(path, present) for path in self._wanted if certain.get(path) != self._wanted[path]]
        if there is None:
            self._refuse_strangers([file.path for file in todo if not file.is_new], last, len(present))
        is_sealed = self._before is not None and self._before.data == self._build
        orphans = {(path, sha) for path, sha in last.ours() if path not in self._wanted and path != BUILD}
        self._heart.total = len(todo) + (not is_sealed)
        # What may be left of publishings that never ended stays known until it is removed.
        loose = frozenset(last.ours() - {*certain.items(), *self._wanted.items()})
        self._note.begin(Memory(shown, certain, self._site.build_id, self._wanted, {}, loose))
        self._files.prepare([*(file.path for file in todo), BUILD])
        for phase in self._phases(todo, last.unlinked(shown)):
            self._write(phase)
        if not is_sealed:
            self._write_build()
        removed, kept = self._remove(orphans)
        self._read_back()
        self._note.end(Memory(self._site.build_id, self._wanted, loose=kept))
        self._site.progress(self._heart.done, self._heart.total)
        return Published(written=self._heart.total, removed=removed, url=self._files.url, verified=True)

    def _compared(self, last: Memory, shown: str) -> tuple[Mapping[str, str], Collection[str]]:
        """What surely lies there, and at which paths something lies."""
        certain = last.certain(shown)
        if shown and certain:
            gone = set(self._files.vanished([path for path in certain if path in self._wanted]))
            certain = {path: sha for path, sha in certain.items() if path not in gone}
            return certain, {path for path, _ in last.ours()} - gone
        # No build there vouches for the note, so the host itself is asked.
        files = [self._outgoing(path, self._wanted) for path in self._wanted]
        standing = self._files.standing(files)
        same = {path: self._wanted[path] for path, is_same in standing.items() if is_same and path in self._wanted}
        if not shown:  # a first publishing that was cut off: what went over then is there, if anything is
            same |= {path: sha for path, sha in certain.items() if path in standing}
        return same, standing

    def _outgoing(self, path: str, present: Collection[str]) -> Outgoing:
        return Outgoing(
            path=path,
            source=self._site.folder / path,
            sha=self._wanted[path],
            label=headers.label(self._rules, path),
            is_new=path not in present,
        )

    def _phases(self, todo: Sequence[Outgoing], unlinked: Collection[str]) -> Iterator[Sequence[Outgoing]]:
        """New files first: nothing leads to them yet, and then no changed page leads to one that is not there.

        What a cut left half-written is among them: an entry page that is new itself must not come before it.
        """

        def rank(file: Outgoing) -> tuple[bool, int]:
            return not (file.is_new or file.path in unlinked), self._site.order(file.path)[0]

        for _, files in groupby(sorted(todo, key=lambda file: (rank(file), file.path)), key=rank):
            yield list(files)

    def _write(self, phase: Sequence[Outgoing]) -> None:
        if time.monotonic() - self._looked_at > _LOOK_S:
            self._refuse_overtaken()
        for path in self._files.write(phase):
            self._note.arrived(path, self._wanted[path])
            self._heart.done += 1
            self._heart.beat()

    def _write_build(self) -> None:
        self._refuse_overtaken()
        file = Outgoing(
            path=BUILD,
            source=self._site.folder / BUILD,
            sha=hashlib.sha256(self._build).hexdigest(),
            label=headers.label(self._rules, BUILD),
            is_new=self._before is None,
        )
        if not self._files.write_last(file, self._before):
            raise TryLater(OVERTAKEN, code="overtaken")
        self._heart.done += 1

    def _remove(self, orphans: set[tuple[str, str]]) -> tuple[int, frozenset[tuple[str, str]]]:
        """Remove what we put there and nobody changed since. Gives how many, and what stays known.

        A file that looks changed stays known: the look itself may have been answered by somebody on the way.
        """
        paths = sorted({path for path, _ in orphans})
        if not paths:
            return 0, frozenset()
        lying = self._files.digests(paths)
        removed = 0
        for _ in self._files.remove([path for path in paths if (path, lying.get(path)) in orphans]):
            removed += 1
        changed = {path for path, sha in lying.items() if (path, sha) not in orphans}
        return removed, frozenset(one for one in orphans if one[0] in changed)

    def _refuse_strangers(self, lying: Sequence[str], last: Memory, count: int) -> None:
        """Files of somebody else are not overwritten."""
        ours = {path for path, _ in last.ours()}
        strangers = [path for path in lying if path not in ours]
        if strangers and not self._may_replace:
            raise strangers_there(self._files.where, f"{count} files, {min(strangers)} among them")

    def _refuse_overtaken(self) -> None:
        found = self._files.read(BUILD)
        self._looked_at = time.monotonic()
        if (found and found.data) != (self._before and self._before.data):
            raise TryLater(OVERTAKEN, code="overtaken")

    def _read_back(self) -> None:
        there = read_stamp(self._files.read(BUILD))
        if there is None or there.id != self._site.build_id:
            found = there.id if there else "none"
            raise TryLater(
                f"What was just published is not shown in {self._files.where} "
                f"(build {found[:40]} instead of {self._site.build_id}).",
                code="read-back",
            )


def refuse_newer(there: Stamp | None, ours: Stamp | None, known: Collection[str], where: str) -> None:
    """Nothing is put over what another desk published after we built. `known` are builds of our own."""
    if there is None or ours is None or there.id in known or not there.generated_at or not ours.generated_at:
        return
    if there.generated_at > ours.generated_at:
        raise NeedsPerson(
            f"Another desk published there at {there.generated_at:%Y-%m-%d %H:%M} UTC, after this site was built. "
            f"Let one desk publish to {where}.",
            code="newer",
        )


def strangers_there(where: str, what: str) -> NeedsPerson:
    """The refusal to overwrite what somebody else put there."""
    return NeedsPerson(
        f"There is already a site in {where} ({what}). Choose another place, or say that it may be replaced.",
        code="strangers",
    )


def read_stamp(found: Found | None) -> Stamp | None:
    """The stamp of a built site; None when there is none that can be read."""
    try:
        known = json.loads(found.data if found else b"")
        id_ = known["build_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(id_, str) or not id_:
        return None
    try:
        made = datetime.fromisoformat(known["generated_at"])
        return Stamp(id_, made if made.tzinfo else None)
    except (ValueError, KeyError, TypeError):
        return Stamp(id_, None)


def _contents(files: Files, there: Stamp | None) -> list[CheckLine]:
    if there:
        return [CheckLine(what="Contents", ok=True, result="A status page of StatusDesk lies there. It is taken over.")]
    if files.read("index.html") is None:
        return []
    words = "Another site lies there. It is only replaced if you say so."
    return [CheckLine(what="Contents", ok=None, result=words)]


def _text(site: Site) -> str:
    try:
        return (site.folder / "_headers").read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


@contextmanager
def own_disk() -> Iterator[None]:
    """Faults of this computer's own disk, where the built site and the note lie."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TryLater(
            f"This computer could not read the built site or keep its own note of it ({reason}).", code="own-disk"
        ) from None
