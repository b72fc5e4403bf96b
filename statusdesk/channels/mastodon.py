"""Mastodon, and the servers that speak its API (docs.joinmastodon.org/methods/statuses).

Written to how real ones behave, not only to the documents: Mastodon honours `Idempotency-Key` for an hour, three other
servers ignore it, so `find` looks among our own newest posts before anything is sent again. A thread whose first post
was deleted goes on unthreaded: customers must get the words. A correction or a retraction changes the post it is about
(its history stays readable there); a server that knows no changes gets it as a reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from statusdesk.channels import counts, hearing, oauth
from statusdesk.channels.base import Channel, Checked, Connection, FoundReply, Limits, Post, SignedIn
from statusdesk.channels.finding import earliest, instant, letters, readings, shown_text, web_address
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web

DEFAULT_LIMITS = Limits(characters=500, link_length=23)
_OK, _NOT_FOUND = range(200, 300), (404, 410)
_LOGIN_REFUSED, _MAY_NOT = (401, 403), (403,)
PAGES, PAGE = 5, 40
_KNOWS_NO_CHANGES = (404, 405, 410)
THREADS = 20  # whose replies are read in one go
THREAD_AT_MOST = 5_000_000  # bytes: some thousand replies
MENTION_PAGES = 3
SCOPES = "read write:statuses"


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
        return Checked(ok=True, handle=handle, profile_url=web_address(me.get("url")), limits=limits, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it. When the first post of the thread is gone, post it unthreaded."""
        count = counts.mastodon(post.text, self._limits)
        if self._limits.characters and count > self._limits.characters:
            raise NeedsPerson(
                f"The post has {count} characters, this server takes {self._limits.characters}. Shorten it.",
                code="too-long",
            )
        if post.mends is not None:
            changed = self._change(post, post.mends)
            if changed is not None:
                return changed
        try:
            return self._answer(post, post.mends or post.root)
        except _ThreadGone:
            pass
        try:
            return self._answer(post, post.root if post.mends else None)
        except _ThreadGone:
            return self._answer(post, None)

    def find(self, post: Post) -> RemotePost | None:
        """The post among our own newest ones: the same words, in the same thread, since the first attempt."""
        try:
            return (self._changed(post, post.mends) if post.mends else None) or self._look(post)
        except TryLater:
            raise
        except SendingError as fault:
            raise TryLater(fault.message, code=fault.code) from None

    def replies(self, roots: Sequence[RemotePost], since: datetime) -> Sequence[FoundReply]:
        """What others said in the threads of our newest posts, and where they mentioned us in any of them.

        Give the newest roots first: the first twenty threads are read whole, of the others only mentions are seen.
        """
        if not roots:
            return ()
        me = str(self._me()["id"])
        heard: list[tuple[Mapping[str, Any], str]] = []
        thread_of = {root.id: root.id for root in roots}
        for root in roots[:THREADS]:
            for status in self._thread(root):
                thread_of[str(status["id"])] = root.id
                heard.append((status, root.id))
        for status in self._mentions(since):
            answers = thread_of.get(str(status.get("in_reply_to_id")))
            if answers is not None:
                heard.append((status, answers))
        found = [_heard(status, answers, me) for status, answers in heard]
        return hearing.in_order([one for one in found if one is not None], since)

    def _answer(self, post: Post, to: RemotePost | None) -> RemotePost:
        """Post it as a reply. Raises _ThreadGone when there is nothing left to reply to."""
        try:
            return self._publish(post, to.id if to else None)
        except MaybeArrived as fault:
            # Some servers answer a reply to a deleted post with 500, today and at every further attempt.
            if to is None or not fault.code.startswith("http-") or not self._is_gone(to):
                raise
            try:
                found = self.find(post)
            except TryLater:
                raise fault from None
            if found is not None:
                return found
        raise _ThreadGone

    def _change(self, post: Post, old: RemotePost) -> RemotePost | None:
        """Change the earlier post's words to these; None when the server knows no changes, or the post is gone."""
        body = {"status": post.text, **_language(post)}
        path = f"/api/v1/statuses/{quote(old.id, safe='')}"
        try:
            answer = self._web.ask("PUT", path, token=self._token, body=body, writes=True)
        except MaybeArrived as fault:
            if fault.code == "http-501":
                return None
            raise
        if answer.status in _OK:
            remote = _remote(answer.record())
            if remote is None:
                raise self._web.garbled(writes=True)
            return remote
        if answer.status in _KNOWS_NO_CHANGES:
            return None
        raise self._refusal(answer)

    def _changed(self, post: Post, old: RemotePost) -> RemotePost | None:
        """The earlier post, when it has the new words."""
        answer = self._web.ask("GET", f"/api/v1/statuses/{quote(old.id, safe='')}", token=self._token)
        if answer.status in _NOT_FOUND:
            return None
        status = answer.record() if answer.status in _OK else None
        if not status or _remote(status) is None:
            raise self._web.garbled(writes=False)
        return _remote(status) if letters(post.text) in readings(str(status.get("content", ""))) else None

    def _publish(self, post: Post, reply_to: str | None) -> RemotePost:
        body: dict[str, Any] = {"status": post.text, "visibility": "public", **_language(post)}
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
        threads = {one.id for one in (post.root, post.mends) if one} | {None}
        wanted = letters(post.text)
        for status, since in self._own_statuses(post):
            reply_to = status.get("in_reply_to_id")
            if (None if reply_to is None else str(reply_to)) not in threads:
                continue
            made = instant(status.get("created_at"))
            if made is not None and made < since:
                continue
            if wanted in readings(str(status.get("content", ""))):
                return _remote(status)
        return None

    def _own_statuses(self, post: Post) -> Iterator[tuple[Mapping[str, Any], datetime]]:
        """Our posts, newest first, back to the first attempt; with each the earliest date that counts."""
        account = quote(str(self._me()["id"]), safe="")
        params = {"limit": str(PAGE), "exclude_reblogs": "true"}
        for _ in range(PAGES):
            answer = self._web.ask("GET", f"/api/v1/accounts/{account}/statuses", token=self._token, params=params)
            statuses = answer.data() if answer.status in _OK else None
            if not isinstance(statuses, list) or not all(_remote(status) for status in statuses):
                raise self._web.garbled(writes=False)
            since = earliest(post, answer)
            for status in statuses:
                yield status, since
            dates = [instant(status.get("created_at")) for status in statuses]
            if not statuses or any(made is not None and made < since for made in dates[-1:]):
                return
            oldest = str(statuses[-1]["id"])
            if params.get("max_id") == oldest:
                return
            params["max_id"] = oldest
        raise TryLater("There are too many newer posts on the account to find this one.", code="too-many")

    def _thread(self, root: RemotePost) -> Iterator[Mapping[str, Any]]:
        """What follows a post of ours; nothing when it is gone."""
        path = f"/api/v1/statuses/{quote(root.id, safe='')}/context"
        answer = self._web.ask("GET", path, token=self._token, most=THREAD_AT_MOST)
        if answer.status in _NOT_FOUND:
            return
        if answer.status not in _OK:
            raise self._refusal(answer)
        following = (answer.record() or {}).get("descendants")
        if not isinstance(following, list):
            raise self._web.garbled(writes=False)
        yield from (status for status in following if _remote(status) is not None)

    def _mentions(self, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The newest posts that mention us. A token that may not read them still reads the threads."""
        params = {"types[]": "mention", "limit": str(PAGE)}
        for _ in range(MENTION_PAGES):
            answer = self._web.ask("GET", "/api/v1/notifications", token=self._token, params=params)
            if answer.status in _MAY_NOT or answer.status in _NOT_FOUND:
                return
            told = answer.data() if answer.status in _OK else None
            if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
                raise self._web.garbled(writes=False)
            statuses = [one.get("status") for one in told if one.get("type") == "mention"]
            yield from (status for status in statuses if isinstance(status, dict) and _remote(status) is not None)
            dates = [instant(one.get("created_at")) for one in told[-1:]]
            oldest = str(told[-1].get("id", "")) if told else ""
            if not oldest or params.get("max_id") == oldest or any(made and made < since for made in dates):
                return
            params["max_id"] = oldest


def open_mastodon(connection: Connection) -> Channel:
    """The channel for one account. Raises Refused for an address that is none."""
    return MastodonChannel(connection)


def sign_in(settings: Mapping[str, str], show: Callable[[str], None], cancelled: Callable[[], bool]) -> SignedIn:
    """Register StatusDesk at the server, and let the account's owner allow it (docs.joinmastodon.org/client/token)."""
    web = Web("Mastodon", settings.get("server", ""))
    with oauth.Loopback() as loopback:
        app = {
            "client_name": "StatusDesk",
            "redirect_uris": loopback.redirect_uri,
            "scopes": SCOPES,
        }
        answer = web.ask("POST", "/api/v1/apps", data=app)
        known = (answer.record() if answer.status in _OK else None) or {}
        client_id, secret = known.get("client_id"), known.get("client_secret")
        if not isinstance(client_id, str) or not isinstance(secret, str) or not client_id:
            raise NeedsPerson(f"{web.host} has no Mastodon there. Check the server's address.", code="address")
        provider = oauth.Provider(web, f"{web.base_url}/oauth/authorize", "/oauth/token", client_id, SCOPES, secret)
        given = oauth.sign_in(provider, loopback, show, cancelled)
    return SignedIn(secret=given["access_token"])


class _ThreadGone(Exception):
    """The post to reply to is not there any more."""


def _language(post: Post) -> Mapping[str, str]:
    """The language as the API asks for it (ISO 639-1), when it is known."""
    language = post.language.replace("_", "-").split("-")[0].lower()
    return {"language": language} if language else {}


def _heard(status: Mapping[str, Any], answers: str, me: str) -> FoundReply | None:
    """A post of somebody else as a reply; None when it is ours or has no date."""
    author, at = _inner(status, "account"), instant(status.get("created_at"))
    if at is None or str(author.get("id", me)) == me:
        return None
    return hearing.reply(
        id_=str(status["id"]),
        author=f"@{author.get('acct') or author.get('username') or ''}",
        text=shown_text(str(status.get("content", ""))),
        at=at,
        answers=answers,
        url=web_address(status.get("url") or status.get("uri")),
    )


def _remote(status: object) -> RemotePost | None:
    if not isinstance(status, dict) or not isinstance(status.get("id"), str | int) or not str(status["id"]):
        return None
    return RemotePost(id=str(status["id"])[:200], url=web_address(status.get("url") or status.get("uri")))


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object, default: int, most: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else default
