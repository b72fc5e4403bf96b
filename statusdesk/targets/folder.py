"""A folder as the host of the site: a web server's document root, a mounted share, a synced folder.

Only what differs from this desk's last manifest is copied, each file written aside and put in place at once, in the
site's own order, so that a reader never meets a page whose parts are missing. Files that this desk did not put there
are never touched. Rules where a folder holds something already:

- A StatusDesk site (its `build.json` names a build) is taken over, unless it is newer than ours and not of our making:
  then another desk published there after we built, and a person must look.
- Any other file at a path that the site needs stops the publishing, unless the setting `replace` is `yes`.
- A folder that is the built site itself is only read back.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from statusdesk.domain.board import CheckLine
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.paths import overlap
from statusdesk.targets.base import Place, Published, Site, TargetHost

BUILD = "build.json"
_ASIDE = ".statusdesk-"
_TEMPORARY = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.ESTALE, errno.EBUSY, errno.EAGAIN)


@dataclass(frozen=True, slots=True)
class _Build:
    """What a `build.json` says of itself."""

    id: str
    generated_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Memory:
    """What this desk put here: the last whole publishing, and one that was begun and may have been cut off."""

    files: Mapping[str, str] = field(default_factory=dict)
    build: str = ""
    begun: Mapping[str, str] = field(default_factory=dict)
    begun_build: str = ""

    def __contains__(self, path: str) -> bool:
        return path in self.files or path in self.begun


class FolderHost:
    """One folder."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._root = Path(place.location).expanduser()

    def check(self) -> Sequence[CheckLine]:
        """Whether the folder is there, can be written to, and has room."""
        root = self._root
        if not root.is_dir():
            return [CheckLine(what="Folder", ok=False, result=_missing(root))]
        lines = [CheckLine(what="Folder", ok=True, result=f"{root} is there.")]
        probe = root / f"{_ASIDE}{secrets.token_hex(4)}.tmp"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            return [*lines, CheckLine(what="Writing", ok=False, result=_words(error, root))]
        lines.append(CheckLine(what="Writing", ok=True, result="Files can be written there."))
        free = shutil.disk_usage(root).free // 1_000_000
        roomy = free >= 50  # noqa: PLR2004  MB: a site of some thousand incidents
        lines.append(CheckLine(what="Room", ok=roomy, result=f"{free:,} MB are free."))
        strangers = 0 if _read_build(root / BUILD) else sum(1 for path in root.iterdir() if path.name != "README.md")
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
                return self._read_back(site, written=0, removed=0)
            if overlap(root, site.folder):
                raise NeedsPerson(
                    "That folder lies inside the built site, or around it. Choose another folder.", code="overlap"
                )
            last = self._memory()
            there = _read_build(root / BUILD)
            _refuse_newer(there, _read_build(site.folder / BUILD), {site.build_id, last.build, last.begun_build})
            # The manifest's word is taken only where the host still shows that whole build; else every file is read.
            trusted = there is not None and there.id == last.build and not last.begun_build
            todo = [path for path in _ordered(site) if self._differs(site, path, last.files if trusted else {})]
            self._refuse_strangers(todo, last, site_is_ours=there is not None)
            # New files first: nothing leads to them yet, and then no changed page leads to one that is not there.
            todo.sort(key=lambda path: path == BUILD or (root / path).exists())
            self._remember(_Memory(last.files, last.build, site.files, site.build_id))
            for folder in sorted({(root / path).parent for path in todo}):
                self._prepare(folder)
            for path in todo:
                self._copy(site, path)
            removed = self._remove(
                {(path, sha) for put in (last.files, last.begun) for path, sha in put.items() if path not in site.files}
            )
            published = self._read_back(site, written=len(todo), removed=removed)
            self._remember(_Memory(site.files, site.build_id))
            return published

    def _memory(self) -> _Memory:
        """What this desk knows of its own doing here; nothing when the note is lost or of another folder."""
        try:
            note = json.loads(self._place.state_file.read_text("utf-8"))
            if note["location"] != str(self._root.resolve()):
                return _Memory()
            files, begun = (
                {str(path): str(sha) for path, sha in note[part].items() if _inside(str(path))}
                for part in ("files", "begun")
            )
            return _Memory(files, str(note["build"]), begun, str(note["begun_build"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return _Memory()

    def _remember(self, memory: _Memory) -> None:
        note = {
            "location": str(self._root.resolve()),
            "build": memory.build,
            "files": dict(sorted(memory.files.items())),
            "begun_build": memory.begun_build,
            "begun": dict(sorted(memory.begun.items())),
        }
        self._place.state_file.parent.mkdir(parents=True, exist_ok=True)
        _put(self._place.state_file, json.dumps(note, indent=0).encode())

    def _differs(self, site: Site, path: str, known: Mapping[str, str]) -> bool:
        """Whether a file must be copied. With a manifest that the host still shows, its word is taken."""
        target = self._root / path
        if path == BUILD:  # its time may differ where its build does not
            return not target.is_file() or _sha(target) != _sha(site.folder / path)
        if path in known:
            return known[path] != site.files[path] or not target.is_file()
        return not target.is_file() or _sha(target) != site.files[path]

    def _refuse_strangers(self, todo: Sequence[str], last: _Memory, *, site_is_ours: bool) -> None:
        """Files of somebody else are not overwritten."""
        if site_is_ours or self._place.settings.get("replace") == "yes":
            return
        strangers = [path for path in todo if path not in last and os.path.lexists(self._root / path)]
        if strangers:
            count = sum(len(files) for _, _, files in os.walk(self._root))
            raise NeedsPerson(
                f"There is already a site in {self._root} ({count} files, {strangers[0]} among them). "
                "Choose another folder, or say that it may be replaced.",
                code="strangers",
            )

    def _prepare(self, folder: Path) -> None:
        """Make a folder of the site, and clear what a copy of ours that was cut off left in it."""
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise NeedsPerson(f"{folder} leads out of {self._root}. Remove that link.", code="link")
        for left in folder.glob(f"{_ASIDE}*.tmp"):
            left.unlink(missing_ok=True)

    def _copy(self, site: Site, path: str) -> None:
        data = (site.folder / path).read_bytes()
        if path in site.files and hashlib.sha256(data).hexdigest() != site.files[path]:
            raise TryLater("The site was built anew while it was copied. It is copied again.", code="changed")
        _put(self._root / path, data)

    def _remove(self, orphans: set[tuple[str, str]]) -> int:
        """Remove what we put there and nobody changed since; folders that become empty go too."""
        removed = 0
        for path, sha in sorted(orphans):
            target = self._root / path
            if target.is_symlink() or not target.is_file() or _sha(target) != sha:
                continue
            target.unlink()
            removed += 1
            for parent in target.relative_to(self._root).parents:
                folder = self._root / parent
                if folder == self._root or any(folder.iterdir()):
                    break
                folder.rmdir()
        return removed

    def _read_back(self, site: Site, *, written: int, removed: int) -> Published:
        there = _read_build(self._root / BUILD)
        if there is None or there.id != site.build_id:
            found = there.id if there else "none"
            raise TryLater(
                f"{self._root} does not show what was just published (build {found} instead of {site.build_id}).",
                code="read-back",
            )
        url = self._place.settings.get("public_url", "") or (self._root / "index.html").resolve().as_uri()
        return Published(written=written, removed=removed, url=url, verified=True)


def open_folder(place: Place) -> TargetHost:
    """The host for one target; nothing is looked at yet."""
    return FolderHost(place)


def _ordered(site: Site) -> list[str]:
    """All paths in the order in which readers must see them change; build.json, the proof, very last."""
    paths = set(site.files)
    if (site.folder / BUILD).is_file():
        paths.add(BUILD)
    return sorted(paths, key=lambda path: (path == BUILD, site.order(path)))


def _refuse_newer(there: _Build | None, ours: _Build | None, known: set[str]) -> None:
    """Nothing is put over what another desk published after we built."""
    if there is None or ours is None or there.id in known or there.generated_at is None or ours.generated_at is None:
        return
    if there.generated_at > ours.generated_at:
        raise NeedsPerson(
            f"Another desk published there at {there.generated_at:%Y-%m-%d %H:%M} UTC, after this site was built. "
            "Let one desk publish to this folder.",
            code="newer",
        )


def _read_build(path: Path) -> _Build | None:
    """The stamp of a built site; None when there is none that can be read."""
    try:
        known = json.loads(path.read_text("utf-8"))
        id_ = known["build_id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(id_, str) or not id_:
        return None
    try:
        made = datetime.fromisoformat(known["generated_at"])
        return _Build(id_, made if made.tzinfo else None)
    except (ValueError, KeyError, TypeError):
        return _Build(id_, None)


def _inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return bool(path) and not parts.is_absolute() and ".." not in parts.parts and "\\" not in path and ":" not in path


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(target: Path, data: bytes) -> None:
    """The whole file or the old one: written aside with the rights of a usual file, flushed, put in place."""
    aside = target.with_name(f"{_ASIDE}{secrets.token_hex(6)}.tmp")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


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
