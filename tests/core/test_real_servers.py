"""The servers the tests talk to are real, and nothing leaves this computer."""

import socket
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.servers import fault, running, setup


def test_a_test_cannot_reach_the_world():
    for address in (("192.0.2.1", 443), ("status.example", 443)):
        with socket.socket() as out, pytest.raises(AssertionError, match="wanted to connect"):
            out.connect(address)


def test_postgresql_answers(postgres_url):
    address = postgres_url.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        assert connection.execute("select 42").fetchone() == (42,)


def test_the_browser_starts(chromium, tmp_path):
    """Only its version: pages are shown in the tests of the site."""
    said = subprocess.run([chromium, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert "Chrom" in said.stdout


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc to see who listens where")
def test_the_servers_listen_on_this_computer_only(bluesky_server, mastodon_server, matrix_server, mail_server):
    servers = (bluesky_server, mastodon_server, matrix_server)
    ports = {int(server.url.rpartition(":")[2]) for server in servers} | {mail_server.starttls, mail_server.tls}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {(row[1].split(":")[0], int(row[1].split(":")[1], 16)) for row in rows if row[3] == "0A"}
    assert {host for host, port in listening if port in ports} == {"0100007F"}


def test_a_program_that_is_missing_says_what_to_install():
    with pytest.raises(setup.Missing, match="apt-get install nowhere"):
        setup.program("statusdesk-has-no-such-program", "nowhere")


def test_a_server_that_does_not_start_shows_its_words(tmp_path):
    command = ["python3", "-c", "print('no room for me'); raise SystemExit(1)"]
    with pytest.raises(RuntimeError, match="no room for me"), running.process(command, tmp_path, {}, lambda: False):
        pass


def test_a_failing_server_fails_as_told(fault_server):
    fault_server.script(fault.answer(418, {"a": 1}), fault.reset_at_once)
    assert not running.answers(f"{fault_server.url}/x")
    assert fault_server.asked() == ["GET /x"]
    assert not running.answers(f"{fault_server.url}/y")
    assert fault_server.asked() == ["GET /x"]
