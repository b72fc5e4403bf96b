"""What only LinkedIn does: its own text format, article cards, versions of its API, a sign-in with the app's secret."""

import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from statusdesk import clock
from statusdesk.channels import registry
from statusdesk.channels.base import Connection, Limits
from statusdesk.channels.linkedin import LinkedInChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.post import Event, PostWords
from statusdesk.domain.times import rfc3339
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson
from statusdesk.net.web import Patience
from tests.core.channels.bad_network import ARRIVED_MAYBE, LINK, QUICK, Keeper, post
from tests.servers import fault
from tests.servers.vendors.base import Said
from tests.servers.vendors.linkedin import PAGE, LinkedIn

WORDS = PostWords(
    event=Event.OPENED,
    page_name="Northlake",
    ref="SD-2026-0042",
    title="Card payments fail",
    message="Cards fail in 3 stores.\nCash works.",
    said_at=datetime(2026, 6, 9, 13, tzinfo=UTC),
    zone=ZoneInfo("UTC"),
    locale="en",
    link=LINK,
)
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@pytest.fixture
def server():
    with LinkedIn() as server:
        yield server


def channel(url, token, patience=None, keeper=None, **settings):
    settings = {"organization": PAGE} | settings
    connection = Connection(handle="", base_url=url, settings=settings, limits=Limits(), secret=token, keeper=keeper)
    return LinkedInChannel(connection, patience or Patience())


@pytest.fixture
def here(server):
    return channel(server.url, server.oauth.grant()[0])


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "card.png"
    path.write_bytes(PNG)
    return path


def test_signs_of_its_text_format_arrive_as_they_are(here, server):
    said = post("Tills (SD-2026-0042): {3} of <14> [stores] *fail* @home #down a_b ~1 | x\\y\nMore")
    here.send(said)
    assert server.arrived() == [said.text]
    assert r"Tills \(SD-2026-0042\)" in server.posts[0]["commentary"]


def test_a_page_may_be_named_by_its_whole_urn(server):
    there = channel(server.url, server.oauth.grant()[0], organization=f"urn:li:organization:{PAGE}")
    there.send(post())
    assert len(server.arrived()) == 1


def test_the_link_has_a_card_with_the_incidents_picture(here, server, picture):
    here.send(post(words=WORDS, picture=picture))
    article = server.posts[0]["content"]["article"]
    assert (article["source"], article["title"]) == (LINK, "Northlake: Card payments fail (SD-2026-0042)")
    assert server.pictures[article["thumbnail"].rpartition(":")[2]] == PNG


@pytest.mark.parametrize(
    "steps",
    [
        [Said(403, {"message": "no"})],
        [Said(200, {"value": {"image": "urn:li:image:1", "uploadUrl": "https://evil.example/take"}})],
        [Said(200, {"value": {"image": "urn:li:image:1", "uploadUrl": "https://linkedin.com.evil.example/"}})],
        [Said(200, {"value": {"image": "urn:li:image:1", "uploadUrl": "http://[bad"}})],
        [Said(200, {"value": 1})],
        [Said(500)],
    ],
)
def test_a_picture_that_cannot_be_sent_never_stops_the_post(steps, here, server, picture):
    """Nor does the token go where an answer leads, but to LinkedIn itself."""
    server.say(*steps)
    here.send(post(words=WORDS, picture=picture))
    assert "thumbnail" not in server.posts[0]["content"]["article"]


def test_a_correction_of_a_post_that_is_gone_is_a_new_post(here, server):
    said = post(mends=RemotePost(id="urn:li:share:1"))
    remote = here.send(said)
    assert server.arrived() == [said.text]
    assert here.find(said) == remote


def test_a_change_that_was_cut_off_is_found(here, server, fault_before):
    root = here.send(post())
    bad_network = fault_before(server.url)
    bad_network.script(fault.passed_on_then_cut)
    said = post(mends=root)
    with pytest.raises(MaybeArrived):
        channel(bad_network.url, server.oauth.grant()[0]).send(said)
    assert here.find(said) == root
    assert here.find(post(mends=root)) is None


def test_the_page_of_a_hotels_network_is_no_answer_to_a_change(here, server):
    root = here.send(post())
    server.say(Said(200, b"<html>Log in</html>"))
    with pytest.raises(MaybeArrived):
        here.send(post(mends=root))


def test_words_that_linkedin_has_already_are_looked_for(here, server):
    said = post()
    assert here.send(said) == here.send(said)
    assert len(server.arrived()) == 1


def test_the_same_words_as_long_ago_need_a_person(here, server):
    said = post()
    here.send(said)
    server.posts[0]["publishedAt"] = 1_700_000_000_000
    with pytest.raises(NeedsPerson, match="says the same as one before"):
        here.send(said)


@pytest.mark.parametrize("what", [*ARRIVED_MAYBE])
def test_after_the_request_went_out_it_may_have_arrived(what, fault_server):
    fault_server.script(ARRIVED_MAYBE[what])
    with pytest.raises(MaybeArrived):
        channel(fault_server.url, "token", QUICK).send(post())


def test_a_login_that_is_over_is_said(here, server):
    server.oauth.valid.clear()
    with pytest.raises(NeedsPerson, match="it holds for 60 days") as caught:
        here.send(post())
    assert caught.value.code == "login"
    assert not here.check().ok


def test_a_page_of_somebody_else_is_said(server):
    there = channel(server.url, server.oauth.grant()[0], organization="1")
    with pytest.raises(NeedsPerson, match="You must be an administrator of the page"):
        there.send(post())


def test_a_version_that_linkedin_takes_no_longer_is_said(server):
    there = channel(server.url, server.oauth.grant()[0], api_version="202401")
    with pytest.raises(NeedsPerson, match="no longer takes the API version 202401"):
        there.send(post())


def test_a_token_that_may_not_read_leaves_the_doubt_to_a_person(here, server):
    server.may_read = False
    with pytest.raises(CannotTell, match="Look at the page"):
        here.find(post())


def test_a_post_on_a_later_page_is_found(here, server):
    said = post()
    remote = here.send(said)
    for number in range(130):
        newer = {"id": f"urn:li:share:{number + 1}", "commentary": "other", "lastModifiedAt": 2 * 10**12 + number}
        server.posts.append(server.posts[0] | newer)
    assert here.find(said) == remote


def test_signing_in_brings_a_token_with_which_posts_go_out(server):
    opened = []

    def browser(url):
        with urllib.request.urlopen(url, timeout=10) as page:
            page.read()

    def show(url):
        opened.append(threading.Thread(target=browser, args=(url,)))
        opened[0].start()

    answers = {"client_id": "the-client", "client_secret": "app-secret", "server": server.url}
    signed = registry.sign_in("linkedin", answers, show, lambda: False)
    opened[0].join()
    channel(server.url, signed.secret).send(post())
    assert len(server.arrived()) == 1
    assert "code_challenge" not in server.requests[0].query
    assert set(signed.kept) == set(registry.KINDS["linkedin"].keeps)


@pytest.mark.parametrize(("days", "ok", "words"), [(60, True, "for 59 more days."), (3, None, "Sign in again before")])
def test_a_check_says_how_long_the_login_holds(days, ok, words, server):
    keeper = Keeper(until=rfc3339(clock.now() + timedelta(days=days)))
    checked = channel(server.url, server.oauth.grant()[0], keeper=keeper).check()
    assert checked.ok
    assert [line.ok for line in checked.lines if words in line.result] == [ok]


def test_a_wrong_secret_of_the_app_is_said(server):
    opened = []

    def browser(url):
        with urllib.request.urlopen(url, timeout=10) as page:
            page.read()

    def show(url):
        opened.append(threading.Thread(target=browser, args=(url,)))
        opened[0].start()

    answers = {"client_id": "the-client", "client_secret": "wrong", "server": server.url}
    with pytest.raises(Refused, match=r"LinkedIn gave no access \(401\)"):
        registry.sign_in("linkedin", answers, show, lambda: False)
    opened[0].join()
