"""The site of a small history, byte for byte: every change of a template shows here as a diff to read."""

from __future__ import annotations

import json

import pytest

from tests.golden.regenerate import GOLDEN, KEPT, render


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return render(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", [name for name in KEPT if name != "build.json"])
def test_the_page_is_as_it_was(site, name):
    assert (site / name).read_text() == (GOLDEN / name).read_text(), "meant? python -m tests.golden.regenerate"


def test_the_whole_site_is_as_it_was(site):
    now, then = (json.loads((folder / "build.json").read_text()) for folder in (site, GOLDEN))
    assert now == then, "meant? python -m tests.golden.regenerate"
