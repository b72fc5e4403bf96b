"""What a request left behind on the wire: whether any of it went out, and when all patience ends.

requests and urllib3 say that something failed, not whether the server can have got it. So the connections of a channel
keep book for the exchange under way.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from statusdesk.net import route


class Exchange:
    """One request under way: whether anything of it went out, and the end of all patience."""

    def __init__(self, total_s: float) -> None:
        self.socket: socket.socket | None = None
        self.connecting = False
        self.tracked = False
        self.wrote = False
        self.was_cut = False
        self._timer = threading.Timer(total_s, self._cut)
        self._timer.daemon = True

    @property
    def sent(self) -> bool:
        """Whether something may have arrived. A connection that is not ours (a SOCKS proxy) is not trusted."""
        return self.wrote or not self.tracked

    def __enter__(self) -> Self:
        self._before = _under_way.set(self)
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        self._timer.join()
        self.socket = None
        _under_way.reset(self._before)

    def _cut(self) -> None:
        self.was_cut = True
        if self.socket is not None:
            with contextlib.suppress(OSError):
                # The plain socket's way also for TLS: whoever reads in the other thread gets an end of file.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


_under_way: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class _Tracking:
    """Keeps book of what a connection did, for the exchange under way."""

    def connect(self) -> None:
        exchange = _under_way.get()
        if exchange is None:
            super().connect()  # type: ignore[misc]  # the connection beside this class has it
            return
        exchange.tracked = exchange.connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            exchange.connecting = False
        exchange.socket = cast("HTTPConnection", self).sock

    def send(self, data: Any) -> None:
        if cast("HTTPConnection", self).sock is None:
            self.connect()
        exchange = _under_way.get()
        if exchange is not None and not exchange.connecting:  # what a proxy gets while connecting is not the request
            exchange.tracked = exchange.wrote = True
            exchange.socket = cast("HTTPConnection", self).sock  # one of an exchange before, where they are kept open
        super().send(data)  # type: ignore[misc]


class _TrackingHTTPConnection(_Tracking, HTTPConnection):
    pass


class _TrackingHTTPSConnection(_Tracking, HTTPSConnection):
    pass


class _TrackingHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TrackingHTTPConnection


class _TrackingHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TrackingHTTPSConnection


class TrackingAdapter(HTTPAdapter):
    """Uses our connections, also through an office's HTTP proxy."""

    _pools = {"http": _TrackingHTTPPool, "https": _TrackingHTTPSPool}  # noqa: RUF012  never changed

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Direct connections, which believe whom this computer believes."""
        super().init_poolmanager(*args, ssl_context=route.tls_context(), **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Connections through a proxy. A SOCKS proxy's own ones keep no book, so they are never trusted."""
        manager = super().proxy_manager_for(proxy, ssl_context=route.tls_context(), **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager

    def close(self) -> None:
        """Close what is kept open, now: urllib3 itself waits until its pools are forgotten, which a fault delays."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118  it refuses to be iterated over
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()
