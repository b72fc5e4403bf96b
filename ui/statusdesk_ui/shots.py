"""Pictures of every window, taken of the real ones over a real workspace: for the README and for whoever reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from statusdesk_ui.main_window import MainWindow
from statusdesk_ui.pages.first_run import FirstRun
from statusdesk_ui.pages.incident import IncidentPage
from statusdesk_ui.session import Session
from statusdesk_ui.tasks import Tasks
from statusdesk_ui.theme import T

if TYPE_CHECKING:
    from statusdesk.desk import Desk

SIZES = ((1280, 800), (1024, 640))
PATIENCE_S = 60.0
EXAMPLE = "Eleven of 14 stores are on the backup line and take cards again. The last three follow with a modem."


class TooLongError(Exception):
    """Something that should have happened in the window did not."""


def until(holds: Callable[[], object], what: str, *, seconds: float = PATIENCE_S) -> None:
    """Let the windows live until something is true. Raises TooLongError."""
    if holds():
        return
    loop, look, end = QEventLoop(), QTimer(interval=5), QTimer(singleShot=True, interval=int(seconds * 1000))

    def ask() -> None:
        if holds():
            loop.exit(1)  # what was true for a moment may be untrue again before the loop ends

    look.timeout.connect(ask)
    end.timeout.connect(loop.quit)
    look.start()
    end.start()
    if loop.exec() != 1:
        raise TooLongError(f"The window did not get there in {seconds:.0f} s: {what}.")


def breathe(ms: int = 50) -> None:
    """Let the windows live for a moment: heights follow widths in a few rounds."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def picture(window: QWidget, file: Path) -> Path:
    """One picture of a window as it is."""
    breathe()
    file.parent.mkdir(parents=True, exist_ok=True)
    if not window.grab().save(str(file)):
        raise OSError(f"The picture {file} could not be written. Check the folder and the space on the disk.")
    return file


@contextmanager
def main_window(desk: Desk, size: tuple[int, int]) -> Iterator[tuple[MainWindow, Session]]:
    """The main window over a desk that somebody else opened and shuts."""
    window = MainWindow()
    window.resize(*size)
    window.show()
    session = Session(desk, Tasks())
    window.begin(session)
    try:
        until(lambda: window.page, "the first page")
        settle(session)
        window.frame.messages.clear()
        yield window, session
    finally:
        session.courier.stop()
        session.tasks.shut()
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle(session: Session) -> None:
    """Wait until nothing is under way between window, record and courier."""
    until(lambda: session.tasks.running == 0 and not session.courier.busy, "a quiet moment")
    breathe()


def _pages(window: MainWindow, session: Session) -> Iterator[str]:
    """Show one window after the other; the name of each as it can be pictured."""
    board = session.board
    assert board is not None
    yield "main" if board.open_incidents else "calm"
    for page in ("incidents", "components", "replies", "accounts", "targets"):
        window.show_page(page)
        settle(session)
        yield page
    if board.open_incidents:
        window.home()
        page_shown = window.pages["incident"]
        assert isinstance(page_shown, IncidentPage)
        until(lambda: page_shown.view is not None, "the incident")
        yield from _forms(window, session, page_shown)
    yield from _composer(window, session)


def _forms(window: MainWindow, session: Session, page: IncidentPage) -> Iterator[str]:
    page.asked.emit("resolve", 0)
    until(lambda: window.sheet is not None, "the resolve sheet")
    settle(session)
    yield "resolve"
    assert window.sheet is not None
    window.sheet.close_sheet()
    page.asked.emit("update", 0)
    until(lambda: window.composer is not None, "the composer")
    assert window.composer is not None
    window.composer.keeper.ended = True  # a picture leaves no draft behind
    window.composer.form.editor.put(EXAMPLE)
    breathe(400)
    settle(session)
    yield "update"
    window.composer.begin_publishing()
    window.composer.countdown.freeze(3.4)  # nothing is published by taking pictures
    yield "hold"
    window.composer.leave()


def _composer(window: MainWindow, session: Session) -> Iterator[str]:
    window.compose(None)
    until(lambda: window.composer is not None and window.composer.context is not None, "the composer")
    assert window.composer is not None
    window.composer.keeper.ended = True
    settle(session)
    yield "new"
    window.composer.begin_publishing()
    breathe(200)
    yield "problems"
    window.composer.leave()


def every_window(
    app: QApplication,
    desk: Desk,
    folder: Path,
    *,
    sizes: Sequence[tuple[int, int]] = SIZES,
    schemes: Sequence[str] = ("light", "dark"),
    text: float = 1.0,
) -> list[Path]:
    """Picture every window in every size and scheme, as `NAME-SCHEME-WIDTH.png`. The record stays as it is."""
    made: list[Path] = []
    was = T.dark
    for scheme in schemes:
        T.apply(app, dark=scheme == "dark", scale=text)
        for size in sizes:
            tail = f"{scheme}-{size[0]}" + (f"-text{round(text * 100)}" if text != 1.0 else "") + ".png"
            with main_window(desk, size) as (window, session):
                made += [picture(window, folder / f"{name}-{tail}") for name in _pages(window, session)]
            made.append(_first_run(size, folder / f"first-run-{tail}"))
    T.apply(app, dark=was)
    return made


def _first_run(size: tuple[int, int], file: Path) -> Path:
    tasks = Tasks()
    window = FirstRun(tasks, file.with_suffix(".never-made"))
    window.name.setText("Northlake")
    window.parts.setText("Website, Tills, Phones, E-mail")
    window.resize(*size)
    window.show()
    try:
        return picture(window, file)
    finally:
        tasks.shut()
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
