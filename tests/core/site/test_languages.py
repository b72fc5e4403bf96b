"""The page in several languages: what is translated, what stays in its own words, and that each page finds its twins."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import EtaOutcome, Impact, IncidentState, StepState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import PublicCard, PublicEta, PublicPromise, PublicRecord, PublicStep
from statusdesk.site import language as languages
from statusdesk.site import templating
from statusdesk.site.builder import build
from statusdesk.site.dates import Dates
from statusdesk.site.frame import environment
from statusdesk.site.language import NAMES, SOURCE, fill, language
from statusdesk.site.words import Words
from tests.core.site.memory import MemoryReader, component, entry, incident, maintenance, northlake, page, update, utc
from tests.core.site.test_pages import read

WHEN = utc("2026-06-09 13:05")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Northlake in English, Finnish and Arabic."""
    folder = tmp_path_factory.mktemp("languages")
    reader = northlake()
    reader.put_page(page(base_url="https://status.northlake.example", languages=("fi", "ar")))
    build(reader, out=folder / "site", state_file=folder / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    return folder / "site"


def root(site, path):
    return next(attributes for tag, attributes in read(site, path).attributes if tag == "html")


@pytest.mark.parametrize(("prefix", "lang", "way"), [("", "en-GB", "ltr"), ("fi/", "fi", "ltr"), ("ar/", "ar", "rtl")])
def test_each_edition_says_its_language_and_which_way_it_is_read(site, prefix, lang, way):
    for path in ("index.html", "incidents/SD-2026-0042/index.html", "promise/index.html"):
        html = root(site, prefix + path)
        assert (html["lang"], html["dir"]) == (lang, way)


def test_a_page_names_its_twins_for_search_engines_and_for_people(site):
    found = read(site, "fi/incidents/SD-2026-0042/index.html")
    alternates = {a["hreflang"]: a["href"] for tag, a in found.attributes if tag == "link" and "hreflang" in a}
    base, place = "https://status.northlake.example/", "incidents/SD-2026-0042/"
    assert alternates == {
        "en-GB": base + place,
        "fi": base + "fi/" + place,
        "ar": base + "ar/" + place,
        "x-default": base + place,
    }
    menu = {a["href"]: a["lang"] for tag, a in found.attributes if tag == "a" and "hreflang" in a}
    assert menu == {"../../../" + place: "en-GB", "../../../fi/" + place: "fi", "../../../ar/" + place: "ar"}
    assert "Suomi" in found.words
    assert "العربية" in found.words


def test_a_page_in_one_language_offers_no_other(open_site):
    home = read(open_site, "index.html")
    assert not [a for _, a in home.attributes if "hreflang" in a]


def test_links_stay_in_the_edition_and_what_is_shared_is_shared(site):
    hrefs = read(site, "ar/incidents/SD-2026-0042/index.html").hrefs
    assert "../../history/" in hrefs
    assert "../../../api/v2/summary.json" in hrefs
    assert next(h for h in hrefs if "assets/page-" in h).startswith("../../../assets/")


def test_no_link_of_any_edition_is_dead(site):
    for path in site.rglob("*.html"):
        for href in read(site, path.relative_to(site).as_posix()).hrefs:
            if not re.match(r"[a-z]+:|/", href):
                target = (path.parent / href.split("#")[0]).resolve()
                assert (target / "index.html").is_file() or target.is_file(), f"{path} links to {href}"


def test_what_people_wrote_is_marked_with_the_language_they_wrote_in(site):
    def heading(path):
        return next(a for tag, a in read(site, path).attributes if tag == "h1")

    incident = "incidents/SD-2026-0042/index.html"
    assert heading("ar/" + incident)["lang"] == "en-GB"
    assert heading("ar/" + incident)["dir"] == "auto"
    assert "lang" not in heading(incident)
    assert "lang" not in heading("ar/promise/index.html"), "our own words are in the language of the page"


def test_dates_and_numbers_follow_the_language(site):
    words = read(site, "fi/index.html").words
    assert "9. kesäkuuta" in words
    assert "99,97 %" in words
    assert "16.10 CEST" in words
    assert not re.search(r"\b(June|Tuesday)\b", words)


@pytest.mark.parametrize(
    ("locale", "full", "weekday", "days", "month"),
    [
        ("en-GB", "9 June 2026, 15:05 CEST", "Tuesday 9 June", "1–7 June", "June"),
        ("en-US", "June 9, 2026, 15:05 CEST", "Tuesday, June 9", "June 1–7", "June"),
        ("fi", "9. kesäkuuta 2026 15.05 CEST", "tiistai 9. kesäkuuta", "1.–7. kesäkuuta", "kesäkuu"),
        ("es", "9 de junio de 2026, 15:05 CEST", "martes, 9 de junio", "1–7 de junio", "junio"),
        ("ja", "2026年6月9日 15:05 CEST", "6月9日火曜日", "6月1日–7日", "6月"),
        ("ar", "9 يونيو 2026، 15:05 CEST", "الثلاثاء، 9 يونيو", "1–7 يونيو", "يونيو"),
    ],
)
def test_a_date_has_its_language_s_order_and_a_clock_of_24_hours(locale, full, weekday, days, month):
    d = Dates("Europe/Stockholm", locale)
    assert d.full(WHEN) == full
    assert d.weekday(d.on(WHEN)).replace("\N{NO-BREAK SPACE}", " ") == weekday
    assert d.days(d.on(utc("2026-06-01 12:00")), d.on(utc("2026-06-07 12:00"))) == days
    assert d.month_name("2026-06") == month


def test_what_one_language_says_does_not_depend_on_which_was_asked_before():
    """Babel's locales share what they inherit: after Japanese, June in Arabic was 6月."""
    assert Dates("UTC", "ja").month_name("2026-06") == "6月"
    assert Dates("UTC", "ar").month_name("2026-06") == "يونيو"


def test_a_language_that_we_do_not_have_is_english_throughout(tmp_path):
    reader = northlake()
    reader.put_page(page(locale="da"))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    assert root(tmp_path / "site", "index.html")["lang"] == "en"
    assert "juni" not in read(tmp_path / "site", "index.html").words


class Bracketed:
    """A catalogue that shows what went through it."""

    def gettext(self, text):
        return f"⟦{text}⟧"

    def pgettext(self, context, text):
        return self.gettext(text)

    def ngettext(self, one, many, number):
        return self.gettext(one if number == 1 else many)


OURS = ("aria-label", "data-late", "data-phone", "data-now", "data-over", "data-gone", "data-yours", "data-updated")
# Babel's days and months, and names that are the same in every language.
SAME = {"juni", "Juni", "maart", "april", "mei", "dinsdag", "zondag", "woensdag", "donderdag", "maandag"}
SAME |= {"Atom", "RSS", "JSON", "Feed", "Suomi", "English", "calendar.ics", "badge.svg", "widget.js", "summary.json"}
SAME |= {
    "incidents.json",
    "href",
    "src",
    "img",
    "alt",
    "script",
    "async",
    "https",
    "http",
    "status.example",
    "nl",
    "a",
    "Mastodon",
}


@pytest.fixture
def bracketed(monkeypatch):
    """Dutch says everything in brackets."""
    monkeypatch.setattr(languages, "_catalogue", lambda code: Bracketed())
    monkeypatch.setattr(templating, "Compiled", lambda kind: None)
    caches = (languages.language, languages._language, environment)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def loud() -> MemoryReader:
    """A record in which all that people wrote is in capitals."""
    reader = MemoryReader(
        page(
            name="NAME", locale="nl", promise_html="<p>PROMISE</p>",
            contacts=(Contact("phone", "CALL", "1", "ALWAYS"), Contact("email", "", "A@B.EXAMPLE"), Contact("chat", "", "https://X.EXAMPLE")),
        )
    )  # fmt: skip
    tills, phones = component("TILLS", 1), component("PHONES", 2)
    reader.put_component(tills)
    reader.put_component(phones)
    words = tuple(
        update(n, WHEN + timedelta(minutes=n), IncidentState.IDENTIFIED, f"WORDS {n}", author="ANA", promised_at=WHEN, promise=promise)
        for n, promise in enumerate(PromiseState, 1) if promise is not PromiseState.OPEN
    )  # fmt: skip
    steps = tuple(
        PublicStep(html="<p>STEP</p>", state=state, due_on=date(2026, 6, 20), done_on=date(2026, 6, 19), dropped_reason="REASON", moved_from=(date(2026, 6, 1),), incident_ref="SD-2026-0001")
        for state in StepState
    )  # fmt: skip
    eta = PublicEta(
        due_at=WHEN,
        said_at=WHEN,
        first_due_at=WHEN,
        last_due_at=WHEN + timedelta(hours=3),
        statements=2,
        outcome=EtaOutcome.MET,
    )
    for number, impact in enumerate(Impact, 1):
        ref = f"SD-2026-000{number}"
        entries = (entry(tills, ComponentStatus.PARTIAL_OUTAGE, WHEN, None, ref),)
        reader.put(incident(ref, "TITLE", WHEN, impact=impact, updates=words, steps=steps, eta=eta, entries=entries))
    end = WHEN + timedelta(hours=2)
    for number, changes in enumerate(
        ({"asked": 3, "confirmed": 1}, {"backfilled": True}, {"state": IncidentState.WITHDRAWN}), 5
    ):
        over = {
            "state": IncidentState.RESOLVED,
            "resolved_at": end,
            "next_due_at": None,
            "eta": eta,
            "updates": words,
        } | changes
        reader.put(incident(f"SD-2026-000{number}", "TITLE", WHEN, **over))
    for number, state in enumerate(MaintenanceState, 1):
        times = {"actual_start": WHEN, "actual_end": end} if state is MaintenanceState.COMPLETED else {}
        reader.put(
            maintenance(
                f"SD-2026-M00{number}",
                "WORK",
                WHEN,
                2,
                [tills, phones],
                state=state,
                max_interruption_s=1200,
                rescheduled_from=WHEN,
                updates=(update(1, WHEN, state, "WORDS", author="ANA"),),
                **times,
            )
        )
    reader.promises_ = [
        PublicPromise(due_at=WHEN, state=state, settled_at=end, incident_ref="SD-2026-0001", incident_title="TITLE")
        for state in (PromiseState.LATE, PromiseState.MOVED)
    ]
    reader.cards_ = [
        PublicCard(name="ANA", role="LEAD", phone="1", languages="EN", starts_at=WHEN, ends_at=end, incident_ref=None)
    ]
    reader.record_ = PublicRecord(promises_kept=41, promises_total=43, estimates_met=9, estimates_total=11)
    return reader


def unbracketed(text: str) -> str:
    """What did not go through the catalogue."""
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return text


@pytest.mark.usefixtures("bracketed")
def test_every_text_of_ours_on_every_page_goes_through_the_catalogue(tmp_path):
    build(loud(), out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=WHEN + timedelta(minutes=30))
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 15
    for path in pages:
        found = read(tmp_path / "site", path.relative_to(tmp_path / "site").as_posix())
        left = set(re.findall(r"[A-Za-z.]*[a-z][A-Za-z.]*", unbracketed(found.words))) - SAME
        assert not left, path
        for _, attributes in found.attributes:
            for name in OURS:
                said = attributes.get(name)
                assert not re.search("[a-z]", unbracketed(said or "")), (path, name, said)
        title = re.search("<title>(.*?)</title>", path.read_text(encoding="utf-8"))
        assert title
        assert not set(re.findall("[a-z]{3,}", unbracketed(title[1]))) - SAME, path


def test_english_writes_numbers_out_and_the_others_do_not():
    assert Words(language("en"), Dates("UTC", "en")).problems(2) == "two problems"
    assert Words(language("en"), Dates("UTC", "en")).problems(13) == "13 problems"
    assert Words(language("fi"), Dates("UTC", "fi")).figure(2) == "2"


def test_a_translation_is_plain_text_and_so_is_what_fills_it():
    assert fill('"%(name)s" <b>', name="<i>") == "&#34;&lt;i&gt;&#34; &lt;b&gt;"


def test_every_language_is_known_by_its_own_name_and_english_is_the_fallback():
    assert len(NAMES) == 12
    assert language("pt_BR").code == "pt"
    assert language("xx-nonsense").code == SOURCE
    assert replace(language("ar"), code="he").direction == "ltr"
    assert languages.language("ar").direction == "rtl"
