"""Which pages a change can touch. Everything else stays unread, unrendered and unwritten.

A problem touches its page, its JSON, the month that lists it (and the next one, into which it may reach), its
components' pages, and the front: home, month index, feeds, JSON. A component's new name touches what names it. The
page's own settings touch all. A new day touches what shows days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from statusdesk.domain.audit import Changes
from statusdesk.domain.public import PublicComponent, PublicPage
from statusdesk.site.ledger import Memory, Trace
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


def plan(reading: Reading, memory: Memory, changes: Changes, page: str, components: dict[str, str]) -> Plan:
    """What the changes since the last build can have touched."""
    if page != memory.page:
        return Plan(full=True)
    renamed = {
        slug
        for slug in components.keys() | memory.components.keys()
        if components.get(slug) != memory.components.get(slug)
    }
    todo = Plan(incidents=set(changes.incidents), maintenances=set(changes.maintenances))
    todo.front = bool(changes.page or changes.components or changes.destinations or renamed)
    if renamed:
        todo.components |= renamed
        todo.incidents |= _shown_with(memory.incidents, renamed)
        todo.maintenances |= _shown_with(memory.maintenances, renamed)
    if changes.components:
        todo.components |= components.keys()
    _follow_incidents(reading, memory, todo)
    _follow_maintenances(reading, memory, todo)
    if todo.incidents or todo.maintenances:
        todo.front = True
    if reading.today != memory.day:
        todo.front = True
        todo.components |= components.keys()
        since = f"{min(memory.day, reading.today):%Y-%m}"
        todo.months |= {m.month for m in reading.months if m.month >= since}
    _follow_months(reading, memory, todo)
    return todo


def _shown_with(traces: Mapping[str, str], slugs: set[str]) -> set[str]:
    """The refs whose pages name one of these components."""
    return {ref for ref, text in traces.items() if (trace := Trace.of(text)) and slugs & set(trace.slugs)}


def _follow_incidents(reading: Reading, memory: Memory, todo: Plan) -> None:
    for ref in todo.incidents:
        known, now = Trace.of(memory.incidents.get(ref)), reading.incident(ref)
        if known:
            todo.months |= {known.month, next_month(known.month)}
            todo.components |= set(known.slugs)
        if now:
            todo.months |= {now.month, next_month(now.month)}
            todo.components |= {e.component_slug for e in now.entries}


def _follow_maintenances(reading: Reading, memory: Memory, todo: Plan) -> None:
    for ref in todo.maintenances:
        known, now = Trace.of(memory.maintenances.get(ref)), reading.maintenance(ref)
        if known:
            todo.months.add(known.month)
            todo.components |= set(known.slugs)
        if now:
            todo.months.add(now.month)
            todo.components |= {slug for _, slug, _ in now.components}


def _follow_months(reading: Reading, memory: Memory, todo: Plan) -> None:
    """A month that appears or disappears changes the links of its neighbours."""
    now = [m.month for m in reading.months]
    was = {path.split("/")[1] for path in memory.files if path.startswith("history/") and path.count("/") == 2}  # noqa: PLR2004
    for month in was ^ set(now):
        todo.months.add(month)
        todo.months |= set(_neighbours(month, now))


def _neighbours(month: str, months: list[str]) -> list[str]:
    """The listed months next to one, on both sides. `months` newest first."""
    later = [m for m in months if m > month]
    earlier = [m for m in months if m < month]
    return [*later[-1:], *earlier[:1]]


def next_month(key: str) -> str:
    """2026-07 after 2026-06."""
    return f"{date(int(key[:4]), int(key[5:]), 28) + timedelta(days=4):%Y-%m}"
