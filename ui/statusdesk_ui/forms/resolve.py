"""The resolve sheet: what fixed it, the cause, what changes, what we got wrong. Most is answered beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QLayout, QStackedWidget, QWidget

from statusdesk.clock import now
from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board, IncidentView
from statusdesk.domain.drafts import FormContext, UpdateDraft, problems, tidied
from statusdesk.domain.incident import IncidentState
from statusdesk.errors import Problem, Refused, StatusDeskError
from statusdesk_ui import typed, words
from statusdesk_ui.forms.keeper import DraftKeeper, draft_key
from statusdesk_ui.forms.parts import CausePart, StepsPart
from statusdesk_ui.layout import FIXED, Label, Words, across, box, down, grid
from statusdesk_ui.session import Session
from statusdesk_ui.theme import S4, S6, T
from statusdesk_ui.widgets.controls import Button, Glyph, Pill
from statusdesk_ui.widgets.fields import Editor, Field, Trouble, mark_problem
from statusdesk_ui.widgets.hold import HOLD_S, Hold
from statusdesk_ui.widgets.sheet import Panel, sheet_form


def _ask(question: str, more: str) -> QBoxLayout:
    return down(Label(question, "medium"), Label(more, "small", "ink3"), None, gap=0)


class ResolveSheet(Panel):
    """Ends with `published` (the changes)."""

    published = Signal(object)

    def __init__(self, session: Session, board: Board, view: IncidentView, *, hold_s: float = HOLD_S) -> None:
        self.session, self.view, self.page = session, view, board.page
        self.ref = view.incident.ref
        self.context: FormContext | None = None
        self.tried = False
        self.troubles: dict[str, tuple[Trouble, QWidget]] = {}
        self.fixed = Editor("What fixed it", "What fixed it, and since when does it work?", height=64)
        self.paper = box(down(self.fixed, gap=0, margins=(1, 1, 1, 1)), card="field")
        self.cause, self.steps = CausePart(), StepsPart(board.page.zone)
        self.by = Field("We will say by", hint="Friday", wide=112)
        self.wrong = Field("What we got wrong", hint="We said cash only; vouchers worked too.")
        self.cause.put_statement(view.cause)
        self.publish = Button("Resolve and publish", "primary", "done", key="Ctrl+Return")
        self.publish.setEnabled(False)
        self.countdown = Hold(hold_s)
        self.foot_stack = QStackedWidget()
        self.foot_stack.setSizePolicy(self.foot_stack.sizePolicy().horizontalPolicy(), FIXED)
        self.foot_stack.addWidget(box(across(*self._estimate(), None, self.publish, margins=(S6, 0, S6, 0))))
        self.foot_stack.addWidget(self.countdown)
        self.foot_stack.setFixedHeight(T.h(64))
        about = f"{self.ref} · {view.incident.title}"
        super().__init__("Resolve", about, sheet_form(self._form()), self.foot_stack)
        self._wire()
        session.read(session.desk.form_context, self.ref, done=self._context, owner=self)

    def _form(self) -> QLayout:
        before = [step.public_md for step in self.view.steps]
        none_yet = across(
            Label("None yet? We will say by", "small", "ink2"), self.by, Label("on the page.", "small", "ink2"), None
        )
        steps = down(*(across(Glyph("shield"), Words(text), None) for text in before), self.steps, none_yet)
        rows: list[tuple[QWidget | QLayout, QWidget | QLayout]] = [
            (_ask("What fixed it", "and since when"), self._answer("message", self.paper, self.paper)),
            (_ask("Cause", "how sure are we"), self._answer("cause", self.cause, self.cause.text)),
            (_ask("So it does not happen again", "date, owner"), self._answer("prevention", steps, self.by)),
            (_ask("What we got wrong", "optional"), self._answer("got_wrong", self.wrong, self.wrong)),
        ]
        waiting = sum(not one.state.is_over for one in self.view.follow_ups)
        if waiting:
            people = "1 person" if waiting == 1 else f"{waiting} people"
            told = across(Pill(people, "plain", "people"), Words("are asked before it is closed"), None)
            rows.append((_ask("Who reported it", "nobody is closed for them"), told))
        return grid(rows, S4, T.w(184))

    def _answer(self, name: str, answer: QWidget | QLayout, field: QWidget) -> QLayout:
        trouble = Trouble()
        self.troubles[name] = (trouble, field)
        return down(answer, trouble, gap=0)

    def _estimate(self) -> list[QWidget]:
        """How the estimate ends if it is over now; the page says the same by itself."""
        due = self.view.eta.due_at if self.view.eta else None
        if due is None:
            return [Words("", "small", "ink3")]
        early = due >= now()
        said = f"{words.span(due - now())} {'earlier' if early else 'later'} than we said"
        tone = "good" if early else "warn"
        return [
            Glyph("done" if early else "alert", tone),
            Label(said, "medium", tone),
            Words("The page adds this by itself.", "small", "ink3"),
        ]

    def _wire(self) -> None:
        self.publish.clicked.connect(self.begin_publishing)
        self.countdown.stopped.connect(self._stopped)
        self.countdown.over.connect(self._publish)
        self.keeper = DraftKeeper(self, self.session, draft_key(self.ref, "resolve"), self.payload, self._is_empty)
        self.fixed.textChanged.connect(self._changed)
        for field in (self.by, self.wrong):
            field.textEdited.connect(lambda _t: self._changed())
        self.cause.changed.connect(self._changed)
        self.steps.changed.connect(self._changed)

    def _changed(self) -> None:
        self.keeper.touch()
        if self.tried:
            self._show(self.found())

    def _context(self, context: FormContext) -> None:
        self.context = context
        self.publish.setEnabled(True)

    def start(self, payload: Mapping[str, Any] | None) -> None:
        """Begin typing, where a draft left off if there is one."""
        if payload is not None:
            self.fixed.put(str(payload.get("fixed", "")))
            self.cause.restore(dict(payload.get("cause", {})))
            self.steps.restore(list(payload.get("steps", [])))
            self.by.setText(str(payload.get("by", "")))
            self.wrong.setText(str(payload.get("wrong", "")))
            self.keeper.is_saved()
        self.fixed.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def payload(self) -> dict[str, Any]:
        """What was typed, as plain values."""
        return {
            "fixed": self.fixed.toPlainText(),
            "cause": self.cause.payload(),
            "steps": self.steps.payload(),
            "by": self.by.text(),
            "wrong": self.wrong.text(),
        }

    def _is_empty(self) -> bool:
        typed_texts = (self.fixed.toPlainText(), self.by.text(), self.wrong.text(), self.steps.lines[0].text.text())
        return not any(one.strip() for one in typed_texts) and self.cause.value() is None

    def _say_by(self) -> tuple[date | None, str]:
        text = self.by.text().strip()
        if not text:
            return None, ""
        today = now().astimezone(self.page.zone).date()
        try:
            day = typed.date_of(text, today)
        except ValueError as error:
            return None, str(error)
        return (day, "") if day >= today else (None, "That day has passed. Choose a later one.")

    def draft(self) -> UpdateDraft:
        """What the sheet holds now."""
        message, (day, _wrong) = self.fixed.toPlainText().strip(), self._say_by()
        if message and day is not None and not self.steps.value():
            by = f"{day:%A} {day.day} {day:%B} {day.year}"
            message += f"\n\nWe will say by {by} what we change so that it does not happen again."
        return UpdateDraft(
            message=message,
            state=IncidentState.RESOLVED,
            cause=self.cause.value(),
            prevention=self.steps.value(),
            got_wrong=self.wrong.text().strip() or None,
        )

    def found(self) -> list[Problem]:
        """Everything that keeps it from being published."""
        if self.context is None:
            return []
        _day, wrong = self._say_by()
        late = [Problem("prevention", wrong)] if wrong else []
        judged = problems(tidied(self.draft()), replace(self.context, now=now()))
        return [*self.steps.problems(), *late, *judged]

    def _show(self, wrong: list[Problem]) -> None:
        first: dict[str, str] = {}
        for one in wrong:
            first.setdefault({"our_action": "cause"}.get(one.field, one.field), one.message)
        rest = [message for name, message in first.items() if name not in self.troubles]
        if rest:
            first["message"] = " ".join([*rest, first.get("message", "")]).strip()
        for name, (trouble, field) in self.troubles.items():
            trouble.say(first.get(name, ""))
            mark_problem(field, wrong=name in first)

    def begin_publishing(self) -> None:
        """Judge everything; then hold, so that a slip can be taken back."""
        self.tried = True
        wrong = self.found()
        self._show(wrong)
        if self.context is None or wrong:
            self.fixed.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.keeper.save()
        self._set_held(held=True)
        self.countdown.begin("Page and all accounts")

    def _set_held(self, *, held: bool) -> None:
        self.foot_stack.setCurrentIndex(int(held))
        self.form.setEnabled(not held)
        self.shut.setEnabled(not held)
        target = self.countdown.stop if held else self.fixed
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stopped(self) -> None:
        self._set_held(held=False)

    def _publish(self) -> None:
        self.session.do(
            self.session.desk.resolve, self.ref, self.draft(), done=self._done, failed=self._failed, owner=self
        )

    def _done(self, changes: Changes) -> None:
        self.keeper.drop()
        self.published.emit(changes)

    def _failed(self, error: StatusDeskError) -> None:
        self._set_held(held=False)
        if isinstance(error, Refused) and error.problems:
            self._show(list(error.problems))
        else:
            self._show([Problem("message", f"{error.title}. {error.message} Your text is kept.")])
