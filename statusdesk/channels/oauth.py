"""Signing in in the browser: the network asks its user, and the answer comes back to this computer.

An app that runs on somebody's computer can keep no secret of its own, so the answer comes back over a redirect to
127.0.0.1 (RFC 8252), belongs to the request by a random `state` (RFC 6749, 10.12), and is worth something only together
with a verifier that never left this process (PKCE with S256, RFC 7636). Nothing is logged; the small server answers
`GET /callback` and nothing else, to this computer and nobody else, and is gone as soon as the answer is there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from statusdesk.domain.text import tidy_line
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.net.web import Answer, Web

HOST, PATH = "127.0.0.1", "/callback"
GIVE_UP_S = 300.0
# Networks that compare the whole address with one registered before need a port that is always the same.
REGISTERED_PORT = 47823
_LOOK_S = 0.1  # between two looks at whether the person gave up
_OK = range(200, 300)
_NOT_DONE = "Nothing was connected"

_Outcome = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a network asks its user, and where a code is exchanged for a token.

    `web` is the server of `token_path`. `secret` is the app's own, if it has one; `basic` says that the network wants
    it, with the client's id, as a user name and password (RFC 6749, 2.3.1). `pkce` is off only for a network that
    refuses it, which then needs a secret.
    """

    web: Web
    authorize_url: str
    token_path: str
    client_id: str
    scope: str
    secret: str = field(default="", repr=False)
    basic: bool = False
    pkce: bool = True


class Loopback:
    """The small server to which a browser comes back. Use as a context."""

    def __init__(self, port: int = 0) -> None:
        self.state = secrets.token_urlsafe(24)
        self._answers: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        try:
            self._server = _Server((HOST, port), self.state, self._answers)
        except OSError:
            raise EnvironmentFault(
                f"Another program on this computer uses the port {port}, over which the browser comes back. "
                "Close it, or restart the computer, and try again."
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK_S,), daemon=True)

    @property
    def redirect_uri(self) -> str:
        """Where the network sends the browser."""
        return f"http://{HOST}:{self._server.server_address[1]}{PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def code(self, name: str, cancelled: Callable[[], bool], give_up_s: float) -> str:
        """The network's answer, waited for. Raises Refused when there is none, or it is no."""
        until = time.monotonic() + give_up_s
        while True:
            try:
                outcome = self._answers.get(timeout=_LOOK_S)
            except queue.Empty:
                if cancelled():
                    raise Refused("Signing in was stopped.", title=_NOT_DONE) from None
                if time.monotonic() > until:
                    minutes = max(1, round(give_up_s / 60))
                    words = f"{name} was not answered within {minutes} min. Start again when you are ready."
                    raise Refused(words, title=_NOT_DONE) from None
                continue
            if outcome.get("code"):
                return outcome["code"]
            if outcome.get("error") == "access_denied":
                raise Refused(f"You did not allow StatusDesk to post on {name}.", title=_NOT_DONE)
            said = tidy_line(outcome.get("error_description") or outcome.get("error", ""))[:200]
            raise Refused(f"{name} refused to let you sign in. It says: {said}", title=_NOT_DONE)


def sign_in(
    provider: Provider,
    loopback: Loopback,
    show: Callable[[str], None],
    cancelled: Callable[[], bool],
    *,
    give_up_s: float = GIVE_UP_S,
) -> Mapping[str, Any]:
    """Let a person allow it, and return what the network gives for it: `access_token`, often `refresh_token`.

    `show` gets the address to open in the browser. Blocks until the person has answered, for `give_up_s` seconds at
    most; `cancelled` is asked meanwhile. Raises Refused, SendingError.
    """
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": loopback.redirect_uri,
        "scope": provider.scope,
        "state": loopback.state,
    }
    if provider.pkce:
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    show(f"{provider.authorize_url}?{urlencode(asked)}")
    code = loopback.code(provider.web.name, cancelled, give_up_s)
    wanted = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": loopback.redirect_uri,
    }
    if provider.pkce:
        wanted["code_verifier"] = verifier
    answer = token_request(provider, wanted)
    given = tokens(answer)
    if given is None:
        words = answer.words()
        for hidden in (code, verifier, provider.secret):
            words = words.replace(hidden, "…") if hidden else words
        said = f" It says: {words}" if words else ""
        raise Refused(f"{provider.web.name} gave no access ({answer.status}). Try again.{said}", title=_NOT_DONE)
    return given


def token_request(provider: Provider, wanted: Mapping[str, str]) -> Answer:
    """Ask for a token, for a code or with a refresh token. Raises SendingError."""
    who = {"client_id": provider.client_id}
    headers = {}
    if provider.basic and provider.secret:
        pair = base64.b64encode(f"{provider.client_id}:{provider.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
    elif provider.secret:
        who["client_secret"] = provider.secret
    return provider.web.ask("POST", provider.token_path, data={**wanted, **who}, headers=headers)


def tokens(answer: Answer) -> Mapping[str, Any] | None:
    """What a network gave, when there is a token in it that can be used."""
    known = answer.record() if answer.status in _OK else None
    token = known.get("access_token") if known else None
    kind = str((known or {}).get("token_type", "Bearer")).casefold()
    return known if isinstance(token, str) and token and kind == "bearer" else None


class _Server(ThreadingHTTPServer):
    """Hears this computer only. Each browser has a thread of its own: one that dawdles holds up nobody."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # elsewhere it would let another program take the port over

    def __init__(self, address: tuple[str, int], state: str, answers: queue.SimpleQueue[_Outcome]) -> None:
        super().__init__(address, _Callback)
        self.state = state
        self.answers = answers
        self.once = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""


class _Callback(BaseHTTPRequestHandler):
    """Takes the one answer."""

    server: _Server
    timeout = 5.0
    server_version = "StatusDesk"
    sys_version = ""

    def do_GET(self) -> None:
        """The answer, if it is ours."""
        parts = urlsplit(self.path)
        port = self.server.server_address[1]
        # A name that leads here could belong to somebody else's page.
        if parts.path != PATH or self.headers.get("Host", "") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self._page(404, "Nothing here", "This address is for signing in to StatusDesk only.")
            return
        given = {name: values[0] for name, values in parse_qs(parts.query).items() if len(values) == 1}
        if not hmac.compare_digest(given.get("state", "").encode(), self.server.state.encode()):
            words = "This answer does not belong to the sign-in that StatusDesk started. Start again in StatusDesk."
            self._page(400, "Not signed in", words)
            return
        if not given.get("code") and not given.get("error"):
            self._page(400, "Not signed in", "The network gave no answer. Start again in StatusDesk.")
            return
        if not self.server.once.acquire(blocking=False):
            self._page(400, "Already answered", "StatusDesk has the answer. You can close this page.")
            return
        if given.get("code"):
            self._page(200, "Back to StatusDesk", "StatusDesk has the answer. You can close this page.")
        else:
            self._page(200, "Not signed in", "StatusDesk was not allowed to post. You can close this page.")
        self.server.answers.put(given)

    def log_message(self, *_: object) -> None:
        """Nothing: the address holds the code."""

    def _page(self, status: int, title: str, words: str) -> None:
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(title)}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;"
            "margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>"
            f"<h1>{html.escape(title)}</h1><p>{html.escape(words)}</p></html>"
        ).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
