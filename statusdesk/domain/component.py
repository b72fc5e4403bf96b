"""Components: what customers use, in their words, with a status that only incidents and maintenance change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ComponentKind(StrEnum):
    """A service customers use, a way to reach us (F23), or a supplier we depend on."""

    SERVICE = "service"
    SUPPORT_CHANNEL = "support_channel"
    SUPPLIER = "supplier"


class ComponentStatus(StrEnum):
    """The five states of the field, in Statuspage's own words."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"

    @property
    def rank(self) -> int:
        """0 is best. Maintenance never masks a problem, so it ranks below every trouble."""
        return _RANKS[self]

    @property
    def is_trouble(self) -> bool:
        """Whether something does not work that should."""
        return self.rank >= ComponentStatus.DEGRADED_PERFORMANCE.rank


_RANKS = {status: rank for rank, status in enumerate(ComponentStatus)}


def worst(statuses: Iterable[ComponentStatus]) -> ComponentStatus:
    """The worst of some statuses; operational when there is none."""
    return max(statuses, key=lambda s: s.rank, default=ComponentStatus.OPERATIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentGroup:
    """A heading over components."""

    id: str
    name: str
    position: int
    collapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What customers use. Its status is not kept here: it is the worst of the open entries (`ComponentEntry`)."""

    id: str
    code: str
    slug: str
    name: str
    description: str = ""
    customer_words: tuple[str, ...] = ()
    kind: ComponentKind = ComponentKind.SERVICE
    supplier_name: str = ""
    group_id: str | None = None
    position: int = 0
    visible: bool = True
    created_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentEntry:
    """From when to when an incident or a maintenance put a component into a status. `to_at` None: still."""

    component_id: str
    status: ComponentStatus
    from_at: datetime
    to_at: datetime | None = None
    incident_id: str | None = None
    maintenance_id: str | None = None


class _Stretch(Protocol):
    @property
    def status(self) -> ComponentStatus: ...
    @property
    def to_at(self) -> datetime | None: ...


def status_of(entries: Iterable[_Stretch]) -> ComponentStatus:
    """Invariant 1: the worst of the open entries."""
    return worst(entry.status for entry in entries if entry.to_at is None)
