"""S3 and what speaks its language (Cloudflare R2, MinIO, Backblaze B2, Hetzner, Scaleway, Wasabi and so on).

A thin client over the one HTTP client of the house: docs/decisions/0015. A PUT shows the whole object or the old one.
`build.json` is written under a condition, which AWS, R2, MinIO and SeaweedFS honour; hosts that ignore conditions are
safe by the engine's comparing before and after.

Source: Amazon S3 API Reference, PutObject, ListObjectsV2, "Error responses"
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, and the user guide's "Conditional writes".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from statusdesk import clock
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web
from statusdesk.targets.address import clean_folder
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import AT_ONCE, MOST, Beat, Files, Found, Outgoing, side_by_side
from statusdesk.targets.sigv4 import Signer, encoded
from statusdesk.targets.tree import TreeHost

_LISTING = 5_000_000  # bytes of one page of a listing: a thousand names of 1,024 characters, and what is around them
_LOST = (409, 412)  # somebody else wrote first
_MD5 = re.compile(r'"?[0-9a-f]{32}"?')
_OK = range(200, 300)

# What must be done about an error, by its code.
_FOR_PEOPLE = {
    "AccessDenied": "the access key may not do that. It needs to list the bucket, and to read, write and delete in it",
    "AllAccessDisabled": "the account is switched off. Ask whoever runs it",
    "InvalidAccessKeyId": "it does not know this access key. Copy key and secret again",
    "SignatureDoesNotMatch": "the secret does not belong to this access key. Copy both again",
    "NoSuchBucket": "there is no bucket {bucket}. Make it, or name another",
    "InvalidBucketName": "{bucket} is no name of a bucket. Name another",
    "AuthorizationHeaderMalformed": "the bucket lies in another region{region}. Correct the region",
    "PermanentRedirect": "the bucket lies in another region. Correct endpoint and region",
    "RequestTimeTooSkewed": "this computer's clock is wrong by more than 15 minutes. Set it, then try again",
    "QuotaExceeded": "the quota is used up. Make room there",
    "XMinioStorageFull": "the disk is full. Make room there",
}


class S3Files(Files):
    """The objects below one prefix of one bucket."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        self._beat = beat
        settings = place.settings
        self._bucket, _, folder = place.location.strip().strip("/").partition("/")
        prefix = clean_folder(folder)
        access_key, region = settings.get("access_key", "").strip(), settings.get("region", "").strip() or "us-east-1"
        _refuse_unfit(self._bucket, prefix, access_key, region)
        self._prefix = "" if prefix in (None, ".") else f"{prefix}/"
        endpoint = settings.get("endpoint", "").strip() or f"https://s3.{region}.amazonaws.com"
        self._web, self._path = self._address(endpoint, settings.get("path_style", "").strip().lower(), patience)
        self._web.name = f"S3 on {self._web.host}"
        parts = urlsplit(self._web.base_url)
        usual = {"https": 443, "http": 80}[parts.scheme]
        self._host = parts.netloc.removesuffix(f":{usual}")
        self._signer = Signer(access_key, region, place.secret.strip())
        self.where = f"{self._bucket}/{self._prefix}".rstrip("/") + f" on {self._web.host}"
        self.identity = f"{self._web.base_url}{self._path}/{self._prefix} {self._bucket}"
        self.url = ""
        self.greeting = f"The bucket {self._bucket} answers."

    def _address(self, endpoint: str, path_style: str, patience: Patience) -> tuple[Web, str]:
        """The server, and the path of the bucket on it: a host of its own, or a folder (path style)."""
        web = Web("S3", endpoint, patience, reuse=True)
        if path_style != "no" and (path_style == "yes" or not web.host.endswith("amazonaws.com")):
            return web, f"{urlsplit(web.base_url).path}/{self._bucket}"
        scheme, _, rest = web.base_url.partition("://")
        return Web("S3", f"{scheme}://{self._bucket}.{rest}", patience, reuse=True), ""

    def read(self, path: str) -> Found | None:
        """A whole object; its ETag is the version."""
        answer = self._ask("GET", path, most=MOST)
        if _code(answer) == "NoSuchKey":
            return None
        self._refuse(answer)
        if not answer.whole:
            raise TryLater(f"{self._web.host} was cut off in the middle of its answer.", code="cut-off")
        return Found(answer.body, self._tag(answer))

    def _tag(self, answer: Answer) -> str:
        """The ETag, which every S3 host gives with an object. Without it, somebody on the way has answered."""
        tag = answer.headers.get("ETag", "")
        if not tag:
            raise self._web.garbled(writes=False)
        return tag

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """All objects below the prefix, a thousand a page, compared by the MD5 that most hosts give as their ETag."""
        wanted = {file.path: file for file in files}
        found, after = {}, ""
        while True:
            page, after = self._list(after)
            for path, tag in page:
                # An ETag of another kind (several parts, encrypted) never equals an MD5: that file is sent again.
                told = path in wanted and _MD5.fullmatch(tag) is not None
                found[path] = told and tag.strip('"') == _md5(wanted[path].data())
            self._beat()
            if not after:
                return found

    def _list(self, after: str) -> tuple[list[tuple[str, str]], str]:
        query = {"list-type": "2", "max-keys": "1000", "prefix": self._prefix}
        answer = self._ask("GET", None, query=query | ({"continuation-token": after} if after else {}), most=_LISTING)
        self._refuse(answer)
        try:
            root = ET.fromstring(answer.body)  # noqa: S314  a few MB at most, and expat itself ends entity bombs
        except ET.ParseError:
            root = ET.Element("nothing")
        if not root.tag.endswith("ListBucketResult"):
            raise self._web.garbled(writes=False)
        space = root.tag.removesuffix("ListBucketResult")
        objects = [
            (one.findtext(f"{space}Key", "").removeprefix(self._prefix), one.findtext(f"{space}ETag", ""))
            for one in root.iter(f"{space}Contents")
        ]
        return objects, root.findtext(f"{space}NextContinuationToken", "")

    def prepare(self, paths: Collection[str]) -> None:
        """Objects need no folders."""

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """Several objects at once."""
        for file, _ in side_by_side(self._put, batch, AT_ONCE, self._beat):
            yield file.path

    def _put(self, file: Outgoing) -> None:
        answer = self._send(file, {})
        self._refuse(answer)
        self._tag(answer)

    def _send(self, file: Outgoing, condition: Mapping[str, str]) -> Answer:
        label = {"Content-Type": file.label.content_type, "Cache-Control": file.label.cache}
        return self._ask("PUT", file.path, headers={**label, **condition}, body=file.data())

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        """Under the condition that nobody else was there since, where the host knows conditions."""
        condition = {"If-Match": before.tag} if before else {"If-None-Match": "*"}
        if before and (not before.tag or before.tag.startswith("W/")):
            condition = {}
        try:
            answer = self._send(file, condition)
        except TryLater as error:
            if error.code != "http-501" or not condition:  # "not implemented": a host that refuses conditions
                raise
            answer = self._send(file, {})
        if answer.status in _LOST or (condition and answer.status == 404):  # noqa: PLR2004  gone meanwhile
            return False
        self._refuse(answer)
        self._tag(answer)
        return True

    def digests(self, paths: Collection[str]) -> Mapping[str, str]:
        """Read back, several at once."""
        found = side_by_side(self.read, paths, AT_ONCE, self._beat)
        return {path: hashlib.sha256(one.data).hexdigest() for path, one in found if one}

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        """Several objects at once."""
        for path, _ in side_by_side(self._delete, paths, AT_ONCE, self._beat):
            yield path

    def _delete(self, path: str) -> None:
        answer = self._ask("DELETE", path)
        if _code(answer) == "NoSuchKey":
            return
        self._refuse(answer)
        if answer.body or not answer.whole:  # a page of somebody on the way
            raise self._web.garbled(writes=False)

    def close(self) -> None:
        """Let the connections go."""
        self._web.close()

    def _ask(
        self,
        method: str,
        path: str | None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        most: int = 100_000,
    ) -> Answer:
        """One signed request for an object, or for the bucket itself (None)."""
        whole = self._path if path is None else f"{self._path}/{quote(self._prefix + path, safe='/-_.~')}"
        whole = whole or "/"
        send = self._signer.headers(method, self._host, whole, query or {}, headers or {}, body, clock.now())
        base = urlsplit(self._web.base_url).path
        asked = whole.removeprefix(base) + (f"?{encoded(query)}" if query else "")
        return self._web.ask(
            method,
            asked,
            headers=send | {"Accept-Encoding": "identity", "Accept": "*/*"},
            data=body if method == "PUT" else None,
            most=most,
        )

    def _refuse(self, answer: Answer) -> None:
        """Raise for an answer that does not say yes."""
        if answer.status in _OK:
            return
        code = _code(answer)
        if code in _FOR_PEOPLE:
            region = f" ({_inner(answer, 'Region')})" if _inner(answer, "Region") else ""
            self._needs_person(_FOR_PEOPLE[code].format(bucket=self._bucket, region=region), code)
        if answer.status in (401, 403):
            self._needs_person(_FOR_PEOPLE["AccessDenied"], "login")
        if answer.status in (404, 400, 405):
            words = _inner(answer, "Message") or answer.words() or f"it answered {answer.status}"
            self._needs_person(f"it answered “{words}”. Check endpoint, bucket and region", code or "refused")
        raise TryLater(f"{self._web.host} answered {answer.status} {code}".strip() + ".", code=code or "refused")

    def _needs_person(self, words: str, code: str) -> NoReturn:
        raise NeedsPerson(f"The site could not be published to {self.where}: {words}.", code=code.lower())


def open_s3(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    connect: Callable[[Beat], Files] = lambda beat: S3Files(place, beat)  # noqa: E731
    return TreeHost(place, connect)


def _refuse_unfit(bucket: str, prefix: str | None, access_key: str, region: str) -> None:
    wrong = []
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}", bucket) or prefix is None:
        wrong.append(Problem("location", "Write the bucket's name, and a folder in it if you like: status/site."))
    if not re.fullmatch(r"[\x21-\x7e]+", access_key) or set(access_key) & set("/,= "):
        wrong.append(Problem("access_key", "Copy the access key's id again, without its secret."))
    if not re.fullmatch(r"[A-Za-z0-9-]+", region):
        wrong.append(Problem("region", "Write the region like eu-central-1; leave it empty if your host has none."))
    if wrong:
        raise Refused.because(wrong)


def _code(answer: Answer) -> str:
    return _inner(answer, "Code")


def _inner(answer: Answer, name: str) -> str:
    """One line of an error document. Read without a parser: it may be cut off, and is only shown."""
    match = re.search(rf"<{name}>([^<]{{1,200}})</{name}>", answer.body[:10_000].decode("utf-8", "replace"))
    return tidy_line(match[1]) if match else ""


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
