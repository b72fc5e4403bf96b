"""What this computer remembers of the desktop: the scheme somebody chose, the text size, the window's place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from statusdesk_ui.theme import T

TEXT_SIZES = (1.0, 1.25, 1.5)


class Settings:
    """Kept in one small file; nothing of the record is in it."""

    def __init__(self, file: Path) -> None:
        self._kept = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def scheme(self) -> str:
        """dark, light, or empty: as the system has it."""
        return str(self._kept.value("look/scheme", ""))

    @property
    def text_scale(self) -> float:
        """Text size against the platform's."""
        try:
            scale = float(str(self._kept.value("look/text", "1.0")))
        except ValueError:
            return 1.0
        return min(max(TEXT_SIZES), max(min(TEXT_SIZES), scale))

    def set_text_scale(self, scale: float) -> None:
        """Keep a text size."""
        self._kept.setValue("look/text", str(scale))

    def step_text(self, step: int) -> bool:
        """One size larger (1) or smaller (-1), or the usual one (0); whether that is another one."""
        before = self.text_scale
        nearest = min(range(len(TEXT_SIZES)), key=lambda i: abs(TEXT_SIZES[i] - before))
        after = TEXT_SIZES[max(0, min(len(TEXT_SIZES) - 1, nearest + step))] if step else 1.0
        self.set_text_scale(after)
        return after != before

    def dark(self) -> bool:
        """Whether the dark scheme is wanted now."""
        if self.scheme:
            return self.scheme == "dark"
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark

    def apply_look(self, app: QApplication) -> None:
        """Give every window the scheme and the text size that are wanted."""
        T.apply(app, dark=self.dark(), scale=self.text_scale)

    def switch_scheme(self, app: QApplication) -> None:
        """The other scheme, from now on."""
        self._kept.setValue("look/scheme", "light" if T.dark else "dark")
        self.apply_look(app)

    def follow_system(self, app: QApplication) -> None:
        """Change with the system, unless somebody chose."""
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _s: self.apply_look(app))

    def geometry(self) -> QByteArray | None:
        """The window's place and size as it was closed."""
        kept = self._kept.value("window/geometry")
        return kept if isinstance(kept, QByteArray) else None

    def set_geometry(self, geometry: QByteArray) -> None:
        """Keep the window's place and size."""
        self._kept.setValue("window/geometry", geometry)
