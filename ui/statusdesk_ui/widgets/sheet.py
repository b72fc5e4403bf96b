"""A form over the window: scrim, soft shadow, one panel. Esc closes; the window behind stays readable."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QLayout, QWidget

from statusdesk_ui import paint
from statusdesk_ui.layout import Label, Scroller, Words, across, box, down, rule, stretch
from statusdesk_ui.theme import RADIUS_CARD, S3, S4, S6, T
from statusdesk_ui.widgets.controls import Button


class Panel(QWidget):
    """What a sheet holds: a title with a way out, a form that scrolls, a foot with the one primary button."""

    def __init__(self, title: str, about: str, form: QWidget, foot: QWidget) -> None:
        super().__init__()
        self.shut = Button("", "quiet", "close", name="Close")
        subject = [Words(about)] if about else []
        words = down(Label(title, "title"), *subject, gap=2)
        head = stretch(across(words, self.shut, margins=(S6, S4, S4, S3)), 1)
        self.scroller = Scroller(form)
        self.setLayout(stretch(down(head, rule(), self.scroller, rule(), foot, gap=0, margins=(1, 1, 1, 1)), 0, 0, 1))
        self.form = form

    def wanted_height(self, width: int) -> int:
        """The height at which nothing needs to scroll, in pixels."""
        layout = self.form.layout()
        inner = layout.heightForWidth(width - 2) if layout is not None and layout.hasHeightForWidth() else 0
        form = max(inner, self.form.sizeHint().height())
        chrome = self.sizeHint().height() - self.scroller.sizeHint().height()
        return form + chrome


class Sheet(QWidget):
    """Lies over a window until it is closed; the focus stays inside and returns to where it was."""

    closed = Signal()

    def __init__(self, home: QWidget, panel: Panel, width: int = 800) -> None:
        super().__init__(home)
        self.home, self.panel, self.width_wanted = home, panel, width
        self.before = QApplication.focusWidget()
        panel.setParent(self)
        panel.setProperty("card", True)
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        panel.shut.clicked.connect(self.close_sheet)
        home.installEventFilter(self)
        self.covered: list[QWidget] = []
        self.fit()

    def cover(self, *behind: QWidget) -> None:
        """Keep keys and clicks from reaching what lies behind."""
        self.covered = list(behind)
        for widget in behind:
            widget.setEnabled(False)

    def close_sheet(self) -> None:
        """Close; what was typed is the form's business."""
        self.home.removeEventFilter(self)
        for widget in self.covered:
            widget.setEnabled(True)
        self.hide()
        self.setParent(None)
        if self.before is not None and self.before.isVisible():
            self.before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001  Qt's own signature
        """Tab goes round inside the sheet."""
        stops = [
            w
            for w in self.panel.findChildren(QWidget)
            if w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        now = QApplication.focusWidget()
        if not stops or now is None:
            return super().focusNextPrevChild(forward)
        after = now
        for _ in range(500):
            after = (after.nextInFocusChain() if forward else after.previousInFocusChain()) or now
            if after in stops:
                break
        after.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        if self.panel.scroller.isAncestorOf(after):
            self.panel.scroller.ensureWidgetVisible(after, 0, S6)
        return True

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self, self.fit)
        return super().event(event)

    def fit(self) -> None:
        """Lie over the whole window, the panel in its middle."""
        self.setGeometry(self.home.rect())
        width = min(T.w(self.width_wanted), self.width() - 2 * S6)
        height = min(self.panel.wanted_height(width), self.height() - 2 * S6)
        self.panel.setGeometry((self.width() - width) // 2, max(S6, (self.height() - height) // 2), width, height)
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        p, shade, rect = QPainter(self), QColor(T.shade), QRectF(self.panel.geometry())
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade.setAlphaF(0.34)
        p.fillRect(self.rect(), shade)
        for grow in range(32, 0, -1):  # soft: each ring a little darker than the one outside it
            shade.setAlphaF(0.02 * (1 - grow / 33) ** 2)
            paint.panel(p, rect.adjusted(-grow, 6 - grow, grow, 6 + grow), shade, None, RADIUS_CARD + grow)


def sheet_form(layout: QLayout) -> QWidget:
    """A form's layout with the margins of a sheet, ready to scroll."""
    layout.setContentsMargins(S6, S4, S6 - Scroller.BAR, S4)
    return box(layout)
