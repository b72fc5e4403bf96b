"""A conversation with a mail server (RFC 5321): whether a mail can have been taken is known at every step of it.

Nothing is taken before the line with the single dot went out; after it, only the server's answer can tell. A password
goes over TLS only (RFC 8314), or stays within this computer.
"""

from __future__ import annotations

import base64
import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from statusdesk.channels.refusals import said
from statusdesk.errors import Refused
from statusdesk.net import route
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import Patience, is_loopback
from statusdesk.net.wire import Exchange

SUBMISSION, SUBMISSIONS = 587, 465
_READY, _GO_ON, _HELD = 220, 354, 334
_LOGIN_NEEDED, _NO_ROOM = 530, 552
_MOST_LINES, _MOST_LINE = 100, 2000
_REPLY = re.compile(rb"[2-5]\d\d(?:[ -][^\n]*)?\r?\n")
_ENHANCED = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in, and as whom. `tls` means from the first byte on; without it STARTTLS is asked for."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, text: str, user: str, password: str) -> Server:
        """Read an address like smtp.example.org, smtp.example.org:25 or smtps://smtp.example.org. Raises Refused."""
        try:
            parts = urlsplit(text if "://" in text else f"smtp://{text}")
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        plain = not (parts.username or parts.password or parts.path.strip("/") or parts.query)
        if parts.scheme not in ("smtp", "smtps") or not plain or not re.fullmatch(r"[A-Za-z0-9.:-]+", host):
            raise Refused("Write the mail server like smtp.example.org.", field="server")
        tls = parts.scheme == "smtps" or port == SUBMISSIONS
        return cls(host, port or (SUBMISSIONS if tls else SUBMISSION), tls, user, password)


def rehearse(server: Server, sender: str, recipients: Sequence[str], patience: Patience) -> None:
    """Go as far as one can without sending: login, sender, recipients, and back. Raises TryLater, NeedsPerson."""
    _converse(server, sender, recipients, None, patience)


def deliver(server: Server, sender: str, recipients: Sequence[str], mail: bytes, patience: Patience) -> None:
    """Hand in one mail for all recipients, or for none. Raises TryLater, NeedsPerson, MaybeArrived."""
    _converse(server, sender, recipients, mail, patience)


def _converse(server: Server, sender: str, recipients: Sequence[str], mail: bytes | None, patience: Patience) -> None:
    fault: SendingError | None = None
    with Exchange(patience.total_s) as exchange:
        talk = _Talk(server, exchange, patience)
        try:
            with talk.opened():
                talk.login()
                talk.envelope(sender, recipients)
                if mail is None:
                    talk.rest()
                else:
                    talk.data(mail)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            fault = talk.fault(error)
    if fault is not None:
        raise fault


class _Smtp(smtplib.SMTP):
    """Takes a reply for one only when all of it came: half a line that was cut off is no yes."""

    def getreply(self) -> tuple[int, bytes]:
        """A reply's code and words. Raises OSError, SMTPServerDisconnected."""
        if self.file is None:
            self.file = self.sock.makefile("rb")  # type: ignore[union-attr]  # it is connected
        texts = []
        for _ in range(_MOST_LINES):
            line = self.file.readline(_MOST_LINE)
            if not _REPLY.fullmatch(line):
                raise smtplib.SMTPServerDisconnected("cut off, or no SMTP")
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts)
        raise smtplib.SMTPServerDisconnected("an answer without end")


class _Talk:
    """One conversation under way."""

    def __init__(self, server: Server, exchange: Exchange, patience: Patience) -> None:
        self._server, self._exchange, self._patience = server, exchange, patience
        self._ended = False  # the single dot went out
        self._over_tls = False
        # A name of this computer is nobody's business, and looking it up may take long.
        self._smtp = _Smtp(local_hostname="localhost")

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Connect, greet, and go over to TLS where the server can."""
        server = self._server
        line = socket.create_connection((server.host, server.port), self._patience.connect_s)
        try:
            line.settimeout(self._patience.read_s)
            self._exchange.socket = line
            here = line.getsockname()[0]
            self._smtp.local_hostname = f"[IPv6:{here}]" if ":" in here else f"[{here}]"
            self._smtp.sock = line
            if server.tls:
                self._go_over()
            self._expect(self._smtp.getreply(), "The mail server does not take our call.")
            self._expect(self._smtp.ehlo(), "The mail server does not take our greeting.")
            if not server.tls and self._smtp.has_extn("starttls"):
                self._expect(self._smtp.docmd("STARTTLS"), "The mail server does not go over to TLS.")
                self._go_over()
                self._expect(self._smtp.ehlo(), "The mail server does not take our greeting.")
            yield
            with contextlib.suppress(OSError, smtplib.SMTPException):  # by now all is said
                self._smtp.docmd("QUIT")
        finally:
            self._smtp.close()
            line.close()

    def _go_over(self) -> None:
        """TLS from here on; whatever was said in the open is forgotten."""
        context = route.tls_context()
        self._smtp.sock = context.wrap_socket(self._smtp.sock, server_hostname=self._server.host)  # type: ignore[arg-type]
        self._smtp.file = None
        self._exchange.socket = self._smtp.sock
        self._over_tls = True

    def login(self) -> None:
        """Say who we are, where we were given a name."""
        server, smtp = self._server, self._smtp
        if not server.user:
            return
        if not self._over_tls and not is_loopback(server.host):
            raise NeedsPerson(
                f"{server.host} offers no TLS, so the password was not sent. Use a server or a port that does.",
                code="tls",
            )
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        user, password = server.user.encode(), server.password.encode()
        if "PLAIN" in offered:
            self._expect_login(smtp.docmd("AUTH", "PLAIN " + _base64(b"\0" + user + b"\0" + password)))
        elif "LOGIN" in offered:
            for words in ("AUTH LOGIN", _base64(user)):
                reply = smtp.docmd(words)
                if reply[0] != _HELD:
                    self._expect_login(reply)
            self._expect_login(smtp.docmd(_base64(password)))
        else:
            raise NeedsPerson(
                f"{server.host} takes no password here. Leave the user name empty, or use another port.", code="login"
            )

    def envelope(self, sender: str, recipients: Sequence[str]) -> None:
        """Name sender and recipients; one recipient that is refused stops it all, and nobody got anything."""
        self._expect(self._smtp.docmd(f"MAIL FROM:<{sender}>"), f"The mail server does not take mail from {sender}.")
        for recipient in recipients:
            reply = self._smtp.docmd(f"RCPT TO:<{recipient}>")
            number = _enhanced(reply)
            advice = f"The mail server does not know {recipient}. Take the address out, or mend it."
            if number.startswith("5.7."):
                advice = (
                    f"The mail server does not send mail to {recipient} for us. Give it a user name and password, or "
                    "send from an address it knows."
                )
            self._expect(reply, advice)

    def rest(self) -> None:
        """Take everything back."""
        self._expect(self._smtp.docmd("RSET"), "The mail server does not take it back.")
        self._expect(self._smtp.docmd("NOOP"), "The mail server does not answer.")

    def data(self, mail: bytes) -> None:
        """Send the mail; until the single dot it counts for nothing (RFC 5321, 4.1.1.4)."""
        reply = self._smtp.docmd("DATA")
        if reply[0] != _GO_ON:
            self._expect(reply, "The mail server does not take the mail.")
            raise smtplib.SMTPServerDisconnected("a yes that makes no sense here")
        lines = mail.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
        body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
        self._smtp.send(body + b"\r\n")
        self._ended = True
        self._smtp.send(b".\r\n")
        self._expect(self._smtp.getreply(), "The mail server does not take the mail.")

    def fault(self, error: Exception) -> SendingError:
        """What an exception means for the mail."""
        host = self._server.host
        slow = isinstance(error, TimeoutError)
        if self._ended:
            what = "did not answer in time" if slow else "was cut off before it answered"
            words = f"The mail server {what}. The mail may have been sent."
            return MaybeArrived(words, code="timeout" if slow else "cut-off")
        if isinstance(error, socket.gaierror):
            return TryLater(f"{host} was not found. This computer may be offline.", code="dns")
        if isinstance(error, ssl.SSLError):
            return TryLater(f"{host} could not prove who it is (TLS). Nothing was sent.", code="tls")
        if slow:
            return TryLater(f"{host} did not answer in time.", code="timeout")
        return TryLater(f"{host} cannot be reached now.", code="no-connection")

    def _expect(self, reply: tuple[int, bytes], advice: str) -> None:
        """Raise TryLater or NeedsPerson unless the server says yes."""
        code, text = reply
        words = said(text.decode("utf-8", "replace"), self._server.password)
        if code // 100 == 2:  # noqa: PLR2004
            return
        if code // 100 == 4:  # noqa: PLR2004
            raise TryLater(f"The mail server asks us to try again later ({code}).{words}", code=f"smtp-{code}")
        if code // 100 != 5:  # noqa: PLR2004
            raise smtplib.SMTPServerDisconnected("a reply that makes no sense here")
        if code == _LOGIN_NEEDED:
            advice = "The mail server wants a user name and password. Connect the account again with them."
        if code == _NO_ROOM or _enhanced(reply) == "5.3.4":
            advice = "The mail is too long for the mail server. Shorten the text."
        raise NeedsPerson(f"{advice}{words}", code=f"smtp-{code}")

    def _expect_login(self, reply: tuple[int, bytes]) -> None:
        if reply[0] // 100 == 5:  # noqa: PLR2004
            words = said(reply[1].decode("utf-8", "replace"), self._server.password)
            raise NeedsPerson(
                f"The mail server refused the login of {self._server.user}. Check user name and password; many "
                f"providers want an app password.{words}",
                code="login",
            )
        self._expect(reply, "")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _enhanced(reply: tuple[int, bytes]) -> str:
    """The status code of RFC 3463 in a reply, such as 5.7.1; empty when there is none."""
    found = _ENHANCED.search(reply[1].decode("utf-8", "replace"))
    return found[1] if found else ""
