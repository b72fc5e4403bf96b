"""The pictures that go with shared links: `card.png` for the page, `incidents/REF/card.png` for each problem.

1200 x 630 pixels (Open Graph), sixteen colours, letters drawn beforehand (`letters`). Nothing on them is younger than
what they tell, so a card changes only when its words do.

Same words in, same bytes out, on every machine: the pixels are ours, rows are filtered by "Up" (PNG, 9.2), and zlib is
asked for runs only (`Z_RLE`), a line at a time so that it makes one block of each: there all its versions agree.
Otherwise two desks of a team, each with a zlib of its own, would send each other's cards anew with every build.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from statusdesk.domain.public import PublicIncident
from statusdesk.domain.text import tidy_line
from statusdesk.site import letters, words
from statusdesk.site.badges import overall
from statusdesk.site.edition import Edition
from statusdesk.site.letters import FACES, ROW
from statusdesk.site.reading import ended_at
from statusdesk.site.words import Look

WIDTH, HEIGHT = 1200, 630
_MARGIN = 72
_ROOM = WIDTH - 2 * _MARGIN
_TITLE_LINES = 4
_RULE = 16  # the line in the state's colour along the top edge
_INK, _SOFT, _STATE = 0, 1, 2
_PAPER = (255, 255, 255)
_INKS = ((18, 33, 42), (79, 96, 105))
_TONES = {
    "ok": (23, 104, 61),
    "slow": (115, 88, 0),
    "part": (154, 68, 0),
    "down": (176, 28, 34),
    "plan": (60, 72, 159),
    "none": (88, 104, 111),
}
# Shapes in a square of 32 pixels, as strokes between points.
_SHAPES = {
    "ok": (((3, 17), (12, 26)), ((12, 26), (29, 6))),
    "slow": (((16, 3), (16, 19)), ((16, 27), (16, 28))),
    "part": (((2, 16), (30, 16)),),
    "down": (((5, 5), (27, 27)), ((27, 5), (5, 27))),
    "plan": (((16, 4), (16, 18)), ((16, 18), (25, 25))),
    "none": (((16, 14), (16, 18)),),
}
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_STROKE = 2.8  # half a stroke's width in pixels
_SHAPE_SIZE, _SHAPE_ROOM = 32, 48
_DROP = 6  # rows from a line's top to its shape


@dataclass(frozen=True, slots=True)
class _Run:
    """Words on a line, `x` pixels from the left, in one colour."""

    text: str
    x: int
    colour: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a card: its top row, its face, its words, and perhaps a shape before them."""

    y: int
    face: str
    runs: tuple[_Run, ...]
    tone: str = ""
    shape_x: int = 0


class Cards:
    """Draws the cards of one edition; there is one set, in the page's main language."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.reading = edition.reading
        self.rtl = edition.language.direction == "rtl"

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The card of the page, which a change of its state touches."""
        return {"card.png": self.page}

    def page(self) -> bytes:
        """card.png: how it is."""
        look = overall(self.edition)
        reading = self.reading
        worst = reading.open[0] if reading.open else None
        if worst:
            return self._card(look, self._word(look), worst.title, self._times(worst), "")
        plain = self.edition.language.say("Everything works.")
        calm = plain if _can_say(plain) else "Everything works."
        return self._card(look, self._word(look), calm if look.tone == "ok" else "", "", "")

    def incident(self, incident: PublicIncident) -> bytes:
        """incidents/REF/card.png."""
        open_look = words.IMPACT[incident.impact]
        state = self._word(Look("", "", words.STATE[incident.state]))
        over = not incident.state.is_open
        look = Look("ok", "ok", words.STATE[incident.state]) if over else open_look
        word = state if over else f"{self._word(open_look)} · {state}"
        return self._card(look, word, incident.title, self._times(incident), incident.ref)

    def _word(self, look: Look) -> str:
        """A word of ours; in English where we have no letters for the page's language."""
        said = self.edition.language.say(look.word)
        return said if _can_say(said) else look.word

    def _times(self, incident: PublicIncident) -> str:
        """Since when; or from when to when. Networks keep a card for days: the next update would soon be a lie."""
        d, say = self.edition.dates, self.edition.language.say
        begin, end = incident.started_at, ended_at(incident)
        if end is None:
            return say("Since %(time)s") % {"time": d.full(begin)}
        same = d.on(begin) == d.on(end)
        return say("%(start)s to %(end)s") % {
            "start": d.full(begin),
            "end": d.clock_zone(end) if same else d.full(end),
        }

    def _card(self, look: Look, word: str, title: str, times: str, ref: str) -> bytes:
        """A card; it is drawn once for as long as its words stay."""
        told = (look, word, title, times, self.reading.page.name)
        return self.reading.kept.once(("card", ref), told, lambda: self._drawn(look, word, title, times, ref))

    def _drawn(self, look: Look, word: str, title: str, times: str, ref: str) -> bytes:
        name, title, times = _seen(self.reading.page.name), _seen(title) or ref, _seen(times)
        lines = [self._row(56, "strong", _cut(name, "strong", _ROOM - 320), ref)]
        lines.append(self._state(150, look.tone, _cut(word, "strong", _ROOM - _SHAPE_ROOM)))
        y = 216
        for text in wrap(title, "title", _ROOM, _TITLE_LINES) if title else ():
            lines.append(self._row(y, "title", text, rtl=_begins_right(title)))
            y += FACES["title"].height
        if times:
            lines.append(self._row(548, "fact", _cut(times, "fact", _ROOM), colour=_SOFT))
        return _png(lines, look.tone)

    def _row(
        self, y: int, face: str, text: str, other: str = "", *, colour: int = _INK, rtl: bool | None = None
    ) -> _Line:
        """Words at the line's beginning, and perhaps others at its end."""
        shown, tail = visual(text, rtl=self.rtl if rtl is None else rtl), visual(other, rtl=False)
        begin, end = _MARGIN, WIDTH - _MARGIN - letters.width(tail, face)
        if self.rtl:
            begin, end = WIDTH - _MARGIN - letters.width(shown, face), _MARGIN
        runs = (_Run(shown, begin, colour), *([_Run(tail, end, _SOFT)] if tail else []))
        return _Line(y, face, runs)

    def _state(self, y: int, tone: str, word: str) -> _Line:
        """A shape and a word in the state's colour."""
        shown = visual(word, rtl=self.rtl)
        if self.rtl:
            x = WIDTH - _MARGIN - _SHAPE_ROOM - letters.width(shown, "strong")
            return _Line(y, "strong", (_Run(shown, x, _STATE),), tone, WIDTH - _MARGIN - _SHAPE_SIZE)
        return _Line(y, "strong", (_Run(shown, _MARGIN + _SHAPE_ROOM, _STATE),), tone, _MARGIN)


# What can be said in our letters


def _can_say(text: str) -> bool:
    return all(letters.drawable(c) or c.isspace() for c in visual(text, rtl=False))


def _seen(text: str) -> str:
    """A text without what we have no letters for: such words are left out whole, signs and pictures alone.

    Of a text that would lose a third of its letters nothing is shown: half a sentence may say the opposite.
    """
    text = tidy_line(text).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    if text.isascii():
        return text
    kept, lost, all_letters = [], 0, 0
    for word in text.split(" "):
        shaped = _shaped(word)
        count = sum(c.isalpha() for c in word)
        all_letters += count
        if any(c.isalpha() and not letters.drawable(c) for c in shaped):
            lost += count
        elif any(letters.drawable(c) for c in shaped):
            kept.append(word)
    return "" if lost * 3 > all_letters else " ".join(kept)


def _is_right_to_left(text: str) -> bool:
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def _shaped(text: str) -> str:
    """Arabic letters in the forms that they take beside each other; other text as it is."""
    return _reshaper()(text) if _is_right_to_left(text) else text


@cache
def _reshaper() -> Callable[[str], str]:
    from arabic_reshaper import ArabicReshaper  # type: ignore[import-untyped]  # noqa: PLC0415  only for pages that need it

    reshape: Callable[[str], str] = ArabicReshaper({"delete_harakat": True, "support_ligatures": True}).reshape
    return reshape


def visual(text: str, *, rtl: bool) -> str:
    """A line as it is read, as its letters stand from left to right (Unicode bidirectional algorithm)."""
    if not rtl and not _is_right_to_left(text):
        return text
    from bidi import get_display  # type: ignore[import-untyped]  # noqa: PLC0415  only for pages that need it

    return str(get_display(_shaped(text), base_dir="R" if rtl else "L"))


def _begins_right(text: str) -> bool:
    """Whether a text is read from the right, by its first letter (Unicode bidirectional algorithm, P2)."""
    first = next((c for c in text if c.isalpha()), "")
    return _is_right_to_left(first)


def _wide(text: str, face: str) -> int:
    return letters.width(_shaped(text), face)


def _cut(text: str, face: str, room: int) -> str:
    """As much of a text as fits, with an ellipsis when that is not all."""
    if _wide(text, face) <= room:
        return text
    end = _fit(text, face, room - letters.width("…", face))
    space = text.rfind(" ", 0, end + 1)
    return text[: space if space > end // 2 else end].rstrip(" ,.;:") + "…"


def _fit(text: str, face: str, room: int) -> int:
    """How many characters of a text fit; at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _wide(text[:middle], face) <= room else (low, middle - 1)
    return low


def wrap(text: str, face: str, room: int, most: int) -> list[str]:
    """A text in lines of at most `room` pixels, at most `most` of them and of much the same length.

    What does not fit ends in an ellipsis.
    """
    found: list[tuple[str, int]] = []
    for word in text.split(" "):
        while (wide := _wide(word, face)) > room:
            end = _fit(word, face, room)
            found.append((word[:end], _wide(word[:end], face)))
            word = word[end:]  # noqa: PLW2901  a word wider than a line is broken
        found.append((word, wide))
    space = letters.width(" ", face)
    count = len(_filled(found, space, room))
    if count > most:
        lines = _filled(found, space, room)
        return [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]), face, room)]
    narrow, wide = max(w for _, w in found), room
    while narrow < wide:
        middle = (narrow + wide) // 2
        narrow, wide = (narrow, middle) if len(_filled(found, space, middle)) <= count else (middle + 1, wide)
    return _filled(found, space, wide)


def _filled(found: Sequence[tuple[str, int]], space: int, room: int) -> list[str]:
    """Words with their widths in lines, each as full as it gets."""
    lines: list[list[str]] = [[]]
    used = -space
    for word, wide in found:
        if lines[-1] and used + space + wide > room:
            lines.append([])
            used = -space
        lines[-1].append(word)
        used += space + wide
    return [" ".join(line) for line in lines]


# How a picture is made


def _png(lines: Sequence[_Line], tone: str) -> bytes:
    """The lines on paper, as a PNG with a palette of sixteen."""
    parts = [_rule()]
    y = _RULE
    for one in sorted(lines, key=lambda each: each.y):
        parts += [_blank(one.y - y), _packed(_block(one))]
        y = one.y + FACES[one.face].height
    parts.append(_blank(HEIGHT - y))
    check = 1
    for part in parts:
        check = part.follow(check)
    data = b"".join([b"\x78\x01", *(part.data for part in parts), b"\x03\x00", struct.pack(">I", check)])
    return b"\x89PNG\r\n\x1a\n" + _HEAD + _palette(tone) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows, packed by themselves; `raw` are their bytes, or how many zeros they are."""

    data: bytes
    raw: bytes | int

    def follow(self, check: int) -> int:
        """The checksum (Adler-32) with these rows behind what it was made of."""
        if isinstance(self.raw, bytes):
            return zlib.adler32(self.raw, check)
        low, high = check & 0xFFFF, check >> 16
        return (high + self.raw * low) % 65521 << 16 | low


def _packed(raw: bytes) -> _Part:
    packer = zlib.compressobj(1, wbits=-15, memLevel=9, strategy=zlib.Z_RLE)
    return _Part(packer.compress(raw) + packer.flush(zlib.Z_SYNC_FLUSH), raw)


@cache
def _blank(rows: int) -> _Part:
    return _Part(_packed(bytes((ROW + 1) * rows)).data if rows else b"", (ROW + 1) * rows)


def _block(one: _Line) -> bytes:
    """A line's rows, each as what differs from the row above."""
    height = FACES[one.face].height
    bits = 0
    for run in one.runs:
        drawn = letters.line(run.text, one.face, run.x)
        bits |= _coloured(drawn, run.colour, height)
    if one.tone:
        bits |= _shape(one.tone, one.shape_x, height)
    above = bits >> (8 * ROW)
    # Bytewise subtraction of the whole block at once, without borrows between bytes.
    high = _every(0x80, height)
    differs = ((bits | high) - (above & ~high)) ^ ((bits ^ ~above) & high)
    rows = differs.to_bytes(ROW * height, "big")
    # The first row as it is: the line above may reach down to it.
    first = (bits >> (8 * ROW * (height - 1))).to_bytes(ROW, "big")
    rest = [b"\x02" + rows[i : i + ROW] for i in range(ROW, ROW * height, ROW)]
    return b"".join([b"\x00", first, *rest])


@cache
def _every(value: int, height: int) -> int:
    """A block whose bytes all have one value."""
    return int.from_bytes(bytes([value]) * (ROW * height), "big")


def _coloured(bits: int, colour: int, height: int) -> int:
    """Levels of ink as places in the palette: the colour stands in the upper two bits of each pixel."""
    return bits | ((bits | bits >> 1) & _every(0x11, height)) * (4 * colour) if colour else bits


@cache
def _rule() -> _Part:
    """The topmost rows: full ink of the state."""
    full = _STATE << 2 | 3
    row = bytes([full << 4 | full]) * ROW
    # Each row by itself; the next one below then begins anew from paper, as every block does.
    return _packed(b"".join([b"\x00" + row, *[b"\x02" + bytes(ROW)] * (_RULE - 1)]))


@cache
def _shape(tone: str, x: int, height: int) -> int:
    """A state's shape: how far each pixel is from a stroke says how much of it is ink."""
    out = 0
    for row in range(height):
        bits = 0
        for column in range(_SHAPE_SIZE):
            near = min(_distance(column, row - _DROP, *stroke) for stroke in _SHAPES[tone])
            level = round(3 * min(1.0, max(0.0, _STROKE + 0.5 - near)))
            if level and 0 <= row - _DROP < _SHAPE_SIZE:
                bits |= (_STATE << 2 | level) << (4 * (2 * ROW - 1 - x - column))
        out |= bits << (8 * ROW * (height - 1 - row))
    return out


def _distance(x: int, y: int, begin: tuple[int, int], end: tuple[int, int]) -> float:
    """From a point to a stroke, in pixels."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    along = max(0.0, min(1.0, ((x - begin[0]) * dx + (y - begin[1]) * dy) / (dx * dx + dy * dy)))
    return float(((x - begin[0] - along * dx) ** 2 + (y - begin[1] - along * dy) ** 2) ** 0.5)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_HEAD = _chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 4, 3, 0, 0, 0))


@cache
def _palette(tone: str) -> bytes:
    """Paper, and three levels of each ink."""
    colours: list[tuple[int, ...]] = []
    for ink in (*_INKS, _TONES[tone]):
        colours += [tuple(p + (i - p) * level // 3 for p, i in zip(_PAPER, ink, strict=True)) for level in range(4)]
    return _chunk(b"PLTE", bytes(part for colour in colours for part in colour))
