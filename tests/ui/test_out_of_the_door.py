"""What the window says while words are on their way, and how a person helps: wait, diagnose, phone, decide, answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain import ids
from statusdesk.domain.board import CheckLine, Diagnosis, Line
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.people import FollowUp
from statusdesk.domain.replies import HandledAs, Reply, ReplyTag
from statusdesk.store.replies import ReplyBook
from statusdesk.store.writer import Writer
from statusdesk.verbs.by_hand import IN_HAND_FOR
from statusdesk_ui.forms.hand_off import HandOffSheet
from statusdesk_ui.pages.incident import IncidentPage
from statusdesk_ui.pages.replies import RepliesPage
from statusdesk_ui.widgets.code import Code
from statusdesk_ui.widgets.controls import Button
from statusdesk_ui.widgets.waiting import waiting_words
from tests.ui.conftest import Open


def put(desk: Desk, state: DeliveryState, **columns: object) -> None:
    """Bring the posts of the open incident into a state."""
    with desk._store.write() as sql:
        writer = Writer(sql, at=clock.now(), actor="tests")
        for row in writer.deliveries():
            if row.kind is DeliveryKind.POST:
                writer.change_delivery(row, state=state, **columns)


def wait_for_the_line(desk: Desk) -> None:
    put(
        desk, DeliveryState.RETRY_WAIT, next_try_at=clock.now() + timedelta(minutes=5), error_code="dns",
        error="social.example was not found. This computer may be offline.",
    )  # fmt: skip


def button(window: QWidget, words: str) -> Button:
    return next(one for one in window.findChildren(Button) if one.words == words and one.isVisible())


def post_states(desk: Desk) -> list[DeliveryState]:
    return [one.state for one in desk.deliveries() if one.kind is DeliveryKind.POST]


def row(kind: DeliveryKind, in_s: float | None, place: str) -> Delivery:
    at = clock.now()
    return Delivery(
        id=ids.new_id(at), kind=kind, state=DeliveryState.RETRY_WAIT, destination_id=place, destination=place,
        created_at=at, updated_at=at, next_try_at=at + timedelta(seconds=in_s) if in_s is not None else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(DeliveryKind.POST, -1, "M")], "Not sent yet. 1 post is waiting. Trying again now."),
        ([(DeliveryKind.PUBLISH, None, "F")], "Not sent yet. 1 page update is waiting. Trying again now."),
        (
            [(DeliveryKind.PUBLISH, 90.5, "F"), (DeliveryKind.POST, 200, "M"), (DeliveryKind.POST, 200, "B")],
            "Not sent yet. 1 page update and 2 posts are waiting. Trying again in 1 min.",
        ),
    ],
)
def test_the_bar_counts_what_waits(rows: list[tuple[DeliveryKind, float | None, str]], words: str) -> None:
    assert waiting_words([row(*one) for one in rows]) == words


def test_nothing_is_said_while_everything_is_out(busy: Open) -> None:
    assert busy.window.frame.waiting.isHidden()


def test_what_waits_is_said_with_two_ways_to_help(tills: str, desk: Desk, opened: Callable[[], Open]) -> None:
    wait_for_the_line(desk)
    one = opened()
    bar = one.window.frame.waiting
    assert "2 posts are waiting. Trying again in 4 min" in bar.words.text()
    assert bar.accessibleName() == bar.words.text()
    assert {b.words for b in bar.findChildren(Button) if b.isVisible()} == {"What is wrong", "Use your phone"}


def test_a_diagnosis_is_one_sentence(
    tills: str, desk: Desk, opened: Callable[[], Open], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Diagnosis(
        line=Line.OFFLINE,
        words="This computer has no internet.",
        lines=(CheckLine(what="Feed", ok=False, result="not found"),),
    )
    monkeypatch.setattr(desk, "diagnose", lambda: found)
    wait_for_the_line(desk)
    one = opened()
    button(one.window, "What is wrong").click()
    one.settle()
    assert one.window.frame.messages.words.text() == "This computer has no internet."


def test_posts_are_posted_from_a_phone_and_ticked(tills: str, desk: Desk, opened: Callable[[], Open]) -> None:
    wait_for_the_line(desk)
    one = opened()
    button(one.window, "Use your phone").click()
    one.until(lambda: one.window.sheet is not None)
    assert one.window.sheet is not None
    sheet = one.window.sheet.panel
    assert isinstance(sheet, HandOffSheet)
    codes = sheet.findChildren(Code)
    assert len(codes) == 2, "a code for each text; no link while the page has no address"
    assert all(one.note == "Somebody is posting it by hand." for one in desk.deliveries() if one.text)

    button(sheet, "Copy the text").click()
    assert "Card payments are failing" in QGuiApplication.clipboard().text()
    next(iter(sheet.fields.values())).setText("https://social.example/@northlake/1")
    button(sheet, "I posted it on Feed").click()
    one.until(lambda: len(sheet.ticks) == 1)
    sent = next(d for d in desk.deliveries() if d.destination == "Feed")
    assert (sent.state, sent.note) == (DeliveryState.SENT, "Posted by hand: https://social.example/@northlake/1")

    sheet.done_.click()
    one.until(lambda: one.window.sheet is None)
    one.settle()
    other = next(d for d in desk.deliveries() if d.destination == "Second feed")
    assert other.state is DeliveryState.SENT, "the courier goes on with what nobody posted"


def test_the_courier_waits_as_long_as_the_sheet_is_open(tills: str, desk: Desk, opened: Callable[[], Open]) -> None:
    wait_for_the_line(desk)
    one = opened()
    button(one.window, "Use your phone").click()
    one.until(lambda: one.window.sheet is not None)
    assert one.window.sheet is not None
    sheet = one.window.sheet.panel
    assert isinstance(sheet, HandOffSheet)
    before = max(d.next_try_at for d in desk.deliveries() if d.next_try_at)
    assert sheet.holding.isActive()
    assert sheet.holding.interval() < IN_HAND_FOR.total_seconds() * 1000
    sheet.holding.timeout.emit()
    one.until(lambda: all(d.next_try_at > before for d in desk.deliveries() if d.next_try_at))


def test_posts_are_not_held_for_a_sheet_that_is_never_shown(tills: str, desk: Desk, opened: Callable[[], Open]) -> None:
    wait_for_the_line(desk)
    one = opened()
    button(one.window, "Use your phone").click()
    one.window._asked("keys")
    one.settle()
    assert not isinstance(one.window.sheet.panel, HandOffSheet)  # type: ignore[union-attr]
    assert not any(d.note == "Somebody is posting it by hand." for d in desk.deliveries())


def test_a_code_for_a_long_text_is_large_enough_for_a_phone(tills: str, opened: Callable[[], Open]) -> None:
    del tills
    opened()
    code = Code("Cash works everywhere. " * 45, "The text")
    assert code.want()[0] >= 3 * (len(code.matrix) + 8)


def test_a_text_too_long_for_a_code_is_copied_instead() -> None:
    assert Code.fits("Cash works.")
    assert not Code.fits("x" * 2000)
    assert not Code.fits("")


def test_a_person_settles_a_doubt(tills: str, desk: Desk, opened: Callable[[], Open]) -> None:
    put(desk, DeliveryState.UNKNOWN, next_try_at=None, error="Look there, and say here what you found.")
    one = opened()
    page = one.window.pages["incident"]
    assert isinstance(page, IncidentPage)
    one.until(lambda: page.view is not None)
    names = {b.accessibleName() for b in page.findChildren(Button) if b.isVisible()}
    assert {"The post is there on Feed", "It is not there on Feed, send it again"} <= names
    there = next(b for b in page.findChildren(Button) if b.accessibleName() == "The post is there on Feed")
    there.click()
    one.until(lambda: post_states(desk).count(DeliveryState.SENT) == 1)
    one.settle()
    button(page, "Send it again").click()
    one.until(lambda: post_states(desk) == [DeliveryState.SENT] * 2)


# Replies


def reply_to(desk: Desk, ref: str, text: str, number: int = 1) -> None:
    at, incident = clock.now(), desk.incident(ref).incident
    reply = Reply(
        id=ids.new_id(at), account_id="A", incident_id=incident.id, incident_ref=ref, remote_id=str(number),
        author="@mia@social.example", text=text, url="https://social.example/9", at=at, read_at=at,
    )  # fmt: skip
    with desk._store.write() as sql:
        ReplyBook(sql, at=at, actor="tests").add_new_replies([reply])


@pytest.fixture
def replies(tills: str, desk: Desk, opened: Callable[[], Open]) -> tuple[Open, RepliesPage]:
    reply_to(desk, tills, "<b>Still</b> no cards in Leeds.")
    one = opened()
    one.window.show_page("replies")
    page = one.window.pages["replies"]
    assert isinstance(page, RepliesPage)
    one.until(lambda: page.found)
    return one, page


def test_replies_are_plain_text_with_a_tag(replies: tuple[Open, RepliesPage], desk: Desk) -> None:
    one, page = replies
    assert page.said.text() == "<b>Still</b> no cards in Leeds."
    assert one.window.frame.nav["replies"].words == "Replies (1)"
    page.tag.setCurrentIndex(2)
    page.tag.activated.emit(2)
    one.settle()
    assert desk.replies()[0].tag is ReplyTag.STILL_BROKEN
    assert [r.state for r in page.list.items.rows] == ["Still broken"]


def test_a_reply_becomes_a_follow_up(replies: tuple[Open, RepliesPage], desk: Desk, tills: str) -> None:
    one, page = replies
    page.ask.click()
    one.settle()
    (asked,) = desk.incident(tills).follow_ups
    assert isinstance(asked, FollowUp)
    assert desk.replies()[0].handled_as is HandledAs.FOLLOW_UP
    assert not page.call.isEnabled(), "once is enough"


def test_a_reply_becomes_a_step_in_our_own_words(replies: tuple[Open, RepliesPage], desk: Desk, tills: str) -> None:
    one, page = replies
    page.step.click()
    one.until(lambda: one.window.sheet is not None)
    sheet = one.window.sheet.panel  # type: ignore[union-attr]
    sheet.editor.put("We test every till at night.")  # type: ignore[attr-defined]
    sheet.act.click()  # type: ignore[attr-defined]
    one.until(lambda: one.window.sheet is None)
    assert [step.public_md for step in desk.incident(tills).steps] == ["We test every till at night."]
    one.settle()
    assert one.window.frame.nav["replies"].words == "Replies"


def test_an_empty_page_of_replies_says_what_will_stand_there(busy: Open) -> None:
    busy.window.show_page("replies")
    busy.settle()
    page = busy.window.pages["replies"]
    assert isinstance(page, RepliesPage)
    assert "erased after 90 days" in page.nothing.text()
    assert not page.card.isVisible()
