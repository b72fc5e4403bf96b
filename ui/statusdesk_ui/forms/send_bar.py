"""Where an update goes: the page always, and a check per account. Folds into a menu where the room is short."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from statusdesk.domain.delivery import Account
from statusdesk_ui.layout import Label, across, stretch
from statusdesk_ui.theme import S2, S6
from statusdesk_ui.widgets.controls import Button, Check


class SendBar(QWidget):
    """`value` is None for all enabled accounts, which is what a new account will then be part of."""

    changed = Signal()

    def __init__(self, accounts: Sequence[Account], publish: Button) -> None:
        super().__init__()
        self.accounts = [one for one in accounts if one.enabled]
        self.publish = publish
        self.page = Check("Page", checked=True, framed=True)
        self.page.setEnabled(False)
        self.page.setToolTip("The page always gets it")
        self.checks = [
            Check(one.name, checked=True, framed=True, trouble="needs you" if one.trouble else "")
            for one in self.accounts
        ]
        for check, account in zip(self.checks, self.accounts, strict=True):
            if account.trouble:
                check.setToolTip(account.trouble)
            check.toggled.connect(lambda _on: self._changed())
        self.menu_button = Button("", "plain", "share", name="Choose where this goes")
        self.menu_button.clicked.connect(self._menu)
        label = Label("Send to", tone="ink2")
        self.setLayout(
            stretch(across(label, self.page, *self.checks, self.menu_button, None, publish, margins=(S6, 0, S6, 0)))
        )
        self._changed()

    def value(self) -> tuple[str, ...] | None:
        """The accounts that were chosen by id; None where it is all of them."""
        if all(check.isChecked() for check in self.checks):
            return None
        return tuple(a.id for a, check in zip(self.accounts, self.checks, strict=True) if check.isChecked())

    def put(self, ids: Sequence[str] | None) -> None:
        """Choose these again."""
        for account, check in zip(self.accounts, self.checks, strict=True):
            check.setChecked(ids is None or account.id in ids)

    def words(self) -> str:
        """Where it goes, as a sentence's beginning: "Page, Mastodon and Bluesky"."""
        names = ["Page", *(check.words for check in self.checks if check.isChecked())]
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"

    def _changed(self) -> None:
        chosen = sum(check.isChecked() for check in self.checks)
        self.menu_button.words = f"Page and {chosen} of {len(self.checks)} accounts"
        self.menu_button.updateGeometry()
        self.changed.emit()

    def _menu(self) -> None:
        menu = QMenu(self)
        for check in self.checks:
            action = menu.addAction(check.words.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(check.isChecked())
            action.toggled.connect(check.setChecked)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.menu_button.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def arrange(self) -> None:
        """Checks side by side, or a menu where they do not fit."""
        room = self.width() - 2 * S6 - self.publish.sizeHint().width() - 100
        wanted = sum(one.sizeHint().width() + S2 for one in (self.page, *self.checks))
        folded = wanted > room
        for one in (self.page, *self.checks):
            one.setVisible(not folded)
        self.menu_button.setVisible(folded)
        self.menu_button.fold(folded=folded and self.menu_button.sizeHint().width() > room)
