"""Hostile words and failing surroundings through the command line: a clear message, nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import subprocess
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import filelock
import pytest

from statusdesk.desk import Desk
from tests.e2e.conftest import Ctl
from tests.servers import running
from tests.servers.fault import FaultServer, answer, passed_on_then_cut

# What people paste, and what attackers try. Each process gets it as an argument.
HOSTILE = "</script><script>alert(1)</script> {{ 7*7 }} {% raw %} \u202eevil\u202c <img src=x onerror=alert(1)>"


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# Words


def test_hostile_words_in_every_field_are_only_words_on_the_page(ctl: Ctl) -> None:
    ctl.make()
    assert ctl("component", "edit", "Tills", "--description", HOSTILE, "--group", HOSTILE[:50]).code == 0
    said = ctl.json(
        *("incident", "open", "--title", HOSTILE[:70], "--message", HOSTILE, "--impact", "minor"),
        *("--component", "Tills=partial_outage", "--cause", HOSTILE, "--affected", HOSTILE, "--workaround", HOSTILE),
        *("--prevention", HOSTILE, "--owner", "PRIVATE" + HOSTILE, "--author", HOSTILE, "--eta", "+2h"),
        *("--override", f"SL601={HOSTILE}"),
    )
    work = ("maintenance", "schedule", "--title", HOSTILE[:70], "--message", HOSTILE, "--component", "Tills")
    assert ctl(*work, "--starts", "+1h", "--ends", "+2h").code == 0
    assert ctl.json("incident", "show", said["ref"])["incident"]["updates"][0]["body_md"] == HOSTILE
    for path, data in files(ctl.site).items():
        assert b"PRIVATE" not in data
        if path.endswith(".png"):
            continue
        text = data.decode()
        if path.endswith(".json"):
            json.loads(text)
            continue
        if path.endswith(".ics"):  # a calendar holds no markup: its text is text
            continue
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert "{{ 7*7 }}" in (ctl.site / "incidents" / said["ref"] / "index.html").read_text()


def test_text_beyond_its_limit_is_refused_with_its_length(ctl: Ctl) -> None:
    ctl.make()
    long = ("--message", "Cards fail. " * 10_000)
    error = ctl.open(*long, code=1)["error"]
    assert error["field"] == "message"
    assert "119,999 characters" in error["message"]
    assert ctl.open("--title", "T" * 81, code=1)["error"]["field"] == "title"
    assert ctl.open("--title", "\u200f\u200b", code=1)["error"]["field"] == "title"


@pytest.mark.parametrize("word", [b"Cards \xff\xfe", b"Cards \xed\xa0\x80"], ids=["not UTF-8", "half a surrogate"])
def test_bytes_that_are_no_text_are_refused_before_anything_is_done(ctl: Ctl, word: bytes) -> None:
    said = ctl("incident", "open", "--title", word, "--json")
    assert said.code == 1
    assert "not UTF-8" in said.json["error"]["message"]


def test_a_terminal_without_our_signs_still_gets_every_word(ctl: Ctl) -> None:
    ctl.make(["“Tills” 😀"])
    poor = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    assert ctl.json("component", "list", env=poor)["components"][0]["name"] == "“Tills” 😀"
    assert ctl("component", "list", env=poor).code == 0
    poor |= {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert ctl.json("component", "archive", "“Tills” 😀", env=poor) == {"archived": "“Tills” 😀"}


# Places


def test_a_workspace_that_is_a_file_or_damaged_or_of_another_kind_is_said(ctl: Ctl) -> None:
    ctl.workspace.write_text("a file")
    for args in (("init", "--name", "Northlake"), ("incident", "list")):
        assert "is a file" in ctl.json(*args, code=1)["error"]["message"]
    ctl.workspace.unlink()
    ctl.workspace.mkdir()
    (ctl.workspace / "statusdesk.db").write_bytes(b"no database" * 1000)
    assert "damaged" in ctl.json("incident", "list", code=4)["error"]["message"]
    for where in ("~nobody-is-here/ws", "postgresql://host:port/name", "sqlite:///x.db"):
        assert ctl("incident", "list", "--workspace", where).code == 1


def _at_most(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_disk_that_takes_no_more_loses_nothing(ctl: Ctl) -> None:
    full = {"preexec_fn": partial(_at_most, 5_000)}
    said = ctl("init", "--name", "Northlake", "--component", "Tills", "--output", ctl.site, "--json", **full)
    assert said.code == 4
    assert "disk" in said.json["error"]["message"]
    assert ctl("init", "--name", "Northlake", "--component", "Tills", "--output", ctl.site).code == 0
    ctl.open("--title", "First")
    words = ("--title", "Second", "--message", "Cards fail. " * 1_000, "--impact", "minor")
    said = ctl("incident", "open", *words, "--component", "Tills=partial_outage", "--json", **full)
    assert said.code == 4
    assert [one["title"] for one in ctl.json("incident", "list")["incidents"]] == ["First"]
    assert ctl.json("doctor")["ok"] is True


def test_a_page_that_cannot_be_written_waits_and_is_repaired(ctl: Ctl) -> None:
    ctl.make()
    assert ctl("deliver").code == 0
    (ctl.site / "incidents").write_text("a file where a folder must be")
    opened = ctl.open(code=3)
    assert opened["deliveries"][0]["state"] == "retry_wait"
    assert "Something else stands where a page must go" in opened["deliveries"][0]["error"]
    (ctl.site / "incidents").unlink()
    assert ctl("incident", "update", opened["ref"], "--message", "Still at it.").code == 0
    assert ctl.json("deliver") == {"sent": 0, "waiting": 0, "failed": 0, "unknown": 0}


def test_many_at_once_wait_for_each_other_and_lose_nothing(ctl: Ctl) -> None:
    ctl.make()
    words = ("--message", "Cards fail.", "--impact", "minor", "--component", "Tills=partial_outage", "--json")
    running_ = [
        subprocess.Popen(
            ctl.command("incident", "open", "--title", f"Number {n}", *words), env=ctl.env, stdout=subprocess.PIPE
        )
        for n in range(6)
    ]
    outs = [one.communicate(timeout=120)[0] for one in running_]
    assert {one.returncode for one in running_} <= {0, 3}  # 3: another one is publishing it just now
    refs = {json.loads(out)["ref"] for out in outs}
    assert len(refs) == 6
    ctl.json("deliver")
    assert {path.parent.name for path in ctl.site.glob("incidents/*/index.html")} == refs
    assert ctl.json("build", "--full")["written"] == 0


def _heeds_ctrl_c() -> None:
    """Also where the tests run in the background of a shell, which makes its children deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_stopping_a_command_that_has_saved_still_tells_what_was_saved(ctl: Ctl) -> None:
    ctl.make()
    assert ctl("deliver").code == 0
    lock = next((ctl.workspace / "site").glob("*.lock"))
    words = (
        "--title",
        "Cards fail",
        "--message",
        "Cash works.",
        "--impact",
        "minor",
        "--component",
        "Tills=major_outage",
    )
    desk, command = Desk.open(ctl.workspace), ctl.command("incident", "open", *words, "--json")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": _heeds_ctrl_c}
    # The lock: as if another desk were building just now.
    with filelock.FileLock(lock), subprocess.Popen(command, env=ctl.env, **pipes) as opening:
        while opening.poll() is None and not any(one.state == "sending" for one in desk.undelivered()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                opening.wait(0.05)
        opening.send_signal(signal.SIGINT)
        out, err = opening.communicate(timeout=60)
    desk.shut()
    assert opening.returncode == 3, (out, err)
    assert b"Saved, but stopped" in err
    assert json.loads(out)["ref"] == ctl.json("incident", "list")["incidents"][0]["ref"]
    assert ctl.json("deliver")["sent"] == 1


# Accounts


def test_without_a_password_store_no_token_is_taken_and_no_server_is_asked(ctl: Ctl, fault_server: FaultServer) -> None:
    ctl.make()
    add = ("account", "add", "mastodon", "Mastodon", "--server", fault_server.url, "--secret-stdin")
    error = ctl.json(*add, stdin="s3cr3t-token", code=4)["error"]
    assert "no password store" in error["message"]
    assert fault_server.asked() == []
    assert not any(b"s3cr3t" in data for data in files(ctl.workspace).values())
    assert ctl("account", "add", "mastodon", "Mastodon", "--server", fault_server.url).code == 1  # nothing to ask
    assert ctl("account", "add", "pigeon", "P").code == 1


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (answer(401, {"error": "The access token is invalid"}), "refused the login"),
        (answer(500, b"oops"), "a fault of its own"),
        (answer(200, b"<html>hello"), "not from Mastodon"),
        (answer(429, {}, headers={"Retry-After": "60"}), "asks us to wait"),
    ],
    ids=["revoked", "500", "garbage", "429"],
)
def test_an_account_that_would_not_work_is_not_connected(
    ctl: Ctl, keyring_env: list[str], fault_server: FaultServer, step: Callable[..., None], words: str
) -> None:
    ctl.make()
    ctl.prefix = keyring_env
    fault_server.script(step)
    add = ("account", "add", "mastodon", "Mastodon", "--server", fault_server.url, "--secret-stdin")
    said = ctl(*add, "--json", stdin="s3cr3t-token")
    assert said.code == 1
    assert words in said.json["error"]["message"]
    assert "s3cr3t" not in said.out + said.err


def test_posts_survive_a_cut_a_revoked_token_and_a_busy_server(
    ctl: Ctl,
    keyring_env: list[str],
    mastodon_server: running.MastodonServer,
    fault_before: Callable[[str], FaultServer],
) -> None:
    ctl.make()
    ctl.prefix = keyring_env
    front = fault_before(mastodon_server.url)
    add = ("account", "add", "mastodon", "Mastodon", "--server", front.url, "--secret-stdin")
    handle = ctl.json(*add, stdin=mastodon_server.token + "\n")["account"]["handle"]
    assert handle.startswith("@")

    mark = uuid.uuid4().hex  # other tests post to the same server
    front.script(passed_on_then_cut)
    opened = ctl.open("--title", f"Cut off {mark}", code=3)
    assert _post(opened)["state"] == "unknown"
    assert "may have arrived" in str(_post(opened)["error"])
    assert ctl.json("deliver")["sent"] == 1

    front.script(answer(401, {"error": "The token was revoked"}))
    second = ctl.json("incident", "update", opened["ref"], "--message", "Revoked meanwhile.", code=3)
    assert _post(second)["state"] == "failed"
    assert "Connect the account again" in str(_post(second)["error"])
    rows = ctl.json("deliveries", "--incident", opened["ref"])["deliveries"]
    assert [one["state"] for one in rows if one["kind"] == "post"] == ["sent", "failed"]
    assert ctl.json("deliver", code=3)["failed"] == 1
    assert ctl.json("deliver", "--retry-failed")["sent"] == 1

    front.script(answer(429, {"error": "Slow down"}, headers={"Retry-After": "1"}))
    third = ctl.json("incident", "update", opened["ref"], "--message", "Busy meanwhile.", code=3)
    assert _post(third)["state"] == "retry_wait"
    assert "asks us to wait" in str(_post(third)["error"])

    posts = [_words(one) for one in _timeline(mastodon_server) if mark in _words(one)]
    assert len(posts) == 2  # nothing twice, and what waits is not out
    remotes = [one["remote_url"] for one in ctl.json("deliveries", "--incident", opened["ref"])["deliveries"]]
    assert len({url for url in remotes if url}) == 2

    ctl.prefix = []
    waits = ctl.json("incident", "update", opened["ref"], "--message", "Nobody is logged in.", code=3)
    assert "no password store" in str(_post(waits)["error"])


def _post(said: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    return next(one for one in said["deliveries"] if one["kind"] == "post")


def _timeline(server: running.MastodonServer) -> list[dict[str, object]]:
    found = running.call(f"{server.url}/api/v1/timelines/public?limit=40", token=server.token)
    assert isinstance(found, list)
    return found


def _words(post: dict[str, object]) -> str:
    return str(post["content"])
