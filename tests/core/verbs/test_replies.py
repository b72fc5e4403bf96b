"""Replies to our posts: read politely, tagged by hand, turned into work, never public, gone after 90 days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from statusdesk.channels.base import Checked, FoundReply, Post
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.drafts import IncidentDraft
from statusdesk.domain.incident import Impact
from statusdesk.domain.replies import HandledAs, ReplyTag
from statusdesk.errors import NotFound, Refused
from statusdesk.net.faults import TryLater
from tests.core.conftest import Clock
from tests.core.outbox.places import add_account


class Network:
    """A network with a thread of ours, and what others said below it."""

    def __init__(self) -> None:
        self.said: list[FoundReply] = []
        self.asked: list[tuple[tuple[str, ...], datetime]] = []
        self.fault: Exception | None = None

    def check(self) -> Checked:
        return Checked(ok=True)

    def send(self, post: Post) -> RemotePost:
        return RemotePost(id=f"post {post.seq}", url="https://social.example/1")

    def find(self, _post: Post) -> None:
        return None

    def replies(self, roots: Sequence[RemotePost], since: datetime) -> Sequence[FoundReply]:
        self.asked.append((tuple(one.id for one in roots), since))
        if self.fault:
            raise self.fault
        return [one for one in self.said if one.at >= since]


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def desk(where: str, tmp_path: Path, clock: Clock, network: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = Desk.create(where, name="Northlake", components=["Tills"], output_dir=tmp_path / "site", now=clock)
    monkeypatch.setattr(desk._places, "channel", lambda _account: network)
    add_account(desk, "mastodon", "https://social.example")
    parts = ((desk.find_component("Tills").id, ComponentStatus.PARTIAL_OUTAGE),)
    desk.open_incident(IncidentDraft(title="Cards fail", message="Cash works.", impact=Impact.MAJOR, components=parts))
    desk.deliver()
    yield desk
    desk.shut()


def says(text: str, at: datetime, id_: str = "r1", **more: str) -> FoundReply:
    return FoundReply(
        id=id_, author=more.pop("author", "@mia@social.example"), text=text, at=at, answers="post 1", **more
    )


def test_new_replies_are_kept_once(desk: Desk, network: Network, clock: Clock) -> None:
    network.said = [says("Still no cards in Leeds.", clock.go(minutes=3))]
    assert desk.read_replies().new == 1
    assert desk.read_replies().new == 0
    (reply,) = desk.replies("SD-2026-0001")
    assert (reply.author, reply.text, reply.tag) == ("@mia@social.example", "Still no cards in Leeds.", None)
    assert network.asked[0][0] == ("post 1",)


def test_only_threads_of_ours_count_and_texts_are_plain_and_short(desk: Desk, network: Network, clock: Clock) -> None:
    strange = FoundReply(id="x", author="a", text="elsewhere", at=clock(), answers="somebody else's post")
    hostile = says("<b>x</b>\u202e" + "y" * 5000, clock(), "r2", url="javascript:alert(1)", author="")
    network.said = [strange, hostile]
    assert desk.read_replies().new == 1
    (reply,) = desk.replies()
    assert (len(reply.text), reply.url, reply.author) == (2000, "", "unknown")


def test_a_network_that_asks_for_patience_gets_it_and_is_said(desk: Desk, network: Network, clock: Clock) -> None:
    network.fault = TryLater("Mastodon asks us to wait before the next request.", code="rate-limit", after_s=300)
    assert desk.read_replies().troubles == (("mastodon", "Mastodon asks us to wait before the next request."),)
    clock.go(minutes=4)
    assert desk.read_replies().troubles == ()
    assert len(network.asked) == 1, "not asked again before the time"
    clock.go(minutes=2)
    desk.read_replies()
    assert len(network.asked) == 2


def test_a_reply_is_tagged_and_put_aside(desk: Desk, network: Network, clock: Clock) -> None:
    network.said = [says("Thank you!", clock())]
    desk.read_replies()
    (reply,) = desk.replies()
    desk.tag_reply(reply.id, ReplyTag.THANKS)
    desk.handle_reply(reply.id, HandledAs.NOTHING)
    (reply,) = desk.replies()
    assert (reply.tag, reply.handled_as, reply.handled_at) == (ReplyTag.THANKS, HandledAs.NOTHING, clock())
    assert desk.replies(unhandled=True) == ()
    with pytest.raises(Refused):
        desk.handle_reply(reply.id, HandledAs.CALLBACK)


def test_a_reply_becomes_a_follow_up_a_call_or_a_step(
    desk: Desk, network: Network, clock: Clock, tmp_path: Path
) -> None:
    ref = "SD-2026-0001"
    network.said = [says(f"My till 77{n} is dead", clock(), f"r{n}") for n in range(3)]
    desk.read_replies()
    first, second, third = desk.replies()
    desk.reply_to_follow_up(first.id)
    desk.reply_to_call(second.id, phone="+44 113 496 0000", promised_at=clock() + timedelta(hours=1))
    desk.reply_to_step(third.id, text="We will test every till at night.")
    view = desk.incident(ref)
    assert len(view.follow_ups) == 1
    assert len(view.callbacks) == 1
    (step,) = view.steps
    assert step.public_md == "We will test every till at night."
    assert "77" not in step.private_md, "the reply is erased in time; the step stays"
    assert {one.handled_as for one in desk.replies()} == {
        HandledAs.FOLLOW_UP, HandledAs.CALLBACK, HandledAs.PREVENTION
    }  # fmt: skip
    desk.deliver()
    pages = [
        one.read_text("utf-8") for one in (tmp_path / "site").rglob("*") if one.suffix in (".html", ".json", ".atom")
    ]
    assert any("We will test every till at night." in page for page in pages)
    assert not any("till 77" in page or "@mia" in page for page in pages), "customers are never quoted"


def test_a_step_from_a_reply_needs_our_own_words(desk: Desk, network: Network, clock: Clock) -> None:
    network.said = [says("Test it at night", clock())]
    desk.read_replies()
    with pytest.raises(Refused, match="own words"):
        desk.reply_to_step(desk.replies()[0].id, text=" ")
    assert desk.replies()[0].handled_as is None


def test_replies_are_erased_after_90_days(desk: Desk, network: Network, clock: Clock) -> None:
    network.said = [says("Still broken", clock())]
    desk.read_replies()
    (reply,) = desk.replies()
    clock.go(days=89)
    desk.read_replies()
    assert desk.replies() == (reply,)
    clock.go(days=2)
    desk.read_replies()
    assert desk.replies() == ()
    with pytest.raises(NotFound, match="erased after 90 days"):
        desk.tag_reply(reply.id, None)
