"""Ctrl+N to published, drafts, previews, field errors and the hold, on the real windows over a real workspace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from PySide6.QtWidgets import QApplication

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import DeliveryState
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.domain.incident import Certainty, Impact, IncidentState
from statusdesk_ui.forms.composer import Composer
from tests.ui.conftest import Open


def composer(opened: Open) -> Composer:
    opened.until(lambda: opened.window.composer is not None and opened.window.composer.context is not None)
    opened.settle()
    assert opened.window.composer is not None
    return opened.window.composer


def test_an_incident_is_published_with_the_keyboard_alone(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    composer(main)
    main.key("til", "Enter", "3", "Card payments fail in 14 stores. Cash works everywhere.", "Ctrl+Enter")
    main.until(lambda: main.window.composer is None)
    main.settle()
    row = desk.incidents()[0]
    view = desk.incident(row.ref)
    assert row.title == "Tills: major problem"
    assert row.impact is Impact.MAJOR
    assert [entry.status for entry in view.entries] == [ComponentStatus.PARTIAL_OUTAGE]
    assert view.updates[0].body_md == "Card payments fail in 14 stores. Cash works everywhere."
    assert {d.state for d in view.deliveries} <= {DeliveryState.SENT, DeliveryState.VERIFIED}
    assert main.window.page == "incident"
    assert main.window.ref == row.ref
    assert desk.drafts() == ()


def test_two_components_can_be_named_before_the_impact(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    composer(main)
    main.key("til", "Enter", "web", "Enter", "4", "Nothing works.", "Ctrl+Enter")
    main.until(lambda: main.window.composer is None)
    main.settle()
    view = desk.incident(desk.incidents()[0].ref)
    assert {entry.status for entry in view.entries} == {ComponentStatus.MAJOR_OUTAGE}
    assert len(view.entries) == 2
    assert view.incident.title == "Website and Tills: critical problem"


def test_what_is_missing_is_said_under_its_field_and_nothing_is_published(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    form = composer(main).form
    main.key("Ctrl+Enter")
    main.until(form.troubles["components"][0].words.text)
    said = {name: trouble.words.text() for name, (trouble, _field) in form.troubles.items()}
    assert said["components"] == "Choose at least one component that has the problem."
    assert said["impact"].startswith("Choose how bad it is")
    assert said["message"].startswith("Write what customers should know")
    assert said["title"].startswith("Give the incident a title")
    assert desk.incidents() == ()


def test_an_estimate_in_the_past_and_one_that_is_no_time_are_said_at_once(busy: Open) -> None:
    busy.key("Ctrl+U")
    form = composer(busy).form
    form.eta.field.setFocus()
    busy.key("in a while")
    busy.until(lambda: "is not a time" in form.troubles["eta"][0].words.text())
    form.eta.field.clear()
    form.eta.put(clock.now() - timedelta(minutes=1))
    form.eta.changed.emit()
    busy.until(lambda: "lies in the past" in form.troubles["eta"][0].words.text())


def test_esc_stops_within_the_hold_and_the_words_stay(main: Open, desk: Desk) -> None:
    main.window.hold_s = 60.0
    main.key("Ctrl+N")
    form = composer(main).form
    main.key("til", "Enter", "3", "Cards fail.", "Ctrl+Enter")
    held = composer(main)
    main.until(lambda: held.countdown.running)
    main.key("Esc")
    main.until(lambda: not held.countdown.running)
    main.settle()
    assert desk.incidents() == ()
    assert form.editor.toPlainText() == "Cards fail."
    assert QApplication.focusWidget() is form.editor


def test_esc_keeps_the_draft_and_ctrl_n_brings_it_back(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    composer(main)
    main.key("til", "Enter", "2", "Some tills are slow.", "Esc")
    main.until(lambda: main.window.composer is None)
    main.settle()
    assert [one.key for one in desk.drafts()] == ["new"]
    main.key("Ctrl+N")
    form = composer(main).form
    assert form.editor.toPlainText() == "Some tills are slow."
    assert form.picker.names() == ["Tills"]
    assert form.impact_value() is Impact.MINOR


def test_an_update_says_cause_estimate_and_prevention(busy: Open, desk: Desk, tills: str) -> None:
    busy.key("Ctrl+U")
    form = composer(busy).form
    busy.key("The line is cut. A repair crew is there.")
    form.state.choose(1)
    form.cause.text.setFocus()
    busy.key("Road works cut the payment line.")
    assert form.cause.sure.currentText() == "Suspected"
    form.cause.sure.setCurrentIndex(2)
    form.eta.field.setFocus()
    busy.key("+2h", "Tab")
    form.steps.lines[0].text.setFocus()
    busy.key("A second payment line", "Tab", "+30d", "Tab", "Network")
    busy.key("Ctrl+Enter")
    busy.until(lambda: busy.window.composer is None)
    busy.settle()
    view = desk.incident(tills)
    assert view.incident.state is IncidentState.IDENTIFIED
    assert view.cause is not None
    assert view.cause.certainty is Certainty.CONFIRMED
    assert view.cause.public_md == "Road works cut the payment line."
    assert view.eta is not None
    assert view.eta.due_at is not None
    assert timedelta(hours=1, minutes=58) < view.eta.due_at - clock.now() < timedelta(hours=2)
    assert [(s.public_md, s.owner) for s in view.steps] == [("A second payment line", "Network")]
    assert view.steps[0].due_on == clock.now().date() + timedelta(days=30)


def test_a_supplier_as_the_cause_asks_what_we_do_about_it(busy: Open) -> None:
    busy.key("Ctrl+U")
    form = composer(busy).form
    busy.key("Our card company has an outage.")
    form.cause.text.setFocus()
    busy.key("The card company is down.")
    form.cause.supplier.click()
    assert form.cause.action.isVisible()
    busy.key("Ctrl+Enter")
    busy.until(lambda: "A supplier is the cause" in form.troubles["cause"][0].words.text())


def test_previews_show_each_place_with_its_own_counter(main: Open) -> None:
    main.key("Ctrl+N")
    writing = composer(main)
    main.key("til", "Enter", "3")
    writing.form.editor.put("Cards fail in 14 stores. " * 40)
    cards = list(writing.cards.values())
    main.until(lambda: all("too many" in card.foot.text for card in cards))
    assert [card.place for card in cards] == ["Feed", "Second feed"]
    for card in cards:
        shown, limit = (int(part) for part in card.count.text().split(" of "))
        assert limit == 500
        assert 300 < shown <= limit
        assert "Next update by" in card.post.text
        assert card.post.cut > 0
    assert writing.page_card.title.text == "Tills: major problem"


def test_only_the_chosen_accounts_get_it(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    writing = composer(main)
    main.key("til", "Enter", "3", "Cards fail.")
    writing.bar.checks[1].click()
    main.key("Ctrl+Enter")
    main.until(lambda: main.window.composer is None)
    main.settle()
    view = desk.incident(desk.incidents()[0].ref)
    assert {d.destination for d in view.deliveries} == {"Site folder", "Feed"}


def test_a_second_edit_of_the_record_does_not_lose_the_text(busy: Open, desk: Desk, tills: str) -> None:
    """Another window resolves the incident while an update is being written."""
    busy.key("Ctrl+U")
    writing = composer(busy)
    busy.key("Still working on it.")
    writing.form.state.choose(1)
    desk.resolve(tills, UpdateDraft(message="Fixed."))
    busy.key("Ctrl+Enter")
    busy.until(lambda: writing.messages.message is not None)
    assert writing.form.editor.toPlainText() == "Still working on it."
    assert "Your text is kept" in writing.messages.message.text
    assert "cannot become identified" in writing.form.troubles["impact"][0].words.text()


def test_the_next_update_follows_impact_and_state_until_somebody_types_another(main: Open) -> None:
    main.key("Ctrl+N")
    form = composer(main).form
    main.key("til", "Enter", "4")
    critical = form.next.instant
    form.impact.choose(1)
    form.impact.chosen.emit(1)
    minor = form.next.instant
    assert critical is not None
    assert minor is not None
    assert timedelta(minutes=35) <= minor - critical <= timedelta(minutes=45)
    form.next.field.setFocus()
    form.next.field.selectAll()
    main.key("+3h", "Tab")
    form.impact.choose(3)
    form.impact.chosen.emit(3)
    assert form.next.instant is not None
    assert form.next.instant - clock.now() > timedelta(hours=2, minutes=58)


def test_taking_a_component_out_makes_it_work_again(busy: Open, desk: Desk, tills: str) -> None:
    busy.key("Ctrl+U")
    form = composer(busy).form
    busy.key("It is the order e-mails, not the tills.")
    form.picker.take(desk.find_component("Order e-mails").id)
    form.picker._leave(desk.find_component("Tills").id)
    form.editor.setFocus()
    busy.key("Ctrl+Enter")
    busy.until(lambda: busy.window.composer is None)
    busy.settle()
    status = {row.component.name: row.status for row in desk.components()}
    assert status["Tills"] is ComponentStatus.OPERATIONAL
    assert status["Order e-mails"] is ComponentStatus.PARTIAL_OUTAGE
    assert desk.incident(tills).incident.state is IncidentState.INVESTIGATING


def test_a_component_that_is_open_already_leads_to_its_incident(busy: Open, desk: Desk, tills: str) -> None:
    busy.key("Ctrl+N")
    writing = composer(busy)
    busy.key("til", "Enter")
    busy.until(writing.messages.isVisible)
    assert writing.messages.words.text().startswith(f"{tills} Tills is open since")
    writing.messages.act.click()
    busy.until(lambda: busy.window.composer is not None and busy.window.composer.ref == tills)
    assert composer(busy).form.view is not None
    assert len(desk.incidents()) == 1


def test_after_publishing_the_bar_says_what_arrived(main: Open) -> None:
    main.key("Ctrl+N")
    composer(main)
    main.key("til", "Enter", "3", "Cards fail.", "Ctrl+Enter")
    bar = main.window.frame.messages
    main.until(lambda: bar.words.text() == "The page is up to date. Feed and Second feed have it.")


def test_one_place_that_refuses_never_blocks_and_is_named(main: Open, tmp_path: Path) -> None:
    folder = tmp_path / "Feed"
    folder.rmdir()
    folder.write_text("in the way")
    main.key("Ctrl+N")
    composer(main)
    main.key("til", "Enter", "3", "Cards fail.", "Ctrl+Enter")
    bar = main.window.frame.messages
    main.until(lambda: bar.words.text().startswith("The page is up to date. Second feed has it. Feed: "))
