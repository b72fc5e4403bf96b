"""Threads (developers.facebook.com/docs/threads/posts, .../threads/retrieve-and-manage-replies).

A post is made in two steps: a container, which nobody sees, and its publishing. A fault in the first leaves nothing
behind; only after the second one the post may be there. Nothing can be changed, so a correction is an answer. A token
holds for 60 days and is renewed for as long again when it is older than a day.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from statusdesk import clock
from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import CLOCKS_UNKNOWN, began, earliest, instant, letters, web_address
from statusdesk.channels.graph import GONE, PERMISSION, Graph
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.domain.times import rfc3339
from statusdesk.net.faults import CannotTell, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Patience, Web

DEFAULT_SERVER = "https://graph.threads.net"
VERSION = "v1.0"
LIMITS = Limits(characters=500)
OLD_ENOUGH = timedelta(hours=24)  # a younger token is not renewed
NOT_READY_S = 30.0  # how long a container may take, by the vendor's page
_FIELDS = "id,text,timestamp,permalink"


class ThreadsChannel:
    """One profile."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("Threads", connection.base_url or DEFAULT_SERVER, patience)
        self._pasted = connection.secret.strip()
        self._keeper = connection.keeper
        self._opened: Graph | None = None

    def check(self) -> Checked:
        """Whose token it is."""
        try:
            me = self._graph().ask("GET", f"/{VERSION}/me", params={"fields": "id,username"})
        except SendingError as fault:
            return Checked(ok=False, lines=[CheckLine(what="Login", ok=False, result=fault.message)])
        name = tidy_line(str(me.get("username", "")))[:100]
        lines = [
            CheckLine(what="Login", ok=True, result=f"You post as @{name}."),
            CheckLine(what="Length", ok=True, result=f"A post may count {LIMITS.characters} characters."),
        ]
        url = f"https://www.threads.com/@{quote(name, safe='')}"
        return Checked(ok=True, handle=f"@{name}", profile_url=url, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Prepare it, then publish it. When what it answers is gone, it stands alone."""
        count = counts.threads(post.text, LIMITS)
        if count > LIMITS.characters:
            raise NeedsPerson(
                f"The post counts {count} characters, Threads takes {LIMITS.characters}. Shorten it.", code="too-long"
            )
        container = self._waiting(post) or self._prepared(post)
        try:
            known = self._graph().ask(
                "POST", f"/{VERSION}/me/threads_publish", data={"creation_id": container}, writes=True
            )
        except NeedsPerson as fault:
            if fault.code != GONE:
                raise
            return self._not_ready(post, container)
        self._keep_waiting("")
        key = known.get("id")
        if not isinstance(key, str) or not key:
            raise self._web.garbled(writes=True)
        return RemotePost(id=key[:200], url=self._address(key))

    def find(self, post: Post) -> RemotePost | None:
        """The post among our own newest ones, and where it answers, among our answers."""
        try:
            found = self._look(post, "threads")
            if found is None and (post.root or post.mends):
                found = self._look(post, "replies")
        except TryLater:
            raise
        except SendingError as fault:
            if fault.code == PERMISSION:
                words = "Threads does not let this token read the profile's posts. Look at the profile."
                raise CannotTell(words, code=PERMISSION) from None
            raise TryLater(fault.message, code=fault.code) from None
        return found

    def _prepared(self, post: Post) -> str:
        """A container for the post: nobody sees it, so a fault leaves nothing behind."""
        answered = [one for one in (post.mends, post.root) if one]
        for one in (*answered, None):
            data = {"media_type": "TEXT", "text": post.text}
            if post.link.startswith("https://"):
                data["link_attachment"] = post.link
            if one is not None:
                data["reply_to_id"] = one.id
            try:
                known = self._graph().ask("POST", f"/{VERSION}/me/threads", data=data)
            except NeedsPerson as fault:
                if one is None or not (fault.code == GONE or self._is_gone(one)):
                    raise
                continue
            key = known.get("id")
            if not isinstance(key, str) or not key:
                raise self._web.garbled(writes=False)
            return key
        raise AssertionError("the last try answers nothing")  # pragma: no cover

    def _is_gone(self, post: RemotePost) -> bool:
        try:
            self._graph().ask("GET", f"/{VERSION}/{quote(post.id, safe='')}", params={"fields": "id"})
        except SendingError as fault:
            return fault.code == GONE
        return False

    def _not_ready(self, post: Post, container: str) -> RemotePost:
        """Threads does not know the container yet, or not any more: the next try asks for the same one once."""
        again = self._waiting(post) == container
        self._keep_waiting("" if again else json.dumps({"post": post.key, "container": container}))
        raise TryLater("Threads is still preparing the post.", code="preparing", after_s=NOT_READY_S)

    def _waiting(self, post: Post) -> str:
        """The container that an earlier try of this post left, if Threads was still preparing it."""
        known = _record(self._keeper.load("container") if self._keeper else None)
        return str(known.get("container", "")) if known.get("post") == post.key else ""

    def _keep_waiting(self, value: str) -> None:
        if self._keeper is not None and (value or self._keeper.load("container")):
            self._keeper.save(value, "container")

    def _look(self, post: Post, among: str) -> RemotePost | None:
        wanted = letters(post.text)
        params = {"fields": _FIELDS, "since": str(int((began(post) - CLOCKS_UNKNOWN).timestamp()))}
        for known, answer in self._graph().listed(f"/{VERSION}/me/{among}", params):
            made, key = instant(known.get("timestamp")), known.get("id")
            if not isinstance(key, str) or not key:
                raise self._web.garbled(writes=False)
            if (made is None or made >= earliest(post, answer)) and letters(str(known.get("text", ""))) == wanted:
                return RemotePost(id=key[:200], url=web_address(known.get("permalink")))
        return None

    def _address(self, key: str) -> str:
        """Where the post is to be seen; empty when Threads does not say: the post is out all the same."""
        try:
            known = self._graph().ask("GET", f"/{VERSION}/{quote(key, safe='')}", params={"fields": "permalink"})
        except SendingError:
            return ""
        return web_address(known.get("permalink"))

    def _graph(self) -> Graph:
        if self._opened is None:
            self._opened = Graph(self._web, self._token())
        return self._opened

    def _token(self) -> str:
        """The newest token that grew out of the pasted one; renewed when it is old enough.

        A renewal that fails stops nothing: the old token holds on.
        """
        if self._keeper is None:
            return self._pasted
        bond = hashlib.sha256(f"{self._web.base_url}\n{self._pasted}".encode()).hexdigest()[:32]
        known, now = _record(self._keeper.load("access")), clock.now()
        token, since = str(known.get("token", "")), instant(known.get("since"))
        if known.get("bond") != bond or not token or since is None:
            token, since = self._pasted, None
        if since is not None and now - since > OLD_ENOUGH:
            token, since = self._renewed(token, since, now)
        value = {"bond": bond, "token": token, "since": rfc3339(since or now)}
        if value != known:
            self._keeper.save(json.dumps(value), "access")
        return token

    def _renewed(self, token: str, since: datetime, now: datetime) -> tuple[str, datetime]:
        # The one request whose token belongs into the address, by the vendor's page; no address of ours is ever shown.
        params = {"grant_type": "th_refresh_token", "access_token": token}
        try:
            known = Graph(self._web, token).ask("GET", "/refresh_access_token", params=params)
        except SendingError:
            return token, since
        newer = known.get("access_token")
        return (newer, now) if isinstance(newer, str) and newer else (token, since)


def open_threads(connection: Connection) -> Channel:
    """The channel for one profile. Raises Refused for an address that is none."""
    return ThreadsChannel(connection)


def _record(value: str | None) -> dict[str, Any]:
    try:
        known = json.loads(value or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
