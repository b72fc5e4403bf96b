"""A bad line in front of a real server, by seed: each connection may be slow, stall, end, or be reset after some bytes.

It knows nothing of what goes over it. What only a server that speaks HTTP can do wrong is `BadHttp`'s, which passes each
request on by itself.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
from collections.abc import Sequence
from typing import Self

from tests.servers import fault
from tests.servers.fault import HOST, FaultServer, Step

_LOOK_S = 0.02
_MOST = 60_000  # bytes of a connection before its fault comes
_SLOW_S = 0.003  # for each piece
_PASSED_ON_S = 2.0


class BadLine:
    """Passes bytes on to `upstream`, and also on `ports` of the same number, for data connections.

    `chance` draws: None is a good line. A share of `likely` connections meets a fault.
    """

    def __init__(self, upstream: int, *, likely: float, ports: Sequence[int] = (), here: str = HOST) -> None:
        self.chance: random.Random | None = None
        self._likely = likely
        self._ended = threading.Event()
        self._round = 0
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []
        doors = [(socket.create_server((here, 0), backlog=50), upstream)]
        doors += [(socket.create_server((here, port), backlog=50), port) for port in ports]
        self._doors = {door.fileno(): (door, to) for door, to in doors}
        self._acceptor = threading.Thread(target=self._accept)
        self.port: int = doors[0][0].getsockname()[1]

    def go_bad(self, chance: random.Random) -> None:
        """From now on new connections may meet a fault."""
        self.chance = chance

    def mend(self) -> None:
        """A good line again."""
        self.chance = None

    def settle(self) -> None:
        """Cut whatever is still on it, and wait until nothing is on its way any more."""
        self._round += 1
        for worker in list(self._workers):
            worker.join()

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._acceptor.join()
        self.settle()
        for door, _to in self._doors.values():
            door.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            for ready in select.select(list(self._doors), [], [], _LOOK_S)[0]:
                door, to = self._doors[ready]
                client, _ = door.accept()
                worker = threading.Thread(target=self._serve, args=[client, to, self._drawn()])
                self._workers = [one for one in self._workers if one.is_alive()]
                self._workers.append(worker)
                worker.start()

    def _drawn(self) -> tuple[str, str, int]:
        """What a connection meets, on which way, and after how many bytes on it."""
        with self._lock:
            if self.chance is None or self.chance.random() > self._likely:
                return "good", "", 0
            what = self.chance.choice(("slow", "reset", "reset", "hang up", "stall"))
            way = self.chance.choice(("there", "back"))
            return what, way, int(_MOST ** self.chance.random()) - 1

    def _serve(self, client: socket.socket, to: int, fate: tuple[str, str, int]) -> None:
        what, way, left = fate
        begun = self._round
        client.settimeout(20)
        with client, contextlib.suppress(OSError), socket.create_connection((HOST, to), timeout=20) as server:
            while begun == self._round:
                for source in select.select([client, server], [], [], _LOOK_S)[0]:
                    data = source.recv(16_384)
                    if not data:
                        return
                    if what == "slow":
                        time.sleep(_SLOW_S)
                    elif what != "good" and source is (client if way == "there" else server):
                        data, left = data[:left], left - len(data)
                    (server if source is client else client).sendall(data)
                    if left < 0:
                        self._fail(what, client, server, begun)
                        return

    def _fail(self, what: str, client: socket.socket, server: socket.socket, begun: int) -> None:
        if what == "stall":  # until the client gives up
            while begun == self._round:
                if client in select.select([client], [], [], _LOOK_S)[0] and not client.recv(16_384):
                    break
        elif what == "reset":
            fault.cut(client)
        fault.cut(server)


def taken_then_garbled(server: FaultServer, connection: socket.socket) -> None:
    """The server takes it; its answer is replaced by a page of somebody's."""
    server.forward(server.read(connection))
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nConnection: close\r\n\r\n<html>hello</html>")


def cut_short(server: FaultServer, connection: socket.socket) -> None:
    """The server takes it; half of its answer comes back."""
    said = server.forward(server.read(connection))
    connection.sendall(said[: len(said) // 2])
    fault.cut(connection)


def half_of_it_arrives(server: FaultServer, connection: socket.socket) -> None:
    """The request itself is cut off on its way to the server."""
    request = server.read(connection)
    with contextlib.suppress(OSError), server.reach() as upstream:
        upstream.sendall(request.raw[: len(request.raw) - len(request.body) // 2 - 1])
        fault.cut(upstream)
    fault.cut(connection)


def hang(server: FaultServer, connection: socket.socket) -> None:
    """Take the request and never answer; until the client gives up."""
    server.read(connection)
    connection.recv(1)


HTTP_FAULTS: tuple[Step, ...] = (
    fault.reset_at_once,
    fault.reset_after_request,
    fault.reset_in_answer,
    half_of_it_arrives,
    fault.passed_on_then_cut,
    fault.passed_on_then_500,
    cut_short,
    taken_then_garbled,
    fault.answer(200, b"<html>Log in to the hotel network</html>"),
    fault.answer(404, b"<html>Nothing here</html>"),
    fault.truncated(200, {"build_id": "b1"}),
    fault.flood(),
    fault.not_http,
    fault.answer(429, b"slow down"),
    fault.answer(429, b"slow down", headers={"Retry-After": "30"}),
    fault.answer(500, b"oops"),
    fault.answer(503, b"busy", headers={"Retry-After": "5"}),
    fault.redirect("https://elsewhere.example/"),
    fault.drip_headers,
    fault.drip_body,
    hang,
)


class BadHttp(FaultServer):
    """In front of a server that speaks HTTP: a share of `likely` requests meets a fault."""

    def __init__(self, upstream: int, *, likely: float) -> None:
        super().__init__(f"http://{HOST}:{upstream}")
        self._likely = likely
        self.chance: random.Random | None = None

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def go_bad(self, chance: random.Random) -> None:
        """From now on requests may meet a fault."""
        self.chance = chance

    def mend(self) -> None:
        """A good line again."""
        self.chance = None

    def settle(self) -> None:
        """Wait until nothing is on its way any more; who holds a line without a word does not count."""
        for worker in list(self._workers):
            worker.join(_PASSED_ON_S)
        self._workers = [one for one in self._workers if one.is_alive()]

    def next_step(self) -> Step:
        if self.chance is None or self.chance.random() > self._likely:
            return fault.passed_on
        return self.chance.choice(HTTP_FAULTS)
