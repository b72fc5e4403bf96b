"""What a post says, before any network's own form: the event and its public facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from statusdesk.domain.times import rfc3339


class Event(StrEnum):
    """Why a post goes out (F30): each has a text template of its name."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    REOPENED = "reopened"

    @property
    def mends(self) -> bool:
        """Whether it is about an earlier post's words."""
        return self in (Event.CORRECTED, Event.RETRACTED)


class Reason(StrEnum):
    """What made a post worth sending (F30). `NEWS` is none of the product's own reasons: a person chose to send it."""

    START = "start"
    STATE = "state"
    ESTIMATE = "estimate"
    PROMISE = "promise"
    END = "end"
    MENDING = "mending"
    NEWS = "news"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostWords:
    """All that a post may say: public facts only, as plain text.

    `state` is the state in words, `impact` minor, major or critical, `cause` only a confirmed one, `message` the
    update's text (of a retraction: its reason). `said_at` is when the words were published; times of another day get
    their date. `link` is empty while the page is not online. `delayed` says that our own line kept the words back.
    """

    event: Event
    page_name: str
    ref: str
    title: str
    message: str
    said_at: datetime
    zone: ZoneInfo
    locale: str
    link: str = ""
    components: Sequence[str] = ()
    state: str = ""
    impact: str = ""
    cause: str = ""
    eta_due: datetime | None = None
    next_due: datetime | None = None
    resolved_at: datetime | None = None
    delayed: bool = False
    reason: Reason = Reason.NEWS

    def as_record(self) -> dict[str, Any]:
        """The words as JSON: times as RFC 3339, absent ones as null."""
        record: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            record[one.name] = rfc3339(value) if isinstance(value, datetime) else value
        return record | {
            "event": str(self.event),
            "reason": str(self.reason),
            "zone": self.zone.key,
            "components": list(self.components),
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> PostWords:
        """The words that `as_record` wrote."""
        times = ("said_at", "eta_due", "next_due", "resolved_at")
        read = {name: datetime.fromisoformat(record[name]) if record[name] else None for name in times}
        return cls(
            **{
                **record,
                **read,
                "event": Event(record["event"]),
                "reason": Reason(record["reason"]),
                "zone": ZoneInfo(record["zone"]),
            }
        )
