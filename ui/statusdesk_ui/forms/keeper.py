"""Keeps what is typed in the record on every pause, so that a crash or a power cut loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from statusdesk_ui.session import Session

SAVE_MS = 400  # after the last key
NEW_KEY = "new"


def draft_key(ref: str | None, form: str = "update") -> str:
    """Under which name the draft of a form about an incident, or of a new incident, is kept."""
    return f"{form}:{ref}" if ref else NEW_KEY


class DraftKeeper(QObject):
    """`saved` follows every writing: True when a draft is kept, False when there is none any more."""

    saved = Signal(bool)

    def __init__(
        self,
        form: QObject,
        session: Session,
        key: str,
        payload: Callable[[], dict[str, Any]],
        is_empty: Callable[[], bool],
    ) -> None:
        super().__init__(form)  # ends with its form
        self.session, self.key, self.payload, self.is_empty = session, key, payload, is_empty
        self.last: dict[str, Any] | None = None
        self.ended = False
        self.timer = QTimer(self, singleShot=True, interval=SAVE_MS)
        self.timer.timeout.connect(self.save)

    def touch(self) -> None:
        """Something was typed."""
        if not self.ended:
            self.timer.start()

    def is_saved(self) -> None:
        """What is in the form came from the record."""
        self.last = self.payload()

    def save(self) -> None:
        """Keep it now."""
        self.timer.stop()
        payload = self.payload()
        if self.ended or payload == self.last or (self.last is None and self.is_empty()):
            return
        self.last = payload
        desk = self.session.desk
        if self.is_empty():
            self.session.read(desk.drop_draft, self.key, done=lambda _n: self.saved.emit(False), owner=self)
        else:
            self.session.read(desk.save_draft, self.key, payload, done=lambda _n: self.saved.emit(True), owner=self)

    def drop(self) -> None:
        """It was published: keep nothing."""
        self.ended = True
        self.timer.stop()
        self.session.read(self.session.desk.drop_draft, self.key, done=lambda _n: None)
