"""`badge.svg`: the state as a small picture for wikis and README files. Word, shape and colour, on a ground of its own.

No font travels along: text is drawn in the reader's own sans-serif, and `textLength` fits it into the width that is
measured here by a small table, so that nothing is cut whatever the font.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.public import PublicComponent
from statusdesk.site import words
from statusdesk.site.edition import Edition
from statusdesk.site.words import Look
from statusdesk.site.xml import escaped

_LONGEST = 48  # letters of a name; a badge stands in a line of text
_HEIGHT = 24
_SIZE = 13
# White on these, and ink on the ground beside them, is at least 4.5:1; so it holds on light and on dark pages alike.
_COLOUR = {
    "ok": "#17683d",
    "slow": "#735800",
    "part": "#9a4400",
    "down": "#b01c22",
    "plan": "#3c489f",
    "none": "#58686f",
}
# Shapes in a square of 12: tick, exclamation mark, half, cross, clock, dot.
_SHAPE = {
    "ok": "M1.5 6.5 4.5 9.5 10.5 3",
    "slow": "M6 1v6.5M6 9.5v1.5",
    "part": "M1 6h10",
    "down": "M2 2l8 8M10 2l-8 8",
    "plan": "M6 3v3l2 1.5M11 6A5 5 0 1 1 1 6a5 5 0 1 1 10 0",
    "none": "M6 5.5v1",
}
# Advance widths of a wide sans-serif (Verdana is the widest in use) in thousandths of the size.
_NARROW, _WIDE = "fijlrtI.,:;!|'()[] ", "mwMW@%—…"


class Badges:
    """Builds the badges of one edition."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.reading = edition.reading

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The badge of the page, which every change touches."""
        return {"badge.svg": self.page}

    def page(self) -> bytes:
        """badge.svg: the worst that is open; planned work only when nothing is wrong."""
        return self._badge(self.reading.page.name, overall(self.edition))

    def component(self, component: PublicComponent) -> bytes:
        """components/SLUG/badge.svg."""
        return self._badge(component.name, words.STATUS[component.status])

    def _badge(self, name: str, look: Look) -> bytes:
        word, tone = self.edition.language.say(look.word), look.tone
        name = name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"
        left, right = text_width(name, _SIZE), text_width(word, _SIZE)
        split, whole = left + 16, left + right + 16 + 38
        title, rtl = escaped(f"{name}: {word}"), self.edition.language.direction == "rtl"
        direction = ' direction="rtl"' if rtl else ""
        # In `direction=rtl` text begins at its right end.
        name_x, word_x = (8 + left, split + 28 + right) if rtl else (8, split + 28)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" '
            f'viewBox="0 0 {whole} {_HEIGHT}" role="img" aria-labelledby="t">'
            f'<title id="t">{title}</title>'
            f'<path fill="#fff" d="M{split} 0H4a4 4 0 0 0-4 4v16a4 4 0 0 0 4 4h{split - 4}"/>'
            f'<path fill="{_COLOUR[tone]}" d="M{split} 0h{whole - split - 4}a4 4 0 0 1 4 4v16a4 4 0 0 1-4 4H{split}"/>'
            f'<path fill="none" stroke="#8b979d" d="M{split} .5H4A3.5 3.5 0 0 0 .5 4v16A3.5 3.5 0 0 0 4 23.5H{split}"/>'
            f'<path fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" '
            f'transform="translate({split + 10} 6)" d="{_SHAPE[tone]}"/>'
            f'<g font-family="Verdana,DejaVu Sans,Segoe UI,Noto Sans,sans-serif" font-size="{_SIZE}"'
            f' aria-hidden="true"{direction}>'
            f'<text x="{name_x}" y="16.5" fill="#12212a"{_fit(left)}>{escaped(name)}</text>'
            f'<text x="{word_x}" y="16.5" fill="#fff"{_fit(right)}>{escaped(word)}</text>'
            "</g></svg>\n"
        ).encode()


def overall(edition: Edition) -> Look:
    """The state of everything: the worst open problem or component; planned work never hides one."""
    reading = edition.reading
    found = [words.IMPACT[i.impact] for i in reading.open]
    found += [words.STATUS[c.status] for c in reading.components if c.status.is_trouble]
    if found:
        return max(found, key=lambda look: words.TONES.index(look.tone) if look.tone != "none" else 0)
    if any(m.state.is_active for m in reading.planned):
        return words.STATUS[ComponentStatus.UNDER_MAINTENANCE]
    return words.STATUS[ComponentStatus.OPERATIONAL]


def text_width(text: str, size: int) -> int:
    """A generous width in whole pixels: as wide as common fonts draw it, or a little more."""
    return max(1, -(-sum(_advance(letter) for letter in text) * size // 1000))


def _advance(letter: str) -> int:
    if letter in _NARROW:
        return 420
    if letter in _WIDE:
        return 1000
    if not letter.isascii():
        if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
            return 0
        if unicodedata.east_asian_width(letter) in "WF":
            return 1020
    return 740 if letter.isupper() else 650


def _fit(width: int) -> str:
    return f' textLength="{width}" lengthAdjust="spacingAndGlyphs"'
