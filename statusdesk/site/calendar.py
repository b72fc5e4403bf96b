"""`calendar.ics`: planned work and problems for people's own calendars (RFC 5545, METHOD:PUBLISH).

A published calendar has no clock: DTSTAMP and LAST-MODIFIED are when something was last said, and SEQUENCE is the
number of that entry, so that it grows with every change: nothing here changes without words. Cancelled work and false
alarms stay in as CANCELLED, so that calendars take them out. The writer is our own: see decision 9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from statusdesk.domain.incident import IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.public import PublicIncident, PublicMaintenance
from statusdesk.site import words
from statusdesk.site.edition import Edition
from statusdesk.site.entries import Thing, link_of
from statusdesk.site.reading import ended_at
from statusdesk.site.statuspage import NO_ADDRESS

LISTED = 50
_OCTETS = 75
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
# A problem whose end nobody has named yet still needs a length that calendars draw.
_SHORTEST = timedelta(minutes=15)


class Calendar:
    """Builds the calendar of one edition."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.reading = edition.reading
        page = self.reading.page
        self.absolute = (page.base_url.rstrip("/") + "/" if page.base_url else NO_ADDRESS) + edition.prefix

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The calendar, which every change touches."""
        return {"calendar.ics": self.calendar}

    def calendar(self) -> bytes:
        """calendar.ics: what is not over, and the 50 newest of the rest."""
        reading, page = self.reading, self.reading.page
        say = self.edition.language.say
        works = {m.ref: m for m in (*self.reading.planned, *reading.recent_maintenances(LISTED))}
        incidents = {i.ref: i for i in (*self.reading.open, *reading.recent_incidents(LISTED))}
        things: list[tuple[datetime, str, Thing]] = [(m.starts_at, m.ref, m) for m in works.values()]
        things += [(i.started_at, i.ref, i) for i in incidents.values()]
        things.sort(key=lambda each: each[:2], reverse=True)
        open_refs = {m.ref for m in self.reading.planned} | {i.ref for i in self.reading.open}
        over = [thing for _, ref, thing in things if ref not in open_refs]
        kept = open_refs | {thing.ref for thing in over[:LISTED]}
        title = say("%(page)s: problems and planned work") % {"page": page.name}
        lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"PRODID:-//StatusDesk//Status page//{self.edition.language.code.upper()}",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            f"NAME:{_text(title)}",
            f"X-WR-CALNAME:{_text(title)}",
            f"X-WR-TIMEZONE:{page.time_zone}",
            "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
            "X-PUBLISHED-TTL:PT15M",
        ]
        if page.base_url:
            lines.append(f"SOURCE;VALUE=URI:{self.absolute}calendar.ics")
        events: list[str] = []
        for _, ref, thing in things:
            if ref in kept:
                events.append(
                    reading.kept.once((self.edition.prefix, "event", ref), thing, partial(self._event, thing))
                )
        return f"{_folded(lines)}{''.join(events)}END:VCALENDAR\r\n".encode()

    def _event(self, thing: Thing) -> str:
        begin, end = _work_span(thing) if isinstance(thing, PublicMaintenance) else _problem_span(thing)
        say = self.edition.language.say
        kind = say("Planned work") if isinstance(thing, PublicMaintenance) else say("Problem")
        called_off = thing.state in (MaintenanceState.CANCELLED, IncidentState.WITHDRAWN)
        published = thing.published_at if isinstance(thing, PublicMaintenance) else thing.first_public_at
        last = thing.updates[-1] if thing.updates else None
        changed = _stamp(last.published_at if last else published)
        link = self.absolute + link_of(thing)
        # Closing is about answers, not about the problem; nothing is said then, so nothing may change here.
        shown = IncidentState.RESOLVED if thing.state is IncidentState.CLOSED else thing.state
        state = say("%(title)s: %(what)s") % {"title": thing.title, "what": say(words.STATE[shown])}
        said = "\n\n".join(filter(None, [_newest_words(thing), link]))
        lines = [
            "BEGIN:VEVENT",
            f"UID:{thing.code}-{self.reading.page.id}@statusdesk",
            f"DTSTAMP:{changed}",
            f"LAST-MODIFIED:{changed}",
            f"CREATED:{_stamp(published)}",
            f"SEQUENCE:{last.seq - 1 if last else 0}",
            f"DTSTART:{_stamp(begin)}",
            f"DTEND:{_stamp(end)}",
            f"SUMMARY:{_text(state)}",
            f"DESCRIPTION:{_text(said)}",
            f"URL:{link}",
            f"STATUS:{'CANCELLED' if called_off else 'CONFIRMED'}",
            "TRANSP:TRANSPARENT",
            f"CATEGORIES:{_text(kind)}",
            "END:VEVENT",
        ]
        return _folded(lines)


def _work_span(work: PublicMaintenance) -> tuple[datetime, datetime]:
    """When it really was, as far as that is known, else when it is planned."""
    begin, end = work.actual_start or work.starts_at, work.actual_end or work.ends_at
    return begin, max(end, begin + timedelta(minutes=1))


def _problem_span(incident: PublicIncident) -> tuple[datetime, datetime]:
    """From its start to its end; while it is open, to the time that we gave, else for a quarter of an hour."""
    begin = incident.started_at
    end = ended_at(incident)
    if end is None:
        due = incident.eta.due_at if incident.eta else None
        return begin, max(due or begin, begin + _SHORTEST)
    return begin, max(end, begin + timedelta(minutes=1))


def _newest_words(thing: Thing) -> str:
    """The newest words that still hold; of what was only taken back, the reason."""
    for update in reversed(thing.updates):
        if update.replaced_seq is None and update.kind is not UpdateKind.RETRACTION and update.body_plain:
            return update.body_plain
    return thing.updates[-1].body_plain if thing.updates else ""


def _stamp(at: datetime) -> str:
    """20260609T131200Z: UTC, so that no calendar has to know our zone."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11)."""
    value = _CONTROLS.sub(" ", value)
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(lines: Sequence[str]) -> str:
    return "".join(f"{_one_folded(line)}\r\n" for line in lines)


def _one_folded(line: str) -> str:
    """Lines of at most 75 octets (3.1), folded between characters and never inside one."""
    if len(line) <= _OCTETS and line.isascii():
        return line
    out: list[str] = []
    raw = line.encode("utf-8", "replace")
    room = _OCTETS
    while len(raw) > room:
        cut = room
        while raw[cut] & 0xC0 == 0x80:  # noqa: PLR2004  a continuation byte of UTF-8
            cut -= 1
        out.append(raw[:cut].decode())
        raw, room = raw[cut:], _OCTETS - 1
    out.append(raw.decode())
    return "\r\n ".join(out)
