"""Cloudflare Pages: contents once, in buckets, and then one deployment; its limits and errors in plain words."""

from __future__ import annotations

import json

import pytest

from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets import cloudflare, registry
from statusdesk.targets.base import Place
from statusdesk.targets.cloudflare import CloudflareProject
from statusdesk.targets.whole import WholeHost
from tests.core.targets.test_every_host import ONE, TWO, Desk
from tests.servers import services
from tests.servers.vendors.base import Said
from tests.servers.vendors.cloudflare import ACCOUNT, JWT, hashed

RULES = "/*\n  X-Content-Type-Options: nosniff\n"


class Quick(Desk):
    """A desk that looks at a deployment without pausing."""

    def open(self, secret=None, **settings):
        place = self.host.place(self.name, self.note, port=self.port, secret=secret, **settings)
        return WholeHost(place, lambda beat: CloudflareProject(place, beat, pause_s=0.01))


@pytest.fixture
def desk(tmp_path):
    with services.cloudflare(tmp_path) as host:
        host.make("status")
        yield Quick(host, tmp_path, "status")


def uploads(desk):
    return [json.loads(one.body) for one in desk.host.server.requests if one.path == "/pages/assets/upload"]


def test_only_missing_contents_are_sent_in_one_bucket(desk):
    desk.publish("b1", ONE)
    assert [len(bucket) for bucket in uploads(desk)] == [len(ONE) + 1]
    desk.host.server.requests.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert [{one["key"] for one in bucket} for bucket in uploads(desk)] == [
        {hashed("index.html", b"<p>home 2"), hashed("build.json", (desk.built / "build.json").read_bytes())}
    ]
    desk.host.server.requests.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert {one.method for one in desk.host.server.requests} == {"GET"}


def test_contents_are_named_as_cloudflare_names_them():
    # BLAKE3 of "aGVsbG8=" and "html", cut to 32 digits. Both sides here are ours: a digest made by Cloudflare's own
    # tool would prove more.
    with_ending = CloudflareProject.digest(None, "index.html", b"hello")
    assert with_ending == hashed("a/b.html", b"hello")
    assert with_ending != CloudflareProject.digest(None, "hello", b"hello")
    assert len(with_ending) == 32


def test_the_headers_ride_along_and_are_no_file(desk):
    desk.publish("b1", ONE | {"_headers": RULES})
    site = desk.host.server.sites["status"]
    assert site.deployments[-1].rules.decode() == RULES
    assert desk.shown() == ONE
    desk.publish("b2", ONE | {"_headers": RULES + "\n"})
    assert site.deployments[-1].rules.decode() == RULES + "\n"


def test_contents_carry_their_type(desk):
    desk.publish("b1", ONE)
    kinds = {one["key"]: one["metadata"]["contentType"] for bucket in uploads(desk) for one in bucket}
    assert kinds[hashed("index.html", b"<p>home 1")] == "text/html; charset=utf-8"


def test_many_files_go_in_several_buckets(desk):
    many = {f"incidents/SD-{number}/index.html": f"<p>{number}" for number in range(1100)}
    desk.publish("b1", ONE | many)
    assert len(uploads(desk)) == 3
    assert desk.shown() == ONE | many


def test_a_deployment_that_takes_its_time_is_looked_at_again(desk):
    desk.publish("b1", ONE)
    desk.host.server.slow = 20
    with pytest.raises(TryLater, match="still making the page live"):
        desk.publish("b2", TWO)
    assert desk.shown() == ONE
    desk.host.server.slow = 0
    assert desk.publish("b2", TWO).verified
    assert desk.shown() == TWO


def test_a_newer_build_that_came_while_contents_went_over_stays(desk, tmp_path):
    desk.publish("b1", ONE)
    other = Quick(desk.host, tmp_path, desk.name, "other")
    server, own, first = desk.host.server, desk.host.server._asset, [True]

    def disturbed(verb, asked):
        if first and verb == "upload":
            first.pop()
            server._lock.release()  # the other desk is served in between
            try:
                other.publish("theirs", ONE | {"new": "1"}, at="2026-06-09T12:00:00.000Z")
            finally:
                server._lock.acquire()
        return own(verb, asked)

    server._asset = disturbed
    with pytest.raises(NeedsPerson, match="Another desk published there at 2026-06-09 12:00 UTC"):
        desk.publish("ours", TWO, at="2026-06-09T11:00:00.000Z")
    assert desk.shown() == ONE | {"new": "1"}


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (500, 8000000, TryLater, "has a fault of its own"),
        (400, 8000000, TryLater, "has a fault of its own"),
        (401, 8000013, TryLater, "token for this upload has run out"),
        (403, 10000, NeedsPerson, "It needs the right Cloudflare Pages: Edit"),
        (404, 8000007, NeedsPerson, "there is no project status in this account"),
        (400, 8000069, NeedsPerson, "is built from a repository"),
        (400, 8000096, NeedsPerson, "“What Cloudflare says”"),
    ],
)
def test_errors_are_said_in_plain_words(desk, status, code, kind, words):
    desk.host.server.fail_next = (status, code, "What Cloudflare says")
    with pytest.raises(kind, match=words):
        desk.publish("b1", ONE)
    assert desk.shown() == {}
    assert desk.publish("b1", ONE).verified


def test_limits_of_the_host_are_said_before_anything_is_sent(desk, monkeypatch):
    monkeypatch.setattr(cloudflare, "MOST_FILES", 3)
    with pytest.raises(NeedsPerson, match="takes 3 files, and the site has 6"):
        desk.publish("b1", ONE)
    monkeypatch.undo()
    monkeypatch.setattr(cloudflare, "MOST_BYTES", 20)
    with pytest.raises(NeedsPerson, match=r"files of 25 MB at most, and large\.html has more"):
        desk.publish("b1", {"large.html": "x" * 21})
    assert desk.shown() == {}


@pytest.mark.parametrize("said", [Said(200, b"<html>login"), Said(200, []), Said(200, {"success": True})])
def test_an_answer_that_is_not_of_cloudflare_changes_nothing(desk, said):
    desk.host.server.say(said)
    with pytest.raises(TryLater):
        desk.publish("b1", ONE)
    assert desk.shown() == {}


def test_the_upload_token_goes_only_where_it_belongs(desk):
    desk.publish("b1", ONE)
    for one in desk.host.server.requests:
        assert (one.token == JWT) == one.path.startswith("/pages/assets/")


def test_forms_that_cannot_work_say_which_field(tmp_path):
    for location, account, field in (("My Site", ACCOUNT, "location"), ("status", "me", "account")):
        place = Place(location=location, settings={"account": account}, state_file=tmp_path / "n.json", secret="s")
        with pytest.raises(Refused) as caught:
            registry.kind("cloudflare").open(place).check()
        assert caught.value.field == field
