"""What all painted lists share: read-only rows that can be spoken, row grounds, a focus ring only after a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from statusdesk_ui import paint
from statusdesk_ui.theme import RADIUS, T

Index = QModelIndex | QPersistentModelIndex
ITEM = Qt.ItemDataRole.UserRole
NOWHERE = QModelIndex()
KEYED = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class Items(QAbstractListModel):
    """Read-only rows; `speak` gives the words a screen reader says. Rows of another kind than "row" stand still."""

    def __init__(self, speak: Callable[[Any], str], parent: QListView) -> None:
        super().__init__(parent)
        self.rows: Sequence[Any] = ()
        self.speak = speak

    def put(self, rows: Sequence[Any]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == ITEM:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return paint.tip(self.speak(row))
        said = role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole)
        return self.speak(row) if said else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        still = getattr(self.rows[index.row()], "kind", "row") != "row"
        return Qt.ItemFlag.NoItemFlags if still else Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class RowDelegate(QStyledItemDelegate):
    """Saves the painter, paints the ground of a row (chosen, hovered, ringed) and leaves the rest to `draw`."""

    GAP, CHOSEN, RIM, RADIUS = 0, "surface", "line", float(RADIUS)

    def draw(self, p: QPainter, rect: QRectF, index: Index, *, chosen: bool) -> None:
        """Paint what is in the row."""
        raise NotImplementedError

    def paint(self, p: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        opt: Any = option  # its fields are there at run time; the stubs do not know them
        flag, rect = QStyle.StateFlag, QRectF(opt.rect).adjusted(0, 0, 0, -self.GAP)
        chosen, hover = bool(opt.state & flag.State_Selected), bool(opt.state & flag.State_MouseOver)
        p.save()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.flags() & Qt.ItemFlag.ItemIsEnabled:
            if chosen and self.CHOSEN:
                paint.panel(p, rect, T.colour(self.CHOSEN), T.colour(self.RIM), self.RADIUS)
            elif hover:
                paint.panel(p, rect, T.sunken, None, self.RADIUS)
            if opt.state & flag.State_HasFocus and getattr(opt.widget, "keyed", False):
                paint.ring(p, rect, self.RADIUS)
        self.draw(p, rect, index, chosen=chosen)
        p.restore()


class Keyed(QListView):
    """A list that shows its focus ring only once a key was used. `opened` says which row was entered or clicked."""

    opened = Signal(object)

    def __init__(self, name: str, speak: Callable[[Any], str], delegate: RowDelegate) -> None:
        super().__init__()
        self.keyed = False
        self.items = Items(speak, self)
        self.setModel(self.items)
        delegate.setParent(self)
        self.setItemDelegate(delegate)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._open)

    def put(self, rows: Sequence[Any]) -> None:
        """Show other rows; the place in the list stays."""
        if rows == self.items.rows:
            return
        here, scrolled = self.currentIndex().row(), self.verticalScrollBar().value()
        self.items.put(rows)
        if 0 <= here < len(rows):
            self.setCurrentIndex(self.items.index(here, 0))
        self.verticalScrollBar().setValue(scrolled)

    def choose(self, row: int) -> None:
        """Mark a row as the present one; -1 marks none."""
        if row < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self.items.index(row, 0))

    def current(self) -> Any:
        """The row that is marked, or None."""
        index = self.currentIndex()
        return self.items.rows[index.row()] if index.isValid() else None

    def _open(self, index: QModelIndex) -> None:
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.opened.emit(self.items.rows[index.row()])

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.keyed = event.reason() in KEYED
        if not self.currentIndex().isValid() and self.keyed:
            for i in range(len(self.items.rows)):
                if self.items.index(i, 0).flags() & Qt.ItemFlag.ItemIsEnabled:
                    self.setCurrentIndex(self.items.index(i, 0))
                    break
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.keyed = True
        self.viewport().update()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.keyed = False
        super().mousePressEvent(event)


class Grown(Keyed):
    """As tall as its rows: the page scrolls, never the list in it."""

    def put(self, rows: Sequence[Any]) -> None:
        super().put(rows)
        self.grow()

    def grow(self) -> None:
        """Settle the height."""
        self.scheduleDelayedItemsLayout()
        self.setFixedHeight(max(1, sum(self.sizeHintForRow(i) for i in range(len(self.items.rows)))))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.grow()
