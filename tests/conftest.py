"""Real servers for whoever needs them, each started once and only then; and no test ever leaves this computer."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import mail, matrix, running, setup
from tests.servers.fault import FaultServer


@pytest.fixture(scope="session", autouse=True)
def _no_way_out() -> Iterator[None]:
    """Every connection of the test process beyond loopback is refused, so that no test talks to the world."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address):
            raise AssertionError(f"A test wanted to connect to {address}.")
        connect(self, address)

    socket.socket.connect = guarded
    yield
    socket.socket.connect = connect


def _is_here(address: object) -> bool:
    host = str(address[0]) if isinstance(address, tuple) else ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _or_skip() -> Iterator[None]:
    try:
        yield
    except setup.Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def mastodon_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.MastodonServer]:
    """A server with Mastodon's API, and a token for it."""
    pytest.importorskip("mastodon_mock", reason="mastodon-mock is missing: pip install mastodon-mock")
    with running.mastodon(tmp_path_factory.mktemp("mastodon")) as server:
        yield server


@pytest.fixture(scope="session")
def bluesky_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.BlueskyServer]:
    """A real AT Protocol server, and an account on it."""
    with _or_skip(), running.bluesky(tmp_path_factory.mktemp("bluesky")) as server:
        yield server


@pytest.fixture(scope="session")
def bluesky_network(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[str]:
    """A real AT Protocol network on which followers see threads: the address of its PDS."""
    with _or_skip(), running.bluesky_network(tmp_path_factory.mktemp("network"), postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def matrix_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[matrix.MatrixServer]:
    """A real Matrix server, and an account on it."""
    with _or_skip(), matrix.matrix(tmp_path_factory.mktemp("matrix")) as server:
        yield server


@pytest.fixture(scope="session")
def mail_server() -> Iterator[mail.MailServer]:
    """A real mail server with some mailboxes."""
    # Not below pytest's own folder: that is closed to the users as whom parts of it run.
    folder = Path(tempfile.mkdtemp(prefix="statusdesk-mail-"))
    folder.chmod(0o755)
    with _or_skip(), mail.mail(folder) as server:
        yield server
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a real PostgreSQL, empty at first."""
    # Not below pytest's own folder: that is closed to the user postgres, as whom the server runs for root.
    folder = Path(tempfile.mkdtemp(prefix="statusdesk-postgres-"))
    folder.chmod(0o755)
    with _or_skip(), running.postgres(folder) as url:
        yield url
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program."""
    with _or_skip():
        return setup.chromium()


@pytest.fixture
def keyring_env(tmp_path: Path) -> list[str]:
    """The beginning of a command that runs the rest of it inside a real, unlocked password store of its own."""
    with _or_skip():
        setup.keyring_programs()
    return [str(running.HERE / "keyring.sh"), str(tmp_path / "keyring")]


@pytest.fixture
def fault_server() -> Iterator[FaultServer]:
    """A server that fails as it is told."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def fault_before() -> Iterator[Callable[[str], FaultServer]]:
    """Puts a failing server in front of a real one."""
    servers: list[FaultServer] = []

    def before(upstream: str) -> FaultServer:
        servers.append(FaultServer(upstream).__enter__())
        return servers[-1]

    yield before
    for server in servers:
        server.__exit__()
