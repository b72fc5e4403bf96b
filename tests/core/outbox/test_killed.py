"""`kill -9` at every step: nothing is lost, nothing is doubled, on real servers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.outbox.ledger import LOOK_AFTER
from tests.core.outbox.places import STEPS, add_account, courier, later, new_desk
from tests.servers.running import BlueskyServer, MastodonServer, call

ROOT = Path(__file__).parents[3]


@dataclass
class Network:
    """A real server: how to connect to it, and what it holds, asked without our code."""

    kind: str
    url: str
    secret: str
    handle: str
    texts: Callable[[], list[str]]


@pytest.fixture(params=["mastodon", "bluesky"])
def network(request: pytest.FixtureRequest) -> Network:
    if request.param == "mastodon":
        server: MastodonServer = request.getfixturevalue("mastodon_server")

        def statuses() -> list[str]:
            me = call(f"{server.url}/api/v1/accounts/verify_credentials", token=server.token)
            found = call(f"{server.url}/api/v1/accounts/{me['id']}/statuses?limit=40", token=server.token)
            return [str(one["content"]) for one in found]  # type: ignore[index,union-attr]

        return Network("mastodon", server.url, server.token, "", statuses)
    pds: BlueskyServer = request.getfixturevalue("bluesky_server")

    def records() -> list[str]:
        listing = f"com.atproto.repo.listRecords?repo={pds.did}&collection=app.bsky.feed.post&limit=100"
        found = call(f"{pds.url}/xrpc/{listing}")
        return [str(one["value"]["text"]) for one in found["records"]]  # type: ignore[index,union-attr]

    return Network("bluesky", pds.url, pds.password, pds.handle, records)


@pytest.fixture
def desk(tmp_path: Path, network: Network) -> Iterator[Desk]:
    desk = new_desk(tmp_path)
    courier(desk, network.secret).round()
    add_account(desk, network.kind, network.url, network.handle)
    yield desk
    desk.shut()


def open_one(desk: Desk, mark: str) -> str:
    tills = desk.find_component("Tills").id
    draft = IncidentDraft(
        title=f"Cards fail {mark}",
        message="Cash works.",
        impact=Impact.MAJOR,
        components=((tills, ComponentStatus.PARTIAL_OUTAGE),),
    )
    return desk.open_incident(draft).ref


def child(desk: Desk, network: Network, *arguments: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.core.outbox.child", desk.label, network.secret, *arguments]
    return subprocess.Popen(
        program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )


@pytest.mark.parametrize("step", STEPS)
def test_a_courier_killed_at_a_step_loses_and_doubles_nothing(desk: Desk, network: Network, step: str) -> None:
    mark = uuid.uuid4().hex
    ref = open_one(desk, mark)
    killed = child(desk, network, step)
    _out, said = killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL, said
    out = sum(mark in text for text in network.texts())
    assert out == (1 if step in STEPS[2:] else 0), "the kill came where it should"

    courier(desk, network.secret, now=later).round()

    assert sum(mark in text for text in network.texts()) == 1
    assert {row.state for row in desk.deliveries(ref)} == {DeliveryState.SENT, DeliveryState.VERIFIED}
    assert desk.next_due() is None


def test_a_post_in_doubt_is_never_sent_again_while_the_network_cannot_be_asked(desk: Desk, network: Network) -> None:
    mark = uuid.uuid4().hex
    ref = open_one(desk, mark)
    child(desk, network, "after the request").communicate(timeout=60)
    courier(desk, "a wrong password", now=later).round()
    (post,) = [row for row in desk.deliveries(ref) if row.kind is DeliveryKind.POST]
    assert post.state is DeliveryState.UNKNOWN
    assert "not known yet" in post.error
    assert sum(mark in text for text in network.texts()) == 1
    desk.retry_delivery(post.id)
    courier(desk, network.secret, now=lambda: later() + 2 * LOOK_AFTER).round()
    assert sum(mark in text for text in network.texts()) == 1
    assert desk.deliveries(ref)[0].state in (DeliveryState.SENT, DeliveryState.VERIFIED)


def test_kills_at_random_moments_leave_each_word_out_exactly_once(desk: Desk, network: Network) -> None:
    mark, wanted, chance = uuid.uuid4().hex, 8, random.Random(42)
    ref = open_one(desk, mark)
    for attempt in range(8):
        running = child(desk, network, "", ref, str(wanted))
        try:
            # Ever longer, so that a slow machine gets past its start too; the last one may end its work.
            _out, said = running.communicate(timeout=0.4 + chance.random() * (0.6 + attempt / 4))
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
        else:
            assert running.returncode == 0, said
            break
    _out, said = (last := child(desk, network, "", ref, str(wanted))).communicate(timeout=120)
    assert last.returncode == 0, said
    for _ in range(wanted + 1):
        courier(desk, network.secret, now=later).round()
    assert desk.next_due() is None, [(row.state, row.error) for row in desk.undelivered()]

    posts = [row for row in desk.deliveries(ref) if row.kind is DeliveryKind.POST]
    assert [row.seq for row in posts] == list(range(1, wanted + 1)), "no update was lost"
    assert {row.state for row in posts} <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}
    sent = {row.seq for row in posts if row.state is DeliveryState.SENT}
    there = Counter(seq for text in network.texts() for seq in range(2, wanted + 1) if f"Word {seq} of {ref}." in text)
    assert there == Counter(seq for seq in sent if seq > 1), "each word that is sent is there once"
    assert wanted in sent, "the newest word is out"


def test_two_couriers_at_once_post_each_word_once(desk: Desk, network: Network) -> None:
    mark = uuid.uuid4().hex
    refs = [open_one(desk, f"{mark} {number}") for number in range(6)]
    couriers = [child(desk, network, "", ref, "1") for ref in refs[:3]]
    for one in couriers:
        _out, said = one.communicate(timeout=60)
        assert one.returncode == 0, said
    courier(desk, network.secret, now=later).round()
    there = Counter(number for text in network.texts() for number in range(6) if f"{mark} {number}" in text)
    assert there == Counter(range(6))


def test_the_page_killed_while_it_is_written_is_whole_after_the_next_round(desk: Desk, network: Network) -> None:
    ref = open_one(desk, uuid.uuid4().hex)
    running = child(desk, network, "the page is out")
    running.communicate(timeout=60)
    desk.post_update(ref, UpdateDraft(message="Eleven stores work again."))
    courier(desk, network.secret).round()
    out = Path(desk.board().page.output_dir)
    assert "Eleven stores work again." in (out / "incidents" / ref / "index.html").read_text("utf-8")
    assert "Eleven stores work again." in (out / "index.html").read_text("utf-8")
    assert not [one for one in out.rglob("*") if one.name.startswith(".statusdesk-")], "no half file stays"
