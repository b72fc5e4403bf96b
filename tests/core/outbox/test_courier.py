"""The courier over bad networks: it waits as long as it is told, keeps the order, and one place never stops another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.board import CheckLine
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.outbox.ledger import backoff_s
from statusdesk.targets.base import Published, Site
from tests.core.outbox.places import add_account, courier, later, new_desk
from tests.servers.fault import FaultServer, answer, passed_on, passed_on_then_cut, reset_after_request
from tests.servers.running import MastodonServer, call

TOKEN = "mock_token"


@pytest.fixture
def desk(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = new_desk(tmp_path, where)
    courier(desk, TOKEN).round()
    yield desk
    desk.shut()


@pytest.fixture
def front(mastodon_server: MastodonServer, fault_before: Callable[[str], FaultServer]) -> FaultServer:
    """Stands before a real server and fails as it is told."""
    return fault_before(mastodon_server.url)


def open_one(desk: Desk, title: str = "Cards fail") -> str:
    tills = desk.find_component("Tills").id
    parts = ((tills, ComponentStatus.PARTIAL_OUTAGE),)
    return desk.open_incident(
        IncidentDraft(title=title, message="Cash works.", impact=Impact.MAJOR, components=parts)
    ).ref


def posts(desk: Desk, ref: str) -> list[Delivery]:
    return [one for one in desk.deliveries(ref) if one.kind is DeliveryKind.POST]


def test_a_server_that_asks_for_time_gets_it(desk: Desk, front: FaultServer) -> None:
    add_account(desk, "mastodon", front.url)
    ref = open_one(desk)
    front.script(answer(429, {"error": "slow down"}, headers={"Retry-After": "290"}))
    courier(desk, TOKEN).round()
    (post,) = posts(desk, ref)
    assert post.state is DeliveryState.RETRY_WAIT
    assert post.next_try_at
    assert post.next_try_at - clock.now() > timedelta(seconds=280)
    asked = len(front.asked())
    courier(desk, TOKEN).round()
    assert len(front.asked()) == asked, "not a moment earlier"
    front.script(passed_on)
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(seconds=300)).round()
    assert posts(desk, ref)[0].state is DeliveryState.SENT


def test_waiting_grows_to_a_quarter_of_an_hour_and_is_never_in_step() -> None:
    assert 8 <= backoff_s(1) <= 12
    assert 16 <= backoff_s(2) <= 24
    assert all(backoff_s(attempts) <= 900 * 1.2 for attempts in (8, 50, 5000))
    assert len({backoff_s(4) for _ in range(20)}) > 15


def test_a_refused_login_needs_a_person_and_stops_no_other_account(
    desk: Desk, front: FaultServer, mastodon_server: MastodonServer
) -> None:
    refused = add_account(desk, "mastodon", front.url)
    with desk._store.claim() as sql:
        import sqlalchemy as sa

        sql.execute(sa.text("UPDATE account SET name = 'first' WHERE id = :id"), {"id": refused.id})
    add_account(desk, "mastodon", mastodon_server.url)
    front.script(answer(401, {"error": "The access token is invalid"}))
    ref = open_one(desk)
    courier(desk, TOKEN).round()
    states = {one.destination: one.state for one in desk.deliveries(ref)}
    assert states == {
        "first": DeliveryState.FAILED,
        "mastodon": DeliveryState.SENT,
        "Site folder": DeliveryState.VERIFIED,
    }
    failed = next(one for one in desk.deliveries(ref) if one.destination == "first")
    assert "refused the login" in failed.error
    assert TOKEN not in repr(failed)
    assert desk.next_due() is None, "nothing is tried again by itself"
    front.script(passed_on)
    desk.retry_delivery(failed.id)
    courier(desk, TOKEN).round()
    assert {one.state for one in posts(desk, ref)} == {DeliveryState.SENT}


def test_updates_reach_an_account_in_order_and_as_one_thread(
    desk: Desk, front: FaultServer, mastodon_server: MastodonServer
) -> None:
    add_account(desk, "mastodon", front.url)
    ref = open_one(desk)
    front.script(passed_on_then_cut)
    courier(desk, TOKEN).round()
    assert posts(desk, ref)[0].state is DeliveryState.UNKNOWN
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    asked = len(front.asked())
    courier(desk, TOKEN).round()
    assert len(front.asked()) == asked, "the second word waits until it is known what became of the first"
    front.script(*[passed_on] * 6)
    courier(desk, TOKEN, now=later).round()
    first, second = posts(desk, ref)
    assert (first.state, second.state) == (DeliveryState.SENT, DeliveryState.SENT)
    assert first.remote
    assert second.remote
    reply = call(f"{mastodon_server.url}/api/v1/statuses/{second.remote.id}", token=TOKEN)
    assert str(reply["in_reply_to_id"]) == first.remote.id
    desk.resolve(ref, UpdateDraft(message="All stores work."))
    front.script(*[passed_on] * 4)
    courier(desk, TOKEN).round()
    third = posts(desk, ref)[2]
    assert third.remote
    reply = call(f"{mastodon_server.url}/api/v1/statuses/{third.remote.id}", token=TOKEN)
    assert str(reply["in_reply_to_id"]) == first.remote.id, "every update replies to the first post"


def test_what_was_cut_off_before_it_arrived_is_sent_once_the_network_says_so(
    desk: Desk, front: FaultServer, mastodon_server: MastodonServer
) -> None:
    add_account(desk, "mastodon", front.url)
    ref = open_one(desk, "A title of its own 8041")
    front.script(reset_after_request)
    courier(desk, TOKEN).round()
    (post,) = posts(desk, ref)
    assert post.state is DeliveryState.UNKNOWN
    front.script(*[passed_on] * 4)
    courier(desk, TOKEN, now=later).round()
    assert posts(desk, ref)[0].state is DeliveryState.SENT
    me = call(f"{mastodon_server.url}/api/v1/accounts/verify_credentials", token=TOKEN)
    there = call(f"{mastodon_server.url}/api/v1/accounts/{me['id']}/statuses?limit=40", token=TOKEN)
    assert sum("8041" in str(one["content"]) for one in there) == 1  # type: ignore[index,union-attr]


def test_a_page_that_cannot_be_written_waits_and_the_posts_go_out(
    desk: Desk, mastodon_server: MastodonServer, tmp_path: Path
) -> None:
    add_account(desk, "mastodon", mastodon_server.url)
    ref = open_one(desk)

    (tmp_path / "site" / "incidents").write_text("a file where a folder must be")
    courier(desk, TOKEN).round()
    page = next(one for one in desk.deliveries(ref) if one.kind is DeliveryKind.PUBLISH)
    assert page.state is DeliveryState.RETRY_WAIT
    assert str(tmp_path / "site") in page.error
    assert posts(desk, ref)[0].state is DeliveryState.SENT
    (tmp_path / "site" / "incidents").unlink()
    courier(desk, TOKEN, now=lambda: clock.now() + timedelta(minutes=1)).round()
    page = next(one for one in desk.deliveries(ref) if one.kind is DeliveryKind.PUBLISH)
    assert page.state is DeliveryState.VERIFIED
    assert "Cash works." in (tmp_path / "site" / "incidents" / ref / "index.html").read_text("utf-8")


def test_a_token_that_is_gone_from_the_key_store_is_said(desk: Desk, mastodon_server: MastodonServer) -> None:
    """The real places, with whatever key store this machine has: there is no such token in it."""
    add_account(desk, "mastodon", mastodon_server.url)
    ref = open_one(desk)
    desk.deliver()
    (post,) = posts(desk, ref)
    assert post.state in (DeliveryState.FAILED, DeliveryState.RETRY_WAIT)
    assert "key store" in post.error or "password store" in post.error


# A slow place holds up nobody


class SlowHost:
    """A host that takes its time, until a test lets it go on; and tells how far it is."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def check(self) -> tuple[CheckLine, ...]:
        return ()

    def publish(self, site: Site) -> Published:
        self.begun.set()
        assert self.go_on.wait(30)
        site.progress(1, 2)
        return Published(written=1, removed=0, url="", verified=True)


def test_a_slow_mirror_holds_up_neither_posts_nor_what_is_said_meanwhile(
    desk: Desk, mastodon_server: MastodonServer, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    desk.add_target(kind="folder", name="Mirror", location=str(mirror))
    slow_id = next(one.id for one in desk.targets() if one.name == "Mirror")
    add_account(desk, "mastodon", mastodon_server.url)
    works, slow = courier(desk, TOKEN), SlowHost()
    places = works._places
    usual = places.host
    places.host = lambda id_: slow if id_ == slow_id else usual(id_)  # type: ignore[method-assign]
    ref, told = open_one(desk), []
    round_ = threading.Thread(target=works.round, args=(lambda: told.append(1),))
    round_.start()
    try:
        assert slow.begun.wait(30)
        until(lambda: posts(desk, ref)[0].state is DeliveryState.SENT)
        desk.post_update(ref, UpdateDraft(message="Said while the mirror is still at it."))
        until(lambda: posts(desk, ref)[1].state is DeliveryState.SENT)
        assert len(told) >= 3, "whoever watches learns of each place as it is done"
        assert round_.is_alive()
    finally:
        slow.go_on.set()
        round_.join(60)
    assert {one.state for one in desk.deliveries(ref) if one.destination == "Mirror"} == {DeliveryState.VERIFIED}


def test_a_target_that_is_removed_while_it_is_published_to_ends_no_round(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    target, _lines = desk.add_target(kind="folder", name="Web", location=str(tmp_path / "www"))
    works = courier(desk, TOKEN)
    usual = works._places.host

    class Leaving(SlowHost):
        def publish(self, site: Site) -> Published:
            desk.remove_target(target.id)
            return Published(written=len(site.files), removed=0, url="", verified=True)

    works._places.host = lambda id_: Leaving() if id_ == target.id else usual(id_)  # type: ignore[method-assign]
    works.round()
    assert desk.next_due() is None
    assert [one.name for one in desk.targets()] == ["Site folder"]


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does; asked again and again, not slept for."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_long_publish_keeps_its_lease(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = open_one(desk)
    monkeypatch.setattr("statusdesk.outbox.courier.LEASE", timedelta(0))  # so that every word of progress renews it
    works, leases = courier(desk, TOKEN), []
    (target,) = desk.targets()

    class Long(SlowHost):
        def publish(self, site: Site) -> Published:
            for step in range(3):
                leases.append(desk.deliveries(ref)[-1].lease_until)
                time.sleep(0.01)  # so that the renewed lease has another time
                site.progress(step, 3)
            return Published(written=3, removed=0, url="", verified=True)

    works._places.host = lambda _id: Long()  # type: ignore[method-assign]
    works.round()
    assert leases == sorted(leases)
    assert len(set(leases)) == 3
    assert {one.state for one in desk.deliveries(ref) if one.destination_id == target.id} == {DeliveryState.VERIFIED}
