"""The HTML pages: each function builds what one kind of page needs and hands it to its template.

Decisions are made here and in `reading`, words in `words`, markup stands in `templates/site/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from markupsafe import Markup

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import IncidentState, StepState
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import PublicCard, PublicComponent, PublicIncident, PublicMaintenance
from statusdesk.domain.times import rfc3339
from statusdesk.site import bars, templating
from statusdesk.site.edition import Edition, editions
from statusdesk.site.frame import Around, Shell, bdi, contact_href, environment, facts
from statusdesk.site.lines import component_bar
from statusdesk.site.months import month_view, spans
from statusdesk.site.reading import ended_at, said_at, what_is_wrong
from statusdesk.site.templating import Overrides
from statusdesk.site.theme import assets
from statusdesk.site.words import Look, capital

COMPONENT_INCIDENTS = 25
STEPS = 5
# On the page of all steps: so many unfinished and so many finished ones; the rest stands with its problem.
ALL_STEPS = 100
BROKEN = 25
# A share of few says little (invariant 6): below that the two numbers alone speak.
RATE_FROM = 10
# The home page shows so many open, waiting and planned things in full; a page that never ends helps nobody.
HOME_LISTED = 6
CARDS = 4
# What others put on their own pages; shown as text, to copy.
_BADGE = Markup('<a href="{base}"><img src="{base}badge.svg" alt="{said}"></a>')
_WIDGET = Markup('<script src="{base}widget.js" async></script>')
_DESCRIBED = 200
# An update that is this late may mean that the desk has lost its own internet: then the page offers the telephone.
LOST_AFTER_MIN = 90


class Pages:
    """Renders the HTML pages of one edition. Paths are those below its own folder."""

    def __init__(self, edition: Edition, own: Overrides | None = None) -> None:
        self.edition, self.own = edition, own
        reading = self.reading = edition.reading
        self.words, self.say = edition.words, edition.language.say
        self.env = environment(edition.language.code, own)
        page = reading.page
        self._arounds: dict[tuple[str, str, str | None], Around] = {}
        # The same for every page of a build; the frame alone would otherwise cost half of a page's time.
        self._constant: dict[str, Any] = {
            "page": page,
            "base": page.base_url.rstrip("/") + "/" if page.base_url else "",
            "w": self.words,
            "d": edition.dates,
            "edition": edition,
            "kept": reading.kept,
            "editions": _menu(edition),
            "name": bdi(page.name, self.words.theirs),
            "zone": bdi(page.time_zone.replace("_", " ")),
            "assets": assets(page.theme),
            "still_broken": self._still_broken,
            "component_href": self._component_href,
            "incident_exists": self._incident_exists,
            "phone": next((c for c in page.contacts if c.kind == "phone"), None),
            "lost_after": LOST_AFTER_MIN,
            "listed": HOME_LISTED,
            "bar_days": edition.reading.page.bar_days,
            "pages_menu": [
                ("history", self.say("History")),
                ("prevention", self.say("What we changed")),
                ("promise", self.say("Our promise")),
                ("follow", self.say("Follow")),
            ],
        }

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The pages that every change touches, by path, in the order in which they are written."""
        return {
            "prevention/index.html": self.prevention,
            "promise/index.html": self.promise,
            "follow/index.html": self.follow,
            "history/index.html": self.history,
            "index.html": self.home,
        }

    def home(self) -> bytes:
        """Status, open problems, components with bars, planned, waiting, what we changed, the promise."""
        reading, w = self.reading, self.words
        worst = reading.open[0] if reading.open else None
        active = next((m for m in reading.planned if m.state.is_active), None)
        look, title, is_theirs = self._headline(worst, active)
        shell = Shell(
            path="index.html",
            root="./",
            title=f"{title} · {reading.page.name}" if is_theirs else self._of_page("%(name)s status"),
            description=title,
            tone=look.tone,
            stamp=reading.newest_at,
            facts=self._site_facts(),
        )
        first, _ = bars.window(reading.today, self.edition.dates.zone, reading.page.bar_days)
        return self._render(
            "site/home.html",
            shell,
            worst=worst,
            active=active,
            look=look,
            title=title,
            title_lang=w.theirs if is_theirs else Markup(""),
            others=reading.open[1:],
            by_seq={u.seq: u for u in worst.updates} if worst else {},
            affected=self._affected(worst, and_the_rest=True) if worst else "",
            groups=[
                (group, [component_bar(self.edition, c, "") for c in members]) for group, members in reading.groups
            ],
            services=len(reading.components),
            first_day=first,
            cards=reading.cards[:CARDS],
            shown=reading.open[:HOME_LISTED],
            planned=reading.planned[:HOME_LISTED],
            waiting=reading.waiting[:HOME_LISTED],
            more_waiting=len(reading.waiting) - HOME_LISTED,
            recent=reading.recent,
            last=next((i for i in reading.recent if i.state is not IncidentState.WITHDRAWN), None),
            steps=reading.reader.steps(STEPS),
            record=reading.record,
        )

    def incident(self, incident: PublicIncident) -> bytes:
        """Everything public about one incident."""
        w = self.words
        end = ended_at(incident)
        look = w.impact[incident.impact] if end is None else Look("ok", "ok", w.state[incident.state])
        wrong = what_is_wrong(incident)
        said = incident.who_affected or _cut(wrong.body_plain if wrong else "")
        shell = Shell(
            path=f"incidents/{incident.ref}/index.html",
            root="../../",
            title=f"{incident.title} · {incident.ref}",
            description=f"{w.state[incident.state]}. {said}",
            tone=look.tone,
            stamp=said_at(incident),
            card="card.png" if incident.backfilled else f"incidents/{incident.ref}/card.png",
            facts=self._incident_facts(incident, end),
            published=incident.first_public_at,
        )
        return self._render(
            "site/incident.html",
            shell,
            i=incident,
            look=look,
            end=end,
            by_seq={u.seq: u for u in incident.updates},
            affected=self._affected(incident, and_the_rest=False),
            cards=self._cards_of(incident),
        )

    def maintenance(self, maintenance: PublicMaintenance) -> bytes:
        """Everything public about one planned piece of work."""
        over = maintenance.state.is_over
        look = Look("ok" if over else "plan", "ok" if over else "plan", self.words.state[maintenance.state])
        shell = Shell(
            path=f"maintenance/{maintenance.ref}/index.html",
            root="../../",
            title=f"{maintenance.title} · {maintenance.ref}",
            description=self.say("Planned work: %(title)s") % {"title": maintenance.title},
            tone=look.tone,
            stamp=maintenance.updated_at,
            published=maintenance.published_at,
        )
        by_seq = {u.seq: u for u in maintenance.updates}
        result = self.words.plan_result(maintenance)
        return self._render("site/maintenance.html", shell, m=maintenance, look=look, result=result, by_seq=by_seq)

    def component(self, component: PublicComponent) -> bytes:
        """One component: how it is, how it was, and its newest problems."""
        reading, w = self.reading, self.words
        look = w.status[component.status]
        first, _ = bars.window(reading.today, self.edition.dates.zone, reading.page.bar_days)
        incidents = reading.incidents_with(component.id, COMPONENT_INCIDENTS)
        planned = [m for m in reading.planned if any(key == component.id for key, _, _ in m.components)]
        said = {"name": component.name, "state": w.status_said[component.status], "page": reading.page.name}
        shell = Shell(
            path=f"components/{component.slug}/index.html",
            root="../../",
            title=self.say("%(name)s: %(state)s · %(page)s") % said,
            description=component.description or component.name,
            tone=look.tone,
            stamp=max([*(said_at(i) for i in incidents), *(m.updated_at for m in planned)], default=None),
        )
        return self._render(
            "site/component.html",
            shell,
            c=component,
            look=look,
            line=component_bar(self.edition, component, "../../", named=reading.page.bar_days),
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
            title=self._of_page("History · %(name)s status"),
            description=self.say("Every problem and every planned work, month by month."),
            tone="none",
            current="history",
        )
        return self._render_once("site/history.html", shell, list(self.reading.months), years=years)

    def month(self, key: str) -> bytes:
        """A month, day by day."""
        view = month_view(self.edition, key)
        name = self.edition.dates.month(key)
        shell = Shell(
            path=f"history/{key}/index.html",
            root="../../",
            title=self.say("%(month)s · %(name)s status") % {"month": capital(name), "name": self.reading.page.name},
            description=self.say("What happened in %(month)s.") % {"month": name},
            tone="none",
            stamp=view.pop("stamp"),
            current="history",
        )
        return self._render("site/month.html", shell, spans=self._spans, **view)

    def prevention(self) -> bytes:
        """What we changed: every step, unfinished ones first, both kinds bounded."""
        found = self.reading.reader.steps(2 * ALL_STEPS)
        ended = (StepState.DONE, StepState.DROPPED)
        todo = [s for s in found if s.state not in ended]
        finished = [s for s in found if s.state in ended]
        shell = Shell(
            path="prevention/index.html",
            root="../",
            title=self._of_page("What we changed · %(name)s status"),
            description=self.say("What we do so that problems do not happen again, and how far it is."),
            tone="none",
            current="prevention",
        )
        return self._render_once(
            "site/prevention.html",
            shell,
            found,
            todo=todo[:ALL_STEPS],
            finished=finished[:ALL_STEPS],
            done=sum(s.state is StepState.DONE for s in finished),
            cut=len(found) == 2 * ALL_STEPS or len(todo) > ALL_STEPS or len(finished) > ALL_STEPS,
        )

    def promise(self) -> bytes:
        """The promise in the team's words, and beside it how it was kept."""
        record = self.reading.record
        broken = self.reading.reader.broken_promises(BROKEN)
        shell = Shell(
            path="promise/index.html",
            root="../",
            title=self._of_page("Our promise · %(name)s status"),
            description=self.say("What we promise when something breaks, and how we kept it."),
            tone="none",
            current="promise",
        )
        d = self.edition.dates
        return self._render_once(
            "site/promise.html",
            shell,
            (record, broken),
            record=record,
            kept_rate=d.rate(record.promises_kept, record.promises_total) if record.promises_total >= RATE_FROM else "",
            met_rate=d.rate(record.estimates_met, record.estimates_total)
            if record.estimates_total >= RATE_FROM
            else "",
            rate_from=RATE_FROM,
            broken=[(p, (p.settled_at - p.due_at).total_seconds()) for p in broken],
            late=PromiseState.LATE,
            broken_most=BROKEN,
        )

    def follow(self) -> bytes:
        """Every way to follow the page, in one sentence each (F34)."""
        page = self.reading.page
        shell = Shell(
            path="follow/index.html",
            root="../",
            title=self._of_page("Follow · %(name)s status"),
            description=self.say("Feeds, a calendar, a badge, a widget and data: every update without an account."),
            tone="none",
            current="follow",
        )
        # Where the page is not online yet, the code to copy shows where its address goes.
        address = page.base_url.rstrip("/") + "/" if page.base_url else "https://status.example/"
        base = address + self.edition.prefix
        return self._render_once(
            "site/follow.html",
            shell,
            [(c.slug, c.name) for c in self.reading.components],
            badge_code=str(_BADGE.format(base=base, said=self._of_page("%(name)s status"))),
            widget_code=str(_WIDGET.format(base=base)),
            components=self.reading.components,
        )

    def not_found(self) -> bytes:
        """What a wrong address gets, at any depth: so its links begin at the root of the site."""
        base = self.reading.page.base_url.rstrip("/")
        shell = Shell(
            path="404.html",
            root=f"{base}/",
            title=self._of_page("Page not found · %(name)s status"),
            description=self.say("This address leads nowhere."),
            tone="none",
        )
        return self._render("site/not_found.html", shell)

    # What pages say

    def _headline(self, worst: PublicIncident | None, active: PublicMaintenance | None) -> tuple[Look, str, bool]:
        """The home page's state, its heading, and whether that is a text of theirs: the worst of what is open."""
        w, reading = self.words, self.reading
        if worst:
            return w.impact[worst.impact], worst.title, True
        if any(c.status.is_trouble for c in reading.components):
            troubled = max(reading.components, key=lambda c: c.status.rank)
            said = {"name": troubled.name, "state": w.status_said[troubled.status]}
            return w.status[troubled.status], self.say("%(name)s: %(state)s.") % said, False
        if active:
            return w.status[ComponentStatus.UNDER_MAINTENANCE], active.title, True
        return w.all_well, self.say("Everything works."), False

    def _affected(self, incident: PublicIncident, *, and_the_rest: bool) -> str:
        """What an open incident touches, in words; on the home page also whether the rest works."""
        now = {e.component_id: e for e in incident.entries if e.to_at is None and e.status.is_trouble}
        if not now:
            return ""
        by_status: dict[ComponentStatus, list[str]] = {}
        for component in self.reading.components:
            if component.id in now:
                by_status.setdefault(now[component.id].status, []).append(component.name)
        w = self.words
        # Translators: a state and the services that have it: Partly down: Tills and Website.
        each = self.say("%(state)s: %(names)s.")
        said = [
            each % {"state": w.status[status].word, "names": w.listed(names)}
            for status, names in sorted(by_status.items(), key=lambda i: -i[0].rank)
        ]
        rest = [c for c in self.reading.components if c.id not in now]
        if and_the_rest and rest and all(not c.status.is_trouble for c in rest):
            said.append(self.say("Everything else works."))
        return " ".join(said)

    def _of_page(self, text: str) -> str:
        return self.say(text) % {"name": self.reading.page.name}

    def _cards_of(self, incident: PublicIncident) -> Sequence[PublicCard]:
        """Those of an incident; those about anything only while it is open: see `plan.cards_digest`."""
        refs = (None, incident.ref) if incident.state.is_open else (incident.ref,)
        return list(islice((c for c in self.reading.cards if c.incident_ref in refs), CARDS))

    def _spans(self, incident: PublicIncident) -> list[tuple[Look, str]]:
        return spans(self.edition, incident)

    def _still_broken(self, ref: str) -> str:
        """Where somebody can write that it is not over; empty without an e-mail contact."""
        mail = next((c for c in self.reading.page.contacts if c.kind == "email"), None)
        return contact_href(mail, self.say("%(ref)s still broken") % {"ref": ref}) if mail else ""

    def _component_href(self, slug: str, root: str) -> str:
        """A component's page, or nothing when it has none any more."""
        return f"{root}components/{slug}/" if slug in self.reading.slugs else ""

    def _incident_exists(self, ref: str | None) -> bool:
        return ref is not None and self.reading.incident(ref) is not None

    # What machines read

    def _incident_facts(self, incident: PublicIncident, end: datetime | None) -> Markup:
        """A text that grows while something goes on is what schema.org calls a LiveBlogPosting."""
        document: dict[str, object] = {
            "@context": "https://schema.org",
            "@type": "LiveBlogPosting",
            "headline": incident.title,
            "datePublished": rfc3339(incident.first_public_at),
            "dateModified": rfc3339(said_at(incident)),
            "coverageStartTime": rfc3339(incident.started_at),
            "author": {"@type": "Organization", "name": self.reading.page.name},
        }
        if end is not None:
            document["coverageEndTime"] = rfc3339(end)
        return facts(document)

    def _site_facts(self) -> Markup:
        page = self.reading.page
        if not page.base_url:
            return Markup("")
        return facts(
            {
                "@context": "https://schema.org",
                "@type": "WebSite",
                "name": self._of_page("%(name)s status"),
                "url": page.base_url.rstrip("/") + "/" + self.edition.prefix,
            }
        )

    def _render_once(self, name: str, shell: Shell, of: object, **view: object) -> bytes:
        """A page that shows the settings and what it is made `of`, and nothing else: rendered when that changed."""
        key, made_of = (name, self.edition.language.code), (self.reading.page, of)
        return self.reading.kept.once(key, made_of, lambda: self._render(name, shell, **view))

    def _render(self, name: str, shell: Shell, **view: object) -> bytes:
        # `root` leads to the edition's own folder, `top` to that of the whole site: scripts, data.
        top = "../" + shell.root.removeprefix("./") if self.edition.prefix else shell.root
        given = self._constant | view
        try:
            around = self._around(shell, top)
            text = self.env.get_template(name).render(given, shell=shell, root=shell.root, top=top, around=around)
        except Exception as error:
            said = templating.refusal(error, self.own) if self.own else None
            if said is None:
                raise
            raise said from error
        return text.encode("utf-8")

    def _around(self, shell: Shell, top: str) -> Around:
        """Menu and foot; with several languages the foot leads to this very page in the others."""
        place = shell.place if self._constant["editions"] and shell.path != "404.html" else None
        key = (shell.root, shell.current, place)
        known = self._arounds.get(key)
        if known is None:
            pieces: Any = self._pieces
            known = Around(pieces.menu(shell.root, shell.current), pieces.foot(shell.root, top, place))
            if place is None or shell.current:  # a page of its own place comes once in a build
                self._arounds[key] = known
        return known

    @cached_property
    def _pieces(self) -> object:
        return self.env.get_template("site/around.html").make_module(self._constant)


def _menu(edition: Edition) -> list[tuple[str, str, str]]:
    """The languages to choose from, as tag, own name and folder; empty when there is one only."""
    found = [(e.dates.lang, e.language.name, e.prefix) for e in editions(edition.reading)]
    return found if len(found) > 1 else []


def _cut(text: str) -> str:
    """The beginning of a text, for a description."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _DESCRIBED else flat[: _DESCRIBED - 1].rstrip() + "…"
