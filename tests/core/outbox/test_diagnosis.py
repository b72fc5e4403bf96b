"""Three things are asked, and one sentence says which of them is at fault."""

import json
from datetime import UTC, datetime

import pytest

from statusdesk import paths
from statusdesk.domain.board import Line
from statusdesk.domain.delivery import Account, Target
from statusdesk.outbox.diagnosis import diagnose
from tests.servers.fault import answer, free_port, redirect, reset_at_once

AT = datetime(2026, 6, 9, 9, 41, tzinfo=UTC)
WELL = answer(200, b"success\n")
LOGIN_PAGE = answer(200, b"<html>Welcome to the hotel</html>")


@pytest.fixture
def servers(fault_before):
    """A target's host, an account's service, and the neutral address."""
    return {name: fault_before("") for name in ("target", "account", "neutral")}


@pytest.fixture
def asked(servers, tmp_path, monkeypatch):
    """What a diagnosis says when each of the three answers so, or is gone (None)."""
    monkeypatch.setattr(paths.platformdirs, "user_config_dir", lambda *_a, **_k: str(tmp_path))

    def ask(target, account, neutral):
        urls = {}
        for name, step in (("target", target), ("account", account), ("neutral", neutral)):
            urls[name] = servers[name].url if step else f"http://127.0.0.1:{free_port()}"
            if step:
                servers[name].script(step)
        (tmp_path / "network.json").write_text(json.dumps({"neutral": urls["neutral"] + "/success.txt"}))
        places = [
            Target(id="T", kind="netlify", name="Netlify", location="site", public_url=urls["target"], created_at=AT)
        ]
        accounts = [Account(id="A", kind="mastodon", name="Mastodon", base_url=urls["account"], created_at=AT)]
        return diagnose(places, accounts)

    return ask


@pytest.mark.parametrize(
    ("target", "account", "neutral", "line", "words"),
    [
        (WELL, WELL, WELL, Line.ONLINE, "Everything answers."),
        (answer(503), answer(401, {}), WELL, Line.ONLINE, "Everything answers."),
        (None, None, None, Line.OFFLINE, "This computer has no internet."),
        (None, WELL, WELL, Line.PLACE_DOWN, "Netlify does not answer, the rest does."),
        (WELL, reset_at_once, WELL, Line.PLACE_DOWN, "Mastodon does not answer, the rest does."),
        (None, None, WELL, Line.BLOCKED, "Only this network blocks us"),
        (None, None, LOGIN_PAGE, Line.BLOCKED, "Only this network blocks us"),
        (None, None, redirect("http://hotel.example/"), Line.BLOCKED, "Only this network blocks us"),
    ],
)
def test_one_sentence_says_what_is_at_fault(asked, target, account, neutral, line, words):
    found = asked(target, account, neutral)
    assert found.line is line
    assert found.words.startswith(words)
    assert [one.what for one in found.lines] == ["Netlify", "Mastodon", "A neutral address"]


def test_no_token_goes_with_a_question(asked, servers):
    asked(WELL, WELL, WELL)
    for server in servers.values():
        assert all("authorization" not in request.headers for request in server.requests)
