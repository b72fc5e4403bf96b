"""A site on Netlify, by its deploys API: the digests of all files first, then the contents that it asks for.

A deploy becomes visible as a whole once its last file is there and processed. Its id lies beside the note, so that one
that was cut off, or is still being processed, is gone on with. Each carries a line with its build as its title: by that
we know what is live (docs/decisions/0016). `_headers` is read by Netlify itself.

Sources: https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api ("File digest method"), and the
reference at https://open-api.netlify.com (createSiteDeploy, getDeploy, uploadDeployFile).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from threading import Event
from typing import Any
from urllib.parse import quote

from statusdesk.domain.text import tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import Beat, side_by_side
from statusdesk.targets.note import put_in_place
from statusdesk.targets.whole import Parcel, Shown, Whole, WholeHost, stamp_said, stamp_words

API = "https://api.netlify.com"
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,250}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AT_ONCE = 4
_ANSWER = 10_000_000  # bytes: a deploy names every content that it wants
_LOOKS, _PAUSE_S = 8, 0.5  # at a deploy that is being processed, before it is left to the next try
_ASYNC_FROM = 1000  # files, from which on Netlify compares in the background
_READY, _PREPARING = ("ready", "current"), ("new", "preparing", "pending_review", "enqueued")
_FAILED = ("error", "rejected", "cancelled")


class NetlifySite(Whole):
    """One site."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE, pause_s: float = _PAUSE_S) -> None:
        self._site = place.location.strip().removeprefix("https://").rstrip("/")
        if not _SITE.fullmatch(self._site):
            raise Refused.because([Problem("location", "Write the site's name, like northlake-status.netlify.app.")])
        self._web = Web("Netlify", place.settings.get("server", "").strip() or API, patience, reuse=True)
        self._token, self._beat, self._pause_s = place.secret, beat, pause_s
        self._file = place.state_file.with_suffix(".deploy")
        self.where = f"{self._site} on Netlify"
        self.identity = f"{self._web.base_url} {self._site}"
        self.url = ""
        self.greeting = f"Netlify knows the site {self._site}."
        self.remarks = ()

    def digest(self, path: str, data: bytes) -> str:
        """SHA-1, as Netlify counts."""
        del path
        return hashlib.sha1(data, usedforsecurity=False).hexdigest()

    def look(self) -> Shown:
        """The deploy that is live, and the build in its title."""
        known = self._known(self._ask("GET", f"/sites/{quote(self._site)}"))
        live = known.get("published_deploy")
        self.url = str(known.get("ssl_url") or known.get("url") or "")
        if not isinstance(live, dict) or not live.get("id"):
            return Shown(version="", stamp=None, files=None)
        return Shown(version=str(live["id"]), stamp=stamp_said(live.get("title")), files=None)

    def may_write(self) -> str:
        """Whoever can see a site with a token of its team can publish to it; Netlify has no way to ask."""
        return "Netlify took the token. Whoever may see a site may publish to it."

    def put(self, parcel: Parcel, shown: Shown) -> bool:
        """Send what is asked for; the last content makes the deploy live, so a look comes just before it."""
        deploy = self._begun(parcel)
        by_digest = {digest: path for path, digest in parcel.digests.items()}
        asked = [by_digest[digest] for digest in deploy.get("required") or () if digest in by_digest]
        id_ = self._id(deploy)
        *first, last = asked or [""]
        for _ in side_by_side(lambda path: self._upload(id_, path, parcel), first, _AT_ONCE, self._beat):
            pass
        if last:
            if self.look().version != shown.version:
                return False
            self._upload(id_, last, parcel)
        self._wait(id_)
        self._file.unlink(missing_ok=True)
        live = self.look().version
        if live == shown.version:
            words = f"Netlify holds the new page of {self._site} back. Start automatic publishing there again."
            raise NeedsPerson(words, code="locked")
        return live == id_

    def _begun(self, parcel: Parcel) -> Mapping[str, Any]:
        """The deploy of this build that was begun, or a new one, once Netlify knows what it wants."""
        deploy = self._left_over(parcel.stamp.id)
        if deploy is None:
            files = {f"/{path}": digest for path, digest in parcel.digests.items()}
            body = {"files": files, "async": len(files) > _ASYNC_FROM}
            params = {"title": stamp_words(parcel.stamp)}
            answer = self._ask("POST", f"/sites/{quote(self._site)}/deploys", body=body, params=params, most=_ANSWER)
            deploy = self._known(answer)
            kept = {"build": parcel.stamp.id, "deploy": self._id(deploy)}
            put_in_place(self._file, json.dumps(kept).encode())
        for _ in range(_LOOKS):
            if deploy.get("state") not in _PREPARING:
                return deploy
            Event().wait(self._pause_s)
            self._beat()
            deploy = self._deploy(self._id(deploy))
        raise TryLater("Netlify still compares the site. It goes on in a moment.", code="preparing", after_s=10)

    def _left_over(self, build: str) -> Mapping[str, Any] | None:
        try:
            known = json.loads(self._file.read_text("utf-8"))
            if known["build"] != build or not _ID.fullmatch(known["deploy"]):
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        answer = self._ask("GET", f"/deploys/{known['deploy']}", most=_ANSWER)
        deploy = answer.record() or {}
        return deploy if answer.status == 200 and deploy.get("state") not in _FAILED else None  # noqa: PLR2004

    def _upload(self, id_: str, path: str, parcel: Parcel) -> None:
        self._beat()
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._ask("PUT", f"/deploys/{id_}/files/{quote(path)}", data=parcel.data(path), headers=headers)
        self._known(answer)

    def _wait(self, id_: str) -> None:
        for _ in range(_LOOKS):
            deploy = self._deploy(id_)
            if deploy.get("state") in _READY:
                return
            if deploy.get("state") in _FAILED:
                self._file.unlink(missing_ok=True)
                said = tidy_line(str(deploy.get("error_message") or deploy["state"]))[:200]
                raise NeedsPerson(f"Netlify could not make the page of {self._site} live: “{said}”.", code="deploy")
            Event().wait(self._pause_s)
            self._beat()
        raise TryLater("Netlify is still making the page live. It is looked at again.", code="processing", after_s=10)

    def _deploy(self, id_: str) -> Mapping[str, Any]:
        return self._known(self._ask("GET", f"/deploys/{id_}", most=_ANSWER))

    def _id(self, deploy: Mapping[str, Any]) -> str:
        id_ = deploy.get("id")
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            raise self._web.garbled(writes=False)
        return id_

    def close(self) -> None:
        """Close the connection."""
        self._web.close()

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        return self._web.ask(method, f"/api/v1{path}", token=self._token, **more)

    def _known(self, answer: Answer) -> Mapping[str, Any]:
        """The object that an answer holds. Raises for one that does not say yes."""
        status, host = answer.status, self._web.host
        if 200 <= status < 300:  # noqa: PLR2004
            known = answer.record()
            if known is None:
                raise self._web.garbled(writes=False)
            return known
        reasons = {
            401: "does not know the token: it may have run out. Make a new one",
            403: f"does not let this token publish to {self._site}. Make one with an account that may",
            404: f"shows no site {self._site} to this token. Check both",
        }
        words = reasons.get(status, f"refused the site: “{answer.words() or status}”")
        raise NeedsPerson(f"{host} {words}.", code="login" if status == 401 else f"http-{status}")  # noqa: PLR2004


def open_netlify(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return WholeHost(place, lambda beat: NetlifySite(place, beat))
