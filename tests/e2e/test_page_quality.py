"""Every kind of page before those who judge pages: axe-core, the Nu checker, Lighthouse, and the browser itself."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack

import pytest

from statusdesk.site.builder import build
from tests.core.site.memory import MemoryReader, northlake, page, utc
from tests.core.site.torture import NOW, torture
from tests.e2e.browsing import CHROMIUM, serving
from tests.servers import setup

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed (apt-get install chromium)")

# One page of each kind, by site.
KINDS = {
    "open": ["/", "/incidents/SD-2026-0042/", "/components/card-payments/"],
    "ok": [
        "/",
        "/incidents/SD-2026-0042/",
        "/incidents/SD-2025-0007/",
        "/maintenance/SD-2026-M007/",
        "/components/phones/",
        "/history/",
        "/history/2026-06/",
        "/404.html",
        "/prevention/",
        "/promise/",
        "/follow/",
    ],
    "torture": [
        "/",
        "/incidents/SD-2028-0200/",
        "/maintenance/SD-2028-M001/",
        "/history/2028-02/",
        "/components/s0/",
        "/prevention/",
        "/promise/",
    ],
    "empty": ["/", "/history/"],
}
ALL = [(site, path) for site, paths in KINDS.items() for path in paths]
AT = {
    "open": "2026-06-09T13:56:00Z",
    "ok": "2026-06-11T06:30:00Z",
    "torture": "2028-03-01T09:00:00Z",
    "empty": "2026-06-09T13:56:00Z",
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The sites' folders by name."""
    records = {
        "open": (northlake(), utc("2026-06-09 13:56")),
        "ok": (northlake(open_now=False), utc("2026-06-11 06:30")),
        "torture": (torture(), NOW),
        "empty": (MemoryReader(page(contacts=(), follow=(), promise_html="")), utc("2026-06-09 13:56")),
    }
    found = {}
    for name, (reader, now) in records.items():
        folder = tmp_path_factory.mktemp(name)
        build(reader, out=folder / "site", state_file=folder / "ws" / "site.db", now=now)
        found[name] = folder / "site"
    return found


@pytest.fixture(scope="module")
def addresses(folders):
    """The sites' addresses by name."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(folder)).url for name, folder in folders.items()}


@pytest.fixture(scope="session")
def judges():
    """The folder of what judges pages."""
    try:
        return setup.page_folder() / "node_modules"
    except setup.Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(("site", "path"), ALL)
def test_axe_finds_nothing(addresses, judges, new_tab, site, path):
    """In light, in dark, and on a phone."""
    tab = new_tab(addresses[site] + path, at=AT[site])
    tab.evaluate((judges / "axe-core" / "axe.min.js").read_text())
    for scheme, width, rules in (
        ("light", 1280, {}),
        ("dark", 1280, {"runOnly": ["color-contrast"]}),
        ("light", 360, {}),
    ):
        tab.emulate_media(color_scheme=scheme)
        tab.set_viewport_size({"width": width, "height": 800})
        found = tab.evaluate("how => axe.run({resultTypes: ['violations'], ...how}).then(r => r.violations)", rules)
        said = [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found]
        assert said == [], f"{scheme}, {width} px"


def test_the_checker_of_html_finds_nothing(folders, judges):
    try:
        java = setup.java()
    except setup.Missing as missing:
        pytest.skip(str(missing))
    files = [folders[site] / path.strip("/") for site, path in ALL]
    files = [file / "index.html" if file.is_dir() else file for file in files]
    jar = judges / "vnu-jar" / "build" / "dist" / "vnu.jar"
    # It takes the policy at its word for files, which have no origin, and does not know the style's digest. The policy
    # is tested where it acts: in the browser, which says nothing.
    command = [
        java,
        "-jar",
        jar,
        "--skip-non-html",
        "--format",
        "json",
        "--filterpattern",
        ".*Content Security Policy.*",
    ]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=120, check=False)
    found = [
        f"{re.sub('.*/site/', '', m['url'])}:{m.get('lastLine')} {m['message']} | {m.get('extract', '')[:160]}"
        for m in json.loads(done.stderr)["messages"]
        if m["type"] == "error"
    ]
    assert found[:20] == []


@pytest.mark.parametrize(("site", "path"), ALL)
def test_nothing_overflows_and_the_browser_complains_about_nothing(addresses, new_tab, site, path):
    tab = new_tab(addresses[site] + path, at=AT[site])
    for width in (320, 360, 768, 1024, 1280, 2560):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.complaints == []
    assert all(url.startswith((addresses[site], "data:")) for url in tab.requests)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("at", ["2026-06-09T13:56:00Z", "2026-06-09T14:12:00Z", "2026-06-12T18:00:00Z"])
def test_nothing_moves_when_the_script_runs(addresses, new_tab, at, width):
    """The same page with and without its script, in time, late, and so late that the telephone is offered."""
    for path in ("/", "/incidents/SD-2026-0042/"):
        still = new_tab(addresses["open"] + path, width=width, java_script_enabled=False)
        moving = new_tab(addresses["open"] + path, width=width, at=at, timezone_id="Pacific/Auckland")
        tops = [
            tab.locator("main > section, footer").evaluate_all(
                "all => all.map(e => Math.round(e.getBoundingClientRect().top))"
            )
            for tab in (still, moving)
        ]
        assert tops[0] == tops[1]


@pytest.fixture(scope="module")
def verdicts(addresses, judges):
    """What Lighthouse says of three pages, on a phone."""
    urls = [addresses["open"] + path for path in ("/", "/incidents/SD-2026-0042/", "/history/")]
    command = [setup.node(), setup.HERE / "page" / "lighthouse.mjs", judges, CHROMIUM, *urls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_lighthouse_finds_nothing_to_improve(verdicts):
    for verdict in verdicts:
        for kind in ("accessibility", "best-practices", "seo"):
            assert verdict["scores"][kind] == 100, verdict
        # The score moves with the load of the machine; what makes it is gated one by one below.
        assert verdict["scores"]["performance"] >= 95, verdict


def test_a_page_on_a_phone_is_one_small_document_that_waits_for_nothing(verdicts):
    for verdict in verdicts:
        assert verdict["shift"] == 0, verdict
        assert verdict["blocking"] == 0, verdict
        loaded = [(url, kind) for url, _, kind in verdict["requests"] if kind != "Fetch"]
        assert [kind for _, kind in loaded] == ["Document", "Script"], verdict
