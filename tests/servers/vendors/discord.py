"""The webhooks of Discord (discord.com/developers/docs/resources/webhook, .../topics/rate-limits)."""

from __future__ import annotations

import re
from typing import Any

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

PATH = "/api/webhooks/1044000000000000042/aWebhook-token_of-Northlake"


class Discord(Vendor):
    """One webhook of one text channel."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.deleted = False
        self.refuse_next: Refusal | None = None
        self._last = 1100

    @property
    def address(self) -> str:
        return self.url + PATH

    def arrived(self) -> list[str]:
        """What readers see: the marks against formatting do not show."""
        return [re.sub(r"\\(.)", r"\1", message["content"]) for message in self.messages.values()]

    def answer(self, asked: Asked) -> Said:
        if not asked.path.startswith(PATH):
            raise Refusal(401, {"message": "Invalid Webhook Token", "code": 50027})
        if self.deleted:
            raise Refusal(404, {"message": "Unknown Webhook", "code": 10015})
        if self.refuse_next is not None:
            refusal, self.refuse_next = self.refuse_next, None
            raise refusal
        rest = asked.path.removeprefix(PATH)
        if asked.method == "GET" and not rest:
            return Said(200, {"id": "1044000000000000042", "type": 1, "name": "Northlake status", "channel_id": "77"})
        if asked.method == "POST" and not rest:
            return self._post(asked)
        message = self.messages.get(rest.removeprefix("/messages/"))
        if message is None:
            raise Refusal(404, {"message": "Unknown Message", "code": 10008})
        if asked.method == "PATCH":
            message["content"] = self._content(asked)
        return Said(200, message)

    def _post(self, asked: Asked) -> Said:
        self._last += 1
        message = {"id": str(self._last), "channel_id": "77", "content": self._content(asked)}
        self.messages[message["id"]] = message
        return Said(200, message) if asked.query.get("wait") == "true" else Said(204)

    @staticmethod
    def _content(asked: Asked) -> str:
        content = str(asked.json().get("content", ""))
        if not content or len(content) > 2000:
            errors = {"content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer"}]}}
            raise Refusal(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors})
        return content


def rate_limited(seconds: float) -> Refusal:
    """What Discord answers to too many messages."""
    return Refusal(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False})
