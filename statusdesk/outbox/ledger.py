"""The delivery state machine in the database: claim, finish, recover. Short transactions, never around a request.

A claim is a lease: while it lasts, no other courier touches the row, and it is committed before anything goes out.
What is still `sending` when its courier is gone becomes `unknown`: it may have arrived, so the network is asked first.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from statusdesk import redact
from statusdesk.clock import Clock
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState, RemotePost, may_become
from statusdesk.errors import EnvironmentFault
from statusdesk.outbox.enqueue import WAITS_FOR_PAGE, compose_for
from statusdesk.outbox.leases import Holder
from statusdesk.store import Store
from statusdesk.store.outbox import Outbox

LEASE = timedelta(minutes=5)  # for a courier elsewhere that is gone; longer than all that is done under one lease
FIRST_RETRY_S = 10.0
LAST_RETRY_S = 900.0
LONGEST_WAIT = timedelta(hours=1)  # what a network may ask for; a later time comes from a clock that was wrong
LOOK_AFTER = timedelta(seconds=10)  # a slow server may still be at it; asked too early, it would say no
HOLDS_UP = timedelta(minutes=15)  # so long a post in doubt holds up the newer ones of its account
WRITE_TRIES = 3
BY_HAND_NOW = "Somebody is posting it by hand."
UNSEEN = "Sent before the page was seen to show it."
_INTERRUPTED = "Interrupted while sending. Checking whether it arrived before it is sent again."
_INTERRUPTED_PAGE = "Interrupted. The page is published again."
_NEVER = datetime.max.replace(tzinfo=UTC)
LOOK_FOR_PAGE_S = (2.0, 60.0)  # the pauses between looks at the public page, first and last
LOOK_FOR_PAGE_UNTIL = timedelta(minutes=30)  # a host that shows nothing after that will not do so by itself
LATE = timedelta(minutes=10)  # a post that goes out later than this says why, when the fault was ours
# Codes of net/web.py for “nothing got out of here”.
OUR_LINE = ("dns", "no-connection", "timeout", "tls")


def backoff_s(attempts: int) -> float:
    """Seconds until the next try: 10 s doubling to 15 min, a fifth of it at random, so that desks spread out."""
    wait: float = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(10, max(0, attempts - 1)))
    return wait * random.uniform(0.8, 1.2)  # noqa: S311  no secret depends on it


def look_at(row: Delivery, now: datetime) -> datetime:
    """The earliest time at which it makes sense to ask a network for a post that was cut off."""
    return max(now, row.updated_at + LOOK_AFTER)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery this courier may send now. `look_first`: it may be there already, tried last at `last_tried_at`."""

    delivery: Delivery
    look_first: bool
    last_tried_at: datetime


def _due_at(row: Delivery, now: datetime) -> datetime:
    """When something is to be done about a row. A time beyond all reason was set by a clock that went wrong."""
    if row.state is DeliveryState.SENDING:
        return row.lease_until or now
    if _is_undecided(row):
        return _NEVER
    wait = row.next_try_at or row.created_at
    return now if wait > now + LONGEST_WAIT + timedelta(minutes=5) else wait


def _is_undecided(row: Delivery) -> bool:
    """Whether only a person can say what became of a post: its network has no way to tell."""
    return row.state is DeliveryState.UNKNOWN and row.next_try_at is None


def _may_still_show(page: Delivery) -> bool:
    """Whether a publish is on its way, or waits to be seen where readers get it."""
    return page.state.waits or (page.state is DeliveryState.SENT and page.next_try_at is not None)


def _is_in_doubt(row: Delivery) -> bool:
    """Whether the network will be asked what became of a post."""
    return row.state is DeliveryState.UNKNOWN and not _is_undecided(row)


def _first_in_line(rows: Sequence[Delivery], now: datetime) -> Delivery | None:
    """Whose turn it is at an account: the oldest, so that words come in order.

    A post in doubt holds up the newer ones only for a while, never where it can be looked into right now, and not at
    all where only a person can tell.
    """
    for row in rows:
        if _is_undecided(row):
            continue
        stuck = row.state is DeliveryState.UNKNOWN and now - (row.first_sent_at or now) > HOLDS_UP
        if not stuck or _due_at(row, now) <= now:
            return row
    return None


class Ledger:
    """The rows of the outbox as one courier sees them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._now = clock
        self.holder = Holder(store.workspace.folder / "couriers", clock())

    def recover(self) -> None:
        """Rows whose courier is gone, has overrun its lease, or lost them on a fault: they may have arrived."""
        now = self._now()
        with self._store.read() as sql:
            lost = [row for row in Outbox(sql).sending() if self._is_lost(row, now)]
        if not lost:
            return
        with self._store.claim() as sql:
            for row in lost:
                again = row.kind is DeliveryKind.PUBLISH  # publishing twice is harmless: it compares first
                Outbox(sql).change(
                    row,
                    now,
                    state=DeliveryState.RETRY_WAIT if again else DeliveryState.UNKNOWN,
                    next_try_at=now if again else look_at(row, now),
                    lease_until=None,
                    lease_owner="",
                    error_code="interrupted",
                    error=_INTERRUPTED_PAGE if again else _INTERRUPTED,
                )

    def _is_lost(self, row: Delivery, now: datetime) -> bool:
        if row.lease_owner == self.holder.name:
            return not self.holder.holds(row.id)
        expired = row.lease_until is None or row.lease_until <= now
        return expired or self.holder.is_gone(row.lease_owner)

    def due_accounts(self) -> Sequence[str]:
        """Accounts at which it is somebody's turn now."""
        now = self._now()
        return [account for account, row in self._turns(DeliveryKind.POST, now) if _due_at(row, now) <= now]

    def due_targets(self) -> Sequence[str]:
        """Targets that wait for the site now."""
        now = self._now()
        with self._store.read() as sql:
            rows = Outbox(sql).open_rows(DeliveryKind.PUBLISH)
        waiting = [one for one in rows if one.state is not DeliveryState.SENDING]
        return list(dict.fromkeys(one.destination_id for one in waiting if _due_at(one, now) <= now))

    def _turns(self, kind: DeliveryKind, now: datetime) -> Iterator[tuple[str, Delivery]]:
        with self._store.read() as sql:
            rows = sorted(Outbox(sql).open_rows(kind), key=lambda one: one.destination_id)  # stable: oldest first stays
        for destination, mine in groupby(rows, key=lambda one: one.destination_id):
            first = _first_in_line(list(mine), now)
            if first is not None and first.state is not DeliveryState.SENDING:
                yield destination, first

    def next_due(self, out_of_reach: Container[str] = ()) -> datetime | None:
        """When the courier should look again; None when nothing waits that this computer can send."""
        now = self._now()
        with self._store.read() as sql:
            rows, unseen = Outbox(sql).open_rows(), Outbox(sql).to_see()
        watched = [row for row in rows if row.state is DeliveryState.SENDING or _is_in_doubt(row)]
        watched += unseen
        watched += [row for _account, row in self._turns(DeliveryKind.POST, now)]
        watched += [row for row in rows if row.kind is DeliveryKind.PUBLISH]
        return min((_due_at(row, now) for row in watched if row.destination_id not in out_of_reach), default=None)

    @contextmanager
    def claim_next(self, account_id: str) -> Iterator[Claimed | None]:
        """The post whose turn it is at an account, if it is due; in hand until the block ends."""
        claimed = self._claim_next(account_id)
        try:
            yield claimed
        finally:
            if claimed is not None:
                self.holder.let_go([claimed.delivery.id])

    def _claim_next(self, account_id: str) -> Claimed | None:
        now = self._now()
        with self._store.claim() as sql:
            box = Outbox(sql)
            first = _first_in_line(box.open_posts(account_id), now)
            row = box.lock(first.id) if first is not None else None
            if row is None or not may_become(row.state, DeliveryState.SENDING) or _due_at(row, now) > now:
                return None
            overdue = row.state is DeliveryState.QUEUED and row.next_try_at is not None  # the page was waited for
            note = UNSEEN if overdue else "" if row.note in (BY_HAND_NOW, WAITS_FOR_PAGE) else row.note
            claimed = self._lease(box, row, now, note=note)
            if claimed is None:
                return None
            in_doubt = row.state is DeliveryState.UNKNOWN
            return Claimed(claimed, look_first=in_doubt, last_tried_at=row.updated_at)

    @contextmanager
    def claim_publishes(self, target_id: str) -> Iterator[Sequence[Delivery]]:
        """Every waiting publish of a target at once: one build of the newest state answers them all.

        Those that failed before are answered, too: their words are in what is published now.
        """
        rows = self._claim_publishes(target_id)
        try:
            yield rows
        finally:
            self.holder.let_go([row.id for row in rows])

    def _claim_publishes(self, target_id: str) -> Sequence[Delivery]:
        now = self._now()
        with self._store.claim() as sql:
            box = Outbox(sql)
            rows = box.publishes(target_id)
            if any(row.state is DeliveryState.SENDING for row in rows):
                return ()
            return [claimed for row in rows if (claimed := self._lease(box, row, now)) is not None]

    def _lease(self, box: Outbox, row: Delivery, now: datetime, **more: object) -> Delivery | None:
        self.holder.take([row.id])
        return box.change(
            row,
            now,
            state=DeliveryState.SENDING,
            attempts=row.attempts + 1,
            first_sent_at=row.first_sent_at or now,
            lease_until=now + LEASE,
            lease_owner=self.holder.name,
            **more,
        )

    def renew(self, ids: Collection[str]) -> bool:
        """A fresh lease for what goes out now; False when another courier has taken it meanwhile."""
        now = self._now()
        with self._store.claim() as sql:
            return bool(Outbox(sql).finish(ids, self.holder.name, now, lease_until=now + LEASE))

    def is_outdated(self, delivery: Delivery) -> bool:
        """Whether its words were mended, or newer ones exist: then they are not posted late."""
        with self._store.read() as sql:
            return Outbox(sql).is_outdated(delivery)

    def is_turned_off(self, account_id: str) -> bool:
        """Whether an account gets no posts for now, or never again."""
        with self._store.read() as sql:
            return not any(one.id == account_id and one.enabled for one in Outbox(sql).accounts())

    def root_post(self, delivery: Delivery) -> RemotePost | None:
        """What a post replies to: the incident's first post on that account."""
        with self._store.read() as sql:
            return Outbox(sql).root_post(delivery.incident_id or "", delivery.destination_id)

    def mended_post(self, delivery: Delivery) -> RemotePost | None:
        """The post that a correction or a retraction is about, where it is out."""
        if delivery.words is None or not delivery.words.event.mends:
            return None
        with self._store.read() as sql:
            return Outbox(sql).mended_post(delivery)

    def say_late(self, row: Delivery) -> Delivery:
        """The post as it goes out now: one that our own line held up for long says so (flow f).

        Its text is changed in the record before it is sent, so that a look for it later looks for these words.
        """
        now = self._now()
        if row.words is None or now - row.created_at < LATE or row.error_code not in OUR_LINE:
            return row
        with self._store.claim() as sql:
            box = Outbox(sql)
            # Where other words got out meanwhile, the fault is not in our line.
            delayed = not box.anything_left_us(row.created_at + LATE / 2, now - LATE / 10)
            if delayed is row.words.delayed:
                return row
            words = replace(row.words, delayed=delayed)
            text = compose_for(box.account(row.destination_id), words, self._store.workspace.folder).text
            box.finish([row.id], self.holder.name, now, text=text, words=words)
        return replace(row, text=text, words=words)

    # The page first: a post's link must work when it goes out.

    def release(self) -> None:
        """Let posts go whose page was seen, or will not be seen however long they wait."""
        with self._store.read() as sql:
            if not Outbox(sql).held_posts():
                return
        with self._store.claim() as sql:
            box = Outbox(sql)
            leading = box.leading_targets()
            for row in box.held_posts():
                pages = box.publishes_of(row, leading)
                if any(one.state is DeliveryState.VERIFIED for one in pages):
                    box.change(row, self._now(), next_try_at=None, note="")
                elif not any(_may_still_show(one) for one in pages):
                    box.change(row, self._now(), next_try_at=None, note=UNSEEN)

    def published(self, ids: Collection[str], build: str, url: str) -> None:
        """It went over; whether readers get it is looked at from now on."""
        remote = {"remote_id": build, "remote_url": url}
        self._finish(ids, state=DeliveryState.SENT, next_try_at=self._now(), error="", error_code="", note="", **remote)

    def unseen_targets(self) -> Mapping[str, str]:
        """Targets that should be looked at now, and the public address at which."""
        now = self._now()
        with self._store.read() as sql:
            rows = Outbox(sql).to_see()
        return {row.destination_id: row.remote.url for row in rows if row.remote and _due_at(row, now) <= now}

    def seen(self, target_id: str, build: str, fault: str = "") -> None:
        """What the public address of a target shows: one of our builds, or something else and `fault` says what."""
        now = self._now()
        with self._store.claim() as sql:
            box = Outbox(sql)
            rows = box.to_see(target_id)
            shown = max((row.event_head for row in rows if row.remote and row.remote.id == build), default=0)
            box.verify(target_id, shown, now)
            for row in rows:
                if row.event_head <= shown:
                    continue
                waited = now - row.updated_at if row.error_code != "unseen" else now - (row.first_sent_at or now)
                pause = min(max(waited.total_seconds() / 2, LOOK_FOR_PAGE_S[0]), LOOK_FOR_PAGE_S[1])
                again = None if waited > LOOK_FOR_PAGE_UNTIL else now + timedelta(seconds=pause)
                box.change(row, now, next_try_at=again, error=fault, error_code="unseen")

    # How a claim ends. A claim that was lost meanwhile (lease overrun, taken by another courier) changes nothing.

    def sent(self, ids: Collection[str], remote: RemotePost | None = None, *, verified: bool = False) -> None:
        """It is out."""
        state = DeliveryState.VERIFIED if verified else DeliveryState.SENT
        self._finish(
            ids,
            state=state,
            next_try_at=None,
            error="",
            error_code="",
            remote_id=remote.id if remote else None,
            remote_url=remote.url if remote else "",
        )

    def retry(self, ids: Collection[str], attempts: int, why: str, code: str, after_s: float | None = None) -> None:
        """Nothing arrived; again later, and not before the network said (an hour at most)."""
        wait = max(backoff_s(attempts), min(after_s or 0.0, LONGEST_WAIT.total_seconds()))
        at = self._now() + timedelta(seconds=wait)
        self._finish(ids, state=DeliveryState.RETRY_WAIT, next_try_at=at, error=why, error_code=code)

    def failed(self, ids: Collection[str], why: str, code: str) -> None:
        """A person must act."""
        self._finish(ids, state=DeliveryState.FAILED, next_try_at=None, error=why, error_code=code)

    def superseded(self, ids: Collection[str]) -> None:
        """It is not there, and newer words are on their way or out."""
        self._finish(ids, state=DeliveryState.SUPERSEDED, next_try_at=None, error="", error_code="")

    def cancelled(self, ids: Collection[str], why: str) -> None:
        """The place is gone; nothing can be sent there, nor asked for."""
        self._finish(ids, state=DeliveryState.CANCELLED, next_try_at=None, error=why, error_code="gone")

    def undecided(self, ids: Collection[str], why: str) -> None:
        """It may have arrived, and the network has no way to tell: a person must look, and decide."""
        self._finish(ids, state=DeliveryState.UNKNOWN, next_try_at=None, error=why, error_code="undecided")

    def unknown(self, ids: Collection[str], attempts: int, why: str, code: str) -> None:
        """It may have arrived; the network is asked before anything is sent again."""
        wait = LOOK_AFTER if attempts <= 1 else timedelta(seconds=backoff_s(attempts - 1))
        at = self._now() + wait
        self._finish(ids, state=DeliveryState.UNKNOWN, next_try_at=at, error=why, error_code=code)

    def _finish(self, ids: Collection[str], **columns: object) -> None:
        """Write how it ended. What happened is worth some patience with a busy database: it cannot be asked again."""
        if isinstance(why := columns.get("error"), str):
            columns["error"] = redact.scrubbed(why)
        for left in reversed(range(WRITE_TRIES)):
            try:
                with self._store.claim() as sql:
                    Outbox(sql).finish(ids, self.holder.name, self._now(), lease_until=None, lease_owner="", **columns)
            except EnvironmentFault:
                if not left:
                    raise
            else:
                self.holder.settled(ids)
                return
