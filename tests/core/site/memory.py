"""A record in memory that answers like the store, and a small example history: a chain of stores called Northlake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.component import ComponentStatus, worst
from statusdesk.domain.ids import public_code
from statusdesk.domain.incident import Certainty, EtaOutcome, Impact, IncidentState, StepState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import (
    MonthCount,
    PublicCard,
    PublicCause,
    PublicComponent,
    PublicEntry,
    PublicEta,
    PublicGroup,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicProfile,
    PublicPromise,
    PublicRecord,
    PublicStep,
    PublicUpdate,
)
from statusdesk.domain.times import month_key
from statusdesk.site.markdown import to_html, to_plain


def utc(text: str) -> datetime:
    """2026-06-09 13:12 -> an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class MemoryReader:
    """Implements PublicReader on lists. Every change is noted as the store's audit trail would."""

    page_: PublicPage
    groups_: list[PublicGroup] = field(default_factory=list)
    components_: list[PublicComponent] = field(default_factory=list)
    incidents_: dict[str, PublicIncident] = field(default_factory=dict)
    works: dict[str, PublicMaintenance] = field(default_factory=dict)
    events: list[tuple[Touched, str]] = field(default_factory=list)
    record_: PublicRecord = field(
        default_factory=lambda: PublicRecord(promises_kept=0, promises_total=0, estimates_met=0, estimates_total=0)
    )
    cards_: list[PublicCard] = field(default_factory=list)
    promises_: list[PublicPromise] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)

    # Changing it

    def put(self, thing: PublicIncident | PublicMaintenance) -> None:
        if isinstance(thing, PublicIncident):
            self.incidents_[thing.ref] = thing
            self.events.append((Touched.INCIDENT, thing.ref))
        else:
            self.works[thing.ref] = thing
            self.events.append((Touched.MAINTENANCE, thing.ref))

    def put_component(self, component: PublicComponent) -> None:
        self.components_ = [c for c in self.components_ if c.id != component.id] + [component]
        self.components_.sort(key=lambda c: (c.position, c.id))
        self.events.append((Touched.COMPONENT, component.id))

    def drop_component(self, component_id: str) -> None:
        self.components_ = [c for c in self.components_ if c.id != component_id]
        self.events.append((Touched.COMPONENT, component_id))

    def put_page(self, page: PublicPage) -> None:
        self.page_ = page
        self.events.append((Touched.PAGE, page.id))

    # The protocol

    def head(self) -> int:
        return len(self.events)

    def changes_since(self, head: int) -> Changes | None:
        new = self.events[head:]
        kinds = {kind for kind, _ in new}
        if Touched.IMPORT in kinds:
            return None
        return Changes(
            head=len(self.events),
            page=Touched.PAGE in kinds,
            components=Touched.COMPONENT in kinds,
            incidents=frozenset(key for kind, key in new if kind is Touched.INCIDENT),
            maintenances=frozenset(key for kind, key in new if kind is Touched.MAINTENANCE),
            destinations=bool(kinds & {Touched.ACCOUNT, Touched.TARGET}),
        )

    def page(self) -> PublicPage:
        return self.page_

    def groups(self) -> Sequence[PublicGroup]:
        return [g for g in self.groups_ if any(c.group_id == g.id for c in self.components_)]

    def components(self) -> Sequence[PublicComponent]:
        entries = self._entries()
        return [
            replace(
                c,
                status=worst(e.status for e in entries if e.component_id == c.id and e.to_at is None),
                updated_at=max([c.created_at, *(e.to_at or e.from_at for e in entries if e.component_id == c.id)]),
            )
            for c in self.components_
        ]

    def open_refs(self) -> Sequence[str]:
        found = [i for i in self._fresh() if i.state.is_open]
        return [i.ref for i in sorted(found, key=lambda i: (-i.impact.rank, -i.started_at.timestamp(), i.ref))]

    def waiting_refs(self) -> Sequence[str]:
        found = [i for i in self._fresh() if i.state is IncidentState.RESOLVED and i.confirmed < i.asked]
        return [i.ref for i in sorted(found, key=lambda i: (i.started_at, i.ref), reverse=True)]

    def incidents(self, refs: Sequence[str]) -> Sequence[PublicIncident]:
        self.reads += refs
        return [i for i in self._fresh() if i.ref in refs]

    def refs_in_month(self, month: str) -> Sequence[str]:
        return [i.ref for i in self._newest() if i.month == month]

    def recent_refs(self, limit: int) -> Sequence[str]:
        return [i.ref for i in self._newest()[:limit]]

    def updated_refs(self, limit: int) -> Sequence[str]:
        found = sorted(self._fresh(), key=lambda i: (i.updates[-1].published_at, i.ref), reverse=True)
        return [i.ref for i in found[:limit]]

    def component_refs(self, component_id: str, limit: int) -> Sequence[str]:
        found = [(e.from_at, i.ref) for i in self._fresh() for e in i.entries if e.component_id == component_id]
        return list(dict.fromkeys(ref for _, ref in sorted(found, reverse=True)))[:limit]

    def active_maintenance_refs(self) -> Sequence[str]:
        return [m.ref for m in sorted(self._works(), key=lambda m: (m.starts_at, m.ref)) if not m.state.is_over]

    def recent_maintenance_refs(self, limit: int) -> Sequence[str]:
        return [m.ref for m in sorted(self._works(), key=lambda m: (m.starts_at, m.ref), reverse=True)][:limit]

    def component_maintenance_refs(self, component_id: str, limit: int) -> Sequence[str]:
        found = self.maintenances(self.recent_maintenance_refs(10**6))
        named = {m.ref for m in found if component_id in [key for key, _, _ in m.components]}
        return [ref for ref in self.recent_maintenance_refs(10**6) if ref in named][:limit]

    def maintenance_refs_in_month(self, month: str) -> Sequence[str]:
        return [
            m.ref for m in sorted(self._works(), key=lambda m: (m.starts_at, m.ref), reverse=True) if m.month == month
        ]

    def maintenances(self, refs: Sequence[str]) -> Sequence[PublicMaintenance]:
        return [m for m in self._works() if m.ref in refs]

    def months(self) -> Sequence[MonthCount]:
        keys = {i.month for i in self.incidents_.values()} | {m.month for m in self.works.values()}
        return [
            MonthCount(
                month=key,
                incidents=sum(i.month == key for i in self.incidents_.values()),
                maintenances=sum(m.month == key for m in self.works.values()),
            )
            for key in sorted(keys, reverse=True)
        ]

    def refs(self) -> Sequence[str]:
        return list(self.incidents_)

    def maintenance_refs(self) -> Sequence[str]:
        return list(self.works)

    def entries_since(self, since: datetime) -> Sequence[PublicEntry]:
        return [e for e in self._entries() if e.to_at is None or e.to_at > since]

    def steps(self, limit: int) -> Sequence[PublicStep]:
        found = [s for i in self._newest() for s in i.steps]
        return sorted(found, key=lambda s: (s.state in (StepState.DONE, StepState.DROPPED), s.due_on or date.max))[
            :limit
        ]

    def cards(self) -> Sequence[PublicCard]:
        return sorted(self.cards_, key=lambda c: (c.ends_at, c.name))

    def broken_promises(self, limit: int) -> Sequence[PublicPromise]:
        broken = [p for p in self.promises_ if p.state is not PromiseState.KEPT]
        return sorted(broken, key=lambda p: p.settled_at, reverse=True)[:limit]

    def record(self, today: date) -> PublicRecord:
        return self.record_

    # How names follow components, as a join would

    def _fresh(self) -> list[PublicIncident]:
        names = {c.id: c for c in self.components_}
        out = []
        for incident in self.incidents_.values():
            entries = tuple(
                replace(e, component_name=names[e.component_id].name, component_slug=names[e.component_id].slug)
                if e.component_id in names
                else e
                for e in incident.entries
            )
            out.append(replace(incident, entries=entries))
        return out

    def _newest(self) -> list[PublicIncident]:
        return sorted(self._fresh(), key=lambda i: (i.started_at, i.ref), reverse=True)

    def _works(self) -> list[PublicMaintenance]:
        names = {c.id: c for c in self.components_}
        return [
            replace(
                m,
                components=tuple(
                    (key, names[key].slug, names[key].name) if key in names else (key, slug, name)
                    for key, slug, name in m.components
                ),
            )
            for m in self.works.values()
        ]

    def _entries(self) -> list[PublicEntry]:
        found = [e for i in self.incidents_.values() for e in i.entries]
        for m in self.works.values():
            if m.actual_start is None:
                continue
            found += [
                PublicEntry(
                    component_id=key,
                    component_slug=slug,
                    component_name=name,
                    status=ComponentStatus.UNDER_MAINTENANCE,
                    from_at=m.actual_start,
                    to_at=m.actual_end,
                    incident_ref=None,
                    maintenance_ref=m.ref,
                    began_at=m.starts_at,
                )
                for key, slug, name in m.components
            ]
        return sorted(found, key=lambda e: (e.from_at, e.component_id))


def page(**changes: object) -> PublicPage:
    base = PublicPage(
        id=public_code("01J0PAGE00000000000000000A"),
        name="Northlake",
        base_url="",
        time_zone="Europe/Stockholm",
        locale="en-GB",
        promise_html="<p>When something breaks we say so, we say why, and we say when we write next. A repair may take "
        "longer than we hoped. An answer should not.</p>",
        contacts=(
            Contact("phone", "Call our support desk", "+46 8 465 004 20", "A person answers, 08:00 to 20:00 CEST."),
            Contact("email", "", "support@northlake.example"),
            Contact("chat", "Chat", "https://northlake.example/chat", "08:00 to 20:00 CEST"),
        ),
        follow=(PublicProfile(kind="mastodon", label="Mastodon", url="https://social.example/@northlake"),),
        created_at=utc("2025-11-03 08:00"),
        updated_at=utc("2025-11-03 08:00"),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def group(name: str, position: int) -> PublicGroup:
    return PublicGroup(
        id=f"g-{position}", code=public_code(name), name=name, position=position, collapsed=False,
        created_at=utc("2025-11-03 08:00"),
    )  # fmt: skip


def component(name: str, position: int, group_id: str | None = None, **changes: object) -> PublicComponent:
    slug = name.lower().replace(" ", "-")
    base = PublicComponent(
        id=f"c-{slug}", code=public_code(name), slug=slug, name=name, description="", group_id=group_id,
        position=position, status=ComponentStatus.OPERATIONAL, created_at=utc("2025-11-03 08:00"),
        updated_at=utc("2025-11-03 08:00"),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def update(
    seq: int, at: datetime, state: IncidentState | MaintenanceState, text: str, **changes: object
) -> PublicUpdate:
    base = PublicUpdate(
        code=public_code(f"{at}{seq}{text}"), seq=seq, kind=UpdateKind.UPDATE, state_after=state,
        body_html=to_html(text), body_plain=to_plain(text), published_at=at, author="Ana, support lead",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def entry(
    c: PublicComponent,
    status: ComponentStatus,
    start: datetime,
    end: datetime | None,
    ref: str,
    *,
    began: datetime | None = None,
) -> PublicEntry:
    return PublicEntry(
        component_id=c.id, component_slug=c.slug, component_name=c.name, status=status, from_at=start, to_at=end,
        incident_ref=ref, maintenance_ref=None, began_at=began or start,
    )  # fmt: skip


def incident(ref: str, title: str, started: datetime, **changes: object) -> PublicIncident:
    base = PublicIncident(
        ref=ref, code=public_code(ref), title=title, state=IncidentState.INVESTIGATING, impact=Impact.MAJOR,
        started_at=started, first_public_at=started + timedelta(minutes=2), updated_at=started + timedelta(minutes=2),
        resolved_at=None, closed_at=None, month=month_key(started, ZoneInfo("Europe/Stockholm")), who_affected="",
        workaround_html="", got_wrong_html="", recurrence_of=None, reopened=0, backfilled=False, cause=None, eta=None,
        next_due_at=started + timedelta(minutes=35), asked=0, confirmed=0, entries=(),
        updates=(update(1, started + timedelta(minutes=2), IncidentState.INVESTIGATING, f"{title}. We are looking."),),
        steps=(),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def maintenance(
    ref: str, title: str, starts: datetime, hours: float, components: Sequence[PublicComponent], **changes: object
):
    base = PublicMaintenance(
        ref=ref, code=public_code(ref), title=title, state=MaintenanceState.SCHEDULED, starts_at=starts,
        ends_at=starts + timedelta(hours=hours), what_stops_html="", max_interruption_s=None, actual_start=None,
        actual_end=None, rescheduled_from=None, linked_incident=None, published_at=starts - timedelta(days=7),
        updated_at=starts - timedelta(days=7), month=month_key(starts, ZoneInfo("Europe/Stockholm")), backfilled=False,
        components=tuple((c.id, c.slug, c.name) for c in components),
        updates=(update(1, starts - timedelta(days=7), MaintenanceState.SCHEDULED, f"{title}."),),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


NAMES = {
    "In our stores": ["Card payments", "Gift cards", "Click and collect", "Self checkout"],
    "Online": ["Website", "App", "Your account", "Search", "Delivery tracking"],
    "How to reach us": ["Phones", "E-mail", "Chat"],
}
S = IncidentState
C = ComponentStatus


def northlake(*, open_now: bool = True) -> MemoryReader:
    """Nine months of a small page: fixed, planned, open, corrected, imported."""
    reader = MemoryReader(page())
    number = 0
    for position, (name, members) in enumerate(NAMES.items(), 1):
        reader.groups_.append(group(name, position))
        for member in members:
            number += 1
            changes = {"created_at": utc("2026-05-04 08:00")} if member == "Self checkout" else {}
            reader.put_component(component(member, number, f"g-{position}", **changes))
    by_name = {c.name: c for c in reader.components_}
    _past(reader, by_name)
    _cards(reader, by_name["Card payments"], open_now=open_now)
    reader.put(
        maintenance(
            "SD-2026-M007", "New telephone exchange", utc("2026-06-14 00:00"), 2, [by_name["Phones"], by_name["Chat"]],
            what_stops_html=to_html("Phones and chat stop for up to 20 minutes while we replace the telephone exchange. E-mail works throughout."),
            max_interruption_s=1200,
        )
    )  # fmt: skip
    reader.record_ = PublicRecord(promises_kept=41, promises_total=43, estimates_met=9, estimates_total=11)
    return reader


def _past(reader: MemoryReader, by_name: dict[str, PublicComponent]) -> None:
    def add(ref, title, name, status, start, *, minutes, impact=Impact.MINOR, **changes):
        began = utc(start)
        end = began + timedelta(minutes=minutes)
        reader.put(
            incident(
                ref, title, began, state=S.CLOSED, impact=impact, resolved_at=end, closed_at=end + timedelta(days=2),
                updated_at=end + timedelta(days=2), next_due_at=None,
                entries=(entry(by_name[name], status, began, end, ref),),
                updates=(
                    update(1, began + timedelta(minutes=4), S.INVESTIGATING, f"{title} since this hour. We are looking for the cause."),
                    update(2, end + timedelta(minutes=1), S.RESOLVED, "It works again. We found what it was and repaired it."),
                ),
                **changes,
            )
        )  # fmt: skip

    add(
        "SD-2025-0007",
        "Search found nothing",
        "Search",
        C.MAJOR_OUTAGE,
        "2025-12-03 10:00",
        minutes=50,
        backfilled=True,
    )
    add(
        "SD-2026-0011",
        "The website was partly unreachable",
        "Website",
        C.PARTIAL_OUTAGE,
        "2026-03-28 09:00",
        minutes=30,
    )
    add(
        "SD-2026-0019",
        "The phones were dead",
        "Phones",
        C.MAJOR_OUTAGE,
        "2026-04-24 07:15",
        minutes=55,
        impact=Impact.CRITICAL,
    )
    add(
        "SD-2026-0030",
        "One could not log in",
        "Your account",
        C.MAJOR_OUTAGE,
        "2026-05-19 12:02",
        minutes=22,
        impact=Impact.MAJOR,
    )
    add("SD-2026-0033", "Search was slower", "Search", C.DEGRADED_PERFORMANCE, "2026-05-21 08:20", minutes=42)
    add(
        "SD-2026-0036",
        "Parcels could not be tracked",
        "Delivery tracking",
        C.PARTIAL_OUTAGE,
        "2026-05-31 20:50",
        minutes=610,
    )
    began, end = utc("2026-06-08 12:55"), utc("2026-06-08 14:20")
    reader.put(
        incident(
            "SD-2026-0041", "Gift cards could not be redeemed", began, state=S.RESOLVED, resolved_at=end, next_due_at=None,
            asked=9, confirmed=7, updated_at=end,
            entries=(entry(by_name["Gift cards"], C.MAJOR_OUTAGE, began, end, "SD-2026-0041"),),
            cause=PublicCause(
                certainty=Certainty.CONFIRMED,
                html=to_html("We had changed how gift cards are checked, and had not tested it with a real card."),
                our_action_html="", said_at=utc("2026-06-08 13:40"),
            ),
            eta=PublicEta(due_at=utc("2026-06-08 14:30"), said_at=utc("2026-06-08 13:40"), first_due_at=utc("2026-06-08 14:30"), last_due_at=utc("2026-06-08 14:30"), statements=1, outcome=EtaOutcome.MET),
            updates=(
                update(1, utc("2026-06-08 12:59"), S.INVESTIGATING, "No gift card is accepted at the tills. Cards and cash work."),
                update(2, utc("2026-06-08 13:40"), S.IDENTIFIED, "We take back this morning's change. Gift cards work again by 16:30 CEST."),
                update(3, utc("2026-06-08 14:20"), S.RESOLVED, "Gift cards work again in all stores since 16:18 CEST. Nothing was lost on any card."),
            ),
            steps=(
                PublicStep(html=to_html("Once an hour we buy and redeem a real gift card."), state=StepState.PLANNED, due_on=date(2026, 7, 31), done_on=None, dropped_reason="", moved_from=(), incident_ref="SD-2026-0041"),
                PublicStep(html=to_html("The phones get a second line, so that one cut cable cannot silence them."), state=StepState.DOING, due_on=date(2026, 6, 30), done_on=None, dropped_reason="", moved_from=(date(2026, 6, 15),), incident_ref="SD-2026-0041"),
                PublicStep(html=to_html("We are warned 30 days before any certificate expires, and read the list every morning."), state=StepState.DONE, due_on=None, done_on=date(2026, 6, 3), dropped_reason="", moved_from=(), incident_ref="SD-2026-0041"),
            ),
        )
    )  # fmt: skip


def _cards(reader: MemoryReader, cards: PublicComponent, *, open_now: bool) -> None:
    ref, began, end = "SD-2026-0042", utc("2026-06-09 13:12"), utc("2026-06-09 15:10")
    words = (
        update(1, utc("2026-06-09 13:14"), S.INVESTIGATING, "Card payments have failed in all 14 stores since 15:12 CEST. Cash works. We are testing the line to the bank first, then the terminals."),
        update(2, utc("2026-06-09 13:41"), S.IDENTIFIED, "We moved 11 stores to the backup line by 15:40 CEST. *Hill Street*, *Station Road* and the *Airport* have none: a colleague is driving to each with a mobile modem, to Hill Street first. You can pay with the app in every store.", replaced_seq=3, replaced_kind=UpdateKind.CORRECTION),
        update(3, utc("2026-06-09 13:52"), S.IDENTIFIED, "We moved 11 stores to the backup line by 15:40 CEST. *Hill Street*, *Station Road* and the *Airport* have none: a colleague is driving to each with a mobile modem, to Hill Street first. You can pay with the app in 13 stores, and not at the Airport.", kind=UpdateKind.CORRECTION, corrects_seq=2),
    )  # fmt: skip
    common = {
        "who_affected": "Everyone who pays by card at Hill Street, Station Road or the Airport. Cash works everywhere, and cards work in the other 11 stores.",
        "workaround_html": to_html("Pay cash, or with the app: it works in 13 stores."),
        "cause": PublicCause(
            certainty=Certainty.CONFIRMED,
            html=to_html("Road works cut the line that carries card payments. These three stores had no second line. That was our decision, and it was wrong."),
            our_action_html="", said_at=utc("2026-06-09 13:36"),
        ),
    }  # fmt: skip
    eta = PublicEta(
        due_at=utc("2026-06-09 15:45"),
        said_at=utc("2026-06-09 13:41"),
        first_due_at=utc("2026-06-09 15:45"),
        last_due_at=utc("2026-06-09 15:45"),
        statements=1,
        outcome=EtaOutcome.OPEN,
    )
    if open_now:
        reader.put(
            incident(
                ref, "Card payments fail in 3 of our 14 stores", began, state=S.IDENTIFIED, updates=words, eta=eta,
                next_due_at=utc("2026-06-09 14:10"), updated_at=utc("2026-06-09 13:52"),
                entries=(
                    entry(cards, C.MAJOR_OUTAGE, began, utc("2026-06-09 13:40"), ref),
                    entry(cards, C.PARTIAL_OUTAGE, utc("2026-06-09 13:40"), None, ref, began=began),
                ),
                **common,
            )
        )  # fmt: skip
        return
    reader.put(
        incident(
            ref, "Card payments failed in our stores", began, state=S.RESOLVED, resolved_at=end, next_due_at=None,
            asked=15, confirmed=11, updated_at=utc("2026-06-09 15:12"), eta=replace(eta, outcome=EtaOutcome.MET),
            entries=(
                entry(cards, C.MAJOR_OUTAGE, began, utc("2026-06-09 13:40"), ref),
                entry(cards, C.PARTIAL_OUTAGE, utc("2026-06-09 13:40"), end, ref, began=began),
            ),
            updates=(*words, update(4, utc("2026-06-09 15:12"), S.RESOLVED, "Cards work in all 14 stores. The line is repaired since 17:10 CEST, and we took the last modem out. Thanks to the 15 people who told us.")),
            steps=(
                PublicStep(html=to_html("The three stores have a second line over the mobile network. We tested each one by pulling the first plug."), state=StepState.DONE, due_on=date(2026, 6, 12), done_on=date(2026, 6, 12), dropped_reason="", moved_from=(), incident_ref=ref),
                PublicStep(html=to_html("Accept small amounts by card without asking the bank."), state=StepState.DROPPED, due_on=None, done_on=None, dropped_reason="Refused cards would have passed, and the second lines solve the same problem.", moved_from=(), incident_ref=ref),
            ),
            got_wrong_html=to_html("We wrote that the app could be used to pay in every store. At the Airport it could not."),
            **common,
        )
    )  # fmt: skip
