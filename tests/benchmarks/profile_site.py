"""Where a build spends its time, by what it does: `python -m tests.benchmarks.profile_site [INCIDENTS]`.

One process, no second processor. Times are the CPU's of each kind of work without what is measured inside it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.site import builder, forks
from statusdesk.store.public import PublicRecordReader
from tests.benchmarks.corpus import workspace

KINDS: dict[str, list[tuple[type, str]]] = {
    "reading the record": [
        (PublicRecordReader, name)
        for name in vars(PublicRecordReader)
        if not name.startswith("_") and callable(vars(PublicRecordReader)[name])
    ],
    "incident pages": [(builder.Pages, "incident")],
    "month pages": [(builder.Pages, "month")],
    "component pages": [(builder.Pages, "component")],
    "home page": [(builder.Pages, "home")],
    "other pages": [(builder.Pages, name) for name in ("history", "prevention", "promise", "follow", "not_found")],
    "JSON": [
        (builder.StatuspageApi, name)
        for name in ("one_incident", "incidents", "unresolved", "summary", "components", "scheduled", "status")
    ],
    "feeds": [(builder.Feeds, name) for name in ("atom", "rss", "json", "component", "history_atom", "history_rss")],
    "calendar, badges, cards": [(builder.Calendar, "calendar"), (builder.Badges, "page"), (builder.Cards, "incident")],
    "hashing and comparing": [(builder._Build, "_put")],
    "writing": [(builder._Build, "_write"), (builder._Build, "_show")],
    "the ledger": [(builder.Ledger, name) for name in ("begin", "commit", "note", "set_trace")],
}


class Watch:
    """Adds up the time of each kind of work."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.inside: list[float] = []

    def around(self, kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, counted."""

        def counted(*args: Any, **named: Any) -> Any:
            begin = time.process_time()
            self.inside.append(0.0)
            try:
                return work(*args, **named)
            finally:
                whole = time.process_time() - begin
                self.spent[kind] = self.spent.get(kind, 0.0) + whole - self.inside.pop()
                if self.inside:
                    self.inside[-1] += whole

        return counted

    def tell(self, title: str, whole: float, unit: str, scale: float) -> None:
        """Print it, most first."""
        print(f"\n{title}: {whole * scale:.1f} {unit}")
        rest = whole - sum(self.spent.values())
        for kind, spent in sorted([*self.spent.items(), ("everything else", rest)], key=lambda one: -one[1]):
            print(f"  {kind:26}{spent * scale:9.2f}{spent / whole:7.0%}")
        self.spent.clear()


def main(incidents: int, rounds: int = 20) -> None:
    """Profile a full build and an update in a running desk."""
    watch = Watch()
    for kind, places in KINDS.items():
        for owner, name in places:
            setattr(owner, name, watch.around(kind, getattr(owner, name)))
    forks.possible = lambda: False
    with tempfile.TemporaryDirectory(prefix="statusdesk-profile-") as scratch:
        desk = workspace(Path(scratch), incidents)
        begin = time.process_time()
        desk.build(full=True)
        watch.tell(f"A full build of {incidents:,} incidents", time.process_time() - begin, "CPU s", 1)
        part = desk.components()[0].component.id
        troubled = ((part, ComponentStatus.MAJOR_OUTAGE),)
        ref = desk.open_incident(IncidentDraft(title="Now", message="N", impact=Impact.MAJOR, components=troubled)).ref
        for number in range(5):
            desk.post_update(ref, UpdateDraft(message=f"Word {number}."))
            desk.build()
        watch.spent.clear()
        spent = 0.0
        for number in range(rounds):
            desk.post_update(ref, UpdateDraft(message=f"More {number}."))
            begin = time.process_time()
            desk.build()
            spent += time.process_time() - begin
        watch.tell("An update in a running desk, saved already", spent, "CPU ms", 1000 / rounds)
        desk.shut()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
