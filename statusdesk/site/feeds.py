"""The feeds: Atom, RSS and JSON Feed with an entry per update, and Statuspage's two with one per problem.

Ids never change; `updated` (in RSS `pubDate`) is when an entry's words last changed, so that readers show it again.
With an address of the page, ids are tags on its host; without one they are URNs and the links in Atom are relative. RSS
and JSON Feed know no relative links: until the page is online theirs begin with `http://localhost/`, as in the JSON.

The XML is put together here and not in a template: every value passes `escaped` in the line that prints it, and 25
entries cost a tenth of a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from statusdesk.domain.public import PublicComponent
from statusdesk.domain.times import rfc3339
from statusdesk.site.edition import Edition
from statusdesk.site.entries import ENTRIES, Entries, Entry, Thing, Told
from statusdesk.site.xml import escaped

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Feeds:
    """Builds the feeds of one edition. Paths are those below its own folder."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.reading = edition.reading
        self.entries = Entries(edition)
        self.name = self.reading.page.name
        self.lang = edition.dates.lang

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The feeds that every change touches, by path."""
        return {
            "feed.atom": self.atom,
            "feed.rss": self.rss,
            "feed.json": self.json,
            "history.atom": self.history_atom,
            "history.rss": self.history_rss,
        }

    def atom(self) -> bytes:
        """feed.atom: the newest updates."""
        entries, title = self.entries.newest, self._every_update
        return self._atom("feed.atom", f"{self.entries.authority}updates", title, "", self.reading.newest_at, entries)

    def component(self, component: PublicComponent) -> bytes:
        """components/SLUG/feed.atom: the newest updates about one component; as old as they are."""
        reading = self.reading
        things: list[Thing] = [
            *reading.incidents_with(component.id, ENTRIES),
            *reading.maintenances_with(component.id, ENTRIES),
        ]
        entries = self.entries.of(things)
        title = self.edition.language.say("%(page)s: every update about %(component)s") % {
            "page": self.name,
            "component": component.name,
        }
        place = f"components/{component.slug}/"
        updated = max((e.changed for e in entries), default=component.created_at)
        key = f"{self.entries.authority}component/{component.code}"
        return self._atom(f"{place}feed.atom", key, title, place, updated, entries)

    def rss(self) -> bytes:
        """feed.rss: the newest updates."""
        items = [
            "<item>"
            f"<title>{escaped(e.title)}</title>"
            f"<link>{escaped(self.entries.absolute + e.link)}</link>"
            f'<guid isPermaLink="false">{escaped(e.id)}</guid>'
            f"<pubDate>{_rfc822(e.changed)}</pubDate>"
            + (f"<dc:creator>{escaped(e.author)}</dc:creator>" if e.author else "")
            + f"<description>{escaped(e.html)}</description>"
            "</item>"
            for e in self.entries.newest
        ]
        return self._rss("feed.rss", self._every_update, items)

    def json(self) -> bytes:
        """feed.json: the newest updates as JSON Feed 1.1."""
        absolute = self.entries.absolute
        feed: dict[str, Any] = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self._every_update,
            "home_page_url": absolute,
            "feed_url": f"{absolute}feed.json",
            "language": self.lang,
            "authors": [{"name": self.name}],
            "items": [
                {
                    "id": e.id,
                    "url": absolute + e.link,
                    "title": e.title,
                    "content_html": e.html,
                    "date_published": rfc3339(e.published),
                    "date_modified": rfc3339(e.changed),
                }
                | ({"authors": [{"name": e.author}]} if e.author else {})
                for e in self.entries.newest
            ],
        }
        return json.dumps(feed, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"

    def history_atom(self) -> bytes:
        """history.atom: the newest problems and planned works, in Statuspage's shape."""
        key = f"{self.entries.statuspage_authority}/history"
        return self._atom("history.atom", key, self._history_title, "", self.reading.newest_at, self.entries.history)

    def history_rss(self) -> bytes:
        """history.rss: the same as RSS."""
        items = [
            "<item>"
            f"<title>{escaped(t.title)}</title>"
            f"<description>{escaped(t.html)}</description>"
            f"<pubDate>{_rfc822(t.changed)}</pubDate>"
            f"<link>{escaped(self.entries.absolute + t.link)}</link>"
            f"<guid>{escaped(self.entries.absolute + t.link)}</guid>"
            "</item>"
            for t in self.entries.history
        ]
        return self._rss("history.rss", self._history_title, items)

    @cached_property
    def _every_update(self) -> str:
        return self.edition.language.say("%(page)s: every update") % {"page": self.name}

    @cached_property
    def _history_title(self) -> str:
        return f"{self.name} Status - Incident History"

    def _atom(
        self, path: str, key: str, title: str, place: str, updated: datetime, entries: Sequence[Entry | Told]
    ) -> bytes:
        """An Atom feed (RFC 4287). `place` is the page that it belongs to, below the edition's folder."""
        # In a relative link the way back up is as long as the path.
        up = "../" * path.count("/")
        base = self.entries.base
        me = base + path if base else path.rpartition("/")[2]
        head = (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{escaped(self.lang)}">\n'
            f"<id>{escaped(key)}</id>\n"
            f"<title>{escaped(title)}</title>\n"
            f"<updated>{rfc3339(updated)}</updated>\n"
            f"<author><name>{escaped(self.name)}</name></author>\n"
            f'<link rel="alternate" type="text/html" href="{escaped(base + place if base else "./")}"/>\n'
            f'<link rel="self" type="application/atom+xml" href="{escaped(me)}"/>\n'
        )
        out = [head]
        # What people wrote is in the page's main language, also where we speak another one.
        theirs = str(self.edition.words.theirs).replace(" lang=", " xml:lang=")
        for e in entries:
            author = f"<author><name>{escaped(e.author)}</name></author>\n" if isinstance(e, Entry) and e.author else ""
            out.append(
                f"<entry{theirs}>\n"
                f"<id>{escaped(e.id)}</id>\n"
                f"<published>{rfc3339(e.published)}</published>\n"
                f"<updated>{rfc3339(e.changed)}</updated>\n"
                f'<link rel="alternate" type="text/html" href="{escaped((base or up) + e.link)}"/>\n'
                f"<title>{escaped(e.title)}</title>\n"
                f"{author}"
                f'<content type="html">{escaped(e.html)}</content>\n'
                "</entry>\n"
            )
        out.append("</feed>\n")
        return "".join(out).encode()

    def _rss(self, path: str, title: str, items: Sequence[str]) -> bytes:
        """An RSS 2.0 channel around its items."""
        absolute = self.entries.absolute
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
            f"<title>{escaped(title)}</title>\n"
            f"<link>{escaped(absolute)}</link>\n"
            f"<description>{escaped(title)}</description>\n"
            f"<language>{escaped(self.lang)}</language>\n"
            f"<lastBuildDate>{_rfc822(self.reading.newest_at)}</lastBuildDate>\n"
            f'<atom:link rel="self" type="application/rss+xml" href="{escaped(absolute + path)}"/>\n'
            + "\n".join(items)
            + "\n</channel></rss>\n"
        ).encode()


def _rfc822(at: datetime) -> str:
    """Tue, 09 Jun 2026 13:14:00 +0000: in English whatever the page's language."""
    utc = at.astimezone(UTC)
    return f"{_DAYS[utc.weekday()]}, {utc.day:02} {_MONTHS[utc.month - 1]} {utc:%Y %H:%M:%S} +0000"
