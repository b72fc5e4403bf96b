"""Looking for a post of ours among what a network shows: the same words, not older than the first attempt."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from statusdesk import clock
from statusdesk.channels.base import Post
from statusdesk.net.web import Answer, server_time

# How much earlier than our first attempt a post of ours may be dated, by clocks that were just compared, or not.
CLOCKS_COMPARED, CLOCKS_UNKNOWN = timedelta(seconds=30), timedelta(minutes=10)


def letters(text: str) -> str:
    """What no server changes in a text: its letters and digits, without marks, spaces and curled quotation marks."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)) or "".join(text.split())


def earliest(post: Post, answer: Answer) -> datetime:
    """The time, on the clock of the server that gave this answer, before which no attempt of ours was made."""
    began = post.first_sent_at or post.created_at
    there = server_time(answer)
    return began - CLOCKS_UNKNOWN if there is None else began + (there - clock.now()) - CLOCKS_COMPARED
