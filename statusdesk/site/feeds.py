"""The feeds: `feed.atom` has an entry per update, `history.atom` one per problem in Statuspage's shape.

Ids never change; `updated` moves when an entry's words do, so that readers show it again. With an address of the page,
ids are tags on its host; without one they are URNs and links are relative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from markupsafe import Markup

from statusdesk.domain.incident import IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import PublicIncident, PublicMaintenance, PublicUpdate
from statusdesk.domain.times import rfc3339
from statusdesk.site.edition import Edition
from statusdesk.site.pages import environment
from statusdesk.site.reading import said_at
from statusdesk.site.statuspage import changed_at

ENTRIES = 25
_SP_LABEL: dict[IncidentState | MaintenanceState, str] = {
    **{state: state.value.capitalize() for state in IncidentState},
    **{state: state.value.replace("_", " ").capitalize() for state in MaintenanceState},
    IncidentState.CLOSED: "Resolved",
    IncidentState.WITHDRAWN: "Resolved",
    MaintenanceState.CANCELLED: "Completed",
}


@dataclass(frozen=True, slots=True)
class Said:
    """An update as a feed shows it. `html` is empty when it was taken back; then `reason_html` says why."""

    label: str
    html: str
    reason_html: str
    plain: str
    corrected: bool
    update: PublicUpdate
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `feed.atom`."""

    id: str
    link: str
    title: str
    said: Said


@dataclass(frozen=True, slots=True)
class Told:
    """One problem or planned work with all that was said, newest first: an entry of `history.atom`."""

    id: str
    link: str
    title: str
    published: datetime
    updated: datetime
    said: list[Said]


class Feeds:
    """Builds the feeds of one edition. Paths are those below its own folder."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        reading = self.reading = edition.reading
        page = reading.page
        self.base = page.base_url.rstrip("/") + "/" if page.base_url else ""
        host = urlsplit(page.base_url).hostname if page.base_url else ""
        # RFC 4151: a tag needs a day on which the host was ours; the page's first day never changes.
        self.authority = f"tag:{host},{page.created_at:%Y-%m-%d}:" if host else f"urn:statusdesk:{page.id}:"
        self.statuspage_authority = f"tag:{host},2005:" if host else self.authority

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The feeds that every change touches, by path."""
        return {"feed.atom": self.updates, "history.atom": self.history}

    def updates(self) -> bytes:
        """feed.atom: the 25 newest updates."""
        entries: list[Entry] = []
        for incident in self.reading.updated_incidents(ENTRIES):
            entries += self._entries(incident, f"incidents/{incident.ref}/")
        for work in self.reading.recent_maintenances(ENTRIES):
            entries += self._entries(work, f"maintenance/{work.ref}/")
        entries.sort(key=lambda e: (e.said.update.published_at, e.id), reverse=True)
        return self._render("feeds/feed.atom", entries[:ENTRIES])

    def history(self) -> bytes:
        """history.atom: the 25 newest problems and planned works."""
        told: list[Told] = []
        for i in self.reading.recent_incidents(ENTRIES):
            link = self.base + f"incidents/{i.ref}/"
            told.append(
                Told(
                    f"{self.statuspage_authority}Incident/{i.code}",
                    link,
                    i.title,
                    i.first_public_at,
                    said_at(i),
                    _all(i),
                )
            )
        for m in self.reading.recent_maintenances(ENTRIES):
            link = self.base + f"maintenance/{m.ref}/"
            told.append(
                Told(
                    f"{self.statuspage_authority}Incident/{m.code}",
                    link,
                    m.title,
                    m.published_at,
                    m.updated_at,
                    _all(m),
                )
            )
        told.sort(key=lambda t: (t.published, t.id), reverse=True)
        return self._render("feeds/history.atom", told[:ENTRIES])

    def _entries(self, thing: PublicIncident | PublicMaintenance, path: str) -> list[Entry]:
        return [
            Entry(
                f"{self.authority}{said.update.code}",
                f"{self.base}{path}#u{said.update.seq}",
                f"{thing.title}: {self.edition.words.update_label(said.update)}",
                said,
            )
            for said in _all(thing)
        ]

    def _render(self, template: str, entries: list[Entry] | list[Told]) -> bytes:
        text = (
            environment()
            .get_template(template)
            .render(
                page=self.reading.page,
                d=self.reading.dates,
                base=self.base,
                authority=self.authority if template == "feeds/feed.atom" else self.statuspage_authority,
                updated=self.reading.newest_at,
                entries=entries,
                lines=_lines,
                stamp=rfc3339,
            )
        )
        return text.encode("utf-8")


def _lines(text: str) -> Markup:
    return Markup("<br />").join(text.split("\n"))


def _all(thing: PublicIncident | PublicMaintenance) -> list[Said]:
    """All updates, newest first."""
    by_seq = {u.seq: u for u in thing.updates}
    out = []
    before: IncidentState | MaintenanceState | None = None
    for update in thing.updates:
        later = by_seq.get(update.replaced_seq) if update.replaced_seq is not None else None
        gone = later is not None and update.replaced_kind is UpdateKind.RETRACTION
        label = "Update" if update.state_after is before else _SP_LABEL[update.state_after]
        out.append(
            Said(
                label,
                "" if gone else update.body_html,
                later.body_html if gone and later else "",
                f"Taken back: {later.body_plain}" if gone and later else update.body_plain,
                later is not None and not gone,
                update,
                changed_at(update, by_seq),
            )
        )
        before = update.state_after
    return out[::-1]
