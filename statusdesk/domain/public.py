"""What the world may see, as types: public, timed-public and aggregate fields only (invariant 12).

The site renders these and nothing else, so a private field cannot reach a template: there is no attribute for it.
All HTML here was sanitised when it was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Certainty, EtaOutcome, Impact, IncidentState, StepState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact, Scheme
from statusdesk.domain.promise import PromiseState


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTheme:
    """How the page looks: `accent` is `#rrggbb` or empty for ours, `logo` the bytes of `logo_name` (empty: none)."""

    accent: str = ""
    scheme: Scheme = Scheme.AUTO
    css: str = ""
    logo_name: str = ""
    logo: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """The page's own words. `id` is its public code; `base_url` is empty until it is online.

    `languages` are further ones beside `locale`; `bar_days` is 30, 60 or 90.
    """

    id: str
    name: str
    base_url: str
    time_zone: str
    locale: str
    promise_html: str
    contacts: tuple[Contact, ...]
    follow: tuple[PublicProfile, ...]
    languages: tuple[str, ...] = ()
    bar_days: int = 90
    theme: PublicTheme = PublicTheme()
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicProfile:
    """A social profile one can follow; `kind` is the network's key (mastodon, bluesky)."""

    kind: str
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicGroup:
    """A heading over components."""

    id: str
    code: str
    name: str
    position: int
    collapsed: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicComponent:
    """What customers use, with the status that incidents and maintenance give it. `group_id` None: no heading."""

    id: str
    code: str
    slug: str
    name: str
    description: str
    group_id: str | None
    position: int
    status: ComponentStatus
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEntry:
    """A stretch of time in which a component was not well, or worked on. `to_at` None: still.

    `began_at` is the start of its incident or the planned start of its maintenance: the day under which the history
    lists it.
    """

    component_id: str
    component_slug: str
    component_name: str
    status: ComponentStatus
    from_at: datetime
    to_at: datetime | None
    incident_ref: str | None
    maintenance_ref: str | None
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUpdate:
    """One entry of an incident's or a maintenance's history.

    `replaced_seq` is the later entry that corrects or retracts this one; then its text is shown struck out.
    `corrects_seq` is the earlier entry that this one mends. `promised_at` is the time by which it had been promised,
    and `promise` whether that was kept; None where nothing was.
    """

    code: str
    seq: int
    kind: UpdateKind
    state_after: IncidentState | MaintenanceState
    body_html: str
    body_plain: str
    published_at: datetime
    author: str = ""
    language: str = ""
    corrects_seq: int | None = None
    replaced_seq: int | None = None
    replaced_kind: UpdateKind | None = None
    promised_at: datetime | None = None
    promise: PromiseState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCause:
    """The cause as we say it now."""

    certainty: Certainty
    html: str
    our_action_html: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEta:
    """The estimate as we say it now (`due_at` None: no estimate yet), and how the last time that we gave ended.

    `last_due_at` is the last time we ever gave, also when we took it back since: the end is judged against it.
    """

    due_at: datetime | None
    said_at: datetime
    first_due_at: datetime | None
    last_due_at: datetime | None
    statements: int
    outcome: EtaOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStep:
    """What we change so that it does not happen again."""

    html: str
    state: StepState
    due_on: date | None
    done_on: date | None
    dropped_reason: str
    moved_from: tuple[date, ...]
    incident_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIncident:
    """Everything public about one incident. `updates` oldest first; `next_due_at` is the open promise.

    `cause`, `eta` None mean that nothing was ever said: the page prints that as not known.
    `asked`/`confirmed` count customers who reported it and who confirmed the end; (0, 0) when nobody was asked.
    """

    ref: str
    code: str
    title: str
    state: IncidentState
    impact: Impact
    started_at: datetime
    first_public_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    month: str
    who_affected: str
    workaround_html: str
    got_wrong_html: str
    recurrence_of: str | None
    reopened: int
    backfilled: bool
    cause: PublicCause | None
    eta: PublicEta | None
    next_due_at: datetime | None
    asked: int
    confirmed: int
    entries: tuple[PublicEntry, ...]
    updates: tuple[PublicUpdate, ...]
    steps: tuple[PublicStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMaintenance:
    """Everything public about one planned piece of work. `updates` oldest first."""

    ref: str
    code: str
    title: str
    state: MaintenanceState
    starts_at: datetime
    ends_at: datetime
    what_stops_html: str
    max_interruption_s: int | None
    actual_start: datetime | None
    actual_end: datetime | None
    rescheduled_from: datetime | None
    linked_incident: str | None
    published_at: datetime
    updated_at: datetime
    month: str
    backfilled: bool
    components: tuple[tuple[str, str, str], ...]  # id, slug, name
    updates: tuple[PublicUpdate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCard:
    """A person who can be called for a while (F09): on pages only, never in JSON, feeds or posts.

    `incident_ref` None: about anything. The page shows it from `starts_at` to `ends_at`, by the reader's own clock.
    """

    name: str
    role: str
    phone: str
    languages: str
    starts_at: datetime
    ends_at: datetime
    incident_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPromise:
    """A promised time for an update, and what became of it. `settled_at` is when it was kept, missed or moved."""

    due_at: datetime
    state: PromiseState
    settled_at: datetime
    incident_ref: str
    incident_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRecord:
    """How promises and estimates went in the last 90 days; drills and imported history never count."""

    promises_kept: int
    promises_total: int
    estimates_met: int
    estimates_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCount:
    """How much a month of history holds; `month` is YYYY-MM in the page's zone."""

    month: str
    incidents: int
    maintenances: int
