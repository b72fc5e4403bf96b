"""What is saved and not sent yet: how much, when it is tried again, two ways to help. Says when the clock is off."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame

from statusdesk.clock import now
from statusdesk.domain.delivery import Delivery, DeliveryKind
from statusdesk_ui import words
from statusdesk_ui.layout import Label, across, stretch
from statusdesk_ui.theme import S1, S3
from statusdesk_ui.widgets.controls import Button, Glyph


def counted(number: int, what: str) -> str:
    """1 post, 2 posts; nothing for none."""
    return f"{number} {what}" + ("" if number == 1 else "s") if number else ""


def waiting_words(queue: Sequence[Delivery]) -> str:
    """How much waits, and for how long: 1 page update and 2 posts are waiting. Trying again in 20 s."""
    pages = len({one.destination_id for one in queue if one.kind is DeliveryKind.PUBLISH})
    posts = sum(one.kind is DeliveryKind.POST for one in queue)
    parts = [part for part in (counted(pages, "page update"), counted(posts, "post")) if part]
    verb = "is" if pages + posts == 1 else "are"
    due = min((one.next_try_at for one in queue if one.next_try_at), default=None)
    again = f" Trying again in {words.span(due - now())}." if due and due > now() else " Trying again now."
    return f"Not sent yet. {' and '.join(parts)} {verb} waiting.{again}"


class WaitingBar(QFrame):
    """Takes no room while everything is out. `asked` gives the word on its button: diagnose or handoff."""

    asked = Signal(str)
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.queue: tuple[Delivery, ...] = ()
        self.clock = ""
        self.glyph, self.words = Glyph("tick-waiting", "warn"), Label("", "medium", "warn", wrap=True)
        self.why = self._button("What is wrong", "diagnose", "search")
        self.phone = self._button("Use your phone", "handoff", "phone")
        self.setProperty("bar", "warn")
        row = across(self.glyph, self.words, self.why, self.phone, margins=(S3, S1, S1, S1))
        self.setLayout(stretch(row, 0, 1))
        self.timer = QTimer(self, interval=1000)
        self.timer.timeout.connect(self._say)
        self.hide()

    def _button(self, text: str, ask: str, icon: str) -> Button:
        button = Button(text, "plain", icon, low=True)
        button.clicked.connect(lambda: self.asked.emit(ask))
        return button

    def show_queue(self, queue: Sequence[Delivery], clock: str) -> None:
        """What waits now, and what is to be said about the clock."""
        self.queue, self.clock = tuple(queue), clock
        self.why.setVisible(bool(queue))
        self.phone.setVisible(any(one.kind is DeliveryKind.POST for one in queue))
        (self.timer.start if queue else self.timer.stop)()
        self._say()
        shown = bool(queue or clock)
        if shown == self.isHidden():
            self.setVisible(shown)
            self.changed.emit()

    def _say(self) -> None:
        said = waiting_words(self.queue) if self.queue else self.clock
        self.glyph.say("tick-waiting" if self.queue else "clock", "warn")
        self.words.say(said)
        self.setAccessibleName(said)
