"""What readers cost: bytes and requests of the real files, a crowd's arithmetic, and how fast a folder is served.

    python -m tests.benchmarks.bench_readers [SECONDS]

The load test asks for the home page, and for `build.json` with its ETag or date as open pages do, over connections that
stay open; first from `statusdeskctl serve`, then from nginx where that is installed. One process asks, so it measures
itself too: the figures are a lower bound.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from statusdesk.site.builder import build
from statusdesk.site.serve import site_server
from tests.core.site.memory import northlake, page, utc

READERS = 1_000_000
OUTAGE_MIN = 60  # how long the outage lasts
STAY_MIN = 10  # how long a reader keeps the page open
POLL_S = 60  # how often an open page asks build.json while something is open
UPDATE_MIN = 20  # how often we say something new
HEADERS = 500  # bytes of one request and its answer beside the body
CONNECTIONS = 64


def render(folder: Path) -> Path:
    """The example history while card payments are being repaired."""
    reader = northlake()
    reader.put_page(page(base_url="https://status.northlake.example"))
    build(reader, out=folder / "site", state_file=folder / "ws" / "site.log", now=utc("2026-06-09 13:53"))
    return folder / "site"


def wire(path: Path) -> int:
    """A file's bytes as they travel, compressed as hosts do."""
    data = path.read_bytes()
    return len(data) if path.suffix == ".png" else len(gzip.compress(data, 6, mtime=0))


def crowd(site: Path) -> dict[str, float]:
    """A million readers during an hour of outage."""
    [script] = (site / "assets").glob("page-*.js")
    home, script_bytes, stamp = wire(site / "index.html"), wire(script), wire(site / "build.json")
    polls, news = STAY_MIN * 60 / POLL_S, STAY_MIN / UPDATE_MIN
    visit = home + script_bytes + 2 * HEADERS
    stay = polls * HEADERS + news * (stamp + home + HEADERS)
    open_at_once = READERS * STAY_MIN / OUTAGE_MIN
    return {
        "home_bytes": home,
        "script_bytes": script_bytes,
        "visit_bytes": visit,
        "stay_bytes": round(stay),
        "requests_per_reader": 2 + polls + news,
        "crowd_gb": round(READERS * (visit + stay) / 1e9, 1),
        "crowd_requests_million": READERS * (2 + polls + news) / 1e6,
        "open_at_once": round(open_at_once),
        "requests_per_second": round(open_at_once / POLL_S + 2 * READERS / (OUTAGE_MIN * 60)),
    }


async def ask(port: int, path: str, until: float, waits: list[float], validator: str = "") -> None:
    """One connection that asks again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{validator}\r\n".encode()
    while time.perf_counter() < until:
        begin = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = next((int(line[15:]) for line in head.splitlines() if line.startswith("content-length:")), 0)
        if size and " 304 " not in head.split("\r\n", 1)[0]:
            await reader.readexactly(size)
        waits.append(time.perf_counter() - begin)
    writer.close()
    await writer.wait_closed()


async def _validator(port: int, path: str) -> str:
    """What an open page sends along: the ETag or the date that it was given."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head = (await reader.read()).split(b"\r\n\r\n", 1)[0].decode("latin-1")
    writer.close()
    found = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    if "ETag" in found:
        return f"If-None-Match: {found['ETag']}\r\n"
    return f"If-Modified-Since: {found['Last-Modified']}\r\n"


async def load(port: int, path: str, seconds: float, *, again: bool) -> dict[str, float]:
    """Answers a second and how long they take, in milliseconds."""
    waits: list[float] = []
    validator = await _validator(port, path) if again else ""
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(port, path, until, waits, validator) for _ in range(CONNECTIONS)))
    if not waits:
        raise SystemExit(f"{path} was not answered")
    waits.sort()
    return {
        "answers_per_second": round(len(waits) / seconds),
        "half_within_ms": round(1000 * waits[len(waits) // 2], 2),
        "99_percent_within_ms": round(1000 * waits[len(waits) * 99 // 100], 2),
    }


@contextmanager
def ours(site: Path) -> Iterator[int]:
    """`statusdeskctl serve`, in this process."""
    server = site_server(site, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def nginx(site: Path, program: str, port: int) -> Iterator[int]:
    """nginx with one worker over the same folder, everything of its own in a temporary one."""
    with tempfile.TemporaryDirectory(prefix="statusdesk-nginx-") as folder:
        places = "\n".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = " user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""  # the folder is ours alone
        Path(folder, "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;{user}\n"
            f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; {places}\n"
            f"types {{ text/html html; application/json json; text/javascript js; }} keepalive_requests 1000000;\n"
            f"server {{ listen 127.0.0.1:{port}; root {site}; }} }}\n"
        )
        with subprocess.Popen([program, "-c", f"{folder}/nginx.conf", "-p", folder]) as process:
            try:
                _wait_for(port)
                yield port
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    async def try_once() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    end = time.monotonic() + 10
    while True:
        try:
            return asyncio.run(try_once())
        except OSError:
            if time.monotonic() > end:
                raise


def _free_port() -> int:
    with ours(Path(tempfile.gettempdir())) as port:
        return port


def measure(seconds: float) -> dict[str, object]:
    """All figures."""
    with tempfile.TemporaryDirectory(prefix="statusdesk-readers-") as folder:
        site = render(Path(folder))
        found: dict[str, object] = {"crowd": crowd(site)}
        program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
        places = {"serve": ours(site)} | ({"nginx": nginx(site, program, _free_port())} if program else {})
        for name, place in places.items():
            with place as port:
                found[f"{name}, home page"] = asyncio.run(load(port, "/", seconds, again=False))
                found[f"{name}, nothing new"] = asyncio.run(load(port, "/build.json", seconds, again=True))
    return found


if __name__ == "__main__":
    print(json.dumps(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 5)))
