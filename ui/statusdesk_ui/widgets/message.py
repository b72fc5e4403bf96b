"""The message bar: one sentence about what just happened, with the way out. Never blocks, never covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from statusdesk_ui.layout import Label, across, stretch
from statusdesk_ui.theme import S1, S3
from statusdesk_ui.widgets.controls import Button, Glyph


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One sentence, its tone and shape, and what the button in it does."""

    text: str
    tone: str = "plain"
    icon: str = "done"
    action: str = ""
    act: Callable[[], object] | None = None
    dropped: Callable[[], object] | None = None  # what closing it means, beyond closing it


class MessageBar(QFrame):
    """Shows one message at a time; a new one takes the place of the old."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message: Message | None = None
        self.glyph, self.words = Glyph("done"), Label("", "medium", wrap=True)
        self.act = Button("", "plain", low=True)
        self.close_ = Button("", "quiet", "close", name="Dismiss this message", low=True)
        self.act.clicked.connect(self._acted)
        self.close_.clicked.connect(self.dismiss)
        row = across(self.glyph, self.words, self.act, self.close_, margins=(S3, S1, S1, S1))
        self.setLayout(stretch(row, 0, 1))
        self.hide()

    def show_message(self, message: Message) -> None:
        """Say something."""
        self.message = message
        plain = message.tone == "plain"
        self.setProperty("bar", message.tone)
        self.setAccessibleName(message.text)
        self.glyph.say(message.icon, "bad" if plain and message.icon == "tick-failed" else message.tone)
        self.words.say(message.text, "" if plain else message.tone)
        self.act.setText(message.action.replace("&", "&&"))
        self.act.words = message.action
        self.act.setAccessibleName(message.action)
        self.act.updateGeometry()
        self.act.setVisible(bool(message.action))
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()
        self.changed.emit()

    def dismiss(self) -> None:
        """Take the message away, on the user's word."""
        message, self.message = self.message, None
        self.hide()
        if message is not None and message.dropped is not None:
            message.dropped()
        self.changed.emit()

    def clear(self) -> None:
        """Take the message away: it is no longer true."""
        self.message = None
        self.hide()
        self.changed.emit()

    def _acted(self) -> None:
        message, self.message = self.message, None
        self.hide()
        self.changed.emit()
        if message is not None and message.act is not None:
            message.act()
