"""What this desk remembers of one host: what lies there, what it began to put there, and what of that went over.

Two files of the workspace. The note itself is written before and after a publishing; beside it, while files go over, a
list of those that arrived grows line by line, so that a publishing that was cut off goes on where it was. Both are only
believed while the host still shows the build they speak of, and may be lost: then the host is compared.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Memory:
    """SHA-256 by path. `files` surely lie there as long as the host shows `build`; `begun` was on its way over it.

    Of `begun`, those in `arrived` are there, the others may be. `loose` are further contents that may be left of
    publishings that never ended.
    """

    build: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    begun_build: str = ""
    begun: Mapping[str, str] = field(default_factory=dict)
    arrived: Mapping[str, str] = field(default_factory=dict)
    loose: frozenset[tuple[str, str]] = frozenset()

    def certain(self, shown: str) -> Mapping[str, str]:
        """What lies there without doubt when the host shows this build (empty: none)."""
        if shown and shown == self.begun_build:
            return self.begun
        if shown != self.build:
            return {}
        doubtful = {path for path, sha in self.begun.items() if self.files.get(path) != sha}
        return {path: sha for path, sha in self.files.items() if path not in doubtful} | dict(self.arrived)

    def unlinked(self, shown: str) -> set[str]:
        """Paths at which something of ours may lie, whole or not, that no page of the build shown there leads to."""
        of_shown = self.begun if shown == self.begun_build else self.files if shown == self.build else {}
        return {path for path, _ in self.ours()} - (set(of_shown) if shown else set())

    def ours(self) -> set[tuple[str, str]]:
        """Everything that may lie there and was put there by us."""
        return {*self.files.items(), *self.begun.items(), *self.loose}


class Note:
    """The memory of one host on this computer's disk. Reading never fails; writing raises OSError."""

    def __init__(self, file: Path, identity: str) -> None:
        self._file, self._list, self._identity = file, file.with_suffix(".sent"), identity
        self._open: TextIO | None = None

    def load(self) -> Memory:
        """What this desk knows of its own doing; nothing when the note is lost or speaks of another place."""
        try:
            note = json.loads(self._file.read_text("utf-8"))
            if note["location"] != self._identity:
                return Memory()
            files, begun = _shas(note["files"]), _shas(note["begun"])
            build, begun_build = str(note["build"]), str(note["begun_build"])
            loose = frozenset((str(path), str(sha)) for path, sha in note.get("loose", ()) if _inside(str(path)))
            going = str(note.get("going", ""))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Memory()
        arrived = {path: sha for path, sha in self._arrived(going).items() if begun.get(path) == sha}
        return Memory(build, files, begun_build, begun, arrived, loose)

    def begin(self, memory: Memory) -> None:
        """Remember what is about to be done, and open the list of what arrives."""
        self.close()
        going = secrets.token_hex(8)
        self._write(memory, going)
        self._open = self._list.open("w", encoding="utf-8")
        self._open.write(json.dumps(going) + "\n")

    def arrived(self, path: str, sha: str) -> None:
        """One file is there."""
        if self._open is not None:
            self._open.write(json.dumps([path, sha]) + "\n")
            self._open.flush()

    def end(self, memory: Memory) -> None:
        """Remember that all of it is there."""
        self._write(memory, "")
        self.close()
        self._list.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the list; what it says stays."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _write(self, memory: Memory, going: str) -> None:
        note = {
            "location": self._identity,
            "going": going,
            "build": memory.build,
            "files": dict(sorted(memory.files.items())),
            "begun_build": memory.begun_build,
            "begun": dict(sorted(memory.begun.items())),
            "loose": sorted(memory.loose),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(self._file, json.dumps(note, indent=0).encode())

    def _arrived(self, going: str) -> dict[str, str]:
        """The list that belongs to the note; its last line may be cut off."""
        found = {}
        try:
            with self._list.open(encoding="utf-8") as lines:
                if not going or json.loads(next(lines)) != going:
                    return {}
                for line in lines:
                    path, sha = json.loads(line)
                    found[str(path)] = str(sha)
        except (OSError, ValueError, TypeError, StopIteration):
            pass
        return found


def put_in_place(target: Path, data: bytes, prefix: str = ".statusdesk-") -> None:
    """The whole file or the old one: written aside with the rights of a usual file, flushed, put in place."""
    aside = target.with_name(f"{prefix}{secrets.token_hex(6)}.tmp")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _shas(known: Mapping[str, str]) -> dict[str, str]:
    return {str(path): str(sha) for path, sha in known.items() if _inside(str(path))}


def _inside(path: str) -> bool:
    """Whether a path of the note stays inside the tree."""
    parts = set(path.split("/"))
    return path.isprintable() and not parts & {"", ".", ".."} and not set(path) & {"\\", ":"}
