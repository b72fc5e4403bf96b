"""All incidents, old and new, with a search over their words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent

from statusdesk.domain.board import Board, IncidentRow
from statusdesk_ui.layout import Label, across, box, down, stretch
from statusdesk_ui.pages.page import Page
from statusdesk_ui.session import Session
from statusdesk_ui.tables.incidents import PAGE, IncidentList, IncidentTable
from statusdesk_ui.theme import S2, S3, S6, T
from statusdesk_ui.widgets.controls import Check
from statusdesk_ui.widgets.fields import Field

SEARCH_MS = 150  # after the last key


class SearchField(Field):
    """The field above the table; Down goes into it."""

    down_pressed = Signal()

    def __init__(self) -> None:
        super().__init__("Search incidents", hint="Search references and titles", remark="Ctrl+F")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.down_pressed.emit()
        else:
            super().keyPressEvent(event)


class IncidentsPage(Page):
    """`opened` gives the reference of the incident to show."""

    opened = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.wave, self.known = 0, -1
        self.search, self.only_open = SearchField(), Check("Open only")
        self.count = Label("", "small", "ink3")
        self.table = IncidentTable(self._more)
        self.list = IncidentList(self.table)
        self.list.opened.connect(self.opened)
        self.nothing = Label("", tone="ink2")
        self.nothing.hide()
        head = box(across(Label("All incidents", "title"), None, self.count, margins=(S6, 0, S6, S2)), 48)
        tools = stretch(across(self.search, self.only_open, None, gap=S3, margins=(S6, 0, S6, S3)), 3, 0, 1)
        self.setLayout(
            stretch(
                down(
                    head,
                    tools,
                    across(self.nothing, margins=(S6, 0, S6, 0)),
                    across(self.list, margins=(S6 - S2, 0, S6 - S2, S2)),
                    gap=0,
                ),
                0,
                0,
                0,
                1,
            )
        )
        self.timer = QTimer(self, singleShot=True, interval=SEARCH_MS)
        self.timer.timeout.connect(self.read)
        self.search.textChanged.connect(lambda _t: self.timer.start())
        self.only_open.toggled.connect(lambda _on: self.read())
        self.search.down_pressed.connect(self._into_list)

    def _into_list(self) -> None:
        if self.timer.isActive():
            self.read()
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def start(self) -> None:
        """Begin searching."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.list.scaled()
        self.read()

    def show_board(self, board: Board) -> None:
        """Something may be stale."""
        self.known = board.incidents_total
        if self.isVisible():
            self.read(keep=True)

    def read(self, *, keep: bool = False) -> None:
        """Ask the record for the first page; `keep` leaves the view where it is, when nothing changed."""
        self.timer.stop()
        self.wave += 1
        wave = self.wave

        def came(rows: tuple[IncidentRow, ...]) -> None:
            if wave != self.wave:
                return
            if keep and list(rows) == self.table.rows[: len(rows)] and rows:
                return
            chosen = self.list.currentIndex().row()
            self.table.put(rows, self.session.zone)
            if 0 <= chosen < len(rows):
                self.list.selectRow(chosen)
            elif self.list.hasFocus() and rows:
                self.list.selectRow(0)
            self._say()

        self._ask(0, came)

    def _ask(self, offset: int, came: Callable[[tuple[IncidentRow, ...]], None]) -> None:
        (text, only_open), desk = self.question, self.session.desk

        def page() -> tuple[IncidentRow, ...]:
            return tuple(desk.incidents(open_only=only_open, text=text, limit=PAGE, offset=offset))

        self.session.read(page, done=came)

    @property
    def question(self) -> tuple[str, bool]:
        """What is searched for."""
        return self.search.text().strip(), self.only_open.isChecked()

    def _more(self, offset: int) -> None:
        wave = self.wave

        def came(rows: tuple[IncidentRow, ...]) -> None:
            if wave == self.wave:
                self.table.add(rows)
                self._say()

        self._ask(offset, came)

    def _say(self) -> None:
        shown = len(self.table.rows)
        text, only_open = self.question
        if text or only_open:
            self.count.say(f"{shown:,}{'' if self.table.complete else ' or more'} found")
        else:
            self.count.say(f"{max(self.known, shown):,} in all")
        self.nothing.setVisible(not shown)
        self.nothing.say("Nothing matches. Search for another word." if text else "No incident yet.")
        self.nothing.setFixedHeight(T.h(32))
