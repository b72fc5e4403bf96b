"""What happens when we have a bug: it is written to the log, and said once, with details that can be copied."""

from __future__ import annotations

import logging
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog

from statusdesk import redact
from statusdesk.errors import StatusDeskError
from statusdesk_ui.layout import Label, across, down
from statusdesk_ui.theme import S3, S6, T
from statusdesk_ui.widgets.controls import Button
from statusdesk_ui.widgets.fields import Editor

log = logging.getLogger("statusdesk_ui")


def keep_log(folder: Path) -> None:
    """Write warnings and worse to a file that stays small."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / "statusdesk.log", maxBytes=500_000, backupCount=2, encoding="utf-8", delay=True
    )
    handler.setFormatter(redact.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)


class FaultDialog(QDialog):
    """Says that something went wrong, and shows what."""

    def __init__(self, title: str, message: str, details: str) -> None:
        super().__init__(QApplication.activeWindow())
        self.setWindowTitle("StatusDesk")
        self.setProperty("ground", "surface")
        self.details = Editor("Details of the fault", height=160)
        self.details.put(details)
        self.details.setReadOnly(True)
        copy = Button("Copy the details", "plain", "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        go_on = Button("Go on", "primary", key="Ctrl+Return")
        go_on.clicked.connect(self.accept)
        self.setLayout(
            down(
                Label(title, "title"),
                Label(message, "body", "ink2", wrap=True),
                self.details,
                across(copy, None, go_on),
                gap=S3,
                margins=(S6, S6, S6, S6),
            )
        )
        self.setMinimumSize(T.w(480), T.h(320))
        self.resize(T.w(600), T.h(360))


class FaultHook:
    """Takes the place of `sys.excepthook`. One dialog at a time: a fault in a timer must not fill the screen."""

    def __init__(self) -> None:
        self.dialog: FaultDialog | None = None

    def install(self) -> None:
        """From now on."""
        sys.excepthook = self

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log it, and say it."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = redact.scrubbed("".join(traceback.format_exception(kind, error, trace)))
        log.error("%s", details)
        sys.stderr.write(details)
        if self.dialog is not None or QApplication.instance() is None:
            return
        title, message = (
            "Something went wrong",
            "Nothing you typed is lost. You can go on; if it happens again, send us the details.",
        )
        if isinstance(error, StatusDeskError):
            title, message = error.title, redact.scrubbed(error.message)
        self.dialog = FaultDialog(title, message, details)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None
