"""What only Threads does: posts in two steps, of which nobody sees the first, and tokens that grow old."""

import json
from datetime import timedelta

import pytest

from statusdesk import clock
from statusdesk.channels.base import Connection, Limits
from statusdesk.channels.registry import KINDS
from statusdesk.channels.threads import ThreadsChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.times import rfc3339
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.core.channels.bad_network import ARRIVED_MAYBE, LINK, QUICK, Keeper, post
from tests.servers import fault
from tests.servers.vendors.facebook import graph_error
from tests.servers.vendors.threads import Threads


@pytest.fixture
def server():
    with Threads() as server:
        yield server


def channel(url, token, patience=None, keeper=None):
    connection = Connection(handle="", base_url=url, settings={}, limits=Limits(), secret=token, keeper=keeper)
    return ThreadsChannel(connection, patience or Patience())


@pytest.fixture
def token(server):
    return server.oauth.grant()[0]


@pytest.fixture
def here(server, token):
    return channel(server.url, token)


def test_a_thread_answers_its_first_post_and_a_correction_the_post_it_is_about(here, server):
    root = here.send(post())
    second = here.send(post(root=root))
    here.send(post(root=root, mends=second))
    assert [one["replied_to"] for one in server.posts] == ["", root.id, second.id]
    assert server.posts[0]["link_attachment_url"] == LINK


def test_when_the_first_post_was_deleted_the_words_still_go_out(here, server):
    said = post(root=RemotePost(id="1"), mends=RemotePost(id="2"))
    remote = here.send(said)
    assert server.arrived() == [said.text]
    assert here.find(said).id == remote.id


@pytest.mark.parametrize("what", [*ARRIVED_MAYBE])
def test_a_fault_in_the_first_step_says_that_nothing_arrived(what, fault_server):
    fault_server.script(ARRIVED_MAYBE[what])
    with pytest.raises(TryLater):
        channel(fault_server.url, "token", QUICK).send(post())


@pytest.mark.parametrize("what", [*ARRIVED_MAYBE])
def test_a_fault_in_the_second_step_may_have_left_a_post(what, fault_server):
    fault_server.script(fault.answer(200, {"id": "18"}), ARRIVED_MAYBE[what])
    with pytest.raises(MaybeArrived):
        channel(fault_server.url, "token", QUICK).send(post())


def test_a_container_that_is_not_ready_is_published_at_the_next_try(server, token):
    server.preparing, keeper, said = 1, Keeper(), post()
    with pytest.raises(TryLater) as caught:
        channel(server.url, token, keeper=keeper).send(said)
    assert caught.value.after_s == 30
    channel(server.url, token, keeper=keeper).send(said)
    assert server.arrived() == [said.text]
    assert [path for path in server.asked() if path.endswith("/threads")] == ["POST /v1.0/me/threads"]
    assert keeper.values["container"] == ""


def test_a_container_that_never_gets_ready_is_made_anew(server, token):
    server.preparing, keeper, said = 2, Keeper(), post()
    for _ in range(2):
        with pytest.raises(TryLater):
            channel(server.url, token, keeper=keeper).send(said)
    channel(server.url, token, keeper=keeper).send(said)
    assert server.arrived() == [said.text]


def test_a_container_of_another_post_is_not_published(server, token):
    server.preparing, keeper = 1, Keeper()
    with pytest.raises(TryLater):
        channel(server.url, token, keeper=keeper).send(post())
    said = post()
    channel(server.url, token, keeper=keeper).send(said)
    assert server.arrived() == [said.text]


def test_the_days_limit_is_waited_for(here, server):
    server.left = 0
    with pytest.raises(TryLater) as caught:
        here.send(post())
    assert caught.value.code == "rate-limit"


def test_a_post_whose_address_threads_does_not_tell_is_out_all_the_same(here, server, fault_before):
    there = fault_before(server.url)
    there.script(fault.passed_on, fault.passed_on, fault.answer(500))
    said = post()
    assert channel(there.url, here._pasted).send(said).url == ""
    assert server.arrived() == [said.text]


def test_a_token_that_may_not_read_answers_leaves_the_doubt_to_a_person(here, server):
    server.may_read_replies = False
    root = here.send(post())
    with pytest.raises(CannotTell, match="Look at the profile"):
        here.find(post(root=root))


def test_a_token_that_is_over_is_said(here, server):
    server.oauth.valid.clear()
    with pytest.raises(NeedsPerson, match="Make a new one"):
        here.send(post())
    assert not here.check().ok


def test_an_emoji_counts_its_bytes(here, server):
    with pytest.raises(NeedsPerson, match="counts 501"):
        here.send(post("😀" + "x" * 497))


# Tokens.


def kept(keeper):
    return json.loads(keeper.values["access"])


def aged(keeper, **age):
    keeper.values["access"] = json.dumps(kept(keeper) | {"since": rfc3339(clock.now() - timedelta(**age))})


def test_a_token_older_than_a_day_is_renewed_and_kept(server, token):
    keeper = Keeper()
    channel(server.url, token, keeper=keeper).check()
    assert kept(keeper)["token"] == token
    channel(server.url, token, keeper=keeper).check()
    assert "GET /refresh_access_token" not in server.asked()
    aged(keeper, hours=25)
    channel(server.url, token, keeper=keeper).send(post())
    assert kept(keeper)["token"].startswith("newer-")
    server.oauth.valid.discard(token)
    channel(server.url, token, keeper=keeper).send(post())
    assert len(server.arrived()) == 2
    assert set(keeper.values) <= set(KINDS["threads"].keeps)


def test_a_renewal_that_fails_stops_nothing(server, token):
    keeper = Keeper()
    channel(server.url, token, keeper=keeper).check()
    aged(keeper, days=3)
    server.say(graph_error(190, "no"))
    channel(server.url, token, keeper=keeper).send(post())
    assert len(server.arrived()) == 1
    assert kept(keeper)["token"] == token


def test_a_newly_pasted_token_replaces_the_old_one(server, token):
    keeper = Keeper()
    channel(server.url, token, keeper=keeper).check()
    newer = server.oauth.grant()[0]
    server.oauth.valid.discard(token)
    assert channel(server.url, newer, keeper=keeper).check().ok
    assert kept(keeper)["token"] == newer


@pytest.mark.parametrize("value", ["", "garbage", "[1]", '{"token": "x", "since": "y"}'])
def test_what_was_kept_and_cannot_be_read_is_made_anew(value, server, token):
    assert channel(server.url, token, keeper=Keeper(access=value, container=value)).send(post())
