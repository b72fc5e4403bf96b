"""The public page in a real browser: nothing overflows, nothing is loaded from elsewhere, lateness shows by itself."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from statusdesk.domain.incident import IncidentState
from statusdesk.site.builder import build
from statusdesk.site.markdown import to_html
from tests.core.site.memory import northlake, page, update, utc
from tests.e2e.browsing import CHROMIUM, serving

PATHS = {
    "open": ["/", "/incidents/SD-2026-0042/", "/components/card-payments/"],
    "ok": [
        "/",
        "/incidents/SD-2026-0042/",
        "/history/",
        "/history/2026-06/",
        "/maintenance/SD-2026-M007/",
        "/404.html",
    ],
    "hostile": ["/", "/incidents/SD-2026-0042/", "/history/2026-06/", "/components/card-payments/"],
}

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed (apt-get install chromium)")


def _hostile():
    reader = northlake()
    text = "x" * 500 + " </script><b>\u202eevil 😀 " + "word " * 200
    reader.put_page(page(name="N" * 60))
    card = reader.incidents_["SD-2026-0042"]
    said = update(4, utc("2026-06-09 13:55"), IncidentState.IDENTIFIED, text + "\n\n    " + "c" * 400, author="A" * 120)
    reader.put(
        replace(card, title="W" * 80, who_affected=text, workaround_html=to_html(text), updates=(*card.updates, said))
    )
    cards = reader.components_[0]
    reader.put_component(replace(cards, name="C" * 80, description=text))
    return reader


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """Three sites on loopback: name -> what serves it."""
    records = {"open": northlake(), "ok": northlake(open_now=False), "hostile": _hostile()}
    with ExitStack() as stack:
        found = {}
        for name, reader in records.items():
            folder = tmp_path_factory.mktemp(name)
            build(reader, out=folder / "site", state_file=folder / "ws" / "site.db", now=utc("2026-06-09 13:56"))
            found[name] = stack.enter_context(serving(folder / "site"))
        yield found


@pytest.fixture
def open_page(new_tab, sites):
    """Opens a page of one of the sites."""
    return lambda site="open", path="/", **options: new_tab(sites[site].url + path, **options)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(("site", "path"), [(site, path) for site, found in PATHS.items() for path in found])
def test_nothing_overflows_nothing_complains_nothing_comes_from_elsewhere(open_page, sites, site, path, width):
    tab = open_page(site, path, width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.complaints == []
    assert all(url.startswith((sites[site].url, "data:")) for url in tab.requests)
    assert len([url for url in tab.requests if url.startswith("http")]) <= 2


def test_the_page_is_complete_without_scripts(open_page):
    tab = open_page(java_script_enabled=False)
    text = tab.inner_text("body")
    assert "Card payments fail in 3 of our 14 stores" in text
    assert "We write here again by 16:10 CEST" in text
    assert "Not known yet." in text


def test_lateness_appears_by_itself_when_the_promised_time_passes(open_page):
    tab = open_page()
    assert "We write here again by 16:10 CEST" in tab.inner_text(".vow")
    height = tab.evaluate("document.documentElement.scrollHeight")
    tab.clock.fast_forward("18:00")
    assert tab.inner_text(".vow").split("\n")[0].strip() == "An update was due at 16:10 CEST and is late. (4 minutes)"
    assert tab.evaluate("document.documentElement.scrollHeight") == height, "nothing moves"
    tab.clock.fast_forward("02:00:00")
    assert "phone +46 8 465 004 20" in tab.inner_text(".vow")


def test_a_reader_elsewhere_sees_the_own_time_beside_the_page_s(open_page):
    tab = open_page(timezone_id="America/New_York")
    line = tab.inner_text(".line")
    assert "16:10 CEST" in line
    assert "10:10 your time" in line
    assert "your time" not in open_page().inner_text(".line")


_CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = c => { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const lum = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c !== "rgba(0, 0, 0, 0)") return c; } return "white"; };
  const bad = [];
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest("svg, script, style")) continue;
    const a = lum(getComputedStyle(e).color), b = lum(back(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(e.tagName + " " + e.textContent.slice(0, 30) + " " + ratio.toFixed(2));
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(open_page, scheme):
    for site, path in (("open", "/"), ("ok", "/"), ("ok", "/incidents/SD-2026-0042/"), ("ok", "/history/2026-06/")):
        tab = open_page(site, path, color_scheme=scheme)
        assert tab.evaluate(_CONTRAST) == []


def test_everything_to_press_is_large_enough_on_a_phone(open_page):
    tab = open_page(width=360)
    small = tab.evaluate(
        "[...document.querySelectorAll('.btn, nav a, .c > a, .days a')].map(e => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, r]) => r.width && (r.height < 24)).map(([t]) => t)"
    )
    assert small == []
    assert tab.evaluate("document.querySelector('.go').getBoundingClientRect().height") >= 44
