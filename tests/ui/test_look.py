"""Colours that can be read, drawings that exist, and a change of scheme that reaches everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

import statusdesk_ui
from statusdesk_ui.settings import Settings
from statusdesk_ui.theme import ICONS, MARK_PAIRS, TEXT_PAIRS, TOKENS, T, contrast
from statusdesk_ui.words import CLOCKS, TICKS

SOURCE = Path(statusdesk_ui.__file__).parent


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_that_carries_words_or_meaning_can_be_read(scheme: int) -> None:
    weak = [
        f"{a} on {b} is {contrast(TOKENS[a][scheme], TOKENS[b][scheme]):.2f}, needs {least}"
        for pairs, least in ((TEXT_PAIRS, 4.5), (MARK_PAIRS, 3.0))
        for a, b in pairs
        if contrast(TOKENS[a][scheme], TOKENS[b][scheme]) < least
    ]
    assert weak == []
    assert len(TEXT_PAIRS) >= 48


def test_black_on_white_has_the_contrast_of_the_standard() -> None:
    assert round(contrast("#000000", "#FFFFFF"), 2) == 21.0
    assert round(contrast("#777777", "#FFFFFF"), 2) == 4.48


def test_every_drawing_draws_something(qapp: QApplication) -> None:
    del qapp
    for file in sorted(ICONS.glob("*.svg")):
        picture = QImage(32, 32, QImage.Format.Format_ARGB32)
        picture.fill(QColor("white"))
        painter = QPainter(picture)
        T.draw_icon(painter, file.stem, QRectF(0, 0, 32, 32), QColor("black"))
        painter.end()
        inked = sum(picture.pixelColor(x, y).lightness() < 200 for x in range(32) for y in range(32))
        assert inked > 8, file.stem


def test_every_drawing_named_in_the_source_exists() -> None:
    known = {file.stem for file in ICONS.glob("*.svg")}
    named = {icon for icon, _tone, _word in (*TICKS.values(), *CLOCKS.values())}
    for file in SOURCE.rglob("*.py"):
        named |= set(re.findall(r'Glyph\("([a-z-]+)"', file.read_text("utf-8")))
        named |= set(re.findall(r'icon="([a-z-]+)"', file.read_text("utf-8")))
    assert named - known == set()
    assert T.known_icon("not-a-drawing", "share") == "share"


def test_no_colour_is_named_outside_the_theme() -> None:
    coloured = [
        file.name
        for file in SOURCE.rglob("*.py")
        if file.name != "theme.py" and re.search(r"#[0-9A-Fa-f]{6}\b|QColor\([\"'\d]", file.read_text("utf-8"))
    ]
    assert coloured == []


def test_the_chosen_scheme_and_text_size_are_kept(
    tmp_path: Path, qapp: QApplication, look: Callable[[bool, float], None]
) -> None:
    look(False, 1.0)
    settings = Settings(tmp_path / "desktop.ini")
    assert settings.scheme == ""
    settings.switch_scheme(qapp)
    assert T.dark
    settings.set_text_scale(1.5)
    again = Settings(tmp_path / "desktop.ini")
    again._kept.sync()
    assert (again.scheme, again.text_scale, again.dark()) == ("dark", 1.5, True)


def test_broken_settings_do_not_keep_the_window_from_opening(tmp_path: Path) -> None:
    file = tmp_path / "desktop.ini"
    file.write_text("[look]\ntext=enormous\nscheme=\n[window]\ngeometry=7\n", "utf-8")
    settings = Settings(file)
    assert settings.text_scale == 1.0
    assert settings.geometry() is None
