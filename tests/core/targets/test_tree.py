"""The engine, cut off again and again: it goes on where it was, and in the end there is the site and nothing else."""

import json
import random
import shutil

import pytest

from statusdesk.net.faults import TryLater
from statusdesk.targets.base import Place
from statusdesk.targets.folder import FolderFiles
from statusdesk.targets.tree import TreeHost
from tests.core.targets.test_folder import ONE, Bench


class CutOffError(TryLater):
    """The line is dead."""


class Line(FolderFiles):
    """A folder behind a line that carries so many operations. It vouches for nothing, like a host far away."""

    left = 1_000_000
    torn = False  # whether the operation that is cut off arrives all the same

    def _step(self, do):
        Line.left -= 1
        if Line.left == 0 and Line.torn:
            do()
        if Line.left <= 0:
            raise CutOffError("The line is dead.")
        return do()

    def read(self, path):
        return self._step(lambda: super(Line, self).read(path))

    def vanished(self, paths):
        return ()

    def standing(self, files):
        return dict.fromkeys(self._step(lambda: super(Line, self).standing(files)), False)

    def write(self, batch):
        for file in batch:
            yield self._step(lambda file=file: next(super(Line, self).write([file])))

    def write_last(self, file, before):
        return self._step(lambda: super(Line, self).write_last(file, before))

    def digests(self, paths):
        return self._step(lambda: super(Line, self).digests(paths))

    def remove(self, paths):
        for path in paths:
            yield self._step(lambda path=path: next(super(Line, self).remove([path])))


class FarBench(Bench):
    """A desk whose folder lies behind that line."""

    @property
    def host(self):
        place = Place(location=str(self.there), settings=self.settings, state_file=self.note)
        return TreeHost(place, lambda beat: Line(self.there, beat))


@pytest.fixture
def bench(tmp_path):
    Line.left, Line.torn = 1_000_000, False
    return FarBench(tmp_path)


def test_what_went_over_before_a_cut_is_not_sent_again(bench):
    bench.host.publish(bench.build("b1", ONE))
    two = {f"incidents/SD-2026-{n:04}/index.html": f"page {n}" for n in range(20)} | {"index.html": "home 2"}
    Line.left = 13  # reads build.json, writes 11 files
    with pytest.raises(CutOffError):
        bench.host.publish(bench.build("b2", two))
    Line.left = 1_000_000
    assert bench.host.publish(bench.build("b2", two)).written == 21 - 11  # one page was there before
    assert {path: text for path, text in bench.shown().items() if path != "build.json"} == two


def test_a_first_publishing_goes_on_where_it_was_cut_off(bench):
    two = {f"incidents/SD-2026-{n:04}/index.html": f"page {n}" for n in range(20)} | {"index.html": "home 2"}
    Line.left = 9  # reads build.json, looks around, writes 6 files
    with pytest.raises(CutOffError):
        bench.host.publish(bench.build("b1", two))
    Line.left = 1_000_000
    assert bench.host.publish(bench.build("b1", two)).written == 22 - 6


def test_a_last_word_whose_answer_was_lost_counts(bench):
    bench.host.publish(bench.build("b1", ONE))
    Line.torn, Line.left = True, 4  # reads, writes the home page, reads, writes the build: and is cut off
    with pytest.raises(CutOffError):
        bench.host.publish(bench.build("b2", ONE | {"index.html": "home 2"}))
    assert json.loads(bench.shown()["build.json"])["build_id"] == "b2"
    Line.left = 1_000_000
    assert bench.host.publish(bench.build("b2", ONE | {"index.html": "home 2"})).written == 0


def test_another_build_in_the_middle_of_a_long_publishing_stops_it(bench, monkeypatch):
    """Looked for every few seconds, so that little is written over what the other desk put there."""
    bench.host.publish(bench.build("b1", ONE))
    monkeypatch.setattr("statusdesk.targets.tree._LOOK_S", -1.0)
    site = bench.build("b2", ONE | {"index.html": "home 2", "404.html": "gone 2"})
    host, write = bench.host, Line.write

    def write_and_disturb(self, batch):
        (bench.there / "build.json").write_text(json.dumps({"build_id": "theirs"}))
        return write(self, batch)

    monkeypatch.setattr(Line, "write", write_and_disturb)
    with pytest.raises(TryLater, match="Another desk published there in this moment"):
        host.publish(site)
    assert bench.shown()["index.html"] == "home 1"


@pytest.mark.parametrize("seed", range(40))
def test_cuts_at_any_time_in_any_number_leave_nothing_behind(bench, seed):
    """Sites come and go while the line dies again and again; what others put there stays all the while."""
    chance = random.Random(seed)
    paths = [f"incidents/{n}/index.html" for n in range(8)] + [
        "index.html",
        "404.html",
        "assets/a.css",
        "fi/index.html",
    ]
    (bench.there / "incidents").mkdir()
    (bench.there / "CNAME").write_text("status.example")
    (bench.there / "incidents" / "mine.txt").write_text("mine")
    for number in range(12):
        chosen = chance.sample(paths, chance.randint(2, len(paths)))
        site = bench.build(f"b{number}", {path: f"{path} {chance.randint(0, 2)}" for path in chosen})
        wanted = {path: (site.folder / path).read_text() for path in [*chosen, "build.json"]}
        Line.left, Line.torn = chance.randint(1, 30), chance.random() < 0.5
        try:
            bench.host.publish(site)
        except CutOffError:
            if chance.random() < 0.1:
                bench.note.unlink(missing_ok=True)
                shutil.rmtree(bench.there)  # a new, empty host: otherwise what only the note knew would stay
                bench.there.mkdir()
                (bench.there / "CNAME").write_text("status.example")
                (bench.there / "incidents").mkdir()
                (bench.there / "incidents" / "mine.txt").write_text("mine")
    Line.left = 1_000_000
    bench.host.publish(bench.build("b12", {path: (site.folder / path).read_text() for path in chosen}))
    wanted["build.json"] = (site.folder / "build.json").read_text()
    assert bench.shown() == wanted | {"CNAME": "status.example", "incidents/mine.txt": "mine"}
