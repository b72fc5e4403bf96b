"""What the vendors' servers have in common: a threaded server in this process, and OAuth as its papers have it."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """A request: `path` without its query, header names in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        known = json.loads(self.body or b"{}")
        return known if isinstance(known, dict) else {}

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def token(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""


@dataclass(frozen=True)
class Said:
    """An answer: JSON unless it is bytes; nothing at all for None."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Raised to end a request with an answer that says no."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.said = Said(status, body, headers or {})


class Vendor:
    """A server. `say` makes the next requests meet something else than its own answer."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._next: queue.SimpleQueue[Said] = queue.SimpleQueue()
        self._lock = threading.Lock()
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 20
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                vendor._serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815  the names the library calls

            def log_message(self, *_: object) -> None:
                """Tests read `requests`."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def say(self, *answers: Said) -> None:
        """What the next requests meet, in order; their own effect does not take place."""
        for answer in answers:
            self._next.put(answer)

    def asked(self) -> list[str]:
        """The requests so far: `GET /path`."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def arrived(self) -> list[str]:
        """The texts that exist here now, in the order in which they came."""
        raise NotImplementedError

    def answer(self, request: Asked) -> Said:
        """The vendor's own answer."""
        raise NotImplementedError

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        request = Asked(
            handler.command,
            parts.path,
            {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(int(handler.headers.get("Content-Length", 0))),
        )
        with self._lock:
            self.requests.append(request)
            try:
                said = self._next.get() if not self._next.empty() else self.answer(request)
            except Refusal as refusal:
                said = refusal.said
        body = (
            said.body if isinstance(said.body, bytes) else b"" if said.body is None else json.dumps(said.body).encode()
        )
        handler.send_response(said.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **said.headers,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class App:
    """An app as it is registered: its addresses are compared letter by letter. Without a secret it is a public one."""

    client_id: str
    redirects: Sequence[str]
    secret: str = ""


class Allowing:
    """An authorization server (RFC 6749, 7636): its person has signed in and says yes, or what `person` says.

    Codes hold for one use; a refresh token is gone with its use (rotation).
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.person = "yes"
        self.valid: set[str] = set()
        self.refreshing: set[str] = set()
        self._codes: dict[str, Mapping[str, str]] = {}

    def authorize(self, request: Asked) -> Said:
        """The page where the person decides; it answers at once."""
        asked = request.query
        if asked.get("client_id") != self.app.client_id or asked.get("redirect_uri") not in self.app.redirects:
            return Said(400, {"error": "invalid_request", "error_description": "Unknown client or redirect address"})
        back = {"state": asked.get("state", "")}
        if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
            back |= {"error": "invalid_request"}
        elif self.person != "yes":
            back |= {"error": self.person}
        else:
            code = secrets.token_urlsafe(8)
            self._codes[code] = asked
            back |= {"code": code}
        return Said(302, None, {"Location": f"{asked['redirect_uri']}?{urlencode(back)}"})

    def token(self, request: Asked) -> Said:
        """A token for a code or a refresh token."""
        given = request.form()
        if not self._is_the_app(request, given):
            return Said(401, {"error": "invalid_client"})
        if given.get("grant_type") == "refresh_token":
            if given.get("refresh_token") not in self.refreshing:
                return Said(
                    400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
                )
            self.refreshing.discard(given["refresh_token"])
            return self._given()
        asked = self._codes.pop(given.get("code", ""), None)
        if asked is None or given.get("redirect_uri") != asked["redirect_uri"]:
            return Said(400, {"error": "invalid_grant"})
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked.get("code_challenge") and asked["code_challenge"] != challenge:
            return Said(400, {"error": "invalid_grant", "error_description": "The code verifier does not fit"})
        return self._given()

    def grant(self) -> tuple[str, str]:
        """An access and a refresh token, as if somebody had signed in."""
        given = self._given().body
        return given["access_token"], given["refresh_token"]

    def _given(self) -> Said:
        access, refresh = f"access-{secrets.token_urlsafe(12)}", f"refresh-{secrets.token_urlsafe(12)}"
        self.valid.add(access)
        self.refreshing.add(refresh)
        known = {"token_type": "bearer", "expires_in": 7200, "access_token": access, "refresh_token": refresh}
        return Said(200, known)

    def _is_the_app(self, request: Asked, given: Mapping[str, str]) -> bool:
        if not self.app.secret:
            return given.get("client_id") == self.app.client_id
        pair = base64.b64encode(f"{self.app.client_id}:{self.app.secret}".encode()).decode()
        named = given.get("client_id") == self.app.client_id and given.get("client_secret") == self.app.secret
        return request.headers.get("authorization") == f"Basic {pair}" or named
