"""A folder on a WebDAV server: Nextcloud, Apache, nginx, web hosts, NAS boxes.

A file that nothing leads to yet is sent where it belongs. One that readers may hold open is sent aside and moved into
place (MOVE, `Overwrite: T`), because some servers show half of it while it comes in. `build.json` is sent under a
condition where the server gives strong ETags and honours them; where it ignores them, the engine's comparing before
and after must do. Folders that become empty stay: a DELETE of a folder takes all that is in it, whoever put it there.

Sources: RFC 4918 (WebDAV), RFC 9110, section 13 (conditions).
"""

from __future__ import annotations

import hashlib
import platform
import secrets
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET

from statusdesk.errors import Problem, Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import (
    ASIDE,
    AT_ONCE,
    MOST,
    Beat,
    Files,
    Found,
    Outgoing,
    folders_of,
    levels,
    side_by_side,
    walk,
)
from statusdesk.targets.tree import TreeHost

_DAV = "{DAV:}"
_LISTING = 10_000_000  # bytes: a folder with ten thousand incidents
_ASK_TYPE = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'
_OK = range(200, 300)
_DONE = (201, 204)
_MULTI_STATUS = 207


class DavFiles(Files):
    """The files below one address."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        self._beat = beat
        user = place.settings.get("user", "").strip()
        if not user or ":" in user:
            raise Refused.because([Problem("user", "Write the user name that logs in there.")])
        address = quote(place.location.strip(), safe="/:%[]@!$&'()*+,;=~-._")
        self._web = Web("WebDAV", address, patience, scheme="Basic", reuse=True)
        self._web.name = f"WebDAV on {self._web.host}"
        self._token = b64encode(f"{user}:{place.secret}".encode()).decode()
        desk = hashlib.sha256(f"{platform.node()} {place.state_file}".encode()).hexdigest()[:8]
        # Without the dot: nginx lists no such names, and what a cut left would never be found again.
        self._aside = f"{ASIDE.lstrip('.')}{desk}-"
        self._lists = True
        self.where = f"{unquote(urlsplit(self._web.base_url).path) or '/'} on {self._web.host}"
        self.identity = f"{user} {self._web.base_url}"
        self.url = ""
        self.greeting = f"{user} is logged in to {self._web.host}."

    def read(self, path: str) -> Found | None:
        """A whole file; a strong ETag is its version."""
        answer = self._ask("GET", path, most=MOST)
        if answer.status == 404:  # noqa: PLR2004
            return None
        self._refuse(answer)
        if not answer.whole:
            raise TryLater(f"{self._web.host} was cut off in the middle of its answer.", code="cut-off")
        tag = answer.headers.get("ETag", "")
        return Found(answer.body, "" if tag.startswith("W/") else tag)

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """Only names can be asked for, so what is there counts as different."""
        paths = [file.path for file in files]
        there = walk(self._look, paths, AT_ONCE, self._beat)
        if not self._lists:  # a server that lists nothing is asked for each
            there = {path for path, lies in side_by_side(self._lies, paths, AT_ONCE, self._beat) if lies}
        return dict.fromkeys(there, False)

    def _lies(self, path: str) -> bool:
        return self._ask("HEAD", path).status in _OK

    def _look(self, folder: str) -> Mapping[str, bool]:
        """The names in a folder, and which of them are folders (RFC 4918, section 9.1)."""
        headers = {"Depth": "1", "Content-Type": "application/xml"}
        answer = self._ask("PROPFIND", f"{folder}/".lstrip("/"), headers=headers, data=_ASK_TYPE, most=_LISTING)
        if answer.status in (405, 501):
            self._lists = False
            return {}
        self._refuse(answer)
        if answer.status != _MULTI_STATUS:
            raise self._web.garbled(writes=False)
        try:
            root = ET.fromstring(answer.body)  # noqa: S314  of bounded size, and expat itself ends entity bombs
        except ET.ParseError:
            raise self._web.garbled(writes=False) from None
        own = unquote(urlsplit(f"{self._web.base_url}/{quote(folder)}").path).strip("/")
        found = {}
        for one in root.iter(f"{_DAV}response"):
            path = unquote(urlsplit(one.findtext(f"{_DAV}href", "")).path).strip("/")
            parent, _, name = path.rpartition("/")
            if parent == own and name:
                found[name] = one.find(f".//{_DAV}collection") is not None
        return found

    def prepare(self, paths: Collection[str]) -> None:
        """Make folders, those of one level at once, and clear what our last try left half-written."""
        for level in levels(folders_of(paths)):
            for _ in side_by_side(self._make, level, AT_ONCE, self._beat):
                pass
        left = [name for name, is_folder in self._look("").items() if name.startswith(self._aside) and not is_folder]
        list(self.remove(left))

    def _make(self, folder: str) -> None:
        answer = self._ask("MKCOL", f"{folder}/")
        if answer.status != 405:  # noqa: PLR2004  it is there already
            self._refuse_unless_done(answer)

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """Several files at once."""
        for file, _ in side_by_side(self._put, batch, AT_ONCE, self._beat):
            yield file.path

    def _put(self, file: Outgoing) -> None:
        if file.is_new:
            self._refuse_unless_done(self._send(file, file.path))
            return
        aside = f"{self._aside}{secrets.token_hex(6)}.tmp"
        self._refuse_unless_done(self._send(file, aside))
        destination = f"{self._web.base_url}/{quote(file.path)}"
        self._refuse_unless_done(self._ask("MOVE", aside, headers={"Destination": destination, "Overwrite": "T"}))

    def _send(self, file: Outgoing, path: str, condition: Mapping[str, str] | None = None) -> Answer:
        headers = {"Content-Type": file.label.content_type, **(condition or {})}
        return self._ask("PUT", path, headers=headers, data=file.data())

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        """Under the condition that nobody else was there since, where the server knows conditions."""
        condition = {"If-None-Match": "*"} if before is None else {"If-Match": before.tag} if before.tag else {}
        answer = self._send(file, file.path, condition)
        if answer.status == 412:  # noqa: PLR2004  precondition failed
            return False
        self._refuse_unless_done(answer)
        return True

    def digests(self, paths: Collection[str]) -> Mapping[str, str]:
        """Read back, several at once. Where nothing is found, the folder's listing must say the same."""
        found = dict(side_by_side(self.read, paths, AT_ONCE, self._beat))
        missing = [path for path, one in found.items() if one is None]
        if missing and not walk(self._look, missing, AT_ONCE, self._beat).isdisjoint(missing):
            raise self._web.garbled(writes=False)
        return {path: hashlib.sha256(one.data).hexdigest() for path, one in found.items() if one}

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        """Several files at once."""
        for path, _ in side_by_side(self._delete, paths, AT_ONCE, self._beat):
            yield path

    def _delete(self, path: str) -> None:
        answer = self._ask("DELETE", path)
        if answer.status == 404:  # noqa: PLR2004  it was there a moment ago
            raise TryLater(f"{path} in {self.where} went away meanwhile. It is looked for again.", code="vanished")
        self._refuse_unless_done(answer)

    def close(self) -> None:
        """Let the connections go."""
        self._web.close()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        most: int = 100_000,
    ) -> Answer:
        try:
            return self._web.ask(
                method,
                f"/{quote(path)}",
                token=self._token,
                headers={"Accept-Encoding": "identity", "Accept": "*/*", **(headers or {})},
                data=data,
                most=most,
            )
        except TryLater as error:
            if error.code != "http-507":  # RFC 4918, section 11.5
                raise
        raise NeedsPerson(f"{self._web.host} has no room left for {self.where}. Make room there.", code="quota")

    def _refuse_unless_done(self, answer: Answer) -> None:
        """Raise for an answer that does not say that something was done there.

        RFC 4918 and RFC 9110 say it with 201 or 204; a 200 with a page is somebody's on the way: a login, a front.
        """
        self._refuse(answer)
        if answer.status not in _DONE and (answer.body or not answer.whole):
            raise self._web.garbled(writes=False)

    def _refuse(self, answer: Answer) -> None:
        """Raise for an answer that does not say yes."""
        status = answer.status
        if status in _OK and status != _MULTI_STATUS:  # several answers: only a listing has them
            return
        if status == _MULTI_STATUS:
            if b"propstat" in answer.body:
                return
            raise TryLater(f"{self._web.host} could not do that in {self.where}.", code="multi-status")
        if status == 423:  # noqa: PLR2004
            raise TryLater(f"Somebody has a file open in {self.where}, so it is locked.", code="locked")
        reasons = {
            401: "refused the login. Check user name and password",
            403: "does not allow writing there. Ask whoever runs it for the right to write",
            404: "has no such folder. Make it, or name another address",
            405: "takes no files at this address. WebDAV may not be turned on there",
            409: "has no such folder. Make it, or name another address",
            413: "takes no file of this size. Ask whoever runs it to allow 20 MB",
        }
        self._needs_person(reasons.get(status, f"answered {status}. Ask whoever runs it"), status)

    def _needs_person(self, words: str, status: int) -> NoReturn:
        code = "login" if status == 401 else f"http-{status}"  # noqa: PLR2004
        raise NeedsPerson(f"The site could not be published to {self.where}: {self._web.host} {words}.", code=code)


def open_webdav(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return TreeHost(place, lambda beat: DavFiles(place, beat))
