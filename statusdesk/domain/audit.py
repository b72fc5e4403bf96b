"""What happened, when, by whom: ids and hashes only, never a person's data (invariant 18)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Touched(StrEnum):
    """What kind of thing an event changed. The site plans its work from these."""

    PAGE = "page"
    COMPONENT = "component"
    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    ACCOUNT = "account"
    TARGET = "target"
    PERSON = "person"
    CARD = "card"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One event. `head` counts all events of a workspace without gaps; `key` is a ref or an id."""

    head: int
    at: datetime
    actor: str
    verb: str
    touched: Touched
    key: str
    reason: str = ""
    prev_hash: str = ""
    hash: str = ""

    def seal(self) -> str:
        """The SHA-256 over this event and the seal of the one before: a change anywhere breaks the chain."""
        at_ms = int(self.at.timestamp() * 1000)
        said = [self.head, at_ms, self.actor, self.verb, self.touched, self.key, self.reason, self.prev_hash]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a verb changed, as keys only: every view that shows one of them reads it again."""

    head: int = 0
    page: bool = False
    components: bool = False
    incidents: frozenset[str] = frozenset()
    maintenances: frozenset[str] = frozenset()
    destinations: bool = False
    deliveries: bool = False
    people: bool = False
    ref: str = ""
    seq: int = 0
