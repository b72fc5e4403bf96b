"""What must hold for every window, at every size and text size: names, one primary button, Tab, nothing clipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from statusdesk_ui.layout import Label
from statusdesk_ui.pages.first_run import FirstRun
from statusdesk_ui.tasks import Tasks
from statusdesk_ui.widgets.controls import Button
from tests.ui.conftest import Open, gone, show

PAGES = ("calm", "incident", "incidents", "components", "replies", "accounts", "targets")
FORMS = ("new", "update", "resolve", "correct", "component", "keys")


def shown(window: QWidget) -> list[QWidget]:
    return [w for w in window.findChildren(QWidget) if w.isVisible() and w.isEnabled()]


def stops(window: QWidget) -> list[QWidget]:
    return [w for w in shown(window) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]


def faults(window: QWidget, width: int) -> Iterator[str]:
    for widget in stops(window):
        if not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip():
            yield f"no spoken name: {widget}"
    keys = Counter(b.key for b in shown(window) if isinstance(b, Button) and b.key and b.window() is window)
    yield from (f"key {key} is used {n} times" for key, n in keys.items() if n > 1)
    primary = [b.words for b in shown(window) if isinstance(b, Button) and b.kind == "primary"]
    if len(primary) > 1:
        yield f"several primary buttons: {primary}"
    if window.minimumSizeHint().width() > width:
        yield f"needs {window.minimumSizeHint().width()} px of width"
    for area in (w for w in shown(window) if isinstance(w, QScrollArea)):
        if area.widget().width() > area.viewport().width():
            yield f"cut at the right by {area.widget().width() - area.viewport().width()} px: {area.parentWidget()}"
    for widget in shown(window):
        if isinstance(widget, Label) and not widget.wordWrap():
            if QFontMetricsF(widget.font()).horizontalAdvance(widget.text()) > widget.width() + 1:
                yield f"clipped: {widget.text()!r}"
        elif isinstance(widget, Button) and widget.kind != "search" and widget.width() < widget.sizeHint().width():
            yield f"squeezed: {widget.words!r} {widget.width()} < {widget.sizeHint().width()}"
        if isinstance(widget, (Button, QLabel)) and 0 < widget.height() < QFontMetricsF(widget.font()).height() - 1:
            yield f"too low: {widget} {widget.text()!r}"


def unreached(window: QWidget) -> list[str]:
    """What Tab never reaches, starting anywhere."""
    seen: list[QWidget] = []
    for _ in range(120):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now in seen:
            break
        seen.append(now)
    return [f"{w} {w.accessibleName()!r}" for w in stops(window) if w not in seen]


def go(opened: Open, place: str) -> None:
    """Show a page or open a form."""
    window = opened.window
    if place in PAGES:
        if place == "incident":
            window.show_incident(window.session.board.open_incidents[0].ref)  # type: ignore[union-attr]
        else:
            window.show_page(place)
    elif place == "new":
        window.compose(None)
    elif place == "component":
        window._component(None)
    elif place == "keys":
        window._asked("keys")
    else:
        page = window.pages["incident"]
        opened.until(lambda: page.view is not None)  # type: ignore[attr-defined]
        window._incident_asked(place, 1)
    if place in ("new", "update"):
        opened.until(lambda: window.composer is not None and window.composer.context is not None)
    elif place in FORMS:
        opened.until(lambda: window.sheet is not None)
    opened.settle()
    for _ in range(8):
        QCoreApplication.processEvents()


@pytest.mark.parametrize("text", [1.0, 1.5], ids=["100 %", "150 %"])
@pytest.mark.parametrize("place", [*PAGES, *FORMS])
def test_nothing_is_clipped_nameless_or_ambiguous(
    place: str,
    text: float,
    look: Callable[[bool, float], None],
    tills: str,
    opened: Callable[[], Open],
) -> None:
    del tills
    look(False, text)
    one = opened()
    go(one, place)
    for width, height in ((1280, 800), (1024, 640)):
        show(one.window, width, height)
        assert list(faults(one.window, width)) == [], f"{width} x {height}"


@pytest.mark.parametrize("place", [*PAGES, *FORMS])
def test_tab_reaches_everything(place: str, busy: Open) -> None:
    go(busy, place)
    assert unreached(busy.window) == []


@pytest.mark.parametrize("text", [1.0, 1.5], ids=["100 %", "150 %"])
@pytest.mark.parametrize("size", [(1024, 640), (1280, 800)], ids=["1024x640", "1280x800"])
def test_the_first_window_of_all_is_sound(
    size: tuple[int, int], text: float, look: Callable[[bool, float], None], tmp_path, qtbot: QtBot
) -> None:
    del qtbot
    look(False, text)
    tasks = Tasks()
    window = FirstRun(tasks, tmp_path / "workspace")
    show(window, *size)
    assert list(faults(window, size[0])) == []
    assert unreached(window) == []
    tasks.shut()
    gone(window)


@pytest.mark.parametrize("place", ["incident", "new", "resolve"])
def test_a_change_of_scheme_reaches_every_pixel(place: str, busy: Open, look: Callable[[bool, float], None]) -> None:
    show(busy.window, 1024, 640)
    go(busy, place)
    light = busy.window.grab().toImage()
    look(True, 1.0)
    for _ in range(8):
        QCoreApplication.processEvents()
    dark = busy.window.grab().toImage()
    same = sum(
        light.pixelColor(x, y) == dark.pixelColor(x, y)
        for x in range(0, light.width(), 16)
        for y in range(0, light.height(), 16)
    )
    assert same < 0.01 * (light.width() // 16) * (light.height() // 16)
