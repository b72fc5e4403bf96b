"""SFTP and rsync: a server that shows another key gets nothing, and no secret or name is an argument."""

import subprocess
from pathlib import Path

import pytest

from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets import address
from statusdesk.targets.rsync import RsyncFiles
from statusdesk.targets.sftp import SftpFiles, fingerprint
from tests.core.targets.test_every_host import ONE, TWO, Desk

KINDS = {"sftp": SftpFiles, "rsync": RsyncFiles}


@pytest.fixture(params=["sftp", "rsync"])
def desk(request, ssh_hosts, tmp_path):
    host = ssh_hosts[request.param]
    name = f"keys-{tmp_path.name}"
    host.make(name)
    return Desk(host, tmp_path, name)


def test_a_server_with_another_key_than_last_time_gets_nothing(desk, tmp_path):
    desk.publish("b1", ONE)
    kept = desk.note.with_suffix(".hostkey")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    known = kept.read_text().split()[0]
    kept.write_text(f"{known} {(tmp_path / 'other.pub').read_text()}")
    with pytest.raises(NeedsPerson, match=r"127\.0\.0\.1 shows another key than before"):
        desk.publish("b2", TWO)
    assert desk.shown() == ONE


def test_the_key_is_shown_once_and_as_ssh_shows_it(ssh_hosts, tmp_path):
    host = ssh_hosts["sftp"]
    host.make("shown")
    desk = Desk(host, tmp_path, "shown")
    key = host.folder.parent / "host.pub"
    said = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True).stdout.split()[1]
    assert said in desk.open().check()[0].result
    assert "Its key is the known one" in desk.open().check()[0].result


def test_a_folder_that_is_not_there_is_not_made(desk):
    desk.name = "nowhere"
    with pytest.raises(NeedsPerson, match=r"There is no folder .*nowhere on 127\.0\.0\.1"):
        desk.publish("b1", ONE)
    assert not (desk.host.folder / "nowhere").exists()


def test_a_folder_that_is_a_link_is_not_followed(ssh_hosts, tmp_path):
    host = ssh_hosts["sftp"]
    host.make("linked")
    (tmp_path / "elsewhere").mkdir()
    (host.folder / "linked" / "assets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NeedsPerson, match=r"assets in .* is a link"):
        Desk(host, tmp_path, "linked").publish("b1", ONE)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_key_with_a_passphrase_needs_it(ssh_hosts, tmp_path):
    host = ssh_hosts["sftp"]
    host.make("passphrase")
    locked = tmp_path / "locked"
    locked.write_bytes((host.folder.parent / "user").read_bytes())
    locked.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", locked], check=True)
    desk = Desk(host, tmp_path, "passphrase")
    with pytest.raises(NeedsPerson, match=r"refused|passphrase"):
        desk.open(key_file=str(locked)).publish(desk.build("b1", ONE))
    assert desk.open(secret="open sesame", key_file=str(locked)).publish(desk.build("b1", ONE)).verified


def test_rsync_gets_no_name_of_a_file_as_an_argument(ssh_hosts, tmp_path, monkeypatch):
    host = ssh_hosts["rsync"]
    host.make("arguments")
    started, start = [], subprocess.Popen

    def noted(command, *rest, **options):
        started.append([str(word) for word in command])
        return start(command, *rest, **options)

    monkeypatch.setattr(subprocess, "Popen", noted)
    Desk(host, tmp_path, "arguments").publish("b1", {"-e sh x.html": "x", "index.html": "y"})
    assert host.tree("arguments").keys() == {"-e sh x.html", "index.html", "build.json"}
    words = [word for command in started for word in command]
    assert not [word for word in words if ".html" in word or "build.json" in word]


def test_a_computer_without_rsync_says_how_to_get_it(ssh_hosts, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NeedsPerson, match=r"rsync is not installed on this computer. Install it"):
        Desk(ssh_hosts["rsync"], tmp_path, "x").publish("b1", ONE)


@pytest.mark.parametrize(
    ("exit_code", "complaints", "kind", "words"),
    [
        (255, "ssh: Could not resolve hostname nowhere.example", TryLater, "was not found"),
        (255, "ssh: connect to host x port 22: Connection timed out", TryLater, "did not answer in time"),
        (255, "kex_exchange_identification: Connection closed", TryLater, "cannot be reached now"),
        (255, "root@x: Permission denied (publickey,password).", NeedsPerson, "refused the login"),
        (12, "bash: line 1: rsync: command not found", NeedsPerson, "rsync is not installed on"),
        (11, "rsync: write failed: No space left on device (28)", TryLater, "is full"),
        (23, 'rsync: mkstemp ".x" failed: Permission denied (13)', NeedsPerson, "may not write to"),
        (23, "rsync: something else", TryLater, "could not bring everything"),
    ],
)
def test_what_rsync_complains_of_is_said_in_words(ssh_hosts, tmp_path, exit_code, complaints, kind, words):
    files = RsyncFiles(ssh_hosts["rsync"].place("words", tmp_path / "note.json"), lambda: None)
    fault = files._fault(exit_code, complaints)
    files.close()
    assert isinstance(fault, kind)
    assert words in fault.message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"server": "-oProxyCommand=x"}, "server"), ({"server": "a b"}, "server"), ({"server": "x:99999"}, "server"),
        ({"server": ""}, "server"), ({"user": "-l"}, "user"), ({"user": "a b"}, "user"), ({"user": ""}, "user"),
        ({"location": "/srv/../etc"}, "location"), ({"location": "a\nb"}, "location"), ({"key_file": "/no/such"}, "key_file"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_right_names_its_field(changes, field):
    form = {"location": "/srv", "server": "www.example.com", "user": "web"} | changes
    with pytest.raises(Refused) as caught:
        address.login(form.pop("location"), form, 22)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [("www.example.com", "www.example.com", 22), ("www.example.com:2222", "www.example.com", 2222),
     ("::1", "::1", 22), ("[::1]:2222", "::1", 2222), ("10.0.0.7", "10.0.0.7", 22)],
)  # fmt: skip
def test_servers_are_written_as_people_do(server, host, port):
    login = address.login("~/www/", {"server": server, "user": "web@host"}, 22)
    assert (login.host, login.port, login.folder) == (host, port, "www")
    assert address.login("~", {"server": server, "user": "web"}, 22).folder == "."


def test_a_fingerprint_is_the_one_of_openssh(ssh_hosts):
    import paramiko

    folder = ssh_hosts["sftp"].folder.parent
    said = subprocess.run(
        ["ssh-keygen", "-l", "-f", folder / "host.pub"], capture_output=True, text=True, check=True
    ).stdout
    assert fingerprint(paramiko.Ed25519Key.from_private_key_file(str(Path(folder, "host")))) == said.split()[1]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Authentication failed: transport shut down or saw EOF", TryLater),
        ("Authentication timeout.", TryLater),
        ("Authentication failed.", NeedsPerson),
    ],
)
def test_a_line_that_is_cut_while_logging_in_is_no_refusal(said, kind):
    import paramiko

    from statusdesk.targets.sftp import said as in_words

    at = address.login("~", {"server": "www.example.com", "user": "web"}, 22)
    with pytest.raises(kind), in_words(at):
        raise paramiko.AuthenticationException(said)
