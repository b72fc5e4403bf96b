"""Microsoft Teams, through a Workflow that waits for a webhook.

learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors; support.microsoft.com, "Create incoming webhooks
with Workflows for Microsoft Teams". The Workflow's address is its password: its query holds the signature. A post is an
Adaptive Card (adaptivecards.io) of plain text runs, in which nothing is read as formatting. The Workflow answers before
it has posted (202), and nothing can be asked afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.refusals import OK, check_length, opened_address, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, NeedsPerson
from statusdesk.net.web import PATIENCE, Answer, Patience

MAX_MESSAGE = 28 * 1024  # bytes of the whole message
LIMITS = Limits(characters=20_000)  # bytes of text: a card takes room for itself
_RETIRED = ("webhook.office.com", "outlook.office.com")
_LOGIN_REFUSED, _NOT_THERE, _TOO_LARGE = (401, 403), (404, 410), 413


class TeamsChannel:
    """One Workflow, which posts into one channel or chat."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._secret = connection.secret.strip()
        self._web, self._path = opened_address("Teams", self._secret, patience, field="address")
        if self._web.host.endswith(_RETIRED):
            raise Refused(
                "Microsoft has retired this kind of address. In Teams, make a Workflow “Send webhook alerts to a "
                "channel” and copy its address.",
                field="address",
            )
        self._signature = parse_qs(urlsplit(self._secret).query).get("sig", [""])[0]
        if not self._signature:
            raise Refused(
                "That is not the address of a Workflow: it must hold a signature (sig=…). Let the Workflow be "
                "triggered by anyone, and copy its whole address.",
                field="address",
            )

    def check(self) -> Checked:
        """Only the shape can be looked at: whoever asks a Workflow anything posts."""
        lines = [
            CheckLine(what="Address", ok=True, result=f"It has the shape of a Workflow at {self._web.host}."),
            CheckLine(what="Workflow", ok=None, result="Whether it works can only be known by posting."),
        ]
        return Checked(ok=True, handle=self._web.host, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Hand it to the Workflow; threads and changes are not offered to it."""
        check_length(post, "Teams", LIMITS, counts.utf8, "bytes")
        data = json.dumps(_message(post), ensure_ascii=False).encode("utf-8", "replace")
        if len(data) > MAX_MESSAGE:
            raise NeedsPerson("The post has too many lines for a card of Teams. Shorten it.", code="too-long")
        headers = {"Content-Type": "application/json"}
        answer = self._web.ask("POST", self._path, data=data, headers=headers, writes=True)
        if answer.status in OK:
            return RemotePost(id=post.key)
        raise self._refusal(answer)

    def find(self, post: Post) -> RemotePost | None:
        """A Workflow cannot be asked."""
        del post
        raise CannotTell(
            "Teams lets nobody look for a Workflow's posts. Look into the channel yourself.", code="webhook"
        )

    def _refusal(self, answer: Answer) -> NeedsPerson:
        error = (answer.record() or {}).get("error")
        known = error if isinstance(error, dict) else {}
        words = said(known.get("message") or answer.words(), self._secret, self._path, self._signature)
        if answer.status in _LOGIN_REFUSED:
            return NeedsPerson(
                "The Workflow does not take messages with this address. Let it be triggered by anyone, copy its "
                f"address again and connect anew.{words}",
                code="login",
            )
        if answer.status in _NOT_THERE:
            return NeedsPerson(
                "The Workflow is not there any more, or it is turned off. Turn it on in Teams, or make a new one."
                f"{words}",
                code="gone",
            )
        if answer.status == _TOO_LARGE:
            return NeedsPerson(f"Teams says that the post is too long. Shorten it.{words}", code="too-long")
        return NeedsPerson(f"Teams refused the post ({answer.status}).{words}", code=f"http-{answer.status}")


def open_teams(connection: Connection) -> Channel:
    """The channel for one Workflow. Raises Refused for an address that is none."""
    return TeamsChannel(connection)


def _message(post: Post) -> Mapping[str, Any]:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": post.language.replace("_", "-").split("-")[0].lower() or "en",
        "body": [_line(text, first=not number) for number, text in enumerate(post.text.splitlines()) if text.strip()],
        "msteams": {"width": "Full"},
    }
    if post.link:
        label = tidy_line(post.words.page_name)[:50] if post.words else ""
        card["actions"] = [{"type": "Action.OpenUrl", "title": label or "Status", "url": post.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _line(text: str, *, first: bool) -> Mapping[str, Any]:
    run = {"type": "TextRun", "text": text} | ({"weight": "Bolder"} if first else {})
    return {"type": "RichTextBlock", "inlines": [run], **({} if first else {"spacing": "Small"})}
