"""Two couriers, clicks and clocks at once, on both engines: nothing is sent twice, and nothing is stuck."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from statusdesk.channels.base import Channel
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import Account, Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.errors import Refused
from statusdesk.outbox.courier import Courier
from statusdesk.outbox.leases import Holder
from statusdesk.outbox.ledger import HOLDS_UP, LEASE, LOOK_AFTER
from statusdesk.store.outbox import Outbox
from statusdesk.store.writer import Writer
from tests.core.conftest import Clock
from tests.core.outbox.places import KnownPlaces, add_account, courier, new_desk
from tests.servers.fault import FaultServer, answer, passed_on, reset_after_request
from tests.servers.running import MastodonServer, call

TOKEN = "mock_token"
S = DeliveryState


@pytest.fixture
def desk(where: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = new_desk(tmp_path, where, clock)
    courier(desk, TOKEN, now=clock).round()
    yield desk
    desk.shut()


@pytest.fixture
def other(desk: Desk, where: str, clock: Clock) -> Iterator[Desk]:
    """A second desk on the same workspace."""
    other = Desk.open(where, now=clock)
    yield other
    other.shut()


@pytest.fixture
def account(desk: Desk, mastodon_server: MastodonServer) -> Account:
    return add_account(desk, "mastodon", mastodon_server.url)


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


def open_one(desk: Desk, title: str, **words: object) -> str:
    parts = ((desk.find_component("Tills").id, ComponentStatus.PARTIAL_OUTAGE),)
    draft = IncidentDraft(title=title, message="Cash works.", impact=Impact.MAJOR, components=parts, **words)  # type: ignore[arg-type]
    return desk.open_incident(draft).ref


def posts(desk: Desk, ref: str) -> list[Delivery]:
    return [one for one in desk.deliveries(ref) if one.kind is DeliveryKind.POST]


def there(server: MastodonServer, mark: str) -> int:
    """How many posts with a mark the real server holds."""
    me = call(f"{server.url}/api/v1/accounts/verify_credentials", token=TOKEN)
    found = call(f"{server.url}/api/v1/accounts/{me['id']}/statuses?limit=40", token=TOKEN)
    return sum(mark in str(one["content"]) for one in found)  # type: ignore[index,union-attr]


def test_a_click_never_overwrites_what_a_courier_has_just_taken(
    desk: Desk, other: Desk, account: Account, clock: Clock, mark: str
) -> None:
    ref = open_one(desk, mark)
    (seen,) = posts(desk, ref)
    works = courier(other, TOKEN, now=clock)
    with works.ledger.claim_next(account.id) as claimed:
        assert claimed is not None
        with desk._store.write() as sql:
            writer = Writer(sql, at=clock(), actor="tests")
            assert not writer.change_delivery(seen, state=S.QUEUED)
            assert not writer.change_delivery(seen, state=S.CANCELLED)
        assert posts(desk, ref)[0].state is S.SENDING
        with courier(desk, TOKEN, now=clock).ledger.claim_next(account.id) as again:
            assert again is None


def test_two_desks_that_recover_the_same_row_do_not_undo_each_other(
    desk: Desk, other: Desk, account: Account, clock: Clock, mark: str
) -> None:
    ref = open_one(desk, mark)
    dead = courier(desk, TOKEN, now=clock)
    with dead.ledger.claim_next(account.id):
        (seen,) = posts(desk, ref)
    clock.go(seconds=2 * LEASE.total_seconds())
    works = courier(other, TOKEN, now=clock)
    works.ledger.recover()
    with works.ledger.claim_next(account.id) as claimed:
        assert claimed is not None
        assert claimed.look_first
        with desk._store.claim() as sql:
            assert Outbox(sql).change(seen, clock(), state=S.UNKNOWN) is None, "it looks different by now"
        assert posts(desk, ref)[0].state is S.SENDING


def test_a_result_that_could_not_be_written_is_found_out_in_the_next_round(
    desk: Desk, account: Account, clock: Clock, mark: str, mastodon_server: MastodonServer
) -> None:
    ref = open_one(desk, mark)
    works = courier(desk, TOKEN, now=clock)
    with works.ledger.claim_next(account.id):
        pass  # the database went away before the end was written; this courier has nothing in hand any more
    assert posts(desk, ref)[0].state is S.SENDING
    works.round()
    assert posts(desk, ref)[0].state is S.UNKNOWN
    clock.go(seconds=11)
    works.round()
    assert posts(desk, ref)[0].state is S.SENT
    assert there(mastodon_server, mark) == 1


def slow(desk: Desk, clock: Clock, what: str, then: object = None) -> Courier:
    """A courier whose key store or network takes longer than a lease."""
    works = courier(desk, TOKEN, now=clock)
    assert isinstance(works._places, KnownPlaces)

    def meanwhile(now: str) -> None:
        if now == what:
            clock.go(seconds=LEASE.total_seconds() + 60)
            if callable(then):
                then()

    works._places.meanwhile = meanwhile
    return works


def test_a_key_store_that_takes_long_costs_no_lease(
    desk: Desk, other: Desk, account: Account, clock: Clock, mark: str, mastodon_server: MastodonServer
) -> None:
    open_one(desk, mark)
    second = courier(other, TOKEN, now=clock)
    slow(desk, clock, "open", second.round).round()
    assert there(mastodon_server, mark) == 1


def test_a_courier_that_lost_its_lease_while_it_looked_does_not_send(
    desk: Desk, other: Desk, account: Account, clock: Clock, mark: str, mastodon_server: MastodonServer
) -> None:
    ref = open_one(desk, mark)
    works = courier(desk, TOKEN, now=clock)
    with works.ledger.claim_next(account.id) as claimed:
        assert claimed is not None
        works.ledger.unknown([claimed.delivery.id], 1, "cut off", "cut")
    clock.go(seconds=11)
    second = courier(other, TOKEN, now=clock)

    def take_over() -> None:
        second.round()
        clock.go(seconds=11)
        second.round()

    slow(desk, clock, "find", take_over).round()
    assert posts(desk, ref)[0].state is S.SENT
    assert there(mastodon_server, mark) == 1


def test_a_courier_elsewhere_is_never_taken_for_dead(tmp_path: Path, clock: Clock) -> None:
    here, there_ = Holder(tmp_path / "here", clock()), Holder(tmp_path / "there", clock())
    there_.take(["row"])
    assert not here.is_gone(there_.name), "its lock lies on another computer: nothing is known of it"
    neighbour = Holder(tmp_path / "here", clock())
    neighbour.take(["row"])
    assert not here.is_gone(neighbour.name)
    assert not here.is_gone("../../etc/passwd")
    assert neighbour._sign
    neighbour._sign.release()  # what the system does when a process ends
    assert here.is_gone(neighbour.name)
    there_.close()
    elsewhere = Holder(tmp_path / "there", clock())
    assert elsewhere.is_gone(there_.name), "who ends with work undone is seen to be gone"
    elsewhere.take(["row"])
    elsewhere.let_go(["row"])
    elsewhere.settled(["row"])
    elsewhere.close()
    assert list((tmp_path / "there").iterdir()) == [], "who ends in peace leaves nothing behind"


def test_trying_again_at_once_still_gives_a_slow_server_its_time(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    ref = open_one(desk, mark)
    front.script(reset_after_request)
    works = courier(desk, TOKEN, now=clock)
    works.round()
    (post,) = posts(desk, ref)
    desk.retry_delivery(post.id)
    assert posts(desk, ref)[0].next_try_at == clock.at + LOOK_AFTER
    asked = len(front.asked())
    works.round()
    assert len(front.asked()) == asked


def test_an_account_that_is_removed_while_a_post_is_on_its_way_ends_it(
    desk: Desk, account: Account, clock: Clock, mark: str
) -> None:
    ref = open_one(desk, mark)
    works = courier(desk, TOKEN, now=clock)
    with works.ledger.claim_next(account.id), desk._store.write() as sql:
        writer = Writer(sql, at=clock(), actor="tests")
        writer.change_account(account.id, removed_at=clock.at)
        writer.cancel_for(account.id, "gone", doubts=True)
    works.round()
    clock.go(minutes=1)
    works.round()
    (post,) = posts(desk, ref)
    assert post.state is S.CANCELLED
    assert "was removed" in post.error
    assert works.next_due() is None


def test_a_page_that_comes_through_later_settles_what_failed_before(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    ref = open_one(desk, "Cards fail")
    works = courier(desk, TOKEN, now=clock)
    (target,) = desk.targets()
    with works.ledger.claim_publishes(target.id) as rows:
        works.ledger.failed([row.id for row in rows], "Somebody else's site lies there.", "foreign")
    assert desk.board().site.behind
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    works.round()
    assert {one.state for one in desk.deliveries(ref)} == {S.VERIFIED}
    assert not desk.board().site.behind


def test_old_words_are_not_posted_late_anywhere(
    desk: Desk, account: Account, clock: Clock, mark: str, mastodon_server: MastodonServer
) -> None:
    ref = open_one(desk, mark)
    desk.resolve(ref, UpdateDraft(message="It works.", accounts=()))  # the page only
    assert posts(desk, ref)[0].state is S.SUPERSEDED
    other_ref = open_one(desk, f"{mark} again")
    desk.enable_account(account.id, enabled=False)
    courier(desk, TOKEN, now=clock).round()
    assert posts(desk, other_ref)[0].state is S.CANCELLED, "an account that is turned off gets nothing that waited"
    assert there(mastodon_server, mark) == 0


def test_a_post_in_doubt_holds_up_newer_ones_for_a_while_only(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    first = open_one(desk, f"{mark} first")
    front.script(reset_after_request)
    works = courier(desk, TOKEN, now=clock)
    works.round()
    second = open_one(desk, f"{mark} second")
    front.script(answer(401, {"error": "revoked"}))
    clock.go(seconds=11)
    works.round()
    assert posts(desk, first)[0].state is S.UNKNOWN
    assert posts(desk, second)[0].state is S.QUEUED, "words come in order"
    clock.go(seconds=HOLDS_UP.total_seconds())
    front.script(answer(401, {"error": "revoked"}), passed_on)
    works.round()
    assert posts(desk, first)[0].state is S.UNKNOWN, "still nobody knows, and nobody sends it again"
    assert posts(desk, second)[0].state is S.SENT
    assert works.next_due() == posts(desk, first)[0].next_try_at


def test_the_courier_sleeps_until_it_is_somebodys_turn(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    first = open_one(desk, f"{mark} first")
    front.script(answer(429, {}, headers={"Retry-After": "120"}))
    works = courier(desk, TOKEN, now=clock)
    works.round()
    open_one(desk, f"{mark} second")
    works.round()
    due = works.next_due()
    assert due == posts(desk, first)[0].next_try_at
    assert due
    assert due > clock.at + timedelta(seconds=100)


def test_a_clock_that_was_a_day_ahead_freezes_nothing(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    ref = open_one(desk, mark)
    clock.go(days=1)
    front.script(answer(503, {}))
    works = courier(desk, TOKEN, now=clock)
    works.round()
    clock.go(days=-1)
    works.round()
    assert posts(desk, ref)[0].state is S.SENT


def test_a_folder_on_another_computer_is_published_to_by_that_one_only(
    new_database: Callable[[], str], clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = new_database()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = new_desk(tmp_path, where, clock)
    desk.deliver()
    ref = open_one(desk, "Cards fail")
    here = tmp_path / "site" / "incidents" / ref / "index.html"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-computer"))
    colleague = Desk.open(where, now=clock)
    colleague.deliver()
    assert not here.exists()
    assert desk.deliveries(ref)[0].state is S.QUEUED, "nobody says that it is published"
    assert colleague.next_due() is None, "and nobody waits for it in vain"
    colleague.build()
    assert Path(colleague.board().site.output_dir).is_relative_to(tmp_path / "another-computer")
    assert (Path(colleague.board().site.output_dir) / "incidents" / ref / "index.html").exists()
    colleague.shut()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    courier(desk, TOKEN, now=clock).round()
    assert desk.deliveries(ref)[0].state is S.VERIFIED
    assert here.exists()
    desk.shut()


@pytest.mark.parametrize("mended", [True, False])
def test_words_that_were_mended_or_overtaken_while_in_doubt_are_not_sent_again(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object, mended: bool
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    ref = open_one(desk, mark)
    front.script(reset_after_request)  # it did not arrive, but nobody knows
    works = courier(desk, TOKEN, now=clock)
    works.round()
    if mended:
        desk.retract(ref, 1, "It held a number that is private.")
    else:
        desk.post_update(ref, UpdateDraft(message="Newer words."))
    clock.go(seconds=11)
    works.round()
    first, second = posts(desk, ref)
    assert first.state is S.SUPERSEDED
    assert second.state is (S.SUPERSEDED if mended else S.SENT), "what nobody read needs not be taken back in public"
    assert there(mastodon_server, mark) == (0 if mended else 1), "the old words never went out"


@pytest.mark.parametrize("verb", ["correct", "retract"])
def test_wrong_words_that_are_out_are_mended_late_although_there_are_news(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object, verb: str
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    front.script(passed_on)
    ref = open_one(desk, mark)
    works = courier(desk, TOKEN, now=clock)
    works.round()
    front.script(answer(503, {}))
    getattr(desk, verb)(ref, 1, "It held a number that is private.")
    works.round()
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    front.script(*[passed_on] * 6)
    clock.go(seconds=60)
    works.round()
    assert [one.state for one in posts(desk, ref)] == [S.SENT, S.SENT, S.SENT], "news do not mend what is out"


def test_a_correction_of_a_correction_mends_the_post_that_is_out(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    add_account(desk, "mastodon", front.url)
    front.script(passed_on)
    ref = open_one(desk, mark)
    works = courier(desk, TOKEN, now=clock)
    works.round()
    front.script(answer(503, {}))
    desk.correct(ref, 1, "Cards fail in eleven stores.")
    works.round()
    desk.correct(ref, 2, "Cards fail in twelve stores.")
    second, third = posts(desk, ref)[1:]
    assert (second.state, third.state) == (S.SUPERSEDED, S.QUEUED)
    assert works.ledger.mended_post(third) == posts(desk, ref)[0].remote


def test_an_account_that_is_turned_off_gets_nothing_that_was_in_doubt(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, fault_before: object
) -> None:
    front: FaultServer = fault_before(mastodon_server.url)  # type: ignore[operator]
    account = add_account(desk, "mastodon", front.url)
    ref = open_one(desk, mark)
    front.script(reset_after_request)
    works = courier(desk, TOKEN, now=clock)
    works.round()
    desk.enable_account(account.id, enabled=False)
    front.script(*[passed_on] * 6)
    clock.go(seconds=11)
    works.round()
    (post,) = posts(desk, ref)
    assert (post.state, post.error) == (S.CANCELLED, "The account was turned off.")
    assert there(mastodon_server, mark) == 0
    with pytest.raises(Refused, match="turned off"):
        desk.post_update(ref, UpdateDraft(message="More.", accounts=(account.id,)))


def test_a_bug_at_one_place_stops_no_other(
    desk: Desk, clock: Clock, mark: str, mastodon_server: MastodonServer, tmp_path: Path
) -> None:
    bad, good = (add_account(desk, "mastodon", mastodon_server.url) for _ in range(2))
    works = courier(desk, TOKEN, now=clock)
    usual = works._places.channel

    def channel(account_id: str) -> Channel:
        if account_id == bad.id:
            raise ValueError("nobody thought of it")
        return usual(account_id)

    works._places.channel = channel  # type: ignore[method-assign]
    ref = open_one(desk, mark)
    works.round()
    assert {one.destination_id: one.state for one in posts(desk, ref)} == {bad.id: S.QUEUED, good.id: S.SENT}
