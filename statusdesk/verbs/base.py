"""What every verb stands on: the open workspace, the clock, who acts, and one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from statusdesk.clock import Clock
from statusdesk.domain.audit import Changes
from statusdesk.domain.page import Page
from statusdesk.outbox.places import OpenPlaces
from statusdesk.secrets import Secrets
from statusdesk.store import Store
from statusdesk.store.reader import Reader
from statusdesk.store.writer import Writer

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer


class Verbs:
    """The ground of the verbs; `Desk` makes it."""

    def __init__(self, store: Store, *, secrets: Secrets, now: Clock, actor: str) -> None:
        self._store = store
        self._secrets = secrets
        self._now = now
        self._actor = actor
        self._places = OpenPlaces(store, secrets, now)
        self._preview: ThreadingHTTPServer | None = None

    @property
    def label(self) -> str:
        """How to name the workspace to people."""
        return self._store.workspace.label

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        """One verb's transaction. The clock is read inside it, so that writers who waited do not write the past."""
        with self._store.write() as sql:
            yield Writer(sql, at=self._now(), actor=self._actor)

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        with self._store.read() as sql:
            yield Reader(sql)


def year_of(at: datetime, page: Page) -> int:
    """The year a reference is counted in: the page's own."""
    return at.astimezone(ZoneInfo(page.time_zone)).year


def incident_changes(writer: Writer, ref: str, seq: int = 0, *, components: bool = False) -> Changes:
    """What became stale when an incident changed."""
    return Changes(
        head=writer.head(), incidents=frozenset({ref}), components=components, deliveries=True, ref=ref, seq=seq
    )


# The Markdown parser costs 20 ms to import: a window must not wait for it before anybody has written a word.


def html_of(text: str) -> str:
    """A text as the sanitised HTML that is kept with it."""
    from statusdesk.site import markdown  # noqa: PLC0415

    return markdown.to_html(text)


def plain_of(text: str) -> str:
    """A text as a reader sees it, without markup."""
    from statusdesk.site import markdown  # noqa: PLC0415

    return markdown.to_plain(text)
