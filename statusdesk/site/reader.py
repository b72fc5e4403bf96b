"""The window through which the site sees the record: public types only. The store implements it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from statusdesk.domain.audit import Changes
from statusdesk.domain.public import (
    MonthCount,
    PublicCard,
    PublicComponent,
    PublicEntry,
    PublicGroup,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicPromise,
    PublicRecord,
    PublicStep,
)


class PublicReader(Protocol):
    """One consistent view of everything public. Drills are not in it. Every list has a bound or a window.

    Lists give references: what stands behind them is asked for once, and kept as long as it does not change.
    """

    def head(self) -> int:
        """How many events the record holds at the moment of this view."""

    def changes_since(self, head: int) -> Changes | None:
        """What changed after an event; None when that is so much, or so general, that all must be built."""

    def page(self) -> PublicPage:
        """The page's own words."""

    def groups(self) -> Sequence[PublicGroup]:
        """All groups with visible components, in order."""

    def components(self) -> Sequence[PublicComponent]:
        """All visible components that are not archived, in order."""

    def open_refs(self) -> Sequence[str]:
        """Open incidents, worst first, then newest first."""

    def waiting_refs(self) -> Sequence[str]:
        """Resolved, not closed, some reporters not yet answered; newest first."""

    def refs_in_month(self, month: str) -> Sequence[str]:
        """Incidents that began in a month (YYYY-MM in the page's zone), newest first."""

    def recent_refs(self, limit: int) -> Sequence[str]:
        """The newest incidents by start, newest first."""

    def updated_refs(self, limit: int) -> Sequence[str]:
        """The incidents with the newest public updates, newest first."""

    def component_refs(self, component_id: str, limit: int) -> Sequence[str]:
        """The incidents that touched a component last, by when they did, newest first."""

    def refs(self) -> Sequence[str]:
        """All incidents, oldest first (for a full build)."""

    def incidents(self, refs: Sequence[str]) -> Sequence[PublicIncident]:
        """The incidents behind references, in any order; without those that are not there."""

    def active_maintenance_refs(self) -> Sequence[str]:
        """Maintenances that are not over (scheduled, in progress, verifying), the next one first."""

    def recent_maintenance_refs(self, limit: int) -> Sequence[str]:
        """The newest maintenances by planned start, newest first."""

    def component_maintenance_refs(self, component_id: str, limit: int) -> Sequence[str]:
        """The newest maintenances that name a component, newest first."""

    def maintenance_refs_in_month(self, month: str) -> Sequence[str]:
        """Maintenances planned to begin in a month, newest first."""

    def maintenance_refs(self) -> Sequence[str]:
        """All maintenances, oldest first (for a full build)."""

    def maintenances(self, refs: Sequence[str]) -> Sequence[PublicMaintenance]:
        """The maintenances behind references, in any order; without those that are not there."""

    def months(self) -> Sequence[MonthCount]:
        """Every month that holds something, newest first."""

    def entries_since(self, since: datetime) -> Sequence[PublicEntry]:
        """Every stretch of trouble or maintenance that reaches beyond an instant, oldest first."""

    def steps(self, limit: int) -> Sequence[PublicStep]:
        """Prevention steps: unfinished ones by date, then finished ones newest first."""

    def cards(self) -> Sequence[PublicCard]:
        """Consented, not revoked contact cards, the soonest to end first; also those that are over by now."""

    def broken_promises(self, limit: int) -> Sequence[PublicPromise]:
        """The promises that were late or moved, the one settled last first."""

    def record(self, today: date) -> PublicRecord:
        """Promises and estimates of the 90 days up to and with a day in the page's zone."""
