"""E-mail to a list: one mail for each post, and the mails of an incident form a thread (RFC 5322, RFC 2919, RFC 3834).

Nobody can look into the mailboxes of others, so a mail whose end was cut off stays a doubt until a person decides. It
then goes out under the same Message-ID, by which many programs show it once.
"""

from __future__ import annotations

import html
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses

from statusdesk.channels.base import Channel, Checked, Connection, Post
from statusdesk.channels.headings import heading
from statusdesk.channels.refusals import not_checked
from statusdesk.channels.smtp import Server, deliver, rehearse
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, SendingError
from statusdesk.net.web import PATIENCE, Patience

MOST_RECIPIENTS = 100  # of one mail: what every server must take (RFC 5321, 4.5.3.1.8)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'”’…])")


class MailChannel:
    """One sender and its list."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        settings = connection.settings
        user = settings.get("user", "").strip()
        self._server = Server.of(connection.base_url, user, connection.secret)
        self._patience = patience
        (self._sender,) = _addresses(settings.get("sender", ""), "sender", most=1)
        self._to = _addresses(settings.get("to", ""), "to", most=MOST_RECIPIENTS)
        if user and not connection.secret:
            raise Refused("The password is missing.", field="password")

    def check(self) -> Checked:
        """Whether the server takes our login, our sender and every recipient. No mail is sent."""
        try:
            rehearse(self._server, self._sender.addr_spec, [one.addr_spec for one in self._to], self._patience)
        except SendingError as fault:
            return not_checked("Mail server", fault)
        many = f"{len(self._to)} addresses" if len(self._to) > 1 else self._to[0].addr_spec
        lines = [
            CheckLine(what="Mail server", ok=True, result=f"{self._server.host} sends mail for us."),
            CheckLine(what="To", ok=True, result=f"Mails go to {many}."),
        ]
        return Checked(ok=True, handle=self._sender.addr_spec, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Hand the mail in. All recipients get it, or none."""
        identity = f"<{post.key}@{self._sender.domain}>"
        recipients = [one.addr_spec for one in self._to]
        deliver(self._server, self._sender.addr_spec, recipients, self._mail(post, identity), self._patience)
        return RemotePost(id=identity)

    def find(self, post: Post) -> RemotePost | None:
        """Nobody can ask whether a mail was sent."""
        del post
        raise CannotTell(
            "Nobody can ask a mail server whether a mail went out. Look into a mailbox that gets these mails.",
            code="mail",
        )

    def _mail(self, post: Post, identity: str) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = self._to[0] if len(self._to) == 1 else self._sender  # several do not see each other
        message["Subject"] = heading(post)
        message["Date"] = post.created_at
        message["List-Id"] = f"<status.{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(post.text, cte="quoted-printable")
        message.add_alternative(_page(post), subtype="html", cte="quoted-printable")
        if re.fullmatch(r"[A-Za-z0-9_-]{2,35}", post.language):
            message["Content-Language"] = post.language.replace("_", "-")
        # Written as they are: the library would fold or encode a long one, and threads would fall apart.
        lines = [f"Message-ID: {identity}"]
        earlier = [one.id for one in (post.root, post.mends) if one is not None and _MESSAGE_ID.fullmatch(one.id)]
        if earlier:
            lines += [f"In-Reply-To: {earlier[-1]}", "References: " + "\r\n ".join(dict.fromkeys(earlier))]
        return "\r\n".join([*lines, ""]).encode("ascii") + message.as_bytes()


def open_mail(connection: Connection) -> Channel:
    """The channel for one sender and list. Raises Refused for a server or addresses that are none."""
    return MailChannel(connection)


def _addresses(text: str, field: str, *, most: int) -> list[Address]:
    """Mail addresses with commas between them. Raises Refused."""
    found = []
    for name, address in getaddresses([text]):
        if not _ADDRESS.fullmatch(address):
            raise Refused("Write mail addresses like status@northlake.example, with commas between them.", field=field)
        found.append(Address(display_name=name, addr_spec=address))
    if not found:
        raise Refused("Write a mail address like status@northlake.example.", field=field)
    if len(found) > most:
        raise Refused(f"At most {most} addresses fit here. Use a mailing list.", field=field)
    return found


def _page(post: Post) -> str:
    """The same words as a small page, with links that can be clicked."""
    lines = []
    for line in post.text.splitlines():
        pieces = _LINK.split(line)
        pieces[::2] = [html.escape(piece) for piece in pieces[::2]]
        pieces[1::2] = [f'<a href="{html.escape(one)}">{html.escape(one)}</a>' for one in pieces[1::2]]
        lines.append("".join(pieces))
    language, words = html.escape(post.language.replace("_", "-")), "<br>\n".join(lines)
    return f'<!doctype html>\n<html lang="{language}"><body><p>{words}</p></body></html>\n'
