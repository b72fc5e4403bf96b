"""Hosting services as hosts of a site: their loopback servers, each with places that a test can look into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.fault import HOST
from tests.servers.gits import BRANCH
from tests.servers.hosts import Host
from tests.servers.vendors import cloudflare as cloudflare_vendor
from tests.servers.vendors import netlify as netlify_vendor
from tests.servers.vendors.github import OWNER, TOKEN, GitHub, Repository


def slug(name: str) -> str:
    """Repositories and sites have simple names."""
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in name).strip("-").lower()


@dataclass
class GitHubHost(Host):
    """A place is a repository."""

    vendor: GitHub | None = None

    @property
    def server(self) -> GitHub:
        assert self.vendor is not None
        return self.vendor

    def repository(self, name: str) -> Repository:
        return self.server.repositories[slug(name)]

    def location(self, name: str) -> str:
        return f"{OWNER}/{slug(name)}"

    def make(self, name: str) -> None:
        """Whoever turns on Pages has a repository with something in it; empty ones are in test_github.py."""
        self.server.repositories[slug(name)] = made = Repository()
        made.put("main", "README.md", b"# status")

    def tree(self, name: str) -> dict[str, bytes]:
        there = self.repository(name)
        return {path: there.blobs[sha] for path, sha in there.files(BRANCH).items() if path != ".nojekyll"}

    def put(self, name: str, path: str, data: bytes) -> None:
        self.repository(name).put(BRANCH, path, data)

    def take(self, name: str, path: str) -> None:
        self.repository(name).put(BRANCH, path, None)


@contextmanager
def github(folder: Path) -> Iterator[GitHubHost]:
    """GitHub's API."""
    with GitHub() as vendor:
        port = urlsplit(vendor.url).port or 0
        settings = {"server": f"http://{HOST}:{{port}}"}
        yield GitHubHost("github", port, folder, settings, secret=TOKEN, whole=True, vendor=vendor)


@dataclass
class DeployHost(Host):
    """A place is a site, of which a deploy shows all there is."""

    vendor: netlify_vendor.Netlify | cloudflare_vendor.Cloudflare | None = None

    @property
    def server(self) -> netlify_vendor.Netlify | cloudflare_vendor.Cloudflare:
        assert self.vendor is not None
        return self.vendor

    def location(self, name: str) -> str:
        return slug(name)

    def make(self, name: str) -> None:
        self.server.sites[slug(name)] = type(self.server).site()

    def tree(self, name: str) -> dict[str, bytes]:
        return self.server.shown(self.server.sites[slug(name)])

    def put(self, name: str, path: str, data: bytes) -> None:
        self.server.by_hand(self.server.sites[slug(name)], path, data)


@contextmanager
def netlify(folder: Path) -> Iterator[DeployHost]:
    """Netlify's API."""
    with netlify_vendor.Netlify() as vendor:
        port = urlsplit(vendor.url).port or 0
        settings = {"server": f"http://{HOST}:{{port}}"}
        yield DeployHost(
            "netlify", port, folder, settings, netlify_vendor.TOKEN, whole=True, shared=False, vendor=vendor
        )


@contextmanager
def cloudflare(folder: Path) -> Iterator[DeployHost]:
    """Cloudflare's API."""
    with cloudflare_vendor.Cloudflare() as vendor:
        port = urlsplit(vendor.url).port or 0
        settings = {"server": f"http://{HOST}:{{port}}", "account": cloudflare_vendor.ACCOUNT}
        yield DeployHost(
            "cloudflare", port, folder, settings, cloudflare_vendor.TOKEN, whole=True, shared=False, vendor=vendor
        )
