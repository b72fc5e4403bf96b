"""Recognising a post of ours among what a network shows: by its words and by its time.

Networks change a text on its way: they shorten links, curl quotation marks, wrap lines. Its letters and digits stay.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit

from statusdesk import clock
from statusdesk.channels.base import Post
from statusdesk.net.web import Answer, server_time

# How much earlier than our first attempt a post of ours may be dated, by clocks that were just compared, or not.
CLOCKS_COMPARED, CLOCKS_UNKNOWN = timedelta(seconds=30), timedelta(minutes=10)
_LONGEST_ADDRESS = 2000


class _Reading(HTMLParser):
    """A post's HTML as text, once as shown and once with each plain link's address in place of its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.linked: list[str] = []
        self._inside_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            known = dict(attrs)
            names = (known.get("class") or "").split()
            self._inside_link = "mention" not in names and "hashtag" not in names
            if self._inside_link:
                self.linked.append(known.get("href") or "")
        elif tag in ("br", "p"):
            self.shown.append("\n")
            self.linked.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside_link = False
        elif tag == "p":
            self.shown.append("\n")

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        if not self._inside_link:
            self.linked.append(data)


def _read(content: str) -> _Reading:
    reading = _Reading()
    reading.feed(content)
    reading.close()
    return reading


def shown_text(content: str) -> str:
    """What a reader sees of a post's HTML, as plain text."""
    return "".join(_read(content).shown)


def readings(content: str) -> set[str]:
    """The letters of a post's HTML, with its links as shown and as they lead."""
    reading = _read(content)
    return {letters("".join(reading.shown)), letters("".join(reading.linked))}


def letters(text: str) -> str:
    """What no server changes in a text: its letters and digits, without marks, spaces and curled quotation marks."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)) or "".join(text.split())


def began(post: Post) -> datetime:
    """When the first attempt to send it was."""
    return post.first_sent_at or post.created_at


def earliest(post: Post, answer: Answer) -> datetime:
    """The earliest date, by the server's clock, that a post of ours can carry."""
    there = server_time(answer)
    return began(post) - CLOCKS_UNKNOWN if there is None else began(post) + (there - clock.now()) - CLOCKS_COMPARED


def instant(value: object) -> datetime | None:
    """A time as networks write it: ISO 8601; None for anything else."""
    try:
        made = datetime.fromisoformat(value)  # type: ignore[arg-type]  # what is no text raises TypeError
    except (ValueError, TypeError):
        return None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def web_address(value: object) -> str:
    """A web address from a server, or nothing: it becomes a link."""
    text = value if isinstance(value, str) and len(value) < _LONGEST_ADDRESS else ""
    try:
        return text if urlsplit(text).scheme in ("http", "https") else ""
    except ValueError:
        return ""
