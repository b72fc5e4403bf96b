"""The rail: open work with its countdowns, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from statusdesk.clock import now
from statusdesk.domain.board import Board, IncidentRow
from statusdesk_ui import paint, words
from statusdesk_ui.paint import RIGHT
from statusdesk_ui.tables.base import ITEM, Index, Keyed, RowDelegate
from statusdesk_ui.theme import S1, S2, T
from statusdesk_ui.words import CLOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class RailRow:
    """One line. kind: head, row (leads to `ref`), note (stands still). `due` shows a live countdown, `meta` a text."""

    kind: str = "row"
    text: str
    meta: str = ""
    icon: str = ""
    tone: str = "plain"
    due: datetime | None = None
    level: int = 0
    share: float = -1.0
    ref: str = ""


def rail_rows(board: Board) -> tuple[RailRow, ...]:
    """What the rail shows of a board."""
    zone, today = board.page.zone, now().astimezone(board.page.zone).date()
    rows = [RailRow(kind="head", text="Now", meta=str(len(board.open_incidents)))]
    rows += [_open_row(row) for row in words.most_urgent_first(board.open_incidents)] or [
        RailRow(kind="note", text="Nothing open")
    ]
    if board.planned:
        rows.append(RailRow(kind="head", text="Planned", meta=str(len(board.planned))))
        rows += [
            RailRow(kind="note", text=p.title, meta=words.time_said(p.starts_at, zone), icon="calendar")
            for p in board.planned
        ]
    if board.waiting:
        rows.append(RailRow(kind="head", text="Waiting for customers", meta=str(len(board.waiting))))
        rows += [_waiting_row(row) for row in board.waiting]
    if board.steps:
        rows.append(RailRow(kind="head", text="Prevention", meta=str(len(board.steps))))
        for step in board.steps:
            late = step.due_on is not None and step.due_on < today
            when = "" if step.due_on is None else f"{step.due_on.day} {step.due_on:%b}"
            rows.append(
                RailRow(
                    text=step.text,
                    meta="overdue" if late else when,
                    icon="alert" if late else "shield",
                    tone="warn" if late else "plain",
                    ref=step.incident_ref,
                )
            )
    if board.promises.total:
        kept = f"{board.promises.kept} of {board.promises.total}"
        rows.append(RailRow(kind="head", text="Numbers"))
        rows.append(RailRow(kind="note", text="Promises kept", meta=kept, icon="chart"))
    return tuple(rows)


def _open_row(row: IncidentRow) -> RailRow:
    return RailRow(text=words.short_name(row.title), due=row.due_at, level=row.impact.rank, icon="alert", ref=row.ref)


def _waiting_row(row: IncidentRow) -> RailRow:
    told = row.asked_people - row.waiting_people
    asked = f"{told} of {row.asked_people}" if row.asked_people else "resolved"
    share = told / row.asked_people if row.asked_people else -1.0
    return RailRow(text=words.short_name(row.title), meta=asked, share=share, icon="people", ref=row.ref)


def speak(row: RailRow) -> str:
    """The row in words."""
    if row.due:
        text, state = words.countdown(row.due)
        return f"{row.text}, next update in {text}, {CLOCKS[state][2]}"
    return f"{row.text} {row.meta}".strip()


class RailDelegate(RowDelegate):
    """Row, 28 px: 8 | glyph 16 | 8 | name, elided | 8 | countdown or remark | 8. Heading, 36 px: word and count."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        row: RailRow = index.data(ITEM)
        return QSize(120, T.h(36 if index.row() and row.kind == "head" else 28))

    def draw(self, p: QPainter, rect: QRectF, index: Index, *, chosen: bool) -> None:
        row: RailRow = index.data(ITEM)
        inner = rect.adjusted(S2, 0, -S2, 0)
        if row.kind == "head" or (row.kind == "note" and not row.icon):
            inner.setTop(inner.bottom() - T.h(28) + (2 if row.kind == "head" else 0))
            room = inner.adjusted(0, 0, -paint.width(row.meta, "caption") - S2, 0)
            paint.write(p, room, row.text, "caption" if row.kind == "head" else "body", T.ink3)
            paint.write(p, inner, row.meta, "caption", T.ink3, flags=RIGHT)
            return
        if row.level:
            paint.bars(p, inner.x(), rect.center().y(), row.level, T.ink2)
        elif row.share >= 0:
            paint.pie(p, inner.x(), rect.center().y(), row.share, T.ink2)
        else:
            paint.icon_in(p, inner, row.icon, T.tone(row.tone, "ink"))
        text, icon, role = row.meta, "", "small"
        ink = T.ink3 if row.tone == "plain" else T.tone(row.tone, "ink")
        if row.due:
            text, state = words.countdown(row.due)
            icon, tone, _word = CLOCKS[state]
            role, ink = "strong", T.tone(tone, "ink")
        right = inner.right() - paint.width(text, role)
        paint.write(p, inner, text, role, ink, flags=RIGHT)
        if icon:
            right -= S1 + T.w(14)
            paint.icon_in(p, QRectF(right, rect.y(), 14, rect.height()), icon, ink, 14)
        start = inner.x() + T.w(16) + S2
        room = QRectF(start, rect.y(), right - S2 - start, rect.height())
        paint.write(p, room, row.text, "strong" if chosen else "body", T.ink)


class Rail(Keyed):
    """The list itself; counts down once a second."""

    def __init__(self) -> None:
        super().__init__("Open work", speak, RailDelegate())
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(self.viewport().update)
        timer.start()

    def show_board(self, rows: Sequence[RailRow], ref: str) -> None:
        """Show rows, with the one that leads to `ref` marked."""
        self.put(rows)
        self.choose(next((i for i, row in enumerate(rows) if ref and row.ref == ref and row.kind == "row"), -1))
