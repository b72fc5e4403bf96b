"""A computer whose clock is wrong learns it from servers, and breaks no promise by it."""

from datetime import UTC, datetime, timedelta

import pytest

from statusdesk import clock
from statusdesk.verbs.network import clock_words


@pytest.fixture
def servers():
    clock.servers.forget()
    yield clock.servers
    clock.servers.forget()


def off(minutes):
    return datetime.now(UTC) - timedelta(minutes=minutes)


def test_a_right_clock_is_left_alone(servers):
    servers.note("a.example", off(0))
    servers.note("b.example", off(0.5))
    assert servers.ahead() == timedelta()
    assert clock_words(servers.ahead()) == ""


def test_two_servers_that_agree_set_the_time_right(servers):
    servers.note("a.example", off(7))
    assert servers.ahead() == timedelta(), "one server alone may be wrong itself"
    servers.note("b.example", off(7.2))
    assert abs(servers.ahead() - timedelta(minutes=7)) < timedelta(seconds=20)
    assert abs(clock.now() - off(7)) < timedelta(seconds=20)
    assert clock_words(servers.ahead()) == (
        "This computer's clock is 7 min ahead. Times use server time until it is set right."
    )


def test_a_clock_behind_is_said_so(servers):
    servers.note("a.example", off(-7))
    servers.note("b.example", off(-7))
    assert "7 min behind" in clock_words(servers.ahead())


def test_servers_that_disagree_change_nothing(servers):
    servers.note("a.example", off(7))
    servers.note("b.example", off(200))
    servers.note("c.example", off(0))
    assert servers.ahead() == timedelta()


def test_a_clock_that_was_set_right_is_believed_again(servers):
    for host in ("a.example", "b.example"):
        servers.note(host, off(7))
    for host in ("a.example", "b.example"):
        servers.note(host, off(0))
    assert servers.ahead() == timedelta()


def test_a_clock_that_is_set_right_while_no_server_answers_is_believed_at_once(servers, monkeypatch):
    wrong = datetime.now(UTC) + timedelta(minutes=7)
    monkeypatch.setattr(clock, "_own", lambda: wrong)
    for host in ("a.example", "b.example"):
        servers.note(host, off(0))
    assert servers.ahead() == timedelta(minutes=7)
    monkeypatch.setattr(clock, "_own", lambda: wrong - timedelta(minutes=7))
    assert servers.ahead() == timedelta(), "or every time would be seven minutes early until servers answer again"
