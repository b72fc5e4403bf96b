"""Text as people type and paste it, made safe to keep, and counted as people count."""

from __future__ import annotations

import re
import unicodedata

TITLE_LIMIT = 80  # graphemes
BODY_LIMIT = 20_000  # characters; the longest of 7,744 real updates has fewer than 10,000
LINE_LIMIT = 500

# C0 and C1 controls but tab and newline, lone surrogates, noncharacters: nothing a person meant to write, and neither
# PostgreSQL (NUL) nor UTF-8 (surrogates) nor XML (controls) can carry them.
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SPACES = re.compile(r"\s+")


def tidy(text: str) -> str:
    """Unicode NFC, line ends as newline, without what no reader could see; spaces at both ends removed.

    A text of nothing but spaces and direction marks is empty.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    clean = unicodedata.normalize("NFC", _UNSAYABLE.sub("", text)).strip()
    return clean if any(map(_is_seen, clean)) else ""


def _is_seen(character: str) -> bool:
    """Whether a character leaves a mark of its own: not a space, a direction mark or a joiner."""
    return not character.isspace() and unicodedata.category(character) not in ("Cf", "Zs", "Mn", "Cc")


def tidy_line(text: str) -> str:
    """Like `tidy`, on one line: every run of white space is one space."""
    return _SPACES.sub(" ", tidy(text)).strip()


def graphemes(text: str) -> int:
    """How many characters a reader sees (Unicode extended grapheme clusters, UAX 29)."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    import regex  # noqa: PLC0415  heavy, and only needed for text beyond ASCII

    return len(regex.findall(r"\X", text))


def grapheme_ends(text: str) -> list[int]:
    """The positions behind each character that a reader sees: where a text may be cut."""
    if text.isascii():
        return list(range(1, len(text) + 1))
    import regex  # noqa: PLC0415  heavy, and only needed for text beyond ASCII

    return [match.end() for match in regex.finditer(r"\X", text)]
