"""Mastodon, and the servers that speak its API (docs.joinmastodon.org/methods/statuses).

Written to how real ones behave, not only to the documents: Mastodon honours `Idempotency-Key` for an hour, three other
servers ignore it, so `find` looks among our own newest posts before anything is sent again. A thread whose first post
was deleted goes on unthreaded: customers must get the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit

from statusdesk import clock
from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web, server_time

DEFAULT_LIMITS = Limits(characters=500, link_length=23)
_OK, _NOT_FOUND = range(200, 300), (404, 410)
_LOGIN_REFUSED = (401, 403)
PAGES, PAGE = 5, 40
# How much earlier than our first attempt a post of ours may be dated, by clocks that were just compared, or not.
CLOCKS_COMPARED, CLOCKS_UNKNOWN = timedelta(seconds=30), timedelta(minutes=10)


class MastodonChannel:
    """One account on one server."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("Mastodon", connection.base_url, patience)
        self._token = connection.secret.strip()
        self._limits = connection.limits

    def check(self) -> Checked:
        """Whose token it is, and what the server allows."""
        try:
            me = self._me()
            limits = self._read_limits()
        except SendingError as fault:
            return Checked(ok=False, lines=[CheckLine(what="Login", ok=False, result=fault.message)])
        handle = f"@{tidy_line(str(me.get('acct') or me.get('username') or ''))}@{self._web.host}"
        lines = [
            CheckLine(what="Login", ok=True, result=f"You post as {handle}."),
            CheckLine(what="Length", ok=True, result=f"A post may have {limits.characters} characters."),
        ]
        return Checked(ok=True, handle=handle, profile_url=_address(me.get("url")), limits=limits, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it. When the first post of the thread is gone, post it unthreaded."""
        count = counts.mastodon(post.text, self._limits)
        if self._limits.characters and count > self._limits.characters:
            raise NeedsPerson(
                f"The post has {count} characters, this server takes {self._limits.characters}. Shorten it.",
                code="too-long",
            )
        if post.root is None:
            return self._publish(post, None)
        try:
            return self._publish(post, post.root.id)
        except _ThreadGone:
            pass
        except MaybeArrived as fault:
            # Some servers answer a reply to a deleted post with 500, today and at every further attempt.
            if not fault.code.startswith("http-") or not self._is_gone(post.root):
                raise
            try:
                found = self.find(post)
            except TryLater:
                raise fault from None
            if found is not None:
                return found
        return self._publish(post, None)

    def find(self, post: Post) -> RemotePost | None:
        """The post among our own newest ones: the same words, in the same thread, since the first attempt."""
        try:
            return self._look(post)
        except TryLater:
            raise
        except SendingError as fault:
            raise TryLater(fault.message, code=fault.code) from None

    def _publish(self, post: Post, reply_to: str | None) -> RemotePost:
        body: dict[str, Any] = {"status": post.text, "visibility": "public"}
        language = post.language.replace("_", "-").split("-")[0].lower()  # ISO 639-1, as the API asks
        if language:
            body["language"] = language
        if reply_to is not None:
            body["in_reply_to_id"] = reply_to
        answer = self._web.ask(
            "POST",
            "/api/v1/statuses",
            token=self._token,
            body=body,
            headers={"Idempotency-Key": post.key},
            writes=True,
        )
        if answer.status in _OK:
            remote = _remote(answer.record())
            if remote is None:
                raise self._web.garbled(writes=True)
            return remote
        if answer.status in _NOT_FOUND and reply_to is not None:
            raise _ThreadGone
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> NeedsPerson:
        words = answer.words().replace(self._token, "…") if self._token else answer.words()
        said = f" The server says: {words}" if words else ""
        # A bad token is 401, also with an empty body; from one server 400 in plain text.
        if answer.status in _LOGIN_REFUSED or (answer.status == 400 and answer.data() is None):  # noqa: PLR2004
            return NeedsPerson(
                f"Mastodon refused the login at {self._web.host}. Connect the account again with a new token that may "
                f"write posts.{said}",
                code="login",
            )
        if answer.status in _NOT_FOUND:
            return NeedsPerson(f"{self._web.host} has no Mastodon there. Check the server's address.", code="address")
        return NeedsPerson(f"Mastodon refused the post ({answer.status}).{said}", code=f"http-{answer.status}")

    def _me(self) -> Mapping[str, Any]:
        answer = self._web.ask("GET", "/api/v1/accounts/verify_credentials", token=self._token)
        if answer.status not in _OK:
            raise self._refusal(answer)
        me = answer.record()
        if not me or not isinstance(me.get("id"), str | int) or not str(me["id"]):
            raise self._web.garbled(writes=False)
        return me

    def _read_limits(self) -> Limits:
        """The instance's own limits: v2, else v1, else Mastodon's usual ones."""
        for path in ("/api/v2/instance", "/api/v1/instance"):
            answer = self._web.ask("GET", path)
            known = answer.record() if answer.status in _OK else None
            if known:
                statuses = _inner(_inner(known, "configuration"), "statuses")
                most = _number(
                    statuses.get("max_characters"), _number(known.get("max_toot_chars"), 0, 1_000_000), 1_000_000
                )
                if most:
                    link = _number(statuses.get("characters_reserved_per_url"), DEFAULT_LIMITS.link_length, 1000)
                    return Limits(characters=most, link_length=link)
        return DEFAULT_LIMITS

    def _is_gone(self, root: RemotePost) -> bool:
        try:
            answer = self._web.ask("GET", f"/api/v1/statuses/{quote(root.id, safe='')}", token=self._token)
        except SendingError:
            return False
        return answer.status in _NOT_FOUND

    def _look(self, post: Post) -> RemotePost | None:
        began = post.first_sent_at or post.created_at
        threads = {post.root.id, None} if post.root else {None}
        wanted = _letters(post.text)
        for status, since in self._own_statuses(quote(str(self._me()["id"]), safe=""), began):
            reply_to = status.get("in_reply_to_id")
            if (None if reply_to is None else str(reply_to)) not in threads:
                continue
            made = _instant(status.get("created_at"))
            if made is not None and made < since:
                continue
            if wanted in _readings(str(status.get("content", ""))):
                return _remote(status)
        return None

    def _own_statuses(self, account: str, began: datetime) -> Iterator[tuple[Mapping[str, Any], datetime]]:
        """Our posts, newest first, back to the first attempt; with each the earliest date that counts."""
        params = {"limit": str(PAGE), "exclude_reblogs": "true"}
        for _ in range(PAGES):
            path = f"/api/v1/accounts/{account}/statuses"
            answer = self._web.ask("GET", path, token=self._token, params=params)
            statuses = answer.data() if answer.status in _OK else None
            if not isinstance(statuses, list) or not all(_remote(status) for status in statuses):
                raise self._web.garbled(writes=False)
            there = server_time(answer)
            since = began - CLOCKS_UNKNOWN if there is None else began + (there - clock.now()) - CLOCKS_COMPARED
            for status in statuses:
                yield status, since
            dates = [_instant(status.get("created_at")) for status in statuses]
            if not statuses or any(made is not None and made < since for made in dates[-1:]):
                return
            oldest = str(statuses[-1]["id"])
            if params.get("max_id") == oldest:
                return
            params["max_id"] = oldest
        raise TryLater("There are too many newer posts on the account to find this one.", code="too-many")


def open_mastodon(connection: Connection) -> Channel:
    """The channel for one account. Raises Refused for an address that is none."""
    return MastodonChannel(connection)


class _ThreadGone(Exception):
    """The post to reply to is not there any more."""


class _Reading(HTMLParser):
    """A post's HTML as text, once as shown and once with each plain link's address in place of its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.linked: list[str] = []
        self._inside_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            known = dict(attrs)
            names = (known.get("class") or "").split()
            self._inside_link = "mention" not in names and "hashtag" not in names
            if self._inside_link:
                self.linked.append(known.get("href") or "")
        elif tag in ("br", "p"):
            self.shown.append("\n")
            self.linked.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside_link = False

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        if not self._inside_link:
            self.linked.append(data)


def _readings(content: str) -> set[str]:
    reading = _Reading()
    reading.feed(content)
    reading.close()
    return {_letters("".join(reading.shown)), _letters("".join(reading.linked))}


def _letters(text: str) -> str:
    """What no server changes in a text: its letters and digits, without marks, spaces and curled quotation marks."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)) or "".join(text.split())


def _remote(status: object) -> RemotePost | None:
    if not isinstance(status, dict) or not isinstance(status.get("id"), str | int) or not str(status["id"]):
        return None
    return RemotePost(id=str(status["id"])[:200], url=_address(status.get("url") or status.get("uri")))


def _address(value: object) -> str:
    """A web address from a server, or nothing: it becomes a link."""
    text = value if isinstance(value, str) and len(value) < 2000 else ""  # noqa: PLR2004
    try:
        return text if urlsplit(text).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object, default: int, most: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else default


def _instant(value: object) -> datetime | None:
    try:
        made = datetime.fromisoformat(value)  # type: ignore[arg-type]  # what is no text raises TypeError
    except (ValueError, TypeError):
        return None
    return made if made.tzinfo else made.replace(tzinfo=UTC)
