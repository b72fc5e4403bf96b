"""A branch of a repository on GitHub, by its API: no git on this computer, one commit for each publishing.

Texts that are small ride inside the tree; pictures and large pages go ahead as blobs, a few at a time, for GitHub
slows down those who write much at once. The branch is moved without force: when somebody else pushed first, GitHub
says 422, and the commit is made anew on top of his.

Sources: https://docs.github.com/en/rest/git (blobs, trees, commits, refs; "Note: base_tree"),
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and its "best practices".
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from statusdesk.errors import Problem, Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web, wait_asked
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.branch import HISTORY, branch_settings, marker
from statusdesk.targets.files import Beat, Found, side_by_side
from statusdesk.targets.tree import BUILD, read_stamp
from statusdesk.targets.whole import Parcel, Shown, Whole, WholeHost

API = "https://api.github.com"
_REPOSITORY = re.compile(r"(https://github\.com/)?(?P<name>[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+?)(\.git)?/?")
_LISTING = 20_000_000  # bytes of a tree: GitHub cuts it at 7 MB or 100,000 entries
_INLINE = 100_000  # bytes of a text that rides inside the tree
_BATCH, _BATCH_BYTES = 500, 2_000_000  # entries and bytes of one request for a tree
_AT_ONCE = 3
_CREATED = 201
_NOT_FOUND, _EMPTY, _STALE = 404, 409, 422


class GitHubBranch(Whole):
    """One branch of one repository, and a folder in it."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        match = _REPOSITORY.fullmatch(place.location.strip())
        if match is None:
            raise Refused.because([Problem("location", "Write owner and repository, like northlake/status.")])
        self._name = match["name"]
        self._branch, self._folder, self._author = branch_settings(place.settings)
        self._web = Web("GitHub", place.settings.get("server", "").strip() or API, patience, reuse=True)
        self._token, self._beat = place.secret, beat
        self._tree, self._is_empty, self._is_marked = "", False, False
        self.where = f"the branch {self._branch} of {self._name} on {self._web.host}"
        self.identity = f"{self._web.base_url} {self._name} {self._branch} {self._folder}"
        self.url = ""
        self.greeting = f"{self._name} can be read on {self._web.host}."
        self.remarks = (HISTORY,)

    def digest(self, path: str, data: bytes) -> str:
        """The id of its blob."""
        del path
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def look(self) -> Shown:
        """The branch's newest commit, and what is in it."""
        answer = self._ask("GET", f"/git/ref/heads/{quote(self._branch)}")
        self._is_empty = answer.status == _EMPTY  # no commit at all: blobs and trees are not taken yet
        if answer.status in (_NOT_FOUND, _EMPTY):
            self._known(self._ask("GET", ""))  # the repository itself must be there
            self._tree = ""
            return Shown(version="", stamp=None, files={})
        head = self._text(self._known(answer), "object", "sha")
        self._tree = self._text(self._known(self._ask("GET", f"/git/commits/{head}")), "tree", "sha")
        files = self._listed()
        build = files.get(BUILD)
        stamp = None
        if build:
            blob = self._known(self._ask("GET", f"/git/blobs/{build}"))
            stamp = read_stamp(Found(b64decode(str(blob.get("content", "")))))
        return Shown(version=head, stamp=stamp, files=files)

    def _listed(self) -> Mapping[str, str]:
        known = self._known(self._ask("GET", f"/git/trees/{self._tree}", params={"recursive": "1"}, most=_LISTING))
        if known.get("truncated"):
            words = (
                f"{self.where} holds more files than GitHub's API lists. Publish there with the kind Git repository."
            )
            raise NeedsPerson(words, code="too-many")
        prefix = f"{self._folder}/" if self._folder else ""
        found = {}
        self._is_marked = False
        for one in known.get("tree") or ():
            path = str(one.get("path", ""))
            self._is_marked |= path == marker(self._folder)
            if one.get("type") != "tree" and path.startswith(prefix):
                is_file = str(one.get("mode")).startswith("100")
                found[path.removeprefix(prefix)] = str(one.get("sha")) if is_file else "no file"
        return found

    def may_write(self) -> str:
        """What the token may do there, as the repository tells."""
        known = self._known(self._ask("GET", ""))
        if not (known.get("permissions") or {}).get("push"):
            raise self._no_right()
        return f"The token may write to {self._name}."

    def put(self, parcel: Parcel, shown: Shown) -> bool:
        """Blobs, trees, a commit, and the branch moved to it if it is still where it was."""
        if self._is_empty:
            self._begin(parcel.message)
            return False  # now there is a branch to look at
        tree = self._tree
        for batch in self._batches(parcel):
            given: dict[str, Any] = {"tree": batch} | ({"base_tree": tree} if tree else {})
            tree = self._text(self._made("/git/trees", given), "sha")
            self._beat()
        name, _, mail = self._author.rpartition(" <")
        commit = {"message": parcel.message, "tree": tree, "parents": [shown.version] if shown.version else []}
        made = self._made("/git/commits", commit | {"author": {"name": name, "email": mail.rstrip(">")}})
        return self._moved(self._text(made, "sha"), is_new=not shown.version)

    def _moved(self, commit: str, *, is_new: bool) -> bool:
        if is_new:
            answer = self._ask("POST", "/git/refs", body={"ref": f"refs/heads/{self._branch}", "sha": commit})
        else:
            body = {"sha": commit, "force": False}
            answer = self._ask("PATCH", f"/git/refs/heads/{quote(self._branch)}", body=body)
        if answer.status in (_STALE, _EMPTY):
            words = answer.words()
            if re.search(r"protected|rule|required", words, re.IGNORECASE):
                raise NeedsPerson(
                    f"{self._web.host} did not move the branch {self._branch} (“{words}”). The branch is protected: "
                    "allow this token's owner to push to it.",
                    code="declined",
                )
            return False
        self._known(answer)
        return True

    def _begin(self, message: str) -> None:
        """The first commit of an empty repository, which only the contents API makes."""
        body = {"message": message, "content": b64encode(b"\n").decode(), "branch": self._branch}
        answer = self._ask("PUT", f"/contents/{quote(marker(self._folder))}", body=body)
        if answer.status not in (_STALE, _EMPTY):
            self._known(answer)

    def _batches(self, parcel: Parcel) -> Iterator[list[dict[str, Any]]]:
        """The entries of the new tree, in pieces that one request may hold."""
        batch, size = self._gone(parcel), 0
        large = []
        for path in parcel.missing:
            self._beat()
            data = parcel.data(path)
            text = _text(data)
            if text is None:
                large.append(path)
                continue
            if len(batch) >= _BATCH or size + len(data) > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(self._entry(path) | {"content": text})
            size += len(data)
        for path, sha in side_by_side(lambda path: self._blob(parcel.data(path)), large, _AT_ONCE, self._beat):
            batch.append(self._entry(path) | {"sha": sha})
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        if not self._is_marked:  # with a line in it, for a tree takes no empty content
            batch.append({"path": marker(self._folder), "mode": "100644", "type": "blob", "content": "\n"})
        if batch:
            yield batch

    def _gone(self, parcel: Parcel) -> list[dict[str, Any]]:
        # A file that gives way to a folder goes with the folder's coming, and the other way round.
        coming = {part for path in parcel.missing for part in _parts(path)}
        kept = [path for path in parcel.removed if path not in coming and not _parts(path) & set(parcel.missing)]
        return [self._entry(path) | {"sha": None} for path in kept]

    def _entry(self, path: str) -> dict[str, Any]:
        return {"path": f"{self._folder}/{path}" if self._folder else path, "mode": "100644", "type": "blob"}

    def _blob(self, data: bytes) -> str:
        body = {"content": b64encode(data).decode(), "encoding": "base64"}
        return self._text(self._made("/git/blobs", body), "sha")

    def close(self) -> None:
        """Close the connection."""
        self._web.close()

    def _made(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._ask("POST", path, body=body)
        if answer.status == _STALE:
            words = f"GitHub did not take a part of the site (“{answer.words()}”). It is compared again."
            raise TryLater(words, code="http-422")
        return self._known(answer)

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        answer = self._web.ask(method, f"/repos/{self._name}{path}", token=self._token, headers=headers, **more)
        limited = answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
        if answer.status == 403 and (limited or "rate limit" in answer.words().lower()):  # noqa: PLR2004
            raise TryLater("GitHub asks us to wait before the next request.", code="rate-limit", after_s=_wait(answer))
        if answer.status == 401:  # noqa: PLR2004
            words = f"{self._web.host} does not know the token: it may have run out. Make a new one."
            raise NeedsPerson(words, code="login")
        return answer

    def _known(self, answer: Answer) -> Mapping[str, Any]:
        """The object that an answer holds. Raises for one that does not say yes."""
        if answer.status in (200, _CREATED):
            known = answer.record()
            if known is None:
                raise self._web.garbled(writes=False)
            return known
        if answer.status == _NOT_FOUND:
            words = f"{self._web.host} shows no repository {self._name} to this token. Check both."
            raise NeedsPerson(words, code="missing")
        if answer.status == 403:  # noqa: PLR2004
            raise self._no_right()
        words = answer.words() or f"it answered {answer.status}"
        raise NeedsPerson(f"{self._web.host} refused for {self._name}: “{words}”.", code=f"http-{answer.status}")

    def _no_right(self) -> NeedsPerson:
        return NeedsPerson(f"The token needs write access to contents of {self._name}.", code="rights")

    def _text(self, known: Mapping[str, Any], *names: str) -> str:
        """A text inside an answer. Raises TryLater when it is not of GitHub."""
        value: Any = known
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{40,64}", value):
            raise self._web.garbled(writes=False)
        return value


def open_github(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return WholeHost(place, lambda beat: GitHubBranch(place, beat))


def _text(data: bytes) -> str | None:
    """A content that may ride inside the tree."""
    if not 0 < len(data) <= _INLINE:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _parts(path: str) -> set[str]:
    """The folders that a file lies in."""
    parts = path.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts))}


def _wait(answer: Answer) -> float:
    """Seconds: what it says, else the minute that GitHub asks of those who wrote too much at once."""
    asked = wait_asked(answer)
    return 60.0 if asked is None else asked
