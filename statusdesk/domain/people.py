"""People who reported it, calls promised to them, and what they answered. Only counts are ever public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallbackState(StrEnum):
    """Where a promised call stands."""

    REQUESTED = "requested"
    PROMISED = "promised"
    ATTEMPTED = "attempted"
    REACHED = "reached"
    DONE = "done"
    UNREACHABLE = "unreachable"
    DECLINED = "declined"

    @property
    def is_over(self) -> bool:
        """Whether nobody needs to call any more."""
        return self in (CallbackState.DONE, CallbackState.UNREACHABLE, CallbackState.DECLINED)


class FollowUpState(StrEnum):
    """Where asking a reporter stands."""

    PENDING = "pending"
    ASKED = "asked"
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"

    @property
    def is_over(self) -> bool:
        """Whether this reporter has an outcome."""
        return self in (FollowUpState.ANSWERED, FollowUpState.NO_ANSWER, FollowUpState.DECLINED)


class Answer(StrEnum):
    """What a reporter said when asked whether it works again."""

    CONFIRMED = "confirmed"
    STILL_BROKEN = "still_broken"
    HALF = "half"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who told us. All internal, all erasable (invariant 18)."""

    id: str
    name: str
    phone: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A call we promised."""

    id: str
    incident_id: str
    person_id: str | None
    state: CallbackState
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One reporter who must be asked before the incident may be closed."""

    id: str
    incident_id: str
    person_id: str | None
    state: FollowUpState = FollowUpState.PENDING
    answer: Answer | None = None
    attempts: int = 0


def still_waiting(callbacks: Sequence[Callback], follow_ups: Sequence[FollowUp]) -> int:
    """How many people have no outcome yet; closing needs 0 or a typed reason (invariant 9)."""
    return sum(not one.state.is_over for one in callbacks) + sum(not one.state.is_over for one in follow_ups)
