"""The desktop's start and end: one window per workspace, painted before the database is even imported."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from statusdesk import paths
from statusdesk.errors import EnvironmentFault, StatusDeskError
from statusdesk_ui.faults import FaultHook, keep_log
from statusdesk_ui.main_window import MainWindow
from statusdesk_ui.pages.first_run import FirstRun
from statusdesk_ui.session import Session
from statusdesk_ui.settings import Settings
from statusdesk_ui.single import SingleInstance
from statusdesk_ui.tasks import Tasks
from statusdesk_ui.widgets.hold import HOLD_S
from statusdesk_ui.widgets.mark import Mark
from statusdesk_ui.widgets.message import Message

if TYPE_CHECKING:
    from statusdesk.desk import Desk

DATABASE = "statusdesk.db"  # what a workspace folder holds (docs: the contract)
SIZE = (1280, 800)


class Desktop:
    """Which window is open, and the one session behind it."""

    def __init__(
        self,
        app: QApplication,
        workspace: Path | str,
        settings: Settings,
        *,
        hold_s: float = HOLD_S,
        output_dir: Path | None = None,
    ) -> None:
        self.app, self.workspace, self.settings = app, workspace, settings
        self.hold_s, self.output_dir = hold_s, output_dir
        self.tasks = Tasks()
        self.session: Session | None = None
        self.first_run: FirstRun | None = None
        self.window: MainWindow | None = None
        settings.apply_look(app)
        settings.follow_system(app)

    def start(self) -> None:
        """Show the window that belongs to the workspace, then open it."""
        if self._surely_new():
            self._show_first_run()
        else:
            self._show_main()
            self.tasks.run(self._open, done=self._opened, failed=self._not_opened)

    def _surely_new(self) -> bool:
        # A look at the folder, so that the right window comes first; an address of a server must be asked.
        text = str(self.workspace)
        return "://" not in text and not (Path(text) / DATABASE).exists()

    def _open(self) -> Desk | None:
        gc.disable()  # loading makes many objects and no garbage: looking for some costs a seventh of the start
        try:
            from statusdesk.desk import Desk  # noqa: PLC0415  heavy: it brings the database along

            return Desk.open(self.workspace) if Desk.exists(self.workspace) else None
        finally:
            gc.freeze()  # what is loaded now stays for good: later looks need not go through it, nor the window wait
            gc.enable()

    def _opened(self, desk: Desk | None) -> None:
        if desk is None:
            empty, self.window = self.window, None
            self._show_first_run()  # first, so that closing the other is not the end of the app
            if empty is not None:
                empty.close()
        else:
            self._begin(desk)

    def _not_opened(self, error: StatusDeskError) -> None:
        if self.window is not None:
            again = isinstance(error, EnvironmentFault)
            self.window.frame.setEnabled(True)
            self.window.say(
                Message(
                    text=f"{error.title}. {error.message}",
                    tone="bad",
                    icon="tick-failed",
                    action="Try again" if again else "",
                    act=self._try_again if again else None,
                )
            )

    def _try_again(self) -> None:
        self.tasks.run(self._open, done=self._opened, failed=self._not_opened)

    def _show_first_run(self) -> None:
        self.first_run = FirstRun(self.tasks, self.workspace, self.output_dir)
        self.first_run.made.connect(self._made)
        self.first_run.resize(*SIZE)
        self.first_run.show()

    def _show_main(self) -> None:
        window = MainWindow(hold_s=self.hold_s)
        window.scheme_asked.connect(lambda: self.settings.switch_scheme(self.app))
        window.text_asked.connect(self._resize_text)
        window.closing.connect(lambda: self.settings.set_geometry(window.saveGeometry()))
        geometry = self.settings.geometry()
        if geometry is None or not window.restoreGeometry(geometry):
            window.resize(*SIZE)
        self.window = window
        window.show()

    def _begin(self, desk: Desk) -> Session:
        assert self.window is not None
        self.session = Session(desk, self.tasks)
        self.window.begin(self.session)
        return self.session

    def _made(self, desk: Desk, then: str) -> None:
        """The workspace exists: the main window takes over, and the page is built."""
        first, self.first_run = self.first_run, None
        self._show_main()
        if first is not None:
            if self.window is not None:
                self.window.setGeometry(first.geometry())
            first.close()
            first.deleteLater()
        session, window = self._begin(desk), self.window
        assert window is not None

        def built() -> None:
            session.courier.round_over.disconnect(built)
            window.say(
                Message(
                    text="Your page is built, on this computer. Nobody else sees it yet.",
                    tone="good",
                    icon="done",
                    action="See it",
                    act=lambda: window.look(""),
                )
            )

        session.courier.round_over.connect(built)
        if then:
            window.ready.connect(lambda: window.show_page(then))

    def _resize_text(self, step: int) -> None:
        """Larger or smaller text: heights are settled when a window is made, so it is made again, on the same page."""
        old, session = self.window, self.session
        if old is None or session is None or old.composer is not None or old.sheet is not None:
            return
        if not self.settings.step_text(step):
            return
        self.settings.apply_look(self.app)
        page, ref = old.page, old.ref
        self._show_main()
        new = self.window
        assert new is not None
        new.setGeometry(old.geometry())
        new.asked_drafts = True
        new.ready.connect(lambda: new.show_incident(ref) if ref else new.show_page(page))
        new.begin(session)
        old.close()
        old.deleteLater()

    def show(self) -> None:
        """Come to the front."""
        window: QWidget | None = self.window or self.first_run
        if window is not None:
            window.showNormal() if window.isMinimized() else window.show()
            window.raise_()
            window.activateWindow()

    def shut(self) -> None:
        """Finish what is being written, and close the record."""
        if self.session is not None:
            self.session.shut()
        else:
            self.tasks.shut()


def make_application(argv: Sequence[str]) -> QApplication:
    """The one QApplication, in our style."""
    app = QApplication(list(argv))
    app.setApplicationName("StatusDesk")
    app.setDesktopFileName("statusdesk")
    app.setStyle("Fusion")
    return app


def app_icon() -> QIcon:
    """Our mark, for the task bar."""
    mark = Mark(64)
    mark.resize(64, 64)
    picture = QPixmap(64, 64)
    picture.fill("transparent")
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    mark.draw(painter)
    painter.end()
    return QIcon(picture)


def _interruptible(app: QApplication) -> QTimer:
    """Ctrl+C in the terminal ends the app: Python sees signals only when it runs."""
    signal.signal(signal.SIGINT, lambda *_: app.quit())
    timer = QTimer(interval=500)
    timer.timeout.connect(lambda: None)
    timer.start()
    return timer


def main(argv: Sequence[str] | None = None) -> int:
    """Open the workspace that is named, or the usual one; returns the exit code."""
    args = list(sys.argv if argv is None else argv)
    ask = argparse.ArgumentParser(prog="statusdesk", description="Tell customers the truth during an outage.")
    ask.add_argument("workspace", nargs="?", default=os.environ.get("STATUSDESK_WORKSPACE", ""))
    ask.add_argument("--output", type=Path, default=None, help="folder for the page of a new workspace")
    known, rest = ask.parse_known_args(args[1:])
    workspace: Path | str = known.workspace or paths.default_workspace()
    if "://" not in str(workspace):
        workspace = Path(workspace).expanduser().absolute()
    app = make_application([args[0], *rest])
    state = paths.state_dir()
    single = SingleInstance(str(workspace), state)
    desktop: list[Desktop] = []

    def come_forward() -> None:
        for one in desktop:
            one.show()

    if not single.claim(come_forward):
        if single.wake_other():
            return 0
        sys.stderr.write("StatusDesk is already open with this workspace, but does not answer.\n")
        return 4
    keep_log(state)
    FaultHook().install()
    desktop.append(Desktop(app, workspace, Settings(state / "desktop.ini"), output_dir=known.output))
    app.setWindowIcon(app_icon())
    desktop[0].start()
    timer = _interruptible(app)
    code = app.exec()
    timer.stop()
    desktop[0].shut()
    single.release()
    return code


if __name__ == "__main__":
    sys.exit(main())
