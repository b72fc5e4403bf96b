"""Matrix, as one account in one room (spec.matrix.org, client-server API).

The transaction id of an event is the post's key: the same key from the same login is the same event. Servers forget
transactions after a while and other logins have their own, so a post that was cut off is looked for all the same.
An event's id, as we keep it, is that of the first version: changes point to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import earliest
from statusdesk.channels.refusals import OK, check_length, not_checked, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web

# An event may have 65,536 bytes, and one that changes another holds its text twice.
LIMITS = Limits(characters=30_000)
PAGES, PAGE = 5, 50
MESSAGE = "m.room.message"
_ROOM = re.compile(r"[!#][^\s/?]{1,250}")
_NOT_FOUND, _LOGIN_REFUSED, _FORBIDDEN, _TOO_LARGE = 404, 401, 403, 413
_PUBLIC_LINKS = "https://matrix.to/#"
# From this version of a room on its creator may do everything, whatever the levels say.
_CREATORS_ABOVE_ALL = 12


class MatrixChannel:
    """One room on one server."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("Matrix", connection.base_url, patience)
        self._token = connection.secret.strip()
        self._room = connection.settings.get("room", "").strip()
        if not _ROOM.fullmatch(self._room):
            words = "Write the room like #status:matrix.example, or its ID like !abc:matrix.example."
            raise Refused(words, field="room")
        self._room_id = self._room if self._room.startswith("!") else ""

    def check(self) -> Checked:
        """Whose token it is, whether the account is in the room, and whether it may write there."""
        try:
            me = self._whoami()
            room = self._resolved()
            joined = self._done("GET", "/joined_rooms").get("joined_rooms")
            if not isinstance(joined, list) or room not in joined:
                raise NeedsPerson(f"{me} is not in {self._room}. Invite it and let it join.", code="room")
            lines = [
                CheckLine(what="Login", ok=True, result=f"You post as {me}."),
                self._check_level(room, me),
                self._check_open(room),
            ]
            # The page links to a room only when anybody may join it.
            joining = (self._state(room, "m.room.join_rules") or {}).get("join_rule")
        except SendingError as fault:
            return not_checked("Login", fault)
        well = all(line.ok is not False for line in lines)
        public = joining == "public" and self._room.startswith("#")
        page = f"{_PUBLIC_LINKS}/{quote(self._room, safe='#:!')}" if public else ""
        return Checked(ok=well, handle=self._room, profile_url=page, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it into the incident's thread, or change the message that it mends, where it is still there."""
        check_length(post, "Matrix", LIMITS, counts.matrix, "bytes")
        room = self._resolved()
        mends = post.mends if post.mends is not None and self._stands(room, post.mends) else None
        answer = self._ask(
            "PUT",
            f"/rooms/{_part(room)}/send/{MESSAGE}/{_part(post.key)}",
            body=_content(post, mends),
            writes=True,
        )
        self._judge(answer)
        event = (answer.record() or {}).get("event_id")
        if not isinstance(event, str) or not event.startswith("$"):
            raise self._web.garbled(writes=True)
        return mends or _remote(room, event)

    def find(self, post: Post) -> RemotePost | None:
        """The event among the account's own newest ones in the room."""
        try:
            return self._look(post)
        except TryLater:
            raise
        except SendingError as fault:
            raise TryLater(fault.message, code=fault.code) from None

    def _look(self, post: Post) -> RemotePost | None:
        me, room = self._whoami(), self._resolved()
        for event, since_ms in self._own_events(room, me, post):
            unsigned, content = _inner(event, "unsigned"), _inner(event, "content")
            relation = _inner(content, "m.relates_to")
            changes = relation.get("event_id") if relation.get("rel_type") == "m.replace" else None
            shown = _inner(content, "m.new_content") if changes else content
            same = shown.get("body") == post.text and _number(event.get("origin_server_ts")) >= since_ms
            ours = unsigned.get("transaction_id") == post.key or same
            if not ours:
                continue
            if changes and post.mends is not None and changes == post.mends.id:
                return post.mends
            if not changes and _thread(relation) in {None, *_roots(post)}:
                return _remote(room, str(event.get("event_id", "")))
        return None

    def _own_events(self, room: str, me: str, post: Post) -> Iterator[tuple[Mapping[str, Any], int]]:
        """The account's newest messages, each with the earliest time of ours on the server's clock, in ms."""
        only = json.dumps({"senders": [me], "types": [MESSAGE]})
        params = {"dir": "b", "limit": str(PAGE), "filter": only}
        for _ in range(PAGES):
            answer = self._ask("GET", f"/rooms/{_part(room)}/messages", params=params)
            self._judge(answer)
            known = answer.record() or {}
            events = known.get("chunk")
            if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
                raise self._web.garbled(writes=False)
            since = int(earliest(post, answer).timestamp() * 1000)
            for event in events:
                if event.get("sender") == me and event.get("type") == MESSAGE:
                    yield event, since
            end = known.get("end")
            if not isinstance(end, str) or (events and _number(events[-1].get("origin_server_ts")) < since):
                return
            params["from"] = end
        raise TryLater("There are too many newer messages in the room to find this one.", code="too-many")

    def _stands(self, room: str, message: RemotePost) -> bool:
        """Whether a message can still be changed: it is there, and nobody took its words away."""
        answer = self._ask("GET", f"/rooms/{_part(room)}/event/{_part(message.id)}")
        if answer.status == _NOT_FOUND and _code(answer) == "M_NOT_FOUND":
            return False
        self._judge(answer)
        return "body" in _inner(answer.record() or {}, "content")

    def _check_level(self, room: str, me: str) -> CheckLine:
        """Whether the account's power suffices for a message (spec: m.room.power_levels, with its defaults)."""
        levels = self._state(room, "m.room.power_levels") or {}
        version = str((self._state(room, "m.room.create") or {}).get("room_version", "1"))
        needed = _number(_inner(levels, "events").get(MESSAGE, levels.get("events_default", 0)))
        has = _number(_inner(levels, "users").get(me, levels.get("users_default", 0)))
        if has >= needed or (version.isdecimal() and int(version) >= _CREATORS_ABOVE_ALL):
            return CheckLine(what="Room", ok=True, result=f"The account is in {self._room}.")
        words = f"The account may not write in {self._room}: it has power {has} and needs {needed}. Ask a moderator."
        return CheckLine(what="Room", ok=False, result=words)

    def _check_open(self, room: str) -> CheckLine:
        if self._state(room, "m.room.encryption") is None:
            return CheckLine(what="Encryption", ok=True, result="The room is not encrypted.")
        words = "The room is encrypted, and StatusDesk writes in the open. Make a room without encryption for it."
        return CheckLine(what="Encryption", ok=False, result=words)

    def _state(self, room: str, kind: str) -> Mapping[str, Any] | None:
        answer = self._ask("GET", f"/rooms/{_part(room)}/state/{kind}")
        if answer.status == _NOT_FOUND and _code(answer) == "M_NOT_FOUND":
            return None
        self._judge(answer)
        return answer.record() or {}

    def _whoami(self) -> str:
        me = self._done("GET", "/account/whoami").get("user_id")
        if not isinstance(me, str) or not me.startswith("@"):
            raise self._web.garbled(writes=False)
        return me

    def _resolved(self) -> str:
        """The room's ID; an alias is looked up once."""
        if not self._room_id:
            room = self._done("GET", f"/directory/room/{_part(self._room)}").get("room_id")
            if not isinstance(room, str) or not room.startswith("!"):
                raise self._web.garbled(writes=False)
            self._room_id = room
        return self._room_id

    def _ask(self, method: str, path: str, *, writes: bool = False, **what: Any) -> Answer:
        return self._web.ask(method, f"/_matrix/client/v3{path}", token=self._token, writes=writes, **what)

    def _done(self, method: str, path: str) -> Mapping[str, Any]:
        answer = self._ask(method, path)
        self._judge(answer)
        known = answer.record()
        if known is None:
            raise self._web.garbled(writes=False)
        return known

    def _judge(self, answer: Answer) -> None:
        """Raise NeedsPerson, in plain words, unless the server says yes."""
        if answer.status in OK:
            return
        words, code = said(answer.words(), self._token), _code(answer)
        if answer.status == _LOGIN_REFUSED or code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"):
            raise NeedsPerson(
                f"{self._web.host} refused the login. Connect the account again with a new access token.{words}",
                code="login",
            )
        if answer.status == _FORBIDDEN:
            raise NeedsPerson(
                f"The account may not write in {self._room}. Invite it, let it join, and let it send messages.{words}",
                code="rights",
            )
        if answer.status == _NOT_FOUND and code == "M_NOT_FOUND":
            raise NeedsPerson(f"{self._web.host} knows no room {self._room}. Check its name.{words}", code="room")
        if answer.status == _TOO_LARGE:
            raise NeedsPerson(f"The message is too long for {self._web.host}. Shorten it.{words}", code="too-long")
        if not code:
            raise NeedsPerson(f"{self._web.host} is no Matrix server. Check the server's address.", code="address")
        raise NeedsPerson(f"Matrix refused the post ({answer.status}).{words}", code=f"http-{answer.status}")


def open_matrix(connection: Connection) -> Channel:
    """The channel for one room. Raises Refused for a room or an address that is none."""
    return MatrixChannel(connection)


def _content(post: Post, mends: RemotePost | None) -> Mapping[str, Any]:
    message: dict[str, Any] = {"msgtype": "m.text", "body": post.text, "m.mentions": {}}
    if mends is not None:
        relation: Mapping[str, Any] = {"rel_type": "m.replace", "event_id": mends.id}
        return {**message, "body": f"* {post.text}", "m.new_content": message, "m.relates_to": relation}
    root = next(iter(_roots(post)), None)
    if root is not None:
        message["m.relates_to"] = {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": True,  # for clients without threads: a reply to the first message
            "m.in_reply_to": {"event_id": root},
        }
    return message


def _roots(post: Post) -> list[str]:
    """The first message of the thread: the incident's, else the one whose words this corrects."""
    return [one.id for one in (post.root, post.mends) if one is not None and one.id.startswith("$")]


def _thread(relation: Mapping[str, Any]) -> object:
    return relation.get("event_id") if relation.get("rel_type") == "m.thread" else None


def _remote(room: str, event: str) -> RemotePost:
    return RemotePost(id=event[:300], url=f"{_PUBLIC_LINKS}/{_part(room)}/{_part(event)}")


def _code(answer: Answer) -> str:
    return tidy_line(str((answer.record() or {}).get("errcode", "")))[:100]


def _part(text: str) -> str:
    return quote(text, safe="")


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
