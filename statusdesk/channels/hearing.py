"""What others answered, made safe to read: plain text of bounded length, no markup, no letters that turn the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from statusdesk.channels.base import FoundReply
from statusdesk.domain.text import tidy, tidy_line

TEXT_AT_MOST, AUTHOR_AT_MOST, ID_AT_MOST = 2000, 100, 300  # characters
# Marks, embeddings, overrides and isolates: a stranger's text must not turn what stands behind it.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_GAPS = re.compile(r"\n{3,}")


def reply(*, id_: str, author: str, text: str, at: datetime, answers: str, url: str = "") -> FoundReply:
    """A reply from what a network says."""
    said = _GAPS.sub("\n\n", tidy(_TURNS.sub("", text)))
    if len(said) > TEXT_AT_MOST:
        said = f"{said[: TEXT_AT_MOST - 1].rstrip()}…"
    who = tidy_line(_TURNS.sub("", author))[:AUTHOR_AT_MOST]
    return FoundReply(id=id_[:ID_AT_MOST], author=who, text=said, at=at, answers=answers, url=url)


def in_order(found: Iterable[FoundReply], since: datetime) -> Sequence[FoundReply]:
    """Each reply once, those after a time, oldest first."""
    once = {one.id: one for one in found if one.at > since}
    return sorted(once.values(), key=lambda one: (one.at, one.id))
