"""The history of an incident: what was said, when, and whether it arrived at each place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QPainter, QPen, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QToolTip

from statusdesk.domain.board import IncidentView
from statusdesk.domain.delivery import Delivery, DeliveryKind
from statusdesk.domain.incident import IncidentUpdate, UpdateKind
from statusdesk.domain.promise import NextUpdatePromise, PromiseState
from statusdesk_ui import paint, words
from statusdesk_ui.tables.base import ITEM, Grown, Index, RowDelegate
from statusdesk_ui.theme import S2, S3, S4, T
from statusdesk_ui.words import TICKS


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery as a tick: where, which of the five ticks, and how it stands in words."""

    place: str
    tick: str
    word: str
    delivery: Delivery

    @property
    def loud(self) -> bool:
        """Whether it needs words, not only a tick."""
        return self.tick in ("failed", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One update. `struck` says that a later entry corrects or retracts it.

    `mends` says that it can still be corrected, `takes_back` that its text can still be taken off the page.
    """

    seq: int
    time: str
    state: str
    note: str
    text: str
    told: tuple[Told, ...]
    struck: bool
    mends: bool
    takes_back: bool


def timeline_rows(view: IncidentView, zone: ZoneInfo) -> tuple[TimelineRow, ...]:
    """The updates of an incident, newest first."""
    mending = sorted(view.updates, key=lambda u: (u.kind is UpdateKind.RETRACTION, u.seq))  # taking back wins
    struck = {u.corrects_seq: u.kind for u in mending if u.corrects_seq is not None}
    outcomes = {p.settled_seq: p for p in view.promises if p.settled_seq is not None}
    by_seq: dict[int, list[Delivery]] = {}
    for delivery in _newest_publish_only(view.deliveries):
        by_seq.setdefault(delivery.seq or 0, []).append(delivery)
    publishes = {d.destination_id for d in view.deliveries if d.kind is DeliveryKind.PUBLISH}

    def place(delivery: Delivery) -> str:
        alone = delivery.kind is DeliveryKind.PUBLISH and len(publishes) == 1
        return "Page" if alone else delivery.destination

    rows = []
    for update in reversed(view.updates):
        told = [Told(place(d), words.tick_of(d), words.delivery_word(d, zone), d) for d in by_seq.get(update.seq, [])]
        rows.append(
            TimelineRow(
                seq=update.seq,
                time=words.clock_time(update.published_at, zone),
                state=words.STATES[update.state_after],
                note=", ".join(_notes(view, update, outcomes.get(update.seq), struck.get(update.seq), zone)),
                text=update.body_plain or update.body_md,
                told=tuple(sorted(told, key=_column)),
                struck=update.seq in struck,
                mends=update.seq not in struck and update.kind is not UpdateKind.RETRACTION,
                takes_back=UpdateKind.RETRACTION not in (update.kind, struck.get(update.seq)),
            )
        )
    return tuple(rows)


def _newest_publish_only(deliveries: Sequence[Delivery]) -> Iterator[Delivery]:
    """One tick per place and update: of several runs to one target that carry an update, the newest tells."""
    newest: dict[tuple[str, int | None], Delivery] = {}
    for delivery in deliveries:
        newest[delivery.destination_id, delivery.seq] = delivery
    yield from newest.values()


def _notes(
    view: IncidentView,
    update: IncidentUpdate,
    settled: NextUpdatePromise | None,
    mended: UpdateKind | None,
    zone: ZoneInfo,
) -> Iterator[str]:
    yield f"Update {update.seq}"
    day = words.day_word(update.published_at.astimezone(zone).date(), view.incident.started_at.astimezone(zone).date())
    if day:
        yield f"{update.published_at.astimezone(zone).day} {update.published_at.astimezone(zone):%b}"
    if update.kind is UpdateKind.CORRECTION:
        yield f"corrects update {update.corrects_seq}"
    if update.kind is UpdateKind.RETRACTION:
        yield f"takes back update {update.corrects_seq}"
    if mended is not None:
        yield "corrected later" if mended is UpdateKind.CORRECTION else "taken back later"
    if update.seq == 1 and not view.incident.backfilled:
        late = update.published_at - view.incident.started_at
        if late.total_seconds() >= 60:
            yield f"first word after {words.span(late)}"
    if settled is not None and settled.settled_at is not None:
        early = words.span(settled.due_at - settled.settled_at)
        yield {
            PromiseState.KEPT: f"promise kept {early} early",
            PromiseState.LATE: f"promise late by {early}",
            PromiseState.MOVED: "promise moved",
            PromiseState.OPEN: "",
        }[settled.state]


def speak(row: TimelineRow) -> str:
    """The row in words."""
    told = ", ".join(f"{one.place}: {one.word}" for one in row.told)
    return f"{row.time}, {row.state}, {row.note}. {paint.one_line(row.text)} {told}".strip()


@lru_cache(maxsize=128)
def _layout(text: str, room: int, struck: bool, _look: tuple[int, str]) -> tuple[QTextLayout, float]:  # noqa: FBT001
    """Broken lines, kept: a text of 20,000 characters takes its time."""
    formats = []
    if struck:
        one = QTextLayout.FormatRange()
        look = QTextCharFormat()
        look.setFontStrikeOut(True)
        one.start, one.length, one.format = 0, len(text), look
        formats = [one]
    return paint.lines(text, "body", room, formats)


class TimelineDelegate(RowDelegate):
    """Time 64 | line with a dot 24 | head: state, remark, trouble in words, one column of ticks per place | text."""

    CHOSEN, PAD, GUTTER = "", 6, 88

    def body(self, row: TimelineRow, width: float) -> tuple[QTextLayout, float]:
        """The text of a row, broken into lines."""
        room = int(width - T.w(self.GUTTER) - S2)
        return _layout(row.text, room, row.struck, (T.px("body"), T.font("body").family()))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = option.widget
        assert isinstance(view, QAbstractItemView)
        _made, height = self.body(index.data(ITEM), view.viewport().width())
        return QSize(200, round((self.PAD * 2 + T.h(24) + height) / 4 + 0.5) * 4)

    def ticks(self, row: TimelineRow, rect: QRectF) -> Iterator[tuple[Told, QRectF]]:
        """Each delivery with its rectangle, from the right; the same columns in every row."""
        right = rect.right() - S2
        for told in reversed(row.told):
            wide = T.w(16) + 6 + min(paint.width(told.place, "small"), T.w(120))
            if right - wide < rect.x() + T.w(self.GUTTER) + T.w(100):
                return
            yield told, QRectF(right - wide, rect.y() + self.PAD, wide, T.h(24))
            right -= wide + S3

    def draw(self, p: QPainter, rect: QRectF, index: Index, *, chosen: bool) -> None:  # noqa: ARG002
        row: TimelineRow = index.data(ITEM)
        head = QRectF(rect.x() + S2, rect.y() + self.PAD, rect.width() - 2 * S2, T.h(24))
        paint.write(p, head, row.time, "strong", T.ink2)
        first, last = index.row() == 0, index.row() == index.model().rowCount() - 1
        x = rect.x() + T.w(self.GUTTER)
        dot = QPointF(x - 21.5, head.center().y())
        p.setPen(QPen(T.rim, 1))
        top, end = dot.y() if first else rect.y(), dot.y() if last else rect.bottom()
        p.drawLine(QPointF(dot.x(), top), QPointF(dot.x(), end))
        paint.panel(p, QRectF(dot.x() - 4, dot.y() - 4, 8, 8), T.ink2 if first else T.surface, T.ink2, 4)
        left = self._draw_ticks(p, row, rect, head)
        spot = QRectF(x, head.y(), left - x, head.height())
        used = paint.write(p, spot, row.state, "strong", T.ink)
        paint.write(p, spot.adjusted(used + S2, 0, 0, 0), row.note, "small", T.ink3)
        p.setPen(T.ink3 if row.struck else T.ink if first else T.ink2)
        self.body(row, rect.width())[0].draw(p, QPointF(x, head.bottom() + 1))

    def _draw_ticks(self, p: QPainter, row: TimelineRow, rect: QRectF, head: QRectF) -> float:
        """Ticks, and trouble in words left of them; returns where the room for the rest ends."""
        left, trouble, ink = head.right(), "", T.ink2
        for told, place in self.ticks(row, rect):
            icon, tone, _word = TICKS[told.tick]
            paint.icon_in(p, place, icon, T.tone(tone, "mark"), 16, knock=T.surface)
            name_ink = T.tone(tone, "ink") if told.loud else T.ink2
            paint.write(p, place.adjusted(T.w(16) + 6, 0, 1, 0), told.place, "small", name_ink)
            left = place.x() - S4
            if told.loud:
                trouble, ink = f"{told.place}: {told.word}", name_ink
        if trouble:
            wide = min(paint.width(trouble, "small") + 1, max(0.0, (left - rect.x() - T.w(self.GUTTER)) * 0.55))
            paint.write(p, QRectF(left - wide, head.y(), wide, head.height()), trouble, "small", ink)
            left -= wide + S3
        return left

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, _o: QStyleOptionViewItem, index: Index) -> bool:
        if index.isValid() and event.type() == QEvent.Type.ToolTip:
            for told, place in self.ticks(index.data(ITEM), QRectF(view.visualRect(index))):
                if place.contains(QPointF(event.pos())):
                    QToolTip.showText(event.globalPos(), paint.tip(f"{told.place}: {told.word}"), view)
                    return True
        QToolTip.hideText()
        return False


class Timeline(Grown):
    """The list itself. The menu key, Shift+F10, Enter or a right click ask what to do with an update."""

    asked = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__("Updates, newest first", speak, TimelineDelegate())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shift_f10 = event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if (event.key() in (Qt.Key.Key_Menu, Qt.Key.Key_Return, Qt.Key.Key_Enter) or shift_f10) and not (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self._ask(self.visualRect(self.currentIndex()).center())
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if index.isValid():
            self.setCurrentIndex(index)
        self._ask(event.pos())

    def _ask(self, at: QPoint) -> None:
        row = self.current()
        if row is not None:
            self.asked.emit(row, self.viewport().mapToGlobal(at))


def _column(told: Told) -> tuple[bool, str]:
    """The page first, then accounts in the order they were connected: ids sort by time."""
    return told.delivery.kind is not DeliveryKind.PUBLISH, told.delivery.destination_id
