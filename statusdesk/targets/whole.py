"""Publishing to a host that shows a site as a whole: a commit on a branch, a deploy of a hosting service.

Nothing of what readers see changes before all of it does, so the order in which files go over does not matter. The
rules are those of trees of files (tree.py):

- Only what the host does not have is sent, and nothing at all when it shows this very site.
- A newer build of another desk is never replaced, and neither is a site of somebody else unless `replace` is `yes`.
- Whoever came first meanwhile stays: what he published is looked at again, and the site is put on top of it.
- Where the host keeps files of others beside ours, they stay: of what we no longer need only that is removed which
  this desk put there and nobody changed since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from statusdesk.domain.board import CheckLine
from statusdesk.net.faults import SendingError, TryLater
from statusdesk.targets.base import Place, Published, Site
from statusdesk.targets.files import Beat, Found
from statusdesk.targets.note import Memory, Note
from statusdesk.targets.tree import BUILD, OVERTAKEN, Heart, Stamp, own_disk, read_stamp, refuse_newer, strangers_there

TRIES = 5  # looks at a host where others publish at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a host shows. `version` names this state of it, and is empty when there is nothing yet.

    `files` has the host's own digest of each file by path; it is None where the host tells of builds only, not of
    files. `stamp` is None when what is shown is not of StatusDesk.
    """

    version: str
    stamp: Stamp | None
    files: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What goes over: the whole site by its digests, and what of it the host is missing.

    `shas` are the SHA-256 of what was planned, `stamp` what the site's own `build.json` says.
    """

    site: Site
    stamp: Stamp
    digests: Mapping[str, str]
    shas: Mapping[str, str] = field(repr=False)
    missing: Sequence[str]
    removed: Sequence[str]

    @property
    def message(self) -> str:
        """What a history says about it."""
        return f"Status page: build {self.stamp.id}"

    def data(self, path: str) -> bytes:
        """A file's content. Raises TryLater when the site was built anew since it was planned, and OSError."""
        return _content(self.site, path, self.shas[path])


class Whole(Protocol):
    """A host, held open for one publishing. Every method may raise TryLater or NeedsPerson.

    `where` names the place for people, `identity` for the note on this computer, `url` is where readers find it if the
    host says so, and `greeting` says what a check has found on the way in.
    """

    where: str
    identity: str
    url: str
    greeting: str
    remarks: Sequence[str]

    def digest(self, path: str, data: bytes) -> str:
        """How this host names a content."""

    def look(self) -> Shown:
        """What is shown now."""

    def may_write(self) -> str:
        """Find out whether publishing is allowed, without changing anything; gives words that say so."""

    def put(self, parcel: Parcel, shown: Shown) -> bool:
        """Publish it in the place of what was seen. False when something else is shown meanwhile."""

    def close(self) -> None:
        """Let go of the host."""


class WholeHost:
    """A target whose host takes a site as a whole; `connect` opens it."""

    def __init__(self, place: Place, connect: Callable[[Beat], Whole]) -> None:
        self._place, self._connect = place, connect

    def check(self) -> Sequence[CheckLine]:
        """Whether one gets in and may publish, and what is shown now. Readers see nothing of it."""
        lines: list[CheckLine] = []
        what = "Server"
        try:
            with closing(self._connect(lambda: None)) as host:
                shown = host.look()
                lines.append(CheckLine(what=what, ok=True, result=host.greeting))
                what = "Writing"
                lines.append(CheckLine(what=what, ok=True, result=host.may_write()))
                what = "Contents"
                lines += _contents(shown)
                lines += [CheckLine(what="Remember", ok=None, result=words) for words in host.remarks]
        except SendingError as error:
            lines.append(CheckLine(what=what, ok=False, result=error.message))
        return lines

    def publish(self, site: Site) -> Published:
        """Bring the host to this site. Raises TryLater or NeedsPerson; readers see all of it or nothing of it."""
        heart = Heart(site.progress)
        with own_disk(), closing(self._connect(heart.beat)) as host:
            note = Note(self._place.state_file, host.identity)
            with closing(note):
                work = _Publishing(site, host, note, heart, may_replace=self._place.settings.get("replace") == "yes")
                return work.run()


class _Publishing:
    """One publishing. The note keeps `SHA-256 digest` of each file, so that only changed ones are read again."""

    def __init__(self, site: Site, host: Whole, note: Note, heart: Heart, *, may_replace: bool) -> None:
        self._site, self._host, self._note, self._heart = site, host, note, heart
        self._may_replace = may_replace
        build = (site.folder / BUILD).read_bytes()
        self._shas = {**site.files, BUILD: hashlib.sha256(build).hexdigest()}
        self._stamp = read_stamp(Found(build)) or Stamp(site.build_id, None)
        self._last = note.load()
        self._digests = self._digested()

    def _digested(self) -> Mapping[str, str]:
        both = {**self._last.files, **self._last.begun}.items()
        known = {(path, sha): digest for path, value in both for sha, _, digest in [value.partition(" ")]}
        found = {}
        for path, sha in self._shas.items():
            digest = known.get((path, sha), "")
            found[path] = digest or self._host.digest(path, _content(self._site, path, sha))
            self._heart.beat()
        return found

    def run(self) -> Published:
        wanted = {path: f"{sha} {self._digests[path]}" for path, sha in self._shas.items()}
        own_builds = {self._site.build_id, self._last.build, self._last.begun_build}
        for _ in range(TRIES):
            shown = self._host.look()
            refuse_newer(shown.stamp, self._stamp, own_builds, self._host.where)
            parcel = self._packed(shown)
            build = shown.stamp.id if shown.stamp else ""
            loose = frozenset(self._last.ours() - set(wanted.items()))
            self._note.begin(Memory(build, self._last.files, self._site.build_id, wanted, {}, loose))
            if not (parcel.missing or parcel.removed) or self._host.put(parcel, shown):
                break
        else:
            raise TryLater(OVERTAKEN, code="overtaken")
        self._note.end(Memory(self._site.build_id, wanted))
        count = len(parcel.missing)
        self._site.progress(count, count)
        return Published(written=count, removed=len(parcel.removed), url=self._host.url, verified=True)

    def _packed(self, shown: Shown) -> Parcel:
        """What the host is missing, after looking whose it is."""
        ours = {(path, value.partition(" ")[2]) for path, value in self._last.ours()}
        lying = self._lying(shown)
        missing = [path for path, digest in self._digests.items() if lying.get(path) != digest]
        if shown.stamp is None and not self._may_replace:
            self._refuse_strangers(shown, [path for path in missing if path in lying], {path for path, _ in ours})
        removed = sorted(
            {path for path, digest in ours if digest and path not in self._digests and lying.get(path) == digest}
        )
        self._heart.total = len(missing)
        return Parcel(
            site=self._site,
            stamp=self._stamp,
            digests=self._digests,
            shas=self._shas,
            missing=missing,
            removed=removed,
        )

    def _lying(self, shown: Shown) -> Mapping[str, str]:
        """Digest by path of what surely lies there. Where the host does not tell, our note does."""
        if shown.files is not None:
            return shown.files
        build = shown.stamp.id if shown.stamp else ""
        known = self._last.begun if build and build == self._last.begun_build else self._last.files
        if not build or build not in (self._last.begun_build, self._last.build):
            return {}
        return {path: value.partition(" ")[2] for path, value in known.items()}

    def _refuse_strangers(self, shown: Shown, lying: Sequence[str], ours: Collection[str]) -> None:
        strangers = [path for path in lying if path not in ours]
        if strangers:
            what = f"{len(shown.files or ())} files, {min(strangers)} among them"
            raise strangers_there(self._host.where, what)
        if shown.files is None and shown.version:
            raise strangers_there(self._host.where, "not published by StatusDesk")


def stamp_words(stamp: Stamp) -> str:
    """A build's name and time, for hosts that keep a line with each deploy."""
    return f"StatusDesk build {stamp.id}" + (f" of {stamp.generated_at.isoformat()}" if stamp.generated_at else "")


def stamp_said(words: object) -> Stamp | None:
    """The stamp in such a line; None when it is another line."""
    match = re.fullmatch(r"StatusDesk build (?P<id>\S{1,200})( of (?P<at>\S{10,40}))?", str(words).strip())
    if match is None:
        return None
    return read_stamp(Found(json.dumps({"build_id": match["id"], "generated_at": match["at"]}).encode()))


def _content(site: Site, path: str, sha: str) -> bytes:
    data = (site.folder / path).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha:
        raise TryLater("The site was built anew while it was copied. It is copied again.", code="changed")
    return data


def _contents(shown: Shown) -> list[CheckLine]:
    if shown.stamp:
        return [CheckLine(what="Contents", ok=True, result="A status page of StatusDesk lies there. It is taken over.")]
    if not shown.version or (shown.files is not None and "index.html" not in shown.files):
        return []
    words = "Another site lies there. It is only replaced if you say so."
    return [CheckLine(what="Contents", ok=None, result=words)]
