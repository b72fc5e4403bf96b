"""A branch of a git repository: one commit a publishing, never forced, and a history that says who published what."""

from __future__ import annotations

import random
import shutil
import threading
from contextlib import closing, contextmanager

import pytest

from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.targets import registry
from statusdesk.targets.base import Place
from statusdesk.targets.git import GitBranch
from tests.core.targets.test_every_host import ONE, TWO, Desk
from tests.servers import gits
from tests.servers.cutting import Wire
from tests.servers.gits import BRANCH, git
from tests.servers.hosts import PASSWORD, USER
from tests.servers.vendors.base import Said, Vendor


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    with gits.over_http(tmp_path_factory.mktemp("repositories")) as one:
        yield one


@pytest.fixture
def desk(http, tmp_path, request):
    name = request.node.name[:60]
    http.make(name)
    return Desk(http, tmp_path, name)


def test_each_publishing_is_one_commit_with_its_author_and_nothing_changed_is_none(desk):
    desk.publish("b1", ONE)
    settings = {"author": "Northlake Support <status@northlake.example>"}
    desk.open(**settings).publish(desk.build("b2", TWO))
    desk.open(**settings).publish(desk.build("b2", TWO))
    assert desk.host.log(desk.name) == ["Status page: build b2", "Status page: build b1"]
    said = git(desk.host.repository(desk.name), "log", "-1", "--format=%an <%ae>", BRANCH).strip()
    assert said == settings["author"]
    assert "no errors" not in git(desk.host.repository(desk.name), "fsck", "--strict", "--full")


def test_only_changed_contents_go_over(desk):
    large = {f"incidents/SD-{number}/index.html": f"<p>{number}" + "x" * 400 for number in range(300)}
    desk.publish("b1", ONE | large)
    before = len(desk.host.asked)
    desk.publish("b2", ONE | large | {"index.html": "<p>home 2"})
    assert sum(size for _, size in desk.host.asked[before:]) < 3000
    assert not any("upload-pack" in asked and size for asked, size in desk.host.asked[before:] if size > 300)


def test_cut_anywhere_no_build_is_lost_and_none_is_committed_twice(desk):
    dice = random.Random(11)
    with Wire(desk.host.port) as wire:
        desk.port = wire.port
        desk.publish("b0", ONE)
        for turn in range(1, 17):
            pages = ONE | {"index.html": f"<p>{turn}", f"turn-{turn % 4}.html": f"{turn}"}
            while True:
                wire.arm(dice.choice([None, dice.randrange(3000)]))
                try:
                    desk.publish(f"b{turn}", pages)
                    break
                except TryLater:
                    continue
            assert desk.shown() == pages
    assert desk.host.log(desk.name) == [f"Status page: build b{turn}" for turn in range(16, -1, -1)]


def test_a_large_push_goes_in_pieces(desk):
    """More than dulwich holds in memory: it is streamed, so nobody knows its length before."""
    dice = random.Random(7)
    pages = {f"incidents/{number}.html": dice.randbytes(150_000).hex() for number in range(12)}
    desk.publish("b1", ONE | pages)
    assert desk.host.asked[-1][1] > 1_500_000
    assert desk.shown() == ONE | pages


def test_pages_of_code_hosts_are_told_to_leave_the_files_alone(desk):
    desk.publish("b1", ONE)
    assert desk.host.all_files(desk.name)[".nojekyll"] == b""
    desk.host.put(desk.name, ".nojekyll", b"by hand")
    desk.publish("b2", TWO)
    assert desk.host.all_files(desk.name)[".nojekyll"] == b"by hand"


def test_a_folder_of_the_branch_leaves_the_rest_alone(desk):
    desk.host.put(desk.name, "README.md", b"# ours")
    desk.host.put(desk.name, "docs/index.html", b"the manual")
    settings = {"folder": "status/page"}
    desk.open(**settings).publish(desk.build("b1", ONE))
    desk.open(**settings).publish(desk.build("b2", TWO))
    tree = desk.shown()
    assert (tree.pop("README.md"), tree.pop("docs/index.html")) == ("# ours", "the manual")
    assert {path.removeprefix("status/page/") for path in tree} == {*TWO, "build.json"}


def test_where_pages_show_the_folder_docs_its_root_is_marked(desk):
    desk.open(folder="docs").publish(desk.build("b1", ONE))
    assert "docs/.nojekyll" in desk.host.all_files(desk.name)


def test_another_branch_can_be_named_and_main_stays(desk):
    desk.host.branch = "main"
    try:
        desk.host.put(desk.name, "source.txt", b"x")
    finally:
        desk.host.branch = BRANCH
    desk.publish("b1", ONE)
    assert git(desk.host.repository(desk.name), "ls-tree", "--name-only", "main").split() == ["source.txt"]
    assert git(desk.host.repository(desk.name), "rev-list", "--count", BRANCH).strip() == "1", "a beginning of its own"


def test_the_local_copy_may_be_lost_or_broken_at_any_time(desk):
    desk.publish("b1", ONE)
    copy = desk.note.with_suffix(".git")
    for pack in (copy / "pack").glob("*.pack"):
        pack.write_bytes(pack.read_bytes()[:40])
    desk.publish("b2", TWO)
    shutil.rmtree(copy)
    desk.publish("b3", ONE)
    assert desk.shown() == ONE


def test_a_file_where_a_folder_was_and_the_other_way_round(desk):
    desk.publish("b1", {"index.html": "1", "a": "file", "b/c": "in a folder"})
    desk.publish("b2", {"index.html": "2", "a/d": "in a folder", "b": "file"})
    assert desk.shown() == {"index.html": "2", "a/d": "in a folder", "b": "file"}


def test_a_link_of_others_is_not_followed_nor_removed(desk):
    at = desk.host.repository(desk.name)
    blob = git(at, "hash-object", "-w", "--stdin", given=b"/etc/passwd").strip()
    desk.host._commit(desk.name, "--add", "--cacheinfo", f"120000,{blob},link")
    desk.publish("b1", ONE)
    assert "120000 blob" in git(at, "ls-tree", BRANCH, "link")


def disturbed(desk, act):
    """A host of this desk, before whose first push `act` happens."""

    todo = [act]

    class Slow(GitBranch):
        def _push(self, *words):
            if todo:
                todo.pop()()
            return super()._push(*words)

    place = desk.host.place(desk.name, desk.note)
    return type(desk.open())(place, lambda beat: Slow(place, beat))


def test_a_commit_that_came_first_is_kept_and_ours_is_made_on_top_of_it(desk):
    desk.publish("b1", ONE)
    host = disturbed(desk, lambda: desk.host.put(desk.name, "CNAME", b"status.example"))
    assert host.publish(desk.build("b2", TWO)).verified
    assert desk.host.log(desk.name) == ["Status page: build b2", "by hand", "Status page: build b1"]
    assert desk.shown() == TWO | {"CNAME": "status.example"}


def test_a_newer_build_that_came_first_stays(desk, tmp_path):
    desk.publish("b1", ONE)
    other = Desk(desk.host, tmp_path, desk.name, "other")
    host = disturbed(desk, lambda: other.publish("theirs", ONE | {"new": "1"}, at="2026-06-09T12:00:00.000Z"))
    with pytest.raises(NeedsPerson, match="Another desk published there at 2026-06-09 12:00 UTC"):
        host.publish(desk.build("ours", TWO, at="2026-06-09T11:00:00.000Z"))
    assert desk.shown() == ONE | {"new": "1"}


def test_a_branch_that_never_stands_still_is_tried_later(desk, monkeypatch):
    desk.publish("b1", ONE)
    monkeypatch.setattr(GitBranch, "_push", lambda *_: False)
    with pytest.raises(TryLater, match="Another desk published there in this moment"):
        desk.publish("b2", TWO)


def test_two_desks_racing_land_all_their_builds_in_order(desk, tmp_path):
    """Each desk has pages of its own beside the common ones; nothing of either is lost, and no commit is replaced."""
    desk.publish("start", ONE)
    faults = []

    def run(name):
        one = Desk(desk.host, tmp_path, desk.name, name)
        for turn in range(4):
            at = f"2026-06-09T10:{turn:02}:00.000Z"
            site = one.build(f"{name}{turn}", ONE | {f"{name}.html": f"{turn}"}, at=at)
            while True:
                try:
                    one.open().publish(site)
                    break
                except TryLater:
                    continue
                except NeedsPerson as error:  # the other's is newer: what a person would have to settle
                    faults.append(error.code)
                    break

    threads = [threading.Thread(target=run, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    subjects = desk.host.log(desk.name)[::-1]
    assert set(faults) <= {"newer"}
    assert len(subjects) == 1 + 8 - len(faults)
    for name in ("left", "right"):
        mine = [subject for subject in subjects if name in subject]
        assert mine == sorted(mine)
    last = {name: max(s[-1] for s in subjects if name in s) for name in ("left", "right")}
    assert desk.shown() == ONE | {f"{name}.html": turn for name, turn in last.items()}
    at = desk.host.repository(desk.name)
    assert git(at, "rev-list", "--merges", BRANCH) == ""
    assert git(at, "rev-list", "--count", BRANCH).strip() == str(len(subjects))


@contextmanager
def hook(desk, name, script):
    file = desk.host.repository(desk.name) / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    yield


def test_a_protected_branch_is_said_in_plain_words(desk):
    with hook(desk, "pre-receive", "exit 1"), pytest.raises(NeedsPerson) as caught:
        desk.publish("b1", ONE)
    assert "The branch may be protected: allow this account to push to it." in caught.value.message
    assert desk.shown() == {}


def test_a_push_that_arrived_though_its_answer_was_lost_is_not_made_again(desk):
    with hook(desk, "post-receive", "kill -9 $PPID"), pytest.raises(TryLater):
        desk.publish("b1", ONE)
    (desk.host.repository(desk.name) / "hooks" / "post-receive").unlink()
    again = desk.publish("b1", ONE)
    assert (again.written, desk.host.log(desk.name)) == (0, ["Status page: build b1"])


def test_a_repository_that_is_not_there(desk):
    desk.name = "nowhere"
    with pytest.raises(NeedsPerson, match=r"there is no repository nowhere, or the token may not see it"):
        desk.publish("b1", ONE)


def test_an_address_that_leads_elsewhere_is_not_followed_with_the_token(tmp_path):
    """As GitLab answers when .git is missing at the end."""

    class Elsewhere(Vendor):
        def answer(self, request):
            return Said(301, None, {"Location": f"{self.url}/you/pages.git/info/refs"})

    with Elsewhere() as server:
        for address, words in (
            ("/you/pages", "Write the address with .git at its end"),
            ("/you/pages.git", "sends us"),
        ):
            place = Place(location=server.url + address, settings={}, state_file=tmp_path / "n.json", secret=PASSWORD)
            with pytest.raises(NeedsPerson, match=words):
                registry.kind("git").open(place).publish(Desk(None, tmp_path, "x").build("b1", ONE))
        assert len(server.requests) == 2


def test_a_repository_that_is_not_there_over_ssh(ssh_hosts, tmp_path):
    desk = Desk(gits.over_ssh(ssh_hosts["sftp"]), tmp_path, "nowhere")
    with pytest.raises(NeedsPerson, match=r"There is no repository .*nowhere on 127\.0\.0\.1"):
        desk.publish("b1", ONE)


def test_checking_says_that_a_history_forgets_nothing(desk):
    lines = desk.open().check()
    assert [line.ok for line in lines] == [True, True, None]
    assert "contact card" in lines[-1].result
    assert lines[1].result.startswith(f"{USER} may push to")


def test_no_secret_is_left_anywhere(desk, tmp_path):
    desk.publish("b1", ONE)
    assert PASSWORD not in repr(desk.open())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes(), file
    place = desk.host.place(desk.name, desk.note)
    with closing(GitBranch(place, lambda: None)) as branch:
        assert PASSWORD not in f"{branch.identity} {branch.where} {branch.greeting} {vars(branch)}"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"location": "codeberg.org/you/pages"}, "location"),
        ({"location": "https://you:token@codeberg.org/you/pages.git"}, "location"),
        ({"location": "https://codeberg.org/"}, "location"),
        ({"location": "/srv/git/status.git"}, "location"),
        ({"branch": "a..b"}, "branch"),
        ({"branch": "-x"}, "branch"),
        ({"folder": "../up"}, "folder"),
        ({"folder": ".git"}, "folder"),
        ({"author": "nobody"}, "author"),
        ({"location": "git@codeberg.org:you/pages.git", "key_file": "/nowhere/key"}, "key_file"),
    ],
)
def test_forms_that_cannot_work_say_which_field(form, field, tmp_path):
    location = form.pop("location", "https://codeberg.org/you/pages.git")
    place = Place(location=location, settings=form, state_file=tmp_path / "n.json", secret="s")
    with pytest.raises(Refused) as caught:
        registry.kind("git").open(place).check()
    assert caught.value.field == field
    assert "token@" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("https://codeberg.org/you/pages.git", "you/pages on codeberg.org"),
        ("https://git.example/forge/you/pages/", "forge/you/pages on git.example"),
        ("git@gitlab.com:group/sub/status.git", "group/sub/status on gitlab.com"),
        ("ssh://git@git.example:2222/srv/status.git", "srv/status on git.example"),
    ],
)
def test_addresses_as_people_copy_them(typed, where, tmp_path):
    place = Place(location=typed, settings={}, state_file=tmp_path / "n.json", secret="")
    with closing(GitBranch(place, lambda: None)) as branch:
        assert branch.where == f"the branch gh-pages of {where}"
