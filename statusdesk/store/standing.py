"""How every component stands: the one place where its status is derived, for the desk and for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from statusdesk.domain.component import ComponentStatus, status_of
from statusdesk.store import tables as t


def statuses(sql: sa.Connection) -> Mapping[str, ComponentStatus]:
    """By id, the status of each component that something holds; all others are operational. Drills hold nothing."""
    e, i = t.entries.c, t.incidents.c
    held: dict[str, list[Any]] = defaultdict(list)
    for row in sql.execute(
        sa.select(e.component_id, e.status, e.to_at)
        .select_from(t.entries.outerjoin(t.incidents, e.incident_id == i.id))
        .where(e.to_at.is_(None), sa.or_(i.id.is_(None), i.drill.is_(sa.false())))
    ):
        held[row.component_id].append(row)
    return {id_: status_of(rows) for id_, rows in held.items()}
