"""What people answer to our posts (F12): read by the desk, never shown on the page, erased after 90 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

KEPT_FOR = timedelta(days=90)


class ReplyTag(StrEnum):
    """What a reply is, as a person sees it."""

    QUESTION = "question"
    STILL_BROKEN = "still_broken"
    WRONG_FACT = "wrong_fact"
    THANKS = "thanks"
    SUGGESTION = "suggestion"


class HandledAs(StrEnum):
    """What was made of a reply."""

    ANSWERED = "answered"
    FOLLOW_UP = "follow_up"
    CALLBACK = "callback"
    PREVENTION = "prevention"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RepliesRead:
    """How a reading ended: how many are new, and what each account that could not be read said."""

    new: int
    troubles: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Somebody's answer to a post of ours, as plain text. All of it is internal."""

    id: str
    account_id: str
    incident_id: str
    incident_ref: str
    remote_id: str
    author: str
    text: str
    url: str
    at: datetime
    read_at: datetime
    tag: ReplyTag | None = None
    handled_as: HandledAs | None = None
    handled_at: datetime | None = None
