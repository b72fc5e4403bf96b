"""The sheet that adds or changes a component."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board, ComponentRow
from statusdesk.domain.component import ComponentKind
from statusdesk.errors import StatusDeskError
from statusdesk_ui import words
from statusdesk_ui.layout import across, box, down
from statusdesk_ui.session import Session
from statusdesk_ui.theme import S3, S4, S6
from statusdesk_ui.widgets.controls import Button, Select
from statusdesk_ui.widgets.fields import Field, Trouble, asked, mark_problem
from statusdesk_ui.widgets.sheet import Panel, sheet_form

KINDS = tuple(ComponentKind)


class ComponentSheet(Panel):
    """Ends with `finished` (the changes)."""

    finished = Signal(object)

    def __init__(self, session: Session, board: Board, row: ComponentRow | None = None) -> None:
        self.session, self.row = session, row
        one = row.component if row else None
        self.name = Field("Name", one.name if one else "", hint="Tills")
        self.group = Field("Group", row.group if row else "", hint="Stores")
        self.kind = Select("Kind", [words.KINDS[kind] for kind in KINDS], KINDS.index(one.kind) if one else 0)
        self.about = Field("Description", one.description if one else "", hint="Card and cash payments in all stores")
        self.trouble = Trouble()
        self.act = Button("Save" if row else "Add", "primary", "check", key="Ctrl+Return")
        self.act.clicked.connect(self._act)
        groups = ", ".join(group.name for group in board.groups)
        help_ = f"A heading on the page. There are: {groups}" if groups else "A heading on the page. May stay empty."
        form = down(
            asked("Name, in your customers' words", self.name),
            self.trouble,
            asked("Group", self.group, help_),
            asked("Kind", across(self.kind, None)),
            asked("Description", self.about, "May stay empty."),
            gap=S4,
        )
        title = "Change a component" if row else "Add a component"
        super().__init__(
            title, one.name if one else "", sheet_form(form), box(across(None, self.act, margins=(S6, S3, S6, S3)))
        )

    def start(self) -> None:
        """Begin typing."""
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _act(self) -> None:
        if not self.name.text().strip():
            self._say("Give the component a name that customers know.")
            return
        self._say("")
        desk, row = self.session.desk, self.row
        name, group, about = self.name.text(), self.group.text(), self.about.text()
        kind = KINDS[self.kind.currentIndex()]

        def write() -> Changes:
            if row is None:
                desk.add_component(name=name, group=group, kind=kind, description=about)
                return Changes(components=True, deliveries=True)
            return desk.edit_component(row.component.id, name=name, group=group, kind=kind, description=about)

        self.session.do(write, done=self.finished.emit, failed=self._failed, owner=self)

    def _say(self, wrong: str) -> None:
        self.trouble.say(wrong)
        mark_problem(self.name, wrong=bool(wrong))

    def _failed(self, error: StatusDeskError) -> None:
        self._say(error.message)
