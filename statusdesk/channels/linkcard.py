"""The card under a post that stands for its link: title, a few words, and the incident's picture."""

from __future__ import annotations

from dataclasses import dataclass

from statusdesk.channels.base import Post
from statusdesk.domain.text import grapheme_ends, tidy_line

TITLE_AT_MOST, WORDS_AT_MOST = 120, 250  # characters as a reader sees them
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class LinkCard:
    """Plain text, one line each."""

    link: str
    title: str
    description: str


def card_of(post: Post) -> LinkCard | None:
    """The card of a post; None when it has no link, or nothing is known of it but its text."""
    if not post.link or post.words is None:
        return None
    words = post.words
    title = tidy_line(f"{words.page_name}: {words.title} ({words.ref})")
    return LinkCard(post.link, _cut(title, TITLE_AT_MOST), _cut(tidy_line(words.message), WORDS_AT_MOST))


def picture_of(post: Post, most: int) -> bytes | None:
    """The incident's picture; None when there is none, or none that a network with a limit of `most` bytes takes."""
    if post.picture is None:
        return None
    try:
        with post.picture.open("rb") as file:
            data = file.read(most + 1)
    except OSError:
        return None
    return data if data.startswith(_PNG) and len(data) <= most else None


def _cut(text: str, most: int) -> str:
    ends = grapheme_ends(text)
    return text if len(ends) <= most else f"{text[: ends[most - 2]].rstrip()}…"
