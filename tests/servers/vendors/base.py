"""What the vendors' servers share: a threaded HTTP server in this process, started in milliseconds."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.fault import HOST


@dataclass(frozen=True)
class Asked:
    """A request: `path` without its query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The JSON object in it; empty when it holds none."""
        try:
            known = json.loads(self.body)
        except ValueError:
            return {}
        return known if isinstance(known, dict) else {}


@dataclass(frozen=True)
class Said:
    """An answer: JSON, or text as it is."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Raised to end a request with an answer that says no."""

    def __init__(self, status: int, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.said = Said(status, body, headers or {})


class Vendor:
    """Use as a context. A subclass answers each request under a lock and keeps what arrived."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(length)
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
                with outer._lock:
                    outer.requests.append(asked)
                    try:
                        said = outer.answer(asked)
                    except Refusal as refusal:
                        said = refusal.said
                text = said.body if isinstance(said.body, str) else json.dumps(said.body)
                data = b"" if said.body is None else text.encode()
                self.send_response(said.status)
                kind = "text/html" if isinstance(said.body, str) else "application/json"
                fields = {"Content-Type": kind, "Content-Length": str(len(data)), "Connection": "close"}
                for name, value in {**fields, **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that went away is no fault of the server."""

        self._server = Server((HOST, 0), Handler)
        self._server.block_on_close = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def answer(self, asked: Asked) -> Said:
        """What the vendor says to a request."""
        raise NotImplementedError

    def arrived(self) -> list[str]:
        """The texts that exist there now, in order."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
