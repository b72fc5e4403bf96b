"""A receiver of signed messages, as Standard Webhooks asks of one.

github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

from tests.servers.vendors.base import Asked, Said, Vendor

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
TOLERANCE_S = 300


class WebhookReceiver(Vendor):
    """Checks signature and time, and drops a message whose id it knows."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}

    @property
    def address(self) -> str:
        return f"{self.url}/hooks/status?team=7"

    def answer(self, asked: Asked) -> Said:
        if asked.path != "/hooks/status" or asked.query != {"team": "7"}:
            return Said(404)
        if asked.method != "POST":
            return Said(405, headers={"Allow": "POST"})
        identity, at = asked.headers.get("webhook-id", ""), asked.headers.get("webhook-timestamp", "0")
        if abs(time.time() - int(at)) > TOLERANCE_S:
            return Said(401, {"message": "too old"})
        signed = f"{identity}.{at}.".encode() + asked.body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, asked.headers.get("webhook-signature", "")):
            return Said(401, {"message": "no matching signature"})
        self.messages.setdefault(identity, asked.json())
        return Said(204)

    def arrived(self) -> list[str]:
        return [message["data"]["text"] for message in self.messages.values()]
