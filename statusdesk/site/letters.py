"""The letters of the pictures, drawn beforehand: a picture is the same on every machine, and needs no drawing library.

`templates/cards/letters.bin` holds them (see `tests/draw_letters.py`): a count, a record for each letter (code point,
face, advance, left, top, bytes per row, rows, bytes of data), and their pixels, deflated one by one. A pixel has four
bits; levels 0 to 3 say how much of it is ink.

A line is one large integer, 600 bytes per row, so that placing a letter is a shift and an OR over all its rows at once.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache

from statusdesk import paths

RECORD = "<IBBbBBBH"
ROW = 600  # bytes per row of a picture: 1,200 pixels of four bits
_SIDE = 32  # pixels by which a letter may reach beyond its word


@dataclass(frozen=True, slots=True)
class Face:
    """A size of letters: `height` rows to a line, the letters standing on row `baseline`."""

    size: int
    height: int
    baseline: int


FACES = {"title": Face(60, 80, 60), "strong": Face(32, 44, 34), "fact": Face(30, 42, 32)}
_NUMBER = {name: number for number, name in enumerate(FACES)}


@dataclass(frozen=True, slots=True)
class _Letter:
    advance: int
    left: int
    top: int
    row: int
    rows: int
    begin: int
    end: int


@cache
def _alphabet() -> tuple[dict[tuple[int, int], _Letter], bytes]:
    raw = (paths.templates_dir() / "cards" / "letters.bin").read_bytes()
    (count,) = struct.unpack_from("<I", raw)
    size = struct.calcsize(RECORD)
    known: dict[tuple[int, int], _Letter] = {}
    begin = 4 + count * size
    for code, face, advance, left, top, row, rows, length in struct.iter_unpack(RECORD, raw[4:begin]):
        known[face, code] = _Letter(advance, left, top, row, rows, begin, begin + length)
        begin += length
    return known, raw


def drawable(letter: str) -> bool:
    """Whether we have a picture of a letter."""
    return (_NUMBER["title"], ord(letter)) in _alphabet()[0]


def width(text: str, face: str) -> int:
    """In pixels; what cannot be drawn has none."""
    known, number = _alphabet()[0], _NUMBER[face]
    return sum(known[number, ord(c)].advance for c in text if (number, ord(c)) in known)


def line(text: str, face: str, x: int) -> int:
    """A line of letters, left to right as they stand in the text, its first one at pixel `x`.

    The integer has ROW * height bytes, the top row first, as a picture has. What reaches beyond an edge is left out.
    """
    out, space = 0, width(" ", face)
    for number, word in enumerate(text.split(" ")):
        x += space if number else 0
        wide = width(word, face)
        if x >= _SIDE and x + wide + _SIDE <= 2 * ROW:
            out |= _word(word, face) >> (4 * (x - _SIDE))
        x += wide
    return out


@lru_cache(maxsize=128)
def _word(word: str, face: str) -> int:
    """A word, its first letter _SIDE pixels from the left edge: words come back, in a text and in the next one."""
    known, number = _alphabet()[0], _NUMBER[face]
    out, x = 0, _SIDE
    for c in word:
        letter = known.get((number, ord(c)))
        if letter is None:
            continue
        at = x + letter.left
        # What reached beyond an edge would come out on the other side, a row away.
        if letter.rows and at >= 0 and at + 2 * letter.row <= 2 * ROW:
            out |= _drawn(face, ord(c)) >> (4 * at)
        x += letter.advance
    return out


@lru_cache(maxsize=128)
def _drawn(face: str, code: int) -> int:
    """A letter at the left edge of a line."""
    known, raw = _alphabet()
    letter = known[_NUMBER[face], code]
    if letter.begin == letter.end:
        return 0
    data = zlib.decompress(raw[letter.begin : letter.end], wbits=-15)
    rows = [data[i : i + letter.row].ljust(ROW, b"\0") for i in range(0, len(data), letter.row)]
    above, below = letter.top, FACES[face].height - letter.top - letter.rows
    return int.from_bytes(bytes(ROW * above) + b"".join(rows) + bytes(ROW * below), "big")
