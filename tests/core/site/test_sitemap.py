"""Which pages there are, for search engines."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from statusdesk.site.builder import build
from statusdesk.site.edition import editions
from statusdesk.site.reading import Reading
from statusdesk.site.sitemap import robots, sitemap
from tests.core.site.memory import northlake, page, utc

NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
NOW = utc("2026-06-09 13:53")


def the_map(reader, refs=None):
    found = editions(Reading(reader, reader.page(), NOW))
    refs = list(reader.refs())[::-1] if refs is None else refs
    return ET.fromstring(sitemap(found, refs, reader.maintenance_refs()))


def test_every_kind_of_page_is_listed_once():
    reader = northlake()
    reader.put_page(page(base_url="https://status.example/sub/?a&b"))
    found = [loc.text for loc in the_map(reader).iterfind("s:url/s:loc", NS)]
    assert len(found) == len(set(found))
    base = "https://status.example/sub/?a&b/"
    assert {base, f"{base}incidents/SD-2026-0042/", f"{base}history/2026-06/", f"{base}components/phones/"} <= set(
        found
    )


def test_each_language_names_all_others():
    reader = northlake()
    reader.put_page(page(base_url="https://status.example", languages=("fi",)))
    urls = the_map(reader).findall("s:url", NS)
    home = [[link.get("hreflang") for link in url.iterfind("x:link", NS)] for url in urls if url.findtext("s:loc", "", NS) in ("https://status.example/", "https://status.example/fi/")]  # fmt: skip
    assert home == [["en", "fi", "x-default"]] * 2


def test_old_problems_are_left_out():
    reader = northlake()
    reader.put_page(page(base_url="https://status.example"))
    found = [loc.text for loc in the_map(reader, [f"SD-{n}" for n in range(3000)]).iterfind("s:url/s:loc", NS)]
    assert "https://status.example/incidents/SD-999/" in found
    assert "https://status.example/incidents/SD-1000/" not in found


def test_work_that_is_moved_to_another_day_keeps_its_place():
    reader = northlake()
    found = editions(Reading(reader, reader.page(), NOW))
    assert sitemap(found, [], ["SD-2026-M007", "SD-2026-M008"]) == sitemap(found, [], ["SD-2026-M008", "SD-2026-M007"])


def test_only_a_page_with_an_address_has_a_map(open_site, tmp_path):
    assert not (open_site / "sitemap.xml").exists()
    assert b"Sitemap" not in (open_site / "robots.txt").read_bytes()
    reader = northlake()
    reader.put_page(page(base_url="https://status.example"))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.log", now=NOW)
    assert (tmp_path / "site" / "sitemap.xml").exists()
    assert b"Sitemap: https://status.example/sitemap.xml\n" in robots("https://status.example/")
    reader.put_page(page())
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.log", now=NOW)
    assert not (tmp_path / "site" / "sitemap.xml").exists(), "nor does one stay when it goes offline"
