"""Notifications through ntfy arrive once, and are looked for among what the server keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from statusdesk.channels.ntfy import NtfyChannel
from statusdesk.domain.post import Event
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from tests.core.channels.saying import LINK, USUAL, connection, opened_post, post
from tests.servers import fault
from tests.servers.vendors.ntfy import TOKEN, TOPIC, Ntfy


@pytest.fixture
def ntfy():
    with Ntfy() as server:
        yield server


def channel(url, token=TOKEN, topic=TOPIC, patience=USUAL):
    return NtfyChannel(connection(token, url, topic=topic), patience)


def test_a_notification_has_title_link_and_weight(ntfy):
    said = opened_post()
    remote = channel(ntfy.url).send(said)
    assert ntfy.arrived() == [said.text]
    (message,) = ntfy.messages
    assert remote.id == message["id"]
    assert {name: message[name] for name in ("title", "priority", "tags", "click", "actions")} == {
        "title": "Northlake: Card payments fail (Identified)",
        "priority": 4,
        "tags": ["warning"],
        "click": LINK,
        "actions": [{"action": "view", "label": "Northlake", "url": LINK}],
    }


def test_good_news_makes_no_noise(ntfy):
    said = opened_post()
    channel(ntfy.url).send(replace(said, words=replace(said.words, event=Event.RESOLVED, impact="critical")))
    channel(ntfy.url).send(post(words=None, link=""))
    assert ntfy.messages[0]["tags"] == ["white_check_mark"]
    assert "priority" not in ntfy.messages[0]
    assert {"priority", "click", "tags"} & set(ntfy.messages[1]) == set()


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
def test_a_message_that_was_taken_is_found(step, ntfy, fault_before):
    bad_network = fault_before(ntfy.url)
    here = channel(bad_network.url)
    here.send(post())
    lost = post()
    bad_network.script(step)
    with pytest.raises(MaybeArrived):
        here.send(lost)
    assert here.find(lost).id == ntfy.messages[-1]["id"]


def test_a_message_that_did_not_arrive_is_not_found(ntfy):
    here = channel(ntfy.url)
    said = post()
    here.send(said)
    assert here.find(post()) is None
    assert here.find(post(said.text, first_sent_at=said.created_at + timedelta(minutes=5))) is None, "it is older"


def test_what_the_server_may_have_forgotten_cannot_be_told(ntfy):
    with pytest.raises(CannotTell, match="does not keep"):
        channel(ntfy.url).find(post(first_sent_at=post().created_at - timedelta(hours=12)))


def test_a_token_that_may_only_write_cannot_tell(ntfy):
    ntfy.readable = False
    assert channel(ntfy.url).check().ok
    with pytest.raises(CannotTell, match="may not read"):
        channel(ntfy.url).find(post())


def test_an_answer_that_is_no_list_of_messages_tells_nothing(fault_server):
    fault_server.script(fault.answer(200, b"<html>"), fault.truncated(200, {"id": "x"}), fault.answer(502))
    for _ in range(3):
        with pytest.raises(TryLater):
            channel(fault_server.url).find(post())


def test_checking_publishes_nothing(ntfy):
    checked = channel(ntfy.url).check()
    assert (checked.ok, [line.ok for line in checked.lines]) == (True, [True, True, None])
    assert ntfy.messages == []
    open_topic = channel(ntfy.url, "").check()
    assert "anybody who knows the topic's name" in open_topic.lines[-1].result


def test_a_wrong_token_says_what_to_do(ntfy):
    here = channel(ntfy.url, "tk_wrong")
    with pytest.raises(NeedsPerson, match=r"does not let us publish to northlake-status. Make an access token"):
        here.send(post())
    assert here.check().ok is False
    with pytest.raises(NeedsPerson, match="does not let us publish"):
        channel(ntfy.url, "").send(post())


def test_a_limit_that_is_reached_is_waited_for(ntfy):
    ntfy.limit_reached = True
    with pytest.raises(TryLater):
        channel(ntfy.url).send(post())


def test_a_server_that_is_none_says_so(fault_server):
    fault_server.script(fault.answer(404, b"<html>"))
    with pytest.raises(NeedsPerson, match="is no ntfy server"):
        channel(fault_server.url).send(post())


def test_a_message_beyond_4096_bytes_is_not_sent(ntfy):
    here = channel(ntfy.url)
    here.send(post("é" * 2048))
    with pytest.raises(NeedsPerson, match="4,098 bytes, ntfy takes 4,096"):
        here.send(post("é" * 2049))
    assert len(ntfy.messages) == 1


@pytest.mark.parametrize("topic", ["", "a/b", "x" * 65, "two words", "?x"])
def test_a_topic_that_is_none_is_refused_at_its_field(topic):
    with pytest.raises(Refused) as caught:
        channel("", topic=topic)
    assert caught.value.field == "topic"
