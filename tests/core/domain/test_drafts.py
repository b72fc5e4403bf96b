"""A form says everything that is wrong with it, field by field."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import (
    CauseDraft,
    EtaDraft,
    FormContext,
    IncidentDraft,
    StepDraft,
    UpdateDraft,
    problems,
    tidied,
)
from statusdesk.domain.incident import CauseCategory, Certainty, Impact, IncidentState

NOW = datetime(2026, 6, 9, 13, 2, tzinfo=UTC)
NEW = FormContext(now=NOW, component_ids=frozenset({"tills"}))
OPEN = replace(NEW, state=IncidentState.IDENTIFIED, started_at=NOW - timedelta(hours=1))
GOOD = IncidentDraft(
    title="Cards fail",
    message="Cards fail in 3 stores.",
    impact=Impact.MAJOR,
    components=(("tills", ComponentStatus.PARTIAL_OUTAGE),),
)


def fields(draft: UpdateDraft, context: FormContext = NEW) -> list[str]:
    return [one.field for one in problems(tidied(draft), context)]


def test_component_impact_title_and_one_sentence_are_enough() -> None:
    assert fields(GOOD) == []


def test_an_empty_form_names_each_thing_it_needs_in_the_order_of_the_form() -> None:
    assert fields(IncidentDraft()) == ["title", "impact", "components", "message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "x" * 81}, "title"),
        ({"message": "x" * 20_001}, "message"),
        ({"message": " \x00\n "}, "message"),
        ({"components": (("nothing", ComponentStatus.MAJOR_OUTAGE),)}, "components"),
        ({"started_at": NOW + timedelta(hours=1)}, "started_at"),
        ({"eta": EtaDraft(NOW - timedelta(minutes=1))}, "eta"),
        ({"eta": EtaDraft(NOW + timedelta(days=400))}, "eta"),
        ({"started_at": NOW - timedelta(hours=1), "eta": EtaDraft(NOW - timedelta(hours=2))}, "eta"),
        ({"next_update": NOW - timedelta(minutes=10)}, "next_update"),
        ({"next_update": NOW + timedelta(days=2)}, "next_update"),
        ({"state": IncidentState.CLOSED}, "state"),
        ({"cause": CauseDraft("", Certainty.CONFIRMED)}, "cause"),
        ({"prevention": (StepDraft("x" * 20_001),)}, "prevention"),
        ({"overrides": (("SL601", ""),)}, "overrides"),
        ({"who_affected": "x" * 501}, "who_affected"),
        ({"author": "x" * 501}, "author"),
        ({"overrides": (("SL601", "x" * 500),)}, "overrides"),
        ({"prevention": (StepDraft("A test", owner="x" * 501),)}, "prevention"),
        ({"prevention": (StepDraft("A test", private="x" * 20_001),)}, "prevention"),
        ({"cause": CauseDraft("A digger.", Certainty.CONFIRMED, private="x" * 20_001)}, "cause"),
        ({"cause": CauseDraft("A digger.", Certainty.CONFIRMED, our_action="x" * 20_001)}, "our_action"),
        ({"cause": CauseDraft("A digger.", Certainty.UNKNOWN)}, "cause"),
        ({"moves_promise": True}, "moves_promise"),
    ],
)
def test_each_mistake_is_said_at_its_field(change: dict[str, object], field: str) -> None:
    assert fields(replace(GOOD, **change)) == [field]  # type: ignore[arg-type]


def test_a_supplier_as_cause_needs_what_we_do_about_it() -> None:
    blame = CauseDraft("The bank is down.", Certainty.CONFIRMED, category=CauseCategory.SUPPLIER)
    assert fields(replace(GOOD, cause=blame)) == ["our_action"]
    assert fields(replace(GOOD, cause=replace(blame, our_action="We switch to the second bank."))) == []


def test_an_eighty_character_title_may_be_eighty_emoji() -> None:
    assert fields(replace(GOOD, title="👨‍👩‍👧‍👦" * 80)) == []
    assert fields(replace(GOOD, title="👨‍👩‍👧‍👦" * 81)) == ["title"]


def test_a_promise_typed_in_odd_minutes_is_rounded_up_to_the_clock() -> None:
    typed = replace(GOOD, next_update=datetime(2026, 6, 9, 13, 31, tzinfo=UTC))
    assert tidied(typed).next_update == datetime(2026, 6, 9, 13, 35, tzinfo=UTC)


def test_an_update_needs_words_and_a_state_it_may_go_to() -> None:
    assert fields(UpdateDraft(message="We know why."), OPEN) == []
    assert fields(UpdateDraft(message=""), OPEN) == ["message"]
    assert fields(UpdateDraft(message="x", state=IncidentState.CLOSED), OPEN) == ["state"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"next_update": NOW + timedelta(hours=1)}, "next_update"),
        ({"eta": EtaDraft(NOW + timedelta(hours=1))}, "eta"),
        ({"eta": EtaDraft(None)}, "eta"),
        ({"moves_promise": True}, "moves_promise"),
        ({"components": (("tills", ComponentStatus.MAJOR_OUTAGE),)}, "components"),
    ],
)
def test_what_cannot_go_with_the_end_is_said_and_not_dropped(change: dict[str, object], field: str) -> None:
    done = UpdateDraft(message="It works.", state=IncidentState.RESOLVED)
    assert fields(done, OPEN) == []
    assert fields(replace(done, components=(("tills", ComponentStatus.OPERATIONAL),)), OPEN) == []
    assert fields(replace(done, **change), OPEN) == [field]  # type: ignore[arg-type]


def test_empty_prevention_lines_are_left_out_and_dates_stay() -> None:
    draft = tidied(replace(GOOD, prevention=(StepDraft("  "), StepDraft(" Second line ", date(2026, 7, 1)))))
    assert draft.prevention == (StepDraft("Second line", date(2026, 7, 1)),)
