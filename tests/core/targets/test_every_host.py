"""What holds on every host: only what differs goes over, in order, whole or not at all, and nothing of anybody else's."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from contextlib import closing

import pytest

from statusdesk.domain import headers
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets import registry
from statusdesk.targets.base import Site
from statusdesk.targets.files import Outgoing
from tests.servers.cutting import Wire

_names = itertools.count(1)

# What the engine does alike for all is not shown again on a host where each look takes a program and a login.
not_on_slow_ones = pytest.mark.parametrize(
    "host", ["sftp", "s3", "s3-without-conditions", "webdav", "folder"], indirect=True, scope="session"
)


def order(path):
    rank = 0 if path.startswith("assets/") else 3 if path == "index.html" else 1
    return rank, path


class Desk:
    """A desk with a built site, and its own note of a place."""

    def __init__(self, host, tmp_path, name, desk="desk"):
        self.host, self.name, self.port = host, name, 0
        self.built = tmp_path / desk / "site"
        self.note = tmp_path / desk / "targets" / "one.json"

    def build(self, build_id, files, at="2026-06-09T09:41:00.000Z"):
        shutil.rmtree(self.built, ignore_errors=True)
        for path, text in (files | {"build.json": json.dumps({"build_id": build_id, "generated_at": at})}).items():
            (self.built / path).parent.mkdir(parents=True, exist_ok=True)
            (self.built / path).write_text(text, encoding="utf-8")
        shas = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
        return Site(folder=self.built, manifest=lambda: shas, build_id=build_id, order=order)

    def publish(self, build_id, files, **more):
        return self.open().publish(self.build(build_id, files, **more))

    def open(self, secret=None, **settings):
        place = self.host.place(self.name, self.note, port=self.port, secret=secret, **settings)
        return registry.kind(self.host.kind).open(place)

    def shown(self):
        """What the host shows, without the build."""
        tree = {path: data.decode() for path, data in self.host.tree(self.name).items()}
        self.build_shown = json.loads(tree.pop("build.json", '{"build_id": ""}'))["build_id"]
        return tree


ONE = {
    "index.html": "<p>home 1",
    "404.html": "<p>not here",
    "assets/page-0123456789ab.css": "p{}",
    "incidents/SD-2026-0001/index.html": "<p>page “1”",
    "api/v2/incidents/x.json": "{}",
}
TWO = {
    "index.html": "<p>home 2",
    "404.html": "<p>not here",
    "assets/page-0123456789ab.css": "p{}",
    "incidents/SD-2026-0002/index.html": "<p>page 2",
    "fi/index.html": "<p>koti " + "x" * 3000,
}


@pytest.fixture
def desk(host, tmp_path, monkeypatch):
    if host.authority:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(host.authority))
    name = f"place-{next(_names)}"
    if host.kind == "folder":
        host.folder = tmp_path
    host.make(name)
    return Desk(host, tmp_path, name)


def test_the_site_is_there_after_the_first_publishing(desk):
    published = desk.publish("b1", ONE)
    assert desk.shown() == ONE
    assert desk.build_shown == "b1"
    assert (published.written, published.removed, published.verified) == (len(ONE) + 1, 0, True)


def test_a_change_sends_only_that_and_orphans_go(desk):
    desk.publish("b1", ONE)
    published = desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert (published.written, published.removed) == (2, 0)
    again = desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert (again.written, again.removed) == (0, 0)
    published = desk.publish("b3", TWO)
    assert (published.written, published.removed) == (3, 2)
    assert desk.shown() == TWO


def test_files_of_others_stay(desk):
    if not desk.host.shared:
        pytest.skip("this host shows one site and nothing beside it")
    desk.host.put(desk.name, "CNAME", b"status.example")
    desk.publish("b1", ONE)
    desk.host.put(desk.name, "incidents/SD-2026-0001/photo.txt", b"mine")
    desk.host.put(desk.name, "api/v2/incidents/x.json", b"edited by hand")
    desk.publish("b2", TWO)
    theirs = {
        "CNAME": "status.example",
        "incidents/SD-2026-0001/photo.txt": "mine",
        "api/v2/incidents/x.json": "edited by hand",
    }
    assert desk.shown() == TWO | theirs


def test_another_site_at_that_place_is_not_overwritten(desk):
    desk.host.put(desk.name, "index.html", b"our old home page")
    with pytest.raises(
        NeedsPerson, match=r"There is already a site in .*(index.html among them|not published by StatusDesk)"
    ):
        desk.publish("b1", ONE)
    assert desk.shown() == {"index.html": "our old home page"}
    assert desk.open(replace="yes").publish(desk.build("b1", ONE)).verified
    assert desk.shown() == ONE


def test_what_another_desk_published_later_is_not_overwritten(desk, tmp_path):
    other = Desk(desk.host, tmp_path, desk.name, "other")
    other.publish("theirs", TWO, at="2026-06-09T10:00:00.000Z")
    with pytest.raises(NeedsPerson, match="Another desk published there at 2026-06-09 10:00 UTC"):
        desk.publish("ours", ONE, at="2026-06-09T09:00:00.000Z")
    assert desk.shown() == TWO
    desk.publish("ours2", ONE, at="2026-06-09T11:00:00.000Z")
    assert desk.shown().items() >= ONE.items()


@not_on_slow_ones
def test_two_desks_at_once_do_not_both_have_the_last_word(desk, tmp_path):
    """The other desk publishes in the middle of ours: ours says so, compares, and is refused or complete."""
    desk.publish("b1", ONE)
    other = Desk(desk.host, tmp_path, desk.name, "other")

    site = desk.build("ours", ONE | {"index.html": "<p>ours"}, at="2026-06-09T11:00:00.000Z")
    shas = site.manifest()
    host = desk.open()
    first = True

    def order_and_disturb(path):
        nonlocal first
        if first:  # the engine has looked at the host by now, and sorts what it will send
            first = False
            other.publish("theirs", TWO, at="2026-06-09T10:00:00.000Z")
        return order(path)

    disturbed = Site(folder=site.folder, manifest=lambda: shas, build_id="ours", order=order_and_disturb)
    with pytest.raises(TryLater, match="Another desk published there in this moment"):
        host.publish(disturbed)
    assert desk.open().publish(site).verified
    assert desk.shown().items() >= (ONE | {"index.html": "<p>ours"}).items()
    assert desk.build_shown == "ours"


def test_the_last_word_of_a_desk_that_came_too_late_is_refused_by_the_host(desk, tmp_path):
    if not desk.host.conditions:
        pytest.skip("this host takes no conditions; the engine looks at it before and after")
    desk.publish("b1", ONE)
    with closing(desk.open()._connect(lambda: None)) as files:
        before = files.read("build.json")
        desk.publish("another", TWO)  # of another length: some servers' versions tell no more than that and the second
        late = outgoing(desk.build("late", TWO))
        assert not files.write_last(late, before)
        assert not files.write_last(late, None)
        assert (desk.shown(), desk.build_shown) == (TWO, "another")
        assert files.write_last(late, files.read("build.json"))
        assert (desk.shown(), desk.build_shown) == (TWO, "late")


def outgoing(site):
    source = site.folder / "build.json"
    sha = hashlib.sha256(source.read_bytes()).hexdigest()
    return Outgoing(path="build.json", source=source, sha=sha, label=headers.label([], "build.json"))


@not_on_slow_ones
def test_a_lost_note_loses_nothing(desk):
    desk.publish("b1", ONE)
    desk.note.unlink()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert desk.shown() == ONE | {"index.html": "<p>home 2"}


@not_on_slow_ones
def test_a_note_that_names_files_elsewhere_touches_nothing_there(desk):
    desk.publish("b1", ONE)
    note = json.loads(desk.note.read_text())
    note["files"] |= {"../victim.txt": "x", "/etc/hostname": "x", "a/../../victim.txt": "x", "-rf": "x", "": "x"}
    desk.note.write_text(json.dumps(note))
    assert desk.publish("b2", TWO).removed == 2
    assert desk.shown() == TWO


def test_a_cut_anywhere_is_made_whole_by_the_next_try(desk):
    if desk.host.kind == "folder":
        pytest.skip("no wire leads to a folder; test_folder_cut.py cuts it")
    with Wire(desk.host.port) as wire:
        desk.port = wire.port
        if not desk.host.shared:  # services keep contents, so what goes over is measured when they have all of them
            desk.publish("first", ONE)
        desk.publish("a0", TWO)
        wire.arm(None)
        desk.publish("a1", ONE)
        whole = wire.sent
        # A connection that must be made anew each time takes its time; two cuts are enough to see it go on.
        steps = {"rsync": (3, 7), "ftps": (3, 7), "git": (2, 4, 7)}.get(desk.host.kind, range(1, 8))
        for step, new in zip(steps, itertools.cycle([TWO, ONE])):
            wire.arm(whole * step // 9)
            with pytest.raises(TryLater):
                desk.publish(f"c{step}", new)
            wire.arm(None)
            assert desk.publish(f"b{step}", new).verified
            assert desk.shown() == new, f"cut {step} of 9"
            assert desk.build_shown == f"b{step}"


def test_checking_says_what_is_there_and_leaves_nothing_behind(desk):
    lines = [line for line in desk.open().check() if line.what != "Remember"]
    assert all(line.ok for line in lines), lines
    assert desk.shown() == {}
    desk.host.put(desk.name, "index.html", b"our old home page")
    assert [line.ok for line in desk.open().check() if line.what == "Contents"] == [None]


def test_a_place_may_have_an_odd_name(desk):
    desk.name = f"-{desk.name} b; c'd\" $e é"
    desk.host.make(desk.name)
    desk.publish("b1", ONE)
    desk.publish("b2", TWO)
    assert desk.shown() == TWO


def test_a_wrong_login_is_said_in_plain_words(desk):
    wrong = {"sftp": {"key_file": ""}, "git": {"key_file": ""}, "rsync": {"key_file": "", "user": "nobody"}}.get(
        desk.host.kind, {}
    )
    if desk.host.kind == "folder":
        pytest.skip("a folder has no login")
    host = desk.open(secret="wr0ng-secret", **wrong)
    with pytest.raises(NeedsPerson) as caught:
        host.publish(desk.build("b1", ONE))
    assert "127.0.0.1" in caught.value.message
    assert "wr0ng" not in f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert host.check()[0].result == caught.value.message


def test_a_host_that_is_gone_is_tried_later(desk):
    if desk.host.kind == "folder":
        pytest.skip("a folder that is gone is in test_folder.py")
    with Wire(1) as wire:
        desk.port = wire.port
        wire.arm(0)
        with pytest.raises(TryLater, match=r"127\.0\.0\.1"):
            desk.publish("b1", ONE)


@not_on_slow_ones
def test_whoever_waits_hears_how_far_it_is(desk):
    site, heard = desk.build("b1", ONE), []
    told = Site(
        folder=site.folder,
        manifest=site.manifest,
        build_id="b1",
        order=order,
        progress=lambda done, total: heard.append((done, total)),
    )
    desk.open().publish(told)
    assert heard[-1] == (len(ONE) + 1, len(ONE) + 1)
