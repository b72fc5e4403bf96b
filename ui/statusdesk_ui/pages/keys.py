"""The sheet that names every key (F1)."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from statusdesk_ui.layout import Label, across, box, down
from statusdesk_ui.theme import S1, S3, S6
from statusdesk_ui.widgets.controls import Button
from statusdesk_ui.widgets.sheet import Panel, sheet_form

KEYS = (
    ("Ctrl+N", "New incident"),
    ("Ctrl+U", "Write an update"),
    ("Ctrl+R", "Resolve"),
    ("Ctrl+Return", "Publish, or do what the blue button says"),
    ("Esc", "Stop within the hold; keep the draft; close"),
    ("1", "Impact, 1 to 4, while the impact has the focus"),
    ("Ctrl+P", "Preview, where the window is narrow"),
    ("Ctrl+F", "Search all incidents; Ctrl+K does the same"),
    ("Ctrl+,", "Accounts"),
    ("Shift+F10", "What can be done with an update in the list"),
    ("Ctrl++", "Larger text; Ctrl+- smaller, Ctrl+0 as usual"),
    ("F1", "These keys"),
)


def _row(key: str, words: str) -> QWidget:
    cap = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", "Enter")
    return box(across(Label(words), None, Label(cap, "caption", "ink2")), 28)


class KeysSheet(Panel):
    """Names every key."""

    def __init__(self) -> None:
        self.done = Button("Close", "primary", key="Ctrl+Return")
        form = sheet_form(down(*(_row(*one) for one in KEYS), gap=S1))
        super().__init__("Keys", "", form, box(across(None, self.done, margins=(S6, S3, S6, S3))))
        self.done.clicked.connect(self.shut.click)

    def start(self) -> None:
        """Take the focus."""
        self.done.setFocus()
