"""What holds for hosts that take a site as a whole, and is not seen from outside of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets.base import Place
from statusdesk.targets.tree import Stamp
from statusdesk.targets.whole import Parcel, Shown, Whole, WholeHost, stamp_said, stamp_words
from tests.core.targets.test_every_host import ONE, TWO, Desk
from tests.servers.hosts import Host


class Memory(Whole):
    """A host in memory that counts what it is asked to digest, and may be cut after it has taken a site."""

    where, identity, url, greeting, remarks = "memory", "memory", "https://memory.example/", "It is there.", ()

    def __init__(self):
        self.files: Mapping[str, str] | None = {}
        self.stamp: Stamp | None = None
        self.digested: list[str] = []
        self.parcels: list[Parcel] = []
        self.cut = False

    def digest(self, path, data):
        self.digested.append(path)
        return str(hash(data))

    def look(self):
        return Shown(version=str(len(self.parcels)), stamp=self.stamp, files=self.files)

    def may_write(self):
        return "Yes."

    def put(self, parcel, shown):
        self.parcels.append(parcel)
        contents = {path: str(hash(parcel.data(path))) for path in parcel.missing}
        self.files = {path: sha for path, sha in self.files.items() if path not in parcel.removed} | contents
        self.stamp = parcel.stamp
        if self.cut:
            raise TryLater("cut")
        return True

    def close(self):
        """Nothing is open."""


@pytest.fixture
def there():
    return Memory()


@pytest.fixture
def desk(tmp_path, there):
    class Mine(Desk):
        def open(self, **settings):
            place = Place(location="x", settings=settings, state_file=self.note)
            return WholeHost(place, lambda _: there)

    return Mine(Host("none", 0, tmp_path), tmp_path, "x")


def test_only_changed_files_are_read_for_their_digests(desk, there):
    desk.publish("b1", ONE)
    there.digested.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert sorted(there.digested) == ["build.json", "index.html"]


def test_a_publishing_whose_answer_was_lost_is_known_as_ours(desk, there):
    there.cut = True
    with pytest.raises(TryLater):
        desk.publish("b1", ONE, at="2026-06-09T12:00:00.000Z")
    there.cut = False
    assert desk.publish("b1", ONE, at="2026-06-09T12:00:00.000Z").written == 0
    # Even if this computer's clock was set back since: the newer build there is our own.
    assert desk.publish("b2", TWO, at="2026-06-09T11:00:00.000Z").removed == 2
    assert set(there.files) == {*TWO, "build.json"}


def test_what_a_lost_answer_left_is_removed_later(desk, there):
    there.cut = True
    with pytest.raises(TryLater):
        desk.publish("b1", ONE)
    there.cut = False
    desk.publish("b2", TWO)
    assert set(there.files) == {*TWO, "build.json"}


def test_a_site_that_was_built_anew_meanwhile_is_published_again(desk, there):
    site = desk.build("b1", ONE)
    (desk.built / "index.html").write_text("newer")
    with pytest.raises(TryLater, match="built anew while it was copied"):
        desk.open().publish(site)
    assert there.parcels == []


def test_the_hosts_own_address_is_given(desk):
    assert desk.publish("b1", ONE).url == "https://memory.example/"


def test_a_host_that_tells_of_builds_only_is_not_taken_from_others(desk, there):
    there.files, there.parcels = None, [None]
    with pytest.raises(NeedsPerson, match=r"There is already a site in memory \(not published by StatusDesk\)"):
        desk.publish("b1", ONE)


def test_the_line_beside_a_deploy_names_the_build_and_its_time():
    stamp = Stamp("20260609T094100Z-abc", datetime(2026, 6, 9, 9, 41, tzinfo=UTC))
    assert stamp_said(stamp_words(stamp)) == stamp
    assert stamp_said(stamp_words(Stamp("b1", None))) == Stamp("b1", None)


@pytest.mark.parametrize(
    "words", [None, "", "Deploy by hand", 7, "StatusDesk build ", 'StatusDesk build a" of x', "x" * 9999]
)
def test_other_lines_name_no_build(words):
    assert stamp_said(words) is None
