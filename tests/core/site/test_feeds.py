"""The feeds: read by a real reader, stable ids, nothing struck out is told as true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import feedparser
import pytest

from statusdesk.domain.incident import IncidentState, UpdateKind
from statusdesk.site.builder import build
from tests.core.site.memory import incident, northlake, page, update, utc

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


def test_feeds_are_bounded(online):
    reader, write = online
    for number in range(60):
        reader.put(
            incident(f"SD-2024-{number:04}", "Old <&> trouble", NOW - timedelta(days=400 + number), backfilled=True)
        )
    for name in ("feed.atom", "history.atom"):
        assert len(parse(write() / name).entries) == 25


def test_without_an_address_ids_are_urns_and_links_are_relative(open_site):
    feed = parse(open_site / "feed.atom")
    assert feed.entries[0].id.startswith("urn:statusdesk:")
    assert feed.entries[0].link == "incidents/SD-2026-0042/#u3"
