"""What only a Facebook page does: errors as numbers, links it cannot read, the same words refused."""

import pytest

from statusdesk.channels.base import Connection, Limits
from statusdesk.channels.facebook import FacebookChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.core.channels.bad_network import ARRIVED_MAYBE, LINK, QUICK, post
from tests.servers import fault
from tests.servers.vendors.facebook import PAGE, Facebook, graph_error


@pytest.fixture
def server():
    with Facebook() as server:
        yield server


def channel(url, token, patience=None):
    connection = Connection(handle="", base_url=url, settings={"page": PAGE}, limits=Limits(), secret=token)
    return FacebookChannel(connection, patience or Patience())


@pytest.fixture
def here(server):
    return channel(server.url, server.oauth.grant()[0])


def test_the_link_gets_a_card(here, server):
    here.send(post())
    assert server.posts[0]["link"] == LINK


def test_a_link_that_facebook_cannot_read_yet_never_stops_the_words(here, server):
    server.bad_link = True
    said = post()
    here.send(said)
    assert server.arrived() == [said.text]


def test_a_correction_of_a_post_that_is_gone_is_a_new_post(here, server):
    said = post(mends=RemotePost(id=f"{PAGE}_1"))
    remote = here.send(said)
    assert server.arrived() == [said.text]
    assert here.find(said).id == remote.id


def test_a_change_that_was_cut_off_is_found(here, server, fault_before):
    root = here.send(post())
    bad_network = fault_before(server.url)
    bad_network.script(fault.passed_on_then_cut)
    said = post(mends=root)
    with pytest.raises(MaybeArrived):
        channel(bad_network.url, server.oauth.grant()[0]).send(said)
    assert here.find(said) == root
    assert here.find(post(mends=root)) is None


def test_words_that_facebook_has_already_are_looked_for(here, server):
    said = post()
    assert here.send(said).id == here.send(said).id
    assert len(server.arrived()) == 1


def test_the_same_words_as_long_ago_need_a_person(here, server):
    said = post()
    here.send(said)
    server.posts[0] |= {"created_time": "2026-01-01T00:00:00+0000", "at": 0}
    with pytest.raises(NeedsPerson, match="says the same as the one before"):
        here.send(said)


@pytest.mark.parametrize("what", [*ARRIVED_MAYBE])
def test_after_the_request_went_out_it_may_have_arrived(what, fault_server):
    fault_server.script(ARRIVED_MAYBE[what])
    with pytest.raises(MaybeArrived):
        channel(fault_server.url, "token", QUICK).send(post())


@pytest.mark.parametrize("code", [1, 2])
def test_a_fault_of_facebooks_own_may_have_taken_the_post(code, here, server):
    server.say(graph_error(code, "An unknown error has occurred."), graph_error(code, "x"))
    with pytest.raises(MaybeArrived):
        here.send(post())
    with pytest.raises(TryLater):
        here.find(post())


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613])
def test_a_limit_is_waited_for(code, here, server):
    server.say(graph_error(code, "limit reached", status=403))
    with pytest.raises(TryLater) as caught:
        here.send(post())
    assert (caught.value.code, caught.value.after_s) == ("rate-limit", None)


def test_a_limit_is_waited_for_as_long_as_facebook_says(here, server):
    server.busy = 19  # minutes
    with pytest.raises(TryLater) as caught:
        here.send(post())
    assert caught.value.after_s == 19 * 60


@pytest.mark.parametrize(
    ("said", "words", "code"),
    [
        (graph_error(190, "expired"), "Make a new one and connect the account again.*expired", "login"),
        (graph_error(10, "no"), "permissions that the help names", "permission"),
        (graph_error(200, "no"), "permissions that the help names", "permission"),
        (graph_error(368, "blocked"), "has stopped this account's posts", "blocked"),
        (graph_error(100, "(#100) bad parameter"), r"refused the post \(100\).*bad parameter", "graph-100"),
    ],
)
def test_a_refusal_needs_a_person_and_says_why(said, words, code, here, server):
    server.say(said)
    with pytest.raises(NeedsPerson, match=words) as caught:
        here.send(post())
    assert caught.value.code == code


def test_a_token_that_may_not_read_leaves_the_doubt_to_a_person(here, server):
    server.say(graph_error(10, "no"))
    with pytest.raises(CannotTell, match="Look at the page"):
        here.find(post())


def test_a_post_on_a_later_page_is_found(here, server):
    said = post()
    remote = here.send(said)
    for number in range(130):
        server.posts.append(server.posts[0] | {"id": f"{PAGE}_{number}", "message": "other"})
    assert here.find(said).id == remote.id
