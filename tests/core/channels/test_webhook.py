"""A program of one's own hears every post once, and can prove who sent it."""

import base64
import json
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from statusdesk.channels.registry import KINDS
from statusdesk.channels.webhook import WebhookChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.post import Event
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from tests.core.channels.saying import QUICK, USUAL, connection, post
from tests.servers import fault
from tests.servers.vendors.webhook import SECRET, WebhookReceiver

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schema" / "webhook.json").read_text())


@pytest.fixture
def receiver():
    with WebhookReceiver() as server:
        yield server


def channel(address, secret=SECRET, patience=USUAL):
    return WebhookChannel(connection(secret, address=address), patience)


def test_a_message_is_signed_and_its_body_is_as_the_schema_says(receiver):
    said = post()
    assert channel(receiver.address).send(said) == RemotePost(id=said.key)
    assert receiver.arrived() == [said.text]
    (message,) = receiver.messages.values()
    jsonschema.Draft202012Validator(SCHEMA).validate(message)
    assert message["type"] == "incident.updated"
    assert message["data"]["words"]["impact"] == "major"


@pytest.mark.parametrize("event", list(Event))
def test_every_event_and_a_post_without_words_fit_the_schema(event, receiver):
    said = post(root=RemotePost(id="a"), mends=RemotePost(id="b"))
    said = replace(said, words=replace(said.words, event=event))
    for one in (said, post(words=None, link="", incident_ref="")):
        channel(receiver.address).send(one)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for message in receiver.messages.values():
        jsonschema.Draft202012Validator(SCHEMA).validate(message)
    assert [one["type"] for one in receiver.messages.values()] == [f"incident.{event}", "incident.post"]


def test_a_message_that_was_cut_off_is_sent_again_under_its_id_and_heard_once(receiver, fault_before):
    bad_network = fault_before(receiver.url)
    here = channel(receiver.address.replace(receiver.url, bad_network.url))
    said = post()
    for step in (fault.passed_on_then_cut, fault.passed_on_then_500):
        bad_network.script(step)
        with pytest.raises(TryLater):
            here.send(said)
    assert here.find(said) is None
    here.send(said)
    assert receiver.arrived() == [said.text]
    bodies = {one.body for one in receiver.requests}
    assert len(bodies) == 1


def test_another_secret_is_refused_by_the_receiver(receiver):
    other = "whsec_" + base64.b64encode(b"y" * 32).decode()
    with pytest.raises(NeedsPerson, match="refused the signature"):
        channel(receiver.address, other).send(post())
    assert receiver.arrived() == []


def test_a_computer_whose_clock_is_wrong_is_told_so(receiver, monkeypatch):
    at = time.time() + 4000
    monkeypatch.setattr(time, "time", lambda: at)
    with pytest.raises(NeedsPerson, match="clock of this computer"):
        channel(receiver.address).send(post())


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (fault.answer(410), "wants no more messages. Remove the account"),
        (fault.answer(404), r"refused the message \(404\). Check the address"),
        (fault.answer(403, {"message": f"who is {SECRET}"}), "who is …"),
        (fault.redirect("https://evil.example/"), "sends us on to evil.example"),
    ],
)
def test_a_refusal_says_what_to_do(step, words, fault_server):
    fault_server.script(step)
    with pytest.raises(NeedsPerson, match=words):
        channel(fault_server.url).send(post())
    assert len(fault_server.requests) == 1


def test_checking_asks_nothing_that_could_be_taken_for_a_message(receiver):
    checked = channel(receiver.address).check()
    assert (checked.ok, [line.ok for line in checked.lines]) == (True, [True, None])
    assert [one.method for one in receiver.requests] == ["OPTIONS"]
    assert receiver.arrived() == []


@pytest.mark.parametrize("step", [fault.hang, fault.reset_at_once, fault.redirect("https://evil.example/")])
def test_checking_says_when_nobody_answers(step, fault_server):
    fault_server.script(step)
    checked = channel(fault_server.url, patience=QUICK).check()
    assert checked.ok is False
    assert checked.lines[0].result


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", "plain"])
def test_a_secret_that_is_none_is_refused_at_its_field(secret):
    with pytest.raises(Refused) as caught:
        channel("https://example.org/hook", secret)
    assert caught.value.field == "secret"


@pytest.mark.parametrize("address", ["", "example", "http://example.org/hook", "https://u:p@example.org/", "ftp://x/y"])
def test_an_address_that_is_none_is_refused_at_its_field(address):
    with pytest.raises(Refused) as caught:
        KINDS["webhook"].open(connection(SECRET, address=address))
    assert caught.value.field == "address"
