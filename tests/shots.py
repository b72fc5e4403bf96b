"""`make shots`: pictures of every window and every kind of page, over the same story: `python -m tests.shots FOLDER`."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path

from statusdesk.desk import Desk
from statusdesk.domain.settings import PageDraft
from statusdesk.site.serve import site_server
from tests.servers import setup
from tests.story import tell

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# name: width, scheme, whether scripts run, folder of the edition
LOOKS = {
    "light": (1280, "light", True, ""),
    "dark": (1280, "dark", True, ""),
    "phone": (360, "light", True, ""),
    "no-scripts": (1280, "light", False, ""),
    "right-to-left": (1280, "light", True, "ar/"),
    "right-to-left-phone": (360, "dark", True, "ar/"),
}


def pages(desk: Desk, folder: Path) -> list[Path]:
    """Every kind of page in Chromium: light, dark, on a phone, without scripts, from right to left."""
    from playwright.sync_api import sync_playwright

    desk.edit_page(PageDraft(languages=("ar",)))
    desk.deliver()
    board = desk.board()
    open_ref, over_ref = board.open_incidents[0].ref, board.waiting[0].ref
    month = board.open_incidents[0].started_at.astimezone(board.page.zone)
    kinds = {
        "home": "",
        "incident": f"incidents/{open_ref}/",
        "resolved": f"incidents/{over_ref}/",
        "component": "components/card-payments/",
        "month": f"history/{month:%Y-%m}/",
        "history": "history/",
        "maintenance": f"maintenance/{board.planned[0].ref}/",
        "prevention": "prevention/",
        "promise": "promise/",
        "follow": "follow/",
        "not-found": "nothing-here/",
    }
    server = site_server(Path(board.page.output_dir), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(setup.chromium()), args=list(FLAGS))
        for look, (width, scheme, scripts, edition) in LOOKS.items():
            context = browser.new_context(
                viewport={"width": width, "height": 860},
                color_scheme="dark" if scheme == "dark" else "light",
                java_script_enabled=scripts,
                timezone_id="Europe/London",
            )
            page = context.new_page()
            for kind, path in kinds.items():
                page.goto(f"http://127.0.0.1:{server.server_address[1]}/{edition}{path}")
                file = folder / f"page-{kind}-{look}.png"
                page.screenshot(path=str(file), full_page=True)
                made.append(file)
            context.close()
        browser.close()
    server.shutdown()
    server.server_close()
    return made


def windows(desk: Desk, folder: Path) -> list[Path]:
    """Every window, light and dark, in two sizes, and once with large text."""
    from statusdesk_ui.app import make_application
    from statusdesk_ui.shots import every_window

    app = make_application(["statusdesk-shots"])
    made = every_window(app, desk, folder)
    return made + every_window(app, desk, folder, sizes=[(1280, 800)], schemes=["light"], text=1.5)


def main() -> int:
    """Take them all."""
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="statusdesk-shots-") as scratch:
        desk = tell(Path(scratch))
        label = desk.label
        try:
            made = pages(desk, folder)
        finally:
            desk.shut()
        live = Desk.open(label)  # with the real clock, so that countdowns run
        try:
            made += windows(live, folder)
        finally:
            live.shut()
    print(f"{len(made)} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
