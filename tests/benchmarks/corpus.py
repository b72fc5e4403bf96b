"""One corpus for every measurement: N incidents, 20 components, 2 to 8 updates each, over five years; always the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from statusdesk.clock import now
from statusdesk.desk import Desk
from statusdesk.domain.audit import Touched
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState
from statusdesk.exchange.bring_in import bring_in
from statusdesk.exchange.history import History, PastComponent, PastIncident, PastStretch, PastUpdate
from statusdesk.store.writer import Writer

WORDS = [
    "we",
    "are",
    "moving",
    "the",
    "stores",
    "to",
    "the",
    "backup",
    "line",
    "one",
    "by",
    "one",
    "cash",
    "works",
    "everywhere",
    "cards",
    "work",
    "on",
    "the",
    "website",
    "and",
    "in",
    "the",
    "app",
    "nothing",
    "was",
    "charged",
    "twice",
    "a",
    "colleague",
    "is",
    "driving",
    "to",
    "each",
    "store",
    "with",
    "a",
    "mobile",
    "modem",
    "the",
    "cause",
    "was",
    "a",
    "cut",
    "cable",
]


def history(count: int) -> History:
    """The corpus."""
    chance = random.Random(20260609)
    start = datetime(2021, 11, 1, tzinfo=UTC)
    parts = [PastComponent(key=f"part{n:08}", name=f"Component {n}", created_at=start) for n in range(20)]
    made = []
    for number in range(count):
        began = start + timedelta(minutes=number * 5 * 365 * 24 * 60 / count)
        part = chance.choice(parts).key
        entries, at = [], began
        total = chance.randint(2, 8)
        for seq in range(total):
            at += timedelta(minutes=chance.randint(5, 60))
            text = " ".join(chance.choices(WORDS, k=chance.randint(12, 60))).capitalize() + "."
            state = IncidentState.RESOLVED if seq == total - 1 else IncidentState.INVESTIGATING
            entries.append(PastUpdate(code=f"u{number:07}{seq:04}", at=at, state=state, text=text))
        stretch = PastStretch(component=part, status=ComponentStatus.PARTIAL_OUTAGE, from_at=began, to_at=at)
        made.append(
            PastIncident(
                key=f"i{number:011}",
                title=f"Problem {number} with {part}",
                impact=chance.choice(list(Impact)[1:]),
                state=IncidentState.RESOLVED,
                started_at=began,
                resolved_at=at,
                updates=tuple(entries),
                stretches=(stretch,),
            )
        )
    return History(source="corpus", components=parts, incidents=made, maintenances=())


def workspace(folder: Path, count: int, base_url: str = "") -> Desk:
    """A workspace with the corpus, not built yet."""
    site = folder / "site"
    desk = Desk.create(
        folder / "workspace", name="Northlake", base_url=base_url, output_dir=site, support_channels=False
    )
    with desk._store.write() as sql:
        writer = Writer(sql, at=now(), actor="corpus")
        bring_in(writer, history(count))
        writer.event("import", Touched.IMPORT, "corpus")
    return desk
