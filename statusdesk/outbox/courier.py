"""The courier: works off what is due. The page first, then the posts; in order per place, side by side across places.

It knows no window and no clock of its own: a desktop calls `round` from a timer, `statusdeskctl deliver` from a loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Protocol

from statusdesk.channels.base import Channel, Post
from statusdesk.clock import Clock
from statusdesk.domain.delivery import Delivery
from statusdesk.errors import EnvironmentFault, NotFound, StatusDeskError
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.outbox.enqueue import TURNED_OFF
from statusdesk.outbox.ledger import LEASE, Claimed, Ledger
from statusdesk.store import Store
from statusdesk.targets.base import Site, TargetHost

log = logging.getLogger(__name__)

AT_ONCE = 16  # places worked on side by side
LOOK_AGAIN_S = 0.5  # while a slow place is at it, others may get something to do


class Places(Protocol):
    """How the courier gets at destinations: opened with their secrets, by whoever owns the keyring."""

    def channel(self, account_id: str) -> Channel:
        """An account's network. Raises StatusDeskError when it cannot be opened."""

    def host(self, target_id: str) -> TargetHost:
        """A target's host. Raises StatusDeskError when it cannot be opened."""

    def public_url(self, target_id: str) -> str:
        """Where readers find what a target holds; empty when nobody said so. Raises NotFound."""

    def seen_build(self, url: str) -> str:
        """The id of the build that readers get at an address now. Raises SendingError, StatusDeskError."""

    def picture(self, incident_ref: str) -> Path | None:
        """An incident's card in the built site, if it has one."""

    def out_of_reach(self) -> Container[str]:
        """Targets that only another computer can publish to."""

    def build(self) -> Site:
        """Render what changed and return the site. Raises StatusDeskError."""


class Courier:
    """Works off the outbox of one workspace."""

    def __init__(self, store: Store, places: Places, clock: Clock) -> None:
        self.ledger = Ledger(store, clock)
        self._places = places

    def round(self, told: Callable[[], None] = lambda: None) -> int:
        """Work off everything that is due, also what becomes due meanwhile; returns how many deliveries were tried.

        Blocks on the network; call it on a thread of its own. A fault of one place never stops another, and a slow one
        holds up nobody. `told` is called after each place that was worked on.
        """
        self.ledger.recover()
        tried = 0
        with ThreadPoolExecutor(AT_ONCE, "courier") as pool:
            running: dict[Future[int], str] = {}
            broken: set[str] = set()
            while True:
                for place, job in self._jobs({*running.values(), *broken}):
                    running[pool.submit(job)] = place
                if not running:
                    return tried
                done, _ = wait(running, timeout=LOOK_AGAIN_S, return_when=FIRST_COMPLETED)
                for one in done:
                    place = running.pop(one)
                    try:
                        tried += one.result()
                    except EnvironmentFault:  # the store: without it nobody can go on
                        raise
                    except Exception:
                        log.exception("working on %s", place)
                        broken.add(place)  # until the next round, where what it had in hand is looked into
                    told()

    def _jobs(self, busy: Collection[str]) -> Iterator[tuple[str, Callable[[], int]]]:
        """What is to be done now at places where nothing is under way: publish, look at the page, post."""
        yield from self._publishes(busy)
        for target, url in self.ledger.unseen_targets().items():
            if target not in busy:
                yield target, partial(self._see, target, url)
        self.ledger.release()
        for account in self.ledger.due_accounts():
            if account not in busy:
                yield account, partial(self._post_all, account)

    def next_due(self) -> datetime | None:
        """When another round is worth it; None when nothing waits that can be sent from here."""
        return self.ledger.next_due(self._places.out_of_reach())

    def close(self) -> None:
        """No more rounds."""
        self.ledger.holder.close()

    # The page

    def _publishes(self, busy: Collection[str]) -> Iterator[tuple[str, Callable[[], int]]]:
        """One build for all targets that wait, and a job for each of them."""
        far = self._places.out_of_reach()
        claimed: list[tuple[str, Sequence[Delivery], ExitStack]] = []
        for target in self.ledger.due_targets():
            if target in far or target in busy:
                continue
            in_hand = ExitStack()
            rows = in_hand.enter_context(self.ledger.claim_publishes(target))
            if rows:
                claimed.append((target, rows, in_hand))
        if not claimed:
            return
        site = self._built([row for _target, rows, _in_hand in claimed for row in rows])
        for target, rows, in_hand in claimed:
            if site is None:
                in_hand.close()
            else:
                yield target, partial(self._publish_held, in_hand, target, rows, site)

    def _publish_held(self, in_hand: ExitStack, target_id: str, rows: Sequence[Delivery], site: Site) -> int:
        with in_hand:
            return self._publish_to(target_id, rows, site)

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
            named = self._places.public_url(target_id)  # before: the target may be removed while it is at it
            done = self._places.host(target_id).publish(replace(site, progress=self._lease_kept(ids)))
        except NeedsPerson as error:
            self.ledger.failed(ids, error.message, error.code)
        except SendingError as error:  # also what may have arrived: publishing compares before it writes
            after_s = error.after_s if isinstance(error, TryLater) else None
            self._later(rows, error.message, error.code, after_s)
        except NotFound:
            self.ledger.cancelled(ids, "The target was removed.")
        except StatusDeskError as error:
            self._refused_to_open(rows, error)
        except Exception:
            log.exception("publishing to %s", target_id)
            self._later(rows, "Publishing stopped on a fault in StatusDesk. The details are in the log.", "bug")
        else:
            # A host may know its own address where nobody named one; a file's is for this computer's people alone.
            url = named or done.url
            if url.startswith(("https://", "http://")):
                self.ledger.published(ids, site.build_id, url)
            else:
                self.ledger.sent(ids, verified=done.verified)
        return len(rows)

    def _lease_kept(self, ids: Sequence[str]) -> Callable[[int, int], None]:
        """What a host calls while it works: a publish may take longer than a lease."""
        renewed = monotonic()

        def progress(_done: int, _total: int) -> None:
            nonlocal renewed
            if monotonic() - renewed > LEASE.total_seconds() / 5:
                renewed = monotonic()
                if not self.ledger.renew(ids):
                    raise TryLater("Another desk publishes there now.", code="lease")

        return progress

    def _see(self, target_id: str, url: str) -> int:
        """Read the page back from where readers get it. A login page that answers 200 shows no build of ours."""
        try:
            build, fault = self._places.seen_build(url), ""
        except (SendingError, StatusDeskError) as error:
            build, fault = "", error.message
        self.ledger.seen(
            target_id, build, fault or "The public address still shows an older page. It is looked at again."
        )
        return 1

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
            last_tried_at=claimed.last_tried_at,
            words=row.words,
            root=self.ledger.root_post(row),
            mends=self.ledger.mended_post(row),
            picture=self._places.picture(row.incident_ref or ""),
            incident_ref=row.incident_ref or "",
            seq=row.seq or 1,
        )
        if claimed.look_first and not self._missing(channel, post, row):
            return
        if self.ledger.is_outdated(row):  # mended or overtaken while it was in somebody's hands
            self.ledger.superseded(ids)
            return
        if self.ledger.is_turned_off(row.destination_id):  # while it was under way, or in doubt
            self.ledger.cancelled(ids, TURNED_OFF)
            return
        if not self.ledger.renew(ids):  # the looking took so long that another courier is at it now
            return
        row = self.ledger.say_late(row)
        try:
            remote = channel.send(replace(post, text=row.text, words=row.words))
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
        except CannotTell as error:
            self.ledger.undecided([row.id], error.message)
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
