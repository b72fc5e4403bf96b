"""Every host that a site can be published to, each real and started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.servers import hosts, setup
from tests.servers.hosts import Host

STARTERS: dict[str, Callable[[Path], AbstractContextManager[Host]]] = {
    "folder": hosts.folder,
    "s3": hosts.seaweed,
    "s3-without-conditions": hosts.rclone,
    "webdav": hosts.wsgidav,
    "webdav-without-conditions": hosts.nginx,
}


@pytest.fixture(scope="session")
def _ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Host]]:
    try:
        with hosts.ssh(tmp_path_factory.mktemp("ssh")) as both:
            yield both
    except setup.Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=["sftp", *STARTERS])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host, by its kind; where kinds have several servers with different manners, by those."""
    if request.param in ("sftp", "rsync"):
        yield request.getfixturevalue("_ssh")[request.param]
        return
    try:
        with STARTERS[request.param](tmp_path_factory.mktemp(request.param)) as one:
            yield one
    except setup.Missing as error:
        pytest.skip(str(error))
