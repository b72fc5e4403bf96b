"""Every host that a site can be published to, each real and started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.servers import gits, hosts, services, setup
from tests.servers.hosts import Host

STARTERS: dict[str, Callable[[Path], AbstractContextManager[Host]]] = {
    "folder": hosts.folder,
    "s3-without-conditions": hosts.rclone,
    "webdav": hosts.wsgidav,
    "webdav-without-conditions": hosts.nginx,
    "ftps": hosts.ftps,
    "git-over-http": gits.over_http,
    "github": services.github,
    "netlify": services.netlify,
    "cloudflare": services.cloudflare,
}


@pytest.fixture(scope="session")
def ssh_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Host]]:
    """One SSH server, for SFTP and for rsync."""
    try:
        with hosts.ssh(tmp_path_factory.mktemp("ssh")) as both:
            yield both
    except setup.Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def seaweed_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hosts.SeaweedHost]:
    """An S3 host that can also be looked at without S3."""
    try:
        with hosts.seaweed(tmp_path_factory.mktemp("seaweed")) as one:
            yield one
    except setup.Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=["sftp", "rsync", "s3", "git-over-ssh", *STARTERS])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host, by its kind; where kinds have several servers with different manners, by those."""
    if request.param in ("sftp", "rsync"):
        yield request.getfixturevalue("ssh_hosts")[request.param]
        return
    if request.param == "git-over-ssh":
        yield gits.over_ssh(request.getfixturevalue("ssh_hosts")["sftp"])
        return
    if request.param == "s3":
        yield request.getfixturevalue("seaweed_host")
        return
    try:
        with STARTERS[request.param](tmp_path_factory.mktemp(request.param)) as one:
            yield one
    except setup.Missing as error:
        pytest.skip(str(error))
