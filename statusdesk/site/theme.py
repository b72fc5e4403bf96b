"""How the page looks as its settings say: style, script and logo, and the policy that lets exactly these in.

The shipped style is inlined in every page, with the page's accent, its scheme and its own CSS after it. Colours of
states never change: red is trouble on every page.
"""

from __future__ import annotations

import base64
import colorsys
import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from markupsafe import Markup

from statusdesk import paths
from statusdesk.domain.page import Scheme
from statusdesk.domain.public import PublicTheme

# WCAG 2.2, 1.4.3: text against its ground. A little more than 4.5, so that rounding to whole colours cannot fall below.
CONTRAST = 4.55
LOGO_KINDS = ("png", "svg", "webp")
# The header's line: a logo is as high as the name would be, and at most so wide.
LOGO_HEIGHT = 32
LOGO_MOST_WIDTH = 192
_DARK = re.compile(r"@media \(prefers-color-scheme:dark\)\{:root\{\n?(?P<palette>[^}]*)\}\}\n?")
_SCHEMES = "color-scheme:light dark"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in the header; `width` and `height` in CSS pixels, so that nothing moves when it arrives."""

    path: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Assets:
    """What every page carries: the style inlined, the script as a hashed file, the policy for both.

    `browser_colours` are media query ("" for always) and colour for the browser's own frame.
    """

    css: Markup
    script_path: str
    script: bytes
    policy: str
    logo: Logo | None
    browser_colours: tuple[tuple[str, str], ...]

    @property
    def files(self) -> dict[str, bytes]:
        """The files that the pages load, by path."""
        found = {self.script_path: self.script}
        return found | {self.logo.path: self.logo.data} if self.logo else found


@lru_cache(maxsize=8)
def assets(theme: PublicTheme) -> Assets:
    """The shipped style and script in a page's own look."""
    css = styled(theme)
    script = _bare((_folder() / "page.js").read_text(encoding="utf-8")).encode()
    style_hash = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'"
    )
    return Assets(
        Markup(css),  # noqa: S704  cannot end the element that it stands in
        f"assets/page-{hashlib.sha256(script).hexdigest()[:12]}.js",
        script,
        policy,
        logo(theme),
        _browser_colours(theme.scheme),
    )


def styled(theme: PublicTheme) -> str:
    r"""The shipped style for a theme: one scheme or both, the accent readable in each, then the page's own CSS.

    The own CSS cannot end the element that it stands in, whatever it holds: `</` becomes `<\/`, the same to CSS.
    """
    css, light, dark = _shipped()
    if theme.scheme is not Scheme.AUTO:
        only = _DARK.search(css)
        palette = f":root{{{only['palette']}}}\n" if only and theme.scheme is Scheme.DARK else ""
        css = _DARK.sub("", css, count=1).replace(_SCHEMES, f"color-scheme:{theme.scheme.value}", 1) + palette
    if _COLOUR.fullmatch(theme.accent):
        on_light = readable(theme.accent, (light["paper"], light["card"]))
        on_dark = readable(theme.accent, (dark["paper"], dark["card"]))
        css += f":root{{--link:{on_dark if theme.scheme is Scheme.DARK else on_light};--brand:var(--link)}}\n"
        if theme.scheme is Scheme.AUTO:
            css += f"@media (prefers-color-scheme:dark){{:root{{--link:{on_dark}}}}}\n"
    # Without what a parser of HTML changes on its way: the style must be the one that the policy names.
    own = theme.css.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return css + own.replace("</", "<\\/")


def readable(colour: str, grounds: Iterable[str]) -> str:
    """The colour, made darker or lighter as far as needed to be read on every ground; all are `#rrggbb`."""
    grounds = tuple(grounds)
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    towards = 0.0 if min(_luminance(g) for g in grounds) > 0.18 else 1.0  # noqa: PLR2004  the middle of grey
    for step in range(101):
        light = lightness + (towards - lightness) * step / 100
        found = "#" + "".join(f"{round(255 * c):02x}" for c in colorsys.hls_to_rgb(hue, light, saturation))
        if min(contrast(found, ground) for ground in grounds) >= CONTRAST:
            return found
    return "#000000" if towards == 0 else "#ffffff"


def contrast(one: str, other: str) -> float:
    """How well two colours can be told apart, 1 to 21 (WCAG 2.2, contrast ratio)."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _rgb(colour: str) -> tuple[float, float, float]:
    digits = colour.lstrip("#")
    if len(digits) == 3:  # noqa: PLR2004  #rgb
        digits = "".join(2 * d for d in digits)
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour))  # noqa: PLR2004  sRGB
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def logo(theme: PublicTheme) -> Logo | None:
    """The theme's logo as a file of the site; None without one, or when it is no picture that browsers show."""
    kind = theme.logo_name.rpartition(".")[2].lower()
    if not theme.logo or kind not in LOGO_KINDS:
        return None
    size = {"png": _png_size, "svg": _svg_size, "webp": _webp_size}[kind](theme.logo)
    if size is None or min(size) <= 0:
        return None
    width, height = LOGO_HEIGHT * size[0] / size[1], float(LOGO_HEIGHT)
    if width > LOGO_MOST_WIDTH:
        width, height = LOGO_MOST_WIDTH, LOGO_MOST_WIDTH * size[1] / size[0]
    name = f"assets/logo-{hashlib.sha256(theme.logo).hexdigest()[:12]}.{kind}"
    return Logo(name, theme.logo, max(1, round(width)), max(1, round(height)))


def _png_size(data: bytes) -> tuple[float, float] | None:
    """Width and height from the first chunk."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:  # noqa: PLR2004  signature, length, name, two numbers
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _webp_size(data: bytes) -> tuple[float, float] | None:
    """Width and height from the first chunk, which is one of three kinds (RFC 9649)."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:  # noqa: PLR2004  up to the numbers
        return None
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _svg_size(data: bytes) -> tuple[float, float] | None:
    """The drawing's own size, or that of its view box; a square when it names neither."""
    found = re.search(rb"<svg\b[^>]*>", data)
    if found is None:
        return None
    tag = found[0]
    own = [re.search(rb"\s" + side + rb"\s*=\s*[\"']\s*([\d.]+)(?:px)?\s*[\"']", tag) for side in (b"width", b"height")]
    box = re.search(rb"\sviewBox\s*=\s*[\"'][-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)", tag)
    try:
        if own[0] and own[1]:
            return float(own[0][1]), float(own[1][1])
        return (float(box[1]), float(box[2])) if box else (1.0, 1.0)
    except ValueError:
        return 1.0, 1.0


def _folder() -> Path:
    return paths.templates_dir() / "assets"


@cache
def _shipped() -> tuple[str, dict[str, str], dict[str, str]]:
    """The shipped style without comments, and its two palettes: colours by name, for light and for dark."""
    css = _tight((_folder() / "page.css").read_text(encoding="utf-8"))
    dark = _DARK.search(css)
    if dark is None:
        raise ValueError("page.css has no dark palette where the themes look for it")
    return css, _palette(css), _palette(dark["palette"])


def _palette(css: str) -> dict[str, str]:
    """The first colour of each name in a style."""
    found: dict[str, str] = {}
    for name, value in re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})\b", css):
        found.setdefault(name, value)
    return found


def _browser_colours(scheme: Scheme) -> tuple[tuple[str, str], ...]:
    _, light, dark = _shipped()
    if scheme is not Scheme.AUTO:
        return (("", (dark if scheme is Scheme.DARK else light)["paper"]),)
    return ("(prefers-color-scheme:light)", light["paper"]), ("(prefers-color-scheme:dark)", dark["paper"])


def _tight(css: str) -> str:
    """The style without comments and indentation: it travels with every page."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL).replace("\r\n", "\n")
    return "".join(f"{line.strip()}\n" for line in css.split("\n") if line.strip())


def _bare(script: str) -> str:
    """The script without comments of their own lines and indentation."""
    lines = (re.sub(r"(?:^|  )// .*$", "", line.strip()) for line in script.split("\n"))
    return "".join(f"{line}\n" for line in lines if line)
