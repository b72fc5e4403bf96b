"""Discord, through a channel's webhook (discord.com/developers/docs/resources/webhook).

The webhook's address is its password. Its messages cannot reply to each other, but they can be changed; one of them can
be read by its number, so only a new message that was cut off leaves a doubt. Nobody is ever called by a post.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from statusdesk.channels import counts, escapes
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import letters
from statusdesk.channels.refusals import OK, check_length, not_checked, opened_address, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience

LIMITS = Limits(characters=2000)
_PATH = re.compile(r"/api(?:/v\d+)?/webhooks/\d+/[A-Za-z0-9_-]+")
_NOT_FOUND = 404
# discord.com/developers/docs/topics/opcodes-and-status-codes, JSON error codes
_UNKNOWN_MESSAGE, _FORUM = 10008, (220001, 220002, 220003)


class DiscordChannel:
    """One webhook of one channel."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._secret = connection.secret.strip()
        self._web, path = opened_address("Discord", self._secret, patience, field="address")
        self._path, _, query = path.partition("?")
        self._query = f"?{query}" if query else ""  # a thread of the channel may be named there
        if not _PATH.fullmatch(self._path):
            raise Refused(
                "That is no webhook of Discord. It looks like https://discord.com/api/webhooks/123/abc.",
                field="address",
            )

    def check(self) -> Checked:
        """Whether the webhook is there, and what it is called."""
        try:
            answer = self._web.ask("GET", self._path)
            self._judge(answer)
            known = answer.record()
            if known is None:
                raise self._web.garbled(writes=False)
        except SendingError as fault:
            return not_checked("Webhook", fault)
        name = tidy_line(str(known.get("name") or "Webhook"))[:100]
        lines = [
            CheckLine(what="Webhook", ok=True, result=f"You post as “{name}”."),
            CheckLine(what="Length", ok=True, result=f"A post may have {LIMITS.characters:,} characters."),
        ]
        return Checked(ok=True, handle=name, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it, or change the message that it mends. When that one is gone, post it as a new one."""
        check_length(post, "Discord", LIMITS, counts.discord, "characters with its marks")
        body: dict[str, Any] = {"content": escapes.discord(post.text), "allowed_mentions": {"parse": []}}
        if post.mends is not None:
            answer = self._message("PATCH", post.mends, body)
            if not _is_gone(answer):
                self._judge(answer)
                return post.mends
        answer = self._web.ask("POST", self._path + self._query, body=body, params={"wait": "true"}, writes=True)
        self._judge(answer)
        number = (answer.record() or {}).get("id")
        if not isinstance(number, str) or not number.isdecimal():
            raise self._web.garbled(writes=True)
        return RemotePost(id=number)

    def find(self, post: Post) -> RemotePost | None:
        """A changed message can be read by its number; of a new one the number is not known."""
        unknown = "Discord lets a webhook not look for its messages. Look into the channel yourself."
        if post.mends is None:
            raise CannotTell(unknown, code="webhook")
        try:
            answer = self._message("GET", post.mends)
            if _is_gone(answer):  # then a new one may have been posted in its place
                raise CannotTell(unknown, code="webhook")
            self._judge(answer)
        except NeedsPerson as fault:
            raise TryLater(fault.message, code=fault.code) from None
        known = answer.record()
        if known is None:
            raise self._web.garbled(writes=False)
        return post.mends if letters(str(known.get("content", ""))) == letters(post.text) else None

    def _message(self, method: str, message: RemotePost, body: Mapping[str, Any] | None = None) -> Answer:
        number = message.id if message.id.isdecimal() else "0"
        return self._web.ask(method, f"{self._path}/messages/{number}{self._query}", body=body)

    def _judge(self, answer: Answer) -> None:
        """Raise NeedsPerson, in plain words, unless Discord says yes."""
        if answer.status in OK:
            return
        words = said(answer.words(), self._secret, self._path, self._path.rpartition("/")[2])
        if answer.status in (401, 403, _NOT_FOUND):
            raise NeedsPerson(
                "The webhook is not there any more. Make a new one in the channel's settings and connect again."
                f"{words}",
                code="login",
            )
        if _code(answer) in _FORUM:
            raise NeedsPerson(
                f"The webhook belongs to a forum, where every post needs a topic. Choose a text channel.{words}",
                code="forum",
            )
        raise NeedsPerson(f"Discord refused the post ({answer.status}).{words}", code=f"http-{answer.status}")


def open_discord(connection: Connection) -> Channel:
    """The channel for one webhook. Raises Refused for an address that is none."""
    return DiscordChannel(connection)


def _code(answer: Answer) -> object:
    return (answer.record() or {}).get("code")


def _is_gone(answer: Answer) -> bool:
    return answer.status == _NOT_FOUND and _code(answer) == _UNKNOWN_MESSAGE
