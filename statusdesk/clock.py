"""The one place time comes from. Instants are UTC with millisecond precision.

A computer whose clock is wrong by minutes would break promises in public without knowing it. So what servers say of the
time (the HTTP `Date` of answers over TLS) is noted; when two of them agree that this clock is off by two minutes or
more, their time is used instead of it, and people are told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
WRONG_FROM = timedelta(minutes=2)
AGREE_WITHIN = timedelta(seconds=60)
REMEMBERED = 8  # servers; the newest


class ServerTime:
    """What servers say about this computer's clock."""

    def __init__(self) -> None:
        self._ahead: dict[str, timedelta] = {}
        self._compared: tuple[datetime, float] | None = None
        self._one_at_a_time = threading.Lock()

    def note(self, host: str, there: datetime) -> None:
        """A server's clock at this moment."""
        with self._one_at_a_time:
            self._unless_set()
            self._ahead.pop(host, None)
            self._ahead[host] = _own() - there
            while len(self._ahead) > REMEMBERED:
                del self._ahead[next(iter(self._ahead))]

    def ahead(self) -> timedelta:
        """How far this clock is ahead of the servers' (negative: behind); zero when it is right, or nobody can tell."""
        with self._one_at_a_time:
            self._unless_set()
            known = sorted(self._ahead.values())
        middle = known[len(known) // 2] if known else timedelta()
        agreeing = sum(abs(one - middle) <= AGREE_WITHIN for one in known)
        wrong = abs(middle) >= WRONG_FROM and agreeing >= 2 and agreeing * 2 > len(known)  # noqa: PLR2004
        return timedelta(seconds=round(middle.total_seconds())) if wrong else timedelta()

    def forget(self) -> None:
        """Begin anew, as after the clock was set."""
        with self._one_at_a_time:
            self._ahead.clear()
            self._compared = None

    def _unless_set(self) -> None:
        """Forget what was noted when somebody has set the clock since: it was about another clock.

        A set clock goes apart from the counter that only counts seconds. So does one that slept, where the counter
        sleeps, too: then servers are asked anew, which does no harm.
        """
        at, counted = _own(), _counter()
        if self._compared is not None:
            before, counted_before = self._compared
            apart = (at - before) - timedelta(seconds=counted - counted_before)
            if abs(apart) >= WRONG_FROM / 2:
                self._ahead.clear()
        self._compared = at, counted


servers = ServerTime()


def _own() -> datetime:
    """This computer's clock, whatever servers say."""
    return datetime.now(UTC)


def _counter() -> float:
    """Seconds that nobody can set."""
    return time.monotonic()


def now() -> datetime:
    """The present instant in UTC, cut to milliseconds (what every table and file keeps)."""
    instant = _own() - servers.ahead()
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
