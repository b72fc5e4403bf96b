"""A workspace's own templates: used before ours, and harmless when they do not work. Compiled templates are kept."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from statusdesk.domain.incident import IncidentState
from statusdesk.errors import Refused
from statusdesk.site.builder import build
from tests.core.site.memory import northlake, update, utc

NOW = utc("2026-06-09 13:53")


@pytest.fixture
def place(tmp_path):
    class Place:
        out = tmp_path / "site"
        templates = tmp_path / "ws" / "templates"
        reader = northlake()

        def own(self, name, text):
            file = self.templates / "site" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            return file

        def build(self, **options):
            state = tmp_path / "ws" / "site.db"
            return build(self.reader, out=self.out, state_file=state, now=NOW, templates=self.templates, **options)

        def tree(self):
            return {p.relative_to(self.out).as_posix(): p.read_bytes() for p in self.out.rglob("*") if p.is_file()}

    return Place()


def test_an_own_template_replaces_ours(place):
    place.own("not_found.html", "<!doctype html><title>{{ page.name }}</title><p>Nothing here.</p>")
    place.build()
    assert (place.out / "404.html").read_text() == "<!doctype html><title>Northlake</title><p>Nothing here.</p>"
    assert "Card payments fail" in (place.out / "index.html").read_text()


def test_an_own_template_can_build_on_ours(place):
    place.own(
        "home.html", '{% extends "shipped/site/home.html" %}{% block main %}<p>Hello.</p>{{ super() }}{% endblock %}'
    )
    place.build()
    html = (place.out / "index.html").read_text()
    assert "<p>Hello.</p>" in html
    assert "Card payments fail" in html


def test_a_change_of_an_own_template_reaches_every_page_and_taking_it_away_too(place):
    place.build()
    ours = place.tree()
    place.own("shell.html", "<title>{{ shell.title }}</title>{% block main %}{% endblock %}<!-- one -->")
    assert place.build().full
    assert b"<!-- one -->" in place.tree()["incidents/SD-2026-0019/index.html"]
    assert not place.build().full
    place.own("shell.html", "<title>{{ shell.title }}</title>{% block main %}{% endblock %}<!-- two -->")
    assert place.build().full
    assert b"<!-- two -->" in place.tree()["incidents/SD-2026-0019/index.html"]
    (place.templates / "site" / "shell.html").unlink()
    assert place.build().full
    assert place.tree().keys() == ours.keys()
    assert place.tree()["index.html"] == ours["index.html"]


BROKEN = {
    "syntax": ("home.html", "<p>\n{% if %}</p>", 2, "xpected"),
    "unknown block": ("home.html", "<p>\n\n{% nothing %}", 3, "nothing"),
    "unknown name": ("incident.html", "<p>{{ i.title }}</p>\n<p>{{ nothing }}</p>", 2, "'nothing' is undefined"),
    "unknown field": ("incident.html", "{{ i.lead_id }}", 1, "lead_id"),
    "a fault": ("month.html", "<p>\n<p>\n{{ 1 // 0 }}", 3, "ZeroDivisionError"),
    "in a macro of ours": ("component.html", '{% import "site/parts.html" as parts %}\n{{ parts.four(d, none, none, 0) }}', 2, ""),
    "missing parent": ("home.html", '\n{% extends "site/nowhere.html" %}', 2, "nowhere"),
    "only with one incident": ("incident.html", "\n{{ 1 // (0 if i.backfilled else 1) }}", 2, "ZeroDivisionError"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_one_that_breaks_is_named_with_its_line_and_the_site_stays_as_it_was(place, what):
    name, text, line, said = BROKEN[what]
    place.build()
    before = {path: (data, (place.out / path).stat().st_mtime_ns) for path, data in place.tree().items()}
    file = place.own(name, text)
    card = place.reader.incidents_["SD-2026-0042"]
    place.reader.put(
        replace(card, updates=(*card.updates, update(4, NOW, IncidentState.IDENTIFIED, "Something new to say.")))
    )
    with pytest.raises(Refused) as refused:
        place.build()
    assert f"{file}, line {line}: " in refused.value.message
    assert said in refused.value.message
    assert {path: (data, (place.out / path).stat().st_mtime_ns) for path, data in place.tree().items()} == before
    file.unlink()
    place.build()
    assert b"Something new to say." in place.tree()["index.html"]


def test_a_fault_of_ours_is_not_blamed_on_an_own_template(place):
    place.own("not_found.html", "<p>Nothing here.</p>")
    place.reader.record = None  # not even callable
    with pytest.raises(TypeError):
        place.build()


def test_the_example_in_the_docs_renders(place):
    text = (Path(__file__).parents[3] / "docs" / "themes.md").read_text()
    example = text.split("```jinja\n")[1].split("```")[0]
    place.own("home.html", example)
    place.build()
    html = (place.out / "index.html").read_text()
    assert "In our stores you can always pay cash." in html
    assert "Card payments fail" in html


def _compiles(cache: Path) -> int:
    """How many templates a fresh process compiles for a home page."""
    program = (
        "import jinja2, statusdesk.site.pages as p\n"
        "n = 0\n"
        "was = jinja2.Environment.compile\n"
        "def compile(*a, **k):\n    global n\n    n += 1\n    return was(*a, **k)\n"
        "jinja2.Environment.compile = compile\n"
        "env = p.environment()\n"
        "[env.get_template(f'site/{t}.html') for t in ('shell', 'home', 'parts')]\n"
        "print(n)\n"
    )
    env = os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set as Linux does")
def test_templates_are_compiled_once_for_all_processes(tmp_path):
    assert _compiles(tmp_path) == 3
    assert _compiles(tmp_path) == 0
    for file in tmp_path.rglob("*.bin"):
        file.write_bytes(file.read_bytes()[:-3])
    assert _compiles(tmp_path) == 3, "cut off: not used"
    assert _compiles(tmp_path) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set as Linux does")
def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert _compiles(tmp_path / "file") == 3
