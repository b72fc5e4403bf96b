"""The page while nobody is at the desk: what its script says by the reader's clock, and how it finds what is newer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from statusdesk.domain.incident import IncidentState
from statusdesk.domain.public import PublicCard, PublicTheme
from statusdesk.site.builder import build
from tests.core.site.memory import northlake, page, update, utc
from tests.e2e.browsing import CHROMIUM, sees, serving, settle

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed (apt-get install chromium)")

BUILT = utc("2026-06-09 13:56")


class Site:
    """A record, the site made of it, and what serves it."""

    def __init__(self, folder: Path) -> None:
        self.reader = northlake()
        self.folder = folder
        self.out = folder / "site"
        self.build()

    def build(self, now=BUILT):
        build(self.reader, out=self.out, state_file=self.folder / "ws" / "site.db", now=now)

    def say(self, text: str, at: str) -> None:
        """An update of the open incident, published."""
        card = self.reader.incidents_["SD-2026-0042"]
        said = update(len(card.updates) + 1, utc(at), IncidentState.IDENTIFIED, text)
        self.reader.put(replace(card, updates=(*card.updates, said), next_due_at=utc(at) + timedelta(minutes=30)))
        self.build(utc(at))

    def insert(self, html: str) -> None:
        """Markup at the end of the home page's first section, as somebody's own template may have it."""
        index = self.out / "index.html"
        index.write_text(index.read_text().replace("</section>", f"{html}</section>", 1))


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def served(site):
    with serving(site.out) as served:
        yield served


def pages_asked(served) -> int:
    return len(served.asked("/"))


def after(tab, seconds: float) -> None:
    """So much time passes, and whatever the page asked for has arrived."""
    tab.clock.run_for(int(seconds * 1000))
    settle(tab)


# What the clock alone can tell


def put_ana_on_the_page(site: Site) -> None:
    site.reader.cards_.append(
        PublicCard(
            name="Ana",
            role="support lead",
            phone="+46 70 174 06 10",
            languages="",
            starts_at=utc("2026-06-09 13:55"),
            ends_at=utc("2026-06-09 16:00"),
            incident_ref="SD-2026-0042",
        )
    )
    site.build()


@pytest.mark.parametrize("path", ["/", "/incidents/SD-2026-0042/"])
def test_a_contact_card_ends_by_itself_and_nothing_moves(site, served, new_tab, path):
    put_ana_on_the_page(site)
    tab = new_tab(served.url + path, at="2026-06-09T15:00:00Z", height=2000)
    assert "Ana, support lead" in tab.inner_text(".card-person")
    assert "until 18:00 CEST" in tab.inner_text(".card-person")
    assert tab.get_attribute(".card-person a", "href") == "tel:+46701740610"
    height = tab.locator(".card").bounding_box()["height"]
    tab.clock.fast_forward("01:00:16")
    assert tab.inner_text(".card-person") == "This number was here until 18:00 CEST."
    assert "174 06 10" not in tab.content()
    assert tab.locator(".card").bounding_box()["height"] == height


def test_by_the_reader_s_clock_a_contact_card_appears_when_its_time_comes(site, served, new_tab):
    put_ana_on_the_page(site)
    tab = new_tab(served.url, at="2026-06-09T13:52:00Z")
    assert not tab.is_visible(".card-person")
    height = tab.evaluate("document.documentElement.scrollHeight")
    tab.clock.fast_forward("05:00")
    assert tab.is_visible(".card-person")
    assert tab.evaluate("document.documentElement.scrollHeight") == height


def test_a_page_opened_when_the_card_has_ended_never_shows_the_number(site, served, new_tab):
    put_ana_on_the_page(site)
    tab = new_tab(served.url, at="2026-06-09T19:00:00Z")
    assert tab.inner_text(".card-person") == "This number was here until 18:00 CEST."


def test_a_card_that_is_over_is_not_on_a_page_that_is_built_later(site):
    put_ana_on_the_page(site)
    site.build(utc("2026-06-09 16:00"))
    assert not [path for path in site.out.rglob("*") if path.is_file() and b"174 06 10" in path.read_bytes()]


@pytest.mark.parametrize("path", ["/", "/maintenance/SD-2026-M007/"])
def test_planned_work_says_what_the_plan_is_now_and_claims_no_more(site, served, new_tab, path):
    tab = new_tab(served.url + path, at="2026-06-13T23:59:50Z")
    assert tab.inner_text("[data-plan]") == ""
    tab.clock.fast_forward(20_000)
    said = "Planned to be in progress now; we have not confirmed that it began."
    assert tab.inner_text("[data-plan]") == said
    tab.clock.fast_forward("02:00:00")
    said = "Planned to end at 04:00 CEST; we have not confirmed the end yet."
    assert tab.inner_text("[data-plan]") == said


@pytest.mark.parametrize(
    ("zone", "said"), [("America/New_York", "10:10 your time"), ("Pacific/Auckland", "Wed 02:10 your time")]
)
def test_the_reader_s_own_time_names_its_day_when_it_is_another(served, new_tab, zone, said):
    tab = new_tab(served.url, timezone_id=zone)
    assert said in re.sub(r"[,\s]+", " ", tab.inner_text(".line"))


@pytest.mark.parametrize("minutes", [-200, 200])
def test_a_wrong_clock_is_corrected_by_the_server_s(served, new_tab, minutes):
    served.says = utc("2026-06-09 14:30")  # twenty minutes late, whatever the reader's clock says
    tab = new_tab(served.url, at=served.says + timedelta(minutes=minutes))
    tab.clock.run_for(70_000)
    sees(tab, "is late. (2", ".vow")


def test_a_clock_that_runs_ahead_makes_no_promise_late(served, new_tab):
    served.says = utc("2026-06-09 13:57")
    tab = new_tab(served.url, at="2026-06-09T16:00:00Z")
    settle(tab)
    assert "We write here again by 16:10 CEST" in tab.inner_text(".vow")
    assert tab.locator(".late").count() == 0


def test_an_old_answer_says_nothing_about_the_time(served, new_tab):
    served.says = utc("2026-06-08 12:00")  # before this build was made: kept somewhere on the way
    tab = new_tab(served.url, at="2026-06-09T14:12:00Z")
    settle(tab)
    assert "is late" in tab.inner_text(".vow")


# Something newer


def test_a_new_update_appears_where_the_reader_is(site, served, new_tab):
    tab = new_tab(served.url, height=500, reduced_motion="reduce")
    tab.evaluate("window.stays = true")
    tab.focus(".c a[href='components/phones/']")
    tab.evaluate("document.activeElement.scrollIntoView({behavior: 'instant', block: 'center'})")
    place = "document.querySelector(\".c a[href='components/phones/']\").getBoundingClientRect().top"
    before = tab.evaluate(place)
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    after(tab, 70)
    sees(tab, "Hill Street takes cards since 16:05 CEST.")
    assert "16:06 CEST" in tab.inner_text(".stamp")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "components/phones/"
    assert abs(tab.evaluate(place) - before) < 2, "what one reads stays where it is"
    assert tab.inner_text("[role=status].vh").startswith("This page was updated at 15:57 CEST")
    assert tab.evaluate("window.stays") is True, "nothing was loaded anew"
    assert tab.complaints == []


def test_a_reader_at_the_top_stays_at_the_top(site, served, new_tab):
    tab = new_tab(served.url, height=500)
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    after(tab, 70)
    sees(tab, "Hill Street")
    assert tab.evaluate("scrollY") == 0


def test_what_was_opened_stays_open(site, served, new_tab):
    details = "<details><summary>More</summary><p>Words</p></details><details><summary>Even more</summary></details>"
    site.insert(details)
    tab = new_tab(served.url)
    tab.click("summary >> text='Even more'")
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    site.insert(details)
    after(tab, 70)
    sees(tab, "Hill Street")
    assert tab.evaluate("[...document.querySelectorAll('details')].map(e => e.open)") == [False, True]
    assert tab.evaluate("document.activeElement.textContent") == "Even more"


def test_lateness_ends_with_the_update(site, served, new_tab):
    tab = new_tab(served.url, at="2026-06-09T14:12:00Z")
    settle(tab)
    assert "is late" in tab.inner_text(".vow")
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:12")
    after(tab, 70)
    sees(tab, "Hill Street takes cards since 16:05 CEST.")
    assert "We write here again by 16:42 CEST" in tab.inner_text(".vow")
    assert tab.locator(".late").count() == 0


def test_an_old_page_that_claims_lateness_looks_for_a_newer_one_at_once(site, served, new_tab):
    old = (site.out / "index.html").read_bytes()
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    new = (site.out / "index.html").read_bytes()
    (site.out / "index.html").write_bytes(old)
    with_old = new_tab("about:blank", at="2026-06-09T14:12:00Z")
    with_old.route(
        served.url + "/assets/*", lambda route: ((site.out / "index.html").write_bytes(new), route.continue_())
    )
    with_old.goto(served.url)
    settle(with_old)
    sees(with_old, "Hill Street takes cards")


def test_nothing_new_costs_one_small_answer(served, new_tab):
    tab = new_tab(served.url)
    after(tab, 66)  # the first look compares the page too: it may be an old copy
    assert (served.asked("/build.json"), served.asked("/")) == ([200], [200, 304])
    after(tab, 66)
    after(tab, 66)
    assert (served.asked("/build.json"), served.asked("/")) == ([200, 304, 304], [200, 304])


def test_a_change_elsewhere_leaves_the_page_alone(site, served, new_tab):
    tab = new_tab(served.url + "/incidents/SD-2026-0019/")
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    tab.evaluate("document.querySelector('main').stays = true")
    after(tab, 330)
    assert served.asked("/build.json") == [200]
    assert tab.evaluate("document.querySelector('main').stays") is True


def test_with_nothing_open_the_page_asks_every_five_minutes(tmp_path, new_tab):
    build(northlake(open_now=False), out=tmp_path / "site", state_file=tmp_path / "ws" / "log", now=BUILT)
    with serving(tmp_path / "site") as served:
        tab = new_tab(served.url)
        after(tab, 265)
        assert served.asked("/build.json") == []
        after(tab, 70)
        assert len(served.asked("/build.json")) == 1


def test_a_failing_server_is_asked_ever_more_seldom(served, new_tab):
    tab = new_tab(served.url, chance=0.5)
    served.fails = True
    for n, wait in enumerate((60, 120, 240, 480, 900, 900)):
        after(tab, wait - 5)
        assert len(served.asked("/build.json")) == n
        after(tab, 5)
        assert len(served.asked("/build.json")) == n + 1
    assert "Card payments fail" in tab.inner_text("h1"), "what is known stays"
    served.fails = False
    after(tab, 900)
    asked = len(served.asked("/build.json"))
    after(tab, 60)
    assert len(served.asked("/build.json")) == asked + 1, "back to every minute"


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 54), (0.999, 66)])
def test_readers_do_not_all_ask_at_once(served, new_tab, chance, seconds):
    tab = new_tab(served.url, chance=chance)
    after(tab, seconds - 2)
    assert served.asked("/build.json") == []
    after(tab, 2)
    assert len(served.asked("/build.json")) == 1


HIDE = "(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true}); document.dispatchEvent(new Event('visibilitychange')); }"


def test_a_hidden_tab_asks_nothing_and_catches_up_when_it_is_shown(site, served, new_tab):
    tab = new_tab(served.url)
    tab.evaluate(HIDE, True)
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    after(tab, 3600)
    assert served.asked("/build.json") == []
    tab.evaluate(HIDE, False)
    settle(tab)
    sees(tab, "Hill Street takes cards")
    after(tab, 70)
    assert len(served.asked("/build.json")) == 2


def test_another_look_needs_a_fresh_page(site, served, new_tab):
    tab = new_tab(served.url)
    tab.evaluate("window.stays = true")
    site.reader.put_page(page(theme=PublicTheme(accent="#b3005e")))
    site.build(utc("2026-06-09 14:06"))
    with tab.expect_navigation():
        tab.clock.run_for(70_000)
    assert tab.evaluate("window.stays") is None
    assert "#b3005e" in tab.content()
    assert tab.complaints == []


def test_what_a_reader_s_own_program_adds_is_no_other_look(site, served, new_tab):
    tab = new_tab(served.url)
    tab.evaluate("""() => {
        window.stays = true;
        for (const name of ["script", "style"]) {
            const added = document.createElement(name);
            if (name === "script") added.src = "data:text/javascript,";
            else added.textContent = "p{filter:invert(1)}";
            document.head.prepend(added);
        }
    }""")
    site.say("Hill Street takes cards since 16:05 CEST.", "2026-06-09 14:06")
    after(tab, 70)
    assert "Hill Street takes cards since 16:05 CEST." in tab.inner_text("main")
    assert tab.evaluate("window.stays"), "the page was not loaded again"
