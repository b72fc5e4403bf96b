"""The desk bell: our mark, and the picture of a quiet day."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from statusdesk_ui import paint
from statusdesk_ui.layout import FIXED, Drawn
from statusdesk_ui.theme import T


class Mark(Drawn, QWidget):
    """The desk bell on its tile."""

    def __init__(self, size: int = 24) -> None:
        super().__init__()
        self.extent = size
        self.setSizePolicy(FIXED, FIXED)

    def want(self) -> tuple[float, float]:
        return T.w(self.extent), T.w(self.extent)

    def draw(self, p: QPainter) -> None:
        rect, inset = QRectF(self.rect()), self.width() / 8
        paint.panel(p, rect, T.accent, None, self.width() / 4)
        T.draw_icon(p, "bell", rect.adjusted(inset, inset, -inset, -inset), T.on_accent)


class Calm(Drawn, QWidget):
    """The desk bell at rest."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(128, 128)

    def want(self) -> tuple[float, float]:
        return 128, 128

    def draw(self, p: QPainter) -> None:
        centre: QPointF = QRectF(self.rect()).center()
        for radius, colour in ((63, T.line), (48, T.line), (33, T.rim)):
            p.setPen(QPen(colour, 1))
            p.drawEllipse(centre, radius, radius)
        T.draw_icon(p, "bell", QRectF(centre.x() - 20, centre.y() - 20, 40, 40), T.ink2)


class Gap(Drawn, QWidget):
    """An empty part: a dashed slot that says what is missing, so that it is never overlooked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.setSizePolicy(FIXED, FIXED)
        self.setAccessibleName(text)

    def want(self) -> tuple[float, float]:
        return paint.width(self.text, "body") + 20, T.h(24)

    def draw(self, p: QPainter) -> None:
        rect = QRectF(self.rect())
        p.setPen(QPen(T.edge, 1, Qt.PenStyle.DashLine))
        p.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        paint.write(p, rect, self.text, "body", T.ink2, flags=paint.CENTER)
