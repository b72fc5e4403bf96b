"""FTP over TLS: never without it, and data go on in the session of the commands."""

import socket
import ssl
import threading

import pytest

from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets import ftps
from tests.core.targets.test_every_host import ONE, Desk
from tests.servers import hosts
from tests.servers.fault import HOST


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with hosts.ftps(tmp_path_factory.mktemp("ftps")) as one:
        one.make("site")
        yield one


def test_data_go_on_in_the_session_of_the_commands(host, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(host.authority))
    reused, transfer = [], ftps._Ftp.ntransfercmd

    def noted(self, *args):
        line, size = transfer(self, *args)
        reused.append(isinstance(line, ssl.SSLSocket) and line.session_reused)
        return line, size

    monkeypatch.setattr(ftps._Ftp, "ntransfercmd", noted)
    Desk(host, tmp_path, "site").publish("b1", ONE)
    assert len(reused) > 6
    assert all(reused)


def test_a_server_that_nobody_vouches_for_gets_no_password(host, tmp_path, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(TryLater, match=r"127\.0\.0\.1 could not prove who it is"):
        Desk(host, tmp_path, "site").publish("b1", ONE)


def test_a_server_without_tls_gets_no_password(host, tmp_path):
    heard = []

    def plain():
        line, _ = listener.accept()
        with line, line.makefile("rwb", 0) as wire:
            wire.write(b"220 Ready\r\n")
            for command in wire:
                heard.append(command)
                wire.write(b"502 Not implemented\r\n")

    with socket.create_server((HOST, 0)) as listener:
        server = threading.Thread(target=plain)
        server.start()
        desk = Desk(host, tmp_path, "site")
        desk.port = listener.getsockname()[1]
        with pytest.raises(NeedsPerson, match="offers no TLS for FTP, so the password was not sent"):
            desk.publish("b1", ONE)
        server.join(10)
    assert not [command for command in heard if command.startswith((b"USER", b"PASS"))]


def test_a_folder_that_is_not_there_is_not_made(host, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(host.authority))
    with pytest.raises(NeedsPerson, match=r"There is no folder nowhere on 127\.0\.0\.1"):
        Desk(host, tmp_path, "nowhere").publish("b1", ONE)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("452 Insufficient storage", TryLater, "has no room left"),
        ("421 Too many connections", TryLater, "cannot do that now"),
        ("552 Quota exceeded", NeedsPerson, "quota .* is used up"),
        ("550 Permission denied", NeedsPerson, "does not allow that"),
    ],
)
def test_what_the_server_says_is_said_in_words(host, tmp_path, said, kind, words):
    import ftplib

    from statusdesk.targets.address import login

    at = login("site", {"server": "ftp.example.com", "user": "web"}, 21)
    error = ftplib.error_temp(said) if said.startswith("4") else ftplib.error_perm(said)
    with pytest.raises(kind, match=words), ftps._said(at):
        raise error
