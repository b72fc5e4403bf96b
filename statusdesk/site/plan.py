"""Which pages a change can touch. Everything else stays unread, unrendered and unwritten.

A problem touches its page, its JSON, the month that lists it (and the next one, into which it may reach), its
components' pages, and the front: home, month index, feeds, JSON. A component's new name touches what names it. The
page's own settings touch all. A new day touches what shows days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from statusdesk.domain.audit import Changes
from statusdesk.domain.public import MonthCount, PublicComponent, PublicPage
from statusdesk.site.ledger import Ledger
from statusdesk.site.reading import Reading


@dataclass(slots=True)
class Plan:
    """What must be rendered; each set holds refs, slugs or months, existing or gone."""

    full: bool = False
    incidents: set[str] = field(default_factory=set)
    maintenances: set[str] = field(default_factory=set)
    components: set[str] = field(default_factory=set)
    months: set[str] = field(default_factory=set)
    front: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing needs to be rendered."""
        return not (self.front or self.incidents or self.maintenances or self.components or self.months)


@dataclass(frozen=True, slots=True)
class Shown:
    """What all pages of a kind show, as digests: page settings, components by slug, contact cards."""

    page: str
    components: Mapping[str, str]
    cards: str


def page_digest(page: PublicPage) -> str:
    """The settings that every page shows; whom one can follow stands on the home page only."""
    shown = asdict(page)
    del shown["follow"], shown["updated_at"]
    return sha256(json.dumps(shown, default=str, sort_keys=True).encode()).hexdigest()


def component_digests(reading: Reading) -> dict[str, str]:
    """By slug: what pages and JSON say about a component apart from its status."""
    groups = {group.id: group for group, _ in reading.groups if group is not None}
    out = {}
    for c in reading.components:
        group = groups.get(c.group_id) if c.group_id else None
        out[c.slug] = sha256(
            json.dumps(_shown(c, group.code if group else "", group.name if group else "")).encode()
        ).hexdigest()
    return out


def _shown(c: PublicComponent, group_code: str, group_name: str) -> list[str]:
    return [c.id, c.code, c.slug, c.name, c.description, str(c.position), str(c.created_at), group_code, group_name]


def cards_digest(reading: Reading) -> str:
    """Which contact cards are on the page, and the problems on whose pages they stand."""
    said = sha256(json.dumps([asdict(card) for card in reading.cards], default=str).encode()).hexdigest()
    return f"{said} {','.join(_shown_on(reading))}" if reading.cards else ""


def _shown_on(reading: Reading) -> list[str]:
    """Where a card stands: with its problem, or with every open one when it belongs to none."""
    refs = {card.incident_ref for card in reading.cards if card.incident_ref}
    if any(card.incident_ref is None for card in reading.cards):
        refs |= {i.ref for i in reading.open}
    return sorted(refs)


def plan(reading: Reading, ledger: Ledger, changes: Changes, now: Shown) -> Plan:
    """What the changes since the last build can have touched."""
    if now.page != ledger.page:
        return Plan(full=True)
    known = ledger.components()
    renamed = {slug for slug in now.components.keys() | known.keys() if now.components.get(slug) != known.get(slug)}
    todo = Plan(incidents=set(changes.incidents), maintenances=set(changes.maintenances))
    todo.front = bool(changes.page or changes.components or changes.destinations or renamed)
    if renamed:
        todo.components |= renamed
        todo.incidents.update(ledger.shown_with("i", renamed))
        todo.maintenances.update(ledger.shown_with("m", renamed))
    if changes.components:
        todo.components |= now.components.keys()
    if now.cards != ledger.cards:
        todo.front = True
        todo.incidents |= {
            ref for text in (now.cards, ledger.cards) for ref in text.partition(" ")[2].split(",") if ref
        }
    _follow_incidents(reading, ledger, todo)
    _follow_maintenances(reading, ledger, todo)
    if todo.incidents or todo.maintenances:
        todo.front = True
    if reading.today != ledger.day:
        todo.front = True
        todo.components |= now.components.keys()
    return todo


def _follow_incidents(reading: Reading, ledger: Ledger, todo: Plan) -> None:
    reading.incidents(sorted(todo.incidents))  # all at once
    for ref in todo.incidents:
        known, now = ledger.trace("i", ref), reading.incident(ref)
        if known:
            todo.months |= {known.month, next_month(known.month)}
            todo.components |= set(known.slugs)
        if now:
            todo.months |= {now.month, next_month(now.month)}
            todo.components |= {e.component_slug for e in now.entries}


def _follow_maintenances(reading: Reading, ledger: Ledger, todo: Plan) -> None:
    for ref in todo.maintenances:
        known, now = ledger.trace("m", ref), reading.maintenance(ref)
        if known:
            todo.months.add(known.month)
            todo.components |= set(known.slugs)
        if now:
            todo.months.add(now.month)
            todo.components |= {slug for _, slug, _ in now.components}


def moved_months(before: Sequence[MonthCount], now: Sequence[MonthCount], was: date, today: date) -> set[str]:
    """Months that appeared or disappeared, their neighbours now, whose links they change, and those with new days."""
    listed = [m.month for m in now]
    found: set[str] = set()
    if today != was:
        found |= {month for month in listed if month >= f"{min(was, today):%Y-%m}"}
    for month in {m.month for m in before} ^ set(listed):
        found |= {month, *_neighbours(month, listed)}
    return found


def _neighbours(month: str, months: list[str]) -> list[str]:
    """The listed months next to one, on both sides. `months` newest first."""
    later = [m for m in months if m > month]
    earlier = [m for m in months if m < month]
    return [*later[-1:], *earlier[:1]]


def next_month(key: str) -> str:
    """2026-07 after 2026-06."""
    return f"{date(int(key[:4]), int(key[5:]), 28) + timedelta(days=4):%Y-%m}"
