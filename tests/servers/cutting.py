"""A wire that can be cut: passes bytes on to a real server, and after so many of them resets every connection."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Self

from tests.servers.fault import HOST, cut


class Wire:
    """Use as a context. `limit` bytes from the client go through, then all is cut, also new ones; None: all goes."""

    def __init__(self, upstream: int) -> None:
        self.limit: int | None = None
        self.sent = 0
        self._upstream = upstream
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0), backlog=50)
        self._listener.settimeout(0.05)
        self._acceptor = threading.Thread(target=self._accept)
        self.port: int = self._listener.getsockname()[1]

    def arm(self, limit: int | None) -> None:
        """Count anew, and cut after so many bytes."""
        with self._lock:
            self.sent, self.limit = 0, limit

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._acceptor.join()
        for worker in self._workers:
            worker.join()
        self._listener.close()

    @property
    def _is_cut(self) -> bool:
        return self.limit is not None and self.sent >= self.limit

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                worker = threading.Thread(target=self._pass_on, args=[client])
                self._workers.append(worker)
                worker.start()

    def _pass_on(self, client: socket.socket) -> None:
        if self._is_cut:
            cut(client)
            return
        with (
            client,
            socket.create_connection((HOST, self._upstream), timeout=20) as server,
            contextlib.suppress(OSError),
        ):
            while not self._ended.is_set():
                for source in select.select([client, server], [], [], 0.05)[0]:
                    data = source.recv(65_536)
                    if source is client:
                        data = self._let_through(data)
                    if not data:
                        return
                    (server if source is client else client).sendall(data)
                if self._is_cut:
                    cut(client)
                    cut(server)
                    return

    def _let_through(self, data: bytes) -> bytes:
        with self._lock:
            if self.limit is not None:
                data = data[: max(0, self.limit - self.sent)]
            self.sent += len(data)
            return data
