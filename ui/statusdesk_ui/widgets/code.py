"""A QR code: dark on white in either scheme, with the quiet edge that readers need."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from statusdesk_ui.layout import FIXED, Drawn
from statusdesk_ui.theme import T

MOST_BYTES = 1200  # beyond, the dots are too small for a phone held before a screen
QUIET = 4  # modules, as the standard asks
LEAST_STEP = 3  # pixels a module, so that a phone can tell them apart: a long text needs a larger code


class Code(Drawn, QWidget):
    """One text as a code; what is too long for one is for `fits` to say."""

    def __init__(self, text: str, name: str, side: int = 208) -> None:
        super().__init__()
        import segno  # noqa: PLC0415  loaded when somebody needs a code

        self.side = side
        self.matrix = [bytes(row) for row in segno.make(text, error="l", micro=False, encoding="utf-8").matrix]
        self.setSizePolicy(FIXED, FIXED)
        self.setAccessibleName(name)

    @staticmethod
    def fits(text: str) -> bool:
        """Whether a phone can read it from a screen."""
        return 0 < len(text.encode()) <= MOST_BYTES

    def want(self) -> tuple[float, float]:
        side = max(T.w(self.side), LEAST_STEP * (len(self.matrix) + 2 * QUIET))
        return side, side

    def draw(self, p: QPainter) -> None:
        p.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        p.fillRect(self.rect(), T.code_paper)
        modules = len(self.matrix) + 2 * QUIET
        step = max(1, min(self.width(), self.height()) // modules)
        left = (self.width() - step * len(self.matrix)) / 2
        top = (self.height() - step * len(self.matrix)) / 2
        for y, row in enumerate(self.matrix):
            for x, dark in enumerate(row):
                if dark:
                    p.fillRect(QRectF(left + x * step, top + y * step, step, step), T.code_ink)
