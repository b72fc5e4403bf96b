"""What a post says, and what stays when it must be short."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statusdesk.channels import counts
from statusdesk.channels.base import Limits
from statusdesk.channels.compose import Composed, compose, defused
from statusdesk.domain.post import Event, PostWords

SAID = datetime(2026, 6, 9, 9, 41, tzinfo=UTC)
LINK = "https://status.northlake.example/incidents/SD-2026-0042/"
MASTODON = (Limits(characters=500, link_length=23), counts.mastodon)
BLUESKY = (Limits(characters=300, max_bytes=3000), counts.bluesky)


def words(**changes) -> PostWords:
    given_words = {
        "event": Event.UPDATED,
        "page_name": "Northlake",
        "ref": "SD-2026-0042",
        "title": "Tills: card payments fail",
        "components": ("Tills",),
        "state": "Identified",
        "message": "We moved eleven stores to the backup line. Hill Street follows with a modem; cash works.",
        "cause": "The payment line was cut.",
        "eta_due": SAID + timedelta(hours=3),
        "next_due": SAID + timedelta(minutes=29),
        "zone": ZoneInfo("UTC"),
        "locale": "en",
        "link": LINK,
        "said_at": SAID,
    }
    return PostWords(**given_words | changes)


def post(network=MASTODON, **changes) -> Composed:
    return compose(words(**changes), *network)


def test_a_post_says_what_is_wrong_then_when_and_ends_with_the_link():
    assert post().text == (
        "Northlake: Tills: card payments fail (SD-2026-0042)\n"
        "Update (Identified): We moved eleven stores to the backup line. Hill Street follows with a modem; cash works.\n"
        "Cause: The payment line was cut.\n"
        "Expected by 12:41 UTC. Next update by 10:10 UTC.\n" + LINK
    )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event.OPENED, "We moved"),
        (Event.UPDATED, "Update (Identified): We moved"),
        (Event.RESOLVED, "Resolved 12:06 UTC, 35 min earlier than we said. We moved"),
        (Event.WITHDRAWN, "False alarm: We moved"),
        (Event.CORRECTED, "Correction: We moved"),
        (Event.RETRACTED, "We take an earlier update back: We moved"),
        (Event.REOPENED, "Open again: We moved"),
    ],
)
def test_each_event_says_what_it_is(event, line):
    resolved_at = SAID + timedelta(hours=2, minutes=25) if event is Event.RESOLVED else None
    assert post(event=event, resolved_at=resolved_at).text.split("\n")[1].startswith(line)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(minutes=50), "50 min later than we said"),
        (-timedelta(hours=2, minutes=5), "2 h 5 min earlier"),
        (timedelta(0), "as we said"),
    ],
)
def test_the_end_is_compared_with_the_estimate(after, said):
    due = SAID - timedelta(hours=1)
    assert said in post(event=Event.RESOLVED, eta_due=due, resolved_at=due + after).text


def test_a_resolved_post_expects_nothing_any_more():
    assert "Expected by" not in post(event=Event.RESOLVED, resolved_at=SAID, next_due=None).text


def test_only_a_page_that_is_online_is_linked():
    assert post(link="").text.endswith("Next update by 10:10 UTC.")


def test_times_are_clock_times_with_their_zone_and_with_the_date_when_it_is_another_day():
    berlin = post(zone=ZoneInfo("Europe/Berlin"), eta_due=SAID + timedelta(hours=20)).text
    assert "Expected by 07:41 CEST, Wed, Jun 10. Next update by 12:10 CEST." in berlin
    assert "by 07:10 UTC-3." in post(zone=ZoneInfo("America/Sao_Paulo")).text
    assert "by 15:55 UTC+5:45." in post(zone=ZoneInfo("Asia/Kathmandu")).text
    assert "by 10.10 UTC." in post(locale="fi").text


def test_components_are_named_when_the_title_does_not():
    assert "Affected" not in post().text
    assert (
        "Affected: Phones, Mail, Chat and 2 more." in post(components=("Phones", "Mail", "Chat", "Tills", "Web")).text
    )


def test_a_long_message_is_cut_at_a_sentence_and_the_rest_stays():
    long = "Cards fail in fourteen stores and at the fuel pumps. " * 20
    cut = post(BLUESKY, message=long)
    lines = cut.text.split("\n")
    assert lines[1].endswith("at the fuel pumps. …")
    assert lines[2:] == ["Cause: The payment line was cut.", "Expected by 12:41 UTC. Next update by 10:10 UTC.", LINK]
    assert cut.count <= 300
    assert cut.cut > 800


def test_a_long_sentence_is_cut_at_a_word():
    line = post(BLUESKY, message="moving " * 100).text.split("\n")[1]
    assert line.endswith(" moving…")


def test_a_language_without_spaces_is_cut_between_characters():
    line = post(BLUESKY, message="カード決済が" * 60).text.split("\n")[1]
    assert line.endswith("…")
    assert len(line) > 80


def test_nothing_is_called_cut_that_is_whole():
    assert post().cut == 0


def test_text_from_people_is_never_template():
    hostile = "{{ 7 * 7 }} {% include '/etc/passwd' %} {# x #} </script> \x00\ud800 \u202eevil"
    text = post(title=hostile, message=hostile, components=(hostile,), page_name=hostile, cause=hostile).text
    assert "{{ 7 * 7 }} {% include '/etc/passwd' %} {" in text
    assert "49" not in text
    text.encode()
    assert not {"\x00", "\ud800", "\u202e"} & set(text)


def test_nobody_is_called_and_no_topic_joined_by_accident():
    assert defused("@bigcloud (@a@b.example) #fail ＠x") == "@\u2060bigcloud (@\u2060a@b.example) #\u2060fail ＠\u2060x"
    untouched = "support@shop.example https://a.example/@us#top C# 5 @ 3 #"
    assert defused(untouched) == untouched


def test_what_cannot_fit_is_counted_over_the_limit():
    far = "https://status.example/" + "x" * 400
    composed = post(BLUESKY, link=far)
    assert composed.text.endswith("\n" + far)
    assert composed.count > 300


LIMITS = [MASTODON, BLUESKY, (Limits(characters=160), counts.characters), (Limits(), counts.characters)]
SAID_BY_PEOPLE = st.fixed_dictionaries(
    {
        "message": st.text(max_size=1500) | st.text("ab. \n👨‍👩‍👧‍👦é漢@#", max_size=1500),
        "title": st.text(min_size=1, max_size=80),
        "page_name": st.text(min_size=1, max_size=60),
        "cause": st.text(max_size=300),
        "components": st.lists(st.text(min_size=1, max_size=80), max_size=5),
    }
)


@given(said=SAID_BY_PEOPLE, event=st.sampled_from(Event), network=st.sampled_from(LIMITS))
def test_no_post_is_too_long_and_promise_and_link_always_stay(said, event, network):
    limits, count = network
    composed = post(network, event=event, **said)
    assert composed.count == count(composed.text, limits)
    assert not limits.characters or composed.count <= limits.characters
    assert not limits.max_bytes or len(composed.text.encode()) <= limits.max_bytes
    assert composed.text.endswith("\n" + LINK)
    assert "Next update by 10:10 UTC." in composed.text


# Templates of one's own


def own(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def test_a_workspace_says_it_in_its_own_words(tmp_path):
    own(tmp_path, "opened.txt", "Hello from {{ page_name }}. {{ message }} {{ link }}")
    said = compose(words(event=Event.OPENED), *MASTODON, [tmp_path])
    assert said.text.startswith("Hello from ")
    assert said.text.endswith(LINK)
    assert said.fault == ""


def test_a_network_may_have_words_of_its_own(tmp_path):
    own(tmp_path / "social", "opened.txt", "everywhere {{ link }}")
    own(tmp_path / "social" / "mastodon", "opened.txt", "on Mastodon {{ link }}")
    said = compose(words(event=Event.OPENED), *MASTODON, [tmp_path / "social" / "mastodon", tmp_path / "social"])
    assert said.text.startswith("on Mastodon")


def test_an_own_template_may_extend_ours(tmp_path):
    own(tmp_path, "opened.txt", '{% extends "shipped/opened.txt" %}{% block lead %}News: {% endblock %}')
    assert "News: " in compose(words(event=Event.OPENED), *MASTODON, [tmp_path]).text


@pytest.mark.parametrize("text", ["{{ nobody }}", "{% if %}", "fine\n{{ 1 / 0 }}", '{% include "gone.txt" %}'])
def test_an_own_template_that_does_not_work_is_told_and_ours_speaks(tmp_path, text):
    own(tmp_path, "opened.txt", text)
    said = compose(words(event=Event.OPENED), *MASTODON, [tmp_path])
    assert said.text == compose(words(event=Event.OPENED), *MASTODON).text
    assert "Our own template is used instead." in said.fault
    assert "opened.txt, line" in said.fault


def test_a_post_held_up_by_our_own_line_says_so_and_keeps_its_link():
    late = post(delayed=True).text
    assert "Delayed by a fault of our own internet connection." in late
    assert late.endswith(LINK)
