"""How fast the window is with 5,000 incidents in the workspace: first paint, and the longest time it stood still.

`python -m tests.benchmarks.bench_window` makes the workspace (or takes the one in `--workspace`), starts the desktop in
a process of its own, twice so that the second start is warm, and prints one JSON object. Nothing is judged here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
INCIDENTS = 5000
BEAT_MS = 1


def fill(workspace: Path, count: int) -> None:
    """A workspace with one open incident and thousands that are over."""
    from statusdesk import clock
    from statusdesk.desk import Desk
    from statusdesk.domain.component import ComponentStatus
    from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
    from statusdesk.domain.incident import Impact

    present = clock.now()
    ticking = [present - timedelta(hours=2 * count + 2)]
    desk = Desk.create(
        workspace, name="Northlake", components=[f"Service {i}" for i in range(20)], now=lambda: ticking[0]
    )
    names = [row.component.id for row in desk.components()]
    impacts = (Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)
    for i in range(count):
        draft = IncidentDraft(
            title=f"Service {i % 20}: problem number {i}",
            message=f"Something does not work since this morning. This is problem number {i}.",
            impact=impacts[i % 3],
            components=((names[i % 20], ComponentStatus.PARTIAL_OUTAGE),),
        )
        ref = desk.open_incident(draft).ref
        ticking[0] += timedelta(hours=1)
        if i < count - 1:
            desk.resolve(ref, UpdateDraft(message="It works again."))
        ticking[0] += timedelta(hours=1)
    desk.shut()


CHILD = """
import json, os, sys, time
STARTED = float(sys.argv[1])
figures = {}
from pathlib import Path
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
figures["qt_imported_ms"] = (time.time() - STARTED) * 1000
from statusdesk_ui.app import Desktop, make_application
from statusdesk_ui.settings import Settings
app = make_application(["statusdesk"])
desktop = Desktop(app, Path(sys.argv[2]), Settings(Path(sys.argv[3])))

class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and "first_paint_ms" not in figures:
            figures["first_paint_ms"] = (time.time() - STARTED) * 1000
        return False

painted = Painted()
app.installEventFilter(painted)
desktop.start()
app.processEvents()
app.removeEventFilter(painted)

beat, gaps = QElapsedTimer(), {}
phase = "opening"
def heart():
    gap = beat.nsecsElapsed() / 1e6
    beat.start()
    gaps[phase] = max(gaps.get(phase, 0), gap)
heartbeat = QTimer(interval=%(beat)d)
heartbeat.timeout.connect(heart)
from statusdesk_ui.shots import breathe, settle, until
beat.start()
heartbeat.start()
until(lambda: desktop.session is not None and desktop.window.page, "the board")
figures["board_shown_ms"] = (time.time() - STARTED) * 1000
session, window = desktop.session, desktop.window
session.courier.stop()
until(lambda: session.tasks.running == 0, "quiet")
breathe(300)
phase = "refreshing"
for _ in range(5):
    session.refresh()
    until(lambda: session.tasks.running == 0, "quiet")
phase = "all incidents"
began = time.perf_counter()
page = window.show_page("incidents")
until(lambda: page.table.rows, "rows")
breathe(50)
figures["all_incidents_ms"] = (time.perf_counter() - began) * 1000
phase = "scrolling"
for _ in range(40):
    page.list.scrollToBottom()
    breathe(5)
    until(lambda: session.tasks.running == 0, "quiet")
    if page.table.complete:
        break
figures["rows_read"] = len(page.table.rows)
phase = "filtering"
times = []
for text in ("prob", "problem number 49", "Service 7", "nothing like it", ""):
    began = time.perf_counter()
    page.search.setText(text)
    page.read()
    until(lambda: session.tasks.running == 0, "quiet")
    breathe(20)
    times.append((time.perf_counter() - began) * 1000)
figures["filter_ms"] = max(times)
phase = "opening an incident"
window.show_incident(page.table.rows[0].ref)
breathe(200)
phase = "typing"
window.compose(window.pages["incident"].view)
until(lambda: window.composer is not None and window.composer.context is not None, "composer")
window.composer.keeper.ended = True
from PySide6.QtTest import QTest
for c in "Everything is slow since nine o'clock this morning in all of our stores.":
    QTest.keyClick(window.composer.form.editor, c)
    breathe(8)
breathe(400)
phase = "typing into 20,000 characters"
window.composer.form.editor.put("All tills are down since nine. " * 640)
breathe(400)
gaps.pop(phase, None)
beat.start()
for c in "and so are the scales":
    QTest.keyClick(window.composer.form.editor, c)
    breathe(8)
breathe(400)
heartbeat.stop()
figures["longest_block_ms"] = {name: round(ms, 1) for name, ms in gaps.items()}
print(json.dumps({name: round(v, 1) if isinstance(v, float) else v for name, v in figures.items()}), flush=True)
window.composer.leave()
window.close()
desktop.shut()
"""


def start(workspace: Path, settings: Path) -> dict[str, object]:
    """One start of the desktop in a process of its own."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "ui")]),
    }
    command = [sys.executable, "-c", CHILD % {"beat": BEAT_MS}, repr(time.time()), str(workspace), str(settings)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Print the figures of a cold and of a warm start."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--workspace", type=Path)
    ask.add_argument("--incidents", type=int, default=INCIDENTS)
    known = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = known.workspace or Path(folder) / "workspace"
        if not workspace.exists():
            fill(workspace, known.incidents)
        settings = Path(folder) / "desktop.ini"
        first, warm = start(workspace, settings), start(workspace, settings)
    sys.stdout.write(json.dumps({"incidents": known.incidents, "first": first, "warm": warm}, indent=2) + "\n")


if __name__ == "__main__":
    main()
