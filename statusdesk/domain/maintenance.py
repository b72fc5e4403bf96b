"""Scheduled maintenance: planned, confirmed by a person, never claimed to run because a clock says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MaintenanceState(StrEnum):
    """Where a maintenance stands; overrun is derived."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        """Work is going on, and somebody confirmed it."""
        return self in (MaintenanceState.IN_PROGRESS, MaintenanceState.VERIFYING)

    @property
    def is_over(self) -> bool:
        """Nothing more will happen."""
        return self in (MaintenanceState.COMPLETED, MaintenanceState.CANCELLED)


_M = MaintenanceState
_STEPS: dict[MaintenanceState, frozenset[MaintenanceState]] = {
    _M.SCHEDULED: frozenset({_M.SCHEDULED, _M.IN_PROGRESS, _M.CANCELLED}),
    _M.IN_PROGRESS: frozenset({_M.IN_PROGRESS, _M.VERIFYING, _M.COMPLETED}),
    _M.VERIFYING: frozenset({_M.VERIFYING, _M.IN_PROGRESS, _M.COMPLETED}),
    _M.COMPLETED: frozenset({_M.COMPLETED}),
    _M.CANCELLED: frozenset({_M.CANCELLED}),
}


def may_step(state: MaintenanceState, to: MaintenanceState) -> bool:
    """Whether a maintenance may go from one state to another; staying is always allowed (an update, a new time)."""
    return to in _STEPS[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """One planned piece of work."""

    id: str
    code: str
    ref: str
    title: str
    state: MaintenanceState
    starts_at: datetime
    ends_at: datetime
    what_stops_md: str = ""
    what_stops_html: str = ""
    max_interruption_s: int | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None
    rescheduled_from: datetime | None = None
    linked_incident: str | None = None
    published_at: datetime
    updated_at: datetime
    backfilled: bool = False
    last_seq: int = 0
    month: str = ""

    def overrun(self, now: datetime) -> bool:
        """Whether the planned end has passed while work goes on."""
        return self.state.is_active and now > self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceUpdate:
    """One published entry about a maintenance; immutable like an incident's."""

    id: str
    code: str
    maintenance_id: str
    seq: int
    state_after: MaintenanceState
    body_md: str
    body_html: str
    body_plain: str
    published_at: datetime
