"""What every page of the main window can be asked."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from statusdesk.domain.board import Board


class Page(QWidget):
    """One page beside the rail."""

    def show_board(self, board: Board) -> None:
        """Something may be stale: show the board as it stands."""

    def start(self) -> None:
        """Take the focus where work on this page begins."""
