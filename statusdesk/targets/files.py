"""A host as a tree of files: the few things that one must be able to do there, and how many are done side by side.

The engine (tree.py) knows what must be done and in which order; whoever implements `Files` knows one kind of host.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from threading import Condition
from typing import Generic, Protocol, TypeVar

from statusdesk.domain.headers import Label
from statusdesk.net.faults import SendingError, TryLater

AT_ONCE = 8  # files on their way side by side, where the host takes as many
ASIDE = ".statusdesk-"  # how the name of a file begins that is not in place yet
MOST = 20_000_000  # bytes of one file that are read back; the largest page of a site is far below

Beat = Callable[[], None]  # called now and then while something takes long; it may raise, to stop it
_BEAT_S = 2.0
T = TypeVar("T")
R = TypeVar("R")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Found:
    """A file as the host has it. `tag` names this version of it where the host can be asked to compare it."""

    data: bytes
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A file of the built site on its way out. `is_new`: nothing lies at that path yet, so nothing leads to it."""

    path: str
    source: Path
    sha: str
    label: Label
    is_new: bool = False

    def data(self) -> bytes:
        """Its content. Raises TryLater when the site was built anew since it was planned, and OSError."""
        data = self.source.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha:
            raise TryLater("The site was built anew while it was copied. It is copied again.", code="changed")
        return data


class Files(Protocol):
    """One tree of files, held open for one publishing. Paths are relative and have `/` between their parts.

    Every method may raise TryLater or NeedsPerson. `where` names the place for people, `identity` for the note on this
    computer, `url` is where readers find it if that follows from the place, and `greeting` says what a check has found
    on the way in.
    """

    where: str
    identity: str
    url: str
    greeting: str

    def read(self, path: str) -> Found | None:
        """A whole file, or None when there is none."""

    def vanished(self, paths: Collection[str]) -> Collection[str]:
        """Which of these are gone though the host shows the build that had them. Hosts far away need not look."""
        del paths
        return ()

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """Which of these paths hold something, and whether that surely is the file's own content.

        May name other files that were seen on the way.
        """

    def prepare(self, paths: Collection[str]) -> None:
        """Make the folders for files that will be written, and clear what a cut left half-written."""

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """Put files in place, in any order, so that nobody meets half a file; gives each path once it is there."""

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        """Put the file in place that tells of the build. False when the host says that it is no longer as `before`."""

    def digests(self, paths: Collection[str]) -> Mapping[str, str]:
        """The SHA-256 of what lies at these paths; without those where no file is."""

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        """Remove files, and folders that become empty where that is safe; gives each path once it is gone."""

    def close(self) -> None:
        """Let go of the host."""


def folders_of(paths: Iterable[str]) -> list[str]:
    """Every folder that these files lie in, parents before children, without the tree's own root."""
    found = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    return sorted(found - {"."}, key=lambda folder: (folder.count("/"), folder))


def levels(folders: Sequence[str]) -> list[list[str]]:
    """Folders by their depth: those of one level can be made side by side."""
    depths = sorted({folder.count("/") for folder in folders})
    return [[one for one in folders if one.count("/") == depth] for depth in depths]


def walk(look: Callable[[str], Mapping[str, bool]], paths: Iterable[str], at_once: int, beat: Beat) -> set[str]:
    """The files in the folders that these paths lie in. `look` gives a folder's names, and which are folders."""
    wanted, found, level = set(folders_of(paths)), set[str](), [""]
    while level:
        deeper = []
        for folder, names in side_by_side(look, level, at_once, beat):
            for name, is_folder in names.items():
                path = f"{folder}/{name}" if folder else name
                if not is_folder:
                    found.add(path)
                elif path in wanted:
                    deeper.append(path)
        level = deeper
    return found


def side_by_side(
    work: Callable[[T], R], items: Iterable[T], at_once: int, beat: Beat = lambda: None
) -> Iterator[tuple[T, R]]:
    """Do the work for each item, some at once; gives each with its result when it is done.

    After a fault nothing more is begun; what is under way ends and is given before the fault is raised.
    """
    if at_once == 1:
        for item in items:
            yield item, work(item)
            beat()
        return
    todo, under_way = iter(items), dict[Future[R], T]()
    faults: list[BaseException] = []
    with ThreadPoolExecutor(at_once, "publish") as pool:
        while True:
            if not faults:  # two more than are worked on, so that nobody waits for this thread
                under_way |= {pool.submit(work, item): item for item in islice(todo, at_once + 2 - len(under_way))}
            if not under_way:
                break
            beat()
            for done in wait(under_way, _BEAT_S, FIRST_COMPLETED).done:
                item = under_way.pop(done)
                if (error := done.exception()) is None:
                    yield item, done.result()
                    continue
                faults.append(error)
                under_way = {one: of for one, of in under_way.items() if not one.cancel()}
    if faults:
        raise faults[0]


class Connections(Generic[C]):
    """Connections to one host, each lent to one worker at a time. No more are opened than the host takes.

    One that was in use when something failed is closed: nobody knows what it would answer next.
    """

    def __init__(self, connect: Callable[[], C], close: Callable[[C], None], most: int) -> None:
        self._connect, self._close, self._most = connect, close, most
        self._idle: list[C] = []
        self._opened = 0
        self._changed = Condition()

    @contextmanager
    def lent(self) -> Iterator[C]:
        """A connection for a while. Raises what connecting raises when not even one can be had."""
        one = self._take()
        try:
            yield one
        except BaseException:
            self._hang_up(one)
            with self._changed:
                self._opened -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._idle.append(one)
            self._changed.notify()

    def _take(self) -> C:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._idle or self._opened < self._most)
                if self._idle:
                    return self._idle.pop()
                self._opened += 1
            try:
                return self._connect()
            except BaseException as error:
                with self._changed:
                    self._opened -= 1
                    if not isinstance(error, SendingError) or not self._opened:
                        self._changed.notify()
                        raise
                    self._most = self._opened  # the host takes no more: go on with those that it took

    def close(self) -> None:
        """Close those that nobody has in hand."""
        with self._changed:
            idle, self._idle = self._idle, []
            self._opened -= len(idle)
        for one in idle:
            self._hang_up(one)

    def _hang_up(self, one: C) -> None:
        """A dead connection cannot even be closed; that says nothing new, and others wait for its place."""
        with suppress(Exception):
            self._close(one)
