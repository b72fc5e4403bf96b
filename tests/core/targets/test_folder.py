"""The site goes to a folder: only what differs, in order, and nothing of anybody else's is touched."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.targets.base import Place, Site
from statusdesk.targets.folder import FolderHost, _said
from statusdesk.targets.registry import KINDS, kind

DESK = "2026-06-09T09:41:00.000Z"


def order(path: str) -> tuple[int, str]:
    rank = 0 if path.startswith("assets/") else 3 if path == "index.html" else 1
    return rank, path


class Bench:
    """A built site, a place to publish to, and the desk's own note between them."""

    def __init__(self, tmp_path, name="desk"):
        self.built = tmp_path / name / "site"
        self.there = tmp_path / "www"
        self.there.mkdir(exist_ok=True)
        self.note = tmp_path / name / "state" / "target.json"
        self.settings = {}

    def build(self, build_id, files, at=DESK):
        shutil.rmtree(self.built, ignore_errors=True)
        files = files | {"build.json": json.dumps({"build_id": build_id, "generated_at": at})}
        for path, text in files.items():
            (self.built / path).parent.mkdir(parents=True, exist_ok=True)
            (self.built / path).write_text(text, encoding="utf-8")
        shas = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
        return Site(folder=self.built, manifest=lambda: shas, build_id=build_id, order=order)

    @property
    def host(self):
        return FolderHost(Place(location=str(self.there), settings=self.settings, state_file=self.note))

    def shown(self):
        return {str(p.relative_to(self.there)): p.read_text("utf-8") for p in self.there.rglob("*") if p.is_file()}


ONE = {"index.html": "home 1", "assets/a.css": "css", "incidents/SD-2026-0001/index.html": "page 1"}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_the_folder_shows_the_site_and_the_build_was_read_back(bench):
    published = bench.host.publish(bench.build("b1", ONE))
    assert (published.written, published.removed, published.verified) == (4, 0, True)
    assert published.url == (bench.there / "index.html").as_uri()
    assert bench.shown().keys() == ONE.keys() | {"build.json"}


def test_only_what_differs_is_written_and_own_orphans_go(bench):
    bench.host.publish(bench.build("b1", ONE))
    kept = (bench.there / "assets/a.css").stat().st_ino
    two = {"index.html": "home 2", "assets/a.css": "css"}
    published = bench.host.publish(bench.build("b2", two))
    assert (published.written, published.removed) == (2, 1)
    assert (bench.there / "assets/a.css").stat().st_ino == kept
    assert not (bench.there / "incidents").exists()


def test_publishing_the_same_again_writes_nothing(bench):
    site = bench.build("b1", ONE)
    bench.host.publish(site)
    published = bench.host.publish(site)
    assert (published.written, published.verified) == (0, True)


def test_a_file_that_vanished_there_comes_back(bench):
    site = bench.build("b1", ONE)
    bench.host.publish(site)
    (bench.there / "index.html").unlink()
    bench.host.publish(site)
    assert bench.shown()["index.html"] == "home 1"


def test_files_of_others_stay(bench):
    (bench.there / "CNAME").write_text("status.example")
    bench.host.publish(bench.build("b1", ONE))
    (bench.there / "incidents/SD-2026-0001/photo.txt").write_text("mine")
    bench.host.publish(bench.build("b2", {"index.html": "2"}))
    assert bench.shown()["CNAME"] == "status.example"
    assert bench.shown()["incidents/SD-2026-0001/photo.txt"] == "mine"


def test_a_page_that_somebody_changed_there_is_not_removed_with_the_orphans(bench):
    bench.host.publish(bench.build("b1", ONE))
    page = bench.there / "incidents/SD-2026-0001/index.html"
    page.write_text("edited by hand")
    assert bench.host.publish(bench.build("b2", {"index.html": "2", "assets/a.css": "css"})).removed == 0
    assert page.read_text() == "edited by hand"


def test_another_site_at_that_place_is_not_overwritten(bench):
    (bench.there / "index.html").write_text("our old home page")
    with pytest.raises(NeedsPerson, match="already a site"):
        bench.host.publish(bench.build("b1", ONE))
    assert bench.shown() == {"index.html": "our old home page"}
    bench.settings = {"replace": "yes"}
    assert bench.host.publish(bench.build("b1", ONE)).verified


def test_a_site_of_ours_is_taken_over_after_the_note_was_lost(bench):
    bench.host.publish(bench.build("b1", ONE))
    bench.note.unlink()
    published = bench.host.publish(bench.build("b2", ONE | {"index.html": "home 2"}))
    assert published.written == 2
    bench.note.write_text("garbage")
    assert bench.host.publish(bench.build("b3", ONE)).verified


def test_what_another_desk_published_later_is_not_overwritten(bench, tmp_path):
    other = Bench(tmp_path, "other")
    other.host.publish(other.build("theirs", {"index.html": "news"}, at="2026-06-09T10:00:00.000Z"))
    with pytest.raises(NeedsPerson, match="Another desk published there at 2026-06-09 10:00 UTC"):
        bench.host.publish(bench.build("ours", ONE, at="2026-06-09T09:00:00.000Z"))
    assert bench.shown()["index.html"] == "news"
    later = bench.build("ours2", ONE, at="2026-06-09T11:00:00.000Z")
    assert bench.host.publish(later).verified


def test_the_entry_page_comes_after_what_it_shows_and_the_proof_last(bench):
    """The file system says in which order the files were put there."""
    bench.host.publish(bench.build("b1", ONE))
    by_time = sorted(bench.shown(), key=lambda path: (bench.there / path).stat().st_mtime_ns)
    assert by_time == ["assets/a.css", "incidents/SD-2026-0001/index.html", "index.html", "build.json"]


def test_a_publishing_that_was_cut_off_is_made_whole_by_the_next(bench):
    bench.host.publish(bench.build("b1", ONE))
    two = bench.build("b2", ONE | {"index.html": "home 2", "incidents/SD-2026-0001/index.html": "page 2"})
    (bench.built / "index.html").unlink()  # the disk of the desk fails in the middle
    with pytest.raises(SendingError):
        bench.host.publish(two)
    assert bench.shown()["incidents/SD-2026-0001/index.html"] == "page 2"
    assert bench.shown()["index.html"] == "home 1"
    three = bench.build("b3", {"index.html": "home 3"})
    published = bench.host.publish(three)
    assert published.verified
    assert bench.shown().keys() == {"index.html", "build.json"}


def test_a_site_that_is_built_anew_meanwhile_is_not_mixed(bench):
    site = bench.build("b1", ONE)
    (bench.built / "index.html").write_text("another build")
    with pytest.raises(TryLater, match="built anew"):
        bench.host.publish(site)
    assert "index.html" not in bench.shown()


def test_the_built_folder_itself_is_only_read_back(bench):
    site = bench.build("b1", ONE)
    host = FolderHost(Place(location=str(bench.built), settings={}, state_file=bench.note))
    published = host.publish(site)
    assert (published.written, published.verified) == (0, True)
    assert not bench.note.exists()
    (bench.built / "build.json").write_text('{"build_id": "other"}')
    with pytest.raises(SendingError, match="does not show what was just published"):
        host.publish(site)


def test_a_folder_inside_the_built_site_is_refused(bench):
    site = bench.build("b1", ONE)
    inside = bench.built / "copy"
    inside.mkdir()
    with pytest.raises(SendingError, match="lies inside the built site"):
        FolderHost(Place(location=str(inside), settings={}, state_file=bench.note)).publish(site)


def test_a_share_that_is_not_mounted_is_said_and_tried_again(bench):
    bench.there.rmdir()
    with pytest.raises(TryLater, match="is not there"):
        bench.host.publish(bench.build("b1", ONE))
    assert not bench.there.exists()
    (line,) = bench.host.check()
    assert line.ok is False


def test_a_file_in_the_way_of_a_folder_is_said(bench):
    (bench.there / "assets").write_text("a file")
    with pytest.raises(SendingError, match="A file stands where a folder is needed"):
        bench.host.publish(bench.build("b1", ONE))


def test_a_link_that_leads_out_of_the_folder_is_not_followed(bench, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (bench.there / "assets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SendingError, match="leads out of"):
        bench.host.publish(bench.build("b1", ONE))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_note_that_names_files_outside_removes_nothing_there(bench, tmp_path):
    victim = tmp_path / "victim.txt"
    victim.write_text("dear")
    bench.host.publish(bench.build("b1", ONE))
    note = json.loads(bench.note.read_text())
    note["files"]["../victim.txt"] = hashlib.sha256(b"dear").hexdigest()
    bench.note.write_text(json.dumps(note))
    bench.host.publish(bench.build("b2", {"index.html": "2"}))
    assert victim.read_text() == "dear"


def test_temporary_files_of_a_cut_off_copy_are_cleared(bench):
    bench.host.publish(bench.build("b1", ONE))
    (bench.there / ".statusdesk-0badc0ffee00.tmp").write_text("half")
    bench.host.publish(bench.build("b2", ONE | {"index.html": "home 2"}))
    assert not list(bench.there.rglob(".statusdesk-*"))


def test_published_files_can_be_read_by_a_web_server(bench):
    bench.host.publish(bench.build("b1", ONE))
    mask = os.umask(0)
    os.umask(mask)
    assert (bench.there / "index.html").stat().st_mode & 0o777 == 0o666 & ~mask


FULL_DISK = """
import resource, signal, sys, errno
sys.path.insert(0, sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from tests.core.targets.{module} import Bench, ONE
bench = Bench(Path(sys.argv[2]))
site = bench.build("b2", ONE | {{"index.html": "x" * 100_000}})
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    bench.host.publish(site)
except Exception as error:
    print(type(error).__name__, error.code, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes, which this system does not have")
def test_a_disk_that_takes_no_more_leaves_the_old_page(bench, tmp_path):
    bench.host.publish(bench.build("b1", ONE))
    script = FULL_DISK.format(module="test_folder")
    done = subprocess.run(
        [sys.executable, "-c", script, str(Path.cwd()), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("NeedsPerson efbig The site could not be published to")
    assert bench.shown()["index.html"] == "home 1"
    assert not list(bench.there.rglob(".statusdesk-*"))


@pytest.mark.parametrize(
    ("number", "words", "needs_person"),
    [
        (errno.ENOSPC, "The disk is full", False),
        (errno.EROFS, "It is read-only", True),
        (errno.EACCES, "Writing there is not allowed", True),
        (errno.EIO, "The computer answered", False),
    ],
)
def test_faults_of_the_disk_are_said_in_words(number, words, needs_person, tmp_path):
    with pytest.raises(NeedsPerson if needs_person else TryLater, match=words), _said(tmp_path):
        raise OSError(number, os.strerror(number))


def test_checking_changes_nothing(bench):
    (bench.there / "old.html").write_text("x")
    lines = bench.host.check()
    assert [line.what for line in lines] == ["Folder", "Writing", "Room", "Contents"]
    assert [line.ok for line in lines] == [True, True, True, None]
    assert bench.shown() == {"old.html": "x"}


def test_an_unknown_kind_is_refused_naming_the_known_ones():
    assert kind("folder") is KINDS["folder"]
    with pytest.raises(Refused, match=r"Known kinds: .*folder"):
        kind("floppy")


def test_a_read_only_folder_is_said(tmp_path):
    """Root writes everywhere, so a real read-only place is needed: the kernel's own."""
    place = Place(location="/sys/kernel", settings={}, state_file=tmp_path / "note.json")
    if not Path("/sys/kernel").is_dir():
        pytest.skip("this system has no /sys, which is the read-only folder of this test")
    assert FolderHost(place).check()[1].ok is False
