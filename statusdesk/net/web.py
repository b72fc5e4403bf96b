"""One careful way to talk to a server: what a channel needs to know is whether its request can have arrived.

Rules that hold for every request:

- A fault before the first byte went out is `TryLater`; after it, a request that writes is `MaybeArrived`. The
  connection itself keeps book of that (wire.py), nothing is guessed from the kind of exception. Connections are
  not reused, so an idle one that the server dropped is never mistaken for a cut; except by those who write nothing that
  must not be there twice, and ask for it (`reuse`).
- Waiting has an end: for the connection, for each piece of the answer, and for all of it together, so that a server
  that drips a byte now and then holds nobody. An answer has at most 1 MB.
- A token is sent to its own server only, over TLS or within this computer: redirects are not followed, `.netrc` is not
  read. No exception that leaves this file holds a request, not even as its context.
"""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import json
import logging
import math
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3.exceptions import NameResolutionError, SSLError

from statusdesk import __version__, clock
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net import route
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.wire import Exchange, TrackingAdapter

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0

# At its lower levels urllib3 writes down addresses, and some networks want their token in the address.
logging.getLogger("urllib3").setLevel(logging.ERROR)
MAX_ANSWER = 1_000_000  # bytes
MAX_WAIT_S = 3600.0  # a server may ask for more patience; a status update is asked for again after an hour
_FIELD = "server"  # of the form in which an address is typed
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a connection, for the next piece of an answer, for the whole exchange."""

    connect_s: float = CONNECT_TIMEOUT_S
    read_s: float = READ_TIMEOUT_S
    total_s: float = 2 * READ_TIMEOUT_S


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `whole` is False when it was cut off or too long."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    whole: bool

    def data(self) -> Any:
        """The JSON in it, or None when it holds none."""
        if not self.whole:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def record(self) -> Mapping[str, Any] | None:
        """The JSON object in it, or None."""
        data = self.data()
        return data if isinstance(data, dict) else None

    def words(self) -> str:
        """What the server says about it, on one short line; empty when it is a page or nothing."""
        known = self.record() or {}
        for name in ("error_description", "message", "detail", "error"):
            if isinstance(known.get(name), str) and known[name].strip():
                return tidy_line(known[name])[:200]
        text = tidy_line(self.body[:1000].decode("utf-8", "replace"))
        return "" if known or "<" in text or self.data() is not None else text[:200]


class Web:
    """A server, by its address, as one channel talks to it. `name` is what people call the network.

    Where nothing is `secret`, as in reading a public page, plain http will do. Who sends many files may `reuse` a
    connection; whoever must know whether a word arrived does not, for an idle one may be cut unseen.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        patience: Patience = PATIENCE,
        *,
        scheme: str = "Bearer",
        secret: bool = True,
        reuse: bool = False,
    ) -> None:
        self.name = name
        self.base_url, self.host = _clean_address(base_url, secret=secret)
        self._patience = patience
        self._scheme, self._secret = scheme, secret
        self._session = _Session()
        self._session.headers.update(
            {"User-Agent": f"StatusDesk/{__version__}", "Accept": "application/json"}
            | ({} if reuse else {"Connection": "close"})
        )
        way = route.current()
        if way.proxy:
            self._session.proxies.update({"http": way.proxy, "https": way.proxy})
        for start in ("http://", "https://"):
            self._session.mount(start, TrackingAdapter())

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Any = None,
        data: bytes | Iterable[bytes] | Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        writes: bool = False,
        most: int = MAX_ANSWER,
        into: BinaryIO | None = None,
    ) -> Answer:
        """One request and its answer, if the server took it for one.

        `body` is sent as JSON, `data` as the bytes it is, piece by piece if it comes in pieces, or as a form. The token
        goes into `Authorization`, behind this server's scheme. `most` bytes of the answer are read. What may be large
        goes `into` a file when the server says 200, and is not in the answer then. Whoever writes (`writes`) what must
        not be there twice learns whether it can have arrived.

        Raises TryLater (nothing arrived, 429, 503; any fault when nothing is written), MaybeArrived (a fault while
        writing), NeedsPerson (a redirect, an impossible token). Other statuses are the caller's to read.
        """
        if token and not _TOKEN.fullmatch(token):
            raise NeedsPerson(f"The {self.name} token holds characters that no token has. Copy it again.", code="login")
        fault: SendingError | None = None
        with Exchange(self._patience.total_s) as exchange:
            try:
                response = self._session.request(
                    method,
                    self.base_url + path,
                    json=body,
                    data=data,
                    params=params,
                    headers=headers,
                    auth=_Authorization(self._scheme, token),
                    timeout=(self._patience.connect_s, self._patience.read_s),
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    if exchange.was_cut:  # in the middle of its headers, which http.client takes for their end
                        raise TimeoutError
                    answer = _read(response, most, into)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                fault = self._fault(error, sent=exchange.sent, writes=writes)
        if fault is not None:  # outside of `except`: the caught exception holds the request, and with it the token
            raise fault
        there = server_time(answer)
        if there is not None and self.base_url.startswith("https://"):
            clock.servers.note(self.host, there)
        self._judge(answer, writes=writes)
        return answer

    def close(self) -> None:
        """Close connections that were kept open."""
        self._session.close()

    def garbled(self, *, writes: bool) -> SendingError:
        """The fault for an answer that says yes but cannot be read."""
        if writes:
            return MaybeArrived(f"{self.name} gave an answer that cannot be read. It may have arrived.", code="garbled")
        return TryLater(f"{self.host} gave an answer that is not from {self.name}.", code="garbled")

    def _fault(self, error: Exception, *, sent: bool, writes: bool) -> SendingError:
        reasons = list(_chain(error))
        if sent and writes:
            slow = any(isinstance(one, TimeoutError | requests.Timeout) for one in reasons)
            what = "did not answer in time" if slow else "was cut off before it answered"
            return MaybeArrived(f"{self.name} {what}. It may have arrived.", code="timeout" if slow else "cut-off")
        if any(isinstance(one, NameResolutionError | socket.gaierror) for one in reasons):
            return TryLater(f"{self.host} was not found. This computer may be offline.", code="dns")
        if any(isinstance(one, SSLError | requests.exceptions.SSLError) for one in reasons):
            return TryLater(
                f"{self.host} could not prove who it is (TLS): its certificate is not believed here. Nothing was sent.",
                code="tls",
            )
        if any(isinstance(one, TimeoutError | requests.Timeout) for one in reasons):
            return TryLater(f"{self.host} did not answer in time.", code="timeout")
        if isinstance(error, ConnectionError | requests.ConnectionError | urllib3.exceptions.HTTPError):
            return TryLater(f"{self.host} cannot be reached now.", code="no-connection")
        return TryLater(f"{self.host} cannot be asked ({type(error).__name__}).", code="no-connection")

    def _judge(self, answer: Answer, *, writes: bool) -> None:
        """Raise for what means the same on every network."""
        status = answer.status
        if 300 <= status < 400:  # noqa: PLR2004
            with contextlib.suppress(ValueError):
                to = urlsplit(answer.headers.get("Location", "")).hostname or self.host
                kept = " The token was not sent there." if self._secret else ""
                raise NeedsPerson(
                    f"{self.host} sends us on to {tidy_line(to)[:100]}.{kept} Check the server's address.",
                    code="redirect",
                )
            raise NeedsPerson(f"{self.host} sends us on. Check the server's address.", code="redirect")
        if status == requests.codes.too_many_requests:
            raise TryLater(
                f"{self.name} asks us to wait before the next request.", code="rate-limit", after_s=wait_asked(answer)
            )
        if status in (requests.codes.service_unavailable, requests.codes.request_timeout):
            raise TryLater(f"{self.name} is not available now.", code=f"http-{status}", after_s=wait_asked(answer))
        if status >= 500:  # noqa: PLR2004
            if writes:
                raise MaybeArrived(
                    f"{self.name} failed while it took the post ({status}). It may have arrived.", code=f"http-{status}"
                )
            raise TryLater(f"{self.name} has a fault of its own ({status}).", code=f"http-{status}")


def wait_asked(answer: Answer) -> float | None:
    """Seconds the server asks us to wait, at most an hour; None when it does not say.

    `Retry-After` holds seconds or a date (RFC 9110); `X-RateLimit-Reset` an ISO 8601 time (Mastodon, GoToSocial);
    `RateLimit-Reset` and `X-Rate-Limit-Reset` seconds since 1970 (Bluesky, X). Dates are compared with the server's
    own clock, not with ours. Others say it in the body: `retry_after` in seconds (Discord; Telegram inside
    `parameters`), `retry_after_ms` (Matrix).
    """
    now = server_time(answer) or clock.now()
    for name in ("Retry-After", "X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset"):
        seconds = _seconds_until(answer.headers.get(name, "").strip(), now)
        if seconds is not None:
            return min(max(0.0, seconds), MAX_WAIT_S)
    said = answer.record() or {}
    within = said.get("parameters")
    known = {**(within if isinstance(within, dict) else {}), **said}
    for name, per_second in (("retry_after", 1), ("retry_after_ms", 1000)):
        value = known.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return min(max(0.0, value / per_second), MAX_WAIT_S)
    return None


def server_time(answer: Answer) -> datetime | None:
    """The server's clock at its answer."""
    return _http_date(answer.headers.get("Date", ""))


def _seconds_until(value: str, now: datetime) -> float | None:
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    if re.fullmatch(r"\d{10,11}(\.\d+)?", value):
        return float(value) - now.timestamp()
    at = _http_date(value)
    if at is None:
        with contextlib.suppress(ValueError):
            at = datetime.fromisoformat(value)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - now).total_seconds() if at else None


def _http_date(value: str) -> datetime | None:
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _clean_address(text: str, *, secret: bool) -> tuple[str, str]:
    """The base address without a slash at its end, and its host. Raises Refused with what to do."""
    text = text.strip().rstrip("/")
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if _is_wrong(text, host):
        raise Refused("That is not a server's address. Write it like https://social.example.", field=_FIELD)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Refused("Write the server's address alone, like https://social.example.", field=_FIELD)
    if secret and parts.scheme == "http" and not is_loopback(host):
        raise Refused(f"Use https:// for {host}, so that nobody can read the token on its way.", field=_FIELD)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "") + parts.path, host


def _is_wrong(text: str, host: str) -> bool:
    """Whether an address names no host, or holds what no address holds."""
    return not host or not text.isascii() or bool(re.search(r"[\s\\<>\"]", text)) or not re.match(r"https?://", text)


def is_loopback(host: str) -> bool:
    """Whether a host is this computer itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(response: requests.Response, most: int, into: BinaryIO | None = None) -> Answer:
    """The answer as far as it came: a status is worth something even when its body is cut off."""
    pieces, size, whole = [], 0, True
    try:
        for piece in response.iter_content(65_536):
            size += len(piece)
            if size > most:
                whole = False
                break
            if into is not None and response.status_code == requests.codes.ok:
                into.write(piece)
            else:
                pieces.append(piece)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        whole = False
    return Answer(response.status_code, response.headers, b"".join(pieces), whole)


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and everything it was made from, also what requests and urllib3 hide in arguments."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        one = todo.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


class _Session(requests.Session):
    """A session for which no answer is a redirect: requests would read its whole body and parse where it leads."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


class _Authorization(requests.auth.AuthBase):
    """The token as a header. Given always, also without a token, so that requests does not look into .netrc."""

    def __init__(self, scheme: str, token: str) -> None:
        self._value = f"{scheme} {token}".strip() if token else ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["Authorization"] = self._value
        return request
