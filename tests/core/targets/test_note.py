"""What a desk remembers of a host: believed as far as it goes, and no further."""

import json

import pytest

from statusdesk.targets.note import Memory, Note

FILES = {"index.html": "1", "a/b.html": "2"}
NEXT = {"index.html": "9", "a/b.html": "2", "new.html": "3"}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "targets" / "one.json"


def test_a_publishing_that_ended_is_remembered(file):
    note = Note(file, "here")
    note.begin(Memory(begun_build="b1", begun=FILES))
    note.end(Memory("b1", FILES))
    found = Note(file, "here").load()
    assert found.certain("b1") == FILES
    assert found.certain("other") == {}
    assert Note(file, "elsewhere").load() == Memory()
    assert [one.name for one in file.parent.iterdir()] == ["one.json"]


def cut_off(file, *arrived):
    note = Note(file, "here")
    note.begin(Memory("b1", FILES, "b2", NEXT))
    for path in arrived:
        note.arrived(path, NEXT[path])
    note.close()
    return Note(file, "here").load()


def test_of_a_publishing_that_was_cut_off_it_is_known_what_arrived(file):
    found = cut_off(file, "new.html")
    assert found.certain("b1") == {"a/b.html": "2", "new.html": "3"}  # index.html may be the old or the new one
    assert found.certain("b2") == NEXT
    assert found.ours() >= {*FILES.items(), *NEXT.items()}


def test_a_line_that_was_cut_off_counts_for_nothing(file):
    cut_off(file, "new.html")
    listed = file.with_suffix(".sent")
    listed.write_text(listed.read_text() + '["index.html", "9')
    assert Note(file, "here").load().arrived == {"new.html": "3"}


def test_a_list_of_another_publishing_is_not_believed(file):
    cut_off(file, "new.html")
    file.with_suffix(".sent").write_text('"0000"\n["index.html", "9"]\n')
    assert Note(file, "here").load().arrived == {}


def test_what_arrived_with_another_content_than_was_begun_is_not_believed(file):
    cut_off(file)
    listed = file.with_suffix(".sent")
    listed.write_text(listed.read_text() + '["index.html", "7"]\n["/etc/passwd", "1"]\n')
    assert Note(file, "here").load().arrived == {}


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../x", "a//x", "./x", "", "a\\x", "c:x", "a\nb", "a\0b"])
def test_paths_that_lead_elsewhere_are_not_taken_from_the_note(file, path):
    cut_off(file)
    note = json.loads(file.read_text())
    note["files"][path] = note["begun"][path] = "1"
    note["loose"] = [[path, "1"]]
    file.write_text(json.dumps(note))
    assert path not in {one for one, _ in Note(file, "here").load().ours()}


@pytest.mark.parametrize("text", ["", "[]", "{}", "garbage", '{"location": "here", "files": 7}', '{"location": "here", "files": {}, "begun": {}, "build": "", "begun_build": "", "loose": [1]}'])  # fmt: skip
def test_a_note_that_cannot_be_read_is_none(file, text):
    file.parent.mkdir()
    file.write_text(text)
    assert Note(file, "here").load() == Memory()
