"""A build that is cut off between any two files: readers find a whole site, and the next build ends what was begun."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from statusdesk.site import builder
from statusdesk.site.builder import build
from tests.core.site.memory import component, incident, maintenance, northlake, page, update, utc
from tests.core.site.test_builder import full_tree, pages_of

BEFORE, NOW = utc("2026-06-09 13:53"), utc("2026-07-01 06:00")
_LINK = re.compile(r'(?:href|src)="([^"#?]*)[^"]*"')


class CutOffError(BaseException):
    """The power is gone: nothing that stands below this line in the program is run."""


def changed():
    """What a long day brings: a problem in a new month, a new component and a renamed one, more words, planned work."""
    reader = northlake()
    reader.put_page(page(languages=("fi",)))
    tills = reader.components_[0]
    old = reader.incidents_["SD-2026-0042"]
    reader.put_component(component("Parcels", 30))
    reader.put(incident("SD-2026-0043", "Parcels are late", utc("2026-06-30 23:10")))
    said = update(9, utc("2026-07-01 05:50"), old.state, "Still at it.")
    reader.put(replace(old, updates=(*old.updates, said)))
    reader.put(maintenance("SD-2026-M099", "New shelves", utc("2026-07-20 02:00"), 2, [tills]))
    return reader


@cache
def links_of(path: str, text: str) -> tuple[tuple[str, str], ...]:
    """The links of a page as they stand, and where in the site each leads. Most pages are the same at every cut."""
    found = []
    for href in _LINK.findall(text):
        if ":" in href or href.startswith("//") or not href:
            continue
        parts: list[str] = []
        for part in (*PurePosixPath(path).parent.parts, *href.split("/")):
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        found.append((href, "/".join(parts)))
    return tuple(found)


def dead_links(out: Path) -> list[str]:
    """Links that lead nowhere on pages that a reader of the entry page can reach."""
    files, folders = set(), {""}
    for top, _, names in os.walk(out):
        here = "" if Path(top) == out else Path(top).relative_to(out).as_posix()
        folders.add(here)
        files |= {f"{here}/{name}".lstrip("/") for name in names}
    seen, todo, dead = set(), ["index.html"], []
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for href, leads in links_of(path, (out / path).read_text(encoding="utf-8")):
            is_folder = href.endswith("/") or leads in folders
            to = f"{leads}/index.html".lstrip("/") if is_folder else leads
            if to not in files:
                dead.append(f"{path} -> {href}")
            elif to.endswith(".html"):
                todo.append(to)
    return dead


class Place:
    """A site that can be put back as it was: builds remember in which folder they wrote."""

    def __init__(self, folder: Path) -> None:
        self.saved, self.here = folder / "saved", folder / "here"
        self.out, self.state = self.here / "site", self.here / "ws" / "site.db"

    def build(self, reader, now):
        return build(reader, out=self.out, state_file=self.state, now=now)

    def save(self) -> None:
        shutil.copytree(self.here, self.saved)

    def put_back(self) -> None:
        shutil.rmtree(self.here)
        if self.saved.is_dir():
            shutil.copytree(self.saved, self.here)


def cut_off_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """The next build ends when it has written, shown or removed so many files."""
    left = iter(range(steps))

    def until_then(step):
        def one(*given):
            if next(left, None) is None:
                raise CutOffError
            return step(*given)

        return one

    for name in ("_write", "_put_in_place", "_remove"):
        monkeypatch.setattr(builder._Build, name, until_then(getattr(builder._Build, name)))


@pytest.mark.parametrize("way", ["incremental", "full", "from nothing"])
def test_a_crash_between_any_two_files_leaves_a_site_whose_links_resolve(tmp_path, monkeypatch, way):
    place, reader = Place(tmp_path), changed()
    if way != "from nothing":
        before = northlake()
        before.put_page(page(languages=("fi",)))
        place.build(before, BEFORE)
        assert dead_links(place.out) == []
        place.save()
    if way == "full":
        reader.put_page(page(languages=("fi",), bar_days=30))
    report = place.build(reader, NOW)
    assert report.full == (way != "incremental")
    wanted = full_tree(reader, NOW)
    assert pages_of(place.out) == wanted
    # Every cut for a change; of a build of everything some, which fall into every kind of file.
    steps = 0
    while True:
        place.put_back()
        with monkeypatch.context() as power:
            cut_off_after(power, steps)
            try:
                place.build(reader, NOW)
            except CutOffError:
                pass
            else:
                break
        if (place.out / "index.html").is_file():
            assert dead_links(place.out) == [], f"after {steps} files"
        place.build(reader, NOW)
        assert pages_of(place.out) == wanted
        steps += {"incremental": 1, "full": 7, "from nothing": 17}[way]
    assert steps > report.written
