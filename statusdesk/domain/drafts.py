"""What a form holds before anybody reads it, and what is wrong with it.

`problems()` is the one judge of a form: the desktop paints its answers under the fields, the command line prints
them, and `Desk` refuses what has any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from statusdesk.domain import promise as promises
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import (
    CauseCategory,
    Certainty,
    EtaBasis,
    Impact,
    IncidentState,
    Strength,
    UpdateKind,
    may_update,
)
from statusdesk.domain.text import BODY_LIMIT, LINE_LIMIT, TITLE_LIMIT, graphemes, tidy, tidy_line
from statusdesk.domain.times import round_up
from statusdesk.errors import Problem

FARTHEST = timedelta(days=365)  # beyond it, a date is a slip of the pen
CLOCK_SLACK = timedelta(minutes=5)  # another computer's clock may be a little ahead


@dataclass(frozen=True, slots=True)
class CauseDraft:
    """The cause as typed. Saying "not known yet" aloud is certainty UNKNOWN with no text."""

    text: str = ""
    certainty: Certainty = Certainty.UNKNOWN
    private: str = ""
    category: CauseCategory = CauseCategory.UNKNOWN
    our_action: str = ""


@dataclass(frozen=True, slots=True)
class EtaDraft:
    """The estimate as typed; `due_at` None is "no estimate yet"."""

    due_at: datetime | None
    basis: EtaBasis = EtaBasis.ENGINEER


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A prevention step as typed."""

    text: str
    due_on: date | None = None
    owner: str = ""
    strength: Strength = Strength.ENGINEER
    private: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDraft:
    """An update as typed. What is None stays as it is; `components` sets only those it names.

    `accounts` None means all enabled accounts, an empty tuple means the page only.
    """

    message: str = ""
    state: IncidentState | None = None
    impact: Impact | None = None
    components: tuple[tuple[str, ComponentStatus], ...] = ()
    cause: CauseDraft | None = None
    eta: EtaDraft | None = None
    next_update: datetime | None = None
    prevention: tuple[StepDraft, ...] = ()
    who_affected: str | None = None
    workaround: str | None = None
    got_wrong: str | None = None
    accounts: tuple[str, ...] | None = None
    author: str = ""
    overrides: tuple[tuple[str, str], ...] = ()
    moves_promise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDraft(UpdateDraft):
    """A new incident as typed: an update, and what only the first one says."""

    title: str = ""
    started_at: datetime | None = None
    drill: bool = False
    recurrence_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceDraft:
    """A maintenance as typed."""

    title: str = ""
    message: str = ""
    components: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_interruption_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """What a form is judged against: the clock, the page, and for an update the incident as it stands."""

    now: datetime
    component_ids: frozenset[str]
    max_promise_s: int = promises.MAX_PROMISE_S
    state: IncidentState | None = None
    started_at: datetime | None = None


_Draft = TypeVar("_Draft", bound=UpdateDraft)


def tidied(draft: _Draft) -> _Draft:
    """The draft with every text made safe to keep and the promised time rounded up to the clock."""
    cause = draft.cause and replace(
        draft.cause,
        text=tidy(draft.cause.text),
        private=tidy(draft.cause.private),
        our_action=tidy(draft.cause.our_action),
    )
    steps = (replace(s, text=tidy(s.text), owner=tidy_line(s.owner), private=tidy(s.private)) for s in draft.prevention)
    clean = replace(
        draft,
        message=tidy(draft.message),
        author=tidy_line(draft.author),
        cause=cause,
        prevention=tuple(step for step in steps if step.text),
        overrides=tuple((tidy_line(rule), tidy_line(reason)) for rule, reason in draft.overrides),
        who_affected=None if draft.who_affected is None else tidy_line(draft.who_affected),
        workaround=None if draft.workaround is None else tidy(draft.workaround),
        got_wrong=None if draft.got_wrong is None else tidy(draft.got_wrong),
        next_update=draft.next_update and round_up(draft.next_update),
    )
    if isinstance(clean, IncidentDraft):
        earlier = tidy_line(clean.recurrence_of or "").upper() or None
        return replace(clean, title=tidy_line(clean.title), recurrence_of=earlier)
    return clean


def problems(draft: UpdateDraft, context: FormContext) -> tuple[Problem, ...]:
    """Everything that keeps a draft from being published, in the order of the form. Empty: it may go out.

    A new incident is an `IncidentDraft` with no `state` in the context.
    """
    found: list[Problem] = []

    def say(field: str, message: str) -> None:
        found.append(Problem(field, message))

    after = _state_after(draft, context)
    if isinstance(draft, IncidentDraft):
        _judge_opening(draft, context, say)
    elif context.state is not None and not may_update(context.state, after):
        say("state", f"An incident that is {context.state} cannot become {after} with an update.")
    _judge_text(draft.message, "message", "Write what customers should know, in one sentence or more.", say)
    unknown = [id_ for id_, _ in draft.components if id_ not in context.component_ids]
    if unknown:
        say("components", f"There is no component “{unknown[0]}”. Choose one from the list, or add it first.")
    _judge_cause(draft.cause, say)
    _judge_eta(draft, context, say)
    if after.ends:
        _judge_end(draft, say)
    elif draft.next_update is not None:
        wrong = promises.problem_with(draft.next_update, context.now, context.max_promise_s)
        if wrong:
            say("next_update", wrong)
    _judge_details(draft, say)
    return tuple(found)


_Say = Callable[[str, str], None]


def _state_after(draft: UpdateDraft, context: FormContext) -> IncidentState:
    if draft.state is not None:
        return draft.state
    return context.state or IncidentState.INVESTIGATING


def _judge_opening(draft: IncidentDraft, context: FormContext, say: _Say) -> None:
    if not draft.title:
        say("title", "Give the incident a title: what does not work, in a few words.")
    elif graphemes(draft.title) > TITLE_LIMIT:
        over = graphemes(draft.title) - TITLE_LIMIT
        say(
            "title",
            f"The title is {over} characters too long. At most {TITLE_LIMIT} fit; put the rest in the text.",
        )
    if draft.impact is None:
        say("impact", "Choose how bad it is: minor, major or critical.")
    if not draft.components:
        say("components", "Choose at least one component that has the problem.")
    state = draft.state or IncidentState.INVESTIGATING
    if state in (IncidentState.CLOSED, IncidentState.WITHDRAWN):
        say(
            "state",
            f"A new incident cannot start as {state}. Begin with investigating, identified or monitoring.",
        )
    if draft.moves_promise:
        say("moves_promise", "A new incident has no promise yet that could move. Leave it out.")
    if draft.started_at and draft.started_at > context.now + CLOCK_SLACK:
        say("started_at", "The start lies in the future. Give the time it began, or leave it empty for now.")
    elif draft.started_at and draft.started_at < context.now - FARTHEST:
        say("started_at", "The start is more than a year ago. Check the date.")


def _judge_end(draft: UpdateDraft, say: _Say) -> None:
    """What cannot be said with words that end an incident, or that come after its end."""
    if draft.eta is not None:
        say("eta", "It is over, so there is nothing to estimate. Leave the estimate out.")
    if draft.next_update is not None:
        say("next_update", "It is over, so no next update is promised. Leave the time out.")
    if draft.moves_promise and not isinstance(draft, IncidentDraft):
        say("moves_promise", "It is over, so there is no promise to move. Leave it out.")
    broken = any(status is not ComponentStatus.OPERATIONAL for _, status in draft.components)
    if broken and not isinstance(draft, IncidentDraft):
        say("components", "With the end of the incident all its components work again. Leave the statuses out.")


def _judge_details(draft: UpdateDraft, say: _Say) -> None:
    for step in draft.prevention:
        _judge_text(step.text, "prevention", "Write what you will change, or leave the step out.", say)
        if step.private:
            _judge_text(step.private, "prevention", "", say)
        _judge_line(step.owner, "prevention", "the owner", say)
    _judge_line(draft.author, "author", "the author", say)
    for field, text in (("workaround", draft.workaround), ("got_wrong", draft.got_wrong)):
        if text:
            _judge_text(text, field, "", say)
    if draft.who_affected and len(draft.who_affected) > LINE_LIMIT:
        say("who_affected", f"Say who is affected in at most {LINE_LIMIT} characters.")
    if any(not rule or not reason for rule, reason in draft.overrides):
        say("overrides", "Give the reason with the rule, for example SL601=our public address.")
    for one in draft.overrides:
        _judge_line(" ".join(one), "overrides", "a rule with its reason", say)


def _judge_cause(cause: CauseDraft | None, say: _Say) -> None:
    if cause is None:
        return
    if cause.certainty is not Certainty.UNKNOWN:
        _judge_text(cause.text, "cause", "Write the cause, or say that it is not known yet.", say)
    elif cause.text:
        say("cause", "There is a cause, but it is called not known. Say how sure you are, or remove the text.")
    if cause.private:
        _judge_text(cause.private, "cause", "", say)
    if cause.category is CauseCategory.SUPPLIER and not cause.our_action:
        say("our_action", "A supplier is the cause. Say what you do about it; customers chose you, not them.")
    elif cause.our_action:
        _judge_text(cause.our_action, "our_action", "", say)


def _judge_eta(draft: UpdateDraft, context: FormContext, say: _Say) -> None:
    if draft.eta is None or draft.eta.due_at is None:
        return
    started = draft.started_at if isinstance(draft, IncidentDraft) else context.started_at
    if started and draft.eta.due_at <= started:
        say("eta", "The estimate lies before the start of the incident. Choose a later time.")
    elif draft.eta.due_at <= context.now:
        say("eta", "The estimate lies in the past. Choose a later time, or “no estimate yet”.")
    elif draft.eta.due_at > context.now + FARTHEST:
        say("eta", "The estimate is more than a year away. Check the date.")


def _judge_text(text: str, field: str, when_empty: str, say: _Say) -> None:
    if not text:
        say(field, when_empty)
    elif len(text) > BODY_LIMIT:
        say(
            field,
            f"This text has {len(text):,} characters; at most {BODY_LIMIT:,} fit. Shorten it, or link to the rest.",
        )


def _judge_line(text: str, field: str, what: str, say: _Say) -> None:
    if len(text) > LINE_LIMIT:
        say(field, f"Name {what} in at most {LINE_LIMIT} characters.")


def update_kind(draft: UpdateDraft, before: IncidentState) -> UpdateKind:
    """What kind of entry an update of an incident becomes, for the reader who asks why it was posted."""
    if draft.moves_promise:
        return UpdateKind.PROMISE_MOVED
    if draft.eta is not None and draft.state in (None, before):
        return UpdateKind.ETA_CHANGE
    return UpdateKind.UPDATE
