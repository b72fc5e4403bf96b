"""Git repositories on real servers: over ssh, and over HTTP as `git http-backend` serves them behind a login."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from tests.servers import setup
from tests.servers.fault import HOST
from tests.servers.hosts import PASSWORD, USER, Host

BRANCH = "gh-pages"
_WHO = {f"GIT_{who}_{what}": "x@y.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(repository: Path, *words: str, given: bytes = b"", **env: str) -> str:
    """What the git program says; it fails loudly."""
    config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *words], cwd=repository, env={**os.environ, **config, **_WHO, **env}, input=given, capture_output=True,
        timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.decode()


@dataclass
class GitHost(Host):
    """A place is a repository. `prefix` is its address up to the folder with all of them, `asked` what came in.

    Each request over HTTP is there with the bytes that came along.
    """

    whole: bool = True
    prefix: str = ""
    branch: str = BRANCH
    asked: list[tuple[str, int]] = field(default_factory=list)

    def repository(self, name: str) -> Path:
        return self.folder / f"{name}.git"

    def location(self, name: str) -> str:
        return f"{self.prefix}/{quote(name)}.git"

    def make(self, name: str) -> None:
        self.repository(name).mkdir()
        git(self.repository(name), "init", "--quiet", "--bare", "--initial-branch=main")

    def tree(self, name: str) -> dict[str, bytes]:
        """What Pages would show: `.nojekyll` is for them, not for readers."""
        found = self.all_files(name)
        found.pop(".nojekyll", None)
        return found

    def all_files(self, name: str) -> dict[str, bytes]:
        at = self.repository(name)
        if not self.log(name):
            return {}
        paths = git(at, "ls-tree", "-r", "-z", "--name-only", self.branch).split("\0")[:-1]
        return {path: git(at, "cat-file", "blob", f"{self.branch}:{path}").encode() for path in paths}

    def log(self, name: str) -> list[str]:
        """The branch's commits by their subjects, the newest first."""
        at = self.repository(name)
        if not git(at, "for-each-ref", f"refs/heads/{self.branch}"):
            return []
        return git(at, "log", "--format=%s", self.branch).splitlines()

    def put(self, name: str, path: str, data: bytes) -> None:
        blob = git(self.repository(name), "hash-object", "-w", "--stdin", given=data).strip()
        self._commit(name, "--add", "--cacheinfo", f"100644,{blob},{path}")

    def take(self, name: str, path: str) -> None:
        self._commit(name, "--force-remove", "--", path)

    def _commit(self, name: str, *change: str) -> None:
        at, index = self.repository(name), {"GIT_INDEX_FILE": str(self.repository(name) / "index-of-others")}
        head = git(at, "rev-parse", self.branch).strip() if self.log(name) else ""
        git(at, "read-tree", head or "--empty", **index)
        git(at, "update-index", *change, **index)
        tree = git(at, "write-tree", **index).strip()
        commit = git(at, "commit-tree", tree, "-m", "by hand", *(["-p", head] if head else [])).strip()
        git(at, "update-ref", f"refs/heads/{self.branch}", commit)


def over_ssh(ssh: Host) -> GitHost:
    """Repositories on the ssh server that the other hosts use, too."""
    folder = ssh.folder.parent / "repositories"
    folder.mkdir(exist_ok=True)
    prefix = f"ssh://{ssh.settings['user']}@{HOST}:{{port}}{folder}"
    settings = {"key_file": ssh.settings["key_file"]}
    return GitHost("git", ssh.port, folder, settings, secret="", prefix=prefix)


@contextmanager
def over_http(folder: Path) -> Iterator[GitHost]:
    """`git http-backend` behind a Basic login. Raises Missing."""
    setup.program("git", "git")
    host = GitHost("git", 0, folder, {"user": USER}, prefix=f"http://{HOST}:{{port}}")
    login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    asked: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 20
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts, body = urlsplit(self.path), self._body()
            asked.append((f"{self.command} {parts.path}?{parts.query}", len(body)))
            if self.headers.get("Authorization") != login:
                self._say(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
                return
            env = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "PATH_INFO": unquote(parts.path),
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "REMOTE_USER": USER,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "PATH": os.environ["PATH"],
            }
            done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True)
            head, _, said = done.stdout.partition(b"\r\n\r\n")
            lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self._say(int(lines.pop("Status", "200").split()[0]), lines, said)

        do_POST = do_GET  # noqa: N815  the name the library calls

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, ValueError):  # cut by a test
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Tests read `asked`."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    host.port = server.server_address[1]
    host.asked = asked
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
