"""The promise clock and the state track: what a lead looks at while everything is on fire."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QPointF, QRectF, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPainter, QPen
from PySide6.QtWidgets import QFrame, QWidget

from statusdesk.clock import now
from statusdesk.domain.incident import IncidentState
from statusdesk_ui import paint, words
from statusdesk_ui.layout import Drawn, across
from statusdesk_ui.paint import RIGHT
from statusdesk_ui.theme import RADIUS_CARD, S2, T
from statusdesk_ui.words import CLOCKS, WARNING


class PromiseClock(Drawn, QFrame):
    """How long until the update we promised: digits, words and a track whose last five minutes are marked."""

    PAD, TRACK = 20, 28

    def __init__(self, button: QWidget) -> None:
        super().__init__()
        self.button = button
        self.made, self.due, self.zone = now(), now(), ZoneInfo("UTC")
        self.state = "calm"
        self.setLayout(across(None, button, margins=(0, 0, self.PAD, T.h(self.TRACK))))
        self.setFixedHeight(T.h(108))
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(self._tick)
        timer.start()

    def show_promise(self, made: datetime, due: datetime, zone: ZoneInfo) -> None:
        """Count towards another promise."""
        self.made, self.due, self.zone = made, due, zone
        self.setFixedHeight(T.h(108))
        self._tick()

    def want(self) -> tuple[float, float]:
        return 2 * self.PAD + T.w(256) + self.button.sizeHint().width() + self.PAD, T.h(108)

    def sentences(self, state: str, room: float = 9999) -> tuple[str, str]:
        """The two lines beside the digits, shorter where there is little room."""
        late, due = state == "late", words.time_said(self.due, self.zone)
        if room < T.w(200):
            return f"Was due {due}" if late else f"By {due}", CLOCKS[state][2]
        made = words.clock_time(self.made, self.zone)
        tail = "The page now tells customers by itself." if late else f"Promised at {made}."
        return f"Update was due at {due}" if late else f"Next update by {due}", f"{CLOCKS[state][2]}. {tail}"

    def _tick(self) -> None:
        text, state = words.countdown(self.due)
        self.setAccessibleName(", ".join((*self.sentences(state), text)))
        if state != self.state:  # said aloud once, when it changes; not every second
            self.state = state
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self.update()

    def draw(self, p: QPainter) -> None:
        text, state = words.countdown(self.due)
        icon, tone, _word = CLOCKS[state]
        rect, calm = QRectF(self.rect()), state == "calm"
        paint.panel(p, rect, T.canvas if calm else T.tone(tone, "tint"), T.line if calm else None, RADIUS_CARD)
        ink = T.ink if calm else T.tone(tone, "ink")
        track = QRectF(self.PAD, rect.bottom() - T.h(self.TRACK) + 4, rect.width() - 2 * self.PAD, T.h(16))
        face = QRectF(self.PAD, 4, track.width(), track.y() - 8)
        used = paint.write(p, face, text, "clock", ink)
        room = self.button.geometry().x() - face.x() - used - 2 * self.PAD
        lead, more = self.sentences(state, room)
        first = QRectF(face.x() + used + self.PAD, face.center().y() - T.h(24) + 1, room, T.h(24))
        second = first.translated(0, T.h(24))
        paint.write(p, first, lead, "lead", T.ink)
        paint.icon_in(p, second, icon, ink)
        paint.write(p, second.adjusted(T.w(22), 0, 0, 0), more, "body", T.ink2 if calm else ink)
        self._draw_track(p, track, tone)

    def _draw_track(self, p: QPainter, box: QRectF, tone: str) -> None:
        made, due = words.clock_time(self.made, self.zone), words.clock_time(self.due, self.zone)
        paint.write(p, box, made, "caption", T.ink2)
        paint.write(p, box, due, "caption", T.ink2, flags=RIGHT)
        side = paint.width("00:00", "caption") + S2
        bar = QRectF(box.x() + side, box.center().y() - 2, box.width() - 2 * side, 4)
        whole = max(1.0, (self.due - self.made).total_seconds())
        gone = bar.width() * min(1.0, max(0.0, (now() - self.made).total_seconds() / whole))
        paint.panel(p, bar, T.sunken if tone == "plain" else T.surface, T.rim, 2)
        paint.panel(p, QRectF(bar.x(), bar.y(), gone, 4), T.tone(tone, "mark"), None, 2)
        notch = round(bar.x() + bar.width() * max(0.0, 1 - WARNING.total_seconds() / whole))
        p.setPen(QPen(T.tone(tone, "ink"), 2))
        p.drawLine(QPointF(notch, bar.y() - 4), QPointF(notch, bar.bottom() + 4))


TRACK = (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MONITORING, IncidentState.RESOLVED)


class StateTrack(Drawn, QWidget):
    """Where the incident stands: states it was in with a check, the present one bold, the others hollow."""

    GAP = 36

    def __init__(self) -> None:
        super().__init__()
        self.steps: tuple[IncidentState, ...] = TRACK
        self.current = 0
        self.been: frozenset[IncidentState] = frozenset()

    def show_state(self, state: IncidentState, been: Collection[IncidentState]) -> None:
        """Stand at another state; `been` are those it really was in. Withdrawn is a way of its own."""
        self.been = frozenset(been)
        self.steps = TRACK
        if state is IncidentState.CLOSED:
            self.steps = (*TRACK, state)
        elif state is IncidentState.WITHDRAWN:
            self.steps = (TRACK[0], state)
        self.current = self.steps.index(state)
        name = words.STATES[state]
        skipped = [words.STATES[one] for one in self.steps[: self.current] if one not in self.been]
        without = f", without {' and '.join(skipped)}" if skipped else ""
        self.setAccessibleName(f"State {name}, step {self.current + 1} of {len(self.steps)}{without}")
        self.updateGeometry()
        self.update()

    def _spots(self) -> list[tuple[str, str, float]]:
        found = []
        for i, step in enumerate(self.steps):
            role = "strong" if i == self.current else "body"
            found.append((words.STATES[step], role, T.w(18) + paint.width(words.STATES[step], role)))
        return found

    def want(self) -> tuple[float, float]:
        spots = self._spots()
        return sum(wide for _s, _r, wide in spots) + (len(spots) - 1) * self.GAP, T.h(24)

    def draw(self, p: QPainter) -> None:
        x, middle, r = 0.0, self.height() / 2, T.w(5)
        for i, (state, role, wide) in enumerate(self._spots()):
            spot, here = QRectF(x, 0, wide, self.height()), i == self.current
            past = i < self.current and self.steps[i] in self.been
            if past:
                paint.icon_in(p, spot, "check", T.good_mark, 14)
            else:
                p.setPen(QPen(T.accent_ink if here else T.edge, 1.5))
                p.setBrush(T.surface)
                p.drawEllipse(QPointF(x + T.w(7), middle), r, r)
                if here:
                    paint.panel(p, QRectF(x + T.w(7) - r / 2, middle - r / 2, r, r), T.accent_ink, None, r / 2)
            ink = T.ink if here else T.ink2 if past else T.ink3
            paint.write(p, spot.adjusted(T.w(18), 0, 1, 0), state, role, ink)
            if i:
                p.setPen(QPen(T.rim, 1))
                p.drawLine(QPointF(x - 26, middle + 0.5), QPointF(x - 10, middle + 0.5))
            x += wide + self.GAP
