"""A draft survives `kill -9` of the real process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from statusdesk.desk import Desk
from tests.ui.conftest import Open

ROOT = Path(__file__).parents[2]


def test_a_draft_survives_a_kill_and_is_offered_at_the_next_start(
    desk: Desk, tills: str, workspace: Path, tmp_path: Path, opened: Callable[[], Open]
) -> None:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "ui")]),
    }
    command = [sys.executable, str(Path(__file__).with_name("kill_me.py")), str(workspace), str(tmp_path / "look.ini")]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "saved"
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()
    kept = desk.load_draft(f"update:{tills}")
    assert kept is not None
    assert kept["message"] == "Eleven of 14 stores work again"
    main = opened()
    bar = main.window.frame.messages
    main.until(bar.isVisible)
    assert bar.words.text() == "You were writing an update for Tills. Continue?"
    bar.act.click()
    main.until(lambda: main.window.composer is not None and main.window.composer.context is not None)
    form = main.window.composer.form  # type: ignore[union-attr]
    assert form.editor.toPlainText() == "Eleven of 14 stores work again"
    assert form.eta.instant is not None
    main.settle()
