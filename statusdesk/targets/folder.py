"""A folder as the host of the site: a web server's document root, a mounted share, a synced folder.

Each file is written aside and put in place at once. What is published, in which order and what is left alone is the
engine's (tree.py). A folder that is the built site itself is only read back.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from statusdesk.domain.board import CheckLine
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.paths import overlap
from statusdesk.targets.base import Place, Published, Site, TargetHost
from statusdesk.targets.files import ASIDE, Beat, Files, Found, Outgoing, folders_of, side_by_side
from statusdesk.targets.note import put_in_place
from statusdesk.targets.tree import BUILD, TreeHost, read_stamp

_TEMPORARY = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.ESTALE, errno.EBUSY, errno.EAGAIN)


class FolderHost(TreeHost):
    """One folder."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, lambda beat: FolderFiles(self._root, beat))
        self._root = Path(place.location).expanduser()

    def check(self) -> Sequence[CheckLine]:
        """Whether the folder is there, can be written to, and has room."""
        root = self._root
        if not root.is_dir():
            return [CheckLine(what="Folder", ok=False, result=_missing(root))]
        lines = [CheckLine(what="Folder", ok=True, result=f"{root} is there.")]
        probe = root / f"{ASIDE}{secrets.token_hex(4)}.tmp"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            return [*lines, CheckLine(what="Writing", ok=False, result=_words(error, root))]
        lines.append(CheckLine(what="Writing", ok=True, result="Files can be written there."))
        free = shutil.disk_usage(root).free // 1_000_000
        roomy = free >= 50  # noqa: PLR2004  MB: a site of some thousand incidents
        lines.append(CheckLine(what="Room", ok=roomy, result=f"{free:,} MB are free."))
        strangers = (
            0 if read_stamp(_found(root / BUILD)) else sum(1 for path in root.iterdir() if path.name != "README.md")
        )
        if strangers:
            lines.append(
                CheckLine(what="Contents", ok=None, result=f"There is something else in it ({strangers} entries).")
            )
        return lines

    def publish(self, site: Site) -> Published:
        """Bring the folder to this site. Raises TryLater or NeedsPerson; what was not reached stays as it was."""
        root = self._root
        with _said(root):
            if not root.is_dir():
                raise TryLater(_missing(root), code="missing")
            if root.resolve() == site.folder.resolve():
                return self._already_there(site)
            if overlap(root, site.folder):
                raise NeedsPerson(
                    "That folder lies inside the built site, or around it. Choose another folder.", code="overlap"
                )
        return super().publish(site)

    def _already_there(self, site: Site) -> Published:
        there = read_stamp(_found(self._root / BUILD))
        if there is None or there.id != site.build_id:
            found = there.id[:40] if there else "none"
            raise TryLater(
                f"{self._root} does not show what was just published (build {found} instead of {site.build_id}).",
                code="read-back",
            )
        return Published(written=0, removed=0, url=_url(self._root), verified=True)


class FolderFiles(Files):
    """The files in a folder. Everything is looked at each time: a disk is quick to ask."""

    def __init__(self, root: Path, beat: Beat) -> None:
        self._root, self._beat = root, beat
        self.where = str(root)
        self.identity = str(root.resolve())
        self.url = _url(root)
        self.greeting = f"{root} is there."

    def read(self, path: str) -> Found | None:
        """A whole file, or None when there is none."""
        with _said(self._root):
            return _found(self._root / path)

    def vanished(self, paths: Collection[str]) -> Collection[str]:
        """Which of these are no files any more."""
        return [path for path in paths if not (self._root / path).is_file()]

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """Every file is read and compared."""
        with _said(self._root):
            lying = [file for file in files if os.path.lexists(self._root / file.path)]
            if not lying:
                return {}
            same = {file.path: same for file, same in side_by_side(self._holds, lying, 1, self._beat)}
            return dict.fromkeys(_all_files(self._root), False) | same

    def _holds(self, file: Outgoing) -> bool:
        target = self._root / file.path
        return target.is_file() and _sha(target) == file.sha

    def prepare(self, paths: Collection[str]) -> None:
        """Make the folders of the site, and clear what a copy of ours that was cut off left in them."""
        with _said(self._root):
            for name in ["", *folders_of(paths)]:
                folder = self._root / name
                folder.mkdir(parents=True, exist_ok=True)
                if not folder.resolve().is_relative_to(self._root.resolve()):
                    raise NeedsPerson(f"{folder} leads out of {self._root}. Remove that link.", code="link")
                for left in folder.glob(f"{ASIDE}*.tmp"):
                    left.unlink(missing_ok=True)

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """Each file aside, flushed, and put in place."""
        for file in batch:
            with _said(self._root):
                self._copy(file)
            yield file.path

    def _copy(self, file: Outgoing) -> None:
        put_in_place(self._root / file.path, file.data())

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        """The same; a disk compares nothing while it writes."""
        del before
        with _said(self._root):
            self._copy(file)
        return True

    def digests(self, paths: Collection[str]) -> Mapping[str, str]:
        """The SHA-256 of each that is a file, not a link."""
        with _said(self._root):
            targets = {path: self._root / path for path in paths}
            return {
                path: _sha(target) for path, target in targets.items() if target.is_file() and not target.is_symlink()
            }

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        """Remove files; folders that become empty go too."""
        for path in paths:
            with _said(self._root):
                target = self._root / path
                target.unlink()
                for parent in target.relative_to(self._root).parents:
                    folder = self._root / parent
                    if folder == self._root or any(folder.iterdir()):
                        break
                    folder.rmdir()
            yield path

    def close(self) -> None:
        """Nothing is held open."""


def open_folder(place: Place) -> TargetHost:
    """The host for one target; nothing is looked at yet."""
    return FolderHost(place)


def _found(path: Path) -> Found | None:
    try:
        return Found(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _all_files(root: Path) -> list[str]:
    return [(Path(folder) / name).relative_to(root).as_posix() for folder, _, names in os.walk(root) for name in names]


def _url(root: Path) -> str:
    return (root / "index.html").resolve().as_uri()


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing(root: Path) -> str:
    return f"{root} is not there. If it is a share or a stick, connect it; else make the folder or choose another."


@contextmanager
def _said(root: Path) -> Iterator[None]:
    """Faults of the disk as words."""
    try:
        yield
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "disk").lower()
        kind = TryLater if error.errno in _TEMPORARY else NeedsPerson
        raise kind(_words(error, root), code=code) from None


def _words(error: OSError, root: Path) -> str:
    reasons = {
        errno.ENOSPC: "The disk is full. Make room on it",
        errno.EDQUOT: "The disk quota is used up. Make room on it",
        errno.EROFS: "It is read-only. Choose another folder, or make it writable",
        errno.EACCES: "Writing there is not allowed. Choose another folder, or ask whoever owns it",
        errno.EPERM: "Writing there is not allowed. Choose another folder, or ask whoever owns it",
        errno.ENOTDIR: "A file stands where a folder is needed. Move it away",
        errno.EEXIST: "A file stands where a folder is needed. Move it away",
        errno.EISDIR: "A folder stands where a file is needed. Move it away",
    }
    reason = reasons.get(error.errno or 0, f"The computer answered “{error.strerror or type(error).__name__}”")
    return f"The site could not be published to {root}. {reason}."
