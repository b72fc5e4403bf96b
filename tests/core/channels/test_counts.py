"""Every network counts in its own way."""

import pytest

from statusdesk.channels import counts
from statusdesk.channels.base import Limits

FAMILY = "👨‍👩‍👧‍👦"
MASTODON = Limits(characters=500, link_length=23)
BLUESKY = Limits(characters=300, max_bytes=3000)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Cards fail", 10),
        (FAMILY + "é", 2),
        ("see https://status.example/incidents/SD-2026-0042/", 4 + 23),
        ("https://a.io", 23),
        ("(https://status.example/a).", 23 + 3),
        ("http://localhost:8000/a", 23),
        ("http://localhost:8000/abc", 25),
        ("@ana@social.example hello", 4 + 6),
        ("support@shop.example", 20),
    ],
)
def test_mastodon_counts_links_as_23_and_mentions_without_their_server(text, count):
    assert counts.mastodon(text, MASTODON) == count


def test_an_instance_may_reserve_another_length_for_links():
    assert counts.mastodon("https://a.io", Limits(characters=5000, link_length=25)) == 25


def test_bluesky_counts_characters_as_seen():
    assert counts.bluesky(FAMILY * 12, BLUESKY) == 12
    assert counts.bluesky("漢" * 300, BLUESKY) == 300


def test_bluesky_counts_a_text_beyond_3000_bytes_over_the_limit():
    assert len((FAMILY * 120).encode()) == 3000
    assert counts.bluesky(FAMILY * 120, BLUESKY) == 120
    assert counts.bluesky(FAMILY * 121, BLUESKY) > 300


def test_the_preview_counts_what_is_there():
    assert counts.characters("a https://status.example/ " + FAMILY, Limits()) == 27
