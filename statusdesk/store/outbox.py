"""The statements of the outbox: which deliveries wait, in which order, and how one changes under a lease."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState
from statusdesk.store import tables as t
from statusdesk.store.reader import Reader
from statusdesk.store.rows import make_delivery

_OPEN = (DeliveryState.QUEUED, DeliveryState.RETRY_WAIT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
_DUE = (DeliveryState.QUEUED, DeliveryState.RETRY_WAIT, DeliveryState.UNKNOWN)


class Outbox(Reader):
    """Deliveries on one connection."""

    def sending(self) -> Sequence[Delivery]:
        """Rows that some courier holds, or held."""
        return self.deliveries(states=(DeliveryState.SENDING,))

    def due_destinations(self, kind: DeliveryKind, now: datetime) -> Sequence[str]:
        """Destinations with a waiting row that is due, in the order of their oldest."""
        d = t.deliveries.c
        query = (
            sa.select(d.destination_id)
            .where(d.kind == kind, d.state.in_(_DUE), sa.or_(d.next_try_at.is_(None), d.next_try_at <= now))
            .group_by(d.destination_id)
            .order_by(sa.func.min(d.event_head))
        )
        return self.sql.execute(query).scalars().all()

    def next_due(self) -> datetime | None:
        """The earliest time at which a row may be sent or a lease ends; None when nothing waits."""
        d = t.deliveries.c
        when = sa.case(
            (d.state == DeliveryState.SENDING, d.lease_until), else_=sa.func.coalesce(d.next_try_at, d.created_at)
        )
        found: datetime | None = self.sql.execute(
            sa.select(sa.func.min(when, type_=t.Instant())).where(d.state.in_(_OPEN))
        ).scalar()
        return found

    def waiting(self, destination_id: str) -> Sequence[Delivery]:
        """All open rows of a destination, oldest first, locked against other couriers."""
        d = t.deliveries.c
        query = sa.select(t.deliveries).where(d.destination_id == destination_id, d.state.in_(_OPEN))
        query = query.order_by(d.event_head, d.id)
        return [make_delivery(row) for row in self.sql.execute(query.with_for_update())]

    def oldest_waiting(self, destination_id: str) -> Delivery | None:
        """The oldest open row of a destination; None when there is none, or another courier just takes it."""
        d = t.deliveries.c
        oldest = (
            sa.select(d.id)
            .where(d.destination_id == destination_id, d.state.in_(_OPEN))
            .order_by(d.event_head, d.id)
            .limit(1)
            .scalar_subquery()
        )
        query = sa.select(t.deliveries).where(d.id == oldest).with_for_update(skip_locked=True)
        row = self.sql.execute(query).one_or_none()
        return None if row is None or row.state not in _OPEN else make_delivery(row)

    def change(self, id_: str, now: datetime, **columns: Any) -> Delivery:
        """Change a row and return it as it is then."""
        query = sa.update(t.deliveries).where(t.deliveries.c.id == id_)
        self.sql.execute(query.values(updated_at=now, **columns))
        return self.delivery(id_)

    def finish(self, ids: Collection[str], owner: str, now: datetime, **columns: Any) -> None:
        """End the claims of one courier; rows that it does not hold any more stay as they are."""
        d = t.deliveries.c
        mine = sa.update(t.deliveries).where(d.id.in_(ids), d.state == DeliveryState.SENDING, d.lease_owner == owner)
        self.sql.execute(mine.values(updated_at=now, **columns))
