"""The page that says nothing is wrong, and the button that ends that."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from statusdesk.domain.board import Board
from statusdesk_ui import words
from statusdesk_ui.layout import Label, across, down
from statusdesk_ui.pages.page import Page
from statusdesk_ui.theme import S3, S6
from statusdesk_ui.widgets.controls import Button
from statusdesk_ui.widgets.mark import Calm


class CalmPage(Page):
    """`asked` says which button was pressed: new, targets or accounts."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.words = Label("", tone="ink2", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        new = Button("New incident", "primary", "plus", key="Ctrl+N")
        new.clicked.connect(lambda: self.asked.emit("new"))
        self.online = Button("Put the page on the internet", icon="upload")
        self.online.clicked.connect(lambda: self.asked.emit("targets"))
        self.connect_ = Button("Connect an account", icon="share")
        self.connect_.clicked.connect(lambda: self.asked.emit("accounts"))
        keys = across(None, new, self.online, self.connect_, None, margins=(0, S3, 0, 0))
        title = across(None, Label("Nothing is wrong right now.", "title"), None, margins=(0, S3, 0, 0))
        self.setLayout(
            down(None, across(None, Calm(), None), title, self.words, keys, None, None, margins=(S6, S6, S6, S6))
        )

    def show_board(self, board: Board) -> None:
        """Say how things stand, and offer what is not set up yet."""
        self.online.setVisible(not words.online(board))
        self.connect_.setVisible(not board.accounts)
        where = "The page says so too." if board.site.build_id else "The page is being built."
        if not words.online(board):
            where += " It stands on this computer only; nobody else sees it yet."
        self.words.say(where)
