"""What the pages say, that their links lead somewhere, and that no text can break them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from statusdesk.domain import public
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Certainty, EtaOutcome, Impact, IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import PublicCard, PublicCause, PublicEta
from statusdesk.site.builder import build
from statusdesk.site.markdown import to_html, to_plain
from tests.core.site.memory import MemoryReader, component, entry, incident, maintenance, northlake, page, update, utc

BLOCKS = {"p", "div", "dt", "dd", "li", "br", "h1", "h2", "h3", "section", "ul", "ol"}
# What machines read about a page; no script.
FACTS = "application/ld+json"
VOID = {"meta", "link", "br", "path", "stop", "use"}


class Markup(HTMLParser):
    """Checks that every element is closed in order, and collects addresses, ids and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.hrefs: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in BLOCKS:
            self.text.append(" ")
        self.attributes.append((tag, found))
        self.hrefs += [found[name] for name in ("href", "src") if found.get(name) and tag != "use"]
        self.ids += [found["id"]] if found.get("id") else []
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack[-1] == tag, f"</{tag}> closes <{self.stack[-1]}>"
        self.stack.pop()

    def handle_data(self, data):
        if not self.stack or self.stack[-1] not in ("style", "script", "title"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def read(site: Path, path: str) -> Markup:
    return Markup((site / path).read_text(encoding="utf-8"))


def render(reader: MemoryReader, tmp_path: Path, now="2026-06-09 13:53") -> Path:
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc(now))
    return tmp_path / "site"


def small(*incidents, **changes) -> MemoryReader:
    reader = MemoryReader(page(**changes))
    reader.put_component(component("Tills", 1))
    reader.put_component(component("Phones", 2))
    for one in incidents:
        reader.put(one)
    return reader


BEGAN = utc("2026-06-09 13:12")


def tills(ref="SD-2026-0001", status=ComponentStatus.MAJOR_OUTAGE, end=None, **changes):
    entries = (entry(component("Tills", 1), status, BEGAN, end, ref),)
    return incident(ref, changes.pop("title", "Tills fail"), BEGAN, **{"entries": entries, **changes})


def test_every_page_is_well_formed_with_one_heading_and_unique_ids(open_site, ok_site):
    for site in (open_site, ok_site):
        pages = list(site.rglob("*.html"))
        assert len(pages) > 20
        for path in pages:
            markup = Markup(path.read_text(encoding="utf-8"))
            tags = [tag for tag, _ in markup.attributes]
            assert tags.count("h1") == 1
            assert tags.count("main") == 1
            assert len(markup.ids) == len(set(markup.ids)), path
            assert "None" not in markup.words


def test_no_link_is_dead(open_site, ok_site):
    for site in (open_site, ok_site):
        ids = {
            p.relative_to(site).as_posix(): set(read(site, p.relative_to(site).as_posix()).ids)
            for p in site.rglob("*.html")
        }
        for path in ids:
            for href in read(site, path).hrefs:
                url = urlsplit(urljoin(f"http://site/{path}", href))
                if url.netloc != "site" or url.scheme != "http":
                    continue
                target = unquote(url.path).lstrip("/")
                target = target + "index.html" if target.endswith("/") or not target else target
                assert (site / target).is_file(), f"{path} links to {href}"
                if url.fragment:
                    assert url.fragment in ids[target], f"{path} links to {href}"


def test_pages_work_under_a_sub_path_and_name_no_host(open_site):
    for path in open_site.rglob("*.html"):
        if path.name != "404.html":
            assert not [h for h in Markup(path.read_text()).hrefs if h.startswith("/")]


def test_the_home_page_with_a_major_problem_says_it_in_one_line(open_site):
    home = read(open_site, "index.html")
    assert (
        "Major problem Identified: we know where it comes from Card payments fail in 3 of our 14 stores" in home.words
    )
    assert "Since 15:12 CEST" in home.words
    assert "Next update by 16:10 CEST" in home.words
    assert "Expected by 17:45 CEST" in home.words
    assert "We write here again by 16:10 CEST, even if there is nothing new." in home.words
    assert "Written Tuesday 9 June 2026, 15:52 CEST" in home.words
    for heading in ("What is wrong", "Cause", "When", "Prevention Not known yet. We write here what we change."):
        assert heading in home.words
    assert "9 June partly down since 15:40 CEST" in home.words
    assert "31 May partly down 10 h 10" in home.words
    assert "here since 4 May" in home.words
    assert "7 of 9 customers confirmed" in home.words
    assert "41 of 43 promised updates on time" in home.words
    assert "a minute down counts fully, partly down counts half" in home.words


def test_when_all_is_well_the_page_says_so(ok_site):
    home = read(ok_site, "index.html")
    assert "Everything works. We know of no problem with any of our 12 services." in home.words
    assert "Last problem over 9 June 17:10 CEST" in home.words
    assert "Next planned work 14 June 02:00 CEST" in home.words


def test_several_open_problems_are_all_named_the_worst_first(tmp_path):
    two = tills("SD-2026-0002", impact=Impact.CRITICAL)
    site = render(small(tills(impact=Impact.MINOR), replace(two, title="Everything is down")), tmp_path)
    words = read(site, "index.html").words
    assert "Critical problem" in words
    assert "Two problems are open. This one is the worst; also: Tills fail." in words


def test_planned_work_never_hides_a_problem(tmp_path):
    reader = small()
    work = maintenance(
        "SD-2026-M001",
        "New exchange",
        BEGAN,
        2,
        reader.components_[1:],
        state=MaintenanceState.IN_PROGRESS,
        actual_start=BEGAN,
    )
    reader.put(work)
    site = render(reader, tmp_path)
    assert "Planned work In progress New exchange" in read(site, "index.html").words
    reader.put(tills())
    assert "Major problem" in read(render(reader, tmp_path), "index.html").words


def test_unknowns_are_printed(tmp_path):
    site = render(small(tills(next_due_at=None)), tmp_path)
    words = read(site, "incidents/SD-2026-0001/index.html").words
    assert "Cause Not known yet. We write here what we find." in words
    assert "When No estimate yet." in words
    assert "Prevention Not known yet. We write here what we change." in words
    assert "Expected by no estimate yet" in words


def test_a_suspected_cause_is_called_suspected(tmp_path):
    cause = PublicCause(
        certainty=Certainty.SUSPECTED,
        html="<p>A cable.</p>",
        our_action_html="<p>We pull a new one.</p>",
        said_at=BEGAN,
    )
    words = read(render(small(tills(cause=cause)), tmp_path), "incidents/SD-2026-0001/index.html").words
    assert "Cause A cable. We pull a new one. Suspected, not confirmed yet" in words


@pytest.mark.parametrize(
    ("minutes", "outcome", "said"),
    [
        (-35, EtaOutcome.MET, "35 minutes earlier than we said"),
        (0, EtaOutcome.MET, "at the time we said"),
        (65, EtaOutcome.MISSED, "1 hour and 5 minutes later than we said"),
    ],
)
def test_after_the_end_the_page_says_how_the_estimate_went(tmp_path, minutes, outcome, said):
    end = BEGAN + timedelta(hours=2)
    due = end - timedelta(minutes=minutes)
    eta = PublicEta(due_at=due, said_at=BEGAN, first_due_at=due, last_due_at=due, statements=1, outcome=outcome)
    over = tills(state=IncidentState.RESOLVED, resolved_at=end, end=end, eta=eta, next_due_at=None)
    site = render(small(over), tmp_path)
    assert said in read(site, "incidents/SD-2026-0001/index.html").words
    assert said in read(site, "index.html").words
    assert said in read(site, "history/2026-06/index.html").words


def test_corrected_text_is_struck_out_beside_what_is_right(open_site):
    html = (open_site / "incidents/SD-2026-0042/index.html").read_text()
    struck = re.search(r"<del><p>(.*?)</p></del>", html)
    assert struck
    assert "You can pay with the app in every store." in struck[1]
    assert "Struck out at" in html
    wrong = read(open_site, "incidents/SD-2026-0042/index.html").words
    assert "What is wrong We moved 11 stores" in wrong
    assert "Corrects the 15:41 CEST update" in wrong


def test_retracted_text_is_nowhere(tmp_path):
    secret = "The safe opens with 1234."
    first = update(1, BEGAN, IncidentState.INVESTIGATING, secret, replaced_seq=2, replaced_kind=UpdateKind.RETRACTION)
    reason = update(
        2,
        BEGAN + timedelta(minutes=1),
        IncidentState.INVESTIGATING,
        "It named what nobody needs to know.",
        kind=UpdateKind.RETRACTION,
        corrects_seq=1,
    )
    site = render(small(tills(updates=(first, reason))), tmp_path)
    for path in site.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    words = read(site, "incidents/SD-2026-0001/index.html").words
    assert "We took this update back at 15:13 CEST: why." in words
    assert "It named what nobody needs to know." in words


def test_imported_history_is_calm_and_promises_nothing(ok_site):
    words = read(ok_site, "incidents/SD-2025-0007/index.html").words
    assert "Not recorded" in words
    assert "Not known yet" not in words
    assert "earlier than we said" not in words


def test_a_month_lists_its_days_and_what_the_month_before_left(ok_site):
    june = read(ok_site, "history/2026-06/index.html")
    assert {"d08", "d09", "d14"} <= set(june.ids)
    assert "Two problems and one planned work. On 8 of 11 days there was nothing to report." in june.words
    assert "1 June Still going on: Parcels could not be tracked" in june.words
    assert "2–7 June Nothing to report" in june.words
    assert "Down 28 min" in june.words
    assert "18 of 24 customers confirmed the repair" in june.words


def test_a_component_page_shows_its_days_and_its_problems(open_site):
    phones = read(open_site, "components/phones/index.html")
    assert "24 April down 55 min" in phones.words
    assert "New telephone exchange" in phones.words
    assert "The phones were dead" in phones.words


def test_the_404_page_leads_to_a_person_from_any_depth(tmp_path, open_site):
    lost = read(open_site, "404.html")
    assert "Talk to a person" in lost.words
    assert "tel:+4684650 0420".replace(" ", "") in lost.hrefs
    assert "/" in lost.hrefs
    site = render(small(base_url="https://status.example/sub/"), tmp_path)
    assert "https://status.example/sub/" in read(site, "404.html").hrefs


def test_only_addresses_that_a_browser_should_follow_become_links(tmp_path):
    contacts = (
        Contact("web", "Help", "javascript:alert(1)"),
        Contact("phone", "Call", "ask at the desk"),
        Contact("email", "", "a b?c@x.example"),
    )
    site = render(small(contacts=contacts), tmp_path)
    for path in site.rglob("*.html"):
        for href in Markup(path.read_text()).hrefs:
            assert urlsplit(href).scheme in ("", "https", "http", "mailto", "tel", "data"), href
    assert "mailto:a%20b%3Fc@x.example" in read(site, "index.html").hrefs


def test_a_strict_policy_holds_on_every_page(open_site):
    for path in open_site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        assert policy
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style
        want = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        rules = policy[1].replace("&#39;", "'")
        assert f"style-src 'sha256-{want}'" in rules
        assert "default-src 'none'" in rules
        assert "unsafe" not in rules
        assert [a for tag, a in Markup(text).attributes if tag == "script" and a.get("type") != FACTS] == [
            {"src": next(h for h in Markup(text).hrefs if "assets/page-" in h), "defer": None}
        ]
        assert not re.search(r'\s(style|on\w+)="', text)
    headers = (open_site / "_headers").read_text()
    assert "/api/*\n  Access-Control-Allow-Origin: *" in headers


def test_the_tab_icon_is_fully_encoded(open_site):
    icon = next(h for h in read(open_site, "index.html").hrefs if h.startswith("data:"))
    assert not re.search(r"[ <>\"#{}]", icon)


HOSTILE = (
    "</script><script>alert(1)</script>{{ 7*7 }}{% raw %}\u202eevil\u202c<img src=x onerror=alert(1)>&amp;'\"😀"
    + "x" * 500
)


def test_hostile_text_in_every_field_stays_text(tmp_path):
    html = to_html(HOSTILE)
    cause = PublicCause(certainty=Certainty.CONFIRMED, html=html, our_action_html=html, said_at=BEGAN)
    said = update(1, BEGAN, IncidentState.INVESTIGATING, HOSTILE, author=HOSTILE)
    bad = tills(
        title=HOSTILE, who_affected=HOSTILE, workaround_html=html, got_wrong_html=html, cause=cause, updates=(said,),
        state=IncidentState.RESOLVED, resolved_at=BEGAN + timedelta(hours=1), end=BEGAN + timedelta(hours=1), next_due_at=None, asked=1,
    )  # fmt: skip
    reader = small(
        bad, replace(tills("SD-2026-0002"), title=HOSTILE), name=HOSTILE,
        contacts=(Contact("phone", HOSTILE, HOSTILE, HOSTILE), Contact("web", HOSTILE, "https://x.example/" + HOSTILE)),
    )  # fmt: skip
    reader.put_component(replace(component("Tills", 1), name=HOSTILE, description=HOSTILE))
    reader.put(maintenance("SD-2026-M001", HOSTILE, BEGAN, 2, reader.components_, what_stops_html=html))
    site = render(reader, tmp_path)
    for path in site.rglob("*.html"):
        markup = Markup(path.read_text(encoding="utf-8"))
        assert "49" not in re.findall(r"\b49\b", markup.words)
        assert not [a for tag, a in markup.attributes if tag == "img" or any(name.startswith("on") for name in a)]
        assert len([a for tag, a in markup.attributes if tag == "script" and a.get("type") != FACTS]) == 1
    assert "{{ 7*7 }}{% raw %}" in read(site, "index.html").words


def test_the_longest_text_is_carried_whole(tmp_path):
    long = ("word " * 3999) + "end."
    site = render(small(tills(updates=(update(1, BEGAN, IncidentState.INVESTIGATING, long),))), tmp_path)
    assert to_plain(long) in read(site, "incidents/SD-2026-0001/index.html").words


def test_an_empty_page_is_a_page(tmp_path):
    reader = MemoryReader(page(contacts=(), follow=(), promise_html="", locale="xx-nonsense", time_zone="UTC"))
    site = render(reader, tmp_path)
    assert "Everything works." in read(site, "index.html").words
    assert "We have published no problem so far." in read(site, "history/index.html").words


def test_every_time_names_its_zone(open_site):
    for path in ("index.html", "incidents/SD-2026-0042/index.html", "history/2026-06/index.html"):
        for tag, attributes in read(open_site, path).attributes:
            if tag == "time":
                assert re.search(r"[+-]\d\d:\d\d$", attributes["datetime"])
        words = read(open_site, path).words
        ranges = re.sub(r"\d\d:\d\d to (?=\d\d:\d\d CE)", "", words)
        said = re.findall(r"\b\d\d:\d\d\b(?! CES?T)", ranges)
        assert set(said) <= {"08:00", "20:00"}, "only the opening hours, which people typed, may go without"


def test_the_home_page_of_twenty_components_fits_into_one_round_trip(tmp_path):
    reader = northlake()
    for number in range(8):
        reader.put_component(component(f"Extra {number}", 20 + number))
    site = render(reader, tmp_path)
    assert len(gzip.compress((site / "index.html").read_bytes())) < 14_000


def test_a_time_names_its_day_when_it_is_another_one(tmp_path):
    due = utc("2026-06-10 06:00")
    eta = PublicEta(due_at=due, said_at=BEGAN, first_due_at=due, last_due_at=due, statements=1, outcome=EtaOutcome.OPEN)
    words = read(render(small(tills(eta=eta)), tmp_path), "incidents/SD-2026-0001/index.html").words
    assert "We expect it to work again by 10 June, 08:00 CEST. Next update by 15:47 CEST." in words


def test_every_field_a_template_can_reach_is_public():
    """Invariant 12 by type: whatever the reader gives out consists of public types and of plain values."""
    allowed = {"Contact", *(name for name in vars(public) if name.startswith("Public")), "MonthCount"}
    for name in allowed - {"Contact"}:
        for field in vars(public)[name].__dataclass_fields__.values():
            words = set(re.findall(r"[A-Z]\w+", field.type))
            assert words <= allowed | {
                "None",
                "ComponentStatus",
                "Certainty",
                "EtaOutcome",
                "Impact",
                "IncidentState",
                "StepState",
                "UpdateKind",
                "MaintenanceState",
                "PromiseState",
                "Scheme",
            }
            assert not re.search("private|internal|basis|owner|reporter|secret|drill", field.name)
            # A number is public only on a contact card, by its owner's consent, for a while (F09).
            assert "phone" not in field.name or name == "PublicCard"


def test_days_on_which_a_problem_went_on_are_not_called_quiet(tmp_path):
    end = BEGAN + timedelta(days=2)
    over = tills(state=IncidentState.RESOLVED, resolved_at=end, end=end, next_due_at=None)
    words = read(render(small(over), tmp_path, now="2026-06-13 10:00"), "history/2026-06/index.html").words
    assert "12–13 June Nothing to report 10–11 June Still going on: Tills fail" in words
    assert "On 10 of 13 days there was nothing to report." in words


def test_the_words_that_ended_it_have_their_place(ok_site):
    words = read(ok_site, "incidents/SD-2026-0042/index.html").words
    assert "What was wrong We moved 11 stores" in words
    assert "How it ended Cards work in all 14 stores." in words


def test_the_home_page_stays_bounded_however_much_waits(tmp_path):
    end = BEGAN + timedelta(hours=1)
    waiting = [
        tills(f"SD-2026-{n:04}", state=IncidentState.RESOLVED, resolved_at=end, end=end, next_due_at=None, asked=2)
        for n in range(1, 41)
    ]
    words = read(render(small(*waiting), tmp_path), "index.html").words
    assert words.count("Waiting for you") == 6
    assert "34 more problems are resolved and wait for your answers" in words


def test_an_update_says_whether_it_came_when_it_was_promised(tmp_path):
    due = BEGAN + timedelta(minutes=30)

    def came(seq, minutes, promise):
        at = due + timedelta(minutes=minutes)
        return update(seq, at, IncidentState.INVESTIGATING, f"Words {seq}.", promised_at=due, promise=promise)

    updates = (came(1, -5, PromiseState.KEPT), came(2, -2, PromiseState.MOVED), came(3, 12, PromiseState.LATE))
    words = read(render(small(tills(updates=updates)), tmp_path), "incidents/SD-2026-0001/index.html").words
    assert "Words 1. Ana, support lead Promised by 15:42 CEST, kept" in words
    assert "Words 2. Ana, support lead Promised by 15:42 CEST, moved" in words
    assert "Words 3. Ana, support lead 12 min late Promised by 15:42 CEST" in words


def test_a_false_alarm_is_called_one_wherever_it_is_listed(tmp_path):
    end = BEGAN + timedelta(minutes=10)
    site = render(small(tills(state=IncidentState.WITHDRAWN, resolved_at=end, next_due_at=None)), tmp_path)
    for path in ("history/2026-06/index.html", "components/tills/index.html"):
        words = read(site, path).words
        assert "Tills fail False alarm: there was no problem. When" in words
        assert "Not known yet" not in words
    home = read(site, "index.html").words
    assert "Tills fail False alarm" in home
    assert "Last problem over" not in home


def card(**changes):
    base = PublicCard(
        name="Ana", role="support lead", phone="+46 70 174 06 21", languages="English", starts_at=BEGAN,
        ends_at=BEGAN + timedelta(hours=2), incident_ref="SD-2026-0001",
    )  # fmt: skip
    return replace(base, **changes)


def test_a_person_to_call_stands_on_the_home_page_and_with_the_problem_only(tmp_path):
    reader = small(tills(), tills("SD-2026-0002"))
    reader.cards_ = [card()]
    site = render(reader, tmp_path)
    for path in ("index.html", "incidents/SD-2026-0001/index.html"):
        found = read(site, path)
        assert "Ana, support lead +46 70 174 06 21 until 17:12 CEST" in found.words
        assert "tel:+46701740621" in found.hrefs
        person = next(a for _, a in found.attributes if "card-person" in (a.get("class") or ""))
        assert (person["data-from"], person["data-until"]) == ("2026-06-09T15:12+02:00", "2026-06-09T17:12+02:00")
        assert person["data-over"] == "This number was here until 17:12 CEST."
        assert "hidden" not in person
    shown = {p.relative_to(site).as_posix() for p in site.rglob("*.*") if b"174 06 21" in p.read_bytes()}
    assert shown == {"index.html", "incidents/SD-2026-0001/index.html"}, "in no feed, no JSON and nowhere else"


@pytest.mark.parametrize(
    "time", [{"ends_at": BEGAN + timedelta(minutes=5)}, {"starts_at": BEGAN + timedelta(minutes=110)}]
)
def test_a_number_lies_in_no_file_before_or_after_its_time(tmp_path, time):
    reader = small(tills())
    reader.cards_ = [card(**time)]
    site = render(reader, tmp_path)
    assert [p for p in site.rglob("*.*") if b"174 06 21" in p.read_bytes() or b"70174062" in p.read_bytes()] == []


def test_who_can_be_called_about_anything_stands_with_open_problems_only(tmp_path):
    over = tills("SD-2026-0002", state=IncidentState.RESOLVED, resolved_at=BEGAN + timedelta(minutes=10))
    reader = small(tills(), over)
    reader.cards_ = [card(incident_ref=None)]
    site = render(reader, tmp_path)
    shown = {p.relative_to(site).as_posix() for p in site.rglob("*.*") if b"174 06 21" in p.read_bytes()}
    assert shown == {"index.html", "incidents/SD-2026-0001/index.html"}


def test_planned_work_carries_what_the_reader_s_clock_may_say(open_site):
    for path in ("index.html", "maintenance/SD-2026-M007/index.html", "components/phones/index.html"):
        plan = next(a for _, a in read(open_site, path).attributes if "data-plan" in a)
        assert (plan["data-starts"], plan["data-ends"]) == ("2026-06-14T02:00+02:00", "2026-06-14T04:00+02:00")
        assert plan["data-now"].startswith("Planned to be in progress now")
        assert plan["data-over"] == "Planned to end at 04:00 CEST; we have not confirmed the end yet."


def head(site, path):
    return {
        a.get("property") or a.get("name"): a.get("content") for tag, a in read(site, path).attributes if tag == "meta"
    }


def facts(site, path):
    found = re.search(rf'<script type="{re.escape(FACTS)}">(.*?)</script>', (site / path).read_text(encoding="utf-8"))
    return json.loads(found[1]) if found else None


def test_a_shared_link_shows_what_it_leads_to(tmp_path):
    site = render(small(tills(), base_url="https://status.example/"), tmp_path)
    home, one = head(site, "index.html"), head(site, "incidents/SD-2026-0001/index.html")
    assert home["og:image"] == "https://status.example/card.png"
    assert one["og:image"] == "https://status.example/incidents/SD-2026-0001/card.png"
    assert (site / "incidents/SD-2026-0001/card.png").is_file()
    assert one["og:title"] == "Tills fail · SD-2026-0001"
    assert one["article:published_time"] == "2026-06-09T15:14+02:00"
    assert one["twitter:card"] == "summary_large_image"


def test_a_page_without_an_address_claims_none(tmp_path):
    site = render(small(tills()), tmp_path)
    assert not [name for name in head(site, "index.html") if name and name.startswith("og:")]
    assert "canonical" not in (site / "index.html").read_text()


def test_machines_read_when_a_problem_began_and_ended_and_nothing_can_break_out(tmp_path):
    end = BEGAN + timedelta(hours=1)
    over = tills(title="</script><b>Tills", state=IncidentState.RESOLVED, resolved_at=end, end=end, next_due_at=None)
    site = render(small(over, tills("SD-2026-0002")), tmp_path)
    found = facts(site, "incidents/SD-2026-0001/index.html")
    assert found["@type"] == "LiveBlogPosting"
    assert found["headline"] == "</script><b>Tills"
    assert found["coverageStartTime"] == "2026-06-09T13:12:00.000Z"
    assert found["coverageEndTime"] == "2026-06-09T14:12:00.000Z"
    assert "coverageEndTime" not in facts(site, "incidents/SD-2026-0002/index.html")


def test_a_long_heading_steps_back(tmp_path):
    site = render(small(tills(title="Tills fail " * 45)), tmp_path)
    for path in ("index.html", "incidents/SD-2026-0001/index.html"):
        assert next(a for tag, a in read(site, path).attributes if tag == "h1")["class"] == "long"
