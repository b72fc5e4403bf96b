"""The command line as scripts meet it: real processes, each with a home and a workspace of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from statusdesk.desk import Desk
from tests.e2e.browsing import CHROMIUM, FLAGS, WATCH

ROOT = Path(__file__).resolve().parents[2]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON document on stdout; anything beside it fails."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


class Ctl:
    """`statusdeskctl` in a folder: call it with its arguments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace, self.site = folder / "workspace", folder / "site"
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "HOME": str(folder / "home"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "STATUSDESK_WORKSPACE": str(self.workspace),
        }
        self.prefix: list[str] = []  # what the commands are run inside of
        (folder / "home").mkdir(exist_ok=True)

    def command(self, *args: str | os.PathLike[str] | bytes) -> list[Any]:
        return [*self.prefix, sys.executable, "-m", "statusdesk.cli", *args]

    def __call__(
        self,
        *args: str | os.PathLike[str] | bytes,
        stdin: str | bytes = "",
        env: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Said:
        done = subprocess.run(
            self.command(*args),
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            env=self.env | dict(env or {}),
            cwd=self.folder,
            capture_output=True,
            timeout=120,
            check=False,
            **more,
        )
        said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in said.err + said.out, said.err
        assert "fault in StatusDesk" not in said.err, said.err
        return said

    def json(self, *args: str | os.PathLike[str], code: int = 0, **more: Any) -> dict[str, Any]:
        """A command with `--json`: its document, when it ended as expected."""
        said = self(*args, "--json", **more)
        assert said.code == code, (said.code, said.out, said.err)
        return said.json

    def make(self, components: Sequence[str] = ("Tills", "Website"), *, base_url: str = "") -> Ctl:
        """A workspace, made within this process: a command less to wait for."""
        Desk.create(
            self.workspace,
            name="Northlake",
            base_url=base_url,
            time_zone="Europe/Stockholm",
            components=components,
            output_dir=self.site,
        ).shut()
        return self

    def open(self, *more: str, code: int = 0) -> dict[str, Any]:
        """A plain incident: card payments fail at the tills."""
        words = ("--title", "Card payments fail", "--message", "Cards fail in 3 stores. Cash works.")
        return self.json(
            "incident", "open", *words, "--impact", "major", "--component", "Tills=partial_outage", *more, code=code
        )


@pytest.fixture
def ctl(tmp_path: Path) -> Ctl:
    """A fresh computer, no workspace yet."""
    return Ctl(tmp_path)


@pytest.fixture(scope="module")
def browser():
    """One browser for a module's tests. No longer: its event loop would be in the way of other tests'."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_tab(browser):
    """Opens an address; collects what the browser complains about and every request. `chance` stands for all chance."""
    contexts = []

    def open_one(url, *, width=1280, height=800, at="2026-06-09T13:56:00Z", chance=None, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, **{"timezone_id": "Europe/Stockholm", **options}
        )
        contexts.append(context)
        tab = context.new_page()
        tab.complaints, tab.requests = [], []
        tab.on("console", lambda message: tab.complaints.append(message.text))
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.on("request", lambda request: tab.requests.append(request.url))
        tab.add_init_script(WATCH)
        if chance is not None:
            tab.add_init_script(f"Math.random = () => {chance}")
        if options.get("java_script_enabled", True):
            tab.clock.install(time=at)
        tab.goto(url)
        return tab

    yield open_one
    for context in contexts:
        context.close()
