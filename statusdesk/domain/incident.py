"""Incidents and everything said about them: states, updates, cause, estimate, prevention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Impact(StrEnum):
    """How bad it is for customers."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 is none, 3 is critical."""
        return _RANKS[self]


_RANKS = {impact: rank for rank, impact in enumerate(Impact)}


class IncidentState(StrEnum):
    """Where an incident stands. `draft` is not here: a draft is a form that nobody has published."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Whether customers still have the problem, as far as we know."""
        return self in OPEN_STATES

    @property
    def ends(self) -> bool:
        """Whether reaching this state ends the trouble: components recover and no update is promised."""
        return not self.is_open


_S = IncidentState
OPEN_STATES = (_S.INVESTIGATING, _S.IDENTIFIED, _S.MONITORING)
# An update may keep the state; every step back needs words, and an update always has them.
_UPDATE_STEPS: dict[IncidentState, frozenset[IncidentState]] = {
    _S.INVESTIGATING: frozenset({_S.INVESTIGATING, _S.IDENTIFIED, _S.MONITORING, _S.RESOLVED, _S.WITHDRAWN}),
    _S.IDENTIFIED: frozenset({_S.INVESTIGATING, _S.IDENTIFIED, _S.MONITORING, _S.RESOLVED}),
    _S.MONITORING: frozenset({_S.INVESTIGATING, _S.IDENTIFIED, _S.MONITORING, _S.RESOLVED}),
    _S.RESOLVED: frozenset({_S.RESOLVED}),
    _S.CLOSED: frozenset({_S.CLOSED}),
    _S.WITHDRAWN: frozenset({_S.WITHDRAWN}),
}


def may_update(state: IncidentState, to: IncidentState) -> bool:
    """Whether an update may take an incident from one state to another (reopen and close are verbs of their own)."""
    return to in _UPDATE_STEPS[state]


def may_reopen(state: IncidentState) -> bool:
    """Resolved and closed incidents reopen, one click from "still broken"."""
    return state in (_S.RESOLVED, _S.CLOSED)


class UpdateKind(StrEnum):
    """What an entry of the public history is."""

    UPDATE = "update"
    CORRECTION = "correction"
    ETA_CHANGE = "eta_change"
    PROMISE_MOVED = "promise_moved"
    RETRACTION = "retraction"

    @property
    def speaks(self) -> bool:
        """Whether it is news about the incident, so that it settles the promise; mending old text is not."""
        return self not in (UpdateKind.CORRECTION, UpdateKind.RETRACTION)


class Certainty(StrEnum):
    """How sure the cause is."""

    UNKNOWN = "unknown"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"


class CauseCategory(StrEnum):
    """What kind of cause it was; internal, for finding what comes back."""

    CHANGE = "change"
    CAPACITY = "capacity"
    HARDWARE = "hardware"
    SOFTWARE = "software"
    SUPPLIER = "supplier"
    POWER = "power"
    NETWORK = "network"
    SECURITY = "security"
    PROCESS = "process"
    OUTSIDE_EVENT = "outside_event"
    UNKNOWN = "unknown"


class EtaBasis(StrEnum):
    """What an estimate rests on; internal."""

    OWN_HISTORY = "own_history"
    ENGINEER = "engineer"
    SUPPLIER = "supplier"
    PLAN = "plan"


class EtaOutcome(StrEnum):
    """How an estimate ended."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class StepState(StrEnum):
    """Where a prevention step stands."""

    PLANNED = "planned"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"


class Strength(StrEnum):
    """How well a step prevents: it removes the cause, or it asks people to be careful. Internal."""

    REMOVE = "remove"
    ENGINEER = "engineer"
    DETECT = "detect"
    PROCEDURE = "procedure"
    REMIND = "remind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident as it stands. Its history lies in its updates and statements."""

    id: str
    code: str
    ref: str
    title: str
    state: IncidentState
    impact: Impact
    started_at: datetime
    first_public_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str = ""
    who_affected: str = ""
    workaround_md: str = ""
    workaround_html: str = ""
    got_wrong_md: str = ""
    got_wrong_html: str = ""
    recurrence_of: str | None = None
    reopened: int = 0
    drill: bool = False
    backfilled: bool = False
    security_hold: bool = False
    last_seq: int = 0
    month: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdate:
    """One published entry; immutable (invariant 2). `body_html` is the sanitised rendering made when it went out."""

    id: str
    code: str
    incident_id: str
    seq: int
    kind: UpdateKind
    state_after: IncidentState
    body_md: str
    body_html: str
    body_plain: str
    published_at: datetime
    author: str = ""
    language: str = "en"
    corrects_seq: int | None = None
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseStatement:
    """What we said the cause is. The last one counts; earlier ones stay in the record."""

    certainty: Certainty
    public_md: str = ""
    public_html: str = ""
    private_md: str = ""
    category: CauseCategory = CauseCategory.UNKNOWN
    our_action_md: str = ""
    our_action_html: str = ""
    said_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaStatement:
    """When we said it would work again; `due_at` None means "no estimate yet", said aloud."""

    due_at: datetime | None
    basis: EtaBasis = EtaBasis.ENGINEER
    outcome: EtaOutcome = EtaOutcome.OPEN
    said_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventionStep:
    """What we do so that it does not happen again. Owner and private text never leave the house."""

    id: str
    incident_id: str
    position: int
    public_md: str
    public_html: str = ""
    private_md: str = ""
    owner: str = ""
    due_on: date | None = None
    strength: Strength = Strength.ENGINEER
    state: StepState = StepState.PLANNED
    done_on: date | None = None
    dropped_reason: str = ""
    moved_from: tuple[date, ...] = ()


def judge_estimates(
    statements: Sequence[EtaStatement], resolved_at: datetime, *, false_alarm: bool = False
) -> tuple[EtaOutcome, ...]:
    """The outcome of each estimate once the end is known.

    Every timed statement is judged on its own (invariant 7: the first and the last are both counted); "no estimate
    yet" promised nothing and is withdrawn. So is every estimate of a false alarm: there was nothing to repair.
    """
    return tuple(
        EtaOutcome.WITHDRAWN
        if said.due_at is None or false_alarm
        else (EtaOutcome.MET if resolved_at <= said.due_at else EtaOutcome.MISSED)
        for said in statements
    )


def first_and_last(outcomes: Sequence[EtaOutcome]) -> tuple[EtaOutcome, EtaOutcome] | None:
    """The outcomes of the first and of the last timed estimate, or None when none was ever given.

    A time that was later taken back ("no estimate yet") was still given: customers planned by it, so it counts.
    """
    timed = [one for one in outcomes if one in (EtaOutcome.MET, EtaOutcome.MISSED)]
    return (timed[0], timed[-1]) if timed else None
