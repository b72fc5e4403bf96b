"""What was said, as the feeds tell it: each update with its words as they stand now. No format is known here.

Struck-out words are told as such and taken-back ones not at all: no feed repeats as true what the page does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from urllib.parse import urlsplit

from statusdesk.domain.incident import IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import PublicIncident, PublicMaintenance, PublicUpdate
from statusdesk.site import words
from statusdesk.site.edition import Edition
from statusdesk.site.statuspage import NO_ADDRESS, changed_at

ENTRIES = 25
Thing = PublicIncident | PublicMaintenance

# Programs look for Statuspage's own words in its feeds: they are part of the format, in every language.
_SP_LABEL: dict[IncidentState | MaintenanceState, str] = {
    **{state: state.value.capitalize() for state in IncidentState},
    **{state: state.value.replace("_", " ").capitalize() for state in MaintenanceState},
    IncidentState.CLOSED: "Resolved",
    IncidentState.WITHDRAWN: "Resolved",
    MaintenanceState.CANCELLED: "Completed",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One update. `link` is below the edition's folder, `changed` when what one reads last changed."""

    id: str
    link: str
    title: str
    html: str
    author: str
    published: datetime
    changed: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One problem or planned work with all that was said, newest first, in Statuspage's own markup."""

    id: str
    link: str
    title: str
    html: str
    published: datetime
    changed: datetime


def link_of(thing: Thing) -> str:
    """The page of a problem or of planned work, below the edition's folder."""
    return f"{'incidents' if isinstance(thing, PublicIncident) else 'maintenance'}/{thing.ref}/"


class Entries:
    """The newest entries of one edition, made once for all its feeds."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.reading = edition.reading
        page = self.reading.page
        online = page.base_url.rstrip("/") + "/" if page.base_url else ""
        # Where links begin: relative ones are right in Atom only.
        self.base = online + edition.prefix if online else ""
        self.absolute = (online or NO_ADDRESS) + edition.prefix
        host = urlsplit(page.base_url).hostname if page.base_url else ""
        # RFC 4151: a tag needs a day on which the host was ours; the page's first day never changes.
        mine = f"tag:{host},{page.created_at:%Y-%m-%d}:" if host else f"urn:statusdesk:{page.id}:"
        self.authority = mine + edition.prefix
        self.statuspage_authority = f"tag:{host},2005:" if host else mine

    @cached_property
    def newest(self) -> Sequence[Entry]:
        """The newest updates about anything."""
        # To close many old problems is to touch them: what is open is never pushed out by that.
        incidents = {i.ref: i for i in (*self.reading.updated_incidents(ENTRIES), *self.reading.open)}
        return self.of([*incidents.values(), *self._works()])

    def of(self, things: Iterable[Thing]) -> list[Entry]:
        """The newest updates about some problems and planned works."""
        found = [(update.published_at, update.code, thing, update) for thing in things for update in thing.updates]
        found.sort(key=lambda each: each[:2], reverse=True)
        return [self._entry(thing, update) for _, _, thing, update in found[:ENTRIES]]

    @cached_property
    def history(self) -> Sequence[Told]:
        """The newest problems and planned works."""
        things: list[tuple[datetime, str, Thing]] = [
            (i.first_public_at, i.code, i) for i in self.reading.recent_incidents(ENTRIES)
        ]
        things += [(m.published_at, m.code, m) for m in self._works()]
        newest = sorted(things, key=lambda each: each[:2], reverse=True)[:ENTRIES]
        return [self._told(thing, published) for published, _, thing in newest]

    def _works(self) -> list[PublicMaintenance]:
        found = {m.ref: m for m in (*self.reading.planned, *self.reading.recent_maintenances(ENTRIES))}
        return list(found.values())

    def _entry(self, thing: Thing, update: PublicUpdate) -> Entry:
        by_seq = {u.seq: u for u in thing.updates}
        said = self.edition.language.say
        what = said(words.KIND.get(update.kind) or words.STATE[update.state_after])
        later = by_seq.get(update.replaced_seq) if update.replaced_seq is not None else None
        html = update.body_html
        if later is not None and update.replaced_kind is UpdateKind.RETRACTION:
            html = f"<p>{said('We took this update back.')}</p>{later.body_html}"
        elif later is not None:
            html = f"<p>{said('This was corrected later; see the page for what is right.')}</p><del>{html}</del>"
        return Entry(
            f"{self.authority}{update.code}",
            f"{link_of(thing)}#u{update.seq}",
            said("%(title)s: %(what)s") % {"title": thing.title, "what": what},
            html,
            update.author,
            update.published_at,
            changed_at(update, by_seq),
        )

    def _told(self, thing: Thing, published: datetime) -> Told:
        kept = self.reading.kept
        return Told(
            f"{self.statuspage_authority}Incident/{thing.code}",
            link_of(thing),
            thing.title,
            kept.once(("told", self.edition.prefix, thing.ref), thing, partial(self._statuspage_html, thing)),
            published,
            thing.updates[-1].published_at if thing.updates else published,  # closing it says nothing
        )

    def _statuspage_html(self, thing: Thing) -> str:
        d, by_seq = self.edition.dates, {u.seq: u for u in thing.updates}
        out: list[str] = []
        before: IncidentState | MaintenanceState | None = None
        for update in thing.updates:
            label = "Update" if update.state_after is before else _SP_LABEL[update.state_after]
            before = update.state_after
            later = by_seq.get(update.replaced_seq) if update.replaced_seq is not None else None
            text = _lines(update.body_plain)
            if later is not None and update.replaced_kind is UpdateKind.RETRACTION:
                text = _lines(f"{self.edition.language.say(words.KIND[later.kind])}: {later.body_plain}")
            elif later is not None:
                text = f"<del>{text}</del>"
            at = update.published_at
            day = d.on(at)
            out.append(
                f"<p><small>{d.month_short(day)} <var data-var='date'>{day.day}</var>, "
                f"<var data-var='time'>{d.clock(at)}</var> {d.zone_name(at)}</small><br>"
                f"<strong>{label}</strong> - {text}</p>"
            )
        return "".join(reversed(out))


def _lines(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\n", "<br />")
