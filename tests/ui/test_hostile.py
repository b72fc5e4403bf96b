"""Whatever people paste: shown as plain text, kept as text, and never slower than the eye."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, Qt
from PySide6.QtWidgets import QLabel

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import CauseDraft, IncidentDraft, StepDraft
from statusdesk.domain.incident import Certainty, Impact
from statusdesk_ui.widgets.fields import PASTE_LIMIT
from tests.ui.conftest import Open, component

HOSTILE = (
    "</script><b>bold</b><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% raw %} ${PATH} %s %(x)s",
    "\u202eevil\u202c \u200f\u2066mixed\u2069 العربية",
    "null \x00 byte and \ud800 lone surrogate",
    "😀" * 40 + "e\u0301\u0302\u0303" * 40,
    "word" * 5000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "template", "direction", "unsayable", "clusters", "long"])
def test_hostile_words_are_shown_as_they_are_everywhere(text: str, desk: Desk, opened: Callable[[], Open]) -> None:
    title = "".join(c for c in text if c.isprintable())[:70] or "title"
    draft = IncidentDraft(
        title=title,
        message=text,
        impact=Impact.MAJOR,
        components=((component(desk, "Tills"), ComponentStatus.PARTIAL_OUTAGE),),
        cause=CauseDraft(text, Certainty.SUSPECTED),
        prevention=(StepDraft(text, owner=title),),
        who_affected=text[:400],
        workaround=text,
    )
    desk.open_incident(draft)
    main = opened()
    for place in ("incident", "incidents", "components"):
        main.window.show_incident(main.window.ref) if place == "incident" else main.window.show_page(place)
        main.settle()
        main.window.grab()
    main.window.show_incident(desk.incidents()[0].ref)
    main.settle()
    formats = {label.textFormat() for label in main.window.findChildren(QLabel) if label.text()}
    assert formats <= {Qt.TextFormat.PlainText}


def test_hostile_words_survive_the_form_and_its_draft(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    main.until(lambda: main.window.composer is not None and main.window.composer.context is not None)
    writing = main.window.composer
    assert writing is not None
    writing.form.editor.put("".join(HOSTILE[:3]))
    writing.form.title.setText(HOSTILE[0])
    writing.form.who.setText(HOSTILE[1])
    writing.keeper.save()
    main.settle()
    kept = desk.load_draft("new")
    assert kept is not None
    assert kept["message"] == "".join(HOSTILE[:3])
    assert kept["title"] == HOSTILE[0]
    main.window.grab()


def test_a_draft_with_what_no_database_can_hold_is_kept_as_far_as_it_can_be(main: Open, desk: Desk) -> None:
    main.key("Ctrl+N")
    main.until(lambda: main.window.composer is not None and main.window.composer.context is not None)
    writing = main.window.composer
    assert writing is not None
    writing.form.editor.put("before \x00 after")
    writing.keeper.save()
    main.settle()
    kept = desk.load_draft("new")
    assert kept is not None
    assert str(kept["message"]).startswith("before")


def test_twenty_thousand_characters_do_not_hold_the_window_up(main: Open) -> None:
    main.key("Ctrl+N")
    main.until(lambda: main.window.composer is not None and main.window.composer.context is not None)
    writing = main.window.composer
    assert writing is not None
    began = perf_counter()
    writing.form.editor.put("All tills are down since nine. " * 660)
    writing._preview()
    QCoreApplication.processEvents()
    main.settle()
    assert perf_counter() - began < 5  # a freeze would take minutes; the bench measures the milliseconds


def test_a_megabyte_pasted_is_cut_to_what_can_be_laid_out_and_the_form_says_it_is_too_long(main: Open) -> None:
    main.key("Ctrl+N")
    main.until(lambda: main.window.composer is not None and main.window.composer.context is not None)
    writing = main.window.composer
    assert writing is not None
    data = QMimeData()
    data.setText("x " * 500_000)
    writing.form.editor.insertFromMimeData(data)
    assert len(writing.form.editor.toPlainText()) == PASTE_LIMIT
    writing._preview()
    assert "at most 20,000 fit" in writing.form.troubles["message"][0].words.text()


def test_times_shown_carry_their_zone(busy: Open) -> None:
    page = busy.window.pages["incident"]
    busy.settle()
    assert page.clock.accessibleName().count("UTC") == 1  # type: ignore[attr-defined]
    assert "UTC" in page.since.text  # type: ignore[attr-defined]
    assert busy.window.frame.status.time.text().endswith("UTC")
    assert clock.now().tzinfo is not None
