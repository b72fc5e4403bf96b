"""Every network behind a bad line, at random and by number: no update is lost, none is doubled, and doubt is said.

The real courier works the real outbox off; each connection to the network meets a fault with some likelihood, drawn
from a seed that a failure names. `STATUSDESK_FAULT_RUNS` asks for more runs of each network than the suite makes.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statusdesk import clock
from statusdesk.channels import telegram
from statusdesk.channels.base import Channel
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.net.web import Patience
from statusdesk.outbox.courier import Courier
from statusdesk.store.writer import Writer
from tests.core.channels.test_vendors import NETWORKS
from tests.core.outbox.places import KnownPlaces, add_account, new_desk
from tests.servers import fault
from tests.servers.fault import FaultServer, Step
from tests.servers.vendors.base import Vendor
from tests.servers.vendors.doors import VENDORS, opened

BLOCK = 12  # runs in one world: as many posts as an account may have in half a minute, and be looked through
RUNS = int(os.environ.get("STATUSDESK_FAULT_RUNS", BLOCK))
QUICK = Patience(connect_s=1.0, read_s=0.15, total_s=0.25)
SOCIAL = {one.kind: one for one in NETWORKS}
KINDS = [*SOCIAL, *(kind for kind in VENDORS if kind != "apprise")]  # Apprise waits in its own way: see its own tests
# These have no way to ask whether a post arrived: there a person decides.
CANNOT_TELL = {"discord", "slack webhook", "teams"}
# To these a status is the whole answer: somebody else's 200 cannot be told from theirs, and over TLS nobody else answers.
ANY_YES = {"webhook", "teams"}


def slow(server: FaultServer, connection: socket.socket) -> None:
    """A line with some delay."""
    request = server.read(connection)
    time.sleep(0.02)
    connection.sendall(server.forward(request))


def passed_on_cut_short(server: FaultServer, connection: socket.socket) -> None:
    """The network takes it; half of its answer comes back."""
    said = server.forward(server.read(connection))
    connection.sendall(said[: len(said) // 2])
    fault.cut(connection)


def passed_on_garbled(server: FaultServer, connection: socket.socket) -> None:
    """The network takes it; its answer is replaced by a page of somebody's."""
    server.forward(server.read(connection))
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nConnection: close\r\n\r\n<html>hello</html>")


LIES = (fault.truncated(200, {"id": "1"}), fault.flood(3_000_000))
FAULTS: tuple[Step, ...] = (
    *LIES,
    slow,
    fault.reset_at_once,
    fault.reset_after_request,
    fault.passed_on_then_cut,
    fault.passed_on_then_500,
    passed_on_cut_short,
    passed_on_garbled,
    fault.answer(429, {"error": "slow down"}),
    fault.answer(429, {"error": "slow down"}, headers={"Retry-After": "30"}),
    fault.answer(500, b"oops"),
    fault.answer(503, b"busy", headers={"Retry-After": "5"}),
    fault.redirect("https://elsewhere.example/"),
    fault.drip_headers,
    fault.hang,
)


class BadLine(FaultServer):
    """Each connection meets a fault with some likelihood, as long as the line is bad."""

    chance: random.Random | None = None
    faults = FAULTS

    def next_step(self) -> Step:
        if self.chance is None or self.chance.random() > 0.4:
            return fault.passed_on
        return self.chance.choice(self.faults)


class BehindTheLine(KnownPlaces):
    """One account whose network is reached over the bad line."""

    def __init__(self, desk: Desk, open_it: Callable[[], Channel]) -> None:
        super().__init__(desk, "")
        self._open_it = open_it

    def channel(self, account_id: str) -> Channel:
        del account_id
        return self._open_it()


class World:
    """A desk, one network, and the bad line between them."""

    def __init__(
        self, desk: Desk, kind: str, first: int, vendor: Vendor, line: BadLine, open_it: Callable[[], Channel]
    ) -> None:
        self.desk, self.kind, self.first, self.vendor, self.line = desk, kind, first, vendor, line
        self.courier = Courier(desk._store, BehindTheLine(desk, open_it), clock.now)

    def round(self, *, all_due: bool) -> None:
        """A round now, or when everything that waits has become due. Clocks stay: networks date what they get."""
        if all_due:
            with self.desk._store.write() as sql:
                writer = Writer(sql, at=clock.now(), actor="tests")
                for row in writer.deliveries(states=(DeliveryState.RETRY_WAIT, DeliveryState.UNKNOWN)):
                    if row.next_try_at is not None:
                        writer.change_delivery(row, next_try_at=clock.now())
        self.courier.round()

    def posts(self, ref: str) -> list[Delivery]:
        return [one for one in self.desk.deliveries(ref) if one.kind is DeliveryKind.POST]

    def there(self, ref: str, seq: int) -> int:
        return sum(f"Word {seq} of {ref}." in text for text in self.vendor.arrived())


@pytest.fixture(
    scope="module",
    params=[(kind, block) for kind in KINDS for block in range(0, RUNS, BLOCK)],
    ids=lambda one: f"{one[0]} from {one[1]}",
)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    kind, first = request.param
    with contextlib.ExitStack() as stack:
        vendor: Vendor = stack.enter_context(SOCIAL[kind].server() if kind in SOCIAL else VENDORS[kind]())
        line = stack.enter_context(BadLine(vendor.url))
        line.faults = tuple(one for one in FAULTS if not (kind in ANY_YES and one in LIES))
        desk = new_desk(Path(tmp_path_factory.mktemp("desk")))
        stack.callback(desk.shut)
        for target in desk.targets():
            desk.remove_target(target.id)  # words alone: the page has tests of its own
        add_account(desk, kind.partition(" ")[0], line.url)
        if kind in SOCIAL:
            token = vendor.oauth.grant()  # type: ignore[attr-defined]
            channel = SOCIAL[kind].open(line.url, vendor, QUICK, token)
            yield World(desk, kind, first, vendor, line, lambda: channel)
        else:
            yield World(desk, kind, first, vendor, line, lambda: opened(kind, line.url, QUICK))


@pytest.fixture(autouse=True)
def _prompt_public_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram's public page may lag, and is believed after a minute only; the one here never lags."""
    monkeypatch.setattr(telegram, "LAG_S", 0.0)


@pytest.mark.parametrize("number", range(BLOCK))
def test_no_update_is_lost_none_is_doubled_and_doubt_is_said(world: World, number: int) -> None:
    seed = world.first + number
    chance = random.Random(f"{world.kind} {seed}")
    parts = ((world.desk.find_component("Tills").id, ComponentStatus.PARTIAL_OUTAGE),)
    draft = IncidentDraft(title=f"Run {seed}", message="It begins.", impact=Impact.MAJOR, components=parts)
    ref = world.desk.open_incident(draft).ref
    world.line.chance = chance
    world.round(all_due=False)
    for seq in (2, 3):
        world.desk.post_update(ref, UpdateDraft(message=f"Word {seq} of {ref}."))
        for _ in range(chance.randint(1, 3)):
            world.round(all_due=chance.random() < 0.8)

    world.line.chance = None  # the line is good again
    for _ in range(12):
        for post in world.posts(ref):
            if post.state is DeliveryState.FAILED:
                world.desk.retry_delivery(post.id)  # a person looked, and tries again
        world.round(all_due=True)
        if (
            all(post.state is not DeliveryState.FAILED for post in world.posts(ref))
            and world.courier.next_due() is None
        ):
            break

    posts = world.posts(ref)
    states = {post.seq: post.state for post in posts}
    assert set(states) == {1, 2, 3}, "no update is lost"
    allowed = {DeliveryState.SENT, DeliveryState.SUPERSEDED}
    if world.kind in CANNOT_TELL:
        allowed.add(DeliveryState.UNKNOWN)
    assert set(states.values()) <= allowed, [(post.seq, post.state, post.error) for post in posts]
    assert states[3] is not DeliveryState.SUPERSEDED, "the newest word is out, or in doubt and said so"
    for seq in (2, 3):
        there = world.there(ref, seq)
        if states[seq] is DeliveryState.SENT:
            assert there == 1, f"word {seq} is there once"
        elif states[seq] is DeliveryState.SUPERSEDED and world.kind != "webhook":  # which is sent again, not asked
            assert there == 0, f"word {seq} gave way, and is not there"
        else:
            assert there <= 1, f"word {seq} is in doubt, and not there twice"
