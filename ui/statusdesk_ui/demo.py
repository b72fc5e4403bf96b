"""The main job from end to end, done on the real windows: every word is typed, every button and key is pressed.

`run` drives an open `Desktop`; `main` is `make demo`: it makes a workspace in `.demo`, renders into `site_output`,
posts into a preview folder, and says what was made and how long each step took.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from statusdesk.domain.audit import Changes
from statusdesk.domain.board import IncidentView
from statusdesk_ui.app import Desktop, make_application
from statusdesk_ui.forms.composer import Composer
from statusdesk_ui.forms.resolve import ResolveSheet
from statusdesk_ui.main_window import MainWindow
from statusdesk_ui.pages.accounts import AccountsPage
from statusdesk_ui.pages.incident import IncidentPage
from statusdesk_ui.session import Session
from statusdesk_ui.settings import Settings
from statusdesk_ui.shots import breathe, picture, settle, until
from statusdesk_ui.theme import T

COMPONENT = "Card payments"
HISTORY = Path(__file__).parents[2] / "docs" / "examples" / "northlake-history"
FIRST_WORDS = "Cards fail in 14 of our 40 stores. Please pay cash there; nothing was charged twice."
CAUSE = "Road works in Mill Lane cut the line that carries card payments."
STEP = "A second payment line on another route"
NEWS = "Eleven of 14 stores are on the backup line and take cards again. Cash works everywhere."
FIXED = "The line is repaired. All 14 stores take cards again."


@dataclass
class Story:
    """What the demo did: each step with the seconds it took, the pictures, and the incident."""

    steps: list[tuple[str, float]] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    ref: str = ""


class Hands:
    """Types and presses as a person does, where the focus is."""

    def __init__(self, pace_ms: int) -> None:
        self.pace_ms = pace_ms

    def type(self, text: str) -> None:
        """Type a text into whatever has the focus."""
        QTest.keyClicks(self._target(), text, Qt.KeyboardModifier.NoModifier, self.pace_ms)
        breathe(10)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key."""
        QTest.keyClick(self._target(), key, modifier)
        breathe(10 + 8 * self.pace_ms)

    def control(self, key: Qt.Key) -> None:
        """Press a key with Ctrl."""
        self.press(key, Qt.KeyboardModifier.ControlModifier)

    def click(self, widget: QWidget) -> None:
        """Click a widget."""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        breathe(10 + 8 * self.pace_ms)

    def go_to(self, widget: QWidget) -> None:
        """Tab until a field has the focus."""
        for _ in range(80):
            if QApplication.focusWidget() is widget:
                return
            self.press(Qt.Key.Key_Tab)
        widget.setFocus(Qt.FocusReason.TabFocusReason)

    @staticmethod
    def _target() -> QWidget:
        target = QApplication.focusWidget() or QApplication.activeWindow()
        if target is None:
            raise RuntimeError("No window has the focus. Bring the StatusDesk window to the front.")
        return target


class Demo:
    """One run over an open desktop."""

    def __init__(self, desktop: Desktop, shots: Path | None, *, pace_ms: int = 0) -> None:
        self.desktop, self.shots = desktop, shots
        self.hands, self.story = Hands(pace_ms), Story()

    @property
    def window(self) -> MainWindow:
        """The main window."""
        assert self.desktop.window is not None
        return self.desktop.window

    @property
    def session(self) -> Session:
        """The session behind it."""
        assert self.desktop.session is not None
        return self.desktop.session

    def step(self, name: str, work: Callable[[], None]) -> None:
        """Do one step and note how long it took."""
        began = perf_counter()
        work()
        self.story.steps.append((name, perf_counter() - began))

    def shot(self, name: str, window: QWidget | None = None) -> None:
        """Take the next picture, if pictures are wanted."""
        if self.shots is not None:
            number = len(self.story.pictures) + 1
            self.story.pictures.append(picture(window or self.window, self.shots / f"{number:02}-{name}.png"))

    def _front(self, window: QWidget) -> None:
        def active() -> bool:
            window.activateWindow()
            return QApplication.activeWindow() is window

        until(active, "the window comes to the front", seconds=10)

    # The steps

    def make_page(self) -> None:
        """First run: two answers, and a real page on this computer."""
        first = self.desktop.first_run
        if first is None:
            until(lambda: self.desktop.session is not None and self.window.page, "the main window")
            settle(self.session)
            return
        self._front(first)
        self.hands.type("Northlake")
        self.hands.press(Qt.Key.Key_Tab)
        first.parts.selectAll()
        self.hands.type(f"Website, {COMPONENT}, App")
        self.shot("first-run", first)
        self.hands.press(Qt.Key.Key_Return)
        until(lambda: self.desktop.session is not None and self.window.page, "the main window")
        settle(self.session)

    def connect(self, name: str, folder: Path) -> None:
        """Connect the preview channel on the accounts page, unless it is connected."""
        board = self.session.board
        if board is not None and any(one.name == name for one in board.accounts):
            return
        self._front(self.window)
        self.hands.control(Qt.Key.Key_Comma)
        until(lambda: self.window.page == "accounts", "the accounts page")
        page = self.window.pages["accounts"]
        assert isinstance(page, AccountsPage)
        until(lambda: page.form.kinds, "the kinds of accounts")
        page.begin_adding()
        page.form.begin("preview")
        self.hands.type(name)
        self.hands.press(Qt.Key.Key_Tab)
        page.form.fields["folder"][1].setText(str(folder))
        self.hands.control(Qt.Key.Key_Return)
        until(lambda: any(row.name == name for row in page.list.items.rows), "the account in the list")
        settle(self.session)
        self.shot("accounts")

    def _composer(self) -> Composer:
        until(lambda: self.window.composer is not None and self.window.composer.context is not None, "the composer")
        assert self.window.composer is not None
        breathe(50)
        return self.window.composer

    def _published(self) -> None:
        until(lambda: self.window.composer is None and self.window.sheet is None, "the words are saved")
        self._delivered()

    def _delivered(self) -> None:
        page = self.window.pages["incident"]
        assert isinstance(page, IncidentPage)

        def out() -> bool:
            view: IncidentView | None = page.view
            if view is None or not view.deliveries or view.incident.ref != self.window.ref:
                return False
            newest = [d for d in view.deliveries if d.seq == view.incident.last_seq]
            return bool(newest) and all(d.state.arrived for d in newest)

        until(out, "the page is rendered and the post is out")

    def post(self) -> None:
        """Ctrl+N to published, with cause, estimate and prevention, by keyboard."""
        self._front(self.window)
        self.hands.control(Qt.Key.Key_N)
        form = self._composer().form
        self.hands.type(COMPONENT[:3])
        self.hands.press(Qt.Key.Key_Return)
        self.hands.type("3")
        self.hands.type(FIRST_WORDS)
        self.hands.go_to(form.cause.text)
        self.hands.type(CAUSE)
        self.hands.go_to(form.eta.field)
        self.hands.type("+2h")
        self.hands.go_to(form.steps.lines[0].text)
        self.hands.type(STEP)
        self.hands.press(Qt.Key.Key_Tab)
        self.hands.type("+14d")
        self.hands.press(Qt.Key.Key_Tab)
        self.hands.type("Network team")
        breathe(300)
        settle(self.session)
        self.shot("composer")

    def publish(self, name: str) -> None:
        """Ctrl+Enter, the hold, and until the page is rendered and the post is out."""
        self.hands.control(Qt.Key.Key_Return)
        breathe(300)
        self.shot(f"{name}-hold")
        self._published()
        settle(self.session)
        self.shot(name)
        self.story.ref = self.window.ref

    def update(self) -> None:
        """An update that says the cause is confirmed and the state identified."""
        self.hands.control(Qt.Key.Key_U)
        form = self._composer().form
        self.hands.type(NEWS)
        self.hands.click(form.state.group.button(1))
        self.hands.go_to(form.cause.sure)
        self.hands.press(Qt.Key.Key_Down)
        breathe(300)
        settle(self.session)
        self.shot("update")

    def resolve(self) -> None:
        """The resolve sheet."""
        self.hands.control(Qt.Key.Key_R)
        until(lambda: self.window.sheet is not None, "the resolve sheet")
        assert self.window.sheet is not None
        sheet = self.window.sheet.panel
        assert isinstance(sheet, ResolveSheet)
        until(lambda: sheet.context is not None, "the form's rules")
        self.hands.type(FIXED)
        self.hands.go_to(sheet.wrong)
        self.hands.type("We said that all stores were affected; it was 14 of 40.")
        self.shot("resolve")


def run(
    desktop: Desktop,
    shots: Path | None,
    *,
    posts: Path,
    pace_ms: int = 0,
    bring: Callable[[Session], Changes] | None = None,
) -> Story:
    """The whole story; `bring` imports history once the page exists, on the record's thread."""
    demo = Demo(desktop, shots, pace_ms=pace_ms)
    demo.step("a real page from two answers", demo.make_page)
    if bring is not None:
        demo.step("history brought in", lambda: _bring(demo.session, bring))
    demo.step("an account connected and checked", lambda: demo.connect("Preview feed", posts))
    for name, write in (("incident", demo.post), ("update", demo.update), ("resolved", demo.resolve)):
        demo.step(f"{name}: typed", write)
        demo.step(f"{name}: held, saved, page rendered, post out", partial(demo.publish, name))
    was = T.dark
    T.apply(desktop.app, dark=not was)
    demo.shot("dark" if not was else "light")
    T.apply(desktop.app, dark=was)
    return demo.story


def bring_history(session: Session) -> Changes:
    """Bring in the small history that ships with the project; a second time it changes nothing."""
    session.desk.import_history("statuspage", str(HISTORY))
    return Changes(page=True, components=True, deliveries=True)


def _bring(session: Session, bring: Callable[[Session], Changes]) -> None:
    done: list[Changes] = []
    session.do(bring, session, done=done.append)
    until(lambda: done, "the history is in the record")
    settle(session)


def main(argv: Sequence[str] | None = None) -> int:
    """`make demo`; returns the exit code."""
    ask = argparse.ArgumentParser(prog="python -m statusdesk_ui.demo", description="The main job, end to end.")
    ask.add_argument("--folder", type=Path, default=Path(".demo"))
    ask.add_argument("--output", type=Path, default=Path("site_output"))
    known = ask.parse_args(argv)
    folder, output = known.folder.absolute(), known.output.absolute()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = make_application(["statusdesk-demo"])
    seen = QGuiApplication.platformName() != "offscreen"
    desktop = Desktop(app, folder / "workspace", Settings(folder / "desktop.ini"), output_dir=output)
    desktop.start()
    shots = None if seen else folder / "shots"
    story = run(desktop, shots, posts=folder / "posts", pace_ms=15 if seen else 0, bring=bring_history)
    say = sys.stdout.write
    for name, seconds in story.steps:
        say(f"{seconds:6.1f} s  {name}\n")
    say(f"\nIncident {story.ref}\nPage     {output / 'index.html'}\nPosts    {folder / 'posts'}\n")
    if shots is not None:
        say(f"Pictures {shots}\n")
    code = 0
    if seen:
        say("The app stays open; close its window to end.\n")
        code = app.exec()
    desktop.shut()
    return code


if __name__ == "__main__":
    sys.exit(main())
