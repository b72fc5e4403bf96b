"""The look: colour tokens for light and dark, spacing, type scale, and the palette and style sheet made from them.

Widgets never name a colour. They ask `T` for a token (`T.ink`), a font (`T.font("lead")`), a height (`T.h(32)`)
or an icon (`T.draw_icon(...)`), always at paint time, so a change of scheme or text size needs one `apply()`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QFont, QFontInfo, QPainter, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

ICONS = Path(__file__).parent / "icons"

# token: (light, dark).  *_ink is text, *_tint the surface under it, *_mark a graphic without text.
TOKENS: dict[str, tuple[str, str]] = {
    "canvas": ("#F4F4F1", "#151517"),  # window, rail
    "surface": ("#FFFFFF", "#1D1D20"),  # cards, fields, the page itself
    "sunken": ("#ECECE8", "#2A2A2E"),  # hover, wells, segmented tracks
    "line": ("#E1E0DB", "#34343A"),  # hairlines: never the only sign of anything
    "rim": ("#CDCBC4", "#4A4A52"),  # borders of buttons, which have words inside
    "edge": ("#8B8982", "#76767F"),  # borders of fields and boxes, 3:1
    "ink": ("#1C1B1A", "#EEEDEA"),
    "ink2": ("#52504B", "#BAB8B2"),
    "ink3": ("#66645E", "#A09E97"),
    "accent": ("#3B4CCA", "#5866E3"),  # one primary button per view
    "accent_over": ("#3140B0", "#4C5AD2"),
    "on_accent": ("#FFFFFF", "#FFFFFF"),
    "accent_ink": ("#3445BD", "#AAB3FF"),  # links, focus ring, the present state
    "accent_tint": ("#E9EBFA", "#262A4A"),
    "bad_ink": ("#A62018", "#FF9D94"),
    "bad_tint": ("#FBE7E4", "#3E201E"),
    "bad_mark": ("#C8342A", "#EE6A60"),
    "warn_ink": ("#7D4A00", "#F3C26B"),
    "warn_tint": ("#FBEED3", "#322713"),
    "warn_mark": ("#B26F00", "#DDA03C"),
    "good_ink": ("#1B6537", "#86D39F"),
    "good_tint": ("#E0F1E5", "#18321F"),
    "good_mark": ("#2B8450", "#55B376"),
    "info_ink": ("#27578F", "#9CC5F4"),
    "info_tint": ("#E4EDF7", "#1B2D42"),
    "info_mark": ("#3B75B5", "#6BA2E2"),
    "drill_ink": ("#0B5F5A", "#7FD6CC"),
    "drill_tint": ("#D9F0ED", "#12332F"),
    "drill_mark": ("#0F857C", "#3FAFA3"),
    # A code is dark on white in either scheme: not every reader takes one turned round.
    "code_paper": ("#FFFFFF", "#FFFFFF"),
    "code_ink": ("#000000", "#000000"),
    "shade": ("#2A2824", "#000000"),  # scrim and shadow under a sheet, used with alpha
}
TONES = ("bad", "warn", "good", "info", "drill")
TEXT_PAIRS = (  # every pair that ever carries words, 4.5:1
    [(ink, bg) for ink in ("ink", "ink2", "ink3") for bg in ("surface", "canvas", "sunken")]
    + [
        ("ink", "accent_tint"),
        ("ink2", "accent_tint"),
        ("on_accent", "accent"),
        ("on_accent", "accent_over"),
        ("surface", "ink"),
    ]
    + [("accent_ink", bg) for bg in ("surface", "canvas", "sunken", "accent_tint")]
    + [(f"{t}_ink", bg) for t in TONES for bg in (f"{t}_tint", "surface", "canvas", "sunken")]
    + [(ink, f"{t}_tint") for t in TONES for ink in ("ink", "ink2")]
)
MARK_PAIRS = (  # every graphic that carries meaning, 3:1
    [(f"{t}_mark", bg) for t in TONES for bg in ("surface", "canvas", f"{t}_tint")]
    + [(mark, bg) for mark in ("edge", "accent", "accent_ink") for bg in ("surface", "canvas")]
)

S1, S2, S3, S4, S6 = 4, 8, 12, 16, 24  # the whole spacing scale
RADIUS, RADIUS_CARD = 6, 10
TYPE: dict[str, tuple[float, int]] = {  # role: (size against the platform's text size of 13 px, weight)
    "caption": (11 / 13, 600),
    "small": (12 / 13, 400),
    "body": (1, 400),
    "medium": (1, 500),
    "strong": (1, 600),
    "text": (15 / 13, 400),
    "lead": (15 / 13, 600),
    "title": (21 / 13, 600),
    "figure": (26 / 13, 600),
    "clock": (46 / 13, 600),
}


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def luminance(hex_colour: str) -> float:
    """Relative luminance of a #RRGGBB colour, 0 to 1 (WCAG 2.2)."""
    r, g, b = (_linear(int(hex_colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """WCAG 2.2 contrast ratio of two #RRGGBB colours."""
    hi, lo = sorted((luminance(a), luminance(b)), reverse=True)
    return (hi + 0.05) / (lo + 0.05)


@cache
def _names() -> frozenset[str]:
    return frozenset(file.stem for file in ICONS.glob("*.svg"))


@lru_cache(maxsize=512)
def _renderer(name: str, colour: str, knock: str) -> QSvgRenderer:
    svg = (ICONS / f"{name}.svg").read_text("utf-8").replace("currentColor", colour).replace("#knock", knock)
    return QSvgRenderer(QByteArray(svg.encode()))


class Theme:
    """The current scheme and text size. Colour tokens are attributes holding QColor."""

    canvas: QColor
    surface: QColor
    sunken: QColor
    line: QColor
    rim: QColor
    edge: QColor
    ink: QColor
    ink2: QColor
    ink3: QColor
    accent: QColor
    accent_over: QColor
    on_accent: QColor
    accent_ink: QColor
    accent_tint: QColor
    bad_ink: QColor
    bad_tint: QColor
    bad_mark: QColor
    warn_ink: QColor
    warn_tint: QColor
    warn_mark: QColor
    good_ink: QColor
    good_tint: QColor
    good_mark: QColor
    info_ink: QColor
    info_tint: QColor
    info_mark: QColor
    drill_ink: QColor
    drill_tint: QColor
    drill_mark: QColor
    code_paper: QColor
    code_ink: QColor
    shade: QColor

    def __init__(self) -> None:
        self.dark, self.scale, self.base = False, 1.0, 13
        self._fonts: dict[str, QFont] = {}
        self._load()

    def _load(self) -> None:
        self._fonts.clear()
        for name, pair in TOKENS.items():
            setattr(self, name, QColor(pair[self.dark]))

    def tone(self, tone: str, part: str) -> QColor:
        """The colour of a tone's part (ink, tint or mark); the tone "plain" is the neutral one."""
        plain = {"ink": "ink2", "tint": "sunken", "mark": "edge"}
        return self.colour(plain[part] if tone == "plain" else f"{tone}_{part}")

    def colour(self, token: str) -> QColor:
        """A token by its name."""
        colour: QColor = getattr(self, token)
        return colour

    def h(self, px: int) -> int:
        """A height that grows with the text and stays on the 4 px grid."""
        return round(px * self.base / 13 * self.scale / 4) * 4

    def w(self, px: int) -> int:
        """A width that grows with the text."""
        return round(px * self.base / 13 * self.scale)

    def px(self, role: str) -> int:
        """The pixel size of a role of text."""
        return round(self.base * self.scale * TYPE[role][0])

    def font(self, role: str) -> QFont:
        """The font of a role of text: the platform's family, with tabular digits from `apply`."""
        if role not in self._fonts:
            font = QFont(QApplication.font())
            font.setPixelSize(self.px(role))
            font.setWeight(QFont.Weight(TYPE[role][1]))
            if role in ("title", "figure", "clock"):
                font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 98)
            self._fonts[role] = font
        return self._fonts[role]

    @staticmethod
    def known_icon(name: str, otherwise: str) -> str:
        """The icon's name, or another where we have no such drawing."""
        return name if name in _names() else otherwise

    def draw_icon(self, p: QPainter, name: str, rect: QRectF, colour: QColor, knock: QColor | None = None) -> None:
        """Draw icons/NAME.svg in one token's colour; crisp at any device pixel ratio."""
        _renderer(name, colour.name(), (knock or self.surface).name()).render(p, rect)

    def apply(self, app: QApplication, *, dark: bool, scale: float = 1.0) -> None:
        """Switch every window to a scheme and a text size."""
        self.dark, self.scale = dark, scale
        self.base = min(15, max(13, QFontInfo(app.font()).pixelSize()))
        font = QFont(app.font())
        font.setFeature(QFont.Tag("tnum"), 1)  # digits that count down must not dance
        app.setFont(font)
        self._load()
        app.setPalette(self._palette())
        app.setStyleSheet(self._style_sheet())

    def _palette(self) -> QPalette:
        role, palette = QPalette.ColorRole, QPalette()
        for token, roles in {
            "canvas": (role.Window,),
            "surface": (role.Base, role.Button, role.Light, role.ToolTipBase),
            "sunken": (role.AlternateBase, role.Midlight),
            "line": (role.Mid,),
            "edge": (role.Dark,),
            "ink": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText),
            "ink3": (role.PlaceholderText,),
            "accent": (role.Accent, role.Highlight),
            "on_accent": (role.HighlightedText,),
            "accent_ink": (role.Link, role.LinkVisited),
        }.items():
            for one in roles:
                palette.setColor(one, self.colour(token))
        for one in (role.Text, role.ButtonText, role.WindowText):
            palette.setColor(QPalette.ColorGroup.Disabled, one, self.ink3)
        return palette

    def _style_sheet(self) -> str:
        c = {name: pair[self.dark] for name, pair in TOKENS.items()}
        fonts = "\n".join(
            f'QLabel[role="{role}"] {{ font-size: {self.px(role)}px; font-weight: {weight}; }}'
            for role, (_size, weight) in TYPE.items()
        )
        inks = {"ink2": "ink2", "ink3": "ink3", "accent": "accent_ink", **{t: f"{t}_ink" for t in TONES}}
        inks_css = "\n".join(f'QLabel[tone="{t}"] {{ color: {c[ink]}; }}' for t, ink in inks.items())
        bars = "\n".join(
            f'QFrame[bar="{t}"] {{ background: {c[bg]}; border-radius: {RADIUS}px; }}'
            for t, bg in (("plain", "sunken"), *((t, f"{t}_tint") for t in TONES))
        )
        return f"""
* {{ font-size: {self.px("body")}px; }}
{fonts}
{inks_css}
{bars}
QWidget[ground="canvas"] {{ background: {c["canvas"]}; }}
QWidget[ground="surface"] {{ background: {c["surface"]}; }}
*[card="true"] {{ background: {c["surface"]}; border: 1px solid {c["line"]}; border-radius: {RADIUS_CARD}px; }}
*[card="field"] {{ background: {c["surface"]}; border: 1px solid {c["edge"]}; border-radius: {RADIUS}px; }}
*[card="field"] QTextEdit {{ border: none; }}
QFrame[rule="true"] {{ background: {c["line"]}; border: none; }}
QLineEdit, QTextEdit {{ background: {c["surface"]}; color: {c["ink"]}; border: 1px solid {c["edge"]};
  border-radius: {RADIUS}px; selection-background-color: {c["accent"]}; selection-color: {c["on_accent"]};
  placeholder-text-color: {c["ink3"]}; }}
QLineEdit {{ padding: 0 {S2}px; min-height: {self.h(32) - 2}px; max-height: {self.h(32) - 2}px;
  lineedit-password-character: 8226; }}
QLineEdit:focus, QTextEdit:focus {{ border-color: {c["accent"]}; }}
QLineEdit[problem="true"], *[card="field"][problem="true"] {{ border-color: {c["bad_mark"]}; }}
QLineEdit:disabled {{ background: {c["canvas"]}; color: {c["ink2"]}; border-color: {c["line"]}; }}
QTextEdit:disabled {{ color: {c["ink2"]}; }}
QListView, QTableView, QScrollArea {{ background: transparent; border: none; outline: 0; }}
QComboBox QAbstractItemView {{ background: {c["surface"]}; border: 1px solid {c["rim"]}; border-radius: {RADIUS}px;
  padding: {S1}px; outline: 0; }}
QComboBox QAbstractItemView::item {{ min-height: {self.h(28)}px; padding: 0 {S2}px; border-radius: {S1}px;
  color: {c["ink"]}; }}
QComboBox QAbstractItemView::item:selected {{ background: {c["accent_tint"]}; color: {c["ink"]}; }}
QHeaderView {{ background: transparent; border: none; }}
QHeaderView::section {{ background: {c["surface"]}; color: {c["ink2"]}; border: none;
  border-bottom: 1px solid {c["line"]}; padding: 0 {S2}px; font-size: {self.px("caption")}px; font-weight: 600; }}
QMenu {{ background: {c["surface"]}; color: {c["ink"]}; border: 1px solid {c["rim"]}; padding: {S1}px; }}
QMenu::item {{ padding: {S1}px {S4}px; border-radius: {S1}px; min-height: {self.h(20)}px; }}
QMenu::item:selected {{ background: {c["accent_tint"]}; color: {c["ink"]}; }}
QMenu::item:disabled {{ color: {c["ink3"]}; }}
QToolTip {{ background: {c["ink"]}; color: {c["surface"]}; border: none; padding: {S1}px {S2}px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {c["edge"]}; border-radius: 2px; min-height: 32px; margin: 4px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ height: 0;
  background: none; }}
"""


T = Theme()
