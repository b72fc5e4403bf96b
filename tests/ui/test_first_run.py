"""From nothing to a real page: the first window, the app around it, one app per workspace, faults that are said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from statusdesk.desk import Desk
from statusdesk_ui.app import Desktop, app_icon
from statusdesk_ui.faults import FaultDialog, FaultHook
from statusdesk_ui.pages.first_run import split_names
from statusdesk_ui.settings import Settings
from statusdesk_ui.single import SingleInstance
from statusdesk_ui.theme import T
from tests.ui.conftest import HOLD_S, PATIENCE_MS, gone


@pytest.fixture
def desktop(qapp: QApplication, tmp_path: Path, workspace: Path) -> Iterator[Callable[[], Desktop]]:
    made: list[Desktop] = []

    def start() -> Desktop:
        settings = Settings(tmp_path / "desktop.ini")
        one = Desktop(qapp, workspace, settings, hold_s=HOLD_S, output_dir=tmp_path / "site")
        one.start()
        made.append(one)
        return one

    yield start
    for one in made:
        one.shut()
        for window in (one.window, one.first_run):
            if window is not None:
                gone(window)
    T.apply(qapp, dark=False)


def test_two_answers_make_a_real_page(
    desktop: Callable[[], Desktop], qtbot: QtBot, workspace: Path, tmp_path: Path
) -> None:
    app = desktop()
    first = app.first_run
    assert first is not None
    first.activateWindow()
    first.name.setText("Northlake")
    first.parts.setText("Website, Tills, Website, ,  Order   e-mails")
    assert first.sketch.title.text == "Northlake status"
    QTest.keyClick(first.parts, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: app.window is not None and app.window.page == "calm", timeout=PATIENCE_MS)
    qtbot.waitUntil((tmp_path / "site" / "index.html").exists, timeout=PATIENCE_MS)
    window = app.window
    assert window is not None
    qtbot.waitUntil(lambda: "Your page is built" in window.frame.messages.words.text(), timeout=PATIENCE_MS)
    assert "Northlake" in (tmp_path / "site" / "index.html").read_text("utf-8")
    assert Desk.exists(workspace)
    assert app.session is not None
    names = [row.component.name for row in app.session.desk.components()]
    assert names[:3] == ["Website", "Tills", "Order e-mails"]
    assert {"Phone", "E-mail", "Chat"} <= set(names)


def test_the_built_page_is_opened_from_a_server_on_this_computer(desktop: Callable[[], Desktop], qtbot: QtBot) -> None:
    app = desktop()
    assert app.first_run is not None
    app.first_run.name.setText("Northlake")
    app.first_run.start("accounts")
    qtbot.waitUntil(lambda: app.window is not None and app.window.page == "accounts", timeout=PATIENCE_MS)
    opened: list[str] = []
    assert app.window is not None
    app.window.open_url = opened.append  # type: ignore[method-assign]  # no browser on a test computer
    app.window.look("history/")
    qtbot.waitUntil(lambda: bool(opened), timeout=PATIENCE_MS)
    assert opened[0].startswith("http://127.0.0.1:")
    assert opened[0].endswith("/history/")


def test_a_name_is_needed_and_nothing_is_made_without(desktop: Callable[[], Desktop], workspace: Path) -> None:
    app = desktop()
    first = app.first_run
    assert first is not None
    first.make.click()
    assert first.name_trouble.words.text() == "Say what your service is called."
    assert not workspace.exists()


def test_what_the_record_refuses_is_said_under_its_field(desktop: Callable[[], Desktop], qtbot: QtBot) -> None:
    app = desktop()
    first = app.first_run
    assert first is not None
    first.name.setText("N" * 200)
    first.start("")
    qtbot.waitUntil(lambda: bool(first.name_trouble.words.text()), timeout=PATIENCE_MS)
    assert "too long" in first.name_trouble.words.text()
    assert first.make.isEnabled()


def test_a_workspace_that_exists_opens_in_the_main_window(
    desk: Desk, desktop: Callable[[], Desktop], qtbot: QtBot
) -> None:
    del desk
    app = desktop()
    assert app.first_run is None
    assert app.window is not None
    assert app.window.isVisible()
    qtbot.waitUntil(lambda: app.window is not None and app.window.page == "calm", timeout=PATIENCE_MS)


def test_larger_text_makes_the_window_again_on_the_same_page(
    desk: Desk, desktop: Callable[[], Desktop], qtbot: QtBot
) -> None:
    del desk
    app = desktop()
    qtbot.waitUntil(lambda: app.window is not None and app.window.page == "calm", timeout=PATIENCE_MS)
    before = app.window
    assert before is not None
    before.show_page("components")
    before.activateWindow()
    QTest.keyClick(before, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: app.window is not before, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: app.window is not None and app.window.page == "components", timeout=PATIENCE_MS)
    assert T.scale == 1.25
    assert app.window is not None
    assert app.window.isVisible()
    app._resize_text(0)
    qtbot.waitUntil(lambda: app.window is not None and app.window.page == "components", timeout=PATIENCE_MS)
    assert T.scale == 1.0


def test_a_broken_database_is_said_in_the_message_bar(
    desktop: Callable[[], Desktop], qtbot: QtBot, workspace: Path
) -> None:
    workspace.mkdir()
    (workspace / "statusdesk.db").write_bytes(b"this is no database" * 100)
    app = desktop()
    assert app.window is not None
    messages = app.window.frame.messages
    qtbot.waitUntil(lambda: messages.message is not None, timeout=PATIENCE_MS)
    assert messages.isVisible()
    assert messages.message is not None
    assert messages.message.tone == "bad"


def test_names_between_commas() -> None:
    assert split_names(" Website ,, Tills,Website,\tOrder\n e-mails ") == ["Website", "Tills", "Order e-mails"]


def test_only_one_app_opens_a_workspace_and_the_second_one_calls_it(tmp_path: Path, qtbot: QtBot) -> None:
    called: list[bool] = []
    first = SingleInstance("/some/workspace", tmp_path)
    assert first.claim(lambda: called.append(True))
    second = SingleInstance("/some/workspace", tmp_path)
    assert not second.claim(lambda: None)
    assert second.wake_other()
    qtbot.waitUntil(lambda: called == [True], timeout=PATIENCE_MS)
    other = SingleInstance("/another/workspace", tmp_path)
    assert other.claim(lambda: None)
    first.release()
    assert second.claim(lambda: None)
    second.release()
    other.release()


def test_a_bug_is_logged_and_said_once_with_details_to_copy(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    hook = FaultHook()
    for _ in range(3):
        try:
            raise ZeroDivisionError("<b>nothing</b>")
        except ZeroDivisionError:
            hook(*sys.exc_info())  # type: ignore[arg-type]
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, FaultDialog)]
    assert len(dialogs) == 1
    assert "ZeroDivisionError: <b>nothing</b>" in dialogs[0].details.toPlainText()
    assert sum("ZeroDivisionError" in record.message for record in caplog.records) == 3
    dialogs[0].done(QDialog.DialogCode.Accepted)
    qtbot.waitUntil(lambda: hook.dialog is None)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_mark_is_the_apps_icon(qapp: QApplication) -> None:
    del qapp
    assert not app_icon().isNull()
