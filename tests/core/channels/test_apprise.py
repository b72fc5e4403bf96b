"""A hundred more services through one kind: its address shows nowhere, and anything but a yes is a doubt."""

import io
import logging

import pytest

from statusdesk.channels.apprise import AppriseChannel
from statusdesk.channels.registry import KINDS
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from tests.core.channels.saying import connection, post
from tests.servers import fault
from tests.servers.vendors.apprise import PASSWORD, JsonReceiver


@pytest.fixture
def receiver():
    with JsonReceiver() as server:
        yield server


def channel(address):
    return AppriseChannel(connection(address))


def at(server):
    return f"json://northlake:{PASSWORD}@{server.url.removeprefix('http://')}/status"


def test_a_post_arrives_as_it_is(receiver):
    said = post("Cards :fail: \\n “here” & <b> *now* 😀 ${HOME}")
    here = KINDS["apprise"].open(connection(receiver.address))
    assert here.send(said) == RemotePost(id=said.key)
    here.send(post())
    assert receiver.arrived()[0] == said.text
    assert receiver.messages[0]["title"] == "Northlake: Card payments fail (Identified)"
    assert len(receiver.messages) == 2


def test_checking_posts_nothing_and_reads_the_limit(receiver):
    checked = channel(receiver.address).check()
    assert (checked.ok, checked.handle, checked.limits.characters) == (True, "JSON", 32768)
    assert checked.lines[-1].ok is None
    assert receiver.requests == []


def test_offline_says_that_nothing_arrived(caplog, capfd):
    """The one no of Apprise that is certain; an office that is offline must not have to look everywhere."""
    caplog.set_level(logging.DEBUG)
    for host in (f"127.0.0.1:{fault.free_port()}", "nobody.invalid"):
        with pytest.raises(TryLater, match="JSON cannot be reached now"):
            channel(f"json://northlake:{PASSWORD}@{host}/status").send(post())
    assert PASSWORD not in f"{caplog.text} {capfd.readouterr()}"


def test_several_receivers_in_one_address_are_a_doubt(fault_server):
    """One of them may have got it before the others could not be reached."""
    service = f"mmost://127.0.0.1:{fault.free_port()}/aToken3ofthebot00000000000/?channels=a,b"
    with pytest.raises(MaybeArrived):
        channel(service).send(post())


# A reset that comes before the connection stands is noticed while connecting: then nothing arrived, and it is said so.
EARLY = (MaybeArrived, TryLater)


@pytest.mark.parametrize(
    ("step", "fault_is"),
    [
        (fault.reset_after_request, MaybeArrived),
        (fault.answer(500), MaybeArrived),
        (fault.answer(401), MaybeArrived),
        (fault.reset_at_once, EARLY),
    ],
)
def test_anything_but_a_yes_is_a_doubt_that_shows_no_password(step, fault_is, fault_server, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    fault_server.script(step)
    here = channel(at(fault_server))
    with pytest.raises(fault_is) as caught:
        here.send(post())
    with pytest.raises(CannotTell):
        here.find(post())
    seen = f"{caught.value} {caplog.text} {capfd.readouterr()} {here.check()!r}"
    assert PASSWORD not in seen
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_redirect_is_never_followed(fault_server, receiver):
    fault_server.script(fault.redirect(f"{receiver.url}/status", 307))
    with pytest.raises(MaybeArrived):
        channel(at(fault_server)).send(post())
    assert receiver.requests == []


def test_a_text_beyond_the_services_limit_is_not_sent(receiver):
    with pytest.raises(NeedsPerson, match="32,769 characters, JSON takes 32,768"):
        channel(receiver.address).send(post("x" * 32_769))
    assert receiver.requests == []


@pytest.mark.parametrize(
    "address", ["", "nothing", "unknown://x", "json://a, json://b", "json://", "json://a/?retry=3"]
)
def test_an_address_that_is_none_or_more_than_one_is_refused_at_its_field(address):
    with pytest.raises(Refused) as caught:
        channel(address)
    assert caught.value.field == "address"
    assert "json://" not in str(caught.value)


def test_its_log_reaches_nobody(receiver):
    """Some of its plug-ins write whole addresses into it: the log of StatusDesk must never get any of it."""
    heard = logging.StreamHandler(io.StringIO())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(heard)
    root.setLevel(1)
    try:
        channel(receiver.address).send(post())
        with pytest.raises(TryLater):
            channel(f"json://northlake:{PASSWORD}@127.0.0.1:{fault.free_port()}/{PASSWORD}").send(post())
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
    assert PASSWORD not in heard.stream.getvalue()
    assert "JSON" not in heard.stream.getvalue()
