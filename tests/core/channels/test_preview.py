"""The preview shows what would be posted, to nobody."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from statusdesk.channels.base import Connection, Limits, Post
from statusdesk.channels.registry import KINDS, kind
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater

AT = datetime(2026, 6, 9, 9, 41, tzinfo=UTC)
LINK = "https://status.northlake.example/incidents/SD-2026-0042/"


def channel(folder):
    connection = Connection(handle="", base_url="", settings={"folder": str(folder)}, limits=Limits(), secret="")
    return KINDS["preview"].open(connection)


def post(seq=1, **more):
    text = f"Northlake: Tills\nCards fail, part {seq}.\n{LINK}"
    return Post(
        **{
            "text": text,
            "link": LINK,
            "language": "en",
            "key": f"K{seq}",
            "created_at": AT,
            "incident_ref": "SD-2026-0042",
            "seq": seq,
        }
        | more
    )


def test_each_post_is_a_file_for_programs_and_one_for_people(tmp_path):
    remote = channel(tmp_path / "posts").send(post())
    folder = tmp_path / "posts" / "SD-2026-0042"
    assert sorted(path.name for path in folder.iterdir()) == ["001-K1.json", "001-K1.txt"]
    assert json.loads((folder / "001-K1.json").read_text())["text"] == post().text
    assert Path(unquote(urlsplit(remote.url).path)).read_text("utf-8") == (
        "SD-2026-0042 post 1, 2026-06-09T09:41:00.000Z, language en\nBegins a thread\n\n"
        + post().text
        + "\n\nMastodon: 60 of 500\nBluesky: 93 of 300\n"
    )


def test_a_thread_shows_what_it_answers(tmp_path):
    here = channel(tmp_path)
    root = here.send(post())
    here.send(post(2, root=root))
    here.send(post(3, root=root))
    known = json.loads((tmp_path / "SD-2026-0042" / "003-K3.json").read_text())
    assert (known["reply_to"], known["thread"]) == ("001-K1", ["001-K1", "002-K2"])
    text = (tmp_path / "SD-2026-0042" / "003-K3.txt").read_text()
    assert "Reply to 001-K1" in text
    assert text.count("  Northlake: Tills\n") == 2


def test_the_same_key_twice_is_one_post(tmp_path):
    here = channel(tmp_path)
    assert here.find(post()) is None
    first = here.send(post())
    assert here.send(post(text="other words")) == first == here.find(post())
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert json.loads(next(tmp_path.rglob("*.json")).read_text())["text"] == post().text


def test_a_post_that_was_cut_off_half_written_is_written_again(tmp_path):
    here = channel(tmp_path)
    here.send(post())
    (tmp_path / "SD-2026-0042" / "001-K1.json").unlink()
    assert here.find(post()) is None
    assert here.send(post())


@pytest.mark.parametrize(
    "hostile", [{"incident_ref": "../x"}, {"key": "../../x"}, {"key": ""}, {"incident_ref": "a/b"}]
)
def test_no_reference_leads_out_of_the_folder(tmp_path, hostile):
    with pytest.raises(NeedsPerson):
        channel(tmp_path / "posts").send(post(**hostile))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_one_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    here = channel(tmp_path / "file" / "posts")
    with pytest.raises(TryLater, match="could not be written"):
        here.send(post())
    assert here.check().ok is False


def test_checking_makes_the_folder_and_leaves_nothing_in_it(tmp_path):
    checked = channel(tmp_path / "posts").check()
    assert checked.ok
    assert list((tmp_path / "posts").iterdir()) == []


def test_a_preview_needs_a_folder():
    with pytest.raises(Refused) as caught:
        KINDS["preview"].open(Connection(handle="", base_url="", settings={}, limits=Limits(), secret=""))
    assert caught.value.field == "folder"


def test_an_unknown_kind_is_refused_naming_the_known_ones():
    assert kind("preview") is KINDS["preview"]
    with pytest.raises(Refused, match=f"Known kinds: {', '.join(sorted(KINDS))}"):
        kind("pager")


def test_every_kind_counts_within_its_own_limits_and_has_one_secret_at_most():
    for one in KINDS.values():
        assert one.count("Cards fail", one.default_limits) == 10
        assert len([field.name for field in one.fields if field.secret]) <= 1, "one account, one secret"
        assert len({field.name for field in one.fields}) == len(one.fields)
        assert bool(one.sign_in) == bool(one.sign_in_fields)
