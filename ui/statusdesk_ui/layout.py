"""How windows are put together: rows and columns, text, scrolling, tab order, the focus ring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QBoxLayout,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from statusdesk_ui import paint
from statusdesk_ui.theme import RADIUS, S2, S3, T

Item = QWidget | QLayout | int | None
Edges = tuple[int, int, int, int]
FIXED, IGNORED = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored
NARROW = 1000  # px at 100 % text; below it two columns do not fit side by side

if TYPE_CHECKING:
    _AnyWidget = QWidget  # what the mixin is mixed into
else:
    _AnyWidget = object


def even(width: float) -> int:
    """The next multiple of 4."""
    return -int(-width // 4) * 4


def _fill(layout: QBoxLayout, items: Sequence[Item], gap: int, margins: Edges) -> QBoxLayout:
    layout.setSpacing(gap)
    layout.setContentsMargins(*margins)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QLayout):
            layout.addLayout(item)
        else:
            layout.addWidget(item)
    return layout


def across(*items: Item, gap: int = S2, margins: Edges = (0, 0, 0, 0)) -> QBoxLayout:
    """A row. None stretches, a number is a gap."""
    return _fill(QHBoxLayout(), items, gap, margins)


def down(*items: Item, gap: int = S2, margins: Edges = (0, 0, 0, 0)) -> QBoxLayout:
    """A column. None stretches, a number is a gap."""
    return _fill(QVBoxLayout(), items, gap, margins)


def stretch(layout: QBoxLayout, *factors: int) -> QBoxLayout:
    """The same layout with the given shares of the room, in order."""
    for i, factor in enumerate(factors):
        layout.setStretch(i, factor)
    return layout


def narrow(widget: QWidget) -> bool:
    """Whether the window is too narrow, for this text size, to keep two columns side by side."""
    return widget.window().width() < T.w(NARROW)


def turn(layout: QBoxLayout, *, downward: bool) -> None:
    """Lay a row out as a column, or back."""
    layout.setDirection(QBoxLayout.Direction.TopToBottom if downward else QBoxLayout.Direction.LeftToRight)


def box(layout: QLayout, height: int = 0, **properties: object) -> QFrame:
    """A frame around a layout; the properties are what the style sheet looks at (card, bar, ground)."""
    frame = QFrame()
    frame.setLayout(layout)
    for key, value in properties.items():
        frame.setProperty(key, value)
    if height:
        frame.setFixedHeight(T.h(height))
    return frame


def rule() -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setProperty("rule", True)
    line.setFixedHeight(1)
    return line


def empty(layout: QLayout) -> None:
    """Remove everything from a layout; the widgets in it are gone with the next turn of the event loop."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            empty(inner)


def grid(rows: Sequence[tuple[QWidget | QLayout, QWidget | QLayout]], gap: int, label_width: int = 0) -> QGridLayout:
    """Two columns: what is asked, at the top of its row, and the answer."""
    made = QGridLayout()
    made.setHorizontalSpacing(S3)
    made.setVerticalSpacing(gap)
    made.setColumnMinimumWidth(0, label_width)
    made.setColumnStretch(1, 1)
    for i, row in enumerate(rows):
        for j, item in enumerate(row):
            if isinstance(item, QWidget):
                made.addWidget(item, i, j)
            else:
                made.addLayout(item, i, j)
    return made


def _walk(widget: QWidget) -> Iterator[QWidget]:
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    inner = widget.widget() if isinstance(widget, QScrollArea) else widget
    if isinstance(inner, QWidget) and (layout := inner.layout()) is not None:
        yield from _in_layout(layout)


def _in_layout(layout: QLayout) -> Iterator[QWidget]:
    for i in range(layout.count()):
        item = layout.itemAt(i)
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if isinstance(widget, QWidget):
            yield from _walk(widget)
        elif isinstance(inner, QLayout):
            yield from _in_layout(inner)


def tab_through(window: QWidget) -> None:
    """Tab order is reading order: walk the layouts, not the order in which widgets happened to be made."""
    for one, after in pairwise(_walk(window)):
        QWidget.setTabOrder(one, after)


class Drawn(_AnyWidget):
    """Mixin of painted widgets: `want()` gives width and height, `draw(p)` paints with an antialiased painter."""

    def want(self) -> tuple[float, float]:
        """The size that fits, in pixels."""
        raise NotImplementedError

    def draw(self, p: QPainter) -> None:
        """Paint the widget."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        width, height = self.want()
        return QSize(-int(-width // 1), -int(-height // 1))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(p)


class Label(QLabel):
    """Plain text, always. role = size and weight, tone = colour.

    wrap: the height follows the width, settled on every resize.
    """

    def __init__(self, text: str = "", role: str = "body", tone: str = "", *, wrap: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)  # what people typed is never markup
        self.setText(text)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        if wrap:
            self.setWordWrap(True)
            self.setSizePolicy(IGNORED, FIXED)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.wordWrap():
            self.setFixedHeight(max(0, self.heightForWidth(self.width())))

    def say(self, text: str, tone: str | None = None) -> None:
        """Show another text, in another tone if one is given."""
        self.setText(text)
        if tone is not None and tone != self.property("tone"):
            self.setProperty("tone", tone)
            self.style().polish(self)
        self._fit()


class Words(Drawn, QWidget):
    """One line that gives way: elided when there is no room, whole in the tool tip."""

    def __init__(self, text: str = "", role: str = "body", tone: str = "plain", least: int = 40) -> None:
        super().__init__()
        self.role, self.tone, self.least = role, tone, least
        self.text = ""
        self.say(text)

    def say(self, text: str, tone: str | None = None) -> None:
        """Show another text, in another tone if one is given."""
        self.text = paint.one_line(text)
        self.tone = self.tone if tone is None else tone
        self.setToolTip(paint.tip(self.text))
        self.setAccessibleName(self.text)
        self.updateGeometry()
        self.update()

    def want(self) -> tuple[float, float]:
        return paint.width(self.text, self.role) + 1, T.px(self.role) * 1.4

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(T.w(self.least), hint.width()), hint.height())

    def draw(self, p: QPainter) -> None:
        ink = T.colour(self.tone) if self.tone in ("ink", "ink3") else T.tone(self.tone, "ink")
        paint.write(p, QRectF(self.rect()), self.text, self.role, ink)


class Lines(Drawn, QWidget):
    """Some lines that give way: broken where there is no room, elided at the last one, whole in the tool tip.

    The height follows the width, and is that of a row of `row` px when one line is enough.
    """

    def __init__(self, text: str, role: str = "body", tone: str = "ink", *, most: int = 3, row: int = 36) -> None:
        super().__init__()
        self.role, self.tone, self.most, self.row = role, tone, most, row
        self.text = paint.short(text, most)
        self.setToolTip(paint.tip(self.text))
        self.setAccessibleName(self.text)
        self.setSizePolicy(IGNORED, FIXED)
        self.broken: list[str] = []
        self.setFixedHeight(T.h(row))

    def want(self) -> tuple[float, float]:
        return T.w(160), self.height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.broken = paint.broken(self.text, self.role, self.width(), self.most)
        self.setFixedHeight(T.h(self.row) + round((len(self.broken) - 1) * paint.line_height(self.role)))

    def draw(self, p: QPainter) -> None:
        step, ink = paint.line_height(self.role), T.colour(self.tone)
        for i, line in enumerate(self.broken):
            paint.write(p, QRectF(0, i * step, self.width(), T.h(self.row)), line, self.role, ink)


class Scroller(QScrollArea):
    """Scrolls down only and always keeps the bar's 12 px free, so that nothing moves when the bar comes."""

    BAR = 12

    def __init__(self, content: QWidget, ground: str = "surface") -> None:
        super().__init__()
        self.content = content
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content.setProperty("ground", ground)
        self.setWidget(content)
        self.verticalScrollBar().rangeChanged.connect(self._reserve)
        self._reserve(0, 0)

    def _reserve(self, _low: int, high: int) -> None:
        self.setViewportMargins(0, 0, 0 if high > 0 else self.BAR, 0)

    def sizeHint(self) -> QSize:
        return self.content.sizeHint() + QSize(self.BAR, 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 64)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001  Qt's own signature
        """Keep whatever has the focus in view."""
        moved = super().focusNextPrevChild(forward)
        now = QApplication.focusWidget()
        if isinstance(now, QWidget) and self.isAncestorOf(now):
            self.ensureWidgetVisible(now, 0, S2 * 3)
        return moved


class FocusRing(Drawn, QWidget):
    """One per window: a 2 px ring around whatever has the focus, clipped to the scroll area it lives in.

    It lies on the border of fields and 1 px off everything else.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.home, self.off = window, 3
        self.chain: list[QWidget] = []
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self.follow)
        self.hide()

    def want(self) -> tuple[float, float]:
        return 0, 0

    def follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        """The focus went to another widget."""
        for widget in self.chain:
            widget.removeEventFilter(self)
        self.chain = []
        if new is not None and new.property("ring") == "parent":  # the frame around it is the field people see
            new = new.parentWidget()
        if new is not None and new.window() is self.window() and not isinstance(new, QAbstractItemView):
            while new is not None and new is not self.home:
                self.chain.append(new)
                new.installEventFilter(self)
                new = new.parentWidget()
        self.place()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            QTimer.singleShot(0, self, self.place)
        return False

    def place(self) -> None:
        """Lie around the focused widget."""
        if not self.chain or not self.chain[0].isVisible():
            self.hide()
            return
        target = self.chain[0]
        self.off = 1 if isinstance(target, (QLineEdit, QComboBox)) or target.property("card") == "field" else 3
        rect = QRect(target.mapTo(self.home, QPoint(0, 0)), target.size())
        rect = rect.adjusted(-self.off, -self.off, self.off, self.off)
        for view in self.chain:
            if isinstance(view.parentWidget(), QScrollArea):
                seen = QRect(view.mapTo(self.home, QPoint(0, 0)), view.size()).adjusted(-3, 0, 3, 0)
                rect = rect.intersected(seen)
        self.setGeometry(rect)
        self.raise_()
        self.show()

    def draw(self, p: QPainter) -> None:
        paint.ring(p, QRectF(self.rect()), RADIUS + self.off - 1)
