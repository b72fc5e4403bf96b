"""ntfy: publishing as JSON, and polling for what is kept (docs.ntfy.sh/publish, docs.ntfy.sh/subscribe/api)."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

TOKEN, TOPIC = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2", "northlake-status"


class Ntfy(Vendor):
    """One topic that only its owner may publish to; everybody may read it, unless told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.readable = True
        self.limit_reached = False
        self.open_to_all = False

    def arrived(self) -> list[str]:
        return [message["message"] for message in self.messages]

    def answer(self, asked: Asked) -> Said:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token != TOKEN:
            raise _no(401, 40101, "unauthorized")
        if asked.path == "/v1/account":
            return Said(200, {"username": "northlake" if token else "*", "role": "user" if token else "anonymous"})
        if asked.method == "GET" and asked.path == f"/{TOPIC}/json":
            return self._poll(asked)
        if asked.method != "POST" or asked.path != "/":
            raise _no(404, 40401, "page not found")
        if self.limit_reached:
            raise _no(429, 42901, "limit reached: too many requests, please be nice")
        if token != TOKEN and not self.open_to_all:
            raise _no(403, 40301, "forbidden")
        return self._publish(asked)

    def _publish(self, asked: Asked) -> Said:
        body = asked.json()
        if not body.get("topic"):
            raise _no(400, 40009, "invalid request: topic invalid")
        if len(body["message"].encode()) > 4096:
            raise _no(413, 41301, "attachment too large, or bandwidth limit reached")
        message = {"id": f"m{len(self.messages):011}", "time": int(time.time()), "event": "message", **body}
        self.messages.append(message)
        return Said(200, message)

    def _poll(self, asked: Asked) -> Said:
        if not self.readable:
            raise _no(403, 40301, "forbidden")
        since = asked.query["since"]
        kept = [] if since == "none" else [one for one in self.messages if one["time"] >= int(since)]
        return Said(200, "".join(json.dumps(one) + "\n" for one in kept).encode())


def _no(status: int, code: int, error: str) -> Refusal:
    return Refusal(status, {"code": code, "http": status, "error": error, "link": "https://ntfy.sh/docs/"})
