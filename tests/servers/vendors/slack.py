"""The Web API and the incoming webhooks of Slack (docs.slack.dev/reference/methods, .../sending-messages-using-
incoming-webhooks)."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

TOKEN, CHANNEL = "xoxb-123456789012-abcdefGHIJKL", "C0123456789"
HOOK = "/services/T0001/B0001/aWebhookOfNorthlake"
ALL = frozenset({"chat:write", "channels:read", "channels:history"})


class Slack(Vendor):
    """One app with a bot in #status, and one webhook for the same channel."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.scopes = ALL
        self.member = True
        self.archived = False
        self.refuse_next: str = ""

    @property
    def hook(self) -> str:
        return self.url + HOOK

    def arrived(self) -> list[str]:
        return [_shown(message) for message in self.messages]

    def delete(self, identity: str) -> None:
        self.messages = [one for one in self.messages if one["ts"] != identity.partition(" ")[2]]

    def answer(self, asked: Asked) -> Said:
        if asked.path.startswith("/services/"):
            return self._hooked(asked)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _no("invalid_auth")
        if self.refuse_next:
            error, self.refuse_next = self.refuse_next, ""
            if error == "429":
                raise Refusal(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"})
            return _no(error)
        return {
            "auth.test": lambda: Said(
                200, {"ok": True, "team": "Northlake", "user": "status", "user_id": "U1", "bot_id": "B1"}
            ),
            "conversations.info": lambda: self._info(asked),
            "conversations.history": lambda: self._history(asked),
            "chat.postMessage": lambda: self._post(asked),
            "chat.update": lambda: self._update(asked),
        }[asked.path.removeprefix("/api/")]()

    def _needs(self, scope: str) -> None:
        if scope not in self.scopes:
            raise Refusal(200, {"ok": False, "error": "missing_scope", "needed": scope})

    def _checked(self, channel: object) -> None:
        if channel != CHANNEL:
            raise Refusal(200, {"ok": False, "error": "channel_not_found"})
        if not self.member:
            raise Refusal(200, {"ok": False, "error": "not_in_channel"})
        if self.archived:
            raise Refusal(200, {"ok": False, "error": "is_archived"})

    def _info(self, asked: Asked) -> Said:
        self._needs("channels:read")
        if asked.query["channel"] != CHANNEL:
            return _no("channel_not_found")
        about = {"id": CHANNEL, "name": "status", "is_archived": self.archived, "is_member": self.member}
        return Said(200, {"ok": True, "channel": about})

    def _history(self, asked: Asked) -> Said:
        self._needs("channels:history")
        self._checked(asked.query["channel"])
        oldest, latest = float(asked.query["oldest"]), float(asked.query.get("latest", "inf"))
        there = [one for one in self.messages if oldest <= float(one["ts"]) <= latest][::-1]
        start, limit = int(asked.query.get("cursor", "0")), int(asked.query["limit"])
        more = str(start + limit) if start + limit < len(there) else ""
        # Slack marks the links of a text.
        page = [
            one | {"text": re.sub(r"(https?://[^\s<>]+)", r"<\1>", one["text"])} for one in there[start : start + limit]
        ]
        return Said(200, {"ok": True, "messages": page, "response_metadata": {"next_cursor": more}})

    def _post(self, asked: Asked) -> Said:
        body = asked.json()
        self._checked(body.get("channel"))
        thread = body.get("thread_ts")
        if thread and not any(one["ts"] == thread for one in self.messages):
            return _no("thread_not_found")
        message = {"type": "message", "user": "U1", "bot_id": "B1", "ts": self._now(), **_said(body)}
        if thread:
            message |= {"thread_ts": thread, "subtype": "thread_broadcast" if body.get("reply_broadcast") else ""}
        self.messages.append(message)
        return Said(200, {"ok": True, "channel": CHANNEL, "ts": message["ts"], "message": message})

    def _update(self, asked: Asked) -> Said:
        body = asked.json()
        self._checked(body.get("channel"))
        message = next((one for one in self.messages if one["ts"] == body["ts"]), None)
        if message is None:
            return _no("message_not_found")
        message |= _said(body)
        return Said(200, {"ok": True, "channel": CHANNEL, "ts": body["ts"], "text": body["text"]})

    def _hooked(self, asked: Asked) -> Said:
        if asked.path != HOOK:
            return Said(404, b"no_service")
        if self.archived:
            return Said(410, b"channel_is_archived")
        self.messages.append({"type": "message", "ts": self._now(), **_said(asked.json())})
        return Said(200, b"ok")

    def _now(self) -> str:
        last = float(self.messages[-1]["ts"]) if self.messages else 0
        return f"{max(time.time(), last + 0.001):.6f}"


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return {"text": body["text"], "blocks": body["blocks"]}


def _shown(message: dict[str, Any]) -> str:
    """What readers see: the pieces of the block as they are."""
    (block,) = message["blocks"]
    assert block["type"] == "rich_text"
    (section,) = block["elements"]
    return "".join(one["url"] if one["type"] == "link" else one["text"] for one in section["elements"])


def _no(error: str) -> Said:
    return Said(200, {"ok": False, "error": error})
