"""ntfy: notifications for whoever follows a topic (docs.ntfy.sh/publish, docs.ntfy.sh/subscribe/api).

A server keeps what was published for some hours, so a message that was cut off can be looked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from statusdesk import clock
from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import CLOCKS_UNKNOWN, began, earliest, letters
from statusdesk.channels.headings import heading
from statusdesk.channels.refusals import OK, check_length, not_checked, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.post import Event
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web

DEFAULT_SERVER = "https://ntfy.sh"
LIMITS = Limits(characters=4096)  # bytes: beyond that a server makes an attachment of the message
KEPT = timedelta(hours=11)  # a server usually keeps messages for twelve
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_LOGIN_REFUSED, _TOO_LARGE = (401, 403), 413
_PRIORITIES = {"critical": 5, "major": 4}
_CALM = (Event.RESOLVED, Event.WITHDRAWN, Event.RETRACTED)
_TAGS = {Event.OPENED: "warning", Event.REOPENED: "warning", Event.RESOLVED: "white_check_mark"}


class NtfyChannel:
    """One topic on one server."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("ntfy", connection.base_url or DEFAULT_SERVER, patience)
        self._token = connection.secret.strip()
        self._topic = connection.settings.get("topic", "").strip()
        if not _TOPIC.fullmatch(self._topic):
            raise Refused("A topic has letters, digits, - and _, at most 64 of them.", field="topic")

    def check(self) -> Checked:
        """Whether the server answers and knows the token. Whether it may publish is only known by publishing."""
        try:
            if self._token:
                account = self._web.ask("GET", "/v1/account", token=self._token)
                self._judge(account)
                if not isinstance((account.record() or {}).get("username"), str):
                    raise self._web.garbled(writes=False)
            answer = self._poll("none")
            if answer.status not in _LOGIN_REFUSED:  # a token may be good for writing alone
                self._judge(answer)
                self._messages(answer)
        except SendingError as fault:
            return not_checked("Server", fault)
        lines = [CheckLine(what="Server", ok=True, result=f"{self._web.host} answers.")]
        if self._token:
            lines.append(CheckLine(what="Token", ok=True, result="The server knows the token."))
        words = "Whether the topic takes our messages shows with the first one."
        if not self._token:
            words = "Without a token anybody who knows the topic's name can publish to it. Reserve the topic."
        lines.append(CheckLine(what="Topic", ok=None, result=words))
        return Checked(ok=True, handle=f"{self._web.host}/{self._topic}", limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Publish it; a topic knows neither threads nor changes."""
        check_length(post, "ntfy", LIMITS, counts.utf8, "bytes")
        answer = self._web.ask("POST", "/", token=self._token, body=self._message(post), writes=True)
        self._judge(answer)
        remote = _remote(answer.record())
        if remote is None:
            raise self._web.garbled(writes=True)
        return remote

    def find(self, post: Post) -> RemotePost | None:
        """The message among those that the server still keeps."""
        if clock.now() - began(post) > KEPT:
            raise CannotTell("The server does not keep messages for that long. Look at a phone that follows the topic.")
        try:
            answer = self._poll(str(int((began(post) - CLOCKS_UNKNOWN).timestamp())))
            if answer.status in _LOGIN_REFUSED:
                raise CannotTell("The token may not read the topic, so nobody can look from here.", code="write-only")
            self._judge(answer)
        except NeedsPerson as fault:
            raise TryLater(fault.message, code=fault.code) from None
        since, wanted, title = earliest(post, answer).timestamp(), letters(post.text), letters(heading(post))
        for message in self._messages(answer):
            at = message.get("time")
            if isinstance(at, int) and at >= since - 1 and letters(str(message.get("message", ""))) == wanted:
                remote = _remote(message)
                if remote is not None and letters(str(message.get("title", ""))) == title:
                    return remote
        return None

    def _poll(self, since: str) -> Answer:
        params = {"poll": "1", "since": since}
        return self._web.ask("GET", f"/{self._topic}/json", token=self._token, params=params)

    def _messages(self, answer: Answer) -> Sequence[Mapping[str, Any]]:
        """One message a line; none at all is an answer too, if it says itself where it ends."""
        ends = "Content-Length" in answer.headers or "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
        try:
            messages = [json.loads(line) for line in answer.body.splitlines()]
        except (ValueError, RecursionError):
            messages = [None]
        if not (
            answer.whole and ends and all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in messages)
        ):
            raise self._web.garbled(writes=False)
        return messages

    def _message(self, post: Post) -> Mapping[str, Any]:
        message: dict[str, Any] = {"topic": self._topic, "title": heading(post), "message": post.text}
        if post.words is not None:
            if post.words.event not in _CALM:
                message["priority"] = _PRIORITIES.get(post.words.impact, 3)
            if tag := _TAGS.get(post.words.event):
                message["tags"] = [tag]
        if post.link:
            label = tidy_line(post.words.page_name)[:50] if post.words else ""
            message["click"] = post.link
            message["actions"] = [{"action": "view", "label": label or "Status", "url": post.link}]
        return message

    def _judge(self, answer: Answer) -> None:
        """Raise NeedsPerson, in plain words, unless the server says yes."""
        if answer.status in OK:
            return
        words = said(answer.words(), self._token)
        if answer.status in _LOGIN_REFUSED:
            raise NeedsPerson(
                f"{self._web.host} does not let us publish to {self._topic}. Make an access token in its web app under "
                f"Account, for a user who may write there, and connect again.{words}",
                code="login",
            )
        if answer.status == _TOO_LARGE:
            raise NeedsPerson(f"The message is too long for {self._web.host}. Shorten it.{words}", code="too-long")
        if answer.record() is None:
            raise NeedsPerson(f"{self._web.host} is no ntfy server. Check the server's address.", code="address")
        raise NeedsPerson(f"ntfy refused the message ({answer.status}).{words}", code=f"http-{answer.status}")


def open_ntfy(connection: Connection) -> Channel:
    """The channel for one topic. Raises Refused for a topic or an address that is none."""
    return NtfyChannel(connection)


def _remote(message: Mapping[str, Any] | None) -> RemotePost | None:
    known = message or {}
    identity = known.get("id")
    if known.get("event") != "message" or not isinstance(identity, str) or not identity:
        return None
    return RemotePost(id=identity[:200])
