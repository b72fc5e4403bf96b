"""A token lies in the password store and nowhere else: everything a day leaves behind is searched for it.

One account and one password that renews, against servers that quote whatever they are sent, with a rotation, a
refusal, a fault of our own and a crash dialog in between. Then every file, every output and every process's arguments
are searched, in each form a token takes on its way.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.conftest import ROOT, Ctl

FIRST, SECOND = "tok/1f9a+72c0e5_first", "tok/83bd+04aa91_second"


class Quoting(BaseHTTPRequestHandler):
    """Says yes to a login, and quotes the whole request in every refusal."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        if self.path.endswith("verify_credentials") and self.server.kind:  # type: ignore[attr-defined]
            status, said = 200, {"id": "1", "acct": "northlake", "url": "https://social.example/@northlake"}
        elif "/instance" in self.path:
            status, said = 200, {"configuration": {"statuses": {"max_characters": 500}}}
        else:
            status, said = 422, {"error": f"You sent {self.path} {dict(self.headers)} {body}"}
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815  the names the library calls

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def quoting() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quoting)
    server.kind = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def forms(secret: str) -> set[bytes]:
    """A secret as it is, in an address, and in the header of a password."""
    plain = secret.encode()
    return {plain, quote(secret, safe="").encode(), base64.b64encode(plain), base64.b64encode(b":" + plain)[2:-4]}


def holds(data: bytes) -> list[str]:
    return [secret for secret in (FIRST, SECOND) if any(form in data for form in forms(secret))]


def arguments() -> bytes:
    """The arguments of every process of this computer."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes())
        except OSError:
            continue
    return b"\0".join(found)


CRASH = """
import sys
from PySide6.QtWidgets import QApplication
from statusdesk.desk import Desk
from statusdesk_ui.faults import FaultHook, keep_log
from pathlib import Path

app = QApplication([])
keep_log(Path(sys.argv[2]))
desk = Desk.open(sys.argv[1])
(account,) = desk.accounts()
channel = desk._places.channel(account.id)  # its token is in this process now

def broken(post):
    raise ValueError(f"what nobody thought of: {channel._token}")

channel.send = broken
desk._places.channel = lambda _id: channel
desk.retry_delivery(next(one.id for one in desk.undelivered() if one.text))
desk.deliver()
hook = FaultHook()
try:
    broken(None)
except ValueError as error:
    hook(type(error), error, error.__traceback__)
print(hook.dialog.details.toPlainText())
print([repr(one) for one in desk.deliveries()], repr(channel), repr(desk._secrets))
desk.shut()
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the arguments of processes are read from /proc")
def test_a_token_is_found_nowhere_but_in_the_password_store(
    ctl: Ctl, keyring_env: list[str], quoting: ThreadingHTTPServer
) -> None:
    ctl.make(base_url="https://status.northlake.example")
    ctl.prefix = keyring_env
    url = f"http://127.0.0.1:{quoting.server_address[1]}"
    said: list[str] = []

    def run(*args: str, stdin: str = "", code: int = 0) -> None:
        process = subprocess.Popen(
            ctl.command(*args), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=ctl.env, cwd=ctl.folder, text=True,
        )  # fmt: skip
        over, seen = threading.Event(), []

        def watch() -> None:
            while not over.wait(0.02):
                seen.append(arguments())

        watcher = threading.Thread(target=watch)
        watcher.start()
        out, err = process.communicate(stdin, timeout=120)
        over.set()
        watcher.join()
        running = b"\0".join(seen)
        said.extend((out, err))
        assert process.returncode == code, (args, out, err)
        assert b"statusdesk.cli" in running
        assert holds(running) == [], "not in the arguments of a process"

    run("account", "add", "mastodon", "Mastodon", "--server", url, "--secret-stdin", stdin=FIRST + "\n")
    incident = ("incident", "open", "--title", "Cards fail", "--message", "Cash works.", "--impact", "major")
    run(*incident, "--component", "Tills=partial_outage", code=3)
    run("account", "renew", "Mastodon", "--secret-stdin", stdin=SECOND + "\n")
    run("deliver", "--retry-failed", "--json", code=3)
    run("account", "check", "Mastodon", "--json")
    quoting.kind = False  # type: ignore[attr-defined]
    run("account", "check", "Mastodon", "--json", code=4)
    run("account", "renew", "Mastodon", "--secret-stdin", stdin=FIRST + "\n", code=1)
    run("doctor", "--json", code=4)
    run("deliveries", "--json")

    crashed = subprocess.run(
        [*keyring_env, sys.executable, "-c", CRASH, str(ctl.workspace), str(ctl.folder / "log")],
        env=ctl.env | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'ui'}", "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert crashed.returncode == 0, crashed.stderr
    assert "what nobody thought of: …" in crashed.stdout, "the dialog shows the fault, without the token"
    said += [crashed.stdout, crashed.stderr]

    assert holds("\n".join(said).encode()) == []
    store = Path(keyring_env[1])
    searched = 0
    for file in ctl.folder.rglob("*"):
        if file.is_file() and store not in file.parents:
            searched += 1
            assert holds(file.read_bytes()) == [], file
    assert searched > 40, "the workspace, the site and the logs were there to be searched"
    assert "what nobody thought of" in (ctl.folder / "log" / "statusdesk.log").read_text("utf-8")
