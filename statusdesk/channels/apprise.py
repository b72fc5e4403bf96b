"""Everything else, through Apprise (github.com/caronc/apprise/wiki): about a hundred services, each by an address.

The address holds passwords, so it is the secret, and Apprise's own log, which writes them down, leaves this file as
little as its exceptions do. Apprise talks to the network by itself and says no more than yes or no. Only when its log
says that no connection came about is it certain that nothing arrived; after any other no, nobody can tell
(docs/decisions/0013).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING

from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.headings import heading
from statusdesk.channels.refusals import check_length
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, TryLater

if TYPE_CHECKING:
    from apprise import Apprise, NotifyBase

_heard: ContextVar[list[tuple[int, str]] | None] = ContextVar("heard", default=None)
_EXCEPTION = "Exception: "  # with this all its plug-ins begin to tell what `requests` raised
_NEVER_CONNECTED = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "CERTIFICATE_VERIFY_FAILED")


class _Ear(logging.Handler):
    """Keeps what Apprise says, on threads of its own, while somebody of ours listens; tells nobody else."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        said = _heard.get()
        if said is not None:
            said.append((record.levelno, record.getMessage()))


_log = logging.getLogger("apprise")
_log.addHandler(_Ear())
_log.propagate = False
_log.setLevel(logging.DEBUG)


class AppriseChannel:
    """One address."""

    def __init__(self, connection: Connection) -> None:
        self._address = connection.secret.strip()
        service: NotifyBase = _opened(self._address)[0]
        self._name = str(service.service_name or "The service")[:100]
        self._limits = Limits(characters=max(0, int(service.body_maxlen or 0)))

    def check(self) -> Checked:
        """Whether Apprise understands the address. Whether it works can only be known by posting."""
        lines = [
            CheckLine(what="Address", ok=True, result=f"Posts go to {self._name}."),
            CheckLine(what="Service", ok=None, result="Whether it takes them can only be known by posting."),
        ]
        return Checked(ok=True, handle=self._name, limits=self._limits, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Hand it to Apprise. Anything but a yes is a doubt."""
        check_length(post, self._name, self._limits, counts.utf16, "characters")
        from apprise import NotifyFormat  # noqa: PLC0415  25 MB, loaded when an account of this kind is opened

        # Opened anew: one that has posted already would sleep before it posts again.
        opened, said, done = _opened(self._address), list[tuple[int, str]](), False
        listening = _heard.set(said)
        try:
            with contextlib.suppress(Exception):  # a plug-in may raise anything, with its address inside
                done = bool(opened.notify(body=post.text, title=heading(post), body_format=NotifyFormat.TEXT))
        finally:
            _heard.reset(listening)
        if not done and len(opened[0]) == 1 and _never_connected(said):
            raise TryLater(f"{self._name} cannot be reached now.", code="no-connection")
        if not done:
            words = f"{self._name} did not say that it took the post. It may have arrived."
            raise MaybeArrived(words, code="no-yes")
        return RemotePost(id=post.key)

    def find(self, post: Post) -> RemotePost | None:
        """Apprise cannot read."""
        del post
        raise CannotTell(f"{self._name} cannot be asked whether a post arrived. Look there yourself.", code="apprise")


def open_apprise(connection: Connection) -> Channel:
    """The channel for one address. Raises Refused for what Apprise does not understand."""
    return AppriseChannel(connection)


def _never_connected(said: Sequence[tuple[int, str]]) -> bool:
    """Whether all that went wrong went wrong before anything was sent, and nothing is said to be done."""
    wrong = [text for _, text in said if _EXCEPTION in text]
    before = all(any(reason in text for reason in _NEVER_CONNECTED) for text in wrong)
    return bool(wrong) and before and not any(level == logging.INFO for level, _ in said)


def _opened(address: str) -> Apprise:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415  as above

    asset = AppriseAsset(
        app_id="StatusDesk",
        app_desc="StatusDesk",
        async_mode=False,
        secure_logging=True,
        storage_mode="memory",  # nothing of a service's login comes to lie on the disk
        http_redirects=False,
        interpret_emojis=False,
        interpret_escapes=False,
        allow_templates=False,
    )
    opened = Apprise(asset=asset)
    if "://" not in address or any(mark.isspace() for mark in address) or not opened.add(address):
        raise Refused(
            "Apprise does not understand this address. Its wiki lists the form for every service, like "
            "pover://user@token.",
            field="address",
        )
    if len(opened) != 1:
        raise Refused("Write one address. Connect another account for another one.", field="address")
    if opened[0].retry:
        raise Refused("Take “retry” out of the address: StatusDesk tries again when nothing arrived.", field="address")
    return opened
