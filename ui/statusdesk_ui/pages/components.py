"""What customers use: the components with their status; add, change, archive."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from statusdesk.domain.board import Board, ComponentRow
from statusdesk.domain.component import ComponentKind
from statusdesk_ui import words
from statusdesk_ui.layout import Label, Scroller, across, box, down, stretch
from statusdesk_ui.pages.page import Page
from statusdesk_ui.session import Session
from statusdesk_ui.tables.places import PlaceRow, Places
from statusdesk_ui.theme import S1, S2, S3, S6
from statusdesk_ui.widgets.controls import Button


def _place(row: ComponentRow) -> PlaceRow:
    state, tone, tick = words.STATUSES[row.status]
    kind = words.KINDS[row.component.kind] if row.component.kind is ComponentKind.SUPPLIER else ""
    more = ", ".join(one for one in (row.group, kind, row.component.description) if one)
    icon = {"support_channel": "phone", "supplier": "share"}.get(row.component.kind.value, "pulse")
    return PlaceRow(
        id=row.component.id,
        icon=icon,
        name=row.component.name,
        more=more or words.KINDS[row.component.kind],
        state=state,
        tone=tone,
        tick=tick,
    )


class ComponentsPage(Page):
    """`asked` gives the component to change, or None for a new one."""

    asked = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.rows: tuple[ComponentRow, ...] = ()
        self.list = Places("Components")
        self.list.opened.connect(lambda _row: self._edit())
        self.add = Button("Add a component", "primary", "plus")
        self.add.clicked.connect(lambda: self.asked.emit(None))
        self.edit = Button("Change", "plain", "pen")
        self.edit.clicked.connect(self._edit)
        self.archive = Button("Archive", "quiet", "folder")
        self.archive.clicked.connect(self._archive)
        self.note = Label(
            "A status changes only through an incident or planned work. Archived components keep their history.",
            "small",
            "ink3",
            wrap=True,
        )
        head = box(across(Label("Components", "title"), None, self.add, margins=(S6, 0, S6, S2)), 48)
        self.setLayout(
            stretch(
                down(
                    head,
                    across(self.edit, self.archive, None, gap=S1, margins=(S6, 0, S6, S2)),
                    Scroller(
                        box(
                            down(
                                self.list,
                                across(self.note, margins=(S3, 0, 0, 0)),
                                None,
                                gap=S3,
                                margins=(S6 - S3, 0, S6 - Scroller.BAR, S6),
                            )
                        )
                    ),
                    gap=0,
                ),
                0,
                0,
                1,
            )
        )
        self._offer()
        selection = self.list.selectionModel()
        selection.currentChanged.connect(lambda *_: self._offer())

    def start(self) -> None:
        """Begin with the list."""
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_board(self, board: Board) -> None:
        """Show the components as they stand."""
        self.rows = board.components
        self.list.put([_place(row) for row in board.components])
        if self.rows and self._chosen() is None:
            self.list.choose(0)
        self._offer()

    def _chosen(self) -> ComponentRow | None:
        place = self.list.current()
        return next((row for row in self.rows if place is not None and row.component.id == place.id), None)

    def _offer(self) -> None:
        there = self._chosen() is not None
        self.edit.setEnabled(there)
        self.archive.setEnabled(there)

    def _edit(self) -> None:
        row = self._chosen()
        if row is not None:
            self.asked.emit(row)

    def _archive(self) -> None:
        row = self._chosen()
        if row is not None:
            self.session.do(
                self.session.desk.archive_component,
                row.component.id,
                done=lambda _c: self.session.say(f"{row.component.name} is archived. Its history stays on the page."),
            )
