"""The seconds between Publish and publishing, in which Esc still stops everything."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame

from statusdesk_ui import paint
from statusdesk_ui.layout import Drawn, Label, across, down
from statusdesk_ui.theme import S6, T
from statusdesk_ui.widgets.controls import Button

HOLD_S = 5.0


class Hold(Drawn, QFrame):
    """Counts down `seconds`; ends with `stopped` or with `over`. Until then nothing has left this computer."""

    stopped = Signal()
    over = Signal()

    def __init__(self, seconds: float = HOLD_S) -> None:
        super().__init__()
        self.whole = self.left = seconds
        self.stop = Button("Stop", "plain", "close", key="Esc", name="Stop, nothing has been sent")
        self.stop.clicked.connect(self._stop)
        self.title = Label("", "lead")
        self.sub = Label("Nothing has left this computer yet.", "body", "ink2")
        self.setLayout(
            across(T.h(60), down(None, self.title, self.sub, None, gap=2), None, self.stop, margins=(S6, 0, S6, 0))
        )
        self.since = QElapsedTimer()
        self.timer = QTimer(self, interval=50)
        self.timer.timeout.connect(self._tick)

    def begin(self, places: str) -> None:
        """Start counting; `places` says where the words are going."""
        self.sub.say(f"{places}. Nothing has left this computer yet.")
        self.since.start()
        self._set_left(self.whole)
        self.timer.start()

    def end(self) -> None:
        """Count no more, without a word."""
        self.timer.stop()

    def freeze(self, left: float) -> None:
        """Stand still, for a picture."""
        self.timer.stop()
        self._set_left(left)

    @property
    def running(self) -> bool:
        """Whether it counts."""
        return self.timer.isActive()

    def _stop(self) -> None:
        if self.running:
            self.timer.stop()
            self.stopped.emit()

    def _tick(self) -> None:
        self._set_left(self.whole - self.since.elapsed() / 1000)
        if self.left <= 0:
            self.timer.stop()
            self.over.emit()

    def _set_left(self, left: float) -> None:
        self.left = max(0.0, left)
        seconds = -int(-self.left // 1)
        said = f"Publishing in {seconds} s. Esc stops." if seconds else "Publishing"
        if said != self.title.text():
            self.title.say(said)
            self.setAccessibleName(said)
        self.update()

    def want(self) -> tuple[float, float]:
        return T.w(480), T.h(64)

    def draw(self, p: QPainter) -> None:
        p.fillRect(self.rect(), T.accent_tint)
        share = self.left / self.whole if self.whole else 0.0
        p.fillRect(QRectF(0, 0, self.width() * share, 3), T.accent)
        side = T.h(44) - 4
        ring = QRectF(S6 + 2, (self.height() - side) / 2, side, side)
        p.setPen(QPen(T.surface, 4))
        p.drawEllipse(ring)
        p.setPen(QPen(T.accent_ink, 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        p.drawArc(ring, 90 * 16, round(360 * 16 * share))
        paint.write(p, ring, str(-int(-self.left // 1)), "lead", T.ink, flags=paint.CENTER)
