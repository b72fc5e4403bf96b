"""A connection that is kept open for the next request is watched over like a new one."""

import contextlib
import socket
import threading
import time

import pytest

from statusdesk.net.faults import MaybeArrived, TryLater
from statusdesk.net.web import Patience, Web
from tests.servers import fault
from tests.servers.fault import HOST

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def read_request(line):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65_536)
        if not piece:
            raise ConnectionError
        data += piece


@pytest.fixture
def server():
    """Answers the first request on a connection well, and the second as the test says."""
    ended, lines = threading.Event(), []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                lines.append(line)
                read_request(line)
                line.sendall(OK)
                read_request(line)
                serve.second(line, ended)

    with socket.create_server((HOST, 0)) as listener:
        worker = threading.Thread(target=serve)
        worker.start()
        serve.url, serve.lines = f"http://{HOST}:{listener.getsockname()[1]}", lines
        yield serve
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        worker.join()
        for line in lines:
            line.close()


def drip(line, ended):
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not ended.wait(0.05):
        line.sendall(b" ")


def test_all_patience_ends_on_a_connection_of_before_too(server):
    server.second = drip
    web = Web("It", server.url, Patience(connect_s=1, read_s=1, total_s=0.6), reuse=True)
    assert web.ask("GET", "/").status == 200
    began = time.monotonic()
    assert not web.ask("GET", "/").whole
    assert time.monotonic() - began < 3
    assert len(server.lines) == 1
    web.close()


@pytest.mark.parametrize(("writes", "kind"), [(True, MaybeArrived), (False, TryLater)])
def test_a_cut_on_a_connection_of_before_is_as_doubtful_as_on_a_new_one(server, writes, kind):
    server.second = lambda line, _: fault.cut(line)
    web = Web("It", server.url, Patience(connect_s=1, read_s=1, total_s=2), reuse=True)
    web.ask("GET", "/")
    with pytest.raises(kind):
        web.ask("POST", "/", data=b"x", writes=writes)
    web.close()


def test_who_does_not_ask_for_it_gets_a_connection_for_each_request(fault_server):
    Web("It", fault_server.url).ask("GET", "/")
    Web("It", fault_server.url, reuse=True).ask("GET", "/")
    assert [request.headers["connection"] for request in fault_server.requests] == ["close", "keep-alive"]
