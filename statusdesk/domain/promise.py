"""The next-update promise: made with every update, always a clock time, settled by the next words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from statusdesk.domain.times import FIVE_MINUTES, round_up, start_of_day

SHOW_RATE_FROM = 10
RECORD_DAYS = 90
MAX_PROMISE_S = 24 * 3600
PAGE_GRACE = timedelta(minutes=1)  # from the save to the page; promises are clock times, to the minute


class PromiseState(StrEnum):
    """How a promise stands or ended."""

    OPEN = "open"
    KEPT = "kept"
    LATE = "late"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextUpdatePromise:
    """We speak again by `due_at`. `seq` is the update that made it, `settled_seq` the one that settled it."""

    due_at: datetime
    made_at: datetime
    seq: int
    state: PromiseState = PromiseState.OPEN
    settled_at: datetime | None = None
    settled_seq: int | None = None

    @property
    def lateness_s(self) -> int:
        """Seconds after the promised time; 0 when it was kept or moved in time."""
        if self.settled_at is None:
            return 0
        return max(0, int((self.settled_at - self.due_at).total_seconds()))


def settle(promise: NextUpdatePromise, at: datetime, seq: int, *, moved: bool = False) -> NextUpdatePromise:
    """The promise after words went out at `at`: kept on time, late after it, moved when a new time was all we said.

    Moving counts only before the time; afterwards it is late (invariant 4).
    """
    state = PromiseState.LATE if at > promise.due_at else PromiseState.MOVED if moved else PromiseState.KEPT
    return replace(promise, state=state, settled_at=at, settled_seq=seq)


def judged_by_page(promise: NextUpdatePromise, shown_at: datetime) -> NextUpdatePromise:
    """A kept promise after the page was seen to show its words: they count when customers can read them (flow f).

    Words saved in time that reached the page more than a minute after the promised time came late.
    """
    if promise.state is not PromiseState.KEPT or shown_at <= promise.due_at + PAGE_GRACE:
        return promise
    return replace(promise, state=PromiseState.LATE, settled_at=shown_at)


def default_due(now: datetime, cadence_s: int) -> datetime:
    """The time a lead need not type: the cadence from now, rounded up to the next 5 minutes on the clock."""
    return round_up(now + timedelta(seconds=cadence_s))


def problem_with(due: datetime, now: datetime, max_s: int) -> str | None:
    """What is wrong with a promised time, as a sentence, or None. Times are judged after rounding up."""
    if due <= now:
        return "The next update must lie in the future. Choose a later time."
    if due - now < FIVE_MINUTES:
        return "Promise the next update at least 5 minutes from now, so that you can keep it."
    if (due - now).total_seconds() > max_s + FIVE_MINUTES.total_seconds():
        return f"Promise the next update within {max_s // 3600} hours. Customers should not wait longer for a word."
    return None


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """How promises went over some time. `total` counts kept, late and moved (invariant 6)."""

    kept: int
    late: int
    moved: int

    @property
    def total(self) -> int:
        """All settled promises."""
        return self.kept + self.late + self.moved

    @property
    def rate(self) -> float | None:
        """Share kept, from ten promises on; before that only the counts are shown."""
        return self.kept / self.total if self.total >= SHOW_RATE_FROM else None


def record_begins(today: date, zone: ZoneInfo) -> datetime:
    """From when on promises and estimates count: 90 days up to and with today, by day in the page's zone."""
    return start_of_day(today - timedelta(days=RECORD_DAYS - 1), zone)
