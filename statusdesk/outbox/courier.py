"""The courier: works off what is due. The page first, then the posts; in order per place, side by side across places.

It knows no window and no clock of its own: a desktop calls `round` from a timer, `statusdeskctl deliver` from a loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from statusdesk.channels.base import Channel, MaybeArrived, NeedsPerson, Post, SendingError, TryLater
from statusdesk.clock import Clock
from statusdesk.domain.delivery import Delivery, DeliveryKind
from statusdesk.errors import EnvironmentFault, StatusDeskError
from statusdesk.outbox.ledger import Claimed, Ledger
from statusdesk.store import Store
from statusdesk.targets.base import PublishError, Site, TargetHost

log = logging.getLogger(__name__)

AT_ONCE = 8  # places worked on side by side


class Places(Protocol):
    """How the courier gets at destinations: opened with their secrets, by whoever owns the keyring."""

    def channel(self, account_id: str) -> Channel:
        """An account's network. Raises StatusDeskError when it cannot be opened."""

    def host(self, target_id: str) -> TargetHost:
        """A target's host. Raises StatusDeskError when it cannot be opened."""

    def build(self) -> Site:
        """Render what changed and return the site. Raises StatusDeskError."""


class Courier:
    """Works off the outbox of one workspace."""

    def __init__(self, store: Store, places: Places, clock: Clock) -> None:
        self.ledger = Ledger(store, clock)
        self._places = places

    def round(self) -> int:
        """Work off everything that is due now; returns how many deliveries were tried.

        Blocks on the network; call it on a thread of its own. A fault of one place never stops another.
        """
        self.ledger.recover()
        tried = self._publish()
        accounts = self.ledger.due_destinations(DeliveryKind.POST)
        return tried + self._side_by_side([partial(self._post_all, account) for account in accounts])

    def _side_by_side(self, jobs: list[Callable[[], int]]) -> int:
        if not jobs:
            return 0
        if len(jobs) == 1:
            return jobs[0]()
        with ThreadPoolExecutor(min(AT_ONCE, len(jobs)), "courier") as pool:
            return sum(one.result() for one in [pool.submit(job) for job in jobs])

    # The page

    def _publish(self) -> int:
        claimed = {
            target: self.ledger.claim_publishes(target) for target in self.ledger.due_destinations(DeliveryKind.PUBLISH)
        }
        claimed = {target: rows for target, rows in claimed.items() if rows}
        if not claimed:
            return 0
        try:
            site = self._places.build()
        except StatusDeskError as error:
            for rows in claimed.values():
                self._later(rows, error.message, "build")
            return sum(map(len, claimed.values()))
        except Exception:
            log.exception("building the site")
            for rows in claimed.values():
                self._later(
                    rows, "The page could not be built: a fault in StatusDesk. The details are in the log.", "bug"
                )
            return sum(map(len, claimed.values()))
        return self._side_by_side([partial(self._publish_to, target, rows, site) for target, rows in claimed.items()])

    def _publish_to(self, target_id: str, rows: Sequence[Delivery], site: Site) -> int:
        ids = [row.id for row in rows]
        try:
            done = self._places.host(target_id).publish(site)
        except PublishError as error:
            if error.needs_person:
                self.ledger.failed(ids, error.message, error.code)
            else:
                self._later(rows, error.message, error.code)
        except StatusDeskError as error:
            self._refused_to_open(rows, error)
        except Exception:
            log.exception("publishing to %s", target_id)
            self._later(rows, "Publishing stopped on a fault in StatusDesk. The details are in the log.", "bug")
        else:
            self.ledger.sent(ids, verified=done.verified)
        return len(rows)

    # Posts

    def _post_all(self, account_id: str) -> int:
        tried = 0
        while (claimed := self.ledger.claim_next(account_id)) is not None:
            tried += 1
            self._post(claimed)
        return tried

    def _post(self, claimed: Claimed) -> None:
        row = claimed.delivery
        ids, attempts = [row.id], row.attempts
        post = Post(
            text=row.text,
            link=row.link,
            language=row.language,
            key=row.idempotency_key,
            created_at=row.created_at,
            first_sent_at=row.first_sent_at,
            root=self.ledger.root_post(row),
            incident_ref=row.incident_ref or "",
            seq=row.seq or 1,
        )
        try:
            channel = self._places.channel(row.destination_id)
        except StatusDeskError as error:
            if claimed.look_first:
                self._keep_doubt(row, error.message)
            else:
                self._refused_to_open([row], error)
            return
        if claimed.look_first and not self._missing(channel, post, row):
            return
        try:
            remote = channel.send(post)
        except TryLater as error:
            self.ledger.retry(ids, attempts, error.message, error.code, error.after_s)
        except NeedsPerson as error:
            self.ledger.failed(ids, error.message, error.code)
        except MaybeArrived as error:
            self.ledger.unknown(ids, attempts, error.message, error.code)
        except Exception:
            log.exception("posting to account %s", row.destination_id)
            self.ledger.unknown(ids, attempts, "Posting stopped on a fault in StatusDesk; see the log.", "bug")
        else:
            self.ledger.sent(ids, remote)

    def _missing(self, channel: Channel, post: Post, row: Delivery) -> bool:
        """Ask the network for a post that may have arrived. True only when it says that it did not."""
        try:
            remote = channel.find(post)
        except SendingError as error:
            self._keep_doubt(row, error.message)
        except Exception:
            log.exception("looking for a post of account %s", row.destination_id)
            self._keep_doubt(row, "Looking for the post stopped on a fault in StatusDesk; see the log.")
        else:
            if remote is None:
                return True
            self.ledger.sent([row.id], remote)
        return False

    def _keep_doubt(self, row: Delivery, why: str) -> None:
        self.ledger.unknown(
            [row.id], row.attempts, f"{why} Whether the post arrived is not known yet.", "not_found_out"
        )

    def _later(self, rows: Sequence[Delivery], why: str, code: str) -> None:
        self.ledger.retry([row.id for row in rows], max(row.attempts for row in rows), why, code)

    def _refused_to_open(self, rows: Sequence[Delivery], error: StatusDeskError) -> None:
        """The keyring is locked: later. The token is gone or the account is: a person must act."""
        if isinstance(error, EnvironmentFault):
            self._later(rows, error.message, "environment")
        else:
            self.ledger.failed([row.id for row in rows], error.message, "account")
