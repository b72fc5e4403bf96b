"""The page's look as its settings say: colours that can be read, own CSS that stays where it is, a logo that fits."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statusdesk.domain.page import Scheme
from statusdesk.domain.public import PublicTheme
from statusdesk.site import theme
from statusdesk.site.builder import build
from tests.core.site.memory import northlake, page, utc

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><path d="M0 0h300v100H0z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 64, 64) + b"\x08\x06\0\0\0"
WEBP = {
    "VP8X": b"RIFF\0\0\0\0WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\x3f\0\0" + b"\x1f\0\0",
    "VP8L": b"RIFF\0\0\0\0WEBPVP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", 63 | 31 << 14) + b"\0" * 8,
    "VP8 ": b"RIFF\0\0\0\0WEBPVP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 64, 32) + b"\0",
}  # fmt: skip
colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def _variables(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})\b", css))


@given(accent=colours)
def test_the_accent_can_be_read_on_paper_and_card_light_and_dark(accent):
    css = theme.styled(PublicTheme(accent=accent))
    shipped = theme.styled(PublicTheme())
    light, dark = (_variables(part) for part in re.findall(r":root\{[^}]*\}", shipped)[:2])
    found = re.findall(r"--link:(#[0-9a-f]{6})", css)
    assert len(found) == 4, "ours and the page's, light and dark"
    for palette, link in ((light, found[2]), (dark, found[3])):
        assert min(theme.contrast(link, palette[ground]) for ground in ("paper", "card")) >= 4.5


def test_an_accent_that_can_be_read_is_kept_as_it_is():
    assert theme.readable("#b3005e", ["#ffffff", "#eef3f5"]) == "#b3005e"


def test_contrast_is_that_of_the_guidelines():
    assert theme.contrast("#fff", "#000") == 21
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_the_colours_of_states_never_change():
    plain, themed = (_variables(theme.styled(t)) for t in (PublicTheme(), PublicTheme(accent="#00ff00")))
    assert {k: v for k, v in plain.items() if k != "link"} == {k: v for k, v in themed.items() if k != "link"}


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_a_page_can_be_light_or_dark_for_everyone(scheme):
    css = theme.styled(PublicTheme(scheme=scheme, accent="#ffcc00"))
    assert f"color-scheme:{scheme.value};" in css
    assert "prefers-color-scheme" not in css
    colours = theme.assets(PublicTheme(scheme=scheme)).browser_colours
    assert colours == (("", {"light": "#fff", "dark": "#0f181d"}[scheme.value]),)


@pytest.mark.parametrize("accent", ["red", "#fff", "#12345g", "#b3005e}body{display:none", ""])
def test_what_is_no_colour_changes_nothing(accent):
    assert theme.styled(PublicTheme(accent=accent)) == theme.styled(PublicTheme())


class _Style(html.parser.HTMLParser):
    """The text of the page's style element as a parser of HTML sees it."""

    def __init__(self):
        super().__init__()
        self.inside, self.text, self.tags = False, "", []

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "style"
        self.tags.append(tag)

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.text += data


@pytest.mark.parametrize(
    "own",
    [
        "body{color:red}",
        "</style><script>alert(1)</script>",
        "</STYLE >x",
        'a::before{content:"</style"}',
        "<!-- </style> -->",
        "a\r\nb\rc\0d",
        "@import url(https://evil.example/x.css);",
        "{{ page.name }}{% raw %}",
    ],
)
def test_own_css_stays_in_its_element_and_is_the_one_that_the_policy_names(tmp_path, own):
    reader = northlake()
    reader.put_page(page(theme=PublicTheme(css=own)))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "log", now=utc("2026-06-09 13:53"))
    data = (tmp_path / "site" / "index.html").read_bytes()
    text = data.decode()
    seen = _Style()
    seen.feed(text)
    assert seen.tags.count("script") == 1
    assert seen.tags.count("style") == 1
    assert b"\r" not in data
    assert b"\0" not in data
    digest = base64.b64encode(hashlib.sha256(seen.text.encode()).digest()).decode()
    assert f"sha256-{digest}" in text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("name", "data", "size"),
    [
        ("logo.svg", SVG, (96, 32)),
        ("logo.svg", b'<svg width="20" height="40px"></svg>', (16, 32)),
        ("logo.svg", b"<svg></svg>", (32, 32)),
        ("logo.svg", b'<svg viewBox="0 0 1000 10"></svg>', (192, 2)),
        ("logo.png", PNG, (32, 32)),
        ("logo.webp", WEBP["VP8X"], (64, 32)),
        ("logo.webp", WEBP["VP8L"], (64, 32)),
        ("logo.webp", WEBP["VP8 "], (64, 32)),
    ],
)
def test_a_logo_has_its_place_before_it_arrives(name, data, size):
    logo = theme.logo(PublicTheme(logo_name=name, logo=data))
    assert (logo.width, logo.height) == size
    assert re.fullmatch(r"assets/logo-[0-9a-f]{12}\.(png|svg|webp)", logo.path)
    assert logo.data == data


@pytest.mark.parametrize(
    ("name", "data"),
    [("logo.png", b"GIF89a"), ("logo.webp", b"RIFF"), ("logo.svg", b"<html>"), ("logo.gif", b"GIF89a"), ("", b""), ("logo.svg", b'<svg width="0" height="0"/>')],
)  # fmt: skip
def test_what_is_no_picture_is_no_logo(name, data):
    assert theme.logo(PublicTheme(logo_name=name, logo=data)) is None


def test_a_logo_stands_in_the_header_and_goes_when_it_is_taken_away(tmp_path):
    reader = northlake()

    def made(**look):
        reader.put_page(page(name='North "lake" & Sons', theme=PublicTheme(**look)))
        build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "log", now=utc("2026-06-09 13:53"))
        return (tmp_path / "site" / "incidents" / "SD-2026-0042" / "index.html").read_text()

    html_ = made(logo_name="logo.svg", logo=SVG)
    path = next((tmp_path / "site" / "assets").glob("logo-*.svg"))
    assert f'<img src="../../assets/{path.name}" alt="" width="96" height="32">' in html_
    assert path.read_bytes() == SVG
    assert "img-src 'self' data:" in html_.replace("&#39;", "'")
    assert "<img" not in made()
    assert not list((tmp_path / "site" / "assets").glob("logo-*"))
