"""Works the outbox off while the desktop is open: a timer, and one round of `Desk.deliver` at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from statusdesk.clock import now
from statusdesk.errors import StatusDeskError
from statusdesk_ui.tasks import Tasks

if TYPE_CHECKING:
    from statusdesk.desk import Desk

LONGEST_WAIT = timedelta(seconds=30)  # another process may have queued something, and clocks jump
REPLIES_EVERY_MS = 5 * 60 * 1000
AFTER_FAULT = timedelta(seconds=10)


class Courier(QObject):
    """Wakes when something is due, after a verb (`wake`), and every half minute. `round_over` follows each round.

    `place_over` comes from the round's own thread, after each place that was worked on: connect it queued.
    """

    round_over = Signal()
    place_over = Signal()
    replies_read = Signal()

    def __init__(self, desk: Desk, tasks: Tasks, fault: Callable[[StatusDeskError], None]) -> None:
        super().__init__()
        self.desk, self.tasks, self.fault = desk, tasks, fault
        self.busy = self.again = False
        self.said = ""
        self.stopped = False
        self.timer = QTimer(self, singleShot=True)
        self.timer.timeout.connect(self.wake)
        self.listening = QTimer(self, interval=REPLIES_EVERY_MS)
        self.listening.timeout.connect(self._listen)
        self.listening.start()

    def wake(self) -> None:
        """Work off what is due, now; a round that is under way is followed by another."""
        if self.stopped:
            return
        if self.busy:
            self.again = True
            return
        self.busy, self.again = True, False
        self.timer.stop()
        self.tasks.fetch(self._round, done=self._over, failed=self._failed)

    def _round(self) -> datetime | None:
        self.desk.deliver(told=self.place_over.emit)
        return self.desk.next_due()

    def _over(self, due: datetime | None) -> None:
        self.busy, self.said = False, ""
        self.round_over.emit()
        if self.again:
            self.wake()
            return
        wait = LONGEST_WAIT if due is None else min(LONGEST_WAIT, max(timedelta(seconds=1), due - now()))
        self._sleep(wait)

    def _failed(self, error: StatusDeskError) -> None:
        self.busy = False
        self.round_over.emit()
        if error.message != self.said:  # once, not every ten seconds
            self.said = error.message
            self.fault(error)
        self._sleep(AFTER_FAULT)

    def _sleep(self, wait: timedelta) -> None:
        if not self.stopped:
            self.timer.start(int(wait.total_seconds() * 1000))

    def _listen(self) -> None:
        """Read replies now and then; what goes wrong with it is said on their page, when a person looks."""
        self.tasks.fetch(
            self.desk.read_replies, done=lambda _read: self.replies_read.emit(), failed=lambda _error: None
        )

    def stop(self) -> None:
        """Start no more rounds."""
        self.stopped = True
        self.listening.stop()
        self.timer.stop()
