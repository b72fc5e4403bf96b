"""The parts of a form about an incident: cause, times, prevention steps. Each reads itself and can be put back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from statusdesk.clock import now
from statusdesk.domain.drafts import CauseDraft, EtaDraft, StepDraft
from statusdesk.domain.incident import CauseCategory, CauseStatement, Certainty
from statusdesk.domain.times import round_up
from statusdesk.errors import Problem
from statusdesk_ui import typed, words
from statusdesk_ui.layout import FIXED, Words, across, down, empty, stretch, tab_through
from statusdesk_ui.theme import S1, S2
from statusdesk_ui.widgets.controls import Button, Check, Select
from statusdesk_ui.widgets.fields import Field

SURE = tuple(Certainty)


class CausePart(QWidget):
    """The cause, how sure it is, and what we do about it where a supplier is the cause."""

    changed = Signal()

    def __init__(self, *, tall: bool = False) -> None:
        super().__init__()
        self.text = Field("Cause", hint="Not known yet. What do we know?")
        self.sure = Select("How sure the cause is", [words.CERTAINTIES[one] for one in SURE])
        self.supplier = Check("A supplier")
        self.supplier.setToolTip("A supplier is the cause")
        self.supplier.setAccessibleName("A supplier is the cause")
        self.action = Field("What we do about it", hint="What do you do about it? Customers chose you.")
        self.before: CauseStatement | None = None
        self.setLayout(
            down(stretch(across(self.text, self.sure, self.supplier), 1), self.action, gap=S2 if tall else S1)
        )
        self.action.hide()
        self.text.textEdited.connect(self._typed)
        self.sure.activated.connect(lambda _i: self.changed.emit())
        self.supplier.toggled.connect(self._toggled)
        self.action.textEdited.connect(lambda _t: self.changed.emit())

    def _typed(self, text: str) -> None:
        if text.strip() and self._certainty() is Certainty.UNKNOWN:
            self.sure.setCurrentIndex(SURE.index(Certainty.SUSPECTED))
        elif not text.strip():
            self.sure.setCurrentIndex(SURE.index(Certainty.UNKNOWN))
        self.changed.emit()

    def _toggled(self, on: bool) -> None:  # noqa: FBT001  a Qt signal's own signature
        self.action.setVisible(on)
        self.changed.emit()

    def _certainty(self) -> Certainty:
        return SURE[self.sure.currentIndex()]

    def put_statement(self, cause: CauseStatement | None) -> None:
        """Begin with what was said last."""
        self.before = cause
        if cause is not None:
            self.text.setText(cause.public_md)
            self.text.setCursorPosition(0)
            self.sure.setCurrentIndex(SURE.index(cause.certainty))
            self.supplier.setChecked(cause.category is CauseCategory.SUPPLIER)
            self.action.setText(cause.our_action_md)

    def value(self) -> CauseDraft | None:
        """What to say about the cause; None where nothing changed."""
        before = self.before
        draft = CauseDraft(
            text=self.text.text().strip(),
            certainty=self._certainty(),
            private=before.private_md if before else "",
            category=CauseCategory.SUPPLIER
            if self.supplier.isChecked()
            else before.category
            if before and before.category is not CauseCategory.SUPPLIER
            else CauseCategory.UNKNOWN,
            our_action=self.action.text().strip() if self.supplier.isChecked() else "",
        )
        if before is None:
            return None if draft == CauseDraft() else draft
        said = CauseDraft(
            before.public_md.strip(), before.certainty, before.private_md, before.category, before.our_action_md.strip()
        )
        return None if draft == said else draft

    def payload(self) -> dict[str, Any]:
        """What was typed, for a draft."""
        return {
            "text": self.text.text(),
            "sure": self._certainty().value,
            "supplier": self.supplier.isChecked(),
            "action": self.action.text(),
        }

    def restore(self, payload: dict[str, Any]) -> None:
        """Put a draft back."""
        self.text.setText(str(payload.get("text", "")))
        self.text.setCursorPosition(0)
        self.sure.setCurrentIndex(SURE.index(Certainty(payload.get("sure", "unknown"))))
        self.supplier.setChecked(bool(payload.get("supplier")))
        self.action.setText(str(payload.get("action", "")))


class TimePart(QWidget):
    """A time that is typed as 14:30, tomorrow 9:00 or +2h, with what it means beside it.

    The time is understood when it is typed: "+2h" stays two hours after the moment it was written.
    """

    changed = Signal()

    def __init__(self, name: str, field: str, zone: ZoneInfo, *, past: bool = False, wide: int = 144) -> None:
        super().__init__()
        self.name, self.zone, self.past = field, zone, past
        self.field = Field(name, wide=wide)
        self.means = Words("", "small", least=60)
        self.row = across(self.field, self.means, None)
        self.setLayout(self.row)
        self.instant: datetime | None = None
        self.problem = ""
        self.meaning: Callable[[datetime], str] = self._in
        self.empty_words = ""
        self.field.textEdited.connect(self._typed)
        self.field.editingFinished.connect(self._settle)
        self.put(None)

    def _in(self, instant: datetime) -> str:
        delta = instant - now()
        if delta.total_seconds() < 0:
            return f"{words.span(delta)} ago"
        return f"in {words.span(delta)}"

    def _typed(self, text: str) -> None:
        self.instant, self.problem = None, ""
        if text.strip():
            try:
                self.instant = typed.time_of(text, now(), self.zone, past=self.past)
            except ValueError as error:
                self.problem = str(error)
        self.say()
        self.changed.emit()

    def _settle(self) -> None:
        if self.instant is not None:
            self.field.setText(self._written(self.instant))

    def _written(self, instant: datetime) -> str:
        local = instant.astimezone(self.zone)
        today = now().astimezone(self.zone).date()
        if local.date() == today:
            return f"{local:%H:%M}"
        if (local.date() - today).days == 1:
            return f"tomorrow {local:%H:%M}"
        return f"{local:%Y-%m-%d %H:%M}"

    def put(self, instant: datetime | None) -> None:
        """Show a time, or none."""
        self.instant, self.problem = instant, ""
        self.field.setText(self._written(instant) if instant else "")
        self.field.note(words.zone_name(instant or now(), self.zone))
        self.say()

    def say(self) -> None:
        """Say what the time means."""
        self.means.say(self.meaning(self.instant) if self.instant else "" if self.problem else self.empty_words)

    def problems(self) -> list[Problem]:
        """What is wrong with what was typed."""
        return [Problem(self.name, self.problem)] if self.problem else []

    def payload(self) -> dict[str, Any]:
        """What was typed, for a draft."""
        return {"text": self.field.text(), "at": self.instant.isoformat() if self.instant else ""}

    def restore(self, payload: dict[str, Any]) -> None:
        """Put a draft back."""
        at = str(payload.get("at", ""))
        if at:
            self.put(datetime.fromisoformat(at))
        else:
            self.field.setText(str(payload.get("text", "")))
            self._typed(self.field.text())


class EtaPart(TimePart):
    """When it will work again, or that there is no estimate yet."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__("Estimate: when it will work again", "eta", zone)
        self.none = Button("No estimate yet", "quiet", low=True)
        self.none.clicked.connect(self._none)
        self.row.insertWidget(1, self.none)
        self.field.setPlaceholderText("14:30 or +2h")
        self.empty_words = "The page says: no estimate yet"
        self.before: datetime | None = None
        self.said = False
        self.say()

    def _none(self) -> None:
        self.put(None)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def begin(self, due: datetime | None, *, said: bool) -> None:
        """Begin with what was said last; `said` False means that nothing was ever said."""
        self.before, self.said = due, said
        self.put(due)

    def value(self) -> EtaDraft | None:
        """What to say; None where nothing changed."""
        if self.instant == self.before and (self.said or self.instant is None):
            return None
        return EtaDraft(self.instant)


class NextPart(TimePart):
    """When we speak again. Follows the page's cadence until somebody types another time."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__("Next update", "next_update", zone)
        self.own = False
        self.why = ""
        self.field.textEdited.connect(self._owned)
        self.meaning = self._means

    def _owned(self, text: str) -> None:
        self.own = bool(text.strip())

    def _means(self, instant: datetime) -> str:
        rounded = round_up(instant)
        tail = "" if self.own or not self.why else f": {self.why}"
        shown = "" if rounded == instant else f", rounded up to {words.clock_time(rounded, self.zone)}"
        return f"{self._in(rounded)}{shown}{tail}"

    def follow(self, due: datetime, why: str) -> None:
        """The default; `why` says where it comes from."""
        self.why = why
        if not self.own and not self.field.hasFocus():
            self.put(due)
        else:
            self.say()

    def payload(self) -> dict[str, Any]:
        return {**super().payload(), "own": self.own} if self.own else {}

    def restore(self, payload: dict[str, Any]) -> None:
        if payload.get("own"):
            self.own = True
            super().restore(payload)


class StepLine(QWidget):
    """One prevention step: what changes, by when, who."""

    changed = Signal()

    def __init__(self, number: int, zone: ZoneInfo) -> None:
        super().__init__()
        self.zone = zone
        of = f"Prevention step {number}"
        self.text = Field(of, hint="Not decided yet. What will change?")
        self.due = Field(f"{of}: done by", hint="30 Jun", wide=112)
        self.owner = Field(f"{of}: owner, never published", hint="Owner", wide=112)
        self.setLayout(stretch(across(self.text, self.due, self.owner), 1))
        for field in (self.text, self.due, self.owner):
            field.textEdited.connect(lambda _t: self.changed.emit())
        self.setSizePolicy(self.sizePolicy().horizontalPolicy(), FIXED)

    def read(self) -> tuple[StepDraft | None, str]:
        """The step, or None where nothing was typed; and what is wrong with it."""
        text, due, owner = self.text.text().strip(), self.due.text().strip(), self.owner.text().strip()
        if not text:
            wrong = "Write what you will change, or leave the date and the owner out." if due or owner else ""
            return None, wrong
        day, wrong = None, ""
        if due:
            try:
                day = typed.date_of(due, now().astimezone(self.zone).date())
            except ValueError as error:
                wrong = str(error)
        return StepDraft(text, day, owner), wrong

    def payload(self) -> list[str]:
        """What was typed, for a draft."""
        return [self.text.text(), self.due.text(), self.owner.text()]


class StepsPart(QWidget):
    """Prevention steps, one line each; always one empty line to type into."""

    changed = Signal()

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self.zone = zone
        self.lines: list[StepLine] = []
        self.column = down(gap=S1)
        self.more = Button("Add a step", "quiet", "plus", name="Add a prevention step", low=True)
        self.more.clicked.connect(self._more)
        self.foot = across(self.more, None)
        self.setLayout(down(self.column, self.foot, gap=S1))
        self.add()

    def add(self) -> StepLine:
        """One more line."""
        line = StepLine(len(self.lines) + 1, self.zone)
        line.changed.connect(self._changed)
        self.lines.append(line)
        self.column.addWidget(line)
        self._changed()
        return line

    def _more(self) -> None:
        line = self.add()
        tab_through(self.window())
        line.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _changed(self) -> None:
        self.more.setVisible(any(line.text.text().strip() for line in self.lines))
        self.changed.emit()

    def value(self) -> tuple[StepDraft, ...]:
        """The steps that were typed."""
        return tuple(step for step, _wrong in (line.read() for line in self.lines) if step is not None)

    def problems(self) -> list[Problem]:
        """What is wrong with what was typed."""
        return [Problem("prevention", wrong) for _step, wrong in (line.read() for line in self.lines) if wrong]

    def payload(self) -> list[list[str]]:
        """What was typed, for a draft."""
        return [line.payload() for line in self.lines]

    def restore(self, payload: list[list[str]]) -> None:
        """Put a draft back."""
        empty(self.column)
        self.lines = []
        for row in payload or [["", "", ""]]:
            line = self.add()
            for field, text in zip((line.text, line.due, line.owner), row, strict=False):
                field.setText(str(text))
        self._changed()
