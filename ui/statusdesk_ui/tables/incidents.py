"""All incidents as a table that reads the record in pages, so that 5,000 of them open at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QTableView

from statusdesk.clock import now
from statusdesk.domain.board import IncidentRow
from statusdesk_ui import paint, words
from statusdesk_ui.tables.base import ITEM, KEYED, NOWHERE, Index, RowDelegate
from statusdesk_ui.theme import S2, T

PAGE = 200  # rows read at a time
ROOMY = 880  # px at 100 % text: below it the last column is left out
TIGHT = 700  # px at 100 % text: below it the reference is left out too
COLUMNS = ("Reference", "Incident", "Impact", "State", "Started", "Lasted")


def _when(instant: datetime, zone: ZoneInfo) -> str:
    """The time for today and yesterday, the date for what is older."""
    day, today = instant.astimezone(zone).date(), now().astimezone(zone).date()
    return words.time_said(instant, zone) if (today - day).days <= 1 else words.date_said(day)


def _cells(row: IncidentRow, zone: ZoneInfo) -> tuple[str, ...]:
    lasted = words.span(row.resolved_at - row.started_at) if row.resolved_at else "open"
    return (
        row.ref,
        row.title,
        words.IMPACTS[row.impact],
        words.STATES[row.state],
        _when(row.started_at, zone),
        lasted,
    )


class IncidentTable(QAbstractTableModel):
    """Read-only rows. `more` is asked for the next page; whoever owns the table brings it with `add`."""

    def __init__(self, more: Callable[[int], None]) -> None:
        super().__init__()
        self.rows: list[IncidentRow] = []
        self.zone = ZoneInfo("UTC")
        self.complete, self._asked, self._more = True, False, more

    def put(self, rows: Sequence[IncidentRow], zone: ZoneInfo) -> None:
        """Show the first page of another answer."""
        self.beginResetModel()
        self.rows, self.zone = list(rows), zone
        self.complete, self._asked = len(rows) < PAGE, False
        self.endResetModel()

    def add(self, rows: Sequence[IncidentRow]) -> None:
        """Show one page more."""
        self._asked, self.complete = False, len(rows) < PAGE
        if rows:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(rows) - 1)
            self.rows.extend(rows)
            self.endInsertRows()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self.complete and not self._asked

    def fetchMore(self, parent: Index) -> None:
        if not parent.isValid():
            self._asked = True
            self._more(len(self.rows))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == ITEM:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _cells(row, self.zone)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return paint.tip(f"{row.ref}: {row.title}")
        return None


class CellDelegate(RowDelegate):
    """Rows of 38 px without a grid; impact and state as pills."""

    def paint(self, p: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        opt: Any = option
        rect = QRectF(opt.rect)
        chosen = bool(opt.state & QStyle.StateFlag.State_Selected)
        p.save()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            p.fillRect(rect.adjusted(0, 1, 0, -1), T.accent_tint)
        elif getattr(opt.widget, "hovered", -1) == index.row():
            p.fillRect(rect.adjusted(0, 1, 0, -1), T.sunken)
        self.draw(p, rect.adjusted(S2, 0, -S2, 0), index, chosen=chosen)
        p.restore()

    def draw(self, p: QPainter, rect: QRectF, index: Index, *, chosen: bool) -> None:  # noqa: ARG002
        row: IncidentRow = index.data(ITEM)
        text, column = str(index.data()), index.column()
        if column == 2:
            size = paint.pill_size(text)
            spot = QRectF(rect.x(), rect.center().y() - size.height() / 2, size.width(), size.height())
            tone = words.IMPACT_TONES[row.impact] if row.state.is_open else "plain"
            paint.pill(p, spot, text, tone, level=row.impact.rank, icon="" if row.impact.rank else "tick-off")
            return
        role = "strong" if column == 1 and row.state.is_open else "body" if column == 1 else "small"
        if column == 3 and row.trouble:
            paint.icon_in(p, rect, "tick-failed", T.bad_mark, 14)
            rect = rect.adjusted(T.w(20), 0, 0, 0)
        ink = T.ink if column == 1 or (column == 3 and row.state.is_open) else T.ink2
        paint.write(p, rect, text, role, ink)


class IncidentList(QTableView):
    """The table itself. `opened` gives the reference of the incident that was entered or clicked."""

    opened = Signal(str)

    def __init__(self, model: IncidentTable) -> None:
        super().__init__()
        self.keyed, self.hovered = False, -1
        self.table = model
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setAccessibleName("All incidents")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self._open)
        self.scaled()

    def scaled(self) -> None:
        """Take the sizes of the present text size."""
        self.verticalHeader().setDefaultSectionSize(T.h(40))
        self.horizontalHeader().setFixedHeight(T.h(32))
        for column, (role, sample) in enumerate(
            (
                ("small", "SD-2026-00000"),
                ("", ""),
                ("caption", "mm Critical "),
                ("small", "mm Investigating"),
                ("small", "yesterday 00:00 MM"),
                ("small", "23 h 59 min"),
            )
        ):
            if not sample:
                self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
                continue
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, round(paint.width(sample, role)) + 3 * S2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # what it is about matters more than how long it took, and than its number, which the tool tip has
        self.setColumnHidden(len(COLUMNS) - 1, self.width() < T.w(ROOMY))
        self.setColumnHidden(0, self.width() < T.w(TIGHT))
        here = self.currentIndex()
        if here.isValid() and self.isColumnHidden(here.column()):
            self.setCurrentIndex(self.table.index(here.row(), 1))  # from a column that is left out no key leads on

    def minimumSizeHint(self) -> QSize:
        return QSize(T.w(320), T.h(120))

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self.table.rows[index.row()].ref)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.keyed = event.reason() in KEYED
        if not self.currentIndex().isValid() and self.keyed and self.table.rows:
            self.setCurrentIndex(self.table.index(0, 1))  # a column that is never left out
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
            return
        super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.rowAt(round(event.position().y()))
        if row != self.hovered:
            self.hovered = row
            self.viewport().update()
        super().mouseMoveEvent(event)
