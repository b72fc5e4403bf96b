"""What the desk shows its own people: read models with internal fields. Nothing here goes to the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from statusdesk.domain.component import Component, ComponentEntry, ComponentGroup, ComponentStatus
from statusdesk.domain.delivery import Account, Delivery, DeliveryState, Target
from statusdesk.domain.incident import (
    CauseStatement,
    EtaStatement,
    Impact,
    Incident,
    IncidentState,
    IncidentUpdate,
    PreventionStep,
)
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Page
from statusdesk.domain.people import Callback, FollowUp
from statusdesk.domain.promise import NextUpdatePromise, PromiseRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One line of a list of incidents. `due_at` is the open promise, `trouble` counts failed and unknown deliveries."""

    ref: str
    title: str
    state: IncidentState
    impact: Impact
    started_at: datetime
    resolved_at: datetime | None
    updated_at: datetime
    due_at: datetime | None
    promised_at: datetime | None
    waiting_people: int
    asked_people: int
    trouble: int
    drill: bool
    backfilled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRow:
    """One line of a list of planned work."""

    ref: str
    title: str
    state: MaintenanceState
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A prevention step that is not done."""

    id: str
    incident_ref: str
    text: str
    owner: str
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRow:
    """A component with its derived status and its group's name."""

    component: Component
    status: ComponentStatus
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """Everything about one incident. `updates` oldest first; `deliveries` of all its updates, oldest first."""

    incident: Incident
    entries: tuple[ComponentEntry, ...]
    components: tuple[Component, ...]
    updates: tuple[IncidentUpdate, ...]
    causes: tuple[CauseStatement, ...]
    etas: tuple[EtaStatement, ...]
    promises: tuple[NextUpdatePromise, ...]
    steps: tuple[PreventionStep, ...]
    deliveries: tuple[Delivery, ...]
    callbacks: tuple[Callback, ...]
    follow_ups: tuple[FollowUp, ...]

    @property
    def cause(self) -> CauseStatement | None:
        """The cause as said last."""
        return self.causes[-1] if self.causes else None

    @property
    def eta(self) -> EtaStatement | None:
        """The estimate as said last."""
        return self.etas[-1] if self.etas else None

    @property
    def promise(self) -> NextUpdatePromise | None:
        """The open promise."""
        return next((p for p in self.promises if p.settled_at is None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """How the site on this computer stands: the last build and whether the record has gone further since."""

    build_id: str
    built_at: datetime | None
    behind: bool
    output_dir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the main window shows at a glance, read in one go.

    `queue` is what was tried and waits to be tried again; `open_replies` counts those of which nothing was made yet.
    """

    page: Page
    groups: tuple[ComponentGroup, ...]
    components: tuple[ComponentRow, ...]
    open_incidents: tuple[IncidentRow, ...]
    planned: tuple[MaintenanceRow, ...]
    waiting: tuple[IncidentRow, ...]
    steps: tuple[StepRow, ...]
    promises: PromiseRecord
    accounts: tuple[Account, ...]
    targets: tuple[Target, ...]
    trouble: tuple[Delivery, ...]
    site: SiteStatus
    incidents_total: int
    queue: tuple[Delivery, ...] = ()
    open_replies: int = 0
    clock_trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPreview:
    """How an update will look in one place: `text` as it will be sent, counted the network's way.

    `limit` 0 means no limit. `cut` says that the message had to be shortened; promise and link always stay.
    """

    account_id: str
    kind: str
    name: str
    text: str
    count: int
    limit: int
    cut: int
    trouble: str


class Line(StrEnum):
    """How this computer's line to the world stands."""

    ONLINE = "online"
    OFFLINE = "offline"
    BLOCKED = "blocked"
    PLACE_DOWN = "place_down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong when nothing goes out, in one sentence, and what was asked."""

    line: Line
    words: str
    lines: tuple[CheckLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """A post that is not out, for a person who posts it from a phone."""

    delivery_id: str
    incident_ref: str
    destination: str
    profile_url: str
    state: DeliveryState
    text: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One line of a connection check: what was looked at, whether it is well (None: not tried), the result in words."""

    what: str
    ok: bool | None
    result: str
