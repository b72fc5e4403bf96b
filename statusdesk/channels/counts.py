"""How long a text is, in each network's own counting. Pure functions; the limits come from the account."""

from __future__ import annotations

import json
import re
import unicodedata

from statusdesk.channels import escapes
from statusdesk.channels.base import Limits
from statusdesk.domain.text import graphemes

# What Mastodon recognises as a link: a scheme and a host with a dot and a top-level name of letters. Anything else,
# for example http://localhost:8000, counts letter by letter (github.com/mastodon/mastodon, status_length_validator).
_LINK = re.compile(r"https?://(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#][^\s<>\"]*[^\s<>\".,;:!?)\]'”’…])?/?")
# Of @user@server only @user counts.
_REMOTE_MENTION = re.compile(r"(?<![\w/=])(@[a-zA-Z0-9_]+(?:[a-zA-Z0-9_.-]*[a-zA-Z0-9_])?)@[\w.-]+\w")

# X: what counts 1 (the others count 2), and what it takes for a link.
_X_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_X_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_X_LINK = re.compile(
    rf"(?<![\w@#$./-])(?P<scheme>https?://)?(?:{_X_LABEL}\.)+(?P<ending>xn--[a-z0-9-]+|[^\W\d_]{{2,63}})(?![\w@-])"
    r"(?::\d+)?(?:/[^\s<>\"]*[^\s<>\".,;:!?'”’…)\]]|/)?(?:\?[^\s<>\"]*[^\s<>\".,;:!?'”’…)\]])?",
    re.IGNORECASE,
)
# Names that never lead anywhere in public (RFC 2606, 6761, 6762): letters to X, too.
_NOT_PUBLIC = ("example", "home", "internal", "invalid", "lan", "local", "localhost", "onion", "test")
_EMOJI_ONE = r"(?![©®](?!\uFE0F))(?!.\uFE0E)[\p{Extended_Pictographic}\p{Emoji_Presentation}]\uFE0F?\p{Emoji_Modifier}?"
_X_EMOJI = (
    rf"\p{{Regional_Indicator}}{{2}}|[0-9#*]\uFE0F?\u20E3|"
    rf"{_EMOJI_ONE}(?:\u200D{_EMOJI_ONE})*(?:[\U000E0020-\U000E007E]+\U000E007F)?"
)
# LinkedIn: letters of its “little” text format, and of its templates.
_LITTLE = re.compile(r"[\\|{}@\[\]()<>#*_~]")


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


def x(text: str, limits: Limits) -> int:
    """Weighted characters of X: most count 1, those of many scripts 2, an emoji 2, a link `link_length`.

    docs.x.com/fundamentals/counting-characters (twitter-text, configuration 3). What looks like a link but may be none
    to X counts at least as its letters do, for a text must never count short: X knows the endings of the day, we do
    not.
    """
    import regex  # noqa: PLC0415  heavy, and only needed for a count

    text, links = unicodedata.normalize("NFC", text), 0
    if limits.link_length:
        found = [match for match in _X_LINK.finditer(text) if match["ending"].casefold() not in _NOT_PUBLIC]
        for match in reversed(found):
            letters = sum(map(_x_weight, match[0]))
            links += limits.link_length if match["scheme"] else max(limits.link_length, letters)
            text = text[: match.start()] + text[match.end() :]
    text, emoji = regex.subn(_X_EMOJI, "", text)
    return links + 2 * emoji + sum(map(_x_weight, text))


def _x_weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _X_LIGHT) else 2


def utf16(text: str, limits: Limits) -> int:
    """Units of UTF-16, as the networks count that run on Java or JavaScript: an emoji is two or more."""
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


def linkedin(text: str, limits: Limits) -> int:
    """Units of UTF-16 of the text as LinkedIn gets it, with a stroke before each letter that means something there."""
    return utf16(little_text(text), limits)


def little_text(text: str) -> str:
    """Plain words in LinkedIn's “little” format: its own letters escaped, so that they mention and tag nobody.

    learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
    """
    return _LITTLE.sub(r"\\\g<0>", text)


def threads(text: str, limits: Limits) -> int:
    """Characters; an emoji counts as its bytes in UTF-8 (developers.facebook.com/docs/threads/posts)."""
    del limits
    import regex  # noqa: PLC0415  heavy, and only needed for text beyond ASCII

    if text.isascii():
        return len(text)
    emoji = sum(len(one.encode()) for one in regex.findall(_X_EMOJI, text))
    return emoji + len(regex.sub(_X_EMOJI, "", text))
