"""Bluesky, and any other AT Protocol server (atproto.com/specs, docs.bsky.app).

A post is a record whose key was fixed before the first attempt, written with `putRecord`: the same key and words again
are the same post, and what is there already is never written over (`swapRecord`), because followers would not see a new
version of it. So a correction is a reply, too. Logins are few (a server takes 30 in five minutes), so the session is
kept and refreshed.
A post's id, as we keep it, is its address and its version: `at://did:plc:…/app.bsky.feed.post/KEY CID`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from statusdesk.channels import counts, hearing
from statusdesk.channels.base import Channel, Checked, Connection, FoundReply, Limits, Post
from statusdesk.channels.finding import instant
from statusdesk.channels.linkcard import card_of, picture_of
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.times import rfc3339
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import MAX_ANSWER, PATIENCE, Answer, Patience, Web

DEFAULT_SERVER = "https://bsky.social"
LIMITS = Limits(characters=300, max_bytes=3000)
COLLECTION = "app.bsky.feed.post"
PICTURE_AT_MOST = 1_000_000  # bytes (lexicon app.bsky.embed.external)
THREADS = 20  # whose replies are read in one go
THREAD_AT_MOST = 5_000_000  # bytes: some thousand replies
NOTICE_PAGES, NOTICES = 3, 50
KEPT_AT_MOST = 1200  # characters; a password store of Windows holds 1,280 an entry
_OK = range(200, 300)
_LOGIN_REFUSED = (401, 403)
_TOKEN_OVER = ("ExpiredToken", "InvalidToken")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_AFTER_LINK = ".,;:!?)]}'”’…"
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,200}")
_KEY = re.compile(r"[A-Za-z0-9._~:-]{1,512}")
_HANDLE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Session:
    """A login: who it is for, and its two tokens."""

    did: str
    handle: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class BlueskyChannel:
    """One account on one server."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("Bluesky", connection.base_url or DEFAULT_SERVER, patience)
        self._name = (connection.handle or connection.settings.get("handle", "")).strip().removeprefix("@")
        self._password = connection.secret.strip()
        self._keeper = connection.keeper
        self._limits = connection.limits if connection.limits.characters else LIMITS
        self._session: _Session | None = None

    def check(self) -> Checked:
        """Whether handle and app password fit. A login that works is kept and used for the posts."""
        try:
            kept = self._kept()
            session = self._login() if kept is None else self._renewed(kept)
        except SendingError as fault:
            return Checked(ok=False, lines=[CheckLine(what="Login", ok=False, result=fault.message)])
        lines = [
            CheckLine(what="Login", ok=True, result=f"You post as @{session.handle}."),
            CheckLine(what="Length", ok=True, result=f"A post may have {LIMITS.characters} characters."),
        ]
        return Checked(ok=True, handle=f"@{session.handle}", profile_url=_profile(session), limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Write the record. The same key and words twice are one post."""
        count = counts.bluesky(post.text, self._limits)
        if count > self._limits.characters:
            raise NeedsPerson(
                f"The post counts {count} characters, Bluesky takes {self._limits.characters}. Shorten it.",
                code="too-long",
            )
        record = dict(_record(post))
        card = self._card(post)
        if card is not None:
            record["embed"] = {"$type": "app.bsky.embed.external", "external": card}
        # No record may be there: a picture that failed to load at the first try must not make a second version.
        body = {"collection": COLLECTION, "rkey": post.key, "record": record, "swapRecord": None}
        answer = self._asked("POST", "com.atproto.repo.putRecord", body=body, writes=True)
        if _error(answer) == "InvalidSwap":
            return self._there(post)
        if answer.status in _OK:
            remote = self._remote(answer.record(), post.key)
            if remote is None:
                raise self._web.garbled(writes=True)
            return remote
        raise self._refusal(answer)

    def _there(self, post: Post) -> RemotePost:
        """The record that an earlier attempt wrote."""
        try:
            found = self.find(post)
        except TryLater as fault:
            raise MaybeArrived(fault.message, code=fault.code) from None
        if found is None:
            raise TryLater("Bluesky holds another post in this place at this moment.", code="swap")
        return found

    def find(self, post: Post) -> RemotePost | None:
        """The record under the post's key."""
        try:
            session = self._kept() or self._login()
            params = {"repo": session.did, "collection": COLLECTION, "rkey": post.key}
            answer = self._asked("GET", "com.atproto.repo.getRecord", params=params)
        except TryLater:
            raise
        except SendingError as fault:
            raise TryLater(fault.message, code=fault.code) from None
        if answer.status in _OK:
            remote = self._remote(answer.record(), post.key)
            if remote is None:
                raise self._web.garbled(writes=False)
            return remote
        if _error(answer) == "RecordNotFound":
            return None
        raise TryLater(f"Bluesky cannot say whether the post arrived ({answer.status}).", code=f"http-{answer.status}")

    def replies(self, roots: Sequence[RemotePost], since: datetime) -> Sequence[FoundReply]:
        """What others said in the threads of our newest posts, and where we were told of answers to any of them.

        Give the newest roots first: the first twenty threads are read whole. Asked through the account's own server,
        which needs an AppView behind it, as Bluesky's has; without one it raises TryLater.
        """
        answers = {root.id.partition(" ")[0]: root.id for root in roots}
        heard: list[tuple[Mapping[str, Any], Mapping[str, Any], str]] = []
        for uri in [*answers][:THREADS]:
            heard += [(post, _inner(post, "record"), answers[uri]) for post in self._thread(uri)]
        for notice in self._notices(since) if roots else ():
            record = _inner(notice, "record")
            root = str(_inner(_inner(record, "reply"), "root").get("uri"))
            if root in answers:
                heard.append((notice, record, answers[root]))
        assert self._session is not None or not heard
        found = [_heard(post, record, root, self._session.did) for post, record, root in heard if self._session]
        return hearing.in_order([one for one in found if one is not None], since)

    def _thread(self, uri: str) -> Iterator[Mapping[str, Any]]:
        """The posts below a post of ours; nothing when it is gone."""
        params = {"uri": uri, "depth": "10", "parentHeight": "0"}
        answer = self._asked("GET", "app.bsky.feed.getPostThread", params=params, most=THREAD_AT_MOST)
        if _error(answer) == "NotFound":
            return
        if answer.status not in _OK:
            raise self._refusal(answer)
        todo = [_inner(answer.record() or {}, "thread")]
        if not todo[0]:
            raise self._web.garbled(writes=False)
        while todo:
            branches = todo.pop().get("replies")
            below = [one for one in branches if isinstance(one, dict)] if isinstance(branches, list) else []
            todo += below
            yield from (_inner(one, "post") for one in below)

    def _notices(self, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The newest answers and mentions that the account was told of."""
        params = {"limit": str(NOTICES)}
        for _ in range(NOTICE_PAGES):
            answer = self._asked("GET", "app.bsky.notification.listNotifications", params=params)
            if answer.status not in _OK:
                raise self._refusal(answer)
            known = answer.record() or {}
            told = known.get("notifications")
            if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
                raise self._web.garbled(writes=False)
            yield from (one for one in told if one.get("reason") in ("reply", "mention"))
            dates = [instant(one.get("indexedAt")) for one in told[-1:]]
            cursor = known.get("cursor")
            if not told or not isinstance(cursor, str) or any(made and made < since for made in dates):
                return
            params["cursor"] = cursor[:500]

    def _card(self, post: Post) -> Mapping[str, Any] | None:
        """The link's card; without its picture when that cannot be had: the words matter."""
        card = card_of(post)
        if card is None:
            return None
        external: dict[str, Any] = {"uri": card.link, "title": card.title, "description": card.description}
        data = picture_of(post, PICTURE_AT_MOST)
        blob = self._upload(data) if data else None
        return external | ({"thumb": blob} if blob else {})

    def _upload(self, data: bytes) -> Mapping[str, Any] | None:
        """A picture as the server keeps it: the same bytes have the same address."""
        try:
            answer = self._asked("POST", "com.atproto.repo.uploadBlob", data=data)
        except SendingError:
            return None
        blob = _inner(answer.record() or {}, "blob") if answer.status in _OK else {}
        known = blob.get("$type") == "blob" and isinstance(_inner(blob, "ref").get("$link"), str)
        return {name: blob.get(name) for name in ("$type", "ref", "mimeType", "size")} if known else None

    def _asked(
        self,
        method: str,
        name: str,
        *,
        body: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        params: Mapping[str, str] | None = None,
        writes: bool = False,
        most: int = MAX_ANSWER,
    ) -> Answer:
        """A request with a login; a token that is over is renewed once."""
        session = self._kept() or self._login()
        for renewed in (False, True):
            whole = None if body is None else {"repo": session.did, **body}
            answer = self._web.ask(
                method,
                f"/xrpc/{name}",
                token=session.access,
                body=whole,
                data=data,
                params=params,
                headers={"Content-Type": "image/png"} if data else None,
                writes=writes,
                most=most,
            )
            if renewed or not (answer.status == 401 or _error(answer) in _TOKEN_OVER):  # noqa: PLR2004
                break
            session = self._renewed(session)
        return answer

    def _kept(self) -> _Session | None:
        """The session in hand, or the one kept from earlier."""
        if self._session is None and self._keeper is not None:
            self._session = _read_session(self._keeper.load(), self._bond())
        return self._session

    def _bond(self) -> str:
        """What a kept session belongs to: with another server, name or password it is not used any more."""
        whole = f"{self._web.base_url}\n{self._name}\n{self._password}"
        return hashlib.sha256(whole.encode()).hexdigest()[:32]

    def _keep(self, session: _Session) -> _Session:
        self._session = session
        if self._keeper is not None:
            known = {"bond": self._bond(), **asdict(session)}
            value = json.dumps(known)
            if len(value) > KEPT_AT_MOST:
                value = json.dumps({**known, "access": ""})  # the refresh token alone brings a new one
            self._keeper.save(value if len(value) <= KEPT_AT_MOST else "")
        return session

    def _renewed(self, session: _Session) -> _Session:
        """A new pair of tokens for the refresh token (no body at all: any body is refused), else a new login."""
        answer = self._web.ask("POST", "/xrpc/com.atproto.server.refreshSession", token=session.refresh)
        renewed = _session_of(answer) if answer.status in _OK else None
        return self._keep(renewed) if renewed else self._login()

    def _login(self) -> _Session:
        """A new session for handle and app password. Raises NeedsPerson when they do not fit."""
        self._session = None
        body = {"identifier": self._name, "password": self._password}
        answer = self._web.ask("POST", "/xrpc/com.atproto.server.createSession", body=body)
        if answer.status in _OK:
            session = _session_of(answer)
            if session is None:
                raise self._web.garbled(writes=False)
            return self._keep(session)
        if self._keeper is not None:
            self._keeper.save("")
        raise self._refusal(answer, login=True)

    def _refusal(self, answer: Answer, *, login: bool = False) -> NeedsPerson:
        error = _error(answer)
        words = answer.words()
        for hidden in (self._password, *((self._session.access, self._session.refresh) if self._session else ())):
            words = words.replace(hidden, "…") if hidden else words
        said = f" The server says: {words}" if words else ""
        if answer.status == 404:  # noqa: PLR2004
            return NeedsPerson(f"{self._web.host} is no Bluesky server. Check the server's address.", code="address")
        if login or answer.status in _LOGIN_REFUSED or error in _TOKEN_OVER:
            return NeedsPerson(
                f"Bluesky refused the login of @{self._name}. Make a new app password in Bluesky's settings and "
                f"connect the account again.{said}",
                code="login",
            )
        return NeedsPerson(f"Bluesky refused the post ({answer.status}).{said}", code=f"http-{answer.status}")

    def _remote(self, record: Mapping[str, Any] | None, key: str) -> RemotePost | None:
        uri, cid = (record or {}).get("uri"), (record or {}).get("cid")
        if not isinstance(uri, str) or not isinstance(cid, str) or not cid or not uri.endswith(f"/{COLLECTION}/{key}"):
            return None
        assert self._session is not None
        return RemotePost(id=f"{uri} {cid}", url=f"{_profile(self._session)}/post/{key}")


def open_bluesky(connection: Connection) -> Channel:
    """The channel for one account. Raises Refused for an address that is none."""
    return BlueskyChannel(connection)


def _record(post: Post) -> Mapping[str, Any]:
    record: dict[str, Any] = {"$type": COLLECTION, "text": post.text, "createdAt": rfc3339(post.created_at)}
    if post.language:
        record["langs"] = [post.language.replace("_", "-")]
    facets = [
        {
            "index": {"byteStart": start, "byteEnd": end},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}],
        }
        for start, end, uri in _links(post.text)
    ]
    if facets:
        record["facets"] = facets
    # Every update answers the first post: one flat thread, where the newest words need no scrolling. Only a correction
    # answers the post it is about.
    root, parent = post.root or post.mends, post.mends or post.root
    if root is not None and parent is not None:
        record["reply"] = {"root": _strong(root), "parent": _strong(parent)}
    return record


def _strong(post: RemotePost) -> Mapping[str, str]:
    """A post by its address and its version, as a reply names it."""
    uri, _, cid = post.id.partition(" ")
    return {"uri": uri, "cid": cid}


def _heard(post: Mapping[str, Any], record: Mapping[str, Any], answers: str, me: str) -> FoundReply | None:
    """A post of somebody else as a reply; None when it is ours, or cannot be read."""
    author, uri, at = _inner(post, "author"), post.get("uri"), instant(post.get("indexedAt"))
    did, handle = author.get("did"), str(author.get("handle", ""))
    if at is None or not isinstance(uri, str) or not isinstance(did, str) or did == me or not _DID.fullmatch(did):
        return None
    key = uri.rpartition("/")[2]
    url = f"https://bsky.app/profile/{did}/post/{key}" if _KEY.fullmatch(key) else ""
    return hearing.reply(
        id_=uri, author=f"@{handle}", text=str(record.get("text", "")), at=at, answers=answers, url=url
    )


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, dict) else {}


def _links(text: str) -> list[tuple[int, int, str]]:
    """The links in a text: where they begin and end in UTF-8 bytes, as the protocol counts, and their address."""
    found = []
    for match in _LINK.finditer(text):
        uri = match[0].rstrip(_AFTER_LINK)
        start = len(text[: match.start()].encode())
        found.append((start, start + len(uri.encode()), uri))
    return found


def _profile(session: _Session) -> str:
    return f"https://bsky.app/profile/{session.handle if _HANDLE.fullmatch(session.handle) else session.did}"


def _error(answer: Answer) -> str:
    known = answer.record() or {}
    return str(known.get("error", ""))


def _session_of(answer: Answer) -> _Session | None:
    return _made(answer.record() or {}, access="accessJwt", refresh="refreshJwt")


def _read_session(value: str | None, bond: str) -> _Session | None:
    """A kept session, when it belongs to this login."""
    try:
        known = json.loads(value or "")
    except ValueError:
        return None
    if not isinstance(known, dict) or known.get("bond") != bond:
        return None
    return _made(known, access="access", refresh="refresh")


def _made(known: Mapping[str, Any], *, access: str, refresh: str) -> _Session | None:
    values = [known.get(key) for key in ("did", "handle", access, refresh)]
    if not all(isinstance(value, str) for value in values) or not _DID.fullmatch(str(values[0])) or not values[3]:
        return None
    return _Session(*map(str, values))
