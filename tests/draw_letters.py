"""Draws the letters of the pictures that go with shared links, once, from a free font: `templates/cards/letters.bin`.

    python -m tests.draw_letters FOLDER-WITH-NOTO-FONTS     (Debian: the package fonts-noto-core)

Needed only to change a size or to add letters. See `statusdesk/site/letters.py` for the format and the reason.
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

from PIL import ImageFont

from statusdesk.site.letters import FACES, RECORD

OUT = Path(__file__).parents[1] / "templates" / "cards" / "letters.bin"
LATIN = (
    *range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x370, 0x400), *range(0x400, 0x530), *range(0x1E00, 0x1F00),
    *range(0x2010, 0x2028), *range(0x2030, 0x205F), *range(0x20A0, 0x20C0), 0x2116, 0x2122,
)  # fmt: skip
ARABIC = (
    0x60C, 0x61B, 0x61F, 0x640, *range(0x660, 0x66E), *range(0x6F0, 0x6FA), 0x6D4, *range(0xFB50, 0xFBB2),
    *range(0xFBD3, 0xFC00), 0xFDF2, *range(0xFE80, 0xFEFD),
)  # fmt: skip
FONTS = {
    "title": ("NotoSerif-Regular.ttf", "NotoNaskhArabic-Regular.ttf"),
    "strong": ("NotoSans-Bold.ttf", "NotoSansArabic-Bold.ttf"),
    "fact": ("NotoSans-Regular.ttf", "NotoSansArabic-Regular.ttf"),
}


def glyph(font: ImageFont.FreeTypeFont, letter: str, baseline: int, height: int) -> tuple[tuple[int, ...], bytes]:
    """Advance, left, top, width, height, and the packed pixels: four bits each, of which three levels are used."""
    left, over, _, _ = font.getbbox(letter, anchor="ls")
    mask = font.getmask(letter, mode="L")
    width, tall = mask.size
    first = baseline + int(over)
    cut = max(0, -first)  # what is higher than the line is cut off
    top = first + cut
    tall = max(0, min(tall - cut, height - top))
    rows = []
    for y in range(cut, cut + tall):
        levels = [round(mask.getpixel((x, y)) * 3 / 255) for x in range(width)] + [0] * (width % 2)
        rows.append(bytes(a << 4 | b for a, b in zip(levels[::2], levels[1::2], strict=True)))
    return (round(font.getlength(letter)), int(left), top, (width + 1) // 2, tall), b"".join(rows)


def main(folder: Path) -> None:
    records, pixels = [], b""
    for number, (name, face) in enumerate(FACES.items()):
        for letters, file in zip((LATIN, ARABIC), FONTS[name], strict=True):
            # Arabic letters reach further down: a little smaller they fit, and look as large as the others.
            size = face.size if letters is LATIN else face.size * 5 // 6
            font = ImageFont.truetype(str(folder / file), size, layout_engine=ImageFont.Layout.BASIC)
            missing = bytes(font.getmask("\uffff"))
            for code in letters:
                letter = chr(code)
                if bytes(font.getmask(letter)) == missing and letter.strip():
                    continue
                measures, raw = glyph(font, letter, face.baseline, face.height)
                packed = zlib.compressobj(9, wbits=-15)
                data = packed.compress(raw) + packed.flush() if any(raw) else b""
                records.append(struct.pack(RECORD, code, number, *measures, len(data)))
                pixels += data
    OUT.write_bytes(struct.pack("<I", len(records)) + b"".join(records) + pixels)
    print(f"{len(records)} letters, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
