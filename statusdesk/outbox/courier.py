"""The courier: works off what is due. The page first, then the posts; in order per place, side by side across places.

It knows no window and no clock of its own: a desktop calls `round` from a timer, `statusdeskctl deliver` from a loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import Protocol

from statusdesk.channels.base import Channel, Post
from statusdesk.clock import Clock
from statusdesk.domain.delivery import Delivery
from statusdesk.errors import EnvironmentFault, NotFound, StatusDeskError
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.outbox.ledger import Claimed, Ledger
from statusdesk.store import Store
from statusdesk.targets.base import Site, TargetHost

log = logging.getLogger(__name__)

AT_ONCE = 8  # places worked on side by side


class Places(Protocol):
    """How the courier gets at destinations: opened with their secrets, by whoever owns the keyring."""

    def channel(self, account_id: str) -> Channel:
        """An account's network. Raises StatusDeskError when it cannot be opened."""

    def host(self, target_id: str) -> TargetHost:
        """A target's host. Raises StatusDeskError when it cannot be opened."""

    def out_of_reach(self) -> Container[str]:
        """Targets that only another computer can publish to."""

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
        accounts = self.ledger.due_accounts()
        return tried + self._side_by_side([partial(self._post_all, account) for account in accounts])

    def next_due(self) -> datetime | None:
        """When another round is worth it; None when nothing waits that can be sent from here."""
        return self.ledger.next_due(self._places.out_of_reach())

    def close(self) -> None:
        """No more rounds."""
        self.ledger.holder.close()

    def _side_by_side(self, jobs: Sequence[Callable[[], int]]) -> int:
        if not jobs:
            return 0
        if len(jobs) == 1:
            return jobs[0]()
        with ThreadPoolExecutor(min(AT_ONCE, len(jobs)), "courier") as pool:
            return sum(one.result() for one in [pool.submit(job) for job in jobs])

    # The page

    def _publish(self) -> int:
        far = self._places.out_of_reach()
        due = [target for target in self.ledger.due_targets() if target not in far]
        if not due:
            return 0
        with ExitStack() as in_hand:
            claimed = {target: in_hand.enter_context(self.ledger.claim_publishes(target)) for target in due}
            claimed = {target: rows for target, rows in claimed.items() if rows}
            if not claimed:
                return 0
            site = self._built([row for rows in claimed.values() for row in rows])
            if site is None:
                return len(due)
            jobs = [partial(self._publish_to, target, rows, site) for target, rows in claimed.items()]
            return self._side_by_side(jobs)

    def _built(self, rows: Sequence[Delivery]) -> Site | None:
        """The newest site, or None when it cannot be built: then all who wait for it wait longer."""
        try:
            return self._places.build()
        except StatusDeskError as error:
            self._later(rows, error.message, "build")
        except Exception:
            log.exception("building the site")
            self._later(rows, "The page could not be built: a fault in StatusDesk. The details are in the log.", "bug")
        return None

    def _publish_to(self, target_id: str, rows: Sequence[Delivery], site: Site) -> int:
        ids = [row.id for row in rows]
        try:
            done = self._places.host(target_id).publish(site)
        except NeedsPerson as error:
            self.ledger.failed(ids, error.message, error.code)
        except SendingError as error:  # also what may have arrived: publishing compares before it writes
            wait = error.after_s if isinstance(error, TryLater) else None
            self._later(rows, error.message, error.code, wait)
        except NotFound:
            self.ledger.cancelled(ids, "The target was removed.")
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
        # Opened before anything is claimed: a key store may ask its user, and no lease should run meanwhile.
        channel: Channel | StatusDeskError
        try:
            channel = self._places.channel(account_id)
        except StatusDeskError as error:
            channel = error
        tried = 0
        while True:
            with self.ledger.claim_next(account_id) as claimed:
                if claimed is None:
                    return tried
                tried += 1
                if isinstance(channel, StatusDeskError):
                    self._not_opened(claimed, channel)
                else:
                    self._post(claimed, channel)

    def _not_opened(self, claimed: Claimed, error: StatusDeskError) -> None:
        if isinstance(error, NotFound):
            doubt = " Whether it arrived is not known." if claimed.look_first else ""
            self.ledger.cancelled([claimed.delivery.id], f"The account was removed.{doubt}")
        elif claimed.look_first:
            self._keep_doubt(claimed.delivery, error.message)
        else:
            self._refused_to_open([claimed.delivery], error)

    def _post(self, claimed: Claimed, channel: Channel) -> None:
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
        if claimed.look_first and not self._missing(channel, post, row):
            return
        if self.ledger.is_outdated(row):  # mended or overtaken while it was in somebody's hands
            self.ledger.superseded(ids)
            return
        if not self.ledger.renew(row):  # the looking took so long that another courier is at it now
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

    def _later(self, rows: Sequence[Delivery], why: str, code: str, after_s: float | None = None) -> None:
        self.ledger.retry([row.id for row in rows], max(row.attempts for row in rows), why, code, after_s)

    def _refused_to_open(self, rows: Sequence[Delivery], error: StatusDeskError) -> None:
        """The keyring is locked: later. The token is gone or the account is: a person must act."""
        if isinstance(error, EnvironmentFault):
            self._later(rows, error.message, "environment")
        else:
            self.ledger.failed([row.id for row in rows], error.message, "account")
