"""On every network without a server of its own here: posts arrive once, in their thread, or it is known why not.

The servers are ours and follow the vendors' documents; a failing one stands in front of them.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest

from statusdesk.channels.base import Connection, Limits
from statusdesk.channels.facebook import FacebookChannel
from statusdesk.channels.linkedin import LinkedInChannel
from statusdesk.channels.registry import KINDS
from statusdesk.channels.threads import ThreadsChannel
from statusdesk.channels.x import XChannel
from statusdesk.net.faults import MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.core.channels.bad_network import ARRIVED_MAYBE, QUICK, Keeper, post
from tests.servers import fault
from tests.servers.vendors import facebook, linkedin, threads, x


@dataclass(frozen=True)
class Network:
    """How one network is opened in a test.

    `edits`: a correction changes the post it is about. `steps_before`: requests that prepare a post, unseen.
    `secret_in`: where its token lies: an entry of the keyring, or the account's secret.
    """

    kind: str
    server: type
    channel: type
    settings: dict
    edits: bool = False
    steps_before: int = 0
    secret_in: str = "secret"

    def open(self, url, server=None, patience=None, token=""):
        token = token or (server.oauth.grant() if server else ("sekrit-t0ken", "sekrit-refresh"))
        keeper = Keeper(access=token[0], refresh=token[1]) if self.secret_in == "access" else Keeper()
        secret = "" if self.secret_in == "access" else token[0]
        connection = Connection(
            handle="", base_url=url, settings=self.settings, limits=Limits(), secret=secret, keeper=keeper
        )
        return self.channel(connection, patience or Patience())


NETWORKS = [
    Network("x", x.X, XChannel, {"client_id": "the-client"}, secret_in="access"),
    Network("linkedin", linkedin.LinkedIn, LinkedInChannel, {"organization": linkedin.PAGE}, edits=True),
    Network("facebook", facebook.Facebook, FacebookChannel, {"page": facebook.PAGE}, edits=True),
    Network("threads", threads.Threads, ThreadsChannel, {}, steps_before=1),
]


@pytest.fixture(params=NETWORKS, ids=lambda one: one.kind)
def network(request):
    return request.param


@pytest.fixture
def server(network):
    with network.server() as server:
        yield server


@pytest.fixture
def here(network, server):
    return network.open(server.url, server)


def test_checking_names_the_account_and_posts_nothing(here, server, network):
    checked = here.check()
    assert checked.ok, checked.lines
    assert "Northlake" in checked.handle
    assert checked.profile_url.startswith("https://")
    assert checked.limits.characters == KINDS[network.kind].default_limits.characters
    assert server.arrived() == []


def test_a_post_arrives_as_it_was_written(here, server):
    said = post()
    remote = here.send(said)
    assert server.arrived() == [said.text]
    assert remote.url.startswith("https://")


def test_posts_arrive_in_order(here, server):
    root = here.send(first := post())
    here.send(second := post(root=root))
    here.send(third := post(root=root))
    assert server.arrived() == [first.text, second.text, third.text]


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
@pytest.mark.parametrize("threaded", [False, True])
def test_a_post_that_was_taken_before_the_answer_was_lost_is_found(step, threaded, network, server, here, fault_before):
    root = here.send(post()) if threaded else None
    lost = post(root=root)
    there = lost_on_the_way(network, server, fault_before, step, lost)
    found = there.find(lost)
    assert found is not None
    assert found != root
    assert server.arrived().count(lost.text) == 1


def lost_on_the_way(network, server, fault_before, step, said):
    """A channel whose last write was taken and its answer lost."""
    bad_network = fault_before(server.url)
    there = network.open(bad_network.url, server, Patience(read_s=10))
    there.check()
    bad_network.script(*[fault.passed_on] * network.steps_before, step)
    with pytest.raises(MaybeArrived):
        there.send(said)
    return there


def test_a_post_that_did_not_arrive_is_not_found(here):
    here.send(post())
    assert here.find(post()) is None


def test_an_older_post_with_the_same_words_is_not_taken_for_it(here):
    old = post()
    here.send(old)
    assert here.find(post(old.text, first_sent_at=old.created_at + timedelta(minutes=5))) is None


def test_a_correction_changes_the_post_or_answers_it(network, here, server):
    root = here.send(post())
    said = post(root=root, mends=root)
    remote = here.send(said)
    assert (remote == root) is network.edits
    assert server.arrived()[-1] == said.text
    assert len(server.arrived()) == (1 if network.edits else 2)
    assert here.find(said) == remote


@pytest.mark.parametrize("what", ARRIVED_MAYBE)
def test_a_network_that_cannot_say_whether_it_arrived_is_asked_later(what, network, fault_server):
    fault_server.script(*[ARRIVED_MAYBE[what]] * 3)
    with pytest.raises(TryLater):
        network.open(fault_server.url, patience=QUICK).find(post())


def test_a_refused_connection_says_that_nothing_arrived(network):
    with pytest.raises(TryLater) as caught:
        network.open(f"http://127.0.0.1:{fault.free_port()}").send(post())
    assert caught.value.code == "no-connection"


def test_a_server_that_asks_for_patience_gets_it(network, fault_server):
    fault_server.script(fault.answer(429, {}, headers={"Retry-After": "290"}))
    with pytest.raises(TryLater) as caught:
        network.open(fault_server.url).send(post())
    assert caught.value.after_s == 290


def test_a_redirect_is_not_followed(network, fault_server):
    fault_server.script(fault.redirect("https://evil.example/"))
    with pytest.raises(NeedsPerson, match="sends us on to evil"):
        network.open(fault_server.url).send(post())
    assert len(fault_server.requests) == 1


def test_a_text_beyond_the_limit_is_not_sent(network, here, server):
    most = KINDS[network.kind].default_limits.characters
    with pytest.raises(NeedsPerson, match="Shorten it"):
        here.send(post("ü" * (most + 1)))
    assert server.arrived() == []
    here.send(post("ü" * most))
    assert server.arrived() == ["ü" * most]


def test_no_token_shows_anywhere(network, fault_server, caplog):
    caplog.set_level(logging.DEBUG)
    echo = {
        "error": {"message": "sekrit-t0ken", "code": 100},
        "message": "sekrit-t0ken",
        "detail": "sekrit-t0ken",
    }
    for step in (fault.answer(400, echo), fault.answer(422, echo), fault.reset_after_request):
        fault_server.script(*[step] * 3)
        here = network.open(fault_server.url, patience=QUICK)
        with pytest.raises((NeedsPerson, MaybeArrived, TryLater)) as caught:
            here.send(post())
        assert "sekrit" not in str(caught.value)
        assert "sekrit" not in caplog.text
        assert caught.value.__context__ is None
    assert all("sekrit" not in request.path for request in fault_server.requests)
