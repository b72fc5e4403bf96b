"""The feeds: read by a real reader, stable ids, nothing struck out is told as true."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import feedparser
import pytest

from statusdesk.domain.incident import IncidentState, UpdateKind
from statusdesk.site.builder import build
from statusdesk.site.edition import editions
from statusdesk.site.feeds import Feeds
from statusdesk.site.reading import Reading
from tests.core.site.memory import incident, maintenance, northlake, page, update, utc

NOW = utc("2026-06-09 13:53")


@pytest.fixture
def online(tmp_path):
    reader = northlake()
    reader.put_page(page(base_url="https://status.example/sub"))

    def write():
        build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=NOW)
        return tmp_path / "site"

    return reader, write


def parse(path):
    ET.fromstring(path.read_bytes())
    feed = feedparser.parse(path.read_bytes())
    assert not feed.bozo
    return feed


def test_the_feed_of_updates_has_an_entry_for_each(online):
    _, write = online
    feed = parse(write() / "feed.atom")
    assert feed.version == "atom10"
    first = feed.entries[0]
    assert first.title == "Card payments fail in 3 of our 14 stores: Correction"
    assert first.link == "https://status.example/sub/incidents/SD-2026-0042/#u3"
    assert first.id.startswith("tag:status.example,2025-11-03:")
    assert len({e.id for e in feed.entries}) == len(feed.entries) <= 25


def test_ids_stay_and_the_time_moves_when_words_are_mended(online):
    reader, write = online
    before = {e.id: e.updated for e in parse(write() / "feed.atom").entries}
    card = reader.incidents_["SD-2026-0042"]
    mended = replace(card.updates[0], replaced_seq=4, replaced_kind=UpdateKind.RETRACTION)
    reason = update(
        4, NOW, IncidentState.IDENTIFIED, "It was another street.", kind=UpdateKind.RETRACTION, corrects_seq=1
    )
    reader.put(replace(card, updates=(mended, *card.updates[1:], reason)))
    feed = parse(write() / "feed.atom")
    after = {e.id: e.updated for e in feed.entries}
    assert set(before) < set(after)
    assert [key for key in before if before[key] != after[key]] == [
        next(e.id for e in feed.entries if e.link.endswith("0042/#u1"))
    ]
    taken = next(e for e in feed.entries if e.link.endswith("0042/#u1"))
    assert "We took this update back" in taken.content[0].value
    assert "all 14 stores" not in taken.content[0].value


def test_the_history_feed_has_the_shape_of_statuspage(online):
    reader, write = online
    feed = parse(write() / "history.atom")
    assert feed.feed.id == "tag:status.example,2005:/history"
    assert feed.feed.title == "Northlake Status - Incident History"
    card = next(e for e in feed.entries if "Card" in e.title)
    assert card.id == f"tag:status.example,2005:Incident/{reader.incidents_['SD-2026-0042'].code}"
    raw = (write() / "history.atom").read_text()
    assert (
        "&lt;p&gt;&lt;small&gt;Jun &lt;var data-var='date'&gt;9&lt;/var&gt;, &lt;var data-var='time'&gt;15:14&lt;/var&gt; CEST&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Investigating&lt;/strong&gt; - Card payments"
        in raw
    )


def test_rss_and_json_tell_the_same_updates(online):
    _, write = online
    site = write()
    atom, rss = parse(site / "feed.atom"), parse(site / "feed.rss")
    told = json.loads((site / "feed.json").read_bytes())
    assert rss.version == "rss20"
    assert [e.id for e in rss.entries] == [e.id for e in atom.entries] == [i["id"] for i in told["items"]]
    assert [e.link for e in rss.entries] == [e.link for e in atom.entries] == [i["url"] for i in told["items"]]
    assert [e.description for e in rss.entries] == [e.content[0].value for e in atom.entries]
    assert [i["content_html"] for i in told["items"]] == [e.content[0].value for e in atom.entries]
    assert [e.published_parsed for e in rss.entries] == [e.updated_parsed for e in atom.entries]
    assert told["items"][0]["authors"] == [{"name": "Ana, support lead"}]
    assert rss.entries[0].author == atom.entries[0].author == "Ana, support lead"
    assert rss.feed.link == told["home_page_url"] == "https://status.example/sub/"


def test_a_component_has_a_feed_of_its_own(online):
    reader, write = online
    began = utc("2026-06-09 13:30")
    reader.put(incident("SD-2026-0043", "Search is slow", began, entries=()))
    site = write()
    feed = parse(site / "components" / "card-payments" / "feed.atom")
    assert feed.feed.title == "Northlake: every update about Card payments"
    assert {e.title.rsplit(":")[0] for e in feed.entries} == {"Card payments fail in 3 of our 14 stores"}
    assert feed.feed.link == "https://status.example/sub/components/card-payments/"
    phones = parse(site / "components" / "phones" / "feed.atom")
    assert "New telephone exchange: Planned" in [e.title for e in phones.entries]


def test_news_of_one_component_leaves_the_feeds_of_others_alone(online):
    reader, write = online
    site = write()
    before = {path: path.read_bytes() for path in site.glob("components/*/feed.atom")}
    for number in range(40):
        work = maintenance(f"SD-2026-M1{number:02}", "Shelves", NOW, 1, [reader.components_[0]])
        reader.put(work)
    write()
    changed = {path.parent.name for path, was in before.items() if path.read_bytes() != was}
    assert changed == {reader.components_[0].slug}


def test_closing_a_problem_shows_nobody_its_entry_again(online):
    reader, write = online

    def entries():
        return {e.id: (e.updated, e.content[0].value) for e in parse(write() / "history.atom").entries}

    found = next(i for i in reader.incidents_.values() if i.state is IncidentState.RESOLVED)
    before = entries()
    reader.put(replace(found, state=IncidentState.CLOSED, closed_at=NOW, updated_at=NOW))
    assert entries() == before


def test_statuspages_rss_moves_its_date_with_every_update(online):
    reader, write = online
    first = next(e for e in parse(write() / "history.rss").entries if "Card" in e.title)
    card = reader.incidents_["SD-2026-0042"]
    said = update(4, utc("2026-06-09 14:08"), IncidentState.IDENTIFIED, "Hill Street takes cards.")
    reader.put(replace(card, updates=(*card.updates, said)))
    then = next(e for e in parse(write() / "history.rss").entries if "Card" in e.title)
    assert then.id == first.id
    assert then.published_parsed > first.published_parsed
    assert "<strong>Update</strong> - Hill Street takes cards." in then.description


def test_another_language_has_entries_of_its_own(online):
    reader, _ = online
    reader.put_page(page(base_url="https://status.example/sub", languages=("fi",)))
    main, finnish = editions(Reading(reader, reader.page(), NOW))
    english, other = feedparser.parse(Feeds(main).atom()), feedparser.parse(Feeds(finnish).atom())
    assert other.entries[0].link == "https://status.example/sub/fi/incidents/SD-2026-0042/#u3"
    assert not {e.id for e in english.entries} & {e.id for e in other.entries}
    assert other.feed.language == "fi"
    assert other.entries[0].content[0].language == "en-GB", "what people wrote is in the page's main language"


def test_feeds_are_bounded(online):
    reader, write = online
    for number in range(60):
        reader.put(
            incident(f"SD-2024-{number:04}", "Old <&> trouble", NOW - timedelta(days=400 + number), backfilled=True)
        )
    site = write()
    for name in ("feed.atom", "feed.rss", "history.atom", "history.rss"):
        assert len(parse(site / name).entries) == 25
    assert len(json.loads((site / "feed.json").read_bytes())["items"]) == 25


def test_without_an_address_ids_are_urns_and_links_are_relative(open_site):
    feed = parse(open_site / "feed.atom")
    assert feed.entries[0].id.startswith("urn:statusdesk:")
    assert feed.entries[0].link == "incidents/SD-2026-0042/#u3"
    for name in ("feed.rss", "history.rss"):
        assert parse(open_site / name).entries[0].link.startswith("http://localhost/"), "RSS knows no relative links"
    component = parse(open_site / "components" / "card-payments" / "feed.atom")
    assert component.entries[0].link == "../../incidents/SD-2026-0042/#u3"


def test_whatever_people_write_stays_text(online):
    reader, _ = online
    hostile = "]]></title><script>alert(1)</script> & \u202e \u0000\ufffe\ud800 😀 “x”"
    said = update(1, NOW, IncidentState.INVESTIGATING, "x", body_html="<p>a ]]> &amp; b</p>", author=hostile)
    reader.put(replace(incident("SD-2026-0099", "x", NOW, updates=(said,)), title=hostile))
    reader.put_page(page(name=hostile, base_url="https://status.example/sub"))
    for path, render in Feeds(editions(Reading(reader, reader.page(), NOW))[0]).front().items():
        if path == "feed.json":
            assert json.loads(render())["items"][0]["title"].startswith("]]></title>")
            continue
        ET.fromstring(render())
        feed = feedparser.parse(render())
        assert not feed.bozo
        assert feed.entries[0].title.startswith("]]&gt;&lt;/title&gt;") or feed.entries[0].title.startswith(
            "]]></title>"
        )
