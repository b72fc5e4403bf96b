"""PySide6 6.12.0 on Python 3.11 loses a reference to None on every call that returns it, and aborts after thousands."""

from __future__ import annotations

import os
import subprocess
import sys

CALLS = """
import sys
from PySide6.QtWidgets import QApplication, QWidget, QLabel, QVBoxLayout
app = QApplication([])
holder, label = QWidget(), QLabel()
before = sys.getrefcount(None)
for i in range(50_000):
    holder.setObjectName("x")
    label.setText("y")
    holder.layout()
    label.update()
print(before - sys.getrefcount(None))
"""


def test_fifty_thousand_calls_that_return_none_lose_no_reference() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", CALLS], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    lost = int(done.stdout)
    assert abs(lost) < 1000  # from Python 3.12 on None is immortal and its count stands still
