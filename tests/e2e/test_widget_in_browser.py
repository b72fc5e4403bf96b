"""The widget on somebody else's page, in a real browser: another origin, another style, strict or broken."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from statusdesk.site.builder import build
from statusdesk.site.serve import site_server
from tests.core.site.memory import maintenance, northlake, page, utc

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
NOW = utc("2026-06-09 13:56")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed (apt-get install chromium)")


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """Somebody's page at another origin, and a status page that answers what a test wants."""

    page = ""
    policy = ""
    answer: tuple[int, bytes] = (200, b"")
    asked = 0

    def do_GET(self) -> None:
        kind, body, code = "text/html; charset=utf-8", type(self).page.encode(), 200
        if self.path.endswith("summary.json"):
            type(self).asked += 1
            kind, (code, body) = "application/json", type(self).answer
        elif self.path.endswith("widget.js"):
            kind, body = "text/javascript", (type(self).site / "widget.js").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Access-Control-Allow-Origin", "*")
        if kind.startswith("text/html") and type(self).policy:
            self.send_header("Content-Security-Policy", type(self).policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("widget")
    build(northlake(), out=folder / "site", state_file=folder / "ws" / "site.log", now=NOW)
    return folder / "site"


def _running(server: http.server.ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def status(site):
    yield from _running(site_server(site, 0))


@pytest.fixture
def elsewhere(site):
    class Here(_Elsewhere):
        pass

    Here.site = site
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    for address in _running(server):
        yield Here, address


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def tab(browser):
    context = browser.new_context()
    found = context.new_page()
    found.errors = []
    found.on("pageerror", lambda error: found.errors.append(str(error)))
    found.on("console", lambda said: found.errors.append(said.text) if "Content Security" in said.text else None)
    yield found
    assert found.errors == []
    context.close()


def embed(source: str, attributes: str = "") -> str:
    """A page with styles that would spoil a widget without walls."""
    return (
        "<!doctype html><html lang=en><title>Shop</title><style>*{color:red!important;display:block}</style>"
        f'<p id=before>Shop</p><script src="{source}/widget.js" async {attributes}></script>'
    )


def told(**changes: object) -> bytes:
    """A summary as short as it may be."""
    status = {"indicator": "none", "description": ""}
    return json.dumps({"page": {"name": "Northlake"}, "incidents": [], "scheduled_maintenances": [], "status": status} | changes).encode()  # fmt: skip


def trouble(name: object, indicator: str = "major") -> bytes:
    return told(incidents=[{"name": name}], status={"indicator": indicator, "description": ""})


def test_it_says_what_is_wrong_on_a_page_of_another_origin(tab, status, elsewhere):
    here, address = elsewhere
    here.page = embed(status)
    tab.goto(address)
    link = tab.get_by_role("link", name="Major problem Card payments fail in 3 of our 14 stores")
    link.wait_for()
    assert link.get_attribute("href") == f"{status}/"
    assert tab.get_by_role("status").count() == 1
    assert link.locator("b").evaluate("e => getComputedStyle(e).color") == "rgb(176, 28, 34)", "its own style holds"
    assert tab.locator("#before").evaluate("e => getComputedStyle(e).color") == "rgb(255, 0, 0)", "and so does theirs"
    assert tab.evaluate("document.cookie + localStorage.length") == "0"


def test_it_stands_where_its_script_stands_and_under_a_strict_policy(tab, elsewhere):
    here, address = elsewhere
    here.policy = f"default-src 'none'; script-src {address}; connect-src {address}"
    here.page = '<!doctype html><title>Shop</title><div><script src="/widget.js"></script></div><p>After</p>'
    here.answer = (200, trouble("Tills"))
    tab.goto(address)
    tab.get_by_role("link", name="Major problem Tills").wait_for()
    assert tab.evaluate("document.querySelector('div').children.length") == 2
    assert tab.get_by_role("link").evaluate("e => getComputedStyle(e).display") == "flex"


@pytest.mark.parametrize("attributes", ["data-hide-when-ok", 'data-hide-when-ok=""'])
def test_it_can_stay_away_while_all_is_well(tab, elsewhere, attributes):
    here, address = elsewhere
    here.page, here.answer = embed(address, attributes), (200, told())
    tab.clock.install()
    with tab.expect_response("**/summary.json"):
        tab.goto(address)
    assert tab.get_by_role("link").count() == 0
    here.answer = (200, trouble("Tills"))
    until_asked(tab, here, 2)
    tab.get_by_role("link", name="Major problem Tills").wait_for()


def test_words_of_others_are_text(tab, elsewhere):
    here, address = elsewhere
    name = "<img src=x onerror=alert(1)></script><b>\u202e" + "x" * 500
    here.page, here.answer = embed(address), (200, trouble(name, "critical"))
    tab.goto(address)
    link = tab.get_by_role("link")
    link.wait_for()
    assert link.locator("img").count() == 0
    assert link.locator("span").text_content() == name[:200]
    assert link.locator("span").get_attribute("dir") == "auto"


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"not found"),
        (500, b""),
        (200, b"<html>"),
        (200, b"null"),
        (200, b"[]"),
        (200, b'{"status":{"indicator":"none"}}'),
        (200, told(status={"indicator": "constructor"})),
        (200, told(status={"indicator": "purple"})),
    ],
)
def test_it_is_quiet_when_the_answer_is_odd(tab, elsewhere, answer):
    here, address = elsewhere
    here.page, here.answer = embed(address), answer
    with tab.expect_response("**/summary.json"):
        tab.goto(address)
    tab.evaluate("fetch('/').then(answer => answer.text())")  # by then the widget has read its own answer, too
    assert tab.get_by_role("link").count() == 0
    assert tab.get_by_text("Shop").is_visible()


def test_it_says_planned_work(tab, elsewhere):
    here, address = elsewhere
    works = [{"name": "Later", "status": "scheduled"}, {"name": "New cash desks", "status": "in_progress"}]
    status = {"indicator": "maintenance", "description": ""}
    here.page, here.answer = embed(address), (200, told(scheduled_maintenances=works, status=status))
    tab.goto(address)
    tab.get_by_role("link", name="Planned work New cash desks").wait_for()


def until_asked(tab, here, times: int) -> None:
    """Let time pass until the data were asked for so often; an answer is read between two of its steps."""
    for _ in range(100):
        if here.asked >= times:
            return
        tab.clock.run_for(5_000)
    raise AssertionError(f"asked {here.asked} times, not {times}")


def test_it_asks_again_less_often_while_nobody_answers_and_not_at_all_while_hidden(tab, elsewhere):
    here, address = elsewhere
    here.page, here.answer = embed(address, 'data-refresh="1"'), (200, trouble("Tills"))
    tab.clock.install()
    tab.goto(address)
    tab.get_by_role("link").wait_for()
    tab.clock.run_for(50_000)
    assert here.asked == 1, "once a minute at most, whatever the page asks for"
    until_asked(tab, here, 2)
    here.answer = (503, b"")
    until_asked(tab, here, 3)
    assert tab.get_by_role("link").count() == 1, "what was known stays"
    tab.clock.run_for(100_000)
    assert here.asked == 3, "it waits longer after a failure"
    tab.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})")
    tab.clock.run_for(3_600_000)
    assert here.asked == 3
    here.answer = (200, trouble("Phones"))
    tab.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    tab.get_by_role("link", name="Major problem Phones").wait_for()


def test_zero_means_once(tab, elsewhere):
    here, address = elsewhere
    here.page, here.answer = embed(address, 'data-refresh="0"'), (200, trouble("Tills"))
    tab.clock.install()
    tab.goto(address)
    tab.get_by_role("link").wait_for()
    tab.clock.run_for(3_600_000)
    assert here.asked == 1


def test_it_follows_the_scheme_of_the_reader_or_the_one_that_was_chosen(tab, elsewhere):
    here, address = elsewhere
    here.answer = (200, trouble("Tills"))
    for attributes, ground in (("", "rgb(15, 24, 29)"), ('data-theme="light"', "rgb(255, 255, 255)")):
        here.page = embed(address, attributes)
        tab.emulate_media(color_scheme="dark")
        tab.goto(address)
        assert tab.get_by_role("link").evaluate("e => getComputedStyle(e).backgroundColor") == ground


def test_each_language_has_a_widget_in_its_words_and_it_is_small(site, tmp_path):
    assert len((site / "widget.js").read_bytes()) <= 4096
    reader = northlake()
    reader.put_page(page(locale="ar"))
    reader.put(replace(maintenance("SD-M1", "x", NOW, 1, [])))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.log", now=NOW)
    text = (tmp_path / "site" / "widget.js").read_text("ascii")
    assert '"dir":"rtl"' in text
    assert '"lang":"ar"' in text
