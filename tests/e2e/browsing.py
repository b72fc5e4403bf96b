"""A built site on loopback as a CDN would serve it, under the test's control, and tabs of a real browser on it."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files with ETags. Says no time unless the test gives one: the pages' clock is the test's."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args, served: Served, **more):
        self.served = served
        super().__init__(*args, directory=str(served.folder), **more)

    def log_message(self, *args):
        pass

    def send_response(self, code, message=None):
        self.served.log.append((self.path, code))
        self.send_response_only(code, message)
        if self.served.says:
            self.send_header("Date", format_datetime(self.served.says, usegmt=True))

    def do_GET(self):
        if self.served.fails:
            self.send_error(503)
            return
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file():
            self.send_error(404)
            return
        data = file.read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        fresh = self.headers.get("If-None-Match") == tag
        self.send_response(304 if fresh else 200)
        self.send_header("ETag", tag)
        self.send_header("Cache-Control", "public, max-age=30, must-revalidate")
        if not fresh:
            self.send_header("Content-Type", self.guess_type(str(file)))
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not fresh:
            self.wfile.write(data)


class Served:
    """A folder on loopback. `log` holds path and status of every answer; `says` is its Date, `fails` makes it a 503."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[tuple[str, int]] = []
        self.says: datetime | None = None
        self.fails = False
        self.url = ""

    def asked(self, path: str) -> list[int]:
        """The status of each answer to a path."""
        return [status for one, status in self.log if one == path]


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder until the end of the block."""
    served = Served(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, served=served))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# Counts what the page has asked for and not dealt with yet: an answer counts until the work that follows it is done.
WATCH = """(() => {
  let open = 0;
  const later = then => { const c = new MessageChannel(); c.port1.onmessage = then; c.port2.postMessage(0); };
  const watch = promise => { open++; const done = () => later(() => open--); promise.then(done, done); return promise; };
  const real = window.fetch;
  window.fetch = (...all) => watch(real(...all));
  for (const name of ["text", "json"]) {
    const read = Response.prototype[name];
    Response.prototype[name] = function () { return watch(read.call(this)); };
  }
  window.asksNothing = () => !open;
})()"""


def settle(tab) -> None:
    """Wait until the page has dealt with what it asked for."""
    tab.wait_for_function("() => asksNothing()", timeout=10_000)


def sees(tab, text: str, where: str = "main") -> None:
    """Wait until a reader of the page sees a text there."""
    tab.wait_for_function(
        "([where, text]) => document.querySelector(where)?.innerText.includes(text)", arg=[where, text], timeout=10_000
    )
