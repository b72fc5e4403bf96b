"""Fields that are typed into, each with the room for what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QBoxLayout, QLayout, QLineEdit, QTextEdit, QWidget

from statusdesk.domain.text import BODY_LIMIT
from statusdesk_ui import paint
from statusdesk_ui.layout import Label, across, down, stretch
from statusdesk_ui.paint import RIGHT
from statusdesk_ui.theme import S1, S2, T
from statusdesk_ui.widgets.controls import Glyph

PASTE_LIMIT = 2 * BODY_LIMIT  # what is pasted beyond this is left out: laying out a megabyte would stop the window


class Field(QLineEdit):
    """A line edit with a quiet remark at its right end, such as "UTC"; `wide` in px fixes its width."""

    def __init__(
        self, name: str, text: str = "", *, hint: str = "", remark: str = "", wide: int = 0, secret: bool = False
    ) -> None:
        super().__init__()
        self.setMaxLength(BODY_LIMIT + 1)  # one more than fits, so that the form can say so
        self.setText(text)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.remark, self.wide = "", wide
        self.setCursorPosition(0)
        if secret:
            self.setEchoMode(QLineEdit.EchoMode.Password)
        if wide:
            self.setFixedWidth(T.w(wide))
        self.note(remark)

    def note(self, remark: str) -> None:
        """Show another remark at the right end."""
        if remark != self.remark:
            self.remark = remark
            self.setTextMargins(0, 0, round(paint.width(remark, "small")) + S2 if remark else 0, 0)
            self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.setCursorPosition(0)  # the beginning of a long text says more than its end

    def minimumSizeHint(self) -> QSize:
        return QSize(T.w(72), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.remark:
            room = QRectF(self.rect()).adjusted(0, 0, -10, 0)
            paint.write(QPainter(self), room, self.remark, "small", T.ink3, flags=RIGHT)


class Editor(QTextEdit):
    """The words customers will read: plain text, roomy lines."""

    def __init__(self, name: str, hint: str = "", height: int = 116) -> None:
        super().__init__()
        self.setAcceptRichText(False)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setProperty("ring", "parent")
        self.setMinimumSize(200, T.h(height))
        self.document().setDocumentMargin(10)
        self.document().setDefaultFont(T.font("text"))
        self.put("")

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def insertFromMimeData(self, source: QMimeData) -> None:
        self.textCursor().insertText(source.text()[:PASTE_LIMIT])

    def put(self, text: str) -> None:
        """Replace the text."""
        self.setPlainText(text[:PASTE_LIMIT])
        roomy = QTextBlockFormat()
        roomy.setLineHeight(128, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(roomy)
        self.moveCursor(QTextCursor.MoveOperation.End)


class Trouble(QWidget):
    """What is wrong with the field above, in one sentence; takes no room while all is well."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Label("", "small", "bad", wrap=True)
        row = across(Glyph("tick-failed", "bad", 14), self.words, gap=6, margins=(0, 2, 0, 2))
        self.setLayout(stretch(row, 0, 1))
        self.hide()

    def say(self, text: str) -> None:
        """Show a sentence, or nothing."""
        self.words.say(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))


def mark_problem(field: QWidget, *, wrong: bool) -> None:
    """Give a field the border of something to mend, or take it away."""
    if bool(field.property("problem")) != wrong:
        field.setProperty("problem", wrong)
        field.style().unpolish(field)
        field.style().polish(field)


def remark(icon: str, tone: str, text: str, role: str = "small", ink: str = "ink2") -> QBoxLayout:
    """A sentence behind its shape; wraps."""
    return stretch(across(Glyph(icon, tone, 14 if role == "small" else 16), Label(text, role, ink, wrap=True)), 0, 1)


def asked(title: str, field: QWidget | QLayout, more: str = "") -> QBoxLayout:
    """A title over its field, with a quiet line of help under it."""
    name = Label(title, "medium")
    help_ = [Label(more, "small", "ink3", wrap=True)] if more else []
    return down(name, field, *help_, gap=S1)
