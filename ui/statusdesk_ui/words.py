"""How the desk says what the record holds: states, times with their zone, countdowns, delivery ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from statusdesk.clock import now
from statusdesk.domain.board import Board, IncidentRow, IncidentView
from statusdesk.domain.component import ComponentKind, ComponentStatus
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.incident import Certainty, Impact, IncidentState, UpdateKind
from statusdesk.domain.text import TITLE_LIMIT, graphemes

WARNING = timedelta(minutes=5)  # a promise due sooner than this is amber (F02)

STATES = {
    IncidentState.INVESTIGATING: "Investigating",
    IncidentState.IDENTIFIED: "Identified",
    IncidentState.MONITORING: "Monitoring",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.CLOSED: "Closed",
    IncidentState.WITHDRAWN: "Withdrawn",
}
IMPACTS = {Impact.NONE: "None", Impact.MINOR: "Minor", Impact.MAJOR: "Major", Impact.CRITICAL: "Critical"}
IMPACT_TONES = {Impact.NONE: "plain", Impact.MINOR: "info", Impact.MAJOR: "warn", Impact.CRITICAL: "bad"}
CERTAINTIES = {
    Certainty.UNKNOWN: "Not known yet",
    Certainty.SUSPECTED: "Suspected",
    Certainty.CONFIRMED: "Confirmed",
}
STATUSES = {  # what customers would say
    ComponentStatus.OPERATIONAL: ("Works", "good", "tick-sent"),
    ComponentStatus.UNDER_MAINTENANCE: ("Planned work", "info", "calendar"),
    ComponentStatus.DEGRADED_PERFORMANCE: ("Works badly", "warn", "alert"),
    ComponentStatus.PARTIAL_OUTAGE: ("Partly down", "warn", "alert"),
    ComponentStatus.MAJOR_OUTAGE: ("Down", "bad", "tick-failed"),
}
KINDS = {
    ComponentKind.SERVICE: "Service",
    ComponentKind.SUPPORT_CHANNEL: "Way to reach us",
    ComponentKind.SUPPLIER: "Supplier",
}
STATUS_FOR = {  # what an impact usually means for the components it names
    Impact.NONE: ComponentStatus.OPERATIONAL,
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}
TICKS = {  # silhouette, tone, word
    "sent": ("tick-sent", "good", "sent"),
    "waiting": ("tick-waiting", "info", "waiting"),
    "failed": ("tick-failed", "bad", "failed"),
    "unknown": ("tick-unknown", "warn", "unknown"),
    "off": ("tick-off", "plain", "not sent"),
}
CLOCKS = {  # icon, tone, word
    "calm": ("clock", "plain", "On time"),
    "soon": ("hourglass", "warn", "Due soon"),
    "late": ("alert", "bad", "Late"),
}
_NOT_SENT = (DeliveryState.SUPERSEDED, DeliveryState.CANCELLED)
_TICK_OF = {
    DeliveryState.SENT: "sent",
    DeliveryState.VERIFIED: "sent",
    DeliveryState.QUEUED: "waiting",
    DeliveryState.SENDING: "waiting",
    DeliveryState.RETRY_WAIT: "waiting",
    DeliveryState.FAILED: "failed",
    DeliveryState.UNKNOWN: "unknown",
    DeliveryState.SUPERSEDED: "off",
    DeliveryState.CANCELLED: "off",
}


def zone_name(instant: datetime, zone: ZoneInfo) -> str:
    """The zone as people write it at that instant: BST, UTC, or UTC+03 where the zone has only a number."""
    name = instant.astimezone(zone).strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


def clock_time(instant: datetime, zone: ZoneInfo) -> str:
    """09:55."""
    return f"{instant.astimezone(zone):%H:%M}"


def day_word(day: date, today: date) -> str:
    """How a day is named beside a time: nothing for today, "tomorrow", "Sun 14 Jun", with the year if it is another."""
    if day == today:
        return ""
    if day == today + timedelta(days=1):
        return "tomorrow"
    if day == today - timedelta(days=1):
        return "yesterday"
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def time_said(instant: datetime, zone: ZoneInfo) -> str:
    """09:55 UTC; with the day in front when it is not today."""
    today = now().astimezone(zone).date()
    day = day_word(instant.astimezone(zone).date(), today)
    return f"{day} {clock_time(instant, zone)} {zone_name(instant, zone)}".strip()


def date_said(day: date) -> str:
    """30 Jun 2026."""
    return f"{day.day} {day:%b} {day.year}"


def span(delta: timedelta) -> str:
    """How long, in the two largest units: 12 s, 6 min, 1 h 9 min, 3 d 2 h."""
    seconds = int(abs(delta.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (rest, "min")] if not days else [(days, "d"), (hours, "h")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n)


def countdown(due: datetime) -> tuple[str, str]:
    """Text and state of a promise: ("04:12", "soon"). Late ones count up with a plus."""
    left = round((due - now()).total_seconds())
    hours, rest = divmod(abs(left), 3600)
    text = (f"{hours}:" if hours else "") + f"{rest // 60:02}:{rest % 60:02}"
    if hours > 99:
        text = span(timedelta(seconds=left))
    state = "late" if left < 0 else "soon" if left <= WARNING.total_seconds() else "calm"
    return ("+" if left < 0 else "") + text, state


def tick_of(delivery: Delivery) -> str:
    """Which of the five ticks a delivery shows."""
    return _TICK_OF[delivery.state]


def delivery_word(delivery: Delivery, zone: ZoneInfo) -> str:
    """How a delivery stands, in words a support lead can act on."""
    if delivery.state is DeliveryState.VERIFIED:
        return f"verified {time_said(delivery.updated_at, zone)}"
    if delivery.state is DeliveryState.SENT:
        said = f"sent {time_said(delivery.updated_at, zone)}"
        return ". ".join(part.rstrip(".") for part in (said, delivery.note, delivery.error) if part)
    if delivery.state is DeliveryState.RETRY_WAIT:
        when = f"next try {time_said(delivery.next_try_at, zone)}" if delivery.next_try_at else "waits"
        return f"{(delivery.note or delivery.error).rstrip('.')}; {when}" if delivery.note or delivery.error else when
    fixed = {
        DeliveryState.QUEUED: delivery.note.rstrip(".").lower() if delivery.note else "waiting to be sent",
        DeliveryState.SENDING: "being sent",
        DeliveryState.UNKNOWN: delivery.error or "no answer, checking whether it arrived",
        DeliveryState.FAILED: delivery.error or "refused",
        DeliveryState.SUPERSEDED: "not sent, a newer update went out",
        DeliveryState.CANCELLED: "not sent, stopped",
    }
    return fixed[delivery.state]


def most_urgent_first(rows: Iterable[IncidentRow]) -> list[IncidentRow]:
    """Open incidents by the time their next update is due."""
    return sorted(rows, key=lambda row: (row.due_at is None, row.due_at or row.started_at))


def online(board: Board) -> bool:
    """Whether the page goes anywhere but the folder it is built in."""
    return any(one.location != board.site.output_dir for one in board.targets)


def outcome(deliveries: Sequence[Delivery]) -> tuple[str, bool]:
    """What became of an update, in a sentence or two, and whether all of it arrived."""

    def listed(names: list[str]) -> str:
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    page = [d for d in deliveries if d.kind is DeliveryKind.PUBLISH]
    posts = [d for d in deliveries if d.kind is DeliveryKind.POST and d.state.arrived]
    wrong = [d for d in deliveries if not d.state.arrived and d.state not in _NOT_SENT]
    parts = []
    if page and all(d.state.arrived for d in page):
        parts.append("The page is up to date.")
    if posts:
        parts.append(f"{listed([d.destination for d in posts])} {'has' if len(posts) == 1 else 'have'} it.")
    parts += [f"{d.destination}: {d.error or TICKS[tick_of(d)][2]}" for d in wrong]
    return " ".join(parts) or "It is saved.", not wrong


def short_name(title: str) -> str:
    """The name of an incident in a narrow list: what stands before the colon, usually the component."""
    head = title.split(":", 1)[0].strip()
    return head or title


def title_for(components: list[str], impact: Impact | None) -> str:
    """The title a lead need not type: "Tills: major problem". Empty until both are known."""
    if not components or impact is None:
        return ""
    what = {Impact.NONE: "notice", Impact.MINOR: "minor problem", Impact.MAJOR: "major problem"}
    tail = f": {what.get(impact, 'critical problem')}"
    named = components[0] if len(components) == 1 else ", ".join(components[:-1]) + f" and {components[-1]}"
    if graphemes(named) + len(tail) > TITLE_LIMIT:
        named = f"{len(components)} services" if len(components) > 1 else named[: TITLE_LIMIT - len(tail) - 1] + "…"
    return named + tail


def last_words(view: IncidentView) -> tuple[str, str]:
    """What is or was wrong, and how it ended: the last words of each, as they are after corrections."""
    mended = {one.corrects_seq: one for one in view.updates if one.corrects_seq is not None}
    wrong = ended = moved = ""
    for update in view.updates:
        if not update.kind.speaks:
            continue
        now_said = update
        while now_said.seq in mended:
            now_said = mended[now_said.seq]
        if now_said.kind is UpdateKind.RETRACTION:
            continue
        if update.kind is UpdateKind.PROMISE_MOVED:
            moved = now_said.body_plain  # says nothing about the trouble
        elif update.state_after.is_open:
            wrong, ended = now_said.body_plain, ""
        else:
            ended = ended or now_said.body_plain
    return wrong or moved, "" if view.incident.state.is_open else ended
