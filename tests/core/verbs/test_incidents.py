"""What a lead says about an incident, on both engines. The numbers are those of the product's invariants."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk.domain.drafts import CauseDraft, EtaDraft, IncidentDraft, StepDraft, UpdateDraft
from statusdesk.domain.incident import Certainty, EtaOutcome, Impact, IncidentState, StepState, UpdateKind
from statusdesk.domain.promise import PromiseState
from statusdesk.errors import NotFound, Refused
from statusdesk.site.reading import estimate_gap
from statusdesk.store import tables
from tests.core.conftest import Clock, status, tills_down

PARTIAL, MAJOR, WELL = ComponentStatus.PARTIAL_OUTAGE, ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL


def test_opening_saves_everything_a_customer_asks_for(desk: Desk, clock: Clock) -> None:
    draft = tills_down(
        desk,
        cause=CauseDraft("Road works cut the line.", Certainty.CONFIRMED),
        eta=EtaDraft(clock.at + timedelta(hours=2)),
        prevention=(StepDraft("A second line", date(2026, 7, 1), "Ana"),),
        who_affected="Customers in Hill Street",
        workaround="Pay cash.",
    )
    changes = desk.open_incident(draft)
    view = desk.incident(changes.ref)
    assert changes.ref == "SD-2026-0001"
    assert view.incident.state is IncidentState.INVESTIGATING
    assert view.cause
    assert view.cause.public_md == "Road works cut the line."
    assert view.eta
    assert view.eta.due_at == clock.at + timedelta(hours=2)
    assert [(s.public_md, s.owner) for s in view.steps] == [("A second line", "Ana")]
    assert view.promise
    assert view.promise.due_at == datetime(2026, 6, 9, 13, 35, tzinfo=UTC), "30 min for major, rounded up"
    assert status(desk, "Tills") is PARTIAL


def test_references_count_up_through_the_year_of_the_page(desk: Desk, clock: Clock) -> None:
    refs = [desk.open_incident(tills_down(desk)).ref for _ in range(2)]
    clock.at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # already the new year in Stockholm
    refs.append(desk.open_incident(tills_down(desk)).ref)
    assert refs == ["SD-2026-0001", "SD-2026-0002", "SD-2027-0001"]


def test_what_comes_back_names_an_incident_that_readers_can_see(desk: Desk) -> None:
    drill = desk.open_incident(tills_down(desk, drill=True)).ref
    for wrong in ("SD-2026-0001", "x" * 5000, drill):
        with pytest.raises(Refused) as caught:
            desk.open_incident(tills_down(desk, recurrence_of=wrong))
        assert [one.field for one in caught.value.problems] == ["recurrence_of"]
    first = desk.open_incident(tills_down(desk)).ref
    again = desk.open_incident(tills_down(desk, recurrence_of=f" {first.lower()} ")).ref
    assert desk.incident(again).incident.recurrence_of == first


def test_resolving_and_reopening_refuse_what_they_cannot_do(desk: Desk) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    with pytest.raises(Refused, match="cannot make it monitoring"):
        desk.resolve(ref, UpdateDraft(message="Done.", state=IncidentState.MONITORING))
    desk.resolve(ref, UpdateDraft(message="Done."))
    with pytest.raises(Refused) as caught:
        desk.reopen(ref, UpdateDraft(message="Not so.", state=IncidentState.MONITORING, moves_promise=True))
    assert [one.field for one in caught.value.problems] == ["state", "moves_promise"]
    with pytest.raises(Refused, match="at most 500"):
        desk.close(ref, reason="x" * 501)
    with pytest.raises(Refused, match="At most 500"):
        desk.add_reporter(ref, name="x" * 501)


def test_a_form_with_mistakes_writes_nothing(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        desk.open_incident(tills_down(desk, title="", message=""))
    assert {one.field for one in caught.value.problems} == {"title", "message"}
    assert desk.incidents() == ()


def test_every_update_settles_the_promise_and_makes_the_next_one(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    clock.go(minutes=20)
    desk.post_update(ref, UpdateDraft(message="Eleven stores work."))
    clock.go(minutes=40)
    desk.post_update(ref, UpdateDraft(message="This update is late."))
    clock.go(minutes=10)
    desk.post_update(ref, UpdateDraft(message="We need longer.", moves_promise=True))
    states = [one.state for one in desk.incident(ref).promises]
    assert states == [PromiseState.KEPT, PromiseState.LATE, PromiseState.MOVED, PromiseState.OPEN]
    assert desk.incident(ref).promises[1].lateness_s == 7 * 60
    board = desk.board()
    assert (board.promises.kept, board.promises.total) == (1, 3)


def test_desk_and_page_count_the_same_promises(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    clock.go(minutes=10)
    desk.resolve(ref, UpdateDraft(message="Done."))
    for days, counted in ((89, 1), (1, 0)):
        clock.at = clock.at.replace(hour=4) + timedelta(days=days)  # earlier in the day than the promise was kept
        with desk._places.public() as public:
            page = public.record(clock.at.date())
        assert (page.promises_kept, desk.board().promises.kept) == (counted, counted)


def test_resolving_sets_components_operational_in_the_same_save(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    clock.go(minutes=20)
    desk.resolve(ref, UpdateDraft(message="All stores take cards."))
    view = desk.incident(ref)
    assert status(desk, "Tills") is WELL
    assert view.incident.resolved_at == clock.at
    assert [(e.from_at, e.to_at) for e in view.entries] == [(view.incident.started_at, clock.at)]
    assert view.promise is None, "nothing is promised any more"
    assert view.promises[-1].state is PromiseState.KEPT, "resolving on time counts as kept"


def test_a_component_stays_down_while_another_incident_holds_it(desk: Desk) -> None:
    tills = desk.find_component("Tills").id
    one = desk.open_incident(tills_down(desk)).ref
    other = desk.open_incident(tills_down(desk, components=((tills, MAJOR),))).ref
    assert status(desk, "Tills") is MAJOR
    desk.resolve(other, UpdateDraft(message="Better."))
    assert status(desk, "Tills") is PARTIAL
    desk.resolve(one, UpdateDraft(message="Well."))
    assert status(desk, "Tills") is WELL


def test_an_update_may_change_one_component_and_leave_the_others(desk: Desk, clock: Clock) -> None:
    tills, web = desk.find_component("Tills").id, desk.find_component("Website").id
    ref = desk.open_incident(tills_down(desk, components=((tills, PARTIAL), (web, MAJOR)))).ref
    clock.go(minutes=10)
    desk.post_update(ref, UpdateDraft(message="The website works.", components=((web, WELL),)))
    assert (status(desk, "Tills"), status(desk, "Website")) == (PARTIAL, WELL)


def test_a_correction_adds_an_entry_and_changes_no_other(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    before = desk.incident(ref)
    clock.go(minutes=2)
    desk.correct(ref, 1, "Cards fail in 4 stores.")
    after = desk.incident(ref)
    assert after.updates[0] == before.updates[0], "published updates are immutable"
    assert (after.updates[1].kind, after.updates[1].corrects_seq) == (UpdateKind.CORRECTION, 1)
    assert after.promise == before.promise, "mending old text does not keep a promise"
    with pytest.raises(Refused, match="already replaced by update 2"):
        desk.correct(ref, 1, "Cards fail in 5 stores.")
    desk.retract(ref, 2, "That was not so either.")
    assert [u.kind for u in desk.incident(ref).updates[1:]] == [UpdateKind.CORRECTION, UpdateKind.RETRACTION]
    with pytest.raises(Refused, match="no update 9"):
        desk.correct(ref, 9, "x")


def posts(desk: Desk, ref: str) -> dict[int, DeliveryState]:
    return {r.seq or 0: r.state for r in desk.deliveries(ref) if r.kind is DeliveryKind.POST}


def test_text_that_is_taken_back_before_it_was_posted_is_never_posted(desk: Desk, tmp_path: Path) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    ref = desk.open_incident(tills_down(desk, message="Call Mrs Oduya at home.")).ref
    desk.retract(ref, 1, "It named a person.")
    assert posts(desk, ref) == {1: DeliveryState.SUPERSEDED}, "who never read it needs no word about it"
    desk.deliver()
    assert not list((tmp_path / "a").rglob("*.txt"))


def test_text_that_was_posted_is_taken_back_where_it_was_posted(desk: Desk, tmp_path: Path) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    ref = desk.open_incident(tills_down(desk)).ref
    desk.deliver()
    desk.connect_account(kind="preview", name="Later", settings={"folder": f"{tmp_path}/b"})
    desk.retract(ref, 1, "It named a person.")
    rows = [(r.destination, r.seq) for r in desk.deliveries(ref) if r.kind is DeliveryKind.POST]
    assert rows == [("A", 1), ("A", 2)]


def test_only_the_corrected_words_are_posted_when_the_wrong_ones_still_waited(desk: Desk, tmp_path: Path) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    ref = desk.open_incident(tills_down(desk, message="Three stores are down.")).ref
    desk.correct(ref, 1, "Four stores are down.")
    assert posts(desk, ref) == {1: DeliveryState.SUPERSEDED, 2: DeliveryState.QUEUED}
    desk.deliver()
    (post,) = (tmp_path / "a").rglob("*.txt")
    assert "Three stores" not in post.read_text()
    desk.post_update(ref, UpdateDraft(message="For the page only.", accounts=()))
    desk.correct(ref, 3, "Still for the page only.")
    assert 4 not in posts(desk, ref), "what an account never heard is not corrected there"


def test_a_corrected_text_can_still_be_taken_off_everything_public(desk: Desk, tmp_path: Path) -> None:
    ref = desk.open_incident(tills_down(desk, message="Call Mrs Oduya at home.")).ref
    desk.correct(ref, 1, "Cards fail in 4 stores.")
    desk.retract(ref, 1, "It named a person.")
    with pytest.raises(Refused, match="already taken back by update 3"):
        desk.retract(ref, 1, "Again.")
    with pytest.raises(Refused, match="already taken back by update 3"):
        desk.correct(ref, 1, "Again.")
    desk.deliver()
    files = [one for one in (tmp_path / "site").rglob("*") if one.is_file()]
    assert [one for one in files if b"Oduya" in one.read_bytes()] == []
    page = (tmp_path / "site" / "incidents" / ref / "index.html").read_text()
    assert "We took this update back" in page
    assert "Cards fail in 4 stores." in page
    desk.retract(ref, 2, "Nor was that so.")
    assert [u.corrects_seq for u in desk.incident(ref).updates] == [None, 1, 1, 2]


def test_reopening_brings_back_components_promise_and_open_estimates(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk, eta=EtaDraft(clock.at + timedelta(hours=1)))).ref
    clock.go(minutes=20)
    desk.resolve(ref, UpdateDraft(message="Done."))
    assert desk.incident(ref).etas[0].outcome is EtaOutcome.MET
    clock.go(minutes=5)
    desk.reopen(ref, UpdateDraft(message="Two people say it is still broken."))
    view = desk.incident(ref)
    assert (view.incident.state, view.incident.reopened, view.incident.resolved_at) == (
        IncidentState.INVESTIGATING,
        1,
        None,
    )
    assert status(desk, "Tills") is PARTIAL
    assert view.promise
    assert view.etas[0].outcome is EtaOutcome.OPEN
    with pytest.raises(Refused, match="Only resolved or closed"):
        desk.reopen(ref, UpdateDraft(message="Again."))


def test_what_is_said_about_a_false_alarm_later_reaches_every_page_that_lists_it(
    desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    clock.go(minutes=5)
    desk.post_update(ref, UpdateDraft(message="A false alarm.", state=IncidentState.WITHDRAWN))
    desk.build()
    clock.go(minutes=5)
    desk.correct(ref, 2, "A test of the till company.")
    desk.build()
    anew = tmp_path / "anew"
    desk.build(full=True, output=anew)
    files = [one.relative_to(anew) for one in anew.rglob("*.*") if one.name != "build.json" and one.is_file()]
    assert [one for one in files if (tmp_path / "site" / one).read_bytes() != (anew / one).read_bytes()] == []
    told = json.loads((anew / "api/v2/incidents.json").read_text("utf-8"))["incidents"][0]
    first, last = told["incident_updates"][-1], told["incident_updates"][-2]
    assert first["affected_components"][0]["new_status"] == "partial_outage"
    assert last["affected_components"][0]["new_status"] == "operational"


def test_closing_many_old_problems_pushes_no_open_one_out_of_the_feeds(
    file_desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    old = [file_desk.open_incident(tills_down(file_desk)).ref for _ in range(26)]
    for ref in old:
        file_desk.resolve(ref, UpdateDraft(message="It works."))
    clock.go(minutes=5)
    file_desk.open_incident(tills_down(file_desk, title="Broken right now"))
    clock.go(minutes=5)
    for ref in old:
        file_desk.close(ref)
    file_desk.build()
    assert "Broken right now" in (tmp_path / "site/feed.atom").read_text("utf-8")


def test_steps_that_were_dropped_stand_behind_those_that_were_done(desk: Desk) -> None:
    """Each engine has its own mind about where a day stands that there is none of."""
    desk.open_incident(tills_down(desk, prevention=(StepDraft("Done."), StepDraft("Dropped."))))
    with desk._store.claim() as sql:
        first = sa.select(sa.func.min(tables.steps.c.position)).scalar_subquery()
        sql.execute(sa.update(tables.steps).values(state=StepState.DROPPED))
        done = {"state": StepState.DONE, "done_on": date(2026, 6, 12)}
        sql.execute(sa.update(tables.steps).where(tables.steps.c.position == first).values(done))
    with desk._places.public() as public:
        assert [one.state for one in public.steps(5)] == [StepState.DONE, StepState.DROPPED]


def test_a_false_alarm_is_withdrawn_and_stays_with_its_explanation(desk: Desk) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    desk.post_update(ref, UpdateDraft(message="A false alarm: the monitor was wrong.", state=IncidentState.WITHDRAWN))
    view = desk.incident(ref)
    assert view.incident.state is IncidentState.WITHDRAWN
    assert status(desk, "Tills") is WELL
    assert len(view.updates) == 2


def test_closing_waits_for_everybody_who_told_us_or_a_reason(desk: Desk) -> None:
    from statusdesk.domain.people import Answer, CallbackState

    ref = desk.open_incident(tills_down(desk)).ref
    follow_up = desk.add_reporter(ref, name="Mrs Oduya", phone="+47 912 34 567")
    call = desk.promise_call(ref, name="Hadley Dental", phone="+46 8 465 004 20")
    with pytest.raises(Refused, match="Only resolved"):
        desk.close(ref)
    desk.resolve(ref, UpdateDraft(message="Done."))
    with pytest.raises(Refused, match="2 people have not answered"):
        desk.close(ref)
    desk.end_call(ref, call.id, CallbackState.DONE)
    for _ in range(2):
        desk.answer(ref, follow_up.id, Answer.NO_ANSWER)
    with pytest.raises(Refused, match="1 person has not answered"):
        desk.close(ref)
    desk.answer(ref, follow_up.id, Answer.NO_ANSWER)  # the third try
    desk.close(ref)
    assert desk.incident(ref).incident.state is IncidentState.CLOSED


def test_closing_early_needs_a_typed_reason(desk: Desk) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    desk.add_reporter(ref, name="Mrs Oduya")
    desk.resolve(ref, UpdateDraft(message="Done."))
    desk.close(ref, reason="She has left the company.")
    assert desk.incident(ref).incident.close_reason == "She has left the company."


def test_the_reason_to_close_stays_out_of_the_audit_trail(desk: Desk) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    desk.resolve(ref, UpdateDraft(message="Done."))
    desk.close(ref, reason="Mrs Oduya never answers.")
    import sqlalchemy as sa

    from statusdesk.store import tables

    with desk._store.read() as sql:
        trail = [str(row) for row in sql.execute(sa.select(tables.events))]
    assert not [row for row in trail if "Oduya" in row]
    assert desk.incident(ref).incident.close_reason == "Mrs Oduya never answers."


def test_an_erased_person_leaves_only_the_count(desk: Desk) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    follow_up = desk.add_reporter(ref, name="Mrs Oduya", phone="+47 912 34 567", email="o@example.org")
    assert follow_up.person_id
    desk.erase_person(follow_up.person_id)
    assert [one.person_id for one in desk.incident(ref).follow_ups] == [None]
    import sqlalchemy as sa

    from statusdesk.store import tables

    with desk._store.read() as sql:
        everything = [str(row) for table in tables.metadata.sorted_tables for row in sql.execute(sa.select(table))]
    assert not [row for row in everything if "Oduya" in row or "912 34" in row], "the audit trail keeps only ids"


def test_a_drill_is_delivered_nowhere(desk: Desk) -> None:
    changes = desk.open_incident(tills_down(desk, drill=True))
    desk.post_update(changes.ref, UpdateDraft(message="More."))
    desk.resolve(changes.ref, UpdateDraft(message="Done."))
    assert changes.ref.startswith("DRILL-")
    assert [d for d in desk.deliveries() if d.incident_id] == []
    assert desk.board().promises.total == 0, "drills never count"
    assert desk.open_incident(tills_down(desk)).ref == "SD-2026-0001", "and use up no reference"


def test_each_update_is_queued_once_for_each_place(desk: Desk, tmp_path: object) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    desk.connect_account(kind="preview", name="B", settings={"folder": f"{tmp_path}/b"})
    ref = desk.open_incident(tills_down(desk)).ref
    rows = desk.deliveries(ref)
    assert sorted((r.kind, r.destination) for r in rows) == [
        (DeliveryKind.POST, "A"),
        (DeliveryKind.POST, "B"),
        (DeliveryKind.PUBLISH, "Site folder"),
    ]
    desk.post_update(ref, UpdateDraft(message="More.", accounts=()))
    assert [r.kind for r in desk.deliveries(ref) if r.seq == 2] == [DeliveryKind.PUBLISH], "the page only"
    with pytest.raises(Refused, match="no account"):
        desk.post_update(ref, UpdateDraft(message="More.", accounts=("nobody",)))


def test_newer_words_supersede_what_still_waits_but_never_the_page(desk: Desk, tmp_path: object) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    ref = desk.open_incident(tills_down(desk)).ref
    desk.post_update(ref, UpdateDraft(message="More."))
    states = {(r.kind, r.seq): r.state for r in desk.deliveries(ref)}
    assert states == {
        (DeliveryKind.POST, 1): DeliveryState.SUPERSEDED,
        (DeliveryKind.POST, 2): DeliveryState.QUEUED,
        (DeliveryKind.PUBLISH, 1): DeliveryState.QUEUED,
        (DeliveryKind.PUBLISH, 2): DeliveryState.QUEUED,
    }


def previewed_and_sent(desk: Desk, draft: UpdateDraft, ref: str | None = None) -> tuple[str, str]:
    (shown,) = desk.preview(draft, ref)
    if ref is None:
        assert isinstance(draft, IncidentDraft)
        changes = desk.open_incident(draft)
    else:
        changes = desk.post_update(ref, draft)
    rows = desk.deliveries(changes.ref)
    (sent,) = [r.text for r in rows if r.kind is DeliveryKind.POST and r.seq == changes.seq]
    return shown.text, sent


def test_a_preview_is_the_text_that_is_sent(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    web = desk.find_component("Website").id
    marked = "**All** stores [take cards](https://northlake.example/cards) again."
    opening = tills_down(
        desk,
        message=marked,
        started_at=clock.at - timedelta(minutes=20),
        eta=EtaDraft(clock.at + timedelta(hours=1)),
        cause=CauseDraft("A *digger*.", Certainty.CONFIRMED),
        impact=Impact.CRITICAL,
    )
    shown, sent = previewed_and_sent(desk, opening)
    assert shown == sent
    assert "Cause: A digger." in sent
    ref = desk.incidents()[0].ref
    clock.go(minutes=10)
    update = UpdateDraft(message=marked, state=IncidentState.IDENTIFIED, components=((web, MAJOR),))
    shown, sent = previewed_and_sent(desk, update, ref)
    assert shown == sent
    assert "Affected: Tills, Website." in sent
    assert "Update (identified): All stores take cards" in sent
    clock.go(days=1)
    shown, sent = previewed_and_sent(desk, UpdateDraft(message="More."), ref)
    assert shown == sent, "times of another day get their date in both"
    shown, sent = previewed_and_sent(desk, UpdateDraft(message=marked, state=IncidentState.RESOLVED), ref)
    assert shown == sent
    assert "Affected" not in sent, "it works again"


def test_the_resolved_post_says_how_the_estimate_went(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    ref = desk.open_incident(tills_down(desk, eta=EtaDraft(clock.at + timedelta(hours=1)))).ref
    clock.go(minutes=25)
    done = UpdateDraft(message="All stores take cards.", state=IncidentState.RESOLVED)
    shown, sent = previewed_and_sent(desk, done, ref)
    assert shown == sent
    assert "Resolved 15:27 CEST, 35 min earlier than we said. All stores take cards." in sent
    assert "Expected by" not in sent


def test_a_false_alarm_is_posted_as_one_and_meets_no_estimate(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    desk.connect_account(kind="preview", name="A", settings={"folder": f"{tmp_path}/a"})
    ref = desk.open_incident(tills_down(desk, eta=EtaDraft(clock.at + timedelta(hours=1)))).ref
    shown, sent = previewed_and_sent(desk, UpdateDraft(message="It was us.", state=IncidentState.WITHDRAWN), ref)
    assert shown == sent
    assert "False alarm: It was us." in sent
    assert "Resolved" not in sent
    assert [e.outcome for e in desk.incident(ref).etas] == [EtaOutcome.WITHDRAWN]
    with desk._places.public() as public:
        record = public.record(clock.at.date())
    assert (record.estimates_met, record.estimates_total) == (0, 0)


def test_an_estimate_that_was_taken_back_still_counts_on_the_page_and_in_the_record(desk: Desk, clock: Clock) -> None:
    due = clock.at + timedelta(minutes=30)
    ref = desk.open_incident(tills_down(desk, eta=EtaDraft(due))).ref
    clock.go(minutes=10)
    desk.post_update(ref, UpdateDraft(message="We do not know.", eta=EtaDraft(None)))
    with desk._places.public() as public:
        shown = next(iter(public.incidents([ref])), None)
    assert shown
    assert shown.eta
    assert (shown.eta.due_at, shown.eta.last_due_at, shown.eta.outcome) == (None, due, EtaOutcome.OPEN)
    clock.go(hours=1)
    desk.resolve(ref, UpdateDraft(message="Done."))
    with desk._places.public() as public:
        (shown,), record = public.incidents([ref]), public.record(clock.at.date())
    assert shown
    assert shown.eta
    assert shown.eta.outcome is EtaOutcome.MISSED
    assert estimate_gap(shown) == -40 * 60
    assert (record.estimates_met, record.estimates_total) == (0, 1)


def test_time_never_runs_backwards_in_the_public_record(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    clock.go(minutes=-3)  # the computer's clock was set back
    desk.post_update(ref, UpdateDraft(message="More."))
    desk.resolve(ref, UpdateDraft(message="Done."))
    clock.go(hours=-2)
    desk.close(ref)
    desk.correct(ref, 1, "Mended.")
    view = desk.incident(ref)
    times = [u.published_at for u in view.updates]
    assert times == sorted(times)
    one = view.incident
    assert one.resolved_at
    assert one.closed_at
    assert one.started_at <= one.resolved_at <= one.closed_at <= one.updated_at


def test_a_desk_whose_clock_was_ahead_makes_no_promise_of_others_late(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    clock.go(hours=3)
    desk.post_update(ref, UpdateDraft(message="From a desk whose clock is 3 hours ahead."))
    clock.go(hours=-3, minutes=5)
    soon = clock.at + timedelta(minutes=28)
    desk.post_update(ref, UpdateDraft(message="From a desk whose clock is right.", next_update=soon))
    clock.go(minutes=10)
    desk.post_update(ref, UpdateDraft(message="On time."))
    *_, ahead, right, last = desk.incident(ref).promises
    assert ahead.state is PromiseState.KEPT
    assert (right.made_at, right.due_at, right.settled_at) == (clock.at - timedelta(minutes=10), soon, clock.at)
    assert right.state is PromiseState.KEPT
    assert last.made_at == clock.at


def test_what_is_not_there_is_said(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no incident SD-2026-9999"):
        desk.incident("SD-2026-9999")
    with pytest.raises(NotFound, match="There are: Tills, Website"):
        desk.find_component("Nowhere")


def test_the_list_finds_words_in_title_and_reference(desk: Desk) -> None:
    for title in ("Card payments fail", "Website is 50% slower", "Website is down"):
        desk.open_incident(tills_down(desk, title=title))
    found = [row.title for row in desk.incidents(text="website")]
    assert found == ["Website is down", "Website is 50% slower"]
    assert [row.title for row in desk.incidents(text="50%")] == ["Website is 50% slower"]
    assert [row.ref for row in desk.incidents(text="sd-2026-0001")] == ["SD-2026-0001"]
    assert len(desk.incidents(limit=2)) == 2
    assert [row.title for row in desk.incidents(limit=2, offset=2)] == ["Card payments fail"]


def test_every_event_is_sealed_and_a_change_is_found(desk: Desk) -> None:
    import sqlalchemy as sa

    desk.open_incident(tills_down(desk))
    record = desk.examine()[0]
    assert record.ok
    with desk._store.claim() as sql:
        sql.execute(sa.text("UPDATE audit_event SET actor = 'somebody else' WHERE head = 1"))
    assert "event 1 was changed" in desk.examine()[0].result


def test_estimates_given_later_leave_the_first_in_the_record(desk: Desk, clock: Clock) -> None:
    first, last = clock.at + timedelta(hours=1), clock.at + timedelta(hours=3)
    ref = desk.open_incident(tills_down(desk, eta=EtaDraft(first))).ref
    clock.go(minutes=20)
    desk.post_update(ref, UpdateDraft(message="Longer than we said.", eta=EtaDraft(last)))
    clock.go(hours=2)
    desk.resolve(ref, replace(UpdateDraft(message="Done."), got_wrong="We trusted one line."))
    view = desk.incident(ref)
    assert [e.outcome for e in view.etas] == [EtaOutcome.MISSED, EtaOutcome.MET]
    assert view.updates[1].kind is UpdateKind.ETA_CHANGE
    assert view.incident.got_wrong_md == "We trusted one line."
