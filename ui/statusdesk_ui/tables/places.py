"""Places words go to, as rows: accounts and targets alike."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from statusdesk_ui import paint
from statusdesk_ui.tables.base import ITEM, Grown, Index, RowDelegate
from statusdesk_ui.theme import RADIUS_CARD, S1, S2, S3, T


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """One place: what it is called, a second line, and how it stands in a word, a shape and a tone."""

    id: str
    icon: str
    name: str
    more: str
    state: str
    tone: str
    tick: str


def speak(row: PlaceRow) -> str:
    """The row in words."""
    return f"{row.name}, {row.more}, {row.state}"


class PlaceDelegate(RowDelegate):
    """Row, 60 px: 12 | glyph 20 | 12 | name over handle | state pill | 12."""

    GAP, CHOSEN, RIM, RADIUS = S1, "accent_tint", "accent_tint", float(RADIUS_CARD)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, T.h(56) + S1)

    def draw(self, p: QPainter, rect: QRectF, index: Index, *, chosen: bool) -> None:  # noqa: ARG002
        row: PlaceRow = index.data(ITEM)
        paint.icon_in(p, rect.adjusted(S3, 0, 0, 0), row.icon, T.ink2, 20)
        size = paint.pill_size(row.state)
        wide = min(size.width(), rect.width() * 0.45)
        at = QRectF(QPointF(rect.right() - S3 - wide, rect.center().y() - size.height() / 2), size)
        at.setWidth(wide)
        paint.pill(p, at, row.state, row.tone, icon=row.tick)
        x, line = rect.x() + S3 + T.w(20) + S3, T.h(20)
        top = QRectF(x, rect.center().y() - line, at.x() - S2 - x, line)
        paint.write(p, top, row.name, "strong", T.ink)
        paint.write(p, top.translated(0, line), row.more, "small", T.ink2, elide=Qt.TextElideMode.ElideMiddle)


class Places(Grown):
    """The list itself."""

    def __init__(self, name: str) -> None:
        super().__init__(name, speak, PlaceDelegate())
