"""What we changed, what we promised, and how to follow it: the pages behind the home page's last rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from statusdesk.domain.incident import StepState
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import PublicProfile, PublicPromise, PublicRecord, PublicStep
from tests.core.site.test_pages import BEGAN, read, render, small, tills


def step(state=StepState.PLANNED, **changes):
    base = PublicStep(
        html="<p>Pull a second line.</p>", state=state, due_on=None, done_on=None, dropped_reason="", moved_from=(),
        incident_ref="SD-2026-0001",
    )  # fmt: skip
    return replace(base, **changes)


def with_steps(*steps):
    return small(tills(steps=steps))


def promised(state, minutes, **changes):
    base = PublicPromise(
        due_at=BEGAN, state=state, settled_at=BEGAN + timedelta(minutes=minutes), incident_ref="SD-2026-0001",
        incident_title="Tills fail",
    )  # fmt: skip
    return replace(base, **changes)


def test_every_step_stands_with_its_state_its_dates_and_its_problem(tmp_path):
    reader = with_steps(
        step(StepState.DONE, done_on=date(2026, 6, 3)),
        step(StepState.DROPPED, dropped_reason="The second line solves it."),
        step(StepState.DOING, due_on=date(2026, 6, 30), moved_from=(date(2026, 6, 1), date(2026, 6, 15))),
    )
    html = (render(reader, tmp_path) / "prevention/index.html").read_text()
    assert "<del>1 June</del>" in html
    assert "<del>15 June</del>" in html
    words = read(tmp_path / "site", "prevention/index.html").words
    assert (
        "Not done yet Pull a second line. Doing, by 30 June moved from 1 June moved from 15 June SD-2026-0001" in words
    )
    assert words.index("Doing, by 30 June") < words.index("Done 3 June") < words.index("The second line solves it.")
    assert "1 step done" in words
    assert "1 step to come" in words


def test_the_page_of_steps_is_bounded_and_says_where_the_rest_is(tmp_path):
    reader = with_steps(
        *[step(due_on=date(2026, 7, 1)) for _ in range(150)], *[step(StepState.DONE) for _ in range(150)]
    )
    words = read(render(reader, tmp_path), "prevention/index.html").words
    assert words.count("Pull a second line.") == 150
    assert "Older steps stand with their problems, in the history." in words


def test_without_a_step_the_page_says_so(tmp_path):
    assert "No step is waiting." in read(render(small(), tmp_path), "prevention/index.html").words


def test_the_promise_stands_beside_its_record(tmp_path):
    reader = small()
    reader.record_ = PublicRecord(promises_kept=41, promises_total=43, estimates_met=4, estimates_total=9)
    words = read(render(reader, tmp_path), "promise/index.html").words
    assert "When something breaks we say so" in words
    assert "41 of 43 promised updates on time (95%)" in words
    assert "4 of 9 estimates met" in words
    assert "44%" not in words, "a share of fewer than ten says too little"


def test_a_broken_promise_is_listed_with_the_time_it_was_due_and_the_time_it_came(tmp_path):
    reader = small(tills())
    reader.promises_ = [
        promised(PromiseState.LATE, 12),
        promised(PromiseState.MOVED, -5, due_at=BEGAN - timedelta(days=1), settled_at=BEGAN - timedelta(days=1)),
        promised(PromiseState.KEPT, -1, incident_title="Kept"),
    ]
    words = read(render(reader, tmp_path), "promise/index.html").words
    assert "9 June 2026 Tills fail Promised by 15:12 CEST, came at 15:24 CEST. 12 min late SD-2026-0001" in words
    assert "8 June 2026 Tills fail Promised by 15:12 CEST; at 15:12 CEST we only gave a new time. Moved" in words
    assert "Kept" not in words


def test_with_no_promise_on_record_nothing_is_claimed(tmp_path):
    words = read(render(small(), tmp_path), "promise/index.html").words
    assert "There is none on record." in words
    assert "No promised update was due." in words


def test_a_page_without_words_of_its_own_still_promises(tmp_path):
    words = read(render(small(promise_html=""), tmp_path), "promise/index.html").words
    assert "When something breaks we say so, we say why, and we say when we write next." in words


def test_every_way_to_follow_is_there_and_leads_to_a_file(tmp_path):
    site = render(small(base_url="https://status.example/", name='Nor"th'), tmp_path)
    page = read(site, "follow/index.html")
    for name in ("feed.atom", "feed.rss", "feed.json", "history.atom", "history.rss", "calendar.ics", "badge.svg"):
        assert f"../{name}" in page.hrefs
        assert (site / name).is_file()
    assert "../components/tills/feed.atom" in page.hrefs
    assert "../api/v2/summary.json" in page.hrefs
    assert "https://social.example/@northlake" in page.hrefs
    assert (
        '<a href="https://status.example/"><img src="https://status.example/badge.svg" alt="Nor&#34;th status"></a>'
        in page.words
    ), "what one copies is correct HTML"
    assert '<script src="https://status.example/widget.js" async></script>' in page.words


def test_a_profile_whose_address_no_browser_should_follow_is_left_out(tmp_path):
    profile = PublicProfile(kind="mastodon", label="Trap", url="javascript:alert(1)")
    assert "Trap" not in read(render(small(follow=(profile,)), tmp_path), "follow/index.html").words


def test_the_home_page_leads_to_all_of_them(open_site):
    hrefs = read(open_site, "index.html").hrefs
    assert {"prevention/", "promise/", "follow/"} <= set(hrefs)
