"""Threads: work in order off the GUI thread, answers on it, nothing lost at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from statusdesk.errors import EnvironmentFault, StatusDeskError
from statusdesk_ui.tasks import OurFault, Tasks


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[Tasks]:
    del qtbot
    made = Tasks()
    yield made
    made.shut()


def test_work_runs_in_order_elsewhere_and_answers_come_here(tasks: Tasks, qtbot: QtBot) -> None:
    ran: list[int] = []
    came: list[tuple[int, bool]] = []
    here = threading.get_ident()

    def work(n: int) -> int:
        ran.append(n)
        assert threading.get_ident() != here
        return n

    for n in range(50):
        tasks.run(work, n, done=lambda n: came.append((n, threading.get_ident() == here)))
    qtbot.waitUntil(lambda: len(came) == 50)
    assert ran == list(range(50))
    assert came == [(n, True) for n in range(50)]
    assert tasks.running == 0


def test_what_went_wrong_on_purpose_reaches_who_asked(tasks: Tasks, qtbot: QtBot) -> None:
    failed: list[StatusDeskError] = []

    def work() -> None:
        raise EnvironmentFault("The disk is full.")

    tasks.run(work, failed=failed.append)
    tasks.fetch(work, failed=failed.append)
    qtbot.waitUntil(lambda: len(failed) == 2)
    assert {one.message for one in failed} == {"The disk is full."}


def test_a_bug_is_never_swallowed(tasks: Tasks, qtbot: QtBot) -> None:
    failed: list[StatusDeskError] = []
    with capture_exceptions() as caught:
        tasks.run(lambda: 1 // 0, failed=failed.append)
        qtbot.waitUntil(lambda: bool(caught))
        qtbot.waitUntil(lambda: bool(failed))
    assert caught[0][0] is ZeroDivisionError
    assert isinstance(failed[0], OurFault)


def test_nobody_is_told_whose_window_is_gone(tasks: Tasks, qtbot: QtBot) -> None:
    told: list[str] = []
    owner, gate = QObject(), threading.Event()
    tasks.run(gate.wait, 10.0, done=lambda _b: told.append("dead"), owner=owner)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gate.set()
    tasks.run(lambda: None, done=lambda _n: told.append("alive"))
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["alive"]


def test_what_is_being_written_is_finished_at_the_end(qtbot: QtBot) -> None:
    del qtbot
    tasks, written = Tasks(), list[int]()
    for n in range(20):
        tasks.run(written.append, n)
    tasks.shut(lambda: written.append(99))
    assert written == [*range(20), 99]
    tasks.run(written.append, 100)
    assert written[-1] == 99
