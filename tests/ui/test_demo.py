"""The demo on the real windows, twice, and pictures of every window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from statusdesk.desk import Desk
from statusdesk.domain.incident import IncidentState
from statusdesk_ui import demo
from statusdesk_ui.app import Desktop
from statusdesk_ui.settings import Settings
from statusdesk_ui.shots import every_window
from statusdesk_ui.theme import T
from tests.ui.conftest import HOLD_S, gone


def test_the_main_job_is_done_on_the_real_windows_and_can_be_done_again(
    qapp: QApplication, tmp_path: Path, workspace: Path
) -> None:
    for run in (1, 2):
        desktop = Desktop(qapp, workspace, Settings(tmp_path / "x.ini"), hold_s=HOLD_S, output_dir=tmp_path / "site")
        desktop.start()
        story = demo.run(desktop, tmp_path / f"shots{run}", posts=tmp_path / "posts")
        assert story.ref == f"SD-{story.ref[3:7]}-{run:04}"
        assert len(story.pictures) >= 8
        desktop.shut()
        for window in (desktop.window, desktop.first_run):
            if window is not None:
                gone(window)
    T.apply(qapp, dark=False)
    desk = Desk.open(workspace)
    try:
        view = desk.incident(story.ref)
        assert view.incident.state is IncidentState.RESOLVED
        assert view.cause is not None
        assert view.cause.public_md == demo.CAUSE
        assert [step.public_md for step in view.steps] == [demo.STEP]
        assert view.eta is not None
        assert len(view.updates) == 3
        assert all(d.state.arrived for d in view.deliveries)
    finally:
        desk.shut()
    page = (tmp_path / "site" / "incidents" / story.ref / "index.html").read_text("utf-8")
    assert demo.CAUSE in page
    assert demo.STEP in page
    posts = sorted((tmp_path / "posts").rglob("*.txt"))
    assert len(posts) == 6


def test_every_window_is_pictured_and_the_record_stays_as_it_is(
    qapp: QApplication, desk: Desk, tills: str, tmp_path: Path
) -> None:
    made = every_window(qapp, desk, tmp_path / "shots", sizes=((1024, 640),), schemes=("dark",))
    names = {file.name for file in made}
    assert {"main-dark-1024.png", "new-dark-1024.png", "resolve-dark-1024.png", "first-run-dark-1024.png"} <= names
    for file in made:
        assert QImage(str(file)).width() >= 1024
    assert [row.ref for row in desk.incidents()] == [tills]
    assert desk.drafts() == ()
