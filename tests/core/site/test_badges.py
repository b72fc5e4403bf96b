"""The badges: a word, a shape and a colour, well-formed whatever the name."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.site import words
from statusdesk.site.badges import Badges, text_width
from statusdesk.site.edition import editions
from statusdesk.site.reading import Reading
from tests.core.site.memory import MemoryReader, component, entry, incident, maintenance, northlake, page, utc

SVG = "{http://www.w3.org/2000/svg}"
BEGAN = utc("2026-06-09 13:12")


def badges(reader: MemoryReader) -> Badges:
    return Badges(editions(Reading(reader, reader.page(), BEGAN))[0])


def title(svg: bytes) -> str:
    return ET.fromstring(svg).findtext(f"{SVG}title") or ""


def test_the_page_says_the_worst_that_is_open_in_words():
    assert title(badges(northlake()).page()) == "Northlake: Major problem"
    assert title(badges(northlake(open_now=False)).page()) == "Northlake: Works"


def test_planned_work_hides_no_trouble():
    reader = MemoryReader(page())
    tills = component("Tills", 1)
    reader.put_component(tills)
    reader.put(maintenance("SD-M1", "Work", BEGAN, 2, [tills], state=MaintenanceState.IN_PROGRESS, actual_start=BEGAN))
    assert title(badges(reader).page()) == "Northlake: Planned work"
    held = entry(tills, ComponentStatus.PARTIAL_OUTAGE, BEGAN, None, "SD-1")
    reader.put(incident("SD-1", "Tills", BEGAN, impact=Impact.MINOR, entries=(held,)))
    assert title(badges(reader).page()) == "Northlake: Partly down"


def test_every_state_has_its_own_word_shape_and_colour():
    shown = {status: badges(northlake())._badge("X", words.STATUS[status]).decode() for status in ComponentStatus}
    drawn = [
        {path.get("d"): path.get("fill") for path in ET.fromstring(svg).iter(f"{SVG}path")} for svg in shown.values()
    ]
    assert len({tuple(paths)[-1] for paths in drawn}) == len(ComponentStatus)
    assert len({tuple(paths.values())[1] for paths in drawn}) == len(ComponentStatus)
    assert {title(svg.encode()) for svg in shown.values()} == {f"X: {words.STATUS[s].word}" for s in ComponentStatus}


@pytest.mark.parametrize("name", ["<b>&\"'", "W" * 500, "اختبار \u202e", "日本語の名前", "i", "e\u0301" * 60])
def test_any_name_makes_a_picture_of_its_width(name):
    svg = ET.fromstring(badges(northlake()).component(replace(component("X", 1), name=name)))
    left, right = (int(text.get("textLength")) for text in svg.iter(f"{SVG}text"))
    assert int(svg.get("width")) == left + right + 16 + 38
    assert int(svg.get("width")) < 900
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title").endswith(": Works")


def test_widths_are_generous():
    assert text_width("iiii", 13) < text_width("nnnn", 13) < text_width("WWWW", 13)
    assert text_width("日本", 13) >= 26
    assert text_width("e\u0301", 13) == text_width("e", 13)


def test_an_arabic_badge_is_set_from_the_right():
    reader = northlake()
    reader.put_page(page(locale="ar"))
    assert b'direction="rtl"' in badges(reader).page()
