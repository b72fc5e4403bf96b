"""What Apprise's json:// posts to (github.com/caronc/apprise/wiki/Notify_Custom_JSON)."""

from __future__ import annotations

from typing import Any

from tests.servers.vendors.base import Asked, Said, Vendor

USER, PASSWORD = "northlake", "sekrit-pass-0042"


class JsonReceiver(Vendor):
    """Takes what comes with the right password."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"json://{USER}:{PASSWORD}@{self.url.removeprefix('http://')}/status"

    def arrived(self) -> list[str]:
        return [message["message"] for message in self.messages]

    def answer(self, asked: Asked) -> Said:
        if not asked.headers.get("authorization", "").startswith("Basic "):
            return Said(401)
        self.messages.append(asked.json())
        return Said(200, {})
