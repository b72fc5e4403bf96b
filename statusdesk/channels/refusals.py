"""What channels of many services share when something is wrong: the words, the length, the address that is a secret."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from statusdesk.channels.base import Checked, Limits, Post
from statusdesk.domain.board import CheckLine
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, SendingError
from statusdesk.net.web import Patience, Web

OK = range(200, 300)
MOST_WORDS = 200  # characters of what a server says that are shown


def said(words: object, *secrets: str) -> str:
    """A server's own words as the end of a sentence of ours: on one line, short, without a secret; or nothing."""
    text = tidy_line(words) if isinstance(words, str) else ""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for spelled in (secret, unquote(secret), quote(secret, safe="")):
            text = text.replace(spelled, "…")
    return f" The server says: {text[:MOST_WORDS]}" if text else ""


def check_length(post: Post, name: str, limits: Limits, count: Callable[[str, Limits], int], unit: str) -> None:
    """Refuse a text beyond the limit before it goes anywhere. Raises NeedsPerson."""
    counted = count(post.text, limits)
    if limits.characters and counted > limits.characters:
        raise NeedsPerson(
            f"The post has {counted:,} {unit}, {name} takes {limits.characters:,}. Shorten it.", code="too-long"
        )


def not_checked(what: str, fault: SendingError) -> Checked:
    """The outcome of a check that ended in a fault."""
    return Checked(ok=False, lines=[CheckLine(what=what, ok=False, result=fault.message)])


def opened_address(name: str, address: str, patience: Patience, *, field: str) -> tuple[Web, str]:
    """A server and the path on it, of an address whose path and query are a secret. Raises Refused, without them."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.username or parts.password or not address.isascii():
        raise Refused("That is not an address. Copy it again, from https:// to its end.", field=field)
    shown = f"[{host}]" if ":" in host else host
    try:
        web = Web(name, f"{parts.scheme}://{shown}" + (f":{port}" if port else ""), patience)
    except Refused as wrong:
        raise Refused(wrong.message, field=field) from None
    return web, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
