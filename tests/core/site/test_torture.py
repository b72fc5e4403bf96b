"""Hostile words, long words, many things, strange days: every file of the site stays whole, true and public."""

from __future__ import annotations

import html.parser
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from statusdesk.site.builder import build
from tests.core.site.memory import MemoryReader, page, utc
from tests.core.site.torture import NEVER, NOW, torture

_WEB = ("http://", "https://", "mailto:", "tel:", "data:")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torture")
    build(torture(), out=folder / "site", state_file=folder / "ws" / "site.db", now=NOW)
    return folder / "site"


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory):
    """A page on its first day: no component, no history, nobody to call."""
    folder = tmp_path_factory.mktemp("empty")
    reader = MemoryReader(page(contacts=(), follow=(), promise_html=""))
    build(reader, out=folder / "site", state_file=folder / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    return folder / "site"


class _Page(html.parser.HTMLParser):
    """What a browser would do with a page: elements, links, ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def links(self) -> list[str]:
        return [value for _, attrs in self.elements for name in ("href", "src") if (value := attrs.get(name))]


@pytest.fixture(scope="module")
def pages(site):
    return {file: _Page(file.read_text()) for file in site.rglob("*.html")}


def test_no_word_of_a_user_becomes_markup(pages):
    assert len(pages) > 100
    for file, found in pages.items():
        for tag, attrs in found.elements:
            where = f"{file}: <{tag} {attrs}>"
            assert tag not in {"iframe", "object", "embed", "base", "form", "input"}, where
            assert not any(name.startswith("on") for name in attrs), where
            assert "style" not in attrs, where
            if tag == "script":
                ours = re.fullmatch(r"[./]*assets/page-[0-9a-f]{12}\.js", attrs.get("src") or "")
                assert ours or attrs.get("type") == "application/ld+json", where
            if tag == "img":
                assert (attrs["src"] or "").lstrip("./").startswith("assets/"), where
        assert sum(tag == "style" for tag, _ in found.elements) == 1


def test_every_link_leads_somewhere(site, pages):
    ids = {file: {attrs["id"] for _, attrs in found.elements if "id" in attrs} for file, found in pages.items()}
    for file, found in pages.items():
        for link in found.links():
            if link.startswith(_WEB):
                continue
            assert ":" not in link.split("/")[0], f"{file}: {link}"
            parts = urlsplit(link)
            target = (
                site / parts.path.lstrip("/") if link.startswith("/") else file.parent / unquote(parts.path)
            ).resolve()
            target = file if not parts.path else target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{file}: {link}"
            if parts.fragment and target in ids:
                assert parts.fragment in ids[target], f"{file}: {link}"


def test_no_two_elements_of_a_page_share_an_id(pages):
    for file, found in pages.items():
        ids = [attrs["id"] for _, attrs in found.elements if "id" in attrs]
        assert len(ids) == len(set(ids)), file


def test_every_document_can_be_read_by_its_own_kind_of_reader(site):
    kinds = set()
    for file in site.rglob("*"):
        if file.suffix in {".atom", ".rss", ".svg", ".xml"}:
            ET.parse(file)
        elif file.suffix == ".json":
            json.loads(file.read_text())
        elif file.suffix == ".ics":
            import icalendar

            icalendar.Calendar.from_ical(file.read_bytes())
        else:
            continue
        kinds.add(file.suffix)
    assert {".atom", ".json"} <= kinds


def test_nothing_holds_what_no_document_may_hold(site):
    for file in site.rglob("*"):
        if file.is_file() and file.suffix not in {".png", ".webp"}:
            text = file.read_bytes().decode("utf-8")
            assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text), file


def test_words_that_were_taken_back_are_nowhere(site):
    assert not [file for file in site.rglob("*") if file.is_file() and NEVER.encode() in file.read_bytes()]


def _page(site: Path, ref: str) -> str:
    return (site / "incidents" / ref / "index.html").read_text()


def test_the_night_with_two_half_past_twos_lasted_an_hour(site):
    html_ = _page(site, "SD-2027-0100")
    assert '<time datetime="2027-10-31T02:30+02:00">' in html_
    assert '<time datetime="2027-10-31T02:30+01:00">' in html_
    text = re.sub(r"<[^>]+>", "", html_)
    assert "02:30 CEST" in text
    assert "02:30 CET" in text
    assert "1 h" in text


def test_the_night_without_a_half_past_two_lasted_an_hour(site):
    text = re.sub(r"<[^>]+>", "", _page(site, "SD-2027-0101"))
    assert "01:30 CET" in text
    assert "03:30 CEST" in text


def test_a_leap_day_has_its_place(site):
    assert 'id="d29"' in (site / "history" / "2028-02" / "index.html").read_text()
    assert "29 February" in re.sub(r"<[^>]+>", "", _page(site, "SD-2028-0102"))


def test_a_problem_belongs_to_the_month_in_which_it_began_by_the_page_s_clock(site):
    """22:30 UTC on 31 December is 23:30 in Berlin: still the old year."""
    assert "SD-2027-0103" in (site / "history" / "2027-12" / "index.html").read_text()


def test_a_renamed_component_is_renamed_everywhere_and_an_archived_one_keeps_its_history(site, pages):
    assert "Service 5<" not in "".join(file.read_text() for file in pages)
    assert not (site / "components" / "gone").exists()
    archived = _page(site, "SD-2018-0003")
    assert "gone" in archived
    assert "components/gone" not in archived


def test_lists_are_bounded(site):
    home = (site / "index.html").read_text()
    assert len(home) < 400_000, "hostile words and a hundred components"
    assert home.count('<li class="row" id="u') <= 3


def test_a_page_on_its_first_day_is_whole(empty_site):
    home = (empty_site / "index.html").read_text()
    assert "No service is listed yet." in home
    for file in empty_site.rglob("*.html"):
        found = _Page(file.read_text())
        for link in found.links():
            if not link.startswith((*_WEB, "/")):
                target = file.parent / link.split("#")[0]
                assert target.exists(), f"{file}: {link}"
