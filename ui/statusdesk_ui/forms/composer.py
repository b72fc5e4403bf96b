"""The composer: one form, every place as it will look, a hold of some seconds, and a draft that survives anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from statusdesk.clock import now
from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board, IncidentRow, PostPreview
from statusdesk.domain.drafts import FormContext, IncidentDraft, UpdateDraft, problems, tidied
from statusdesk.errors import EnvironmentFault, Problem, Refused, StatusDeskError
from statusdesk_ui import words
from statusdesk_ui.forms.keeper import DraftKeeper, draft_key
from statusdesk_ui.forms.send_bar import SendBar
from statusdesk_ui.forms.update_form import UpdateForm
from statusdesk_ui.layout import Label, Scroller, Words, across, box, down, narrow, rule, stretch, tab_through
from statusdesk_ui.session import Session
from statusdesk_ui.theme import S1, S2, S3, S4, S6, T
from statusdesk_ui.widgets.controls import Button, Pill
from statusdesk_ui.widgets.hold import HOLD_S, Hold
from statusdesk_ui.widgets.message import Message, MessageBar
from statusdesk_ui.widgets.post import PostCard

if TYPE_CHECKING:
    from statusdesk.desk import Desk

PREVIEW_MS = 150  # after the last key


def _open_about(desk: Desk, rows: Sequence[IncidentRow]) -> dict[str, IncidentRow]:
    """Which open incident each component is in; reads the record."""
    return {e.component_id: row for row in rows for e in desk.incident(row.ref).entries if e.to_at is None}


class Composer(QWidget):
    """Ends with `published` (the changes) or with `left` (the draft is kept)."""

    published = Signal(object)
    left = Signal()
    elsewhere = Signal(str)  # the incident to which this belongs

    def __init__(self, session: Session, board: Board, form: UpdateForm, *, hold_s: float = HOLD_S) -> None:
        super().__init__()
        self.session, self.form, self.view = session, form, form.view
        self.ref = self.view.incident.ref if self.view else None
        self.key = draft_key(self.ref)
        self.context: FormContext | None = None
        self.wave = 0
        self.ended = False
        self.cards: dict[str, PostCard] = {}
        self.publish = Button("Publish", "primary", "upload", key="Ctrl+Return")
        self.publish.setEnabled(False)
        self.publish.clicked.connect(self.begin_publishing)
        self.bar = SendBar(board.accounts, self.publish)
        self.countdown = Hold(hold_s)
        self.countdown.stopped.connect(self._stopped)
        self.countdown.over.connect(self._publish)
        self.messages = MessageBar()
        self._lay_out(board)
        self.preview_timer = QTimer(self, singleShot=True, interval=PREVIEW_MS)
        self.preview_timer.timeout.connect(self._preview)
        self.keeper = DraftKeeper(self, session, self.key, self._payload, self.form.is_empty)
        self.keeper.saved.connect(self._saved)
        self.clock = QTimer(self, interval=1000)
        self.clock.timeout.connect(self._tick)
        self.clock.start()
        self.form.changed.connect(self._changed)
        self.bar.changed.connect(self._changed)
        session.read(session.desk.form_context, self.ref, done=self._context, owner=self)
        self.already: dict[str, IncidentRow] = {}  # by component, what is open about it
        if self.view is None and board.open_incidents:
            session.read(_open_about, session.desk, board.open_incidents, done=self.already.update, owner=self)
            self.form.picker.picked.connect(self._say_already_open)
        self._preview()

    def _lay_out(self, board: Board) -> None:
        self.keep = Button("Keep draft", "quiet", "chevron-left", key="Esc")
        self.keep.clicked.connect(self.leave)
        self.peek = Button("Preview", "plain", "page", key="Ctrl+P", low=True)  # where both do not fit side by side
        self.peek.setCheckable(True)
        self.peek.toggled.connect(lambda _on: self.arrange())
        self.saved_words = Words("", "small", "ink3")
        self.promised = Pill("")
        self.column = down(
            across(Label("Preview", "strong"), None, Words("as it will be posted", "small", "ink3")),
            gap=S3,
            margins=(S4, S3, S4 - Scroller.BAR + S2, S3),
        )
        self.page_card = PostCard("page", "Page")
        self.column.addWidget(self.page_card)
        for account in board.accounts:
            if account.enabled:
                card = PostCard(self.session.icon(account.kind), account.name)
                self.cards[account.id] = card
                self.column.addWidget(card)
        self.column.addStretch(1)
        paper = box(down(self.form, margins=(S6, S3, S6 - Scroller.BAR, S3)))
        self.left_side, self.right_side = (
            Scroller(paper),
            box(down(Scroller(box(self.column), "canvas")), ground="canvas"),
        )
        self.foot = QStackedWidget()
        self.foot.addWidget(self.bar)
        self.foot.addWidget(self.countdown)
        self.foot.setFixedHeight(T.h(64))
        middle = stretch(across(self.left_side, self.right_side, gap=0), 62, 38)
        told = box(across(self.messages, margins=(S6, S2, S6, S2)))
        told.hide()
        self.messages.changed.connect(lambda: told.setVisible(not self.messages.isHidden()))
        self.setLayout(stretch(down(self._head(), rule(), told, middle, rule(), self.foot, gap=0), 0, 0, 0, 1))
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tick()

    def _head(self) -> QWidget:
        title = f"Update {self.view.incident.last_seq + 1}" if self.view else "New incident"
        about = Words(f"{self.ref} · {self.view.incident.title}" if self.view else "")
        row = across(
            self.keep,
            S2,
            Label(title, "lead"),
            about,
            self.saved_words,
            S1,
            self.peek,
            self.promised,
            margins=(S4, 0, S6, 0),
        )
        return box(stretch(row, 0, 0, 0, 1), 52)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def arrange(self) -> None:
        """Form and preview side by side, or one of them where the window is narrow for the text size."""
        one = narrow(self)
        self.peek.setVisible(one)
        self.right_side.setHidden(one and not self.peek.isChecked())
        self.left_side.setHidden(one and self.peek.isChecked())
        self.form.scaled(round(self.width() * (1 if one else 0.62)) - 2 * S6)

    def start(self, payload: Mapping[str, Any] | None = None) -> None:
        """Begin typing, where a draft left off if there is one."""
        if payload is not None:
            self.form.restore(payload)
            accounts = payload.get("accounts")
            self.bar.put(tuple(accounts) if accounts is not None else None)
            self.keeper.is_saved()
        tab_through(self.window())
        self.form.begin_typing()
        self._changed()

    def _tick(self) -> None:
        promise = self.view.promise if self.view else None
        if promise is None:
            self.promised.hide()
        else:
            text, state = words.countdown(promise.due_at)
            icon, tone, _word = words.CLOCKS[state]
            due = words.time_said(promise.due_at, self.form.page.zone)
            self.promised.say(f"Promised by {due}, {text}", tone, icon)
        if not self.countdown.running:
            self.form.follow_clock()

    def _say_already_open(self) -> None:
        rows = [self.already[id_] for id_, _status in self.form.picker.value() if id_ in self.already]
        if rows:
            row = rows[-1]
            since = words.time_said(row.started_at, self.form.page.zone)
            self.messages.show_message(
                Message(
                    text=f"{row.ref} {words.short_name(row.title)} is open since {since}. Is this the same?",
                    tone="info",
                    icon="alert",
                    action="Add an update there",
                    act=lambda: self._go_elsewhere(row.ref),
                )
            )

    def _go_elsewhere(self, ref: str) -> None:
        self.leave()
        self.elsewhere.emit(ref)

    # What is typed: judged, previewed, saved

    def draft(self) -> UpdateDraft | IncidentDraft:
        """What the form holds now."""
        return self.form.draft(self.bar.value())

    def found(self) -> list[Problem]:
        """Everything that keeps it from being published."""
        if self.context is None:
            return []
        typed = self.form.typed_problems()
        judged = problems(tidied(self.draft()), replace(self.context, now=now()))
        return [*typed, *(one for one in judged if one.field not in {t.field for t in typed})]

    def _context(self, context: FormContext) -> None:
        self.context = context
        self.publish.setEnabled(True)
        self._judge()

    def _judge(self) -> None:
        self.form.show_problems(self.found(), everything=self.form.asked_once)

    def _changed(self) -> None:
        if not self.ended:
            self.preview_timer.start()
            self.keeper.touch()

    def _preview(self) -> None:
        self._judge()
        draft = self.draft()
        self.wave += 1
        wave, zone = self.wave, self.form.page.zone
        due = f"Next update by {words.time_said(draft.next_update, zone)}" if draft.next_update else ""
        self.page_card.put(draft.message, title=self.form.title_value(), foot=due)

        def came(previews: Sequence[PostPreview]) -> None:
            if wave == self.wave and not self.ended:
                self._show_previews(previews)

        def failed(error: StatusDeskError) -> None:
            if not isinstance(error, Refused):  # what is refused is said under its field
                self.session.fault(error)

        self.session.read(self.session.desk.preview, tidied(draft), self.ref, done=came, failed=failed, owner=self)

    def _show_previews(self, previews: Sequence[PostPreview]) -> None:
        told = {one.account_id: one for one in previews}
        for account_id, card in self.cards.items():
            one = told.get(account_id)
            card.setVisible(one is not None)
            if one is not None and not self.form.title_value() and not self.form.editor.toPlainText().strip():
                card.put("", limit=one.limit, foot="Fills as you type", trouble=one.trouble)
            elif one is not None:
                card.put(one.text, count=one.count, limit=one.limit, cut=one.cut, trouble=one.trouble)

    def _payload(self) -> dict[str, Any]:
        accounts = self.bar.value()
        return {**self.form.payload(), "accounts": list(accounts) if accounts is not None else None}

    def _saved(self, kept: bool) -> None:  # noqa: FBT001  a Qt signal's own signature
        self.saved_words.say(f"Draft saved {words.time_said(now(), self.form.page.zone)}" if kept else "")

    def leave(self) -> None:
        """Back to the incident; the draft stays."""
        self.keeper.save()
        self.ended = True
        self.left.emit()

    # Publishing

    def begin_publishing(self) -> None:
        """Judge everything; then hold, so that a slip can be taken back."""
        self.form.asked_once = True
        wrong = self.found()
        self.form.show_problems(wrong, everything=True)
        if self.context is None or wrong:
            self.form.go_to(wrong)
            return
        self.keeper.save()
        self.messages.clear()
        self._set_held(held=True)
        self.countdown.begin(self.bar.words())

    def _set_held(self, *, held: bool) -> None:
        self.foot.setCurrentIndex(int(held))
        self.keep.setEnabled(not held)
        self.form.setEnabled(not held)
        if held:
            self.countdown.stop.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _stopped(self) -> None:
        self._set_held(held=False)
        self.form.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _publish(self) -> None:
        desk, draft = self.session.desk, self.draft()
        self.countdown.stop.setEnabled(False)
        if isinstance(draft, IncidentDraft):
            self.session.do(desk.open_incident, draft, done=self._done, failed=self._failed, owner=self)
        else:
            self.session.do(desk.post_update, self.ref, draft, done=self._done, failed=self._failed, owner=self)

    def _done(self, changes: Changes) -> None:
        self.ended = True
        self.keeper.drop()
        self.published.emit(changes)

    def _failed(self, error: StatusDeskError) -> None:
        self.countdown.stop.setEnabled(True)
        self._stopped()
        if isinstance(error, Refused) and error.problems:
            self.form.show_problems(error.problems, everything=True)
            self.form.go_to(error.problems)
        fault = isinstance(error, EnvironmentFault)
        self.messages.show_message(
            Message(
                text=f"{error.title}. {error.message} Your text is kept.",
                tone="bad",
                icon="tick-failed",
                action="Try again" if fault else "",
                act=self.begin_publishing if fault else None,
            )
        )
