"""The page's words: every state is a word, a shape and a colour, always all three; counts, durations and results.

The tables hold the English texts; `Words` says them in the language of an edition. `Look.tone` names the colour and
the shape (a symbol of the page's drawing, see `templates/site/shell.html`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from markupsafe import Markup

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState, StepState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import PublicIncident, PublicMaintenance, PublicStep, PublicUpdate
from statusdesk.site.dates import Dates
from statusdesk.site.language import SOURCE, Language, fill
from statusdesk.site.reading import estimate_gap, plan_gap

TONES = ("ok", "slow", "part", "down", "plan", "none")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def N_(text: str) -> str:  # noqa: N802  gettext's own name for: translated later
    """Marks a text of a table for the catalogues."""
    return text


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    tone: str
    shape: str
    word: str


STATUS: dict[ComponentStatus, Look] = {
    ComponentStatus.OPERATIONAL: Look("ok", "ok", N_("Works")),
    ComponentStatus.UNDER_MAINTENANCE: Look("plan", "plan", N_("Planned work")),
    ComponentStatus.DEGRADED_PERFORMANCE: Look("slow", "slow", N_("Slower")),
    ComponentStatus.PARTIAL_OUTAGE: Look("part", "part", N_("Partly down")),
    ComponentStatus.MAJOR_OUTAGE: Look("down", "down", N_("Down")),
}
# In the middle of a sentence: "9 June down 28 min", "Tills: partly down".
STATUS_SAID: dict[ComponentStatus, str] = {
    ComponentStatus.OPERATIONAL: N_("works"),
    ComponentStatus.UNDER_MAINTENANCE: N_("planned work"),
    ComponentStatus.DEGRADED_PERFORMANCE: N_("slower"),
    ComponentStatus.PARTIAL_OUTAGE: N_("partly down"),
    ComponentStatus.MAJOR_OUTAGE: N_("down"),
}

IMPACT: dict[Impact, Look] = {
    # Translators: the mildest kind of incident: something to know, no harm.
    Impact.NONE: Look("none", "slow", N_("Notice")),
    Impact.MINOR: Look("slow", "slow", N_("Minor problem")),
    Impact.MAJOR: Look("down", "down", N_("Major problem")),
    Impact.CRITICAL: Look("down", "down", N_("Critical problem")),
}
IMPACT_WAS: dict[Impact, str] = {
    Impact.NONE: N_("It had no impact on customers"),
    Impact.MINOR: N_("It was a minor problem"),
    Impact.MAJOR: N_("It was a major problem"),
    Impact.CRITICAL: N_("It was a critical problem"),
}
# What a problem that names no component counts as in a month's bar.
IMPACT_STATUS: dict[Impact, ComponentStatus] = {
    Impact.NONE: ComponentStatus.OPERATIONAL,
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}

STATE: dict[IncidentState | MaintenanceState, str] = {
    IncidentState.INVESTIGATING: N_("Investigating"),
    IncidentState.IDENTIFIED: N_("Identified"),
    IncidentState.MONITORING: N_("Monitoring"),
    IncidentState.RESOLVED: N_("Resolved"),
    # Translators: said of a problem: resolved, and every customer who was asked has answered.
    IncidentState.CLOSED: N_("Closed"),
    IncidentState.WITHDRAWN: N_("False alarm"),
    MaintenanceState.SCHEDULED: N_("Planned"),
    MaintenanceState.IN_PROGRESS: N_("In progress"),
    MaintenanceState.VERIFYING: N_("Checking the result"),
    MaintenanceState.COMPLETED: N_("Finished"),
    MaintenanceState.CANCELLED: N_("Cancelled"),
}
STATE_MEANS: dict[IncidentState, str] = {
    IncidentState.INVESTIGATING: N_("Investigating: we are looking for the cause"),
    IncidentState.IDENTIFIED: N_("Identified: we know where it comes from"),
    IncidentState.MONITORING: N_("Monitoring: we watch whether the repair holds"),
    IncidentState.RESOLVED: N_("Resolved"),
    IncidentState.CLOSED: N_("Closed: everyone we asked has answered"),
    IncidentState.WITHDRAWN: N_("False alarm: there was no problem"),
}
KIND: dict[UpdateKind, str] = {
    UpdateKind.CORRECTION: N_("Correction"),
    # Translators: the label of an update whose text was withdrawn.
    UpdateKind.RETRACTION: N_("Taken back"),
    UpdateKind.ETA_CHANGE: N_("New estimate"),
    UpdateKind.PROMISE_MOVED: N_("New time for an update"),
}
STEP: dict[StepState, Look] = {
    StepState.PLANNED: Look("plan", "todo", N_("Planned")),
    # Translators: the state of a prevention step on which somebody is working.
    StepState.DOING: Look("slow", "doing", N_("Doing")),
    StepState.DONE: Look("ok", "done", N_("Done")),
    StepState.DROPPED: Look("none", "drop", N_("Dropped")),
}

_BIG = Markup("<b>%s</b>")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


class Words:
    """What an edition says. `theirs` marks texts of the page's main language where another one is read."""

    def __init__(self, language: Language, dates: Dates, theirs: str = "") -> None:
        say = language.say
        self.language, self.dates = language, dates
        self.theirs = Markup(' lang="{}"').format(theirs) if theirs else Markup("")
        self.number = dates.number
        self.status = {key: replace(look, word=say(look.word)) for key, look in STATUS.items()}
        self.status_said = {key: say(text) for key, text in STATUS_SAID.items()}
        self.impact = {key: replace(look, word=say(look.word)) for key, look in IMPACT.items()}
        self.impact_was = {key: say(text) for key, text in IMPACT_WAS.items()}
        self.state = {key: say(text) for key, text in STATE.items()}
        self.state_means = {key: say(text) for key, text in STATE_MEANS.items()}
        self.step = {key: replace(look, word=say(look.word)) for key, look in STEP.items()}
        self.kind = {key: say(text) for key, text in KIND.items()}
        self.all_well = Look("ok", "ok", say("No open problem"))
        self.late_look = Look("down", "slow", say("Late"))
        # Translators: said of a promised time for an update.
        self.moved_look = Look("slow", "slow", say("Moved"))
        # Translators: the text of a link in: We took this update back at 15:13 CEST: why.
        self.why = say("why")
        # Translators: the text of a link in: Struck out at 15:52 CEST: what is right.
        self.right = say("what is right")
        # Translators: what stands between the items of a list, before the last two are joined.
        self.comma = language.say_in("list", ", ")
        # Translators: durations, as short as they can be understood: 58 min, 1 h 58 min, 2 d 3 h.
        self._minutes = say("%(minutes)s min")
        self._hours = say("%(hours)s h")
        self._hours_minutes = say("%(hours)s h %(minutes)s min")
        self._hours_short = say("%(hours)s h %(minutes)s")
        self._days = say("%(days)s d")
        self._days_hours = say("%(days)s d %(hours)s h")
        self._instant = say("less than a minute")

    # Numbers

    def figure(self, number: int) -> str:
        """A number in a sentence: English writes it out up to twelve, the others in figures."""
        if self.language.code == SOURCE and number < len(_NUMBERS):
            return _NUMBERS[number]
        return self.number(number)

    def problems(self, number: int) -> str:
        """As in “two problems”."""
        found = self.language.count("%(number)s problem", "%(number)s problems", number)
        return found % {"number": self.figure(number)}

    def works(self, number: int) -> str:
        """As in “one planned work”."""
        found = self.language.count("%(number)s planned work", "%(number)s planned works", number)
        return found % {"number": self.figure(number)}

    def updates(self, number: int) -> str:
        """As in “six updates”."""
        found = self.language.count("%(number)s update", "%(number)s updates", number)
        return found % {"number": self.figure(number)}

    def updates_head(self, updates: Sequence[PublicUpdate]) -> str:
        """As in “Six updates, newest first”."""
        number = len(updates)
        if number == 1:
            return capital(self.updates(number))
        return capital(self.language.say("%(updates)s, newest first") % {"updates": self.updates(number)})

    def happened(self, problems: int, works: int) -> str:
        """As in “two problems and one planned work”."""
        return self.listed([self.problems(problems), *([self.works(works)] if works else [])])

    def share(self, part: int, whole: int) -> Markup:
        """As in “7 of 9”, set large."""
        # Translators: so many of so many, set in large figures: 7 of 9.
        text = self._fill("%(part)s of %(whole)s", part=_BIG % self.number(part), whole=_BIG % self.number(whole))
        return Markup('<span class="fig">{}</span>').format(text)

    def listed(self, items: Sequence[str], most: int = 4) -> str:
        """As in “A, B and C”; beyond `most` names the rest is counted."""
        named = list(items)
        if len(named) > most:
            rest = len(named) - most + 1
            more = self.language.count("%(number)s more", "%(number)s more", rest)
            named = [*named[: most - 1], more % {"number": self.number(rest)}]
        if len(named) < 2:  # noqa: PLR2004
            return "".join(named)
        joined = self.language.say_in("list", "%(first)s and %(last)s")
        return joined % {"first": self.comma.join(named[:-1]), "last": named[-1]}

    # Time

    def duration(self, seconds: float, *, short: bool = False) -> str:
        """1 h 58 min; `short` leaves the last unit out: 1 h 58. From two days on 2 d 3 h."""
        whole = int(seconds)
        if 0 < whole < _MINUTE:
            return self._instant
        if whole < _HOUR:
            return self._minutes % {"minutes": whole // _MINUTE}
        if whole < 2 * _DAY:
            hours, minutes = divmod(whole // _MINUTE, 60)
            if not minutes:
                return self._hours % {"hours": hours}
            if short:
                return self._hours_short % {"hours": hours, "minutes": f"{minutes:02}"}
            return self._hours_minutes % {"hours": hours, "minutes": minutes}
        days, hours = divmod(whole // _HOUR, 24)
        said = {"days": self.number(days), "hours": hours}
        return (self._days_hours if hours else self._days) % said

    def long_duration(self, seconds: float) -> str:
        """35 minutes, 1 hour and 5 minutes: for sentences."""
        hours, minutes = divmod(max(1, int(seconds) // _MINUTE), 60)
        parts = []
        if hours:
            found = self.language.count("%(number)s hour", "%(number)s hours", hours)
            parts.append(found % {"number": self.number(hours)})
        if minutes:
            found = self.language.count("%(number)s minute", "%(number)s minutes", minutes)
            parts.append(found % {"number": minutes})
        return self.listed(parts)

    def between(self, start: datetime, end: datetime) -> Markup:
        """From when to when, each day named once: Tuesday 9 June, 15:12 to 17:10 CEST."""
        d = self.dates
        if d.on(start) != d.on(end):
            return self._fill("%(start)s to %(end)s", start=d.moment(start), end=d.moment(end))
        first = d.short(start) if d.zone_name(start) == d.zone_name(end) else d.time(start)
        day = capital(d.weekday(d.on(start)))
        return self._fill("%(day)s, %(start)s to %(end)s", day=day, start=first, end=d.time(end))

    # Sentences

    def update_label(self, update: PublicUpdate) -> str:
        """What stands under an update's time: its kind when it is a special one, else the state it led to."""
        return self.kind.get(update.kind) or self.state[update.state_after]

    def _against(self, gap: float | None) -> str:
        if gap is None:
            return ""
        if abs(gap) < _MINUTE:
            return self.language.say("at the time we said")
        if gap > 0:
            return self.language.say("%(duration)s earlier than we said") % {"duration": self.long_duration(gap)}
        return self.language.say("%(duration)s later than we said") % {"duration": self.long_duration(-gap)}

    def estimate_result(self, incident: PublicIncident) -> str:
        """As in “35 minutes earlier than we said”, by the last time we gave; empty when there is nothing to judge."""
        return self._against(estimate_gap(incident))

    def plan_result(self, maintenance: PublicMaintenance) -> str:
        """How a finished maintenance ended against its plan; empty when it is not known."""
        return self._against(plan_gap(maintenance))

    def promise_result(self, update: PublicUpdate) -> Markup:
        """What became of the time by which an update was promised; empty when there was none."""
        if update.promised_at is None or update.promise is None:
            return Markup("")
        due = self.dates.near(update.promised_at, update.published_at)
        if update.promise is PromiseState.KEPT:
            return self._fill("Promised by %(time)s, kept", time=due)
        if update.promise is PromiseState.LATE:
            return self._fill("Promised by %(time)s", time=due)
        return self._fill("Promised by %(time)s, moved", time=due)

    def lateness(self, update: PublicUpdate) -> str:
        """As in “12 min late”; empty for an update that came in time or was not promised."""
        if update.promise is not PromiseState.LATE or update.promised_at is None:
            return ""
        return self.late((update.published_at - update.promised_at).total_seconds())

    def late(self, seconds: float) -> str:
        """As in “12 min late”."""
        return self.language.say("%(duration)s late") % {"duration": self.duration(seconds)}

    def step_said(self, step: PublicStep, on: Callable[[date], str]) -> str:
        """A prevention step's state with its date, which `on` says: Done 12 June; Doing, by 30 June."""
        word = self.step[step.state].word
        if step.state is StepState.DONE and step.done_on:
            return self.language.say("Done %(day)s") % {"day": on(step.done_on)}
        if step.state in (StepState.PLANNED, StepState.DOING) and step.due_on:
            # Translators: the state of a prevention step and the day until when: Doing, by 30 June.
            return self.language.say("%(state)s, by %(day)s") % {"state": word, "day": on(step.due_on)}
        return word

    def step_counts(self, steps: Sequence[PublicStep]) -> str:
        """As in “one step done, two steps planned”."""
        count = self.language.count
        number = {state: sum(s.state is state for s in steps) for state in StepState}
        done, doing = number[StepState.DONE], number[StepState.DOING]
        planned, dropped = number[StepState.PLANNED], number[StepState.DROPPED]
        said = (
            (done, count("%(number)s step done", "%(number)s steps done", done)),
            (doing, count("%(number)s step in work", "%(number)s steps in work", doing)),
            (planned, count("%(number)s step planned", "%(number)s steps planned", planned)),
            (dropped, count("%(number)s step dropped", "%(number)s steps dropped", dropped)),
        )
        return self.comma.join(text % {"number": self.figure(n)} for n, text in said if n)

    def _fill(self, text: str, **places: object) -> Markup:
        return fill(self.language.say(text), **places)
