"""A network that is a folder on this computer: shows what would be posted, to nobody.

Each post becomes two files under the incident's reference: `002-KEY.json` for programs and `002-KEY.txt` for people,
with how each network would count it and the thread it stands in. The folder is not part of the site.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.times import rfc3339
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater

DEFAULT_LIMITS = Limits(characters=500)
# How the networks that people know would count the same text.
_COUNTERS = (
    ("Mastodon", counts.mastodon, Limits(characters=500, link_length=23)),
    ("Bluesky", counts.bluesky, Limits(characters=300, max_bytes=3000)),
)
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class PreviewChannel:
    """Posts into one folder. The same key twice is one post."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self) -> Checked:
        """Whether the folder can be written to; it is made when it is not there."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._folder / "check.tmp", "")
            (self._folder / "check.tmp").unlink()
        except OSError as error:
            return Checked(ok=False, lines=[CheckLine(what="Folder", ok=False, result=_words_of(error, self._folder))])
        return Checked(
            ok=True,
            handle=self._folder.name,
            profile_url=self._folder.resolve().as_uri(),
            limits=DEFAULT_LIMITS,
            lines=[
                CheckLine(what="Folder", ok=True, result=f"Posts are written to {self._folder}. Nobody else sees them.")
            ],
        )

    def send(self, post: Post) -> RemotePost:
        """Write the post. Raises TryLater or NeedsPerson when the folder cannot take it."""
        found = self.find(post)
        if found is not None:
            return found
        path = self._path(post)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            thread = self._thread(path.parent)
            _write(path.with_suffix(".txt"), _readable(post, thread))
            _write(path, json.dumps(_record(post, thread), ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            words = _words_of(error, self._folder)
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise NeedsPerson(words, code="folder") from None
            raise TryLater(words, code="folder") from None
        return _remote(path)

    def find(self, post: Post) -> RemotePost | None:
        """The post when it is there: its JSON file is written last."""
        path = self._path(post)
        return _remote(path) if path.is_file() else None

    def _path(self, post: Post) -> Path:
        name = post.incident_ref or "posts"
        if not _SAFE.fullmatch(name) or not _SAFE.fullmatch(post.key):
            raise NeedsPerson("This post has a reference that cannot be a file name.", code="name")
        return self._folder / name / f"{post.seq:03}-{post.key}.json"

    @staticmethod
    def _thread(folder: Path) -> list[Mapping[str, str]]:
        """The posts of this incident so far, oldest first."""
        thread: list[Mapping[str, str]] = []
        for path in sorted(folder.glob("*.json")):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                known = json.loads(path.read_text("utf-8"))
                thread.append({"id": str(known["id"]), "created_at": str(known["created_at"]), "text": known["text"]})
        return thread


def open_preview(connection: Connection) -> Channel:
    """The channel for one account. Raises Refused without a folder."""
    folder = connection.settings.get("folder", "").strip()
    if not folder:
        raise Refused("Choose a folder for the posts.", field="folder")
    return PreviewChannel(Path(folder).expanduser())


def _remote(path: Path) -> RemotePost:
    return RemotePost(id=path.stem, url=path.with_suffix(".txt").resolve().as_uri())


def _counters(text: str) -> Mapping[str, str]:
    return {name: f"{count(text, limits)} of {limits.characters}" for name, count, limits in _COUNTERS}


def _record(post: Post, thread: list[Mapping[str, str]]) -> Mapping[str, object]:
    return {
        "id": f"{post.seq:03}-{post.key}",
        "key": post.key,
        "incident": post.incident_ref,
        "seq": post.seq,
        "text": post.text,
        "link": post.link,
        "language": post.language,
        "created_at": rfc3339(post.created_at),
        "reply_to": post.root.id if post.root else None,
        "thread": [earlier["id"] for earlier in thread],
        "counters": _counters(post.text),
    }


def _readable(post: Post, thread: list[Mapping[str, str]]) -> str:
    lines = [f"{post.incident_ref} post {post.seq}, {rfc3339(post.created_at)}, language {post.language}"]
    lines.append(f"Reply to {post.root.id}" if post.root else "Begins a thread")
    lines += ["", post.text, ""]
    lines += [f"{name}: {counter}" for name, counter in _counters(post.text).items()]
    if thread:
        lines += ["", "Earlier in this thread:"]
        lines += [f"  {earlier['created_at']}  {earlier['text'].splitlines()[0]}" for earlier in thread]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    """The whole file or none: written aside, flushed to the disk, put in place."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with aside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _words_of(error: OSError, folder: Path) -> str:
    reasons = {
        errno.ENOSPC: "the disk is full. Make room on it",
        errno.EROFS: "it is read-only. Choose another folder",
        errno.EACCES: "writing there is not allowed. Choose another folder",
        errno.EPERM: "writing there is not allowed. Choose another folder",
    }
    reason = reasons.get(error.errno or 0, f"the computer answered “{error.strerror or type(error).__name__}”")
    return f"The post could not be written to {folder}: {reason}."
