"""Netlify's deploys API (docs.netlify.com, "Get started with the Netlify API", file digest method; open-api.netlify.com).

A deploy wants the contents that no finished deploy of the site has, becomes ready after the last of them, after as many
looks as `slow` says, and is live then, unless publishing is locked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

TOKEN = "nfp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


@dataclass
class Deploy:
    id: str
    title: str | None
    files: dict[str, str]
    required: list[str]
    state: str = "uploading"
    error: str = ""
    looks: int = 0


@dataclass
class Site:
    deploys: dict[str, Deploy] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    live: str = ""
    locked: bool = False


class Netlify(Vendor):
    """The sites of one account."""

    site = Site

    def __init__(self) -> None:
        super().__init__()
        self.sites: dict[str, Site] = {}
        self.slow = 0
        self.fail_next = ""

    def deploy(self, site: Site, files: dict[str, str], title: str | None) -> Deploy:
        required = sorted(set(files.values()) - set(site.blobs))
        made = Deploy(f"64f0{len(self.requests):08x}{len(site.deploys):08x}", title, files, required)
        site.deploys[made.id] = made
        if not required:
            self._finish(site, made)
        return made

    def by_hand(self, site: Site, path: str, data: bytes) -> None:
        """Somebody drags a folder onto the site."""
        before = site.deploys[site.live].files if site.live else {}
        sha = hashlib.sha1(data).hexdigest()
        site.blobs[sha] = data
        made = self.deploy(site, {**before, f"/{path}": sha}, None)
        made.state, site.live = "ready", made.id

    def shown(self, site: Site) -> dict[str, bytes]:
        files = site.deploys[site.live].files if site.live else {}
        return {path.lstrip("/"): site.blobs[sha] for path, sha in files.items()}

    def answer(self, asked: Asked) -> Said:
        if asked.token != TOKEN:
            raise Refusal(401, {"code": 401, "message": "Access Denied"})
        _, _, _, kind, name, *rest = asked.path.split("/", 6)
        if kind == "sites":
            site = self.sites.get(name)
            if site is None:
                raise Refusal(404, {"code": 404, "message": "Not Found"})
            return Said(200, self._site(name, site)) if not rest else self._created(site, asked)
        for site in self.sites.values():
            if name in site.deploys:
                deploy = site.deploys[name]
                if asked.method == "PUT":
                    return self._uploaded(site, deploy, unquote(rest[1]), asked.body)
                return self._looked(site, deploy)
        raise Refusal(404, {"code": 404, "message": "Not Found"})

    def _site(self, name: str, site: Site) -> dict[str, Any]:
        live = site.deploys.get(site.live)
        return {"name": name, "ssl_url": f"https://{name}", "published_deploy": self._told(live) if live else None}

    def _created(self, site: Site, asked: Asked) -> Said:
        return Said(200, self._told(self.deploy(site, asked.json()["files"], asked.query.get("title"))))

    def _uploaded(self, site: Site, deploy: Deploy, path: str, body: bytes) -> Said:
        sha = hashlib.sha1(body).hexdigest()
        if deploy.files.get(f"/{path}") != sha:
            raise Refusal(422, {"code": 422, "message": "Unprocessable entity: the digest does not fit"})
        site.blobs[sha] = body
        deploy.required = [one for one in deploy.required if one != sha]
        if not deploy.required:
            self._finish(site, deploy)
        return Said(200, {"id": path, "path": f"/{path}", "sha": sha, "size": len(body)})

    def _finish(self, site: Site, deploy: Deploy) -> None:
        deploy.state, deploy.looks = "processing", self.slow
        if not self.slow:
            self._settle(site, deploy)

    def _settle(self, site: Site, deploy: Deploy) -> None:
        deploy.state = "error" if self.fail_next else "ready"
        deploy.error, self.fail_next = self.fail_next, ""
        if deploy.state == "ready" and not site.locked:
            site.live = deploy.id

    def _looked(self, site: Site, deploy: Deploy) -> Said:
        if deploy.state == "processing":
            deploy.looks -= 1
            if deploy.looks <= 0:
                self._settle(site, deploy)
        return Said(200, self._told(deploy))

    def _told(self, deploy: Deploy) -> dict[str, Any]:
        known = {"id": deploy.id, "state": deploy.state, "title": deploy.title, "required": deploy.required}
        return known | ({"error_message": deploy.error} if deploy.error else {})
