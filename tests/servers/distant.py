"""A line to a server far away: every byte takes its time, in each direction, and so does the first greeting."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from typing import Self

from tests.servers.fault import HOST


class Distant:
    """Use as a context: `port` leads to `upstream`, with `round_trip_s` between a word and its answer."""

    def __init__(self, upstream: int, round_trip_s: float) -> None:
        self._upstream, self._one_way = upstream, round_trip_s / 2
        self._ended = threading.Event()
        self._listener = socket.create_server((HOST, 0), backlog=100)
        self._listener.settimeout(0.1)
        self._acceptor = threading.Thread(target=self._accept)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._acceptor.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        time.sleep(2 * self._one_way)  # the handshake that the kernel did at once
        server = socket.create_connection((HOST, self._upstream))
        for source, sink in ((client, server), (server, client)):
            self._carry(source, sink)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        """Each piece arrives one way later; the line holds as many as are under way."""
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def take() -> None:
            data = b"x"
            while data:
                try:
                    data = source.recv(65_536)
                except OSError:
                    data = b""
                under_way.put((time.monotonic() + self._one_way, data))

        def give() -> None:
            with contextlib.suppress(OSError):
                while True:
                    at, data = under_way.get()
                    time.sleep(max(0.0, at - time.monotonic()))
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()
