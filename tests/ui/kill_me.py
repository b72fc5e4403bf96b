"""Opens the desktop, types into the composer, and says when it has paused: the test then kills this process."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from statusdesk_ui.app import Desktop, make_application
from statusdesk_ui.settings import Settings

workspace, settings = Path(sys.argv[1]), Path(sys.argv[2])
app = make_application(["statusdesk"])
desktop = Desktop(app, workspace, Settings(settings))
desktop.start()


def write() -> None:
    window = desktop.window
    if window is None or window.page != "incident":
        QTimer.singleShot(20, write)
        return
    if window.composer is None:
        page = window.pages["incident"]
        if page.view is not None:
            window._incident_asked("update", 0)
        QTimer.singleShot(20, write)
        return
    window.composer.keeper.saved.connect(lambda _kept: (sys.stdout.write("saved\n"), sys.stdout.flush()))
    window.activateWindow()
    window.composer.form.editor.setFocus()
    QTest.keyClicks(QApplication.focusWidget() or window.composer.form.editor, "Eleven of 14 stores work again")
    window.composer.form.eta.field.setText("+2h")
    window.composer.form.eta.field.textEdited.emit("+2h")


QTimer.singleShot(0, write)
app.exec()
