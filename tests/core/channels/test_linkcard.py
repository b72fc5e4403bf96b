"""The card under a post says in short what it links to, and has a picture only when there is one."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from statusdesk.channels.linkcard import card_of, picture_of
from statusdesk.domain.post import Event, PostWords
from statusdesk.domain.text import graphemes
from tests.core.channels.bad_network import LINK, post

PNG = b"\x89PNG\r\n\x1a\nrest"


def words(**more):
    given = {"title": "Card payments fail", "message": "Cards fail\nin 3 stores."} | more
    return PostWords(
        event=Event.OPENED,
        page_name="Northlake",
        ref="SD-2026-0042",
        said_at=datetime(2026, 6, 9, 13, tzinfo=UTC),
        zone=ZoneInfo("UTC"),
        locale="en",
        **given,
    )


def test_it_names_the_page_the_incident_and_its_reference():
    card = card_of(post(words=words()))
    assert (card.link, card.title) == (LINK, "Northlake: Card payments fail (SD-2026-0042)")
    assert card.description == "Cards fail in 3 stores."


def test_long_words_are_cut_between_two_characters():
    card = card_of(post(words=words(title="👨‍👩‍👧‍👦" * 200, message="ü" * 999)))
    assert (graphemes(card.title), graphemes(card.description)) == (120, 250)
    assert card.title.endswith("👨‍👩‍👧‍👦…")
    assert card.description == "ü" * 249 + "…"


@pytest.mark.parametrize("without", [{"link": ""}, {"words": None}])
def test_without_a_link_or_facts_there_is_none(without):
    assert card_of(post(**{"words": words()} | without)) is None


@pytest.mark.parametrize(("data", "taken"), [(PNG, True), (b"GIF89a", False), (b"", False), (PNG + b"x" * 100, False)])
def test_a_picture_is_a_png_of_a_size_that_the_network_takes(data, taken, tmp_path):
    (tmp_path / "card.png").write_bytes(data)
    assert picture_of(post(picture=tmp_path / "card.png"), 50) == (data if taken else None)


def test_a_picture_that_is_gone_is_none(tmp_path):
    assert picture_of(post(picture=tmp_path / "card.png"), 50) is None
    assert picture_of(post(), 50) is None
