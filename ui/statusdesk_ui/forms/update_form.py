"""The form of an update: what is wrong, cause, when, prevention, and who is told. A new incident says a little more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLayout, QWidget

from statusdesk.clock import now
from statusdesk.domain.board import Board, IncidentView
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import OPEN_STATES, Impact, IncidentState, may_update
from statusdesk.domain.page import Page
from statusdesk.domain.promise import default_due
from statusdesk.errors import Problem
from statusdesk_ui import words
from statusdesk_ui.forms.components import ComponentPicker
from statusdesk_ui.forms.parts import CausePart, EtaPart, NextPart, StepsPart, TimePart
from statusdesk_ui.layout import Label, across, box, down, grid, narrow, turn
from statusdesk_ui.theme import S2, S3, T
from statusdesk_ui.widgets.controls import Segmented
from statusdesk_ui.widgets.fields import Editor, Field, Trouble, mark_problem

QUESTIONS = "What can't people do? Since when? What can they do instead?"
IMPACTS = tuple(Impact)


class UpdateForm(QWidget):
    """`changed` follows every change; `publish_asked` Ctrl+Enter is the composer's. Reads itself into a draft."""

    changed = Signal()

    def __init__(self, board: Board, view: IncidentView | None) -> None:
        super().__init__()
        self.page: Page = board.page
        self.view = view
        zone = self.page.zone
        self.picker = ComponentPicker()
        self.state = Segmented("State", [words.STATES[one] for one in OPEN_STATES])
        self.impact = Segmented("Impact", [words.IMPACTS[one] for one in IMPACTS], -1, digits=True)
        self.title = Field("Title", hint="Made from what is affected and how bad it is")
        self.editor = Editor("What customers will read", QUESTIONS)
        self.cause, self.eta, self.next = CausePart(), EtaPart(zone), NextPart(zone)
        self.steps = StepsPart(zone)
        self.who = Field("Who is affected", hint="Everyone who pays by card in 14 stores")
        self.instead = Field("What people can do instead", hint="Pay cash")
        self.started = TimePart("When it started", "started_at", zone, past=True)
        self.started.empty_words = "Now. Or type when it began, such as 9:12 or yesterday 18:00"
        self.started.say()
        self.troubles: dict[str, tuple[Trouble, QWidget]] = {}
        self.asked_once = False
        self._lay_out()
        self.picker.offer(board.components)
        self._begin()
        self._wire()
        self.follow_clock()

    def _lay_out(self) -> None:
        new = self.view is None
        self.paper = box(down(self.editor, gap=0, margins=(1, 1, 1, 1)), card="field")
        self.choices = across(self.impact, None, self.state, gap=S2)
        for choice in (self.impact, self.state):
            self.choices.setAlignment(choice, Qt.AlignmentFlag.AlignLeft)
        top: list[tuple[str, str, QWidget | QLayout, QWidget]] = []
        if new:
            top += [("Affected", "components", self.picker, self.picker.field)]
        heading = [("Title", "title", self.title, self.title)] if new else []
        rest: list[tuple[str, str, QWidget | QLayout, QWidget]] = [
            ("Cause", "cause", self.cause, self.cause.text),
            ("When", "eta", self.eta, self.eta.field),
            ("Next update", "next_update", self.next, self.next.field),
            ("Prevention", "prevention", self.steps, self.steps),
            ("Who", "who_affected", self.who, self.who),
            ("Instead", "workaround", self.instead, self.instead),
        ]
        if new:
            rest += [("Started", "started_at", self.started, self.started.field)]
        else:
            rest += [("Affected", "components", self.picker, self.picker.field)]
        message, chosen = Trouble(), Trouble()
        self.troubles["message"] = (message, self.paper)
        self.troubles["impact"] = (chosen, self.impact)
        body = down(
            *([grid([self._row(*row) for row in top], S2, T.w(88))] if new else []),
            down(self.choices, chosen, gap=0),
            *([grid([self._row(*row) for row in heading], S2, T.w(88))] if new else []),
            self.paper,
            message,
            grid([self._row(*row) for row in rest], S2, T.w(88)),
            gap=S2,
        )
        self.troubles["our_action"] = self.troubles["cause"]
        self.troubles["state"] = self.troubles["impact"]
        body.setStretch(body.indexOf(self.paper), 1)
        self.setLayout(body)

    def _row(
        self, label: str, name: str, answer: QWidget | QLayout, field: QWidget
    ) -> tuple[QWidget | QLayout, QWidget | QLayout]:
        trouble = Trouble()
        self.troubles[name] = (trouble, field)
        title = Label(label, tone="ink2")
        title.setFixedHeight(T.h(32))
        title.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        return down(title, None, gap=0), down(answer, trouble, gap=0)

    def _begin(self) -> None:
        """Start from what was said last; a new incident starts from nothing."""
        view = self.view
        if view is None:
            return
        incident = view.incident
        self.state.offer([i for i, one in enumerate(OPEN_STATES) if may_update(incident.state, one)])
        self.state.choose(OPEN_STATES.index(incident.state) if incident.state in OPEN_STATES else -1)
        self.impact.choose(IMPACTS.index(incident.impact))
        self.picker.put(self.standing())
        self.picker.impact = incident.impact
        self.cause.put_statement(view.cause)
        self.eta.begin(view.eta.due_at if view.eta else None, said=view.eta is not None)
        self.who.setText(incident.who_affected)
        self.instead.setText(incident.workaround_md)

    def standing(self) -> dict[str, ComponentStatus]:
        """The statuses that the incident gives its components now."""
        entries = self.view.entries if self.view else ()
        return {one.component_id: one.status for one in entries if one.to_at is None}

    def _wire(self) -> None:
        self.picker.changed.connect(self._changed)
        self.picker.done.connect(self.impact.go)
        if self.view is None:
            self.picker.picked.connect(self.impact.go)
            self.impact.digit.connect(lambda _d: self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason))
            self.impact.letter.connect(self._back_to_filter)
        self.impact.chosen.connect(lambda _i: self.picker.follow(self.impact_value()))
        self.impact.chosen.connect(self._cadence)
        self.state.chosen.connect(self._cadence)
        for field in (self.title, self.who, self.instead):
            field.textEdited.connect(lambda _t: self._changed())
        self.editor.textChanged.connect(self._changed)
        for part in (self.cause, self.eta, self.next, self.steps, self.started):
            part.changed.connect(self._changed)

    def _back_to_filter(self, letter: str) -> None:
        self.picker.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.picker.field.insert(letter)
        self.picker.field.textEdited.emit(self.picker.field.text())

    def _changed(self) -> None:
        auto = self.auto_title()
        self.title.setPlaceholderText(auto or "Made from what is affected and how bad it is")
        self.changed.emit()

    def _cadence(self) -> None:
        self.follow_clock()
        self._changed()

    def follow_clock(self) -> None:
        """Let the default of the next update move with the clock while nobody typed another."""
        impact, state = self.impact_value(), self.state_value()
        seconds = self.page.cadence(impact or Impact.MAJOR, state)
        kind = "monitoring" if state is IncidentState.MONITORING else words.IMPACTS[impact or Impact.MAJOR].lower()
        if kind == "none":
            kind = "a notice"
        self.next.follow(default_due(now(), seconds), f"{seconds // 60} min for {kind}, rounded up")

    def scaled(self, width: int) -> None:
        """Fit the choices into a width: side by side, or one over the other."""
        wanted = self.impact.sizeHint().width() + self.state.sizeHint().width() + S3
        turn(self.choices, downward=width < wanted)

    def impact_value(self) -> Impact | None:
        """The impact that was chosen."""
        index = self.impact.current()
        return IMPACTS[index] if index >= 0 else None

    def state_value(self) -> IncidentState:
        """The state that was chosen."""
        return OPEN_STATES[max(0, self.state.current())]

    def auto_title(self) -> str:
        """The title made from what is affected and how bad it is."""
        return words.title_for(self.picker.names(), self.impact_value())

    def title_value(self) -> str:
        """The incident's title: the one typed, the one made, or the one it has."""
        if self.view is not None:
            return self.view.incident.title
        return self.title.text().strip() or self.auto_title()

    def draft(self, accounts: tuple[str, ...] | None) -> UpdateDraft:
        """What the form holds; times that cannot be read are in `problems`."""
        message = self.editor.toPlainText()
        if self.view is None:
            return IncidentDraft(
                title=self.title_value(),
                message=message,
                state=self.state_value(),
                impact=self.impact_value(),
                components=self.picker.value(),
                cause=self.cause.value(),
                eta=self.eta.value(),
                next_update=self.next.instant,
                prevention=self.steps.value(),
                who_affected=self.who.text() or None,
                workaround=self.instead.text() or None,
                started_at=self.started.instant,
                accounts=accounts,
            )
        incident = self.view.incident
        return UpdateDraft(
            message=message,
            state=self.state_value() if self.state_value() is not incident.state else None,
            impact=self.impact_value() if self.impact_value() is not incident.impact else None,
            components=self._component_changes(),
            cause=self.cause.value(),
            eta=self.eta.value(),
            next_update=self.next.instant,
            prevention=self.steps.value(),
            who_affected=self.who.text() if self.who.text() != incident.who_affected else None,
            workaround=self.instead.text() if self.instead.text() != incident.workaround_md else None,
            accounts=accounts,
        )

    def _component_changes(self) -> tuple[tuple[str, ComponentStatus], ...]:
        """Only those whose status is another than before; what was taken out works again."""
        before, after = self.standing(), dict(self.picker.value())
        works = ComponentStatus.OPERATIONAL
        changed = [(id_, status) for id_, status in after.items() if before.get(id_, works) is not status]
        return (*changed, *((id_, works) for id_ in before if id_ not in after and before[id_] is not works))

    def typed_problems(self) -> list[Problem]:
        """What cannot be read at all."""
        started = self.started.problems() if self.view is None else []
        return [*started, *self.eta.problems(), *self.next.problems(), *self.steps.problems()]

    def show_problems(self, problems: Iterable[Problem], *, everything: bool) -> None:
        """Say under each field what is wrong with it; before the first try only where something was typed."""
        first: dict[str, str] = {}
        for problem in problems:
            if everything or problem.field in self._touched():
                first.setdefault(self._home(problem.field), problem.message)
        for name, (trouble, field) in self.troubles.items():
            if self._home(name) == name:
                trouble.say(first.get(name, ""))
                mark_problem(field, wrong=name in first)

    def _home(self, name: str) -> str:
        return {"our_action": "cause", "state": "impact"}.get(name, name)

    def _touched(self) -> set[str]:
        typed = {
            "message": bool(self.editor.toPlainText().strip()),
            "title": bool(self.title.text().strip()),
            "eta": (self.eta.instant is not None and self.eta.value() is not None) or bool(self.eta.problem),
            "next_update": self.next.own,
            "prevention": bool(self.steps.problems()),
            "who_affected": bool(self.who.text()),
            "workaround": bool(self.instead.text()),
            "started_at": bool(self.started.field.text()),
        }
        return {name for name, there in typed.items() if there}

    def go_to(self, problems: Iterable[Problem]) -> None:
        """Put the cursor where the first thing to mend is."""
        for problem in problems:
            home = self._home(problem.field)
            if home == "message":
                self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            elif home == "impact":
                self.impact.go()
            elif home == "prevention":
                self.steps.lines[0].text.setFocus(Qt.FocusReason.OtherFocusReason)
            elif home in self.troubles:
                self.troubles[home][1].setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                continue
            return

    def begin_typing(self) -> None:
        """Put the cursor where writing begins."""
        if self.view is None and not self.picker.chosen:
            self.picker.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def is_empty(self) -> bool:
        """Whether nothing was typed that would be missed."""
        texts = (self.editor.toPlainText(), self.title.text(), self.steps.lines[0].text.text())
        if self.view is None:
            return not (any(one.strip() for one in texts) or self.picker.chosen or self.cause.text.text().strip())
        return not any(one.strip() for one in texts) and self.cause.value() is None and self.eta.value() is None

    def payload(self) -> dict[str, Any]:
        """What was typed, as plain values, for a draft that survives anything."""
        return {
            "components": {id_: status.value for id_, status in self.picker.value()},
            "touched": sorted(self.picker.touched),
            "impact": self.impact.current(),
            "state": self.state.current(),
            "title": self.title.text(),
            "message": self.editor.toPlainText(),
            "cause": self.cause.payload(),
            "eta": self.eta.payload(),
            "next": self.next.payload(),
            "steps": self.steps.payload(),
            "who": self.who.text(),
            "instead": self.instead.text(),
            "started": self.started.payload(),
        }

    def restore(self, payload: Mapping[str, Any]) -> None:
        """Put a draft back."""
        chosen = {id_: ComponentStatus(status) for id_, status in dict(payload.get("components", {})).items()}
        self.impact.choose(int(payload.get("impact", -1)))
        self.picker.impact = self.impact_value()
        self.picker.put(chosen)
        self.picker.touched = set(payload.get("touched", ()))
        self.state.choose(int(payload.get("state", 0)))
        self.title.setText(str(payload.get("title", "")))
        self.cause.restore(dict(payload.get("cause", {})))
        self.eta.restore(dict(payload.get("eta", {})))
        self.next.restore(dict(payload.get("next", {})))
        self.steps.restore(list(payload.get("steps", [])))
        self.who.setText(str(payload.get("who", "")))
        self.instead.setText(str(payload.get("instead", "")))
        self.started.restore(dict(payload.get("started", {})))
        self.editor.put(str(payload.get("message", "")))
        self.follow_clock()

    def narrow_choices(self) -> bool:
        """Whether the window is too narrow for two columns."""
        return narrow(self)
