"""How long a text is, in each network's own counting. Pure functions; the limits come from the account."""

from __future__ import annotations

import json
import re

from statusdesk.channels import escapes
from statusdesk.channels.base import Limits
from statusdesk.domain.text import graphemes

# What Mastodon recognises as a link: a scheme and a host with a dot and a top-level name of letters. Anything else,
# for example http://localhost:8000, counts letter by letter (github.com/mastodon/mastodon, status_length_validator).
_LINK = re.compile(r"https?://(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#][^\s<>\"]*[^\s<>\".,;:!?)\]'”’…])?/?")
# Of @user@server only @user counts.
_REMOTE_MENTION = re.compile(r"(?<![\w/=])(@[a-zA-Z0-9_]+(?:[a-zA-Z0-9_.-]*[a-zA-Z0-9_])?)@[\w.-]+\w")


def characters(text: str, limits: Limits) -> int:
    """Characters as a reader sees them; nothing is counted short or long."""
    del limits
    return graphemes(text)


def mastodon(text: str, limits: Limits) -> int:
    """Characters as a reader sees them; a link counts as `link_length`, a mention of another server without it."""
    if limits.link_length:
        text = _LINK.sub("x" * limits.link_length, text)
    return graphemes(_REMOTE_MENTION.sub(r"\1", text))


def bluesky(text: str, limits: Limits) -> int:
    """Graphemes. A text beyond `max_bytes` counts as much over the limit as its bytes are, so that one number tells."""
    count, size = graphemes(text), len(text.encode("utf-8", "replace"))
    if not limits.max_bytes or size <= limits.max_bytes:
        return count
    return max(count, -(-size * limits.characters // limits.max_bytes))


def utf16(text: str, limits: Limits) -> int:
    """UTF-16 code units, in which Telegram measures text (core.telegram.org/api/entities): 😀 counts as two."""
    del limits
    return len(text.encode("utf-16-le", "replace")) // 2


def utf8(text: str, limits: Limits) -> int:
    """Bytes as UTF-8, for services that limit the size of a message; `characters` is then a number of bytes."""
    del limits
    return len(text.encode("utf-8", "replace"))


def matrix(text: str, limits: Limits) -> int:
    """Bytes that a text takes within an event, which is JSON: a line's end and a quotation mark count as two."""
    return utf8(json.dumps(text, ensure_ascii=False), limits) - 2


def discord(text: str, limits: Limits) -> int:
    """Characters as Discord gets them, with the marks that keep it from formatting."""
    return utf16(escapes.discord(text), limits)


def slack(text: str, limits: Limits) -> int:
    """Characters as Slack gets them: &, < and > are written as entities."""
    return utf16(escapes.slack(text), limits)
