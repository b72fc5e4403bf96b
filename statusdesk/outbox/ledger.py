"""The delivery state machine in the database: claim, finish, recover. Short transactions, never around a request.

A claim is a lease: while it lasts, no other courier touches the row, and it is committed before anything goes out.
What is still `sending` when its courier is gone becomes `unknown`: it may have arrived, so the network is asked first.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from statusdesk.clock import Clock
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState, RemotePost, may_become
from statusdesk.domain.ids import new_id
from statusdesk.store import Store
from statusdesk.store.outbox import Outbox

LEASE = timedelta(seconds=120)  # longer than every time-out of one request taken together
FIRST_RETRY_S = 10.0
LAST_RETRY_S = 900.0
LOOK_AFTER = timedelta(seconds=10)  # a slow server may still be at it; asked too early, it would say no


def backoff_s(attempts: int) -> float:
    """Seconds until the next try: 10 s doubling to 15 min, a fifth of it at random, so that desks spread out."""
    wait: float = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(10, max(0, attempts - 1)))
    return wait * random.uniform(0.8, 1.2)  # noqa: S311  no secret depends on it


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery this courier may send now. `look_first`: it may be there already."""

    delivery: Delivery
    look_first: bool


def _owner_is_gone(owner: str) -> bool:
    """Whether a lease's courier ran on this computer and its process has ended. When in doubt: no."""
    host, _, rest = owner.partition("/")
    pid = rest.partition("/")[0]
    if host != socket.gethostname() or not pid.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)  # signal 0 only asks whether the process exists
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Ledger:
    """The rows of the outbox as one courier sees them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._now = clock
        self.owner = f"{socket.gethostname()}/{os.getpid()}/{new_id(clock())}"

    def recover(self) -> None:
        """Rows whose courier is gone or has overrun its lease: they may have arrived."""
        now = self._now()
        with self._store.claim() as sql:
            box = Outbox(sql)
            for row in box.sending():
                expired = row.lease_until is not None and row.lease_until <= now
                if row.lease_owner != self.owner and (expired or _owner_is_gone(row.lease_owner)):
                    again = row.kind is DeliveryKind.PUBLISH  # publishing twice is harmless: it compares first
                    box.change(
                        row.id,
                        now,
                        state=DeliveryState.RETRY_WAIT if again else DeliveryState.UNKNOWN,
                        next_try_at=now if again else max(now, row.updated_at + LOOK_AFTER),
                        lease_until=None,
                        lease_owner="",
                        error_code="interrupted",
                        error="Interrupted while sending. Checking whether it arrived before it is sent again.",
                    )

    def due_destinations(self, kind: DeliveryKind) -> Sequence[str]:
        """Destinations for which something may be sent now."""
        with self._store.read() as sql:
            return Outbox(sql).due_destinations(kind, self._now())

    def next_due(self) -> datetime | None:
        """When the courier should look again; None when nothing waits."""
        with self._store.read() as sql:
            return Outbox(sql).next_due()

    def claim_next(self, account_id: str) -> Claimed | None:
        """The oldest waiting post of an account, if it is due: one account gets its posts in order."""
        now = self._now()
        with self._store.claim() as sql:
            box = Outbox(sql)
            row = box.oldest_waiting(account_id)
            if row is None or row.state is DeliveryState.SENDING:
                return None
            if row.next_try_at is not None and row.next_try_at > now:
                return None
            claimed = self._lease(box, row, now)
            return Claimed(claimed, look_first=row.state is DeliveryState.UNKNOWN)

    def claim_publishes(self, target_id: str) -> Sequence[Delivery]:
        """Every waiting publish of a target at once: one build of the newest state answers them all."""
        now = self._now()
        with self._store.claim() as sql:
            box = Outbox(sql)
            rows = box.waiting(target_id)
            if any(row.state is DeliveryState.SENDING for row in rows):
                return ()
            return [self._lease(box, row, now) for row in rows]

    def _lease(self, box: Outbox, row: Delivery, now: datetime) -> Delivery:
        assert may_become(row.state, DeliveryState.SENDING)
        return box.change(
            row.id,
            now,
            state=DeliveryState.SENDING,
            attempts=row.attempts + 1,
            first_sent_at=row.first_sent_at or now,
            lease_until=now + LEASE,
            lease_owner=self.owner,
        )

    def root_post(self, delivery: Delivery) -> RemotePost | None:
        """What a post replies to: the incident's first post on that account."""
        with self._store.read() as sql:
            return Outbox(sql).root_post(delivery.incident_id or "", delivery.destination_id)

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
        """Nothing arrived; again later, and never before the network said."""
        wait = max(backoff_s(attempts), after_s or 0.0)
        at = self._now() + timedelta(seconds=wait)
        self._finish(ids, state=DeliveryState.RETRY_WAIT, next_try_at=at, error=why, error_code=code)

    def failed(self, ids: Collection[str], why: str, code: str) -> None:
        """A person must act."""
        self._finish(ids, state=DeliveryState.FAILED, next_try_at=None, error=why, error_code=code)

    def unknown(self, ids: Collection[str], attempts: int, why: str, code: str) -> None:
        """It may have arrived; the network is asked before anything is sent again."""
        wait = LOOK_AFTER if attempts <= 1 else timedelta(seconds=backoff_s(attempts - 1))
        at = self._now() + wait
        self._finish(ids, state=DeliveryState.UNKNOWN, next_try_at=at, error=why, error_code=code)

    def _finish(self, ids: Collection[str], **columns: object) -> None:
        with self._store.claim() as sql:
            Outbox(sql).finish(ids, self.owner, self._now(), lease_until=None, lease_owner="", **columns)
