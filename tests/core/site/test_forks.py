"""A full build on two processors: the same site, and nothing lost when the second process fails."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from statusdesk.site import builder, forks
from statusdesk.site.builder import build, load_site
from tests.core.site.memory import MemoryReader, northlake, page, utc
from tests.core.site.test_builder import full_tree, pages_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
NOW = utc("2026-06-09 13:53")


@pytest.fixture
def forked(monkeypatch):
    """The processes that were begun. A test process has other threads: here it is known that they hold nothing."""
    begun = []

    class Counted(forks.Elsewhere):
        def __init__(self, work):
            begun.append(work)
            super().__init__(work)

    monkeypatch.setattr(forks, "possible", lambda: True)
    monkeypatch.setattr(forks, "Elsewhere", Counted)
    monkeypatch.setattr(builder, "_WORTH_A_PROCESS", 1)
    return begun


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("again", ["the same record", "another record", "no record"])
def test_two_processes_make_the_site_that_one_makes(forked, tmp_path, again):
    reader = northlake()
    reader.put_page(page(languages=("ar",)))

    @contextlib.contextmanager
    def second_view():
        if again == "no record":
            raise OSError("the database is out of reach")
        yield reader if again == "the same record" else MemoryReader(reader.page_)

    out, state = tmp_path / "site", tmp_path / "ws" / "site.db"
    report = build(reader, out=out, state_file=state, now=NOW, again=second_view)
    assert len(forked) == 1
    assert pages_of(out) == full_tree(reader, NOW)
    assert report.written == len(pages_of(out)) + 1
    site = load_site(out, state)
    assert site is not None
    assert site.files.keys() == {*pages_of(out), "build.json"}
    again_report = build(reader, out=out, state_file=state, now=NOW, again=second_view)
    assert (again_report.written, again_report.full) == (0, False)
    changed = build(reader, out=out, state_file=state, now=NOW, again=second_view, full=True)
    assert (changed.written, changed.removed) == (0, 0)
    assert not list(Path(tmp_path).rglob(".statusdesk-*"))


def test_a_process_with_other_threads_is_never_copied():
    import threading

    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not forks.possible()
    finally:
        stop.set()
        thread.join()
