"""The statements of the outbox: which deliveries wait, in which order, and how one changes.

Every change says what the row must still be (`seen`): two couriers, or a courier and a click, never overwrite each
other. On PostgreSQL a claim does not wait for the page's lock, so this is all that stands between them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState, RemotePost
from statusdesk.domain.incident import UpdateKind
from statusdesk.domain.promise import NextUpdatePromise, PromiseState
from statusdesk.store import tables as t
from statusdesk.store.reader import Reader
from statusdesk.store.rows import make, make_delivery

_OPEN = (DeliveryState.QUEUED, DeliveryState.RETRY_WAIT, DeliveryState.SENDING, DeliveryState.UNKNOWN)

_ARRIVED = (DeliveryState.SENT, DeliveryState.VERIFIED)


class Outbox(Reader):
    """Deliveries on one connection."""

    def sending(self) -> Sequence[Delivery]:
        """Rows that some courier holds, or held."""
        return self.deliveries(states=(DeliveryState.SENDING,))

    def open_rows(self, kind: DeliveryKind | None = None) -> Sequence[Delivery]:
        """Rows on which something is still to be done by itself, oldest first."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(d.state.in_(_OPEN)).order_by(d.event_head, d.id)
        if kind is not None:
            query = query.where(d.kind == kind)
        return [make_delivery(row) for row in self.sql.execute(query)]

    def open_posts(self, account_id: str) -> Sequence[Delivery]:
        """An account's rows on which something is still to be done, oldest first."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(d.destination_id == account_id, d.state.in_(_OPEN))
        return [make_delivery(row) for row in self.sql.execute(query.order_by(d.event_head, d.id))]

    def lock(self, id_: str) -> Delivery | None:
        """A row, held until the transaction ends; None when another courier just takes it, or it is gone."""
        query = sa.select(t.deliveries).where(t.deliveries.c.id == id_).with_for_update(skip_locked=True)
        row = self.sql.execute(query).one_or_none()
        return None if row is None else make_delivery(row)

    def publishes(self, target_id: str) -> Sequence[Delivery]:
        """What a publish of a target would answer: its open rows, and those that failed before. Held until the end."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(
            d.destination_id == target_id, d.state.in_((*_OPEN, DeliveryState.FAILED)), d.kind == DeliveryKind.PUBLISH
        )
        return [make_delivery(row) for row in self.sql.execute(query.order_by(d.event_head, d.id).with_for_update())]

    def is_outdated(self, row: Delivery) -> bool:
        """Whether the update of a post was corrected or taken back, or a later one has news.

        News do not mend what is out: a correction of it, or a retraction, is never too old. Of words that turned out
        not to be there, nothing needs to be taken back.
        """
        u = t.updates.c
        before = self.said_before(row)
        later = sa.and_(u.seq > row.seq, u.kind.not_in((UpdateKind.CORRECTION, UpdateKind.RETRACTION)))
        if any(one.state.maybe_out for one in before):
            later = sa.false()
        elif before and all(one.state is DeliveryState.SUPERSEDED for one in before):
            later = sa.or_(later, sa.and_(u.id == row.update_id, u.kind == UpdateKind.RETRACTION))
        query = sa.select(u.id).where(u.incident_id == row.incident_id, sa.or_(u.corrects_seq == row.seq, later))
        return self.sql.execute(query.limit(1)).first() is not None

    def mended_post(self, row: Delivery) -> RemotePost | None:
        """The post whose words a correction or a retraction mends, where it is out on the same account."""
        out = (one.remote for one in self.said_before(row) if one.state.arrived and one.remote is not None)
        return next(out, None)

    def leading_targets(self) -> Sequence[str]:
        """The targets whose showing a post waits for: those at the page's own address, else any that is online."""
        base, known = self.page().base_url.rstrip("/"), self.targets()
        # A host without an address of its own shows the page's; a folder without one is this computer's alone.
        shows = {one.id: one.public_url.rstrip("/") or (base if one.kind != "folder" else "") for one in known}
        at_base = [id_ for id_, address in shows.items() if base and address == base]
        return at_base or [id_ for id_, address in shows.items() if address] or list(shows)

    def held_posts(self) -> Sequence[Delivery]:
        """Posts that wait until the page shows what they say."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(
            d.kind == DeliveryKind.POST, d.state == DeliveryState.QUEUED, d.next_try_at.is_not(None)
        )
        return [make_delivery(row) for row in self.sql.execute(query)]

    def to_see(self, target_id: str | None = None) -> Sequence[Delivery]:
        """Publishes that went out and were not yet seen at their public address, oldest first."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(
            d.kind == DeliveryKind.PUBLISH, d.state == DeliveryState.SENT, d.next_try_at.is_not(None)
        )
        if target_id is not None:
            query = query.where(d.destination_id == target_id)
        return [make_delivery(row) for row in self.sql.execute(query.order_by(d.event_head, d.id))]

    def publishes_of(self, post: Delivery, targets: Collection[str]) -> Sequence[Delivery]:
        """The publishes that carry a post's own words to these targets."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(
            d.update_id == post.update_id, d.destination_id.in_(targets), d.kind == DeliveryKind.PUBLISH
        )
        return [make_delivery(row) for row in self.sql.execute(query)]

    def kept_and_shown(self, since: datetime) -> Sequence[tuple[str, str, NextUpdatePromise, datetime]]:
        """Promises kept since a time whose words were seen on the page: incident's id and ref, promise, when first."""
        p, d, leading = t.promises.c, t.deliveries.c, self.leading_targets()
        query = (
            sa.select(t.promises, d.incident_ref, sa.func.min(d.updated_at).label("shown_at"))
            .join(t.deliveries, sa.and_(d.incident_id == p.incident_id, d.seq == p.settled_seq))
            .where(
                p.state == PromiseState.KEPT,
                p.settled_at >= since,
                d.kind == DeliveryKind.PUBLISH,
                d.state == DeliveryState.VERIFIED,
                d.destination_id.in_(leading),
            )
            .group_by(*t.promises.c, d.incident_ref)
        )
        return [
            (row.incident_id, row.incident_ref, make(NextUpdatePromise, row), row.shown_at)
            for row in self.sql.execute(query)
        ]

    def anything_left_us(self, since: datetime, until: datetime) -> bool:
        """Whether a word reached some place beyond this computer in that time: then our own line worked."""
        d = t.deliveries.c
        outside = sa.or_(
            sa.and_(d.kind == DeliveryKind.POST, d.remote_id.is_not(None), d.remote_url.not_like("file:%")),
            sa.and_(d.kind == DeliveryKind.PUBLISH, d.remote_url.like("http%")),
        )
        query = sa.select(d.id).where(d.state.in_(_ARRIVED), d.updated_at.between(since, until), outside)
        return self.sql.execute(query.limit(1)).first() is not None

    def verify(self, target_id: str, upto_head: int, now: datetime) -> int:
        """The public address shows this much of the record: all that went there before is shown, too. Counts them."""
        d = t.deliveries.c
        mine = sa.update(t.deliveries).where(
            d.destination_id == target_id,
            d.kind == DeliveryKind.PUBLISH,
            d.state == DeliveryState.SENT,
            d.event_head <= upto_head,
        )
        shown = {"state": DeliveryState.VERIFIED, "next_try_at": None, "error": "", "error_code": "", "note": ""}
        return int(self.sql.execute(mine.values(updated_at=now, **shown)).rowcount)

    def change(self, seen: Delivery, now: datetime, **columns: Any) -> Delivery | None:
        """Change a row, if it still is as it was seen; returns it as it is then, or None."""
        d = t.deliveries.c
        still = sa.update(t.deliveries).where(
            d.id == seen.id, d.state == seen.state, d.lease_owner == seen.lease_owner, d.attempts == seen.attempts
        )
        if not self.sql.execute(still.values(updated_at=now, **columns)).rowcount:
            return None
        return self.delivery(seen.id)

    def finish(self, ids: Collection[str], owner: str, now: datetime, **columns: Any) -> int:
        """Change rows that a courier holds; those that it does not hold any more stay as they are. Counts them."""
        d = t.deliveries.c
        mine = sa.update(t.deliveries).where(d.id.in_(ids), d.state == DeliveryState.SENDING, d.lease_owner == owner)
        return int(self.sql.execute(mine.values(updated_at=now, **columns)).rowcount)
