"""Much at once, but never more than a host takes, and nothing begun after a fault."""

import threading

import pytest

from statusdesk.net.faults import TryLater
from statusdesk.targets.files import Connections, folders_of, levels, side_by_side, walk


@pytest.mark.parametrize("at_once", [1, 8])
def test_everything_is_done_once(at_once):
    assert sorted(side_by_side(str, range(500), at_once)) == [(n, str(n)) for n in range(500)]


def test_as_many_are_under_way_as_were_asked_for():
    together = threading.Barrier(4, timeout=10)  # passes only when four wait at once
    assert len(list(side_by_side(lambda _: together.wait(), range(8), 4))) == 8


@pytest.mark.parametrize("at_once", [1, 4])
def test_after_a_fault_nothing_more_is_begun_and_what_was_done_is_known(at_once):
    begun, given = [], []

    def work(number):
        begun.append(number)
        if number == 20:
            raise TryLater("cut")

    def take():
        for number, _ in side_by_side(work, range(1000), at_once):
            given.append(number)

    with pytest.raises(TryLater):
        take()
    assert len(begun) < 40
    assert set(begun) - set(given) == {20}


def test_whoever_waits_can_stop_it():
    beats = []

    def beat():
        beats.append(1)
        if len(beats) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(str, range(1000), 4, beat))
    assert len(beats) == 3


class Line:
    """A connection; the host takes two."""

    opened: list["Line"]

    def __init__(self):
        if len([line for line in self.opened if not line.closed]) == 2:
            raise TryLater("421 too many connections")
        self.closed = False
        self.opened.append(self)

    def close(self):
        self.closed = True


@pytest.fixture
def lines():
    Line.opened = []
    return Connections(Line, Line.close, 8)


def test_a_host_that_takes_few_connections_is_used_with_those(lines):
    used = set()

    def work(_):
        with lines.lent() as line:
            used.add(id(line))

    assert len(list(side_by_side(work, range(200), 8))) == 200
    assert 1 <= len(used) <= 2
    lines.close()
    assert all(line.closed for line in Line.opened)


def test_a_connection_that_failed_is_not_used_again(lines):
    with pytest.raises(OSError), lines.lent() as broken:
        raise OSError
    with lines.lent() as line:
        assert line is not broken
    assert broken.closed


def test_a_host_that_takes_none_says_so(lines):
    Line(), Line()
    with pytest.raises(TryLater, match="421"), lines.lent():
        pass


def test_only_folders_that_matter_are_looked_into():
    tree = {"": {"a": True, "big": True, "index.html": False}, "a": {"b": True, "x": False}, "a/b": {"y": False}}
    looked = []

    def look(folder):
        looked.append(folder)
        return tree[folder]

    assert walk(look, ["a/b/y", "c/z", "index.html"], 4, lambda: None) == {"index.html", "a/x", "a/b/y"}
    assert looked == ["", "a", "a/b"]


def test_parents_are_made_before_children():
    assert folders_of(["a/b/c.html", "index.html", "d/e.html"]) == ["a", "d", "a/b"]
    assert levels(["a", "d", "a/b"]) == [["a", "d"], ["a/b"]]


def test_a_dead_connection_that_cannot_be_closed_gives_its_place_back():
    """A line that was reset answers a goodbye with a fault of its own; the next worker must not wait for ever."""

    def close(_connection):
        raise EOFError

    connections = Connections(object, close, 1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), connections.lent():
            raise ZeroDivisionError
