"""Glyphs, pills, buttons, checks and choices. Painted from tokens; a click never takes the focus."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QShortcutEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStyledItemDelegate,
    QWidget,
)

from statusdesk_ui import paint
from statusdesk_ui.layout import FIXED, Drawn, across, even
from statusdesk_ui.theme import RADIUS, S1, S2, T


class Glyph(Drawn, QWidget):
    """An icon in a tone."""

    def __init__(self, icon: str, tone: str = "plain", size: int = 16) -> None:
        super().__init__()
        self.icon, self.tone, self.extent = icon, tone, size
        self.setSizePolicy(FIXED, FIXED)

    def say(self, icon: str, tone: str) -> None:
        """Show another icon."""
        self.icon, self.tone = icon, tone
        self.update()

    def want(self) -> tuple[float, float]:
        return T.w(self.extent), T.w(self.extent)

    def draw(self, p: QPainter) -> None:
        part = "mark" if self.icon.startswith("tick") else "ink"
        T.draw_icon(p, self.icon, QRectF(self.rect()), T.tone(self.tone, part))


class Pill(Drawn, QWidget):
    """A state in a word, a shape and a tint."""

    def __init__(self, text: str = "", tone: str = "plain", icon: str = "", level: int = 0) -> None:
        super().__init__()
        self.text, self.tone, self.icon, self.level = text, tone, icon, level
        self.setSizePolicy(QSizePolicy.Policy.Maximum, FIXED)
        self.setAccessibleName(text)

    def say(self, text: str, tone: str = "plain", icon: str = "", level: int = 0) -> None:
        """Show another state; nothing at all for an empty word."""
        self.text, self.tone, self.icon, self.level = text, tone, icon, level
        self.setAccessibleName(text)
        self.setToolTip(paint.tip(text))
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def want(self) -> tuple[float, float]:
        size = paint.pill_size(self.text, glyph=bool(self.icon or self.level))
        return size.width(), size.height()

    def draw(self, p: QPainter) -> None:
        paint.pill(p, QRectF(self.rect()), self.text, self.tone, icon=self.icon, level=self.level)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(T.w(88), self.sizeHint().width()), self.sizeHint().height())


def manners(control: QAbstractButton, name: str) -> None:
    """What all buttons share: a spoken name, no focus from a click (so a ring means keyboard), their own size."""
    control.setAccessibleName(name)
    control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    control.setCursor(Qt.CursorShape.PointingHandCursor)
    control.setSizePolicy(FIXED, FIXED)


BUTTONS: dict[str, tuple[str, ...]] = {  # kind: fill, fill under the pointer, border, ink, key cap, ink on the cap
    "primary": ("accent", "accent_over", "", "on_accent", "accent_over", "on_accent"),
    "plain": ("surface", "sunken", "rim", "ink", "sunken", "ink2"),
    "quiet": ("", "sunken", "", "ink2", "sunken", "ink2"),
    "link": ("", "sunken", "", "accent_ink", "", "ink2"),
    "search": ("canvas", "sunken", "line", "ink3", "sunken", "ink2"),
    "here": ("surface", "surface", "line", "ink", "sunken", "ink2"),
    "off": ("sunken", "", "", "ink3", "", "ink3"),
    "quiet off": ("", "", "", "ink3", "", "ink3"),
}


class Button(Drawn, QPushButton):
    """kind: primary (one per view), plain, quiet, link, search, here. The key is the shortcut and the cap showing it.

    A button that `folds` shows only its icon when the window is narrow for the text size; one that is `wide` takes
    the room of its row.
    """

    def __init__(
        self,
        text: str,
        kind: str = "plain",
        icon: str = "",
        *,
        key: str = "",
        name: str = "",
        low: bool = False,
        folds: bool = False,
        wide: bool = False,
    ) -> None:
        super().__init__(text.replace("&", "&&"))
        self.words = text
        self.kind, self.icon_name, self.key, self.low, self.folds, self.folded = (
            kind,
            icon,
            key,
            low,
            folds,
            not text and bool(icon),
        )
        if key:
            self.setShortcut(QKeySequence(key))
        manners(self, name or text)
        self.setAutoDefault(False)
        self.setToolTip("" if text else paint.tip(name))
        if wide:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, FIXED)
        if kind == "search":
            self.setSizePolicy(QSizePolicy.Policy.Maximum, FIXED)

    def event(self, event: QEvent) -> bool:
        """A key does at once what a click does; Qt's own way shows the button pressed for a tenth of a second first."""
        if event.type() == QEvent.Type.Shortcut and isinstance(event, QShortcutEvent) and not event.isAmbiguous():
            self.click()
            return True
        return super().event(event)

    def become(self, kind: str) -> None:
        """Look like another kind of button."""
        self.kind = kind
        self.update()

    def rename(self, text: str) -> None:
        """Say something else."""
        if text != self.words:
            self.words = text
            self.setText(text.replace("&", "&&"))
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def fold(self, *, folded: bool) -> None:
        """Show only the icon, or the words again."""
        self.folded = folded
        self.setToolTip(paint.tip(self.accessibleName()) if folded else "")
        self.updateGeometry()

    def cap(self) -> str:
        """The key as the platform writes it."""
        text = QKeySequence(self.key).toString(QKeySequence.SequenceFormat.NativeText)
        return text.replace("Return", "Enter")

    def want(self) -> tuple[float, float]:
        height = T.h(28 if self.low else 32)
        if self.folded:
            return height, height
        w = paint.width(self.words, "medium") + (16 if self.low else 24) + (T.w(22) - 2 if self.icon_name else 0)
        w += paint.key_width(self.cap()) + 3 if self.key else 0
        return even(max(w, T.w(320)) if self.kind == "search" else w), height

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(hint.height() * 3, hint.height()) if self.kind == "search" else hint

    def draw(self, p: QPainter) -> None:
        rect, size = QRectF(self.rect()), T.w(16)
        style = BUTTONS[self.kind if self.isEnabled() else "off" if self.kind in ("plain", "primary") else "quiet off"]
        rest, hot, rim, _ink, cap, _cap_ink = (T.colour(token) if token else None for token in style)
        ink, cap_ink = T.colour(style[3]), T.colour(style[5])
        paint.panel(p, rect, hot if self.isEnabled() and (self.underMouse() or self.isDown()) else rest, rim)
        if self.folded:
            side = QRectF((rect.width() - size) / 2, (rect.height() - size) / 2, size, size)
            T.draw_icon(p, self.icon_name, side, ink)
            return
        x, right = 8 if self.low else 12, rect.right() - 8
        if self.icon_name:
            paint.icon_in(p, rect.adjusted(x - 2, 0, 0, 0), self.icon_name, ink)
            x += T.w(22) - 2
        if self.key:
            right -= paint.key_width(self.cap()) + 2
            middle = rect.center().y()
            paint.key_cap(p, rect.right() - (4 if self.low else 6), middle, self.cap(), fill=cap, ink=cap_ink)
        paint.write(p, QRectF(x, 0, right - x, rect.height()), self.words, "medium", ink)


class Segment(Drawn, QRadioButton):
    """One of the choices of a `Segmented`."""

    def __init__(self, text: str, digit: str, name: str) -> None:
        super().__init__(text)
        self.digit = digit
        manners(self, name)

    @property
    def lead(self) -> float:
        """The room of the digit in front, in pixels."""
        return paint.width(self.digit, "caption") + 5 if self.digit else 0

    def want(self) -> tuple[float, float]:
        return even(paint.width(self.text(), "strong") + self.lead + 20), T.h(32) - 4

    def hitButton(self, _pos: QPoint) -> bool:
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the Segmented around it knows where left, right and the digits lead
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select):
            super().keyPressEvent(event)

    def draw(self, p: QPainter) -> None:
        rect, on = QRectF(self.rect()), self.isChecked()
        if on:
            paint.panel(p, rect, T.surface, T.rim, RADIUS - 1)
        role, lead = "strong" if on else "medium", self.lead
        x = (rect.width() - paint.width(self.text(), role) - lead) / 2
        if lead:
            paint.write(p, QRectF(x, 0, lead, rect.height()), self.digit, "caption", T.ink3)
        ink = T.ink3 if not self.isEnabled() else T.ink if on or self.underMouse() else T.ink2
        paint.write(p, QRectF(x + lead, 0, rect.width(), rect.height()), self.text(), role, ink)


class Segmented(Drawn, QFrame):
    """One choice of a few. Arrow keys move; with digits=True the keys 1, 2, 3 ... choose and say so (`digit`).

    `letter` gives away a key that is no choice: whoever typed it meant another field.
    """

    chosen = Signal(int)
    digit = Signal(int)
    letter = Signal(str)

    def __init__(self, name: str, options: Sequence[str], current: int = 0, *, digits: bool = False) -> None:
        super().__init__()
        self.digits, self.group = digits, QButtonGroup(self)
        for i, option in enumerate(options):
            self.group.addButton(Segment(option, str(i + 1) if digits else "", f"{name}: {option}"), i)
        self.setLayout(across(*self.group.buttons(), gap=0, margins=(2, 2, 2, 2)))
        self.setSizePolicy(FIXED, FIXED)
        self.choose(current)
        self.group.idToggled.connect(self._toggled)

    def current(self) -> int:
        """Which choice is made; -1 for none."""
        return self.group.checkedId()

    def choose(self, index: int) -> None:
        """Make a choice; -1 takes it back."""
        self.group.setExclusive(index >= 0)  # an exclusive group never lets go of its last choice
        for one in self.group.buttons():
            one.setChecked(self.group.id(one) == index)
        self.group.setExclusive(True)
        self._one_stop()

    def offer(self, allowed: Sequence[int]) -> None:
        """Let only some of the choices be made."""
        for one in self.group.buttons():
            one.setEnabled(self.group.id(one) in allowed)

    def go(self) -> None:
        """Take the focus, as a key would give it."""
        one = self.group.checkedButton() or self.group.button(0)
        one.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _toggled(self, index: int, on: bool) -> None:  # noqa: FBT001  a Qt signal's own signature
        if on:
            self._one_stop()
            self.chosen.emit(index)

    def _one_stop(self) -> None:
        stop = max(self.current(), 0)
        for one in self.group.buttons():
            here = self.group.id(one) == stop
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus if here else Qt.FocusPolicy.NoFocus)

    def want(self) -> tuple[float, float]:
        segments = [one.sizeHint() for one in self.group.buttons()]
        return 4 + sum(one.width() for one in segments), 4 + max(one.height() for one in segments)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(
            Qt.Key(event.key()), 0
        )
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if step:
            self._pick(max(0, self.current()) + step)
        elif self.digits and plain and event.text() in "12345" and event.text():
            if self._pick(int(event.text()) - 1):
                self.digit.emit(int(event.text()))
        elif plain and event.text().isprintable() and event.text().strip():
            self.letter.emit(event.text())
        else:
            super().keyPressEvent(event)

    def _pick(self, index: int) -> bool:
        one = self.group.button(index)
        if one is None or not one.isEnabled():
            return False
        one.click()
        one.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def draw(self, p: QPainter) -> None:
        paint.panel(p, QRectF(self.rect()), T.sunken, None, RADIUS + 1)


class Check(Drawn, QCheckBox):
    """A check box; framed=True makes it a chip. `trouble` says why a place may not take it, with the failed shape."""

    def __init__(self, text: str, *, checked: bool = False, framed: bool = False, trouble: str = "") -> None:
        super().__init__(text.replace("&", "&&"))
        self.words = text
        self.setChecked(checked)
        self.framed, self.trouble = framed, trouble
        manners(self, f"{text}, {trouble}" if trouble else text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, FIXED)

    def want(self) -> tuple[float, float]:
        w = T.w(16) + S2 + paint.width(self.words, "medium") + (20 if self.framed else 4)
        w += T.w(16) + S2 + paint.width(self.trouble, "small") + 4 if self.trouble else 0
        return even(w), T.h(32 if self.framed else 24)

    def minimumSizeHint(self) -> QSize:  # the reason may go, its shape stays
        hint = self.sizeHint()
        least = T.w(16) + S2 + min(paint.width(self.words, "medium"), T.w(120)) + (20 if self.framed else 4)
        return QSize(min(hint.width(), even(least) + (T.w(16) + S2 if self.trouble else 0)), hint.height())

    def hitButton(self, _pos: QPoint) -> bool:
        return True

    def draw(self, p: QPainter) -> None:
        rect, on = QRectF(self.rect()), self.isChecked()
        if self.framed:
            paint.panel(p, rect, T.sunken if self.underMouse() else T.surface, T.rim)
        x = 10.0 if self.framed else 1.0
        mark = QRectF(x, rect.center().y() - T.w(16) / 2, T.w(16), T.w(16))
        accent = T.accent if self.isEnabled() else T.edge
        paint.panel(p, mark, accent if on else T.surface, None if on else T.edge, 4)
        if on:
            T.draw_icon(p, "check", mark.adjusted(1, 1, -1, -1), T.on_accent)
        x += T.w(16) + S2
        room = rect.adjusted(x, 0, -T.w(16) - S2 if self.trouble else 0, 0)
        x += paint.write(p, room, self.words, "medium", T.ink) + S2
        if self.trouble:
            paint.icon_in(p, rect.adjusted(x, 0, 0, 0), "tick-failed", T.bad_mark, 14)
            words = rect.adjusted(x + T.w(16) + 3, 0, -6, 0)
            if words.width() > T.w(40):
                paint.write(p, words, self.trouble, "small", T.bad_ink)


class Select(Drawn, QComboBox):
    """A combo box drawn whole: the style's own frame and arrow do not fit a style sheet."""

    def __init__(self, name: str, options: Sequence[str], current: int = 0, *, low: bool = False) -> None:
        super().__init__()
        self.low = low
        self.addItems(list(options))
        self.setCurrentIndex(current)
        self.setAccessibleName(name)
        self.setItemDelegate(QStyledItemDelegate(self))  # without it the sheet's item rules are ignored
        self.setSizePolicy(QSizePolicy.Policy.Maximum, FIXED)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def want(self) -> tuple[float, float]:
        longest = max((paint.width(self.itemText(i), "body") for i in range(self.count())), default=0)
        return even(min(longest, T.w(280)) + 28 + T.w(16)), T.h(28 if self.low else 32)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(T.w(88), self.sizeHint().width()), self.sizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # scrolling a form must not change what it says

    def showPopup(self) -> None:
        frame = self.view().window()  # rounded corners need a see-through frame without the system's shadow
        frame.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        frame.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        super().showPopup()
        frame.move(self.mapToGlobal(self.rect().bottomLeft()) + QPoint(0, S1))

    def draw(self, p: QPainter) -> None:
        rect, on = QRectF(self.rect()), self.isEnabled()
        edge = T.line if not on else T.accent if self.hasFocus() else T.edge
        paint.panel(p, rect, T.canvas if not on else T.sunken if self.underMouse() else T.surface, edge)
        room = rect.adjusted(10, 0, -T.w(16) - 12, 0)
        paint.write(p, room, self.currentText(), "body", T.ink if on else T.ink2)
        paint.icon_in(p, rect.adjusted(room.right() + 4, 0, 0, 0), "chevron-down", T.ink2)
