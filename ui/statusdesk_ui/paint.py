"""Small drawings shared by delegates and painted widgets. All take tokens from the theme, none knows a colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTextLayout, QTextOption

from statusdesk_ui.theme import RADIUS, S2, T

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTER = Qt.AlignmentFlag.AlignCenter
LONGEST_LINE = 400  # characters; no screen shows more on one line, and measuring 20,000 of them takes its time


def one_line(text: str) -> str:
    """A text as it can stand on one line."""
    return " ".join(text[: LONGEST_LINE * 2].split())[:LONGEST_LINE]


def short(text: str, lines: int) -> str:
    """A text as it can stand on some lines, without breaks of its own."""
    return " ".join(text[: LONGEST_LINE * 2 * lines].split())[: LONGEST_LINE * lines]


def tip(text: str) -> str:
    """A text as a tool tip shows it: never as markup, whatever is in it."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{safe}</span>" if safe else ""


def width(text: str, role: str) -> float:
    """How wide one line is, in pixels."""
    return QFontMetricsF(T.font(role)).horizontalAdvance(text[:LONGEST_LINE])


def write(
    p: QPainter,
    rect: QRectF,
    text: str,
    role: str,
    colour: QColor,
    *,
    flags: Qt.AlignmentFlag = LEFT,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> float:
    """Write one line, elided to the rectangle; returns the width it took."""
    p.setFont(T.font(role))
    p.setPen(colour)
    metrics = QFontMetricsF(T.font(role))
    text = metrics.elidedText(one_line(text), elide, rect.width() + 1)
    p.drawText(rect, flags | Qt.TextFlag.TextSingleLine, text)
    return metrics.horizontalAdvance(text)


def lines(
    text: str, role: str, room: float, formats: Sequence[QTextLayout.FormatRange] = ()
) -> tuple[QTextLayout, float]:
    """Text broken into lines of the given width, and the height it takes."""
    made, y, step = QTextLayout(text.replace("\n", "\u2028"), T.font(role)), 0.0, line_height(role)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)  # a word may be longer than the window
    made.setTextOption(option)
    made.setFormats(list(formats))
    made.beginLayout()
    while (line := made.createLine()).isValid():
        line.setLineWidth(max(room, 1))
        line.setPosition(QPointF(0, y))
        y += step
    made.endLayout()
    return made, y


def broken(text: str, role: str, room: float, most: int) -> list[str]:
    """The first lines of a text in the given width; the last of them holds all the rest, to be elided. Never none."""
    made, found, done = lines(text, role, room)[0], [], 0
    for i in range(min(made.lineCount(), most)):
        line = made.lineAt(i)
        found.append(text[done:] if i == most - 1 else text[done : line.textStart() + line.textLength()].rstrip())
        done = line.textStart() + line.textLength()
    return found or [""]


def line_height(role: str) -> float:
    """From one line of running text to the next, in pixels."""
    return QFontMetricsF(T.font(role)).height() * 1.3


def panel(p: QPainter, rect: QRectF, fill: QColor | None, border: QColor | None = None, radius: float = RADIUS) -> None:
    """A rounded surface whose 1 px border lies inside the rectangle."""
    p.setPen(QPen(border, 1) if border else Qt.PenStyle.NoPen)
    p.setBrush(fill or Qt.BrushStyle.NoBrush)
    inset = 0.5 if border else 0
    p.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


def icon_in(p: QPainter, rect: QRectF, name: str, ink: QColor, size: int = 16, *, knock: QColor | None = None) -> None:
    """Icon at the left end of `rect`, on its middle line."""
    size = T.w(size)
    T.draw_icon(p, name, QRectF(rect.x(), rect.center().y() - size / 2, size, size), ink, knock)


def bars(p: QPainter, x: float, middle: float, level: int, colour: QColor) -> None:
    """Impact as three bars, filled up to the level: readable without colour. 16 px wide at 100 %."""
    u = T.w(16) / 16
    for i in range(3):
        rect = QRectF(x + (1 + i * 5) * u, middle + (2 - 4 * i) * u, 3.5 * u, (4 + 4 * i) * u)
        panel(p, rect, colour if i < level else None, None if i < level else colour, 1)


def pie(p: QPainter, x: float, middle: float, share: float, colour: QColor) -> None:
    """A share of a whole, from 0 to 1, as a filled slice."""
    u = T.w(16) / 16
    rect = QRectF(x + 2 * u, middle - 6 * u, 12 * u, 12 * u)
    p.setPen(QPen(colour, 1.5 * u))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawEllipse(rect)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(colour)
    p.drawPie(rect.adjusted(2 * u, 2 * u, -2 * u, -2 * u), 90 * 16, round(-360 * 16 * share))


def key_width(text: str) -> float:
    """How wide the cap of a key hint is."""
    return max(width(text, "caption") + 10, 18)


def key_cap(p: QPainter, right: float, middle: float, text: str, *, fill: QColor | None, ink: QColor) -> None:
    """A key hint ending at `right`."""
    rect = QRectF(right - key_width(text), middle - T.h(20) / 2, key_width(text), T.h(20))
    panel(p, rect, fill, None, 4)
    write(p, rect, text, "caption", ink, flags=CENTER)


def pill_size(text: str, *, glyph: bool = True) -> QSizeF:
    """How large a pill is."""
    return QSizeF(width(text, "caption") + 16 + (T.w(18) if glyph else 0), T.h(20))


def pill(p: QPainter, rect: QRectF, text: str, tone: str, *, icon: str = "", level: int = 0) -> None:
    """Word + shape + tint."""
    ink = T.tone(tone, "ink")
    panel(p, rect, T.tone(tone, "tint"), None, rect.height() / 2)
    words = rect.adjusted(S2 + (T.w(17) if icon or level else 0), 0, -S2 + 2, 0)
    if level:
        bars(p, rect.x() + S2 - 2, rect.center().y(), level, ink)
    elif icon:
        icon_in(p, rect.adjusted(S2 - 2, 0, 0, 0), icon, ink, 14, knock=T.tone(tone, "tint"))
    write(p, words, text, "caption", ink)


def ring(p: QPainter, rect: QRectF, radius: float = RADIUS) -> None:
    """The focus ring, 2 px, inside the rectangle."""
    p.setPen(QPen(T.accent_ink, 2))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)
