"""The main window: what it shows of the record, and every way through it by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QMenu

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.drafts import CauseDraft, IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Certainty, Impact, IncidentState, UpdateKind
from statusdesk_ui import paint
from statusdesk_ui.forms.mend import OneQuestion
from statusdesk_ui.forms.resolve import ResolveSheet
from statusdesk_ui.layout import Lines
from statusdesk_ui.pages.components import ComponentsPage
from statusdesk_ui.pages.incident import IncidentPage
from statusdesk_ui.pages.incidents import IncidentsPage
from statusdesk_ui.theme import S2, T
from statusdesk_ui.widgets.controls import Pill
from statusdesk_ui.words import last_words
from tests.ui.conftest import Open, component, show

# What the offscreen platform says of itself when a menu opens.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def incident_page(opened: Open) -> IncidentPage:
    page = opened.window.pages["incident"]
    assert isinstance(page, IncidentPage)
    opened.until(lambda: page.view is not None)
    return page


def menu(opened: Open) -> QMenu:
    opened.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def choose(opened: Open, words: str) -> None:
    """Choose a line of the open menu by its words."""
    found = menu(opened)
    action = next(one for one in found.actions() if words in one.text())
    action.trigger()
    found.close()
    opened.activate()  # offscreen nobody gives the window its activity back when a menu closes


def test_a_quiet_day_says_so_and_offers_what_is_not_set_up(main: Open) -> None:
    assert main.window.page == "calm"
    assert main.window.windowTitle() == "StatusDesk - Northlake"
    assert [row.text for row in main.window.frame.rail.items.rows][:2] == ["Now", "Nothing open"]
    assert "on this computer only" in main.window.pages["calm"].words.text()  # type: ignore[attr-defined]


def test_an_open_incident_is_shown_with_its_promise_parts_and_ticks(busy: Open, desk: Desk, tills: str) -> None:
    page = incident_page(busy)
    busy.settle()
    assert page.title.text == "Tills: card payments fail in 14 stores"
    assert page.ref_label.text() == tills
    assert page.impact.text == "Major"
    assert "step 1 of 4" in page.track.accessibleName()
    assert "Next update by" in page.clock.accessibleName()
    busy.until(lambda: all(t.tick == "sent" for t in page.timeline.items.rows[0].told))
    assert [t.place for t in page.timeline.items.rows[0].told] == ["Page", "Feed", "Second feed"]
    assert "built on this computer" in busy.window.frame.status.page.text
    assert desk.deliveries(tills)


def test_the_most_urgent_incident_comes_first(desk: Desk, tills: str, opened: Callable[[], Open]) -> None:
    urgent = IncidentDraft(
        title="Website: down",
        message="The website is down.",
        impact=Impact.CRITICAL,
        components=((component(desk, "Website"), desk.components()[0].status),),
        next_update=clock.now() + timedelta(minutes=6),
    )
    ref = desk.open_incident(urgent).ref
    main = opened()
    assert main.window.ref == ref
    refs = [row.ref for row in main.window.frame.rail.items.rows if row.ref]
    assert refs[:2] == [ref, tills]


def test_resolving_says_what_fixed_it_and_sets_the_components_working(busy: Open, desk: Desk, tills: str) -> None:
    incident_page(busy)
    busy.key("Ctrl+R")
    busy.until(lambda: busy.window.sheet is not None)
    sheet = busy.window.sheet.panel  # type: ignore[union-attr]
    assert isinstance(sheet, ResolveSheet)
    busy.until(lambda: sheet.context is not None)
    busy.key("All 14 stores run on the backup line.")
    sheet.by.setFocus()
    busy.key("+3d", "Ctrl+Enter")
    busy.until(lambda: busy.window.sheet is None)
    busy.settle()
    view = desk.incident(tills)
    assert view.incident.state is IncidentState.RESOLVED
    day = clock.now().date() + timedelta(days=3)
    assert f"We will say by {day:%A} {day.day} {day:%B}" in view.updates[-1].body_md
    assert all(row.status.rank == 0 for row in desk.components())
    page = incident_page(busy)
    busy.until(page.reopen.isVisible)
    assert not page.resolve.isVisible()
    assert desk.drafts() == ()


def test_resolving_without_words_is_said_in_the_sheet(busy: Open, desk: Desk, tills: str) -> None:
    incident_page(busy)
    busy.key("Ctrl+R")
    busy.until(lambda: busy.window.sheet is not None)
    sheet = busy.window.sheet.panel  # type: ignore[union-attr]
    assert isinstance(sheet, ResolveSheet)
    busy.until(lambda: sheet.context is not None)
    busy.key("Ctrl+Enter")
    busy.until(sheet.troubles["message"][0].words.text)
    busy.key("Esc")
    busy.until(lambda: busy.window.sheet is None)
    assert desk.incident(tills).incident.state is IncidentState.INVESTIGATING


def test_an_update_is_corrected_and_taken_back_by_keyboard(busy: Open, desk: Desk, tills: str) -> None:
    page = incident_page(busy)
    page.timeline.setFocus()
    page.timeline.choose(0)
    busy.key("Shift+F10")
    choose(busy, "Correct update 1")
    busy.until(lambda: busy.window.sheet is not None)
    sheet = busy.window.sheet.panel  # type: ignore[union-attr]
    assert isinstance(sheet, OneQuestion)
    assert "14 stores" in sheet.editor.toPlainText()
    sheet.editor.put("Card payments are failing in 12 stores.")
    busy.key("Ctrl+Enter")
    busy.until(lambda: busy.window.sheet is None)
    busy.settle()
    busy.until(lambda: len(page.timeline.items.rows) == 2)
    assert [row.struck for row in page.timeline.items.rows] == [False, True]
    can = [(row.mends, row.takes_back) for row in page.timeline.items.rows]
    assert can == [(True, True), (False, True)], "a corrected text can still be taken off the page"
    page.timeline.choose(0)
    page.timeline._ask(QPoint(5, 5))
    choose(busy, "Take back update 2")
    busy.until(lambda: busy.window.sheet is not None)
    again = busy.window.sheet.panel  # type: ignore[union-attr]
    busy.until(lambda: QApplication.focusWidget() is again.editor)  # type: ignore[attr-defined]
    busy.key("We counted the wrong stores.", "Ctrl+Enter")
    busy.until(lambda: busy.window.sheet is None)
    busy.settle()
    assert [u.kind for u in desk.incident(tills).updates] == [
        UpdateKind.UPDATE,
        UpdateKind.CORRECTION,
        UpdateKind.RETRACTION,
    ]


def test_a_resolved_incident_is_reopened_or_closed_with_a_reason_while_people_wait(
    desk: Desk, tills: str, opened: Callable[[], Open]
) -> None:
    desk.add_reporter(tills, name="Mrs Oduya")
    desk.resolve(tills, UpdateDraft(message="The line works again."))
    main = opened()
    main.window.show_incident(tills)
    page = incident_page(main)
    main.until(page.reopen.isVisible)
    page.reopen.click()
    main.until(lambda: main.window.sheet is not None)
    main.key("Two stores still fail.", "Ctrl+Enter")
    main.until(lambda: main.window.sheet is None)
    main.settle()
    assert desk.incident(tills).incident.state is IncidentState.INVESTIGATING
    desk.resolve(tills, UpdateDraft(message="Now all stores work."))
    page.again()
    main.until(page.close_.isVisible)
    page.close_.click()
    main.until(lambda: main.window.sheet is not None)
    sheet = main.window.sheet.panel  # type: ignore[union-attr]
    assert isinstance(sheet, OneQuestion)
    main.key("Ctrl+Enter")
    main.until(sheet.trouble.words.text)
    assert "people still wait" in sheet.trouble.words.text()
    sheet.editor.setFocus()
    main.key("She moved away.", "Ctrl+Enter")
    main.until(lambda: main.window.sheet is None)
    main.settle()
    assert desk.incident(tills).incident.state is IncidentState.CLOSED
    assert desk.incident(tills).incident.close_reason == "She moved away."


def test_all_incidents_are_searched_and_opened_by_keyboard(busy: Open, tills: str) -> None:
    busy.key("Ctrl+F")
    page = busy.window.pages["incidents"]
    assert isinstance(page, IncidentsPage)
    busy.until(lambda: page.table.rows)
    busy.key("no such thing")
    busy.until(lambda: not page.table.rows)
    assert page.nothing.text().startswith("Nothing matches")
    page.search.selectAll()
    busy.key("card pay")
    busy.until(lambda: page.table.rows)
    busy.key("Down")
    busy.until(lambda: page.list.currentIndex().isValid())
    busy.key("Enter")
    busy.until(lambda: busy.window.page == "incident")
    assert busy.window.ref == tills


def test_in_a_narrow_table_the_title_has_the_room_and_the_keys_still_work(busy: Open, tills: str) -> None:
    show(busy.window)
    busy.window.show_page("incidents").start()
    page = busy.window.pages["incidents"]
    assert isinstance(page, IncidentsPage)
    busy.until(lambda: page.table.rows)
    lasted = page.list.columnWidth(5) - 2 * S2
    assert not page.list.isColumnHidden(5)
    assert paint.width("16 h 20 min", "small") <= lasted
    busy.key("Down")
    busy.until(page.list.hasFocus)
    page.list.resize(T.w(690), page.list.height())
    assert [page.list.isColumnHidden(i) for i in range(6)] == [True, False, False, False, False, True]
    assert not page.list.isColumnHidden(page.list.currentIndex().column())
    assert tills in str(page.table.data(page.list.currentIndex(), Qt.ItemDataRole.ToolTipRole))
    busy.key("Enter")
    busy.until(lambda: busy.window.ref == tills)


def test_components_are_added_changed_and_archived(main: Open, desk: Desk) -> None:
    main.window._asked("components")
    page = main.window.pages["components"]
    assert isinstance(page, ComponentsPage)
    page.add.click()
    main.until(lambda: main.window.sheet is not None)
    main.key("Tills", "Ctrl+Enter")
    sheet = main.window.sheet.panel  # type: ignore[union-attr]
    main.until(lambda: "already a component" in sheet.trouble.words.text())  # type: ignore[attr-defined]
    sheet.name.setFocus()  # type: ignore[attr-defined]
    sheet.name.selectAll()  # type: ignore[attr-defined]
    main.key("Gift cards", "Tab", "Stores", "Ctrl+Enter")
    main.until(lambda: main.window.sheet is None)
    main.settle()
    assert desk.find_component("Gift cards")
    names = [row.name for row in page.list.items.rows]
    page.list.choose(names.index("Gift cards"))
    page.edit.click()
    main.until(lambda: main.window.sheet is not None)
    main.key("Vouchers", "Ctrl+Enter")
    main.until(lambda: main.window.sheet is None)
    main.settle()
    assert "Vouchers" in [row.name for row in page.list.items.rows]
    page.list.choose([row.name for row in page.list.items.rows].index("Vouchers"))
    page.archive.click()
    main.settle()
    assert "Vouchers" not in [row.component.name for row in desk.components()]


def test_a_component_in_trouble_is_not_archived_and_the_bar_says_why(busy: Open, desk: Desk) -> None:
    busy.window._asked("components")
    page = busy.window.pages["components"]
    assert isinstance(page, ComponentsPage)
    page.list.choose([row.name for row in page.list.items.rows].index("Tills"))
    page.archive.click()
    busy.until(lambda: busy.window.frame.messages.message is not None)
    assert "has an open incident" in busy.window.frame.messages.words.text()
    assert desk.find_component("Tills")


def test_f1_names_the_keys_and_esc_closes_it_again(main: Open) -> None:
    main.key("F1")
    main.until(lambda: main.window.sheet is not None)
    main.key("Esc")
    main.until(lambda: main.window.sheet is None)
    assert main.window.stack.isEnabled()


def test_what_another_process_posts_shows_after_the_next_round(busy: Open, desk: Desk, tills: str) -> None:
    desk.post_update(tills, UpdateDraft(message="Four stores work again."))
    busy.session.courier.wake()
    page = incident_page(busy)
    busy.until(lambda: len(page.timeline.items.rows) == 2)


def test_trouble_is_said_in_words_and_tried_again(desk: Desk, tills: str, opened: Callable[[], Open], tmp_path) -> None:
    folder = tmp_path / "Feed"
    for one in sorted(folder.rglob("*"), reverse=True):
        one.unlink() if one.is_file() else one.rmdir()
    folder.rmdir()
    folder.write_text("in the way")
    main = opened()
    page = incident_page(main)
    main.until(page.trouble.count)
    row = page.trouble.itemAt(0).widget()
    said = [child.text() for child in row.findChildren(type(page.heading))]
    assert any(text.startswith("Feed: The post could not be written") for text in said)
    page.timeline.choose(0)
    page.timeline._ask(QPoint(5, 5))
    assert [a.text() for a in menu(main).actions()][-2:] == ["Try Feed again", "Do not send it to Feed"]
    menu(main).close()
    folder.unlink()
    again = next(b for b in row.findChildren(type(page.resolve)) if b.words == "Try again")
    again.click()
    main.until(lambda: not page.trouble.count())
    main.settle()
    assert all(d.state.arrived for d in desk.deliveries(tills))


def test_what_is_over_says_what_was_wrong_and_how_it_ended(busy: Open, desk: Desk, tills: str) -> None:
    desk.post_update(tills, UpdateDraft(message="Eleven stores work.", state=IncidentState.IDENTIFIED))
    desk.correct(tills, 2, "Twelve stores work.")
    assert last_words(desk.incident(tills)) == ("Twelve stores work.", "")
    desk.resolve(tills, UpdateDraft(message="All stores work."))
    desk.post_update(tills, UpdateDraft(message="The write-up is on our blog."))
    view = desk.incident(tills)
    assert last_words(view) == ("Twelve stores work.", "All stores work.")
    page = incident_page(busy)
    page.show_incident(tills)
    busy.until(lambda: page.view == view)
    assert "without Monitoring" in page.track.accessibleName(), "a state that was skipped gets no check"
    desk.retract(tills, 3, "That was about another incident.")
    assert last_words(desk.incident(tills))[0] != "Twelve stores work.", "what was taken back is said no more"


def test_a_line_that_only_moves_the_promise_does_not_say_what_is_wrong(desk: Desk, tills: str) -> None:
    later = clock.now() + timedelta(hours=1)
    desk.post_update(
        tills, UpdateDraft(message="We speak again a little later.", next_update=later, moves_promise=True)
    )
    view = desk.incident(tills)
    assert view.updates[-1].kind is UpdateKind.PROMISE_MOVED
    assert last_words(view)[0].startswith("Card payments are failing in 14 stores.")


CAUSE = "Road works cut the line that carries card payments. Three of our stores had no second line. " * 2


@pytest.mark.parametrize(("words", "lines"), [(CAUSE[:40], 1), (CAUSE, 2), (CAUSE * 9, 3)])
def test_a_long_cause_is_broken_into_lines_and_its_pill_stays_whole(
    words: str, lines: int, desk: Desk, tills: str, opened: Callable[[], Open]
) -> None:
    cause = CauseDraft(certainty=Certainty.CONFIRMED, text=words.strip())
    desk.post_update(tills, UpdateDraft(message="We know why.", cause=cause))
    main = opened()
    page = incident_page(main)
    main.settle()
    pill = next(one for one in page.findChildren(Pill) if one.text == "Confirmed")
    assert pill.width() >= pill.sizeHint().width()
    said = next(one for one in page.findChildren(Lines) if one.text.startswith("Road works"))
    assert len(said.broken) == lines
    assert said.height() >= lines * QFontMetricsF(T.font("medium")).height()
    whole = " ".join(line.strip() for line in said.broken)
    assert whole == said.text, "nothing is lost between two lines"
    assert said.parentWidget().height() == said.height(), "the row grows with its words"
