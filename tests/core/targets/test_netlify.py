"""Netlify: only missing contents are sent, a deploy is gone on with, and nothing is put over a newer build."""

from __future__ import annotations

import pytest

from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets import registry
from statusdesk.targets.base import Place
from statusdesk.targets.netlify import NetlifySite
from statusdesk.targets.whole import WholeHost
from tests.core.targets.test_every_host import ONE, TWO, Desk
from tests.servers import services
from tests.servers.vendors.base import Said


class Quick(Desk):
    """A desk that looks at a deploy without pausing."""

    def open(self, secret=None, **settings):
        place = self.host.place(self.name, self.note, port=self.port, secret=secret, **settings)
        return WholeHost(place, lambda beat: NetlifySite(place, beat, pause_s=0.01))


@pytest.fixture
def desk(tmp_path):
    with services.netlify(tmp_path) as host:
        host.make("status")
        yield Quick(host, tmp_path, "status")


def asked(desk, method):
    return [one.path for one in desk.host.server.requests if one.method == method]


def test_only_missing_contents_are_sent(desk):
    desk.publish("b1", ONE)
    assert len(asked(desk, "PUT")) == len(ONE) + 1
    desk.host.server.requests.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert sorted(path.rpartition("/")[2] for path in asked(desk, "PUT")) == ["build.json", "index.html"]
    desk.host.server.requests.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert asked(desk, "PUT") + asked(desk, "POST") == []


def test_each_deploy_carries_its_build(desk):
    desk.publish("b1", ONE)
    site = desk.host.server.sites["status"]
    assert site.deploys[site.live].title == "StatusDesk build b1 of 2026-06-09T09:41:00+00:00"


def test_a_deploy_that_was_cut_off_is_gone_on_with(desk):
    server, own, sent = desk.host.server, desk.host.server._uploaded, []

    def breaks(*words):
        sent.append(words)
        return own(*words) if len(sent) < 3 else Said(500, {"message": "broken"})

    server._uploaded = breaks
    with pytest.raises(TryLater):
        desk.publish("b1", ONE)
    assert desk.shown() == {}
    server._uploaded = own
    server.requests.clear()
    assert desk.publish("b1", ONE).verified
    assert asked(desk, "POST") == [], "the same deploy"
    assert len(asked(desk, "PUT")) == len(ONE) + 1 - 2, "without what is there"
    assert desk.shown() == ONE
    assert not desk.note.with_suffix(".deploy").exists()


def test_a_deploy_that_takes_its_time_is_looked_at_again(desk):
    desk.host.server.slow = 20
    with pytest.raises(TryLater, match="still making the page live") as caught:
        desk.publish("b1", ONE)
    assert caught.value.after_s == 10
    assert desk.shown() == {}
    desk.host.server.requests.clear()
    desk.host.server.slow = 0
    for _ in range(5):
        try:
            desk.publish("b1", ONE)
            break
        except TryLater:
            continue
    assert desk.shown() == ONE
    assert asked(desk, "POST") + asked(desk, "PUT") == []


def test_another_build_begins_anew(desk):
    desk.host.server.slow = 100
    with pytest.raises(TryLater):
        desk.publish("b1", ONE)
    desk.host.server.slow = 0
    desk.publish("b2", TWO)
    assert desk.shown() == TWO


def test_a_newer_build_that_came_while_contents_went_over_stays(desk, tmp_path):
    desk.publish("b1", ONE)
    other = Quick(desk.host, tmp_path, desk.name, "other")
    server, own, first = desk.host.server, desk.host.server._uploaded, [True]

    def disturbed(site, deploy, path, body):
        if first:
            first.pop()
            server._lock.release()  # the other desk is served in between
            try:
                other.publish("theirs", ONE | {"new": "1"}, at="2026-06-09T12:00:00.000Z")
            finally:
                server._lock.acquire()
        return own(site, deploy, path, body)

    server._uploaded = disturbed
    with pytest.raises(NeedsPerson, match="Another desk published there at 2026-06-09 12:00 UTC"):
        desk.publish("ours", TWO, at="2026-06-09T11:00:00.000Z")
    assert desk.shown() == ONE | {"new": "1"}


def test_a_deploy_that_fails_says_what_netlify_says(desk):
    desk.host.server.fail_next = "Invalid filename 'a#b'"
    with pytest.raises(NeedsPerson, match="could not make the page of status live: “Invalid filename 'a#b'”"):
        desk.publish("b1", ONE)
    assert desk.publish("b1", ONE).verified, "the failed deploy is not gone on with"


def test_publishing_that_is_held_back_there_is_said(desk):
    desk.host.server.sites["status"].locked = True
    with pytest.raises(NeedsPerson, match="Start automatic publishing there again"):
        desk.publish("b1", ONE)


def test_limits_are_obeyed(desk):
    desk.host.server.say(Said(429, {"message": "Too many requests"}, {"Retry-After": "17"}))
    with pytest.raises(TryLater, match="asks us to wait") as caught:
        desk.publish("b1", ONE)
    assert caught.value.after_s == 17


@pytest.mark.parametrize("said", [Said(200, b"<html>login"), Said(200, [])])
def test_an_answer_that_is_not_of_netlify_changes_nothing(desk, said):
    desk.publish("b1", ONE)
    desk.host.server.say(said)
    with pytest.raises(TryLater):
        desk.publish("b2", TWO)
    assert desk.shown() == ONE


def test_a_site_that_is_not_there(desk):
    desk.name = "nowhere"
    with pytest.raises(NeedsPerson, match="shows no site nowhere to this token"):
        desk.publish("b1", ONE)


def test_a_name_that_cannot_be(tmp_path):
    place = Place(location="my site", settings={}, state_file=tmp_path / "n.json", secret="s")
    with pytest.raises(Refused) as caught:
        registry.kind("netlify").open(place).check()
    assert caught.value.field == "location"
