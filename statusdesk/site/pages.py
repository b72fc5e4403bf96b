"""The HTML pages: each function builds what one kind of page needs and hands it to its template.

Decisions are made here and in `reading`, markup stands in `templates/site/`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import IncidentState, StepState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact
from statusdesk.domain.public import PublicComponent, PublicIncident, PublicMaintenance, PublicStep
from statusdesk.site import bars, templating, words
from statusdesk.site.bars import Bar, Stretch
from statusdesk.site.dates import Dates, duration
from statusdesk.site.edition import Edition
from statusdesk.site.reading import (
    ended_at,
    estimate_result,
    how_it_ended,
    plan_result,
    said_at,
    what_is_wrong,
)
from statusdesk.site.templating import Overrides
from statusdesk.site.theme import assets
from statusdesk.site.words import Look

COMPONENT_INCIDENTS = 25
STEPS = 5
# The home page shows so many open, waiting and planned things in full; a page that never ends helps nobody.
HOME_LISTED = 6
OK = Look("ok", "ok", "No open problem")
# An update that is this late may mean that the desk has lost its own internet: then the page offers the telephone.
LOST_AFTER_MIN = 90


@lru_cache(maxsize=4)
def environment(own: Overrides | None = None) -> Environment:
    """The templates, compiled once: escaping always on, an unknown name is an error."""
    env = Environment(
        loader=templating.loader(own),
        bytecode_cache=templating.Compiled(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    env.globals |= {
        "status_look": words.STATUS,
        "impact_look": words.IMPACT,
        "impact_was": words.IMPACT_WAS,
        "state_word": words.STATE,
        "state_means": words.STATE_MEANS,
        "step_look": words.STEP,
        "update_label": words.update_label,
        "capital": words.capital,
        "count": words.count,
        "mark": mark,
        "href": contact_href,
        "duration": duration,
        "ended_at": ended_at,
        "estimate_result": estimate_result,
        "what_is_wrong": what_is_wrong,
        "how_it_ended": how_it_ended,
        "icon": icon,
        "dots": dots,
        "step_mark": step_mark,
        "step_counts": step_counts,
        "html": Markup,  # only for what was sanitised when it was published
    }
    return env


def mark(look: Look, said: str = "") -> Markup:
    """A state as shape, colour and word."""
    return Markup('<span class="st %s"><svg aria-hidden="true"><use href="#%s"/></svg>%s</span>') % (
        look.tone,
        look.shape,
        said or look.word,
    )


# Colour and drawing of the little icon in the browser's tab, by tone.
_ICONS = {
    "ok": ("17683d", "m4 8.2 2.9 2.9L12.2 5.8"),
    "slow": ("735800", "M8 3.5v5.5m0 1.8v2"),
    "part": ("9a4400", "M3 8h10"),
    "down": ("b01c22", "m4.5 4.5 7 7m0-7-7 7"),
    "plan": ("3c489f", "M8 4v4.4l2.8 2.8"),
    "none": ("58686f", "M8 4v8"),
}


@cache
def icon(tone: str) -> str:
    """The tab's icon as a data address, fully encoded."""
    colour, path = _ICONS[tone]
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
        f"<path fill='#{colour}' d='M0 0h16v16H0z'/><path fill='none' stroke='#fff' stroke-width='2' d='{path}'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe="/:='")


def dots(filled: int, total: int, most: int = 24) -> Markup:
    """One dot a customer: filled when confirmed. Beyond `most` the numbers alone speak."""
    if total > most:
        return Markup("")
    full = "".join(f"M{6 + 14 * n} 6h0" for n in range(filled))
    rings = "".join(f"M{2 + 14 * n} 6a4 4 0 1 1 8 0a4 4 0 1 1-8 0" for n in range(filled, total))
    return Markup(
        '<svg class="dots" viewBox="0 0 %d 12" aria-hidden="true">'
        '<path stroke-width="10" stroke-linecap="round" d="%s"/><path stroke-width="2" d="%s"/></svg>'
    ) % (14 * total, full, rings)


def step_mark(d: Dates, step: PublicStep) -> Markup:
    """A prevention step's state with its date: Done 12 June; Doing, by 30 June."""
    look = words.STEP[step.state]
    if step.state is StepState.DONE:
        return mark(look, f"{look.word} {d.day(step.done_on)}" if step.done_on else "")
    due = step.due_on if step.state is not StepState.DROPPED else None
    return mark(look, f"{look.word}, by {d.day(due)}" if due else "")


def step_counts(steps: Sequence[PublicStep]) -> str:
    """As in “one step done, two steps planned”."""
    said = {
        StepState.DONE: "done",
        StepState.DOING: "in work",
        StepState.PLANNED: "planned",
        StepState.DROPPED: "dropped",
    }
    counts = {state: sum(s.state is state for s in steps) for state in said}
    return ", ".join(f"{words.count(n, 'step')} {said[state]}" for state, n in counts.items() if n)


def contact_href(contact: Contact, subject: str = "") -> str:
    """The address behind a contact, or nothing when it is not one that a browser should follow."""
    value = contact.value.strip()
    if contact.kind == "phone":
        digits = re.sub(r"[^\d+]", "", value)
        return f"tel:{digits}" if digits else ""
    if contact.kind == "email":
        query = f"?subject={quote(subject)}" if subject else ""
        return f"mailto:{quote(value, safe='@+.')}{query}"
    return value if value.lower().startswith(("https://", "http://")) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What the frame of a page needs."""

    path: str
    root: str
    title: str
    description: str
    tone: str
    stamp: datetime | None = None
    current: str = ""


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day that mattered, in words under a bar."""

    day: date
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class ComponentBar:
    """A component's line on the home page."""

    component: PublicComponent
    bar: Bar
    percent: str
    named: Sequence[NamedDay]
    more: int
    here_since: date | None


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of a month's page; or a run of days on which nothing began, with what was still going on (`carried`)."""

    first: date
    last: date
    incidents: Sequence[PublicIncident]
    maintenances: Sequence[PublicMaintenance]
    carried: Sequence[PublicIncident]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing began."""
        return not self.incidents and not self.maintenances


class Pages:
    """Renders the HTML pages of one edition. Paths are those below its own folder."""

    def __init__(self, edition: Edition, own: Overrides | None = None) -> None:
        self.edition = edition
        reading = self.reading = edition.reading
        self.own = own
        self.env = environment(own)
        # The same for every page of a build; the frame alone would otherwise cost half of a page's time.
        self._constant: dict[str, Any] = {
            "page": reading.page,
            "d": reading.dates,
            "assets": assets(reading.page.theme),
            "still_broken": self._still_broken,
            "component_href": self._component_href,
            "incident_exists": self._incident_exists,
            "phone": next((c for c in reading.page.contacts if c.kind == "phone"), None),
            "lost_after": LOST_AFTER_MIN,
        }

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The pages that every change touches, by path, in the order in which they are written."""
        return {"history/index.html": self.history, "index.html": self.home}

    def home(self) -> bytes:
        """Status, open problems, components with bars, planned, waiting, what we changed, the promise."""
        reading = self.reading
        worst = reading.open[0] if reading.open else None
        active = next((m for m in reading.planned if m.state.is_active), None)
        if worst:
            look, title = words.IMPACT[worst.impact], worst.title
        elif any(c.status.is_trouble for c in reading.components):
            troubled = max(reading.components, key=lambda c: c.status.rank)
            look = words.STATUS[troubled.status]
            title = f"{troubled.name}: {look.word.lower()}."
        elif active:
            look, title = words.STATUS[ComponentStatus.UNDER_MAINTENANCE], active.title
        else:
            look, title = OK, "Everything works."
        shell = Shell(
            path="index.html",
            root="./",
            title=f"{title} · {reading.page.name}" if worst or active else f"{reading.page.name} status",
            description=title,
            tone=look.tone,
            stamp=reading.newest_at,
        )
        first, _ = bars.window(reading.today, reading.dates.zone)
        return self._render(
            "site/home.html",
            shell,
            worst=worst,
            active=active,
            look=look,
            title=title,
            others=reading.open[1:],
            by_seq={u.seq: u for u in worst.updates} if worst else {},
            affected=self._affected(worst, and_the_rest=True) if worst else "",
            groups=[(group, [self.component_bar(c, "") for c in members]) for group, members in reading.groups],
            first_day=first,
            shown=reading.open[:HOME_LISTED],
            planned=reading.planned[:HOME_LISTED],
            waiting=reading.waiting[:HOME_LISTED],
            more_waiting=len(reading.waiting) - HOME_LISTED,
            recent=reading.recent,
            steps=reading.reader.steps(STEPS),
            record=reading.reader.record(reading.today),
        )

    def incident(self, incident: PublicIncident) -> bytes:
        """Everything public about one incident."""
        end = ended_at(incident)
        look = words.IMPACT[incident.impact] if end is None else Look("ok", "ok", words.STATE[incident.state])
        shell = Shell(
            path=f"incidents/{incident.ref}/index.html",
            root="../../",
            title=f"{incident.title} · {incident.ref}",
            description=f"{words.STATE[incident.state]}. {incident.who_affected}".strip(),
            tone=look.tone,
            stamp=said_at(incident),
        )
        by_seq = {u.seq: u for u in incident.updates}
        return self._render(
            "site/incident.html",
            shell,
            i=incident,
            look=look,
            end=end,
            by_seq=by_seq,
            affected=self._affected(incident, and_the_rest=False),
        )

    def maintenance(self, maintenance: PublicMaintenance) -> bytes:
        """Everything public about one planned piece of work."""
        over = maintenance.state.is_over
        look = Look("ok" if over else "plan", "ok" if over else "plan", words.STATE[maintenance.state])
        shell = Shell(
            path=f"maintenance/{maintenance.ref}/index.html",
            root="../../",
            title=f"{maintenance.title} · {maintenance.ref}",
            description=f"Planned work: {maintenance.title}",
            tone=look.tone,
            stamp=maintenance.updated_at,
        )
        by_seq = {u.seq: u for u in maintenance.updates}
        return self._render(
            "site/maintenance.html", shell, m=maintenance, look=look, result=plan_result(maintenance), by_seq=by_seq
        )

    def component(self, component: PublicComponent) -> bytes:
        """One component: how it is, how it was, and its newest problems."""
        reading = self.reading
        look = words.STATUS[component.status]
        first, _ = bars.window(reading.today, reading.dates.zone)
        incidents = reading.incidents_with(component.id, COMPONENT_INCIDENTS)
        planned = [m for m in reading.planned if any(key == component.id for key, _, _ in m.components)]
        shell = Shell(
            path=f"components/{component.slug}/index.html",
            root="../../",
            title=f"{component.name}: {look.word.lower()} · {reading.page.name}",
            description=component.description or component.name,
            tone=look.tone,
            stamp=max([*(said_at(i) for i in incidents), *(m.updated_at for m in planned)], default=None),
        )
        return self._render(
            "site/component.html",
            shell,
            c=component,
            look=look,
            line=self.component_bar(component, "../../", named=bars.DAYS),
            first_day=first,
            incidents=incidents,
            planned=planned,
        )

    def history(self) -> bytes:
        """The months, year by year."""
        years: dict[str, list[Any]] = {}
        for month in self.reading.months:
            years.setdefault(month.month[:4], []).append(month)
        shell = Shell(
            path="history/index.html",
            root="../",
            title=f"History · {self.reading.page.name} status",
            description="Every problem and every planned work, month by month.",
            tone="none",
            current="history",
        )
        return self._render("site/history.html", shell, years=years)

    def month(self, key: str) -> bytes:
        """A month, day by day."""
        reading, zone = self.reading, self.reading.dates.zone
        first = date(int(key[:4]), int(key[5:]), 1)
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        known = min(last, reading.today)
        incidents = reading.incidents_of(key)
        works = reading.maintenances_of(key)
        before = f"{first - timedelta(days=1):%Y-%m}"
        carried = [i for i in reading.incidents_of(before) if self._last_day(i) >= first]
        found = [s for i in (*carried, *incidents) for s in incident_stretches(i)]
        found += [maintenance_stretch(m) for m in works if m.state is not MaintenanceState.CANCELLED]
        marked = bars.by_day(found, zone, first, known)
        shell = Shell(
            path=f"history/{key}/index.html",
            root="../../",
            title=f"{reading.dates.month(key)} · {reading.page.name} status",
            description=f"What happened in {reading.dates.month(key)}.",
            tone="none",
            stamp=max([*(said_at(i) for i in (*incidents, *carried)), *(m.updated_at for m in works)], default=None),
            current="history",
        )
        keys = [m.month for m in reading.months]
        at = keys.index(key) if key in keys else -1
        judged = [i.eta.outcome for i in incidents if i.eta and not i.backfilled and estimate_result(i)]
        return self._render(
            "site/month.html",
            shell,
            key=key,
            incidents=incidents,
            works=works,
            bar=bars.draw(first, last, marked, until=known) if known >= first else None,
            days_known=max(0, (known - first).days + 1),
            days_marked=len(marked),
            rows=self._month_rows(first, known, incidents, works, carried),
            newer=keys[at - 1] if at > 0 else None,
            older=keys[at + 1] if 0 <= at < len(keys) - 1 else None,
            met=sum(outcome.value == "met" for outcome in judged),
            judged=len(judged),
            asked=sum(i.asked for i in incidents),
            confirmed=sum(i.confirmed for i in incidents),
            spans=self._spans,
            plan_result=plan_result,
        )

    def not_found(self) -> bytes:
        """What a wrong address gets, at any depth: so its links begin at the root of the site."""
        base = self.reading.page.base_url.rstrip("/")
        shell = Shell(
            path="404.html",
            root=f"{base}/",
            title=f"Page not found · {self.reading.page.name} status",
            description="This address leads nowhere.",
            tone="none",
        )
        return self._render("site/not_found.html", shell)

    def component_bar(self, component: PublicComponent, root: str, named: int = bars.NAMED_DAYS) -> ComponentBar:
        """A component's 90 days."""
        reading, zone = self.reading, self.reading.dates.zone
        found = reading.stretches_of(component)
        first, since = bars.window(reading.today, zone)
        begun = min([component.created_at, *(s.start for s in found)])
        existed = reading.dates.on(begun)
        marked = bars.by_day(found, zone, first, reading.today)
        named_days = self._named_days(found, root, first)
        return ComponentBar(
            component,
            bars.draw(first, reading.today, marked, since=existed),
            reading.dates.percent(bars.share_up(found, max(since, begun), reading.counted_until(found))),
            named_days[:named],
            max(0, len(named_days) - named),
            existed if existed > first else None,
        )

    def _named_days(self, found: Sequence[Stretch], root: str, first: date) -> list[NamedDay]:
        """The days on which something began, newest first: what and for how long."""
        days: dict[date, list[Stretch]] = {}
        for stretch in found:
            days.setdefault(max(first, self.reading.dates.on(stretch.start)), []).append(stretch)
        return [
            NamedDay(day, self._said(items), self._history_href(items[-1], root))
            for day, items in sorted(days.items(), reverse=True)
        ]

    def _said(self, found: Sequence[Stretch]) -> str:
        """As in “down 28 min, partly down 1 h 30”."""
        now = max((s for s in found if s.end is None), key=lambda s: s.status.rank, default=None)
        if now:
            return f"{words.STATUS_SAID[now.status]} since {self.reading.dates.clock_zone(now.start)}"
        sums = bars.seconds_by_status(found, found[-1].start)
        if not sums:
            return words.STATUS_SAID[found[-1].status]
        return ", ".join(f"{words.STATUS_SAID[status]} {duration(s, short=True)}" for status, s in sums.items())

    def _history_href(self, stretch: Stretch, root: str) -> str:
        """The day's place in the history, or the page of the thing itself where the day is not known."""
        local = self.reading.dates.local(stretch.began_at) if stretch.began_at else None
        if local and any(m.month == f"{local:%Y-%m}" for m in self.reading.months):
            return f"{root}history/{local:%Y-%m}/#d{local:%d}"
        if stretch.incident_ref:
            return f"{root}incidents/{stretch.incident_ref}/"
        return f"{root}maintenance/{stretch.maintenance_ref}/" if stretch.maintenance_ref else f"{root}history/"

    def _last_day(self, incident: PublicIncident) -> date:
        end = ended_at(incident)
        return self.reading.today if end is None else self.reading.dates.on(end - timedelta(milliseconds=1))

    def _spans(self, incident: PublicIncident) -> list[tuple[Look, str]]:
        """How long an incident was how bad, worst first."""
        if ended_at(incident) is None:
            return [(words.IMPACT[incident.impact], "still open")]
        sums = bars.seconds_by_status(incident_stretches(incident), incident.started_at)
        return [(words.STATUS[status], duration(seconds)) for status, seconds in sums.items() if status.is_trouble]

    def _month_rows(
        self,
        first: date,
        known: date,
        incidents: Sequence[PublicIncident],
        works: Sequence[PublicMaintenance],
        carried: Sequence[PublicIncident],
    ) -> list[MonthDay]:
        """Newest day first; runs of days on which nothing began in between. Planned days to come are listed too."""
        begun: dict[date, tuple[list[PublicIncident], list[PublicMaintenance]]] = {}
        for incident in incidents:
            begun.setdefault(self.reading.dates.on(incident.started_at), ([], []))[0].append(incident)
        for work in works:
            begun.setdefault(self.reading.dates.on(work.starts_at), ([], []))[1].append(work)
        spans = [(self.reading.dates.on(i.started_at), self._last_day(i), i) for i in (*carried, *incidents)]
        rows = [MonthDay(day, day, *things, ()) for day, things in begun.items()]
        day = first
        while day <= known:
            if day not in begun:
                still = tuple(i for begin, end, i in spans if begin <= day <= end)
                before = rows[-1] if rows else None
                if before and before.last == day - timedelta(days=1) and before.is_quiet and before.carried == still:
                    rows[-1] = replace(before, last=day)
                else:
                    rows.append(MonthDay(day, day, (), (), still))
            day += timedelta(days=1)
        return sorted(rows, key=lambda row: row.first, reverse=True)

    def _affected(self, incident: PublicIncident, *, and_the_rest: bool) -> str:
        """What an open incident touches, in words; on the home page also whether the rest works."""
        now = {e.component_id: e for e in incident.entries if e.to_at is None and e.status.is_trouble}
        if not now:
            return ""
        by_status: dict[ComponentStatus, list[str]] = {}
        for component in self.reading.components:
            if component.id in now:
                by_status.setdefault(now[component.id].status, []).append(component.name)
        said = [
            f"{words.STATUS[status].word}: {words.listed(names)}."
            for status, names in sorted(by_status.items(), key=lambda i: -i[0].rank)
        ]
        rest = [c for c in self.reading.components if c.id not in now]
        if and_the_rest and rest and all(not c.status.is_trouble for c in rest):
            said.append("Everything else works.")
        return " ".join(said)

    def _still_broken(self, ref: str) -> str:
        """Where somebody can write that it is not over; empty without an e-mail contact."""
        mail = next((c for c in self.reading.page.contacts if c.kind == "email"), None)
        return contact_href(mail, f"{ref} still broken") if mail else ""

    def _component_href(self, slug: str, root: str) -> str:
        """A component's page, or nothing when it has none any more."""
        return f"{root}components/{slug}/" if slug in self.reading.slugs else ""

    def _incident_exists(self, ref: str | None) -> bool:
        return ref is not None and self.reading.incident(ref) is not None

    def _render(self, template: str, shell: Shell, **view: object) -> bytes:
        try:
            text = self.env.get_template(template).render(self._constant, shell=shell, root=shell.root, **view)
        except Exception as error:
            said = templating.refusal(error, self.own) if self.own else None
            if said is None:
                raise
            raise said from error
        return text.encode("utf-8")


def incident_stretches(incident: PublicIncident) -> list[Stretch]:
    """An incident's entries; one that names no component counts by its impact from start to end."""
    if incident.state is IncidentState.WITHDRAWN:
        return []
    if incident.entries:
        return bars.stretches(incident.entries)
    status = words.IMPACT_STATUS[incident.impact]
    if not status.is_trouble:
        return []
    return [Stretch(status, incident.started_at, ended_at(incident), incident.ref)]


def maintenance_stretch(maintenance: PublicMaintenance) -> Stretch:
    """Planned work from its real start to its real end, where they are known."""
    return Stretch(
        ComponentStatus.UNDER_MAINTENANCE,
        maintenance.actual_start or maintenance.starts_at,
        maintenance.actual_end or maintenance.ends_at,
        maintenance_ref=maintenance.ref,
    )
