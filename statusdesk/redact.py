"""The last net under every secret: a token that was in anybody's hands here is taken out of whatever is written down.

Nothing should ever hold one: messages are made without, exceptions do not keep requests. This is for what nobody
thought of: a library's log line, a traceback of a bug, a server that quotes what it was sent.
"""

from __future__ import annotations

import logging
import threading
from urllib.parse import quote, quote_plus

SHORTEST = 6  # characters; shorter ones are words that stand in honest text, too
MARK = "…"

_known: set[str] = set()
_one_at_a_time = threading.Lock()


def remember(secret: str) -> None:
    """This value must not be written down anywhere from now on, nor any line of it, nor its form in an address."""
    parts = {secret, *(line.strip() for line in secret.splitlines())}
    forms = {form for part in parts for form in (part, quote(part, safe=""), quote_plus(part))}
    with _one_at_a_time:
        _known.update(form for form in forms if len(form) >= SHORTEST)


def scrubbed(text: str) -> str:
    """The text without any known secret."""
    with _one_at_a_time:
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        if secret in text:
            text = text.replace(secret, MARK)
    return text


class Formatter(logging.Formatter):
    """Log lines, tracebacks included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return scrubbed(super().format(record))
