"""Choosing what is affected: type to filter, Enter to take, one status per component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QStyleOptionViewItem, QWidget

from statusdesk.domain.board import ComponentRow
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact
from statusdesk_ui import paint, words
from statusdesk_ui.layout import Words, across, box, down, empty, stretch, tab_through
from statusdesk_ui.tables.base import ITEM, Index, Keyed, RowDelegate
from statusdesk_ui.theme import RADIUS, S1, S2, T
from statusdesk_ui.widgets.controls import Button, Select
from statusdesk_ui.widgets.fields import Field

SHOWN = 8  # suggestions at a time
OFFERED = (  # maintenance is not an incident's business
    ComponentStatus.OPERATIONAL,
    ComponentStatus.DEGRADED_PERFORMANCE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One component on offer."""

    id: str
    name: str
    more: str


def matches(rows: Sequence[ComponentRow], text: str) -> list[ComponentRow]:
    """Components whose name, group or customers' words hold the text; those that begin with it come first."""
    wanted = text.casefold().strip()

    def rank(row: ComponentRow) -> int:
        name = row.component.name.casefold()
        if name.startswith(wanted):
            return 0
        if any(word.startswith(wanted) for word in name.split()):
            return 1
        others = (*row.component.customer_words, row.group)
        return 2 if wanted in name else 3 if any(wanted in one.casefold() for one in others) else 9

    ranked = [(rank(row), i, row) for i, row in enumerate(rows)]
    return [row for place, _i, row in sorted(ranked, key=lambda one: one[:2]) if place < 9]


class _SuggestionDelegate(RowDelegate):
    CHOSEN, RIM, RADIUS = "accent_tint", "accent_tint", 4.0

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, T.h(28))

    def draw(self, p: QPainter, rect: QRectF, index: Index, *, chosen: bool) -> None:  # noqa: ARG002
        row: Suggestion = index.data(ITEM)
        inner = rect.adjusted(S2, 0, -S2, 0)
        used = paint.write(p, inner, row.name, "body", T.ink)
        paint.write(p, inner.adjusted(used + S2, 0, 0, 0), row.more, "small", T.ink3, flags=paint.RIGHT)


class Suggestions(QFrame):
    """The list under the field. Never takes the focus: the field drives it."""

    def __init__(self, home: QWidget) -> None:
        super().__init__(home)
        self.list = Keyed("Components that match", lambda row: row.name, _SuggestionDelegate())
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setLayout(across(self.list, margins=(S1, S1, S1, S1)))
        self.hide()

    def paintEvent(self, event: QEvent) -> None:
        del event
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        border: QColor = T.rim
        paint.panel(p, QRectF(self.rect()), T.surface, border, RADIUS)


class FilterField(Field):
    """The field one types into; hands the keys of the list to the list."""

    taken = Signal(str)
    left_empty = Signal()

    def __init__(self) -> None:
        super().__init__("What is affected", hint="Type to find what is affected")
        self.box: Suggestions | None = None
        self.offer: list[ComponentRow] = []
        self.textEdited.connect(lambda _text: self._drop())

    def put_offer(self, offer: list[ComponentRow]) -> None:
        """The components that may still be taken."""
        self.offer = offer
        if self.hasFocus():
            QTimer.singleShot(0, self, self._drop)

    def _drop(self) -> None:
        if not self.hasFocus() or not self.isVisible():
            self.shut()
            return
        found = matches(self.offer, self.text())
        if self.box is None:
            self.box = Suggestions(self.window())
            self.box.list.opened.connect(lambda row: self.taken.emit(row.id))
            self.window().installEventFilter(self)
        self.box.list.put([Suggestion(r.component.id, r.component.name, r.group) for r in found])
        self.box.list.choose(0 if found and self.text().strip() else -1)
        if not found:
            self.box.hide()
            return
        rows = min(SHOWN, len(found))
        at = self.mapTo(self.window(), QPoint(0, self.height() + 2))
        self.box.setGeometry(at.x(), at.y(), max(self.width(), T.w(240)), rows * T.h(28) + 2 * S1)
        self.box.raise_()
        self.box.show()

    def shut(self) -> None:
        """Take the list away."""
        if self.box is not None:
            self.box.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.shut()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """While the list is there, Esc takes it away and is no shortcut."""
        shown = self.box is not None and self.box.isVisible()
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if shown and escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        QTimer.singleShot(0, self, self._drop)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.shut()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shown = Qt.Key(event.key()), self.box is not None and self.box.isVisible()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._enter()
        elif key == Qt.Key.Key_Escape and shown:
            self.shut()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._move(1 if key == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _move(self, step: int) -> None:
        if self.box is None or not self.box.isVisible():
            self._drop()
            return
        count, here = len(self.box.list.items.rows), self.box.list.currentIndex().row()
        self.box.list.choose(max(0, min(count - 1, here + step)))

    def _enter(self) -> None:
        row = self.box.list.current() if self.box is not None and self.box.isVisible() else None
        if row is None and self.text().strip():
            found = matches(self.offer, self.text())
            row = Suggestion(found[0].component.id, "", "") if found else None
        if row is not None:
            self.taken.emit(row.id)
        elif not self.text().strip():
            self.left_empty.emit()


class ComponentPicker(QWidget):
    """What is affected, and how badly each. `changed` follows every change, `picked` the choice of one more.

    A status that nobody touched follows the impact.
    """

    changed = Signal()
    picked = Signal()
    done = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[ComponentRow, ...] = ()
        self.chosen: dict[str, ComponentStatus] = {}
        self.touched: set[str] = set()
        self.impact: Impact | None = None
        self.field, self.list = FilterField(), down(gap=S1)
        self.field.taken.connect(self.take)
        self.field.left_empty.connect(self.done)
        self.setLayout(down(self.field, self.list, gap=S1))

    def offer(self, rows: Sequence[ComponentRow]) -> None:
        """The components there are."""
        self.rows = tuple(rows)
        self._redraw()

    def names(self) -> list[str]:
        """The chosen components by name."""
        return [row.component.name for row in self.rows if row.component.id in self.chosen]

    def value(self) -> tuple[tuple[str, ComponentStatus], ...]:
        """The chosen components and their status, in the page's order."""
        return tuple((r.component.id, self.chosen[r.component.id]) for r in self.rows if r.component.id in self.chosen)

    def put(self, chosen: dict[str, ComponentStatus]) -> None:
        """Choose these, with statuses that somebody set."""
        known = {row.component.id for row in self.rows}
        self.chosen = {id_: status for id_, status in chosen.items() if id_ in known}
        self.touched = set(self.chosen)
        self._redraw()

    def follow(self, impact: Impact | None) -> None:
        """Another impact: statuses nobody touched follow it."""
        self.impact = impact
        if impact is not None:
            for id_ in self.chosen:
                if id_ not in self.touched:
                    self.chosen[id_] = words.STATUS_FOR[impact]
        self._redraw()

    def take(self, id_: str) -> None:
        """Choose one more."""
        if id_ not in self.chosen:
            self.chosen[id_] = words.STATUS_FOR[self.impact or Impact.MINOR]
        self.field.clear()
        self._redraw()
        self.changed.emit()
        self.picked.emit()

    def _leave(self, id_: str) -> None:
        self.chosen.pop(id_, None)
        self.touched.discard(id_)
        self._redraw()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _set(self, id_: str, index: int) -> None:
        self.chosen[id_] = OFFERED[index]
        self.touched.add(id_)
        self.changed.emit()

    def _redraw(self) -> None:
        self.field.put_offer([row for row in self.rows if row.component.id not in self.chosen])
        empty(self.list)
        for row in self.rows:
            if row.component.id in self.chosen:
                self.list.addWidget(self._row(row))
        if self.isVisible():
            tab_through(self.window())

    def _row(self, row: ComponentRow) -> QWidget:
        id_, name = row.component.id, row.component.name
        status = Select(f"Status of {name}", [words.STATUSES[one][0] for one in OFFERED], low=True)
        now = self.chosen[id_]
        status.setCurrentIndex(OFFERED.index(now) if now in OFFERED else 0)
        status.activated.connect(lambda index: self._set(id_, index))
        leave = Button("", "quiet", "close", name=f"{name} is not affected", low=True)
        leave.clicked.connect(lambda: self._leave(id_))
        row_box = stretch(across(Words(name, "medium", "ink"), status, leave, gap=S1, margins=(S2, 0, 0, 0)), 1)
        return box(row_box, bar="plain")
