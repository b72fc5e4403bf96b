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
    """One consistent view of everything public. Drills are not in it. Every list has a bound or a window."""

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

    def open_incidents(self) -> Sequence[PublicIncident]:
        """Open incidents, worst first, then newest first."""

    def waiting_incidents(self) -> Sequence[PublicIncident]:
        """Resolved, not closed, some reporters not yet answered; newest first."""

    def incident(self, ref: str) -> PublicIncident | None:
        """One incident by its reference."""

    def incidents_in_month(self, month: str) -> Sequence[PublicIncident]:
        """Incidents that began in a month (YYYY-MM in the page's zone), newest first."""

    def recent_incidents(self, limit: int) -> Sequence[PublicIncident]:
        """The newest incidents by start, newest first."""

    def recently_updated(self, limit: int) -> Sequence[PublicIncident]:
        """The incidents with the newest public updates, newest first."""

    def component_incidents(self, component_id: str, limit: int) -> Sequence[PublicIncident]:
        """The newest incidents that touched a component, newest first."""

    def active_maintenances(self) -> Sequence[PublicMaintenance]:
        """Maintenances that are not over (scheduled, in progress, verifying), the next one first."""

    def recent_maintenances(self, limit: int) -> Sequence[PublicMaintenance]:
        """The newest maintenances by planned start, newest first."""

    def component_maintenances(self, component_id: str, limit: int) -> Sequence[PublicMaintenance]:
        """The newest maintenances that name a component, newest first."""

    def maintenance(self, ref: str) -> PublicMaintenance | None:
        """One maintenance by its reference."""

    def maintenances_in_month(self, month: str) -> Sequence[PublicMaintenance]:
        """Maintenances planned to begin in a month, newest first."""

    def months(self) -> Sequence[MonthCount]:
        """Every month that holds something, newest first."""

    def refs(self) -> Sequence[str]:
        """The references of all incidents, oldest first (for a full build)."""

    def maintenance_refs(self) -> Sequence[str]:
        """The references of all maintenances, oldest first (for a full build)."""

    def entries_since(self, since: datetime) -> Sequence[PublicEntry]:
        """Every stretch of trouble or maintenance that reaches beyond an instant, oldest first."""

    def steps(self, limit: int) -> Sequence[PublicStep]:
        """Prevention steps: unfinished ones by date, then finished ones newest first."""

    def cards(self) -> Sequence[PublicCard]:
        """Consented, not revoked contact cards, the soonest to end first; also those that are over by now."""

    def promises(self, limit: int) -> Sequence[PublicPromise]:
        """The promises settled last, newest first."""

    def broken_promises(self, limit: int) -> Sequence[PublicPromise]:
        """Those of them that were late or moved, newest first."""

    def record(self, today: date) -> PublicRecord:
        """Promises and estimates of the 90 days up to and with a day in the page's zone."""
