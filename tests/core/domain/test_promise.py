"""The next-update promise (invariants 4 to 6) and the estimates (invariant 7)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statusdesk.domain.incident import EtaOutcome, EtaStatement, first_and_last, judge_estimates
from statusdesk.domain.promise import (
    MAX_PROMISE_S,
    NextUpdatePromise,
    PromiseRecord,
    PromiseState,
    default_due,
    problem_with,
    record_begins,
    settle,
)

NOW = datetime(2026, 6, 9, 13, 2, tzinfo=UTC)
PROMISE = NextUpdatePromise(due_at=NOW + timedelta(minutes=30), made_at=NOW, seq=1)


def test_words_on_time_keep_the_promise_to_the_second() -> None:
    kept = settle(PROMISE, PROMISE.due_at, seq=2)
    assert (kept.state, kept.lateness_s) == (PromiseState.KEPT, 0)
    late = settle(PROMISE, PROMISE.due_at + timedelta(seconds=1), seq=2)
    assert (late.state, late.lateness_s) == (PromiseState.LATE, 1)


def test_moving_counts_as_moved_before_the_time_and_as_late_after_it() -> None:
    assert settle(PROMISE, NOW, seq=2, moved=True).state is PromiseState.MOVED
    assert settle(PROMISE, PROMISE.due_at + timedelta(minutes=1), seq=2, moved=True).state is PromiseState.LATE


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), st.integers(300, MAX_PROMISE_S)
)
def test_a_default_promise_is_always_one_that_may_be_made(now: datetime, cadence: int) -> None:
    due = default_due(now, cadence)
    assert due.minute % 5 == 0
    assert problem_with(due, now, MAX_PROMISE_S) is None


@pytest.mark.parametrize("minutes", [-5, 0, 3, 24 * 60 + 10])
def test_a_promise_is_at_least_five_minutes_and_at_most_a_day_away(minutes: int) -> None:
    assert problem_with(NOW + timedelta(minutes=minutes), NOW, MAX_PROMISE_S)


def test_a_rate_is_shown_from_ten_promises_on() -> None:
    nine = PromiseRecord(kept=8, late=0, moved=1)
    assert (nine.kept, nine.total, nine.rate) == (8, 9, None)
    assert PromiseRecord(kept=8, late=1, moved=1).rate == 0.8


def test_the_record_counts_ninety_whole_days_of_the_page() -> None:
    begins = record_begins(date(2026, 6, 9), ZoneInfo("Europe/Stockholm"))
    assert begins == datetime(2026, 3, 11, 23, 0, tzinfo=UTC), "midnight of 12 March in winter time"


def test_estimates_are_judged_on_the_first_and_on_the_last() -> None:
    said = [
        EtaStatement(due_at=NOW + timedelta(hours=1), said_at=NOW, seq=1),
        EtaStatement(due_at=None, said_at=NOW, seq=2),
        EtaStatement(due_at=NOW + timedelta(hours=3), said_at=NOW, seq=3),
    ]
    outcomes = judge_estimates(said, NOW + timedelta(hours=2))
    assert outcomes == (EtaOutcome.MISSED, EtaOutcome.WITHDRAWN, EtaOutcome.MET)
    assert first_and_last(outcomes) == (EtaOutcome.MISSED, EtaOutcome.MET)
    assert first_and_last([EtaOutcome.WITHDRAWN]) is None
