"""GitHub's API: one commit a publishing in few requests, its limits obeyed, and its refusals in plain words."""

from __future__ import annotations

import hashlib

import pytest

from statusdesk.net.faults import NeedsPerson, TryLater
from tests.core.targets.test_every_host import ONE, TWO, Desk
from tests.servers import services
from tests.servers.gits import BRANCH
from tests.servers.vendors.base import Said
from tests.servers.vendors.github import Repository


@pytest.fixture
def desk(tmp_path):
    with services.github(tmp_path) as host:
        host.make("status")
        yield Desk(host, tmp_path, "status")


def writes(desk):
    return [one.replace("/repos/northlake/status", "") for one in desk.host.server.asked() if not one.startswith("GET")]


def test_one_publishing_is_one_commit_in_few_requests(desk):
    desk.publish("b1", ONE)
    assert writes(desk) == ["POST /git/trees", "POST /git/commits", "POST /git/refs"]
    desk.host.server.requests.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert writes(desk) == ["POST /git/trees", "POST /git/commits", f"PATCH /git/refs/heads/{BRANCH}"]
    sent = next(one.json() for one in desk.host.server.requests if one.path.endswith("/git/trees"))
    assert {one["path"] for one in sent["tree"]} == {"index.html", "build.json"}
    assert ".nojekyll" in desk.host.repository("status").files(BRANCH)
    desk.host.server.requests.clear()
    desk.publish("b2", ONE | {"index.html": "<p>home 2"})
    assert writes(desk) == []
    assert desk.host.repository("status").log(BRANCH) == ["Status page: build b2", "Status page: build b1"]


def test_pictures_and_large_pages_go_ahead_as_blobs(desk):
    site = desk.build("b1", ONE | {"large.html": "x" * 150_000})
    (site.folder / "card.png").write_bytes(b"\x89PNG\xff\x00")
    sha = hashlib.sha256(b"\x89PNG\xff\x00").hexdigest()
    known = {**site.manifest(), "card.png": sha}
    picture = type(site)(folder=site.folder, manifest=lambda: known, build_id="b1", order=site.order)
    desk.open().publish(picture)
    assert writes(desk).count("POST /git/blobs") == 2
    assert desk.host.tree("status")["card.png"] == b"\x89PNG\xff\x00"


def test_an_empty_file_is_a_file_too(desk):
    desk.publish("b1", ONE | {"empty.txt": ""})
    assert desk.shown()["empty.txt"] == ""


def test_a_large_site_goes_over_in_several_trees_and_one_commit(desk):
    many = {f"incidents/SD-{number}/index.html": f"<p>{number}" for number in range(1200)}
    desk.publish("b1", ONE | many)
    assert writes(desk).count("POST /git/trees") == 3
    assert desk.shown() == ONE | many
    assert len(desk.host.repository("status").log(BRANCH)) == 1


def test_an_empty_repository_is_begun(desk):
    desk.host.server.repositories["status"] = Repository()
    desk.publish("b1", ONE)
    assert desk.shown() == ONE


def test_a_commit_that_came_first_is_kept(desk):
    desk.publish("b1", ONE)
    server, first = desk.host.server, [True]
    own = server._patch_refs

    def disturbed(there, path, asked):
        if first:
            first.pop()
            there.put(BRANCH, "CNAME", b"status.example")
        return own(there, path, asked)

    server._patch_refs = disturbed
    assert desk.publish("b2", TWO).verified
    assert desk.shown() == TWO | {"CNAME": "status.example"}
    assert desk.host.repository("status").log(BRANCH)[:2] == ["Status page: build b2", "by hand"]


def test_a_file_where_a_folder_was_and_the_other_way_round(desk):
    desk.publish("b1", {"index.html": "1", "a": "file", "b/c": "in a folder"})
    desk.publish("b2", {"index.html": "2", "a/d": "in a folder", "b": "file"})
    assert desk.shown() == {"index.html": "2", "a/d": "in a folder", "b": "file"}


def test_a_folder_of_the_branch_leaves_the_rest_alone(desk):
    desk.host.put("status", "index.html", b"our home page")
    desk.open(folder="status").publish(desk.build("b1", ONE))
    desk.open(folder="status").publish(desk.build("b2", TWO))
    assert desk.shown() == {"index.html": "our home page"} | {f"status/{path}": text for path, text in TWO.items()} | {
        "status/build.json": desk.host.tree("status")["status/build.json"].decode()
    }


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (Said(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "90"}), 90),
        (Said(429, {"message": "API rate limit exceeded"}, {"Retry-After": "30", "X-RateLimit-Remaining": "0"}), 30),
        (Said(403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}), 60),
    ],
)
def test_limits_are_obeyed(desk, said, wait):
    desk.host.server.say(said)
    with pytest.raises(TryLater, match="asks us to wait") as caught:
        desk.publish("b1", ONE)
    assert caught.value.after_s == wait


def test_a_token_that_may_only_read(desk):
    desk.host.server.can_push = False
    with pytest.raises(NeedsPerson, match=r"^The token needs write access to contents of northlake/status\.$"):
        desk.publish("b1", ONE)
    assert [line.ok for line in desk.open().check()] == [True, False]


def test_a_repository_that_is_not_there(desk):
    desk.name = "nowhere"
    with pytest.raises(NeedsPerson, match="shows no repository northlake/nowhere to this token"):
        desk.publish("b1", ONE)


def test_a_protected_branch(desk):
    desk.publish("b1", ONE)
    desk.host.repository("status").protected = True
    with pytest.raises(NeedsPerson, match="The branch is protected: allow this token's owner to push to it"):
        desk.publish("b2", TWO)


@pytest.mark.parametrize("said", [Said(200, b"<html>login"), Said(200, {"object": {"sha": "../../x"}}), Said(200, [])])
def test_an_answer_that_is_not_of_github_changes_nothing(desk, said):
    desk.host.server.say(said)
    with pytest.raises(TryLater):
        desk.publish("b1", ONE)
    assert writes(desk) == []


def test_the_author_is_the_one_of_the_settings(desk):
    desk.open(author="Northlake Support <status@northlake.example>").publish(desk.build("b1", ONE))
    commit = desk.host.repository("status").commits[desk.host.repository("status").refs[BRANCH]]
    assert commit["author"] == {"name": "Northlake Support", "email": "status@northlake.example"}
