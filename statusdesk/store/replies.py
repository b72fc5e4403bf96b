"""The statements about replies to our posts: which threads to read, what was read, and what is too old to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from statusdesk.domain.delivery import DeliveryKind, DeliveryState, RemotePost
from statusdesk.domain.replies import Reply
from statusdesk.errors import NotFound
from statusdesk.store import tables as t
from statusdesk.store.rows import make, values
from statusdesk.store.writer import Writer

_ARRIVED = (DeliveryState.SENT, DeliveryState.VERIFIED)


class ReplyBook(Writer):
    """Replies on one connection."""

    def threads(self, account_id: str, since: datetime, limit: int) -> Mapping[str, tuple[str, str, RemotePost]]:
        """The threads of an account that are worth reading, newest first: incident's id, its ref, the root post."""
        d = t.deliveries.c
        query = (
            sa.select(d.incident_id, d.incident_ref, d.remote_id, d.remote_url, d.created_at)
            .where(
                d.destination_id == account_id,
                d.kind == DeliveryKind.POST,
                d.state.in_(_ARRIVED),
                d.remote_id.is_not(None),
                d.created_at >= since,
            )
            .order_by(d.event_head, d.id)
        )
        roots: dict[str, tuple[str, str, RemotePost]] = {}
        for row in self.sql.execute(query):
            roots.setdefault(row[0], (row[0], row[1], RemotePost(id=row[2], url=row[3])))
        newest = list(roots.values())[-limit:]
        return {root.id: (incident_id, ref, root) for incident_id, ref, root in reversed(newest)}

    def newest_reply(self, account_id: str) -> datetime | None:
        """When the newest reply we know of was written."""
        r = t.reply_rows.c
        query = sa.select(sa.func.max(r.at)).where(r.account_id == account_id)
        return self.sql.execute(query).scalar_one_or_none()

    def add_new_replies(self, found: Sequence[Reply]) -> int:
        """Keep those that are not known yet; returns how many."""
        r = t.reply_rows.c
        added = 0
        for one in found:
            known = sa.select(r.id).where(r.account_id == one.account_id, r.remote_id == one.remote_id)
            if self.sql.execute(known).first() is None:
                self.sql.execute(sa.insert(t.reply_rows).values(values(t.reply_rows, one)))
                added += 1
        return added

    def replies(
        self, incident_id: str | None = None, *, unhandled: bool = False, limit: int = 500
    ) -> tuple[Reply, ...]:
        """Replies, newest first."""
        r = t.reply_rows.c
        query = sa.select(t.reply_rows).order_by(r.at.desc(), r.id.desc()).limit(limit)
        if incident_id is not None:
            query = query.where(r.incident_id == incident_id)
        if unhandled:
            query = query.where(r.handled_as.is_(None))
        return tuple(make(Reply, row) for row in self.sql.execute(query))

    def reply(self, id_: str) -> Reply:
        """One reply. Raises NotFound."""
        row = self.sql.execute(sa.select(t.reply_rows).where(t.reply_rows.c.id == id_)).one_or_none()
        if row is None:
            raise NotFound("That reply is not there any more: replies are erased after 90 days.", field="reply")
        return make(Reply, row)

    def change_reply(self, id_: str, **columns: Any) -> None:
        """Some columns of a reply."""
        self.sql.execute(sa.update(t.reply_rows).where(t.reply_rows.c.id == id_).values(columns))

    def erase_replies(self, before: datetime) -> int:
        """Erase what was written, or read, before a time; returns how many."""
        r = t.reply_rows.c
        old = sa.or_(r.at < before, r.read_at < before)
        return int(self.sql.execute(sa.delete(t.reply_rows).where(old)).rowcount)
