"""Programs that run while tests do: started in a folder of their own, waited for by a real answer, ended by id."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import setup
from tests.servers.fault import HOST, free_port

HERE = Path(__file__).parent
READY_S = 90


@dataclass(frozen=True)
class MastodonServer:
    """A stateful stand-in for Mastodon; `token` may write posts."""

    url: str
    token: str = "mock_token"


@dataclass(frozen=True)
class BlueskyServer:
    """A real AT Protocol server with one account."""

    url: str
    handle: str
    password: str
    did: str


@contextmanager
def process(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    ready: Callable[[], bool],
    end_s: float = 20,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program until the end of the block. Its output lies in `folder/log`; it is part of the error when it fails.

    It has `end_s` seconds to end by itself: none for one that takes its time over data that are thrown away anyway.
    """
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            env=os.environ | {"TMPDIR": str(folder)} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(running, ready, folder / "log")
        yield running
    finally:
        running.terminate()
        try:
            running.wait(end_s)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait(running: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + READY_S
    while not ready():
        if running.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"The server did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.05)  # between two questions, not instead of one


def answers(url: str) -> bool:
    """Whether a server answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def call(
    url: str, body: Mapping[str, object] | None = None, token: str = "", method: str | None = None
) -> dict[str, object]:
    """One JSON request of the tests' own, to look at a server without the code under test."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@contextmanager
def mastodon(folder: Path) -> Iterator[MastodonServer]:
    """mastodon-mock with its data in memory."""
    url = f"http://{HOST}:{(port := free_port())}"
    command = [sys.executable, "-m", "mastodon_mock", "serve", "--in-memory", "--host", HOST, "--port", str(port)]
    with process(command, folder, {}, lambda: answers(f"{url}/api/v2/instance")):
        yield MastodonServer(url)


@contextmanager
def bluesky(folder: Path) -> Iterator[BlueskyServer]:
    """A PDS and its directory of identities, with one new account. Raises Missing."""
    installed = setup.pds_folder()
    port, plc_port = free_port(), free_port()
    url = f"http://{HOST}:{port}"
    environment = {
        "PDS_DATA": str(folder / "data"),
        "PDS_PORT": str(port),
        "PLC_PORT": str(plc_port),
        "PDS_MODULES": str(installed),
        "LOG_ENABLED": "false",
    }
    command = [setup.node(), "--require", HERE / "pds" / "loopback.cjs", HERE / "pds" / "server.mjs"]
    with process(command, folder, environment, lambda: answers(f"{url}/xrpc/_health")):
        handle, password = "northlake.test", "app-pass-word-0042"
        made = bluesky_account(url, handle, password)
        yield BlueskyServer(url, handle, password, str(made["did"]))


@contextmanager
def bluesky_network(folder: Path, postgres_url: str) -> Iterator[str]:
    """The AT Protocol's own test network, AppView included; gives the PDS's address. Raises Missing."""
    installed, redis = setup.network_folder(), setup.redis()
    port = free_port()
    memory = folder / "memory"
    memory.mkdir()
    command = [redis, "--port", str(port), "--bind", HOST, "--save", "", "--dir", memory]
    environment = {
        "DB_POSTGRES_URL": postgres_url.replace("postgresql+psycopg://", "postgresql://"),
        "REDIS_HOST": f"{HOST}:{port}",
        "NETWORK_MODULES": str(installed),
        "LOG_ENABLED": "false",
    }
    server = [setup.node(), "--require", HERE / "pds" / "loopback.cjs", HERE / "network" / "server.mjs"]
    with (
        process(command, memory, {}, lambda: _listens(port)),
        process(server, folder, environment, lambda: bool(_said(folder))),
    ):
        yield str(_said(folder)["pds"])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=5):
        return True
    return False


def _said(folder: Path) -> dict[str, object]:
    """The line of JSON with which a program says that it is ready."""
    lines = (folder / "log").read_text("utf-8", "replace").splitlines()
    return next((json.loads(line) for line in lines if line.startswith('{"ready":true') and line.endswith("}")), {})


def bluesky_account(url: str, handle: str, password: str) -> dict[str, object]:
    """A new account on a PDS."""
    body = {"handle": handle, "email": f"{handle.partition('.')[0]}@northlake.test", "password": password}
    return call(f"{url}/xrpc/com.atproto.server.createAccount", body)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of its own; gives the SQLAlchemy address. Raises Missing."""
    setup.postgres_bin()
    port = free_port()
    subprocess.run([HERE / "postgres.sh", folder, str(port)], check=True, capture_output=True, timeout=READY_S)
    try:
        yield f"postgresql+psycopg://statusdesk:secretpw@{HOST}:{port}/postgres"
    finally:
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(server, 3)  # SIGQUIT: at once; the data are thrown away anyway
        until = time.monotonic() + READY_S
        while _lives(server) and time.monotonic() < until:
            time.sleep(0.05)


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
