"""One desk, open in this process: the record behind every window, reached only through tasks.

Windows hold no truth. They ask here, and read again when `changed` or `board_came` says that something is stale.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board
from statusdesk.errors import EnvironmentFault, StatusDeskError
from statusdesk_ui.courier import Courier
from statusdesk_ui.tasks import Failed, Tasks
from statusdesk_ui.theme import T
from statusdesk_ui.widgets.message import Message

if TYPE_CHECKING:
    from statusdesk.desk import Desk

_R = TypeVar("_R")


class Session(QObject):
    """`board_came` follows every reading of the board, `changed` every verb and every round of the courier."""

    board_came = Signal(object)
    changed = Signal(object)
    said = Signal(object)

    def __init__(self, desk: Desk, tasks: Tasks) -> None:
        super().__init__()
        self.desk, self.tasks = desk, tasks
        self.board: Board | None = None
        self._reading = self._stale = False
        self.icons: dict[str, str] = {}  # of accounts and targets, by kind
        tasks.run(self._read_icons, done=self.icons.update, failed=self.fault)
        self.courier = Courier(desk, tasks, self.fault)
        self.courier.round_over.connect(self._round_over)
        self.courier.place_over.connect(self._round_over, Qt.ConnectionType.QueuedConnection)
        self.courier.replies_read.connect(self.refresh)

    def _read_icons(self) -> dict[str, str]:
        kinds = [(one.kind, one.icon) for one in self.desk.channel_kinds()]
        return {**dict(kinds), **{one.kind: one.icon for one in self.desk.target_kinds()}}

    def icon(self, kind: str, otherwise: str = "share") -> str:
        """The drawing of a kind of account or target."""
        return T.known_icon(self.icons.get(kind, ""), otherwise)

    @property
    def zone(self) -> ZoneInfo:
        """The page's time zone."""
        return self.board.page.zone if self.board is not None else ZoneInfo("UTC")

    def refresh(self) -> None:
        """Read the board again; one reading at a time, the last word counts."""
        if self._reading:
            self._stale = True
            return
        self._reading, self._stale = True, False
        self.tasks.run(self.desk.board, done=self._board, failed=self._board_failed)

    def _board(self, board: Board) -> None:
        self.board, self._reading = board, False
        self.board_came.emit(board)
        if self._stale:
            self.refresh()

    def _board_failed(self, error: StatusDeskError) -> None:
        self._reading = False
        self.fault(error, self.refresh)

    def do(
        self,
        verb: Callable[..., Changes],
        *args: Any,
        done: Callable[[Changes], None] | None = None,
        failed: Failed | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Do something to the record: write, read again what became stale, send what is due.

        `owner` is told neither way when it is gone by then.
        """

        def written(changes: Changes) -> None:
            if done is not None and (owner is None or shiboken6.isValid(owner)):
                done(changes)
            self.refresh()
            self.changed.emit(changes)
            self.courier.wake()

        self.tasks.run(verb, *args, done=written, failed=failed or self.fault)

    def read(
        self,
        ask: Callable[..., _R],
        *args: Any,
        done: Callable[[_R], None],
        failed: Failed | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Ask the record something, for `owner`, who is told nothing when it is gone by then."""
        self.tasks.run(ask, *args, done=done, failed=failed or self.fault, owner=owner)

    def _round_over(self) -> None:
        self.refresh()
        self.changed.emit(Changes(deliveries=True))

    def say(self, text: str, *, tone: str = "plain", icon: str = "done") -> None:
        """Put a sentence into the message bar."""
        self.said.emit(Message(text=text, tone=tone, icon=icon))

    def fault(self, error: StatusDeskError, again: Callable[[], object] | None = None) -> None:
        """Say what failed, with a way to try again where the computer is at fault and not the input."""
        environment = isinstance(error, EnvironmentFault)
        self.said.emit(
            Message(
                text=f"{error.title}. {error.message}",
                tone="bad",
                icon="tick-failed",
                action="Try again" if environment else "",
                act=(again or self.retry) if environment else None,
            )
        )

    def retry(self) -> None:
        """Look again at everything that may have failed."""
        self.refresh()
        self.courier.wake()

    def shut(self) -> None:
        """Close the record once what is being written is written."""
        self.courier.stop()
        self.tasks.shut(self.desk.shut)

    def due(self) -> datetime | None:
        """The nearest open promise, or None."""
        if self.board is None:
            return None
        return min((row.due_at for row in self.board.open_incidents if row.due_at), default=None)
