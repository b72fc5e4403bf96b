"""How every component stands: the one place where its status is derived, for the desk and for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from statusdesk.domain.component import ComponentStatus, status_of
from statusdesk.store import tables as t

_e, _i = t.entries.c, t.incidents.c
_HELD = (
    sa.select(_e.component_id, _e.status, _e.to_at)
    .select_from(t.entries.outerjoin(t.incidents, _e.incident_id == _i.id))
    .where(_e.to_at.is_(None), sa.or_(_i.id.is_(None), _i.drill.is_(sa.false())))
)


def statuses(sql: sa.Connection) -> Mapping[str, ComponentStatus]:
    """By id, the status of each component that something holds; all others are operational. Drills hold nothing."""
    held: dict[str, list[Any]] = defaultdict(list)
    for row in sql.execute(_HELD):
        held[row.component_id].append(row)
    return {id_: status_of(rows) for id_, rows in held.items()}
