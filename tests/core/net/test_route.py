"""The way out of an office: its proxy is used, its authority is believed, and nothing else is."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from statusdesk import clock, paths
from statusdesk.errors import EnvironmentFault
from statusdesk.net import route
from statusdesk.net.faults import TryLater
from statusdesk.net.route import Route
from statusdesk.net.web import Patience, Web
from tests.servers.authority import certificate
from tests.servers.fault import FaultServer, answer

QUICK = Patience(connect_s=2, read_s=2, total_s=4)


class Hello(http.server.BaseHTTPRequestHandler):
    """Says hello over TLS."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this computer's settings lie, with no word about the network in the environment."""
    monkeypatch.setattr(paths.platformdirs, "user_config_dir", lambda *_a, **_k: str(tmp_path / "config"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", *route._CA_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "config"


@pytest.fixture
def office(tmp_path: Path, settings: Path) -> Iterator[tuple[str, Path]]:
    """A server whose certificate comes from an authority that no system knows; and that authority."""
    del settings
    own = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}", tmp_path / "ca.crt"
    server.shutdown()
    thread.join()
    server.server_close()
    clock.servers.forget()


def ask(url: str) -> int:
    return Web("The office", url, QUICK).ask("GET", "/").status


def test_a_strange_authority_is_not_believed(office: tuple[str, Path]) -> None:
    url, _authority = office
    with pytest.raises(TryLater, match=r"could not prove who it is \(TLS\)") as caught:
        ask(url)
    assert caught.value.code == "tls"


def test_an_authority_of_this_computers_own_is_believed(office: tuple[str, Path]) -> None:
    url, authority = office
    route.keep(Route(ca_file=str(authority)))
    assert ask(url) == 200


@pytest.mark.parametrize("name", route._CA_VARIABLES)
def test_an_authority_that_the_environment_names_is_believed(
    office: tuple[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, authority = office
    monkeypatch.setenv(name, str(authority))
    assert ask(url) == 200


class Proxy:
    """An office's proxy: connects where it is asked to, and keeps book of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                head = client.recv(65_536).decode("latin-1")
                self.asked.append(head.partition("\r\n")[0])
                host, _, port = head.split(" ")[1].partition(":")
                with socket.create_connection((host, int(port))) as there:
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=pipe, args=(there, client))
                    back.start()
                    pipe(client, there)
                    back.join()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()


def pipe(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until one side has enough."""
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


@pytest.mark.parametrize("told_by", ["this computer's settings", "the environment"])
def test_a_proxy_carries_tls_to_its_end_and_the_office_is_believed_through_it(
    office: tuple[str, Path], proxy: Proxy, told_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, authority = office
    if told_by == "the environment":
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        route.keep(Route(ca_file=str(authority)))
    else:
        route.keep(Route(proxy=proxy.url, ca_file=str(authority)))
    assert ask(url) == 200
    assert proxy.asked == [f"CONNECT {url.removeprefix('https://')} HTTP/1.0"] or proxy.asked == [
        f"CONNECT {url.removeprefix('https://')} HTTP/1.1"
    ]


def test_a_proxy_that_refuses_is_no_word_of_the_server_and_nothing_was_sent(
    settings: Path, fault_server: FaultServer
) -> None:
    route.keep(Route(proxy=fault_server.url))
    fault_server.script(answer(407, b"Who are you?"))
    with pytest.raises(TryLater, match="cannot be reached now"):
        Web("Mastodon", "https://social.example", QUICK).ask("POST", "/", body={"secret": 1}, token="tok", writes=True)
    assert all(b"secret" not in request.raw and b"tok" not in request.raw for request in fault_server.requests)
    assert json.loads((settings / "network.json").read_text("utf-8"))["proxy"] == fault_server.url


def test_settings_that_cannot_be_read_count_as_none(settings: Path) -> None:
    settings.mkdir()
    (settings / "network.json").write_text("[not json")
    assert route.current() == Route()


@pytest.mark.parametrize(("content", "words"), [(None, "it is not there"), ("no certificate", "holds no certificates")])
def test_a_file_of_certificates_that_cannot_be_used_is_said(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, words: str
) -> None:
    del settings
    file = tmp_path / f"{words}.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    with pytest.raises(EnvironmentFault, match=words):
        Web("The office", "https://127.0.0.1:1", QUICK)
