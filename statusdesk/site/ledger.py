"""What the last build left behind, as an append-only text log beside the workspace.

Local state, worth nothing elsewhere: losing it costs one full build. Lines are tab separated:

    site     1  ENGINE  FOLDER         the head of the file: format, fingerprint of version and templates, folder
    begin    HEAD  DAY                 a build starts; without a commit after it the build was interrupted
    +        SHA256  PATH              a file as it lies in the folder now
    -        PATH                      a file that was removed
    i | m    REF  MONTH  CODE  SLUGS   where an incident or a maintenance is shown (MONTH empty: nowhere any more)
    c        SLUG  DIGEST              a component's public settings (DIGEST empty: gone)
    page     DIGEST                    the page's settings
    commit   HEAD  DAY  DIGEST  BUILT_AT
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

FORMAT = "1"
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a problem or a planned work is shown: the month that lists it, its code, its components' pages."""

    month: str
    code: str
    slugs: tuple[str, ...]

    @property
    def text(self) -> str:
        """As the log keeps it."""
        return f"{self.month}\t{self.code}\t{','.join(self.slugs)}"

    @classmethod
    def of(cls, text: str | None) -> Trace | None:
        """The trace behind a text; None for none."""
        if text is None:
            return None
        month, code, slugs = text.split("\t")
        return cls(month, code, tuple(slugs.split(",")) if slugs else ())


_NOWHERE = "\t\t"


@dataclass(slots=True)
class Memory:
    """All that the last committed build left. `digest` is the sum of the shares of `files` modulo 2^256.

    Traces stay texts until somebody asks (`Trace.of`): there may be ten thousand, and a build looks at a few.
    """

    engine: str
    folder: str
    head: int = -1
    day: date = date.min
    digest: int = 0
    built_at: datetime | None = None
    page: str = ""
    files: dict[str, str] = field(default_factory=dict)
    incidents: dict[str, str] = field(default_factory=dict)
    maintenances: dict[str, str] = field(default_factory=dict)
    components: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    lines: int = 0

    @property
    def digest_hex(self) -> str:
        """The site's digest in 64 hexadecimal digits; its first 12 are the build id."""
        return f"{self.digest:064x}"

    def note(self, path: str, sha: str | None) -> None:
        """A file is there now with this hash, or gone: a change costs one file, whatever the number of all."""
        old = self.files.pop(path, None)
        if old is not None:
            self.digest -= _share(path, old)
        if sha is not None:
            self.files[path] = sha
            self.digest += _share(path, sha)
        self.digest %= _MODULUS


def _share(path: str, digest: str) -> int:
    """A file's share of the site's digest."""
    return int.from_bytes(sha256(f"{path}\0{digest}".encode()).digest(), "big")


def load(state_file: Path) -> Memory | None:
    """The memory of the last build; None when there is none that this version understands."""
    try:
        text = state_file.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    lines = text.split("\n")
    top = lines[0].split("\t")
    if len(top) != 4 or top[:2] != ["site", FORMAT]:  # noqa: PLR2004  the head's four words
        return None
    memory = Memory(engine=top[2], folder=top[3], lines=len(lines))
    with contextlib.suppress(ValueError, IndexError):
        _replay(memory, lines[1:])
        return memory
    return None


def _replay(memory: Memory, lines: list[str]) -> None:
    """Lines count from their commit on. A torn last line raises or leaves the build open: both mean a full build."""
    begun: list[str] | None = None
    for line in lines:
        if begun is not None and not line.startswith("commit\t"):
            begun.append(line)
        elif line.startswith("begin\t"):
            begun = []
        elif begun is not None:
            _apply(memory, begun)
            _, head, day, digest, built_at = line.split("\t")
            memory.head, memory.day, memory.digest = int(head), date.fromisoformat(day), int(digest, 16)
            memory.built_at = datetime.fromisoformat(built_at)
            begun = None
        elif line:
            raise ValueError(line)
    memory.interrupted = begun is not None or lines[-1] != ""


def _apply(memory: Memory, lines: list[str]) -> None:
    files, incidents, maintenances = memory.files, memory.incidents, memory.maintenances
    for line in lines:
        mark = line[:2]
        if mark == "+\t":
            files[line[67:]] = line[2:66]
        elif mark in ("i\t", "m\t"):
            ref, _, text = line[2:].partition("\t")
            traces = incidents if mark == "i\t" else maintenances
            traces[ref] = text
            if text == _NOWHERE:
                del traces[ref]
        elif mark == "-\t":
            files.pop(line[2:], None)
        elif mark == "c\t":
            slug, digest = line[2:].split("\t")
            memory.components[slug] = digest
            if not digest:
                del memory.components[slug]
        elif mark == "pa":
            memory.page = line[5:]


def trace_line(mark: str, ref: str, text: str | None) -> str:
    """An `i` or `m` line; without a text it says that the thing is nowhere any more."""
    return f"{mark}\t{ref}\t{text or _NOWHERE}"


def begin(state_file: Path, memory: Memory, head: int, day: date, *, anew: bool) -> None:
    """Write down that files are about to change, and make sure that it is on the disk before they do.

    `anew` begins a log for the memory's engine and folder: the old one tells of something else.
    """
    mark = f"begin\t{head}\t{day}"
    if anew:
        _write(state_file, [f"site\t{FORMAT}\t{memory.engine}\t{memory.folder}", mark])
    else:
        _append(state_file, [mark])


def commit(state_file: Path, memory: Memory, lines: list[str]) -> None:
    """Close a build: append what changed, or write the whole memory anew when the log has grown too long for it."""
    if memory.lines + len(lines) > 4 * len(memory.files) + 500:
        replace_all(state_file, memory)
    else:
        _append(state_file, [*lines, _commit_line(memory)])


def replace_all(state_file: Path, memory: Memory) -> None:
    """The whole memory as a fresh log."""
    lines = [f"site\t{FORMAT}\t{memory.engine}\t{memory.folder}", f"begin\t{memory.head}\t{memory.day}"]
    _write(state_file, [*lines, *_all_lines(memory), _commit_line(memory)])


def _all_lines(memory: Memory) -> Iterator[str]:
    yield from (f"+\t{digest}\t{path}" for path, digest in memory.files.items())
    yield from (trace_line("i", ref, trace) for ref, trace in memory.incidents.items())
    yield from (trace_line("m", ref, trace) for ref, trace in memory.maintenances.items())
    yield from (f"c\t{slug}\t{digest}" for slug, digest in memory.components.items())
    yield f"page\t{memory.page}"


def _commit_line(memory: Memory) -> str:
    assert memory.built_at is not None
    return f"commit\t{memory.head}\t{memory.day}\t{memory.digest_hex}\t{memory.built_at.isoformat()}"


def _append(state_file: Path, lines: list[str]) -> None:
    with state_file.open("a", encoding="utf-8", newline="\n") as log:
        log.write("\n".join(lines) + "\n")
        log.flush()
        os.fsync(log.fileno())


def _write(state_file: Path, lines: list[str]) -> None:
    fresh = state_file.with_name(state_file.name + ".new")
    with fresh.open("w", encoding="utf-8", newline="\n") as log:
        log.write("\n".join(lines) + "\n")
        log.flush()
        os.fsync(log.fileno())
    fresh.replace(state_file)
