"""The page first, then the posts: a post's link works when it goes out, and nobody waits for ever."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.domain.promise import PromiseState
from statusdesk.net.faults import CannotTell, MaybeArrived
from statusdesk.targets.base import Published, Site
from tests.core.outbox.places import KnownPlaces, add_account, courier
from tests.servers.fault import FaultServer, answer, redirect, reset_at_once
from tests.servers.running import MastodonServer, call

TOKEN = "mock_token"


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    """What is in a folder, without a line for each request."""

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def public(tmp_path: Path) -> Iterator[str]:
    """A web server that shows the folder to which the page is published."""
    root = tmp_path / "www"
    root.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """A desk whose page stands at an address, and is published to the folder `www`."""
    desks = []

    def made(base_url: str) -> Desk:
        desk = Desk.create(
            tmp_path / "workspace",
            name="Northlake",
            base_url=base_url,
            components=["Tills"],
            output_dir=tmp_path / "site",
        )
        desks.append(desk)
        (tmp_path / "www").mkdir(exist_ok=True)
        desk.add_target(kind="folder", name="Web", location=str(tmp_path / "www"), public_url=base_url)
        return desk

    yield made
    for desk in desks:
        desk.shut()


def open_one(desk: Desk) -> str:
    parts = ((desk.find_component("Tills").id, ComponentStatus.PARTIAL_OUTAGE),)
    draft = IncidentDraft(title="Cards fail", message="Cash works.", impact=Impact.MAJOR, components=parts)
    return desk.open_incident(draft).ref


def post_of(desk: Desk, ref: str, seq: int = 1) -> Delivery:
    return next(one for one in desk.deliveries(ref) if one.kind is DeliveryKind.POST and one.seq == seq)


def page_of(desk: Desk, ref: str) -> Delivery:
    return next(one for one in desk.deliveries(ref) if one.kind is DeliveryKind.PUBLISH and one.destination == "Web")


def test_a_page_is_read_back_from_where_readers_get_it_and_then_posted(
    make: Callable[[str], Desk], public: str, mastodon_server: MastodonServer
) -> None:
    desk = make(public)
    add_account(desk, "mastodon", mastodon_server.url)
    ref = open_one(desk)
    waiting = post_of(desk, ref)
    assert waiting.state is DeliveryState.QUEUED
    assert waiting.note == "Waits until the page shows it, at most two minutes."
    courier(desk, TOKEN).round()
    assert page_of(desk, ref).state is DeliveryState.VERIFIED
    sent = post_of(desk, ref)
    assert (sent.state, sent.note) == (DeliveryState.SENT, "")
    assert call_page(sent.link)


def call_page(url: str) -> bool:
    import urllib.request

    with urllib.request.urlopen(url, timeout=5) as page:
        return bool(page.status == 200)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (answer(200, b"<html>Welcome to the hotel. Please log in.</html>"), "login page"),
        (answer(200, {"build_id": "of yesterday"}), "still shows an older page"),
        (answer(503, b"busy"), "not available now"),
        (redirect("https://hotel.example/login"), "sends us on to hotel.example"),
        (reset_at_once, "cannot be reached now"),
    ],
)
def test_a_page_that_readers_do_not_get_yet_counts_as_sent_and_not_as_seen(
    make: Callable[[str], Desk], fault_server: FaultServer, mastodon_server: MastodonServer, step: object, words: str
) -> None:
    fault_server.script(*[step] * 10)  # type: ignore[list-item]
    desk = make(fault_server.url)
    add_account(desk, "mastodon", mastodon_server.url)
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    page = page_of(desk, ref)
    assert page.state is DeliveryState.SENT
    assert words in page.error
    assert page.next_try_at is not None, "it is looked at again"
    assert post_of(desk, ref).state is DeliveryState.QUEUED, "its link would lead nowhere"
    due = desk.next_due()
    assert due is not None
    assert due < clock.now() + timedelta(seconds=5)

    late = lambda: clock.now() + timedelta(minutes=2, seconds=1)  # noqa: E731
    courier(desk, TOKEN, now=late).round()
    sent = post_of(desk, ref)
    assert sent.state is DeliveryState.SENT, "customers wait for words, not for a host"
    assert sent.note == "Sent before the page was seen to show it."


def test_a_page_that_shows_up_late_is_seen_and_lets_the_post_go(
    make: Callable[[str], Desk], fault_server: FaultServer, mastodon_server: MastodonServer
) -> None:
    desk = make(fault_server.url)
    add_account(desk, "mastodon", mastodon_server.url)
    ref = open_one(desk)
    courier(desk, TOKEN).round()  # the host answers 404: it has not got there yet
    page = page_of(desk, ref)
    assert "has no page of ours yet (404)" in page.error
    assert page.remote is not None
    fault_server.script(answer(200, {"build_id": page.remote.id}))
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(seconds=10)).round()
    assert page_of(desk, ref).state is DeliveryState.VERIFIED
    assert (post_of(desk, ref).state, post_of(desk, ref).note) == (DeliveryState.SENT, "")


def test_a_host_that_shows_nothing_for_half_an_hour_is_not_asked_for_ever(
    make: Callable[[str], Desk], fault_server: FaultServer
) -> None:
    desk = make(fault_server.url)
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    for minutes in range(1, 45, 2):
        courier(desk, TOKEN, now=lambda m=minutes: clock.now() + timedelta(minutes=m)).round()  # type: ignore[misc]
    page = page_of(desk, ref)
    assert page.state is DeliveryState.SENT
    assert page.next_try_at is None
    assert "has no page of ours yet" in page.error
    assert desk.next_due() is None


def test_no_post_waits_for_a_page_that_will_not_come(
    make: Callable[[str], Desk], public: str, mastodon_server: MastodonServer, tmp_path: Path
) -> None:
    desk = make(public)
    add_account(desk, "mastodon", mastodon_server.url)
    (tmp_path / "www" / "index.html").write_text("somebody else's home page")
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    assert page_of(desk, ref).state is DeliveryState.FAILED
    assert (post_of(desk, ref).state, post_of(desk, ref).note) == (
        DeliveryState.SENT,
        "Sent before the page was seen to show it.",
    )


def test_an_update_that_waits_gives_way_to_a_newer_one(
    make: Callable[[str], Desk], fault_server: FaultServer, mastodon_server: MastodonServer
) -> None:
    desk = make(fault_server.url)
    add_account(desk, "mastodon", mastodon_server.url)
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=3)).round()
    assert post_of(desk, ref, 1).state is DeliveryState.SUPERSEDED
    assert post_of(desk, ref, 2).state is DeliveryState.SENT


# A post that our own line held up


def test_a_post_that_our_own_line_held_up_says_so(
    make: Callable[[str], Desk], public: str, mastodon_server: MastodonServer
) -> None:
    desk = make(public)
    account = add_account(desk, "mastodon", "http://127.0.0.1:1")  # nobody is there
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    waiting = post_of(desk, ref)
    assert (waiting.state, waiting.error_code) == (DeliveryState.RETRY_WAIT, "no-connection")
    back_online(desk, account.id, mastodon_server.url)
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=20)).round()
    sent = post_of(desk, ref)
    assert sent.state is DeliveryState.SENT
    assert "Delayed by a fault of our own internet connection." in sent.text
    assert sent.text.endswith(sent.link)
    assert sent.remote
    there = call(f"{mastodon_server.url}/api/v1/statuses/{sent.remote.id}", token=TOKEN)
    assert "Delayed by a fault of our own internet connection." in str(there["content"])


def test_a_network_that_was_down_is_not_called_our_fault(
    make: Callable[[str], Desk], public: str, mastodon_server: MastodonServer
) -> None:
    desk = make(public)
    account = add_account(desk, "mastodon", "http://127.0.0.1:1")
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=10)).round()
    desk.add_component(name="Website")  # the page gets out meanwhile: our line works
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=12)).round()
    back_online(desk, account.id, mastodon_server.url)
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=60)).round()
    sent = post_of(desk, ref)
    assert sent.state is DeliveryState.SENT
    assert "Delayed" not in sent.text


def back_online(desk: Desk, account_id: str, url: str) -> None:
    from statusdesk.store.writer import Writer

    with desk._store.write() as sql:
        Writer(sql, at=clock.now(), actor="tests").change_account(account_id, base_url=url)


# What only a person can decide


class Silent:
    """A network that takes a post, breaks off, and has no way to ask whether it arrived."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.answers = False

    def check(self) -> object:
        raise AssertionError("nobody checks here")

    def send(self, post: object) -> object:
        from statusdesk.domain.delivery import RemotePost

        self.taken.append(post.text)  # type: ignore[attr-defined]
        if self.answers:
            return RemotePost(id=str(len(self.taken)))
        raise MaybeArrived("It was cut off. It may have arrived.", code="cut-off")

    def find(self, post: object) -> None:
        raise CannotTell("This network cannot be asked. Look there, and say here whether the post is out.")


@pytest.fixture
def doubtful(make: Callable[[str], Desk], public: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Silent, str]:
    """A post of which nobody knows whether it arrived, after the network was asked in vain."""
    desk, silent = make(public), Silent()
    monkeypatch.setattr(KnownPlaces, "open_account", lambda *_: silent)
    add_account(desk, "mastodon", "http://127.0.0.1:1")
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=1)).round()
    return desk, silent, ref


def test_where_no_network_can_tell_a_person_decides(doubtful: tuple[Desk, Silent, str]) -> None:
    desk, silent, ref = doubtful
    post = post_of(desk, ref)
    assert (post.state, post.next_try_at) == (DeliveryState.UNKNOWN, None)
    assert "Look there" in post.error
    assert desk.next_due() is None, "asking again would not help"
    assert desk.tally().unknown == 1
    desk.posted_by_hand(post.id, "https://chat.example/1")
    seen = post_of(desk, ref)
    assert (seen.state, seen.note) == (DeliveryState.SENT, "Found there by hand: https://chat.example/1")
    assert len(silent.taken) == 1


def test_a_post_that_a_person_did_not_find_is_sent_once_more(doubtful: tuple[Desk, Silent, str]) -> None:
    desk, silent, ref = doubtful
    silent.answers = True
    desk.send_again(post_of(desk, ref).id)
    courier(desk, TOKEN).round()
    assert post_of(desk, ref).state is DeliveryState.SENT
    assert len(silent.taken) == 2


def test_a_post_in_doubt_that_only_a_person_can_settle_holds_up_no_newer_one(
    doubtful: tuple[Desk, Silent, str],
) -> None:
    desk, silent, ref = doubtful
    silent.answers = True
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    courier(desk, TOKEN).round()
    assert post_of(desk, ref, 2).state is DeliveryState.SENT
    assert post_of(desk, ref, 1).state is DeliveryState.UNKNOWN


def test_what_was_posted_by_hand_is_not_sent_again(make: Callable[[str], Desk], public: str) -> None:
    desk = make(public)
    add_account(desk, "mastodon", "http://127.0.0.1:1")
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    (waiting,) = desk.hand_off(ref)
    assert waiting.text == post_of(desk, ref).text
    assert waiting.link in waiting.text
    desk.posted_by_hand(waiting.delivery_id)
    assert desk.hand_off(ref) == ()
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(hours=1)).round()
    assert post_of(desk, ref).note == "Posted by hand."
    assert post_of(desk, ref).attempts == 1


def test_a_folder_of_this_computer_alone_is_not_what_a_post_waits_for(
    make: Callable[[str], Desk], fault_server: FaultServer, mastodon_server: MastodonServer
) -> None:
    """The first folder is verified at once; readers look elsewhere."""
    desk = make(fault_server.url)
    add_account(desk, "mastodon", mastodon_server.url)
    (web,) = [one for one in desk.targets() if one.name == "Web"]
    with_other_address(desk, web.id, fault_server.url + "/mirror")
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    assert {one.state for one in desk.deliveries(ref) if one.destination == "Site folder"} == {DeliveryState.VERIFIED}
    assert post_of(desk, ref).state is DeliveryState.QUEUED


def with_other_address(desk: Desk, target_id: str, url: str) -> None:
    from statusdesk.store.writer import Writer

    with desk._store.write() as sql:
        Writer(sql, at=clock.now(), actor="tests").change_target(target_id, public_url=url)


def test_a_host_that_knows_its_own_address_is_looked_at_there(
    make: Callable[[str], Desk], fault_server: FaultServer
) -> None:
    """Netlify and Cloudflare Pages name one; nobody needs to type it."""
    desk = make("")
    ref = open_one(desk)

    class Knowing:
        def publish(self, site: Site) -> Published:
            fault_server.script(answer(200, {"build_id": site.build_id}))
            return Published(written=1, removed=0, url=fault_server.url, verified=True)

    works = courier(desk, TOKEN)
    works._places.host = lambda _id: Knowing()  # type: ignore[method-assign,assignment,return-value]
    works.round()
    page = page_of(desk, ref)
    assert page.state is DeliveryState.VERIFIED
    assert page.remote is not None
    assert page.remote.url == fault_server.url
    assert fault_server.asked()[0].startswith("GET /build.json?seen=")


# What counts as kept


@pytest.fixture
def on_time(
    make: Callable[[str], Desk], fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> tuple[Desk, Moving, str]:
    """An incident whose next update was promised, and a clock that goes when it is told to."""
    clock_ = Moving()
    desk = make(fault_server.url)
    for part in (desk, desk._courier, desk._courier.ledger, desk._places):
        monkeypatch.setattr(part, "_now", clock_, raising=False)
    ref = open_one(desk)
    return desk, clock_, ref


class Moving:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = clock.now()

    def __call__(self) -> datetime:
        return self.at


def states(desk: Desk, ref: str) -> list[tuple[PromiseState, int]]:
    return [(one.state, one.lateness_s) for one in desk.incident(ref).promises]


def shows(fault_server: FaultServer, desk: Desk, ref: str) -> None:
    """The public address shows from now on what was published last."""
    newest = [one for one in desk.deliveries(ref) if one.destination == "Web"][-1]
    assert newest.remote is not None
    fault_server.script(*[answer(200, {"build_id": newest.remote.id})] * 3)


def test_words_that_reach_the_page_in_time_keep_the_promise(
    on_time: tuple[Desk, Moving, str], fault_server: FaultServer
) -> None:
    desk, now, ref = on_time
    desk.deliver()
    due = desk.incident(ref).promises[0].due_at
    now.at = due - timedelta(seconds=5)
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    desk.deliver()
    shows(fault_server, desk, ref)
    now.at = due + timedelta(seconds=30)
    desk.deliver()
    assert page_of_update(desk, ref, 2).state is DeliveryState.VERIFIED
    assert states(desk, ref)[0] == (PromiseState.KEPT, 0), "half a minute is on the way, not late"


def test_words_saved_in_time_that_reach_the_page_late_came_late(
    on_time: tuple[Desk, Moving, str], fault_server: FaultServer
) -> None:
    desk, now, ref = on_time
    desk.deliver()
    due = desk.incident(ref).promises[0].due_at
    now.at = due - timedelta(minutes=1)
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    desk.deliver()
    assert states(desk, ref)[0][0] is PromiseState.KEPT, "nobody knows yet"
    now.at = due + timedelta(minutes=7)
    shows(fault_server, desk, ref)
    desk.deliver()
    assert states(desk, ref)[0] == (PromiseState.LATE, 7 * 60)
    assert desk.board().promises.late == 1
    waiting = [one for one in desk.deliveries() if one.update_id is None and one.state is DeliveryState.QUEUED]
    assert waiting, "the page says so, too"


def page_of_update(desk: Desk, ref: str, seq: int) -> Delivery:
    return next(one for one in desk.deliveries(ref) if one.destination == "Web" and one.seq == seq)
