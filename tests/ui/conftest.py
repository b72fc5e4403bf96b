"""A real workspace behind real windows, offscreen; every window is closed and every thread ended after its test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import IncidentDraft
from statusdesk.domain.incident import Impact
from statusdesk_ui.main_window import MainWindow
from statusdesk_ui.session import Session
from statusdesk_ui.tasks import Tasks
from statusdesk_ui.theme import T

HOLD_S = 0.15  # long enough to be stopped, short enough not to be waited for
PATIENCE_MS = 15_000


@pytest.fixture(scope="session", autouse=True)
def _style(qapp: QApplication) -> None:
    qapp.setStyle("Fusion")
    T.apply(qapp, dark=False)


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Callable[[bool, float], None]]:
    """Another scheme or text size for one test."""
    yield lambda dark, scale: T.apply(qapp, dark=dark, scale=scale)
    T.apply(qapp, dark=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def desk(workspace: Path, tmp_path: Path) -> Iterator[Desk]:
    """A page with three services, two accounts that post into folders, and nothing wrong."""
    made = Desk.create(
        workspace, name="Northlake", components=["Website", "Tills", "Order e-mails"], output_dir=tmp_path / "site"
    )
    for name in ("Feed", "Second feed"):
        made.connect_account(kind="preview", name=name, settings={"folder": str(tmp_path / name)})
    yield made
    made.shut()


def component(desk: Desk, name: str) -> str:
    """The id of a component."""
    return desk.find_component(name).id


@pytest.fixture
def tills(desk: Desk) -> str:
    """The reference of an open incident that began twenty minutes ago."""
    status = ComponentStatus.PARTIAL_OUTAGE
    draft = IncidentDraft(
        title="Tills: card payments fail in 14 stores",
        message="Card payments are failing in 14 stores. Please pay cash.",
        impact=Impact.MAJOR,
        components=((component(desk, "Tills"), status),),
        started_at=clock.now() - timedelta(minutes=20),
    )
    return desk.open_incident(draft).ref


@dataclass
class Open:
    """An open main window and what a test does with it."""

    window: MainWindow
    session: Session
    bot: QtBot

    def settle(self) -> None:
        """Wait until nothing is under way between window, record and courier."""
        tasks, courier = self.session.tasks, self.session.courier
        self.bot.waitUntil(lambda: tasks.running == 0 and not courier.busy, timeout=PATIENCE_MS)
        QCoreApplication.processEvents()

    def activate(self) -> None:
        """Bring the window to the front, as a click into it would."""

        def active() -> bool:
            self.window.activateWindow()
            return QApplication.activeWindow() is self.window

        self.until(active)

    def key(self, *keys: str) -> None:
        """Press keys like Ctrl+N where the focus is; a single text is typed."""
        for one in keys:
            target = QApplication.focusWidget() or self.window
            if one in _KEYS:
                key, modifier = _KEYS[one]
                QTest.keyClick(target, key, modifier)
            else:
                QTest.keyClicks(target, one)
            QCoreApplication.processEvents()

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for something to become true."""
        self.bot.waitUntil(lambda: bool(holds()), timeout=PATIENCE_MS)


_NONE, _CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
_KEYS = {
    "Enter": (Qt.Key.Key_Return, _NONE),
    "Esc": (Qt.Key.Key_Escape, _NONE),
    "Tab": (Qt.Key.Key_Tab, _NONE),
    "Down": (Qt.Key.Key_Down, _NONE),
    "Shift+F10": (Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier),
    "F1": (Qt.Key.Key_F1, _NONE),
    "Ctrl+N": (Qt.Key.Key_N, _CTRL),
    "Ctrl+U": (Qt.Key.Key_U, _CTRL),
    "Ctrl+R": (Qt.Key.Key_R, _CTRL),
    "Ctrl+K": (Qt.Key.Key_K, _CTRL),
    "Ctrl+F": (Qt.Key.Key_F, _CTRL),
    "Ctrl+,": (Qt.Key.Key_Comma, _CTRL),
    "Ctrl+Enter": (Qt.Key.Key_Return, _CTRL),
}


def show(window: QWidget, width: int = 1280, height: int = 800) -> None:
    """Show a window and let the heights follow the widths."""
    window.resize(width, height)
    window.show()
    window.activateWindow()
    for _ in range(8):
        QCoreApplication.processEvents()


def gone(window: QWidget) -> None:
    """Close a window for good."""
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def opened(desk: Desk, qtbot: QtBot) -> Iterator[Callable[[], Open]]:
    """Opens the main window over the workspace."""
    made: list[Open] = []

    def open_it() -> Open:
        window = MainWindow(hold_s=HOLD_S)
        show(window)
        session = Session(desk, Tasks())
        one = Open(window, session, qtbot)
        made.append(one)
        window.begin(session)
        one.until(lambda: window.page)
        one.settle()
        return one

    yield open_it
    for one in made:
        one.session.courier.stop()
        one.session.tasks.shut()
        gone(one.window)


@pytest.fixture
def main(opened: Callable[[], Open]) -> Open:
    """The main window of a quiet day."""
    return opened()


@pytest.fixture
def busy(tills: str, opened: Callable[[], Open]) -> Open:
    """The main window with one open incident in it."""
    del tills
    return opened()
