"""History from elsewhere, in our words: what every importer makes, and the report of what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState
from statusdesk.domain.maintenance import MaintenanceState


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was not taken as it was, or not at all, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastComponent:
    """A component of the source. `key` is its id there; `gone`: it no longer exists, only history names it."""

    key: str
    name: str
    description: str = ""
    group: str = ""
    created_at: datetime
    gone: bool = False

    def digest(self) -> str:
        """A fingerprint of what people see of it."""
        return _digest([self.name, self.description, self.group])


@dataclass(frozen=True, slots=True, kw_only=True)
class PastUpdate:
    """A published entry, its text as Markdown."""

    code: str
    at: datetime
    state: IncidentState
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStretch:
    """A component was in a status from when to when (None: still)."""

    component: str
    status: ComponentStatus
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncident:
    """An incident of the source; updates oldest first, never before one another."""

    key: str
    title: str
    impact: Impact
    state: IncidentState
    started_at: datetime
    resolved_at: datetime | None
    updates: tuple[PastUpdate, ...]
    stretches: tuple[PastStretch, ...]

    def digest(self) -> str:
        """A fingerprint of everything in it, to see at the next import whether it changed."""
        return _digest(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMaintenanceUpdate:
    """A published entry about a maintenance, its text as Markdown."""

    code: str
    at: datetime
    state: MaintenanceState
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMaintenance:
    """A maintenance of the source; updates oldest first."""

    key: str
    title: str
    state: MaintenanceState
    starts_at: datetime
    ends_at: datetime
    actual_start: datetime | None
    actual_end: datetime | None
    published_at: datetime
    components: tuple[str, ...]
    updates: tuple[PastMaintenanceUpdate, ...]

    def digest(self) -> str:
        """A fingerprint of everything in it."""
        return _digest(asdict(self))


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything one source holds. `source` names it for ever: the same source read again is recognised by it."""

    source: str
    components: Sequence[PastComponent]
    incidents: Sequence[PastIncident]
    maintenances: Sequence[PastMaintenance]
    adjusted: Sequence[Remark] = ()
    skipped: Sequence[Remark] = ()


@dataclass(slots=True)
class Report:
    """What became of it. Each thing read is new, changed, the same, or skipped; `adjusted` ones are kept, altered."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    incidents: int = 0
    maintenances: int = 0
    components: int = 0
    skipped: list[Remark] = field(default_factory=list)
    adjusted: list[Remark] = field(default_factory=list)
