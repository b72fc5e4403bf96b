"""A post as its network will show it: the text, the counter, and where it had to be cut."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from statusdesk_ui import paint
from statusdesk_ui.layout import FIXED, IGNORED, Drawn, Label, Words, across, down
from statusdesk_ui.theme import S3, S4, T
from statusdesk_ui.widgets.controls import Glyph, Pill

SHOWN = 4000  # characters of a preview; nobody reads on, and the page shows it all
CUT_MARK = "…"


class PostText(Drawn, QWidget):
    """The words, broken into lines. Where they were cut stands a red mark behind the last word that fits."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.cut = "", -1
        self.setSizePolicy(IGNORED, FIXED)

    def want(self) -> tuple[float, float]:
        return 120, 20

    def put(self, text: str, cut: int = -1) -> None:
        """Show a text; `cut` is the place behind which words were left out, or -1."""
        if (text, cut) != (self.text, self.cut):
            self.text, self.cut = text, cut
            self._fit()

    def _fit(self) -> None:
        _made, height = paint.lines(self.text, "body", self.width())
        self.setFixedHeight(max(1, round(height + 0.5)))  # height for width, settled on every resize
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def draw(self, p: QPainter) -> None:
        p.setPen(T.ink)
        made, _height = paint.lines(self.text, "body", self.width())
        made.draw(p, QPointF(0, 0))
        if self.cut < 0:
            return
        line = made.lineForTextPosition(self.cut)
        if line.isValid():
            at: Any = line.cursorToX(self.cut)  # (x, place), which the stubs do not know
            x, y = float(at[0]) + 1, line.y()
            p.setPen(QPen(T.bad_mark, 2))
            p.drawLine(QPointF(x, y), QPointF(x, y + line.height()))
            paint.panel(p, QRectF(x - 3, y - 3, 6, 6), T.bad_mark, None, 3)


class PostCard(QFrame):
    """One place: its name, its counter, the words, and what happens to what does not fit."""

    def __init__(self, icon: str, place: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.place = place
        self.post, self.count = PostText(), Label("", "caption")
        self.title = Words("", "strong", "ink")
        self.state = Pill("", "bad", "tick-failed")
        self.cut, self.foot = Glyph("scissors", "bad", 14), Words("", "small", "ink3")
        self.state.hide()
        self.title.hide()
        head = across(Glyph(icon), Words(place, "strong", "ink", 80), self.state, None, self.count)
        self.setLayout(
            down(head, self.title, self.post, across(self.cut, self.foot, None, gap=6), margins=(S4, S3, S4, S3))
        )

    def put(
        self,
        text: str,
        *,
        title: str = "",
        count: int = 0,
        limit: int = 0,
        cut: int = 0,
        foot: str = "",
        trouble: str = "",
    ) -> None:
        """Show what will be sent. `cut` is how many characters had to be left out."""
        shown = text[:SHOWN] + CUT_MARK if len(text) > SHOWN else text
        self.post.put(shown, shown.rfind(CUT_MARK) if cut else -1)
        self.title.say(title)
        self.title.setVisible(bool(title))
        self.state.say(trouble, "bad", "tick-failed")
        over = bool(limit) and count > limit
        counted = f"{count:,} of {limit:,}" if limit else f"{reading_time(text)} to read"
        said = f"{cut:,} too many: cut here, promise and link stay" if cut else foot
        self.count.say(counted, "bad" if over else "ink2")
        self.cut.setVisible(bool(cut))
        self.foot.say(said, "bad" if cut else "ink3")
        self.foot.setVisible(bool(said))
        self.setAccessibleName(f"Preview for {self.place}, {counted}, {said}")


def reading_time(text: str) -> str:
    """How long a text takes to read aloud, at about 150 words a minute."""
    seconds = max(1, round(len(text.split()) / 2.5))
    return f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
