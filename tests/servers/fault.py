"""A small server on loopback that fails on purpose: each request meets the next step of a script.

With an `upstream` it stands in front of a real server: requests beyond the script are passed through, and a step may
pass one on and then cut the answer off, which is what a bad network does.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes

    def json(self) -> object:
        return json.loads(self.body)


Step = Callable[["FaultServer", socket.socket], None]


def answer(
    status: int, body: object = b"", *, headers: Mapping[str, str] | None = None, length: int | None = None
) -> Step:
    """A whole answer; JSON unless it is bytes. A `length` beyond the body makes it a truncated one."""

    def step(server: FaultServer, connection: socket.socket) -> None:
        server.read(connection)
        connection.sendall(_answer_bytes(status, body, headers, length))

    return step


def _answer_bytes(status: int, body: object, headers: Mapping[str, str] | None, length: int | None = None) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    fields = {"Content-Type": kind, "Content-Length": str(len(data) if length is None else length)} | dict(
        headers or {}
    )
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"Connection: close\r\n\r\n" + data


def truncated(status: int, body: object) -> Step:
    """An answer that ends before it is whole."""
    return answer(status, body, length=100_000)


def redirect(to: str, status: int = 302) -> Step:
    """Go elsewhere."""
    return answer(status, b"", headers={"Location": to})


def flood(size: int = 10_000_000) -> Step:
    """A proper answer of many bytes."""
    return answer(200, b'{"id": "1", "x": "' + b"x" * size + b'"}')


def hang(server: FaultServer, connection: socket.socket) -> None:
    """Take the request and never answer."""
    server.read(connection)
    server.ended.wait()


def reset_at_once(server: FaultServer, connection: socket.socket) -> None:
    """Cut the connection before anything was read."""
    cut(connection)


def reset_after_request(server: FaultServer, connection: socket.socket) -> None:
    """Take the request, then cut the connection."""
    server.read(connection)
    cut(connection)


def reset_in_answer(server: FaultServer, connection: socket.socket) -> None:
    """Begin to say yes, then cut the connection."""
    server.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    cut(connection)


def not_http(server: FaultServer, connection: socket.socket) -> None:
    """Answer with what is no HTTP."""
    server.read(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n" * 10)


def banner(server: FaultServer, connection: socket.socket) -> None:
    """Speak first, and not TLS, as a mail server would."""
    connection.sendall(b"220 mail.example ESMTP ready\r\n" * 10)
    with contextlib.suppress(OSError):
        connection.recv(1000)


def drip_body(server: FaultServer, connection: socket.socket) -> None:
    """Send the body byte by byte, without end."""
    server.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while not server.ended.wait(0.05):
        connection.sendall(b" ")


def drip_headers(server: FaultServer, connection: socket.socket) -> None:
    """Send the headers byte by byte, without end."""
    server.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.ended.wait(0.05):
        connection.sendall(b"x")


def passed_on(server: FaultServer, connection: socket.socket) -> None:
    """Pass the request to the real server and its answer back."""
    connection.sendall(server.forward(server.read(connection)))


def passed_on_then_cut(server: FaultServer, connection: socket.socket) -> None:
    """Let the real server take the request, and cut its answer off."""
    server.forward(server.read(connection))
    cut(connection)


def passed_on_then_500(server: FaultServer, connection: socket.socket) -> None:
    """Let the real server take the request, and answer like a broken front of it."""
    server.forward(server.read(connection))
    connection.sendall(_answer_bytes(502, b"<html>Bad gateway</html>", None))


def cut(connection: socket.socket) -> None:
    """End a connection with a reset instead of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class FaultServer:
    """Use as a context: listens from its start on, is gone after its end."""

    def __init__(self, upstream: str = "") -> None:
        self.upstream = upstream
        self.requests: list[Request] = []
        self.ended = threading.Event()
        self._steps: queue.SimpleQueue[Step] = queue.SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(0.02)
        self._acceptor = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def script(self, *steps: Step) -> None:
        """What the next requests meet, in order."""
        for step in steps:
            self._steps.put(step)

    def forget(self) -> None:
        """Begin anew: no script, nothing asked."""
        self._steps = queue.SimpleQueue()
        self.requests.clear()

    def asked(self) -> list[str]:
        """The requests so far: `GET /path`."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._acceptor.join()
        for worker in self._workers:
            worker.join()
        self._listener.close()

    def read(self, connection: socket.socket) -> Request:
        """Read one whole request and note it."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += _received(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += _received(connection)
        request = Request(method, path, headers, body, head + b"\r\n\r\n" + body)
        self.requests.append(request)
        return request

    def reach(self) -> socket.socket:
        """A connection to the real server."""
        there = urlsplit(self.upstream)
        return socket.create_connection((there.hostname or HOST, there.port or 80), timeout=20)

    def forward(self, request: Request) -> bytes:
        """What the real server answers. Its goodbye ends the answer, so it is asked for one."""
        head, _, body = request.raw.partition(b"\r\n\r\n")
        head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head) + b"\r\nConnection: close"
        with self.reach() as upstream:
            upstream.sendall(head + b"\r\n\r\n" + body)
            pieces = []
            while piece := upstream.recv(65_536):
                pieces.append(piece)
        return b"".join(pieces)

    def next_step(self) -> Step:
        """What the next connection meets."""
        try:
            return self._steps.get_nowait()
        except queue.Empty:
            return passed_on if self.upstream else answer(404, {"error": "Not found"})

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            worker = threading.Thread(target=self._serve, args=[connection])
            self._workers.append(worker)
            worker.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection:
            step = self.next_step()
            with contextlib.suppress(OSError):  # the client may go away first
                step(self, connection)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionError("the client went away")
    return data
