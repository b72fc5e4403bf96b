"""Destinations whose tokens the tests know, so that child processes need no password store; and a way to die in time."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from statusdesk import clock
from statusdesk.channels.base import Channel, Checked, Post
from statusdesk.desk import Desk
from statusdesk.domain import ids
from statusdesk.domain.delivery import Account, RemotePost
from statusdesk.outbox.courier import Courier
from statusdesk.outbox.ledger import LOOK_AFTER
from statusdesk.outbox.places import OpenPlaces
from statusdesk.secrets import Secrets
from statusdesk.store.reader import Reader
from statusdesk.store.writer import Writer

STEPS = ("before claim", "after claim", "after the request", "before the result is written")


def die() -> None:
    """As in a power cut: no handler runs, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class AsRealServersAre:
    """A channel to a server that ignores the idempotency key, as three real servers with Mastodon's API do."""

    inner: Channel
    keep_key: bool
    step: str = ""
    meanwhile: Callable[[str], None] = lambda _what: None

    def check(self) -> Checked:
        return self.inner.check()

    def find(self, post: Post) -> RemotePost | None:
        found = self.inner.find(post)
        self.meanwhile("find")
        return found

    def send(self, post: Post) -> RemotePost:
        if self.step == "after claim":
            die()
        remote = self.inner.send(post if self.keep_key else replace(post, key=uuid.uuid4().hex))
        if self.step == "after the request":
            die()
        return remote


class KnownPlaces(OpenPlaces):
    """Opens accounts with one known secret; dies at a step, or does what a test wants done meanwhile."""

    def __init__(self, desk: Desk, secret: str, step: str = "") -> None:
        super().__init__(desk._store, Secrets("tests"), clock.now)
        self.secret = secret
        self.step = step
        self.meanwhile: Callable[[str], None] = lambda _what: None

    def channel(self, account_id: str) -> Channel:
        with self._store.read() as sql:
            account = Reader(sql).account(account_id)
        self.meanwhile("open")
        # A record key of Bluesky is the address of the post: there the network itself holds on to it.
        return AsRealServersAre(
            self.open_account(replace(account, settings={}), self.secret),
            account.kind == "bluesky",
            self.step,
            self.meanwhile,
        )


def later() -> datetime:
    """The time at which a post in doubt is looked for; a test need not wait for it."""
    return clock.now() + 2 * LOOK_AFTER


def courier(desk: Desk, secret: str, step: str = "", now: clock.Clock = clock.now) -> Courier:
    made = Courier(desk._store, KnownPlaces(desk, secret, step), now)
    if step == "before claim":
        made.ledger.claim_next = lambda _account: die()  # type: ignore[method-assign,return-value]
    if step in ("before the result is written", "the page is out"):
        written = made.ledger.sent

        def sent(ids: Collection[str], remote: RemotePost | None = None, *, verified: bool = False) -> None:
            if (remote is None) == (step == "the page is out"):
                die()
            written(ids, remote, verified=verified)

        made.ledger.sent = sent  # type: ignore[method-assign]
    return made


def add_account(desk: Desk, kind: str, base_url: str, handle: str = "") -> Account:
    """An account as `connect_account` keeps it, without the password store."""
    at = clock.now()
    account = Account(id=ids.new_id(at), kind=kind, name=kind, handle=handle, base_url=base_url, created_at=at)
    with desk._store.write() as sql:
        Writer(sql, at=at, actor="tests").add_account(account)
    return account


def new_desk(folder: Path, where: str = "", now: clock.Clock = clock.now) -> Desk:
    place = where or folder / "workspace"
    return Desk.create(place, name="Northlake", components=["Tills"], output_dir=folder / "site", now=now)
