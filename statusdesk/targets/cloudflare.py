"""A project on Cloudflare Pages, by direct upload: the way Cloudflare's own tool goes.

Contents are known there by a hash and sent once, in buckets, with a short-lived token that is asked for first; a
deployment then names all paths and their hashes, and becomes visible as a whole. Its commit message is a line with the
build: by that we know what is live (docs/decisions/0016). `_headers` rides along with the deployment.

Sources: https://developers.cloudflare.com/pages/get-started/direct-upload/, its limits at
https://developers.cloudflare.com/pages/platform/limits/, the reference at
https://developers.cloudflare.com/api/resources/pages/, and for the upload, which has no reference, what the tool does:
https://github.com/cloudflare/workers-sdk (packages/wrangler/src/pages: upload, hash, errors).
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from threading import Event
from typing import Any
from urllib.parse import quote

from statusdesk.domain import headers
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import Beat, side_by_side
from statusdesk.targets.whole import Parcel, Shown, Whole, WholeHost, stamp_said, stamp_words

API = "https://api.cloudflare.com/client/v4"
MOST_FILES, MOST_BYTES = 20_000, 25 * 1024 * 1024
_RULES = "_headers"  # read by Cloudflare, and no file of the site
_BUCKET, _BUCKET_BYTES = 500, 10_000_000  # files and bytes of one upload
_AT_ONCE = 3
_ANSWER = 10_000_000  # bytes: hashes of all files
_LOOKS, _PAUSE_S = 8, 0.5  # at a deployment that is not live yet, before it is left to the next try
_PROJECT, _ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]{0,57}"), re.compile(r"[0-9a-f]{32}")

# What must be done about an error, by its code. Others are told in Cloudflare's words.
_LOGIN, _UNKNOWN = (6003, 9106, 9109, 10000, 10001), 8000000
_FOR_PEOPLE = {
    7003: "there is no such account. Check the account id",
    8000007: "there is no project {project} in this account. Make it for direct upload, or correct its name",
    8000069: "the project {project} is built from a repository. Make another one for direct upload",
}
_EXPIRED = 8000013


class CloudflareProject(Whole):
    """One project."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE, pause_s: float = _PAUSE_S) -> None:
        self._project = place.location.strip().removesuffix(".pages.dev")
        account = place.settings.get("account", "").strip()
        _refuse_unfit(self._project, account)
        self._web = Web("Cloudflare", place.settings.get("server", "").strip() or API, patience, reuse=True)
        self._path = f"/accounts/{account}/pages/projects/{self._project}"
        self._token, self._beat, self._pause_s = place.secret, beat, pause_s
        self._branch = ""
        self.where = f"{self._project} on Cloudflare Pages"
        self.identity = f"{self._web.base_url} {account} {self._project}"
        self.url = ""
        self.greeting = f"Cloudflare knows the project {self._project}."
        self.remarks = ()

    def digest(self, path: str, data: bytes) -> str:
        """BLAKE3 of the content in Base64 and of the path's ending, cut to 32 digits."""
        import blake3  # noqa: PLC0415  needed by nobody else

        ending = PurePosixPath(path).suffix.removeprefix(".")
        return blake3.blake3(b64encode(data) + ending.encode()).hexdigest()[:32]

    def look(self) -> Shown:
        """The production deployment, and the build in its commit message."""
        known = self._result(self._ask("GET", self._path))
        self._branch = str(known.get("production_branch") or "main")
        self.url = f"https://{known['subdomain']}/" if known.get("subdomain") else ""
        live = known.get("canonical_deployment")
        if not isinstance(live, dict) or not live.get("id"):
            return Shown(version="", stamp=None, files=None)
        trigger = live.get("deployment_trigger")
        meant = trigger.get("metadata") if isinstance(trigger, dict) else None
        words = meant.get("commit_message") if isinstance(meant, dict) else None
        return Shown(version=str(live["id"]), stamp=stamp_said(words), files=None)

    def may_write(self) -> str:
        """An upload token is given only to whoever may publish."""
        self._upload_token()
        return f"The token may publish to {self._project}."

    def put(self, parcel: Parcel, shown: Shown) -> bool:
        """Contents first, then the deployment that shows them, if nobody else's came meanwhile."""
        by_hash = {digest: path for path, digest in parcel.digests.items() if path != _RULES}
        if len(parcel.digests) > MOST_FILES:
            words = f"Cloudflare Pages takes {MOST_FILES:,} files, and the site has {len(parcel.digests):,}."
            raise NeedsPerson(f"{words} Choose another host.", code="too-many")
        token = self._upload_token()
        asked = {"hashes": list(by_hash)}
        wanted = self._result(self._ask("POST", "/pages/assets/check-missing", token, body=asked, most=_ANSWER), list)
        paths = [by_hash[one] for one in wanted if one in by_hash]
        for _ in side_by_side(lambda one: self._upload(one, token), self._buckets(paths, parcel), 1, self._beat):
            pass
        self._result(self._ask("POST", "/pages/assets/upsert-hashes", token, body=asked), object)
        if self.look().version != shown.version:
            return False
        return self._deploy(parcel)

    def _upload_token(self) -> str:
        token = self._result(self._ask("GET", f"{self._path}/upload-token")).get("jwt")
        if not isinstance(token, str) or not token:
            raise self._web.garbled(writes=False)
        return token

    def _buckets(self, paths: Sequence[str], parcel: Parcel) -> Iterator[list[dict[str, Any]]]:
        """Contents in pieces that one request may hold, read when their turn comes."""
        bucket, size = list[dict[str, Any]](), 0
        for path in paths:
            data = parcel.data(path)
            if len(data) > MOST_BYTES:
                words = f"Cloudflare Pages takes files of 25 MB at most, and {path} has more. Make it smaller."
                raise NeedsPerson(words, code="too-large")
            if bucket and (len(bucket) >= _BUCKET or size + len(data) > _BUCKET_BYTES):
                yield bucket
                bucket, size = [], 0
            kind = headers.label([], path).content_type
            value = b64encode(data).decode()
            key = parcel.digests[path]
            bucket.append({"key": key, "value": value, "metadata": {"contentType": kind}, "base64": True})
            size += len(data)
        if bucket:
            yield bucket

    def _upload(self, bucket: list[dict[str, Any]], token: str) -> None:
        self._result(self._ask("POST", "/pages/assets/upload", token, body=bucket), object)

    def _deploy(self, parcel: Parcel) -> bool:
        manifest = {f"/{path}": digest for path, digest in parcel.digests.items() if path != _RULES}
        fields = {
            "manifest": json.dumps(manifest),
            "branch": self._branch,
            "commit_message": stamp_words(parcel.stamp),
            "commit_dirty": "false",
        }
        rules = parcel.data(_RULES) if _RULES in parcel.digests else None
        kind, data = _form(fields, rules)
        answer = self._ask("POST", f"{self._path}/deployments", headers={"Content-Type": kind}, data=data, most=_ANSWER)
        made = self._result(answer).get("id")
        for _ in range(_LOOKS):
            if made and self.look().version == made:
                return True
            self._beat()
            Event().wait(self._pause_s)
        words = "Cloudflare is still making the page live. It is looked at again."
        raise TryLater(words, code="processing", after_s=10)

    def close(self) -> None:
        """Close the connection."""
        self._web.close()

    def _ask(self, method: str, path: str, token: str = "", **more: Any) -> Answer:
        return self._web.ask(method, quote(path), token=token or self._token, **more)

    def _result(self, answer: Answer, kind: type = dict) -> Any:
        """What an answer gives. Raises for one that does not say yes."""
        known = answer.record() or {}
        if 200 <= answer.status < 300 and known.get("success") is True:  # noqa: PLR2004
            if not isinstance(known.get("result"), kind):
                raise self._web.garbled(writes=False)
            return known["result"]
        code, said = _error(known)
        if answer.status < 300 and not code:  # noqa: PLR2004
            raise self._web.garbled(writes=False)
        if code == _EXPIRED:
            raise TryLater("Cloudflare's token for this upload has run out. It goes on with a new one.", code="expired")
        if code == _UNKNOWN:
            raise TryLater("Cloudflare has a fault of its own (8000000).", code="8000000")
        if code in _LOGIN or answer.status in (401, 403):
            words = "does not accept the token. It needs the right Cloudflare Pages: Edit for this account"
            raise NeedsPerson(f"{self._web.host} {words}.", code="login")
        words = _FOR_PEOPLE.get(code, f"“{said or answer.status}”").format(project=self._project)
        if code not in _FOR_PEOPLE and answer.status == 404:  # noqa: PLR2004
            words = _FOR_PEOPLE[8000007].format(project=self._project)
        raise NeedsPerson(f"{self._web.host} refused: {words}.", code=str(code or f"http-{answer.status}"))


def open_cloudflare(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return WholeHost(place, lambda beat: CloudflareProject(place, beat))


def _refuse_unfit(project: str, account: str) -> None:
    wrong = []
    if not _PROJECT.fullmatch(project):
        wrong.append(Problem("location", "Write the project's name, like northlake-status."))
    if not _ACCOUNT.fullmatch(account):
        wrong.append(Problem("account", "Copy the account id again: 32 digits and letters from a to f."))
    if wrong:
        raise Refused.because(wrong)


def _error(known: Mapping[str, Any]) -> tuple[int, str]:
    """Code and words of the first error; 0 and nothing when there is none."""
    errors = known.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = first.get("code")
    words = tidy_line(str(first.get("message") or ""))[:200]
    return code if isinstance(code, int) else 0, words.replace("{", "(").replace("}", ")")


def _form(fields: Mapping[str, str], rules: bytes | None) -> tuple[str, bytes]:
    """A form with a file, as RFC 7578 writes it: its type and its bytes."""
    edge = secrets.token_hex(16)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if rules is not None:
        named = f'name="{_RULES}"; filename="{_RULES}"'
        parts.append(f"--{edge}\r\nContent-Disposition: form-data; {named}\r\n\r\n".encode() + rules + b"\r\n")
    parts.append(f"--{edge}--\r\n".encode())
    return f"multipart/form-data; boundary={edge}", b"".join(parts)
