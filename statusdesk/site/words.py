"""The page's words for states: every state is a word, a shape and a colour, always all three.

`Look.tone` names the colour and the shape (a symbol of the page's drawing, see `templates/site/shell.html`).
"""

from __future__ import annotations

from dataclasses import dataclass

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState, StepState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import PublicUpdate

TONES = ("ok", "slow", "part", "down", "plan", "none")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    tone: str
    shape: str
    word: str


STATUS: dict[ComponentStatus, Look] = {
    ComponentStatus.OPERATIONAL: Look("ok", "ok", "Works"),
    ComponentStatus.UNDER_MAINTENANCE: Look("plan", "plan", "Planned work"),
    ComponentStatus.DEGRADED_PERFORMANCE: Look("slow", "slow", "Slower"),
    ComponentStatus.PARTIAL_OUTAGE: Look("part", "part", "Partly down"),
    ComponentStatus.MAJOR_OUTAGE: Look("down", "down", "Down"),
}
# In the middle of a sentence: "9 June down 28 min", "Tills are partly down".
STATUS_SAID: dict[ComponentStatus, str] = {status: look.word.lower() for status, look in STATUS.items()}

IMPACT: dict[Impact, Look] = {
    Impact.NONE: Look("none", "slow", "Notice"),
    Impact.MINOR: Look("slow", "slow", "Minor problem"),
    Impact.MAJOR: Look("down", "down", "Major problem"),
    Impact.CRITICAL: Look("down", "down", "Critical problem"),
}
IMPACT_WAS: dict[Impact, str] = {
    Impact.NONE: "It had no impact on customers",
    Impact.MINOR: "It was a minor problem",
    Impact.MAJOR: "It was a major problem",
    Impact.CRITICAL: "It was a critical problem",
}
# What a problem that names no component counts as in a month's bar.
IMPACT_STATUS: dict[Impact, ComponentStatus] = {
    Impact.NONE: ComponentStatus.OPERATIONAL,
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}

STATE: dict[IncidentState | MaintenanceState, str] = {
    IncidentState.INVESTIGATING: "Investigating",
    IncidentState.IDENTIFIED: "Identified",
    IncidentState.MONITORING: "Monitoring",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.CLOSED: "Closed",
    IncidentState.WITHDRAWN: "False alarm",
    MaintenanceState.SCHEDULED: "Planned",
    MaintenanceState.IN_PROGRESS: "In progress",
    MaintenanceState.VERIFYING: "Checking the result",
    MaintenanceState.COMPLETED: "Finished",
    MaintenanceState.CANCELLED: "Cancelled",
}
STATE_MEANS: dict[IncidentState, str] = {
    IncidentState.INVESTIGATING: "Investigating: we are looking for the cause",
    IncidentState.IDENTIFIED: "Identified: we know where it comes from",
    IncidentState.MONITORING: "Monitoring: we watch whether the repair holds",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.CLOSED: "Closed: everyone we asked has answered",
    IncidentState.WITHDRAWN: "False alarm: there was no problem",
}
KIND: dict[UpdateKind, str] = {
    UpdateKind.CORRECTION: "Correction",
    UpdateKind.RETRACTION: "Taken back",
    UpdateKind.ETA_CHANGE: "New estimate",
    UpdateKind.PROMISE_MOVED: "New time for an update",
}
STEP: dict[StepState, Look] = {
    StepState.PLANNED: Look("plan", "todo", "Planned"),
    StepState.DOING: Look("slow", "doing", "Doing"),
    StepState.DONE: Look("ok", "done", "Done"),
    StepState.DROPPED: Look("none", "drop", "Dropped"),
}

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def count(number: int, one: str, many: str = "") -> str:
    """As in “three problems”, “one problem”, “14 problems”."""
    said = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{said} {one if number == 1 else many or one + 's'}"


def listed(words: list[str], most: int = 4) -> str:
    """As in “A, B and C”; beyond `most` names the rest is counted."""
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def update_label(update: PublicUpdate) -> str:
    """What stands under an update's time: its kind when it is a special one, else the state it led to."""
    return KIND.get(update.kind) or STATE[update.state_after]
