"""What only X does: tokens that hold for two hours, answers that are refused, links in place of ours, plans."""

import threading
import urllib.request

import pytest

from statusdesk.channels import registry
from statusdesk.channels.base import Connection, Limits
from statusdesk.channels.x import XChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.core.channels.bad_network import ARRIVED_MAYBE, QUICK, Keeper, post
from tests.servers.vendors.base import Said
from tests.servers.vendors.x import X, problem


@pytest.fixture
def server():
    with X() as server:
        yield server


@pytest.fixture
def keeper(server):
    access, refresh = server.oauth.grant()
    return Keeper(access=access, refresh=refresh)


def channel(url, keeper, patience=None, secret=""):
    settings = {"client_id": "the-client"}
    connection = Connection(handle="", base_url=url, settings=settings, limits=Limits(), secret=secret, keeper=keeper)
    return XChannel(connection, patience or Patience())


@pytest.fixture
def here(server, keeper):
    return channel(server.url, keeper)


def test_a_thread_answers_its_first_post_and_a_correction_the_post_it_is_about(here, server):
    root = here.send(post())
    second = here.send(post(root=root))
    here.send(post(root=root, mends=second))
    answered = [tweet.get("referenced_tweets", [{}])[0].get("id") for tweet in server.tweets]
    assert answered == [None, root.id, second.id]


def test_where_x_takes_no_answers_the_words_stand_alone(here, server):
    """As X does for most apps since February 2026, also below posts of one's own."""
    root = here.send(post())
    server.takes_replies = False
    said = post(root=root)
    remote = here.send(said)
    assert "referenced_tweets" not in server.tweets[-1]
    assert here.find(said) == remote


def test_when_the_first_post_was_deleted_the_words_still_go_out(here, server):
    said = post(root=RemotePost(id="1"))
    here.send(said)
    assert server.arrived() == [said.text]


def test_a_login_that_is_over_is_renewed_and_both_new_tokens_are_kept(here, server, keeper):
    old = dict(keeper.values)
    server.oauth.valid.clear()
    here.send(post())
    assert keeper.saved == ["refresh", "access"]
    assert keeper.values["access"] in server.oauth.valid
    assert keeper.values["refresh"] != old["refresh"]
    assert server.asked() == ["POST /2/tweets", "POST /2/oauth2/token", "POST /2/tweets"]


def test_a_login_that_somebody_else_renewed_meanwhile_is_taken_over(server, keeper):
    mine, other = channel(server.url, keeper), channel(server.url, keeper)
    mine.send(post())
    server.oauth.valid.clear()
    other.send(post())
    mine.send(post())
    assert [path for path in server.asked() if "token" in path] == ["POST /2/oauth2/token"]


def test_a_login_that_cannot_be_renewed_needs_a_person(here, server, keeper):
    server.oauth.valid.clear()
    server.oauth.refreshing.clear()
    with pytest.raises(NeedsPerson, match="Sign in again") as caught:
        here.send(post())
    assert caught.value.code == "login"
    assert not channel(server.url, Keeper()).check().ok


def test_a_fault_while_renewing_says_that_nothing_arrived(here, server):
    server.oauth.valid.clear()
    server.say(problem(401, "Unauthorized"), Said(200, b"<html>"))
    with pytest.raises(TryLater):
        here.send(post())


@pytest.mark.parametrize("what", [*ARRIVED_MAYBE])
def test_after_the_request_went_out_it_may_have_arrived(what, fault_server):
    fault_server.script(ARRIVED_MAYBE[what])
    with pytest.raises(MaybeArrived):
        channel(fault_server.url, Keeper(access="a", refresh="b"), QUICK).send(post())
    assert len(fault_server.requests) == 1


def test_words_that_x_has_already_are_looked_for(here, server):
    said = post()
    assert here.send(said) == here.send(said)
    assert len(server.arrived()) == 1


def test_the_same_words_as_long_ago_need_a_person(here, server):
    said = post()
    here.send(said)
    server.tweets[0]["created_at"] = "2026-01-01T00:00:00.000Z"
    with pytest.raises(NeedsPerson, match="says the same as one before"):
        here.send(said)


def test_a_refused_double_that_cannot_be_looked_for_may_have_arrived(here, server):
    said = post()
    here.send(said)
    here.check()
    server.say(problem(403, "You are not allowed to create a Tweet with duplicate content."), Said(503))
    with pytest.raises(MaybeArrived):
        here.send(said)


@pytest.mark.parametrize(
    "said",
    [
        Said(402, {"title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits", "detail": "no credits"}),
        problem(403, "x", reason="client-not-enrolled"),
        problem(403, "x", type="https://api.x.com/2/problems/client-forbidden"),
    ],
)
def test_a_plan_that_does_not_suffice_is_said(said, here, server):
    server.say(said)
    with pytest.raises(NeedsPerson, match="plan and the credits") as caught:
        here.send(post())
    assert caught.value.code == "plan"
    server.say(Said(200, {"data": {"id": "1", "username": "n"}}), said)
    with pytest.raises(CannotTell):
        here.find(post())


def test_a_limit_is_waited_for_as_long_as_x_says(here, server):
    server.left = 0
    with pytest.raises(TryLater) as caught:
        here.send(post())
    assert caught.value.after_s == pytest.approx(300, abs=2)


def test_a_post_on_a_later_page_is_found(here, server):
    said = post()
    remote = here.send(said)
    for _ in range(130):
        server.tweets.append(
            server.tweets[0] | {"id": str(10**18 + len(server.tweets)), "text": "other", "said": "other"}
        )
    assert here.find(said) == remote


def test_signing_in_keeps_both_tokens(server):
    server.oauth.app.secret = "app-secret"
    pages = []

    def browser(url):
        with urllib.request.urlopen(url, timeout=10) as page:
            pages.append(page.read())

    opened = []

    def show(url):
        opened.append(threading.Thread(target=browser, args=(url,)))
        opened[0].start()

    answers = {"client_id": "the-client", "client_secret": "app-secret", "server": server.url}
    signed = registry.sign_in("x", answers, show, lambda: False)
    opened[0].join()
    assert signed.secret == "app-secret"
    assert set(signed.kept) == set(registry.KINDS["x"].keeps)
    keeper = Keeper(**signed.kept)
    here = channel(server.url, keeper, secret="app-secret")
    here.send(post())
    server.oauth.valid.clear()
    here.send(post())
    assert len(server.arrived()) == 2
    assert b"You can close this page" in pages[0]


def test_signing_in_needs_the_apps_id():
    with pytest.raises(Refused) as caught:
        registry.sign_in("x", {}, lambda url: None, lambda: False)
    assert caught.value.field == "client_id"
