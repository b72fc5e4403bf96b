"""Cloudflare Pages' direct upload (developers.cloudflare.com/api/resources/pages, .../pages/get-started/direct-upload,
and for `/pages/assets/*` what github.com/cloudflare/workers-sdk sends: packages/wrangler/src/pages/upload.ts).

An upload needs its own short-lived token. A deployment names hashes that must have been uploaded, and is live at once,
or after as many looks as `slow` says.
"""

from __future__ import annotations

import base64
import email
import json
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import blake3

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

TOKEN, ACCOUNT = "cf-AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789", "0123456789abcdef0123456789abcdef"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjB9.c2lnbmF0dXJl"


@dataclass
class Deployment:
    id: str
    message: str | None
    files: dict[str, str]
    rules: bytes | None = None


@dataclass
class Project:
    deployments: list[Deployment] = field(default_factory=list)
    live: str = ""
    coming: int = 0


class Cloudflare(Vendor):
    """One account with its projects."""

    site = Project

    def __init__(self) -> None:
        super().__init__()
        self.sites: dict[str, Project] = {}
        self.assets: dict[str, bytes] = {}
        self.slow = 0
        self.fail_next: tuple[int, int, str] | None = None

    def shown(self, site: Project) -> dict[str, bytes]:
        live = next((one for one in site.deployments if one.id == site.live), None)
        return {path.lstrip("/"): self.assets[key] for path, key in live.files.items()} if live else {}

    def by_hand(self, site: Project, path: str, data: bytes) -> None:
        """Somebody uploads a folder in the dashboard."""
        before = next((one.files for one in site.deployments if one.id == site.live), {})
        key = hashed(path, data)
        self.assets[key] = data
        self._deployed(site, Deployment("", None, {**before, f"/{path}": key}))
        site.live = site.deployments[-1].id

    def answer(self, asked: Asked) -> Said:
        if self.fail_next and asked.method == "POST":
            (status, code, words), self.fail_next = self.fail_next, None
            raise Refusal(status, _no(code, words))
        if asked.path.startswith("/pages/assets/"):
            if asked.token != JWT:
                raise Refusal(401, _no(8000013, "Authorization failed"))
            return self._asset(asked.path.rpartition("/")[2], asked)
        if asked.token != TOKEN:
            raise Refusal(401, _no(10000, "Authentication error"))
        start = f"/accounts/{ACCOUNT}/pages/projects/"
        name, _, rest = asked.path.removeprefix(start).partition("/")
        if not asked.path.startswith(start) or name not in self.sites:
            raise Refusal(404, _no(8000007, "Project not found. The specified project name does not match any."))
        site = self.sites[name]
        if rest == "upload-token":
            return _yes({"jwt": JWT})
        return self._create(site, asked) if rest == "deployments" else _yes(self._project(name, site))

    def _asset(self, verb: str, asked: Asked) -> Said:
        given = json.loads(asked.body)
        if verb == "check-missing":
            return _yes([key for key in given["hashes"] if key not in self.assets])
        if verb == "upload":
            for one in given:
                assert one["base64"] is True
                assert one["metadata"]["contentType"]
                self.assets[one["key"]] = base64.b64decode(one["value"])
        return _yes(True)

    def _create(self, site: Project, asked: Asked) -> Said:
        parts = _parts(asked)
        files = json.loads(parts["manifest"])
        missing = set(files.values()) - set(self.assets)
        if missing:
            raise Refusal(400, _no(8000022, "The manifest names assets that were not uploaded."))
        for path, key in files.items():
            assert key == hashed(path, self.assets[key])
        assert parts["branch"] == b"main"
        made = self._deployed(site, Deployment("", parts["commit_message"].decode(), files, parts.get("_headers")))
        site.coming = self.slow
        if not self.slow:
            site.live = made.id
        return _yes({"id": made.id, "latest_stage": {"name": "deploy", "status": "success"}})

    def _deployed(self, site: Project, one: Deployment) -> Deployment:
        one.id = f"{len(self.requests):08x}-0000-4000-8000-{len(site.deployments):012x}"
        site.deployments.append(one)
        return one

    def _project(self, name: str, site: Project) -> dict[str, Any]:
        if site.deployments and site.live != site.deployments[-1].id:
            site.coming -= 1
            if site.coming <= 0:
                site.live = site.deployments[-1].id
        live = next((one for one in site.deployments if one.id == site.live), None)
        meant = {"type": "ad_hoc", "metadata": {"branch": "main", "commit_message": live.message}} if live else None
        known = {"name": name, "subdomain": f"{name}.pages.dev", "production_branch": "main"}
        return known | {"canonical_deployment": {"id": live.id, "deployment_trigger": meant} if live else None}


def hashed(path: str, data: bytes) -> str:
    text = base64.b64encode(data).decode() + PurePosixPath(path).suffix[1:]
    return blake3.blake3(text.encode()).hexdigest()[:32]


def _parts(asked: Asked) -> dict[str, bytes]:
    whole = b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n" + asked.body
    found = {}
    for part in email.message_from_bytes(whole).get_payload():
        name = part.get_param("name", header="content-disposition")
        found[name] = part.get_payload(decode=True)
    return found


def _yes(result: Any) -> Said:
    return Said(200, {"success": True, "errors": [], "messages": [], "result": result})


def _no(code: int, words: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"code": code, "message": words}], "messages": [], "result": None}
