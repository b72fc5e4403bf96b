"""A real Matrix server (Synapse) with an account, on loopback and without any other server to talk to."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import setup
from tests.servers.fault import HOST, free_port
from tests.servers.running import answers, call, process

NAME = "northlake.test"
_CONFIG = """
server_name: {name}
pid_file: {folder}/pid
listeners:
  - {{port: {port}, type: http, bind_addresses: ['127.0.0.1'], resources: [{{names: [client], compress: false}}]}}
database: {{name: sqlite3, args: {{database: '{folder}/data.db'}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
macaroon_secret_key: only-for-tests
enable_registration: true
enable_registration_without_verification: true
report_stats: false
trusted_key_servers: []
federation_domain_whitelist: []
suppress_key_server_warning: true
presence: {{enabled: false}}
bcrypt_rounds: 4
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_room_creation: {{per_second: 1000, burst_count: 1000}}
rc_registration: {{per_second: 1000, burst_count: 1000}}
rc_login: {{account: {{per_second: 1000, burst_count: 1000}}, address: {{per_second: 1000, burst_count: 1000}}}}
"""
_LOG = "version: 1\nroot: {level: WARNING, handlers: [out]}\nhandlers: {out: {class: logging.StreamHandler}}\n"


@dataclass(frozen=True)
class MatrixServer:
    """A server with one account; `token` is its login."""

    url: str
    user: str
    token: str

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, token: str = ""
    ) -> dict[str, object]:
        """One request of the tests' own."""
        return call(f"{self.url}/_matrix/client/v3{path}", body, token or self.token, method)

    def account(self, name: str) -> tuple[str, str]:
        """A new account: its id and its token."""
        body = {"username": name, "password": f"{name}-pass", "auth": {"type": "m.login.dummy"}}
        made = call(f"{self.url}/_matrix/client/v3/register", body)
        return str(made["user_id"]), str(made["access_token"])

    def room(self, **more: object) -> str:
        """A new public room of the account."""
        return str(self.call("POST", "/createRoom", {"preset": "public_chat", **more})["room_id"])

    def texts(self, room: str) -> list[str]:
        """What readers see in a room, oldest first: changed messages with their newest words."""
        shown = self.call("GET", f"/rooms/{room}/messages?dir=b&limit=100")["chunk"]
        events = [one for one in shown if one["type"] == "m.room.message" and one["content"]][::-1]
        changes = {}
        for one in events:
            relation = one["content"].get("m.relates_to", {})
            if relation.get("rel_type") == "m.replace":
                changes[relation["event_id"]] = one["content"]["m.new_content"]["body"]
        return [
            changes.get(one["event_id"], one["content"]["body"])
            for one in events
            if one["content"].get("m.relates_to", {}).get("rel_type") != "m.replace"
        ]


@contextmanager
def matrix(folder: Path) -> Iterator[MatrixServer]:
    """Synapse with its data in `folder`. Raises Missing."""
    python = setup.synapse_python()
    port = free_port()
    url = f"http://{HOST}:{port}"
    seed = base64.b64encode(os.urandom(32)).decode().rstrip("=")
    (folder / "signing.key").write_text(f"ed25519 a_test {seed}\n")
    (folder / "log.yaml").write_text(_LOG)
    (folder / "homeserver.yaml").write_text(_CONFIG.format(name=NAME, folder=folder, port=port))
    command = [python, "-m", "synapse.app.homeserver", "-c", folder / "homeserver.yaml"]
    with process(command, folder, {}, lambda: answers(f"{url}/health")):
        user, token = MatrixServer(url, "", "").account("status")
        yield MatrixServer(url, user, token)
