"""The Bot API and the public pages of channels (core.telegram.org/bots/api, t.me/s/NAME)."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

TOKEN = "123456789:AAtest-token_of_the_status_bot_0042"
CHANNEL, GROUP = -1001234567890, -1009876543210
PAGE = 20


@dataclass
class _Message:
    id: int
    chat: int
    text: str
    reply_to: int | None
    at: datetime
    gone: bool = False


class Telegram(Vendor):
    """One bot in a public channel @northlake and in a private group."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[_Message] = []
        self.rights: dict[int, str] = {CHANNEL: "administrator", GROUP: "member"}
        self.refuse_next: Refusal | None = None
        self._last = 100

    def arrived(self) -> list[str]:
        return [one.text for one in self.messages if not one.gone]

    def delete(self, identity: str) -> None:
        next(one for one in self.messages if one.id == int(identity)).gone = True

    def answer(self, asked: Asked) -> Said:
        if asked.path.startswith("/s/"):
            return self._page(asked)
        token, _, method = asked.path.removeprefix("/bot").partition("/")
        if token != TOKEN:
            raise _error(401, "Unauthorized")
        if self.refuse_next is not None:
            refusal, self.refuse_next = self.refuse_next, None
            raise refusal
        body = asked.json()
        if method == "getMe":
            return _ok({"id": 123456789, "is_bot": True, "first_name": "Status", "username": "northlake_bot"})
        chat = self._chat(body.get("chat_id"))
        if chat is None:
            raise _error(400, "Bad Request: chat not found")
        if method == "getChat":
            return _ok(self._described(chat))
        if method == "getChatMember":
            status = self.rights[chat]
            return _ok({"status": status, **({"can_post_messages": True} if status == "administrator" else {})})
        if self.rights[chat] == "kicked":
            raise _error(403, "Forbidden: bot was kicked from the channel chat")
        if len(body.get("text", "").encode("utf-16-le")) // 2 > 4096:
            raise _error(400, "Bad Request: message is too long")
        return {"sendMessage": self._send, "editMessageText": self._edit}[method](chat, body)

    def _send(self, chat: int, body: dict[str, Any]) -> Said:
        reply = body.get("reply_parameters") or {}
        to = next((one for one in self.messages if one.id == reply.get("message_id") and not one.gone), None)
        if reply and to is None and not reply.get("allow_sending_without_reply"):
            raise _error(400, "Bad Request: message to be replied not found")
        self._last += 1
        message = _Message(self._last, chat, body["text"], to.id if to else None, datetime.now(UTC))
        self.messages.append(message)
        return _ok(self._told(message))

    def _edit(self, chat: int, body: dict[str, Any]) -> Said:
        message = next((one for one in self.messages if one.id == body["message_id"] and not one.gone), None)
        if message is None or message.chat != chat:
            raise _error(400, "Bad Request: message to edit not found")
        if message.text == body["text"]:
            raise _error(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        message.text = body["text"]
        return _ok(self._told(message))

    @staticmethod
    def _chat(name: object) -> int | None:
        return {"@northlake": CHANNEL, str(CHANNEL): CHANNEL, str(GROUP): GROUP}.get(str(name))

    @staticmethod
    def _described(chat: int) -> dict[str, Any]:
        if chat == CHANNEL:
            return {"id": chat, "type": "channel", "title": "Northlake", "username": "northlake"}
        return {"id": chat, "type": "supergroup", "title": "Northlake team"}

    def _told(self, message: _Message) -> dict[str, Any]:
        return {
            "message_id": message.id,
            "chat": self._described(message.chat),
            "date": int(message.at.timestamp()),
            "text": message.text,
        }

    def _page(self, asked: Asked) -> Said:
        """The newest messages of the public channel, as far as the real page's marks matter."""
        if asked.path != "/s/northlake":
            return Said(302, b"", {"Location": f"https://t.me/{asked.path.removeprefix('/s/')}"})
        before = int(asked.query.get("before", "0")) or self._last + 1
        there = [one for one in self.messages if one.chat == CHANNEL and not one.gone and one.id < before][-PAGE:]
        parts = []
        for one in there:
            text = html.escape(one.text, quote=False).replace("\n", "<br/>")
            quoted = (
                '<a class="tgme_widget_message_reply"><div class="tgme_widget_message_metatext js-message_reply_text">'
                "Earlier words</div></a>"
                if one.reply_to
                else ""
            )
            parts.append(
                f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="northlake/{one.id}">'
                f'<div class="tgme_widget_message_bubble">{quoted}'
                f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
                f'<a class="tgme_widget_message_date"><time datetime="{one.at.isoformat(timespec="seconds")}" '
                'class="time">13:05</time></a></div></div></div>'
            )
        return Said(200, f'<html><section class="tgme_channel_history">{"".join(parts)}</section></html>'.encode())


def _ok(result: object) -> Said:
    return Said(200, {"ok": True, "result": result})


def _error(status: int, description: str, **parameters: object) -> Refusal:
    body = {"ok": False, "error_code": status, "description": description}
    return Refusal(status, body | ({"parameters": parameters} if parameters else {}))


def flood_wait(seconds: int) -> Refusal:
    """What Telegram answers to too many messages."""
    return _error(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
