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


X = Limits(characters=280, link_length=23)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        # From the conformance file of twitter-text, section WeightedTweetsWithDiscountedEmojiCounterTest.
        ("Hi http://test.co", 26),
        ("http://test.co", 23),
        ("285 chars-" + "xxxxxxxxxx-" * 25, 285),
        ("https://www.twitter.com/aloha " * 10, 240),
        ("H🐱☺👨‍👩‍👧‍👦", 7),
        ("😷👾😡🔥💩", 10),
        ("🙋🏽👨‍🎤", 4),
        ("1⃣", 2),
        ("Unicode 10.0 emoji: 🤪; 🧕; 🧕🏾; 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 34),
        ("Unicode 9.0 emoji: 🤠; 💃; 💃🏾", 29),
        ("randomurlrandomurlrandomurlrandomurlrandomurlrandomurlrandomurls.com", 68),
        ("example.com", 23),
        ("foo.co.jp", 23),
        ("A\u0301B", 2),
        ("저찀쯿쿿", 8),
        ("Test https://test.com test https://test.com test.com test", 86),
        # Ours.
        ("", 0),
        ("“Cards” – fail…", 16),
        ("© 2026 ®", 8),
        ("🇸🇪", 2),
        ("see (https://status.northlake.com/incidents/SD-2026-0042/).", 5 + 23 + 2),
        ("https://status.northlake.com:8443/a?b=c&d", 23),
        ("support@shop.com", 16),
        ("SD-2026-0042, 14.30 UTC", 23),
    ],
)
def test_x_weighs_characters(text, count):
    assert counts.x(text, X) == count


def test_a_name_that_leads_nowhere_in_public_counts_letter_by_letter_on_x():
    link = "https://status.northlake.example/incidents/SD-2026-0042/"
    assert counts.x(link, X) == len(link)


def test_a_long_link_without_its_beginning_never_counts_short_on_x():
    link = "status.northlake.com/" + "x" * 40
    assert counts.x(link, X) == len(link)


@pytest.mark.parametrize(
    ("text", "count"), [("Cards fail", 10), ("ü", 1), ("😀", 4), ("a👨‍👩‍👧‍👦b", 27), ("1️⃣", 7), ("漢字", 2)]
)
def test_threads_counts_an_emoji_as_its_bytes(text, count):
    assert counts.threads(text, Limits()) == count


def test_linkedin_counts_what_it_gets():
    assert counts.linkedin("Tills (SD-2026-0042)", Limits()) == 20 + 2
    assert counts.linkedin("😀", Limits()) == 2


def test_little_text_mentions_and_tags_nobody():
    assert counts.little_text("@[Acme](urn:x) #down {a|b} <c> *_~ \\") == (
        r"\@\[Acme\]\(urn:x\) \#down \{a\|b\} \<c\> \*\_\~ \\"
    )


def test_facebook_counts_units():
    assert counts.utf16("a😀", Limits()) == 3
