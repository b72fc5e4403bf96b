"""Day bars: what they count, how they are drawn, where each day leads."""

from __future__ import annotations

import gzip
import itertools
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState
from statusdesk.site import bars
from statusdesk.site.bars import Stretch
from statusdesk.site.builder import build
from tests.core.site.memory import MemoryReader, component, entry, group, incident, northlake, page, update, utc

T0 = utc("2026-06-01 00:00")
hours = st.integers(0, 60).map(lambda h: T0 + timedelta(hours=h))
a_stretch = st.builds(
    lambda status, start, hours: Stretch(status, start, None if hours is None else start + timedelta(hours=hours)),
    st.sampled_from([s for s in ComponentStatus if s is not ComponentStatus.OPERATIONAL]),
    hours,
    st.none() | st.integers(0, 30),
)


def _by_the_definition(found, until):
    """The worst status that holds in each stretch of time between two edges, neighbours of one kind joined."""
    spans = [(s.start, s.end or max(until, s.start), s.status) for s in found]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    line = []
    for start, end in itertools.pairwise(edges):
        holding = [status for begin, stop, status in spans if begin <= start and end <= stop]
        if not holding:
            continue
        worst = max(holding, key=lambda s: s.rank)
        if line and line[-1][0] is worst and line[-1][2] == start:
            line[-1] = (worst, line[-1][1], end)
        else:
            line.append((worst, start, end))
    return line


@given(st.lists(a_stretch, max_size=12), hours)
def test_of_overlapping_problems_the_worst_counts_at_each_moment(found, until):
    assert bars.worst_over_time(found, until) == _by_the_definition(found, until)


def test_ten_thousand_problems_of_one_component_are_no_trouble():
    found = [
        Stretch(ComponentStatus.MAJOR_OUTAGE, T0 + timedelta(minutes=n), T0 + timedelta(minutes=n + 90))
        for n in range(10_000)
    ]
    line = bars.worst_over_time(found, T0)
    assert line == [(ComponentStatus.MAJOR_OUTAGE, T0, T0 + timedelta(minutes=10_089))]


@pytest.mark.parametrize("days", [30, 60, 90])
def test_a_page_shows_as_many_days_as_it_is_set_to(tmp_path, days):
    reader = northlake()
    reader.put_page(page(bar_days=days))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    home = (tmp_path / "site" / "index.html").read_text()
    assert f"the last {days} days" in home
    assert f"in {days} days" in home
    assert set(re.findall(r'class="bars" viewBox="0 0 (\d+) 40"', home)) == {str(4 * days)}
    phones = (tmp_path / "site" / "components" / "phones" / "index.html").read_text()
    assert ("24 April" in phones.split("<footer")[0].split('id="days"')[0]) == (days >= 60), "46 days ago"


def test_each_marked_day_is_a_link_to_what_happened(open_site):
    home = (open_site / "index.html").read_text()
    line = next(part for part in home.split("<li class=") if "components/card-payments/" in part and "bars" in part)
    place = 4 * (date(2026, 6, 9) - (date(2026, 6, 9) - timedelta(days=89))).days
    assert f'<a href="history/2026-06/#d09" tabindex="-1"><rect x="{place}" width="4" height="40"/></a>' in line
    assert '<span><a href="history/2026-06/#d09">9 June</a> partly down since' in line, "and in words"


def test_days_of_one_problem_are_one_place_to_press(tmp_path):
    reader = northlake()
    c = reader.components_[4]
    began, ended = utc("2026-05-30 10:00"), utc("2026-06-02 10:00")
    reader.put(
        incident(
            "SD-2026-0050", "Long", began, state=IncidentState.CLOSED, resolved_at=ended, next_due_at=None,
            entries=(entry(c, ComponentStatus.PARTIAL_OUTAGE, began, ended, "SD-2026-0050"),),
        )
    )  # fmt: skip
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    home = (tmp_path / "site" / "index.html").read_text()
    assert '<a href="history/2026-05/#d30" tabindex="-1"><rect x="316" width="16" height="40"/></a>' in home


def _busy() -> MemoryReader:
    """Fifty services with an ordinary quarter behind them, and three problems open."""
    reader = MemoryReader(replace(northlake().page_, base_url="https://status.northlake.example"))
    places = (
        "Harbour",
        "Station Road",
        "Airport",
        "Hill Street",
        "Market Square",
        "University",
        "Old Town",
        "Riverside",
        "North Gate",
        "Mill Lane",
    )
    kinds = ("card payments", "tills", "opening hours", "click and collect", "parcel lockers")
    for number, kind in enumerate(kinds, 1):
        reader.groups_.append(group(kind.capitalize(), number))
    for number in range(50):
        name = f"{places[number % 10]} {kinds[number // 10]}"
        reader.put_component(component(name, number, f"g-{number // 10 + 1}"))
    statuses = [s for s in ComponentStatus if s.is_trouble]
    for number in range(75):
        c = reader.components_[number * 7 % 50]
        began = utc("2026-06-08 08:00") - timedelta(days=number * 37 % 88, minutes=number * 97 % 1440)
        ended = began + timedelta(minutes=15 + number * 53 % 400)
        ref = f"SD-2026-{number:04}"
        reader.put(
            incident(
                ref, f"{c.name} had a problem", began, state=IncidentState.CLOSED, resolved_at=ended, next_due_at=None,
                entries=(entry(c, statuses[number % len(statuses)], began, ended, ref),),
            )
        )  # fmt: skip
    story = northlake()
    card = story.incidents_["SD-2026-0042"]
    for number, (c, title) in enumerate(
        (
            (3, "Card payments fail in 3 of our 14 stores"),
            (17, "Tills in Old Town restart by themselves"),
            (42, "Parcel lockers at the airport do not open"),
        )
    ):
        ref, began = f"SD-2026-01{number}0", card.started_at - timedelta(minutes=41 * number)
        said = tuple(
            update(n, began + timedelta(minutes=12 * n), IncidentState.IDENTIFIED, text)
            for n, text in enumerate(
                (
                    f"{title} since this morning. We are testing the line first, then the devices, and write again soon.",
                    "We moved eleven stores to the backup line. Three have none: a colleague drives to each with a modem.",
                    f"Half of them work again. {title.split(' ')[0]} stay slow until the second line is up; cash works everywhere.",
                ),
                1,
            )
        )
        reader.put(
            replace(
                card, ref=ref, code=f"code{number:08}", title=title, impact=list(Impact)[3 - number], started_at=began, updates=said,
                entries=(entry(reader.components_[c], ComponentStatus.PARTIAL_OUTAGE, began, None, ref),),
            )
        )  # fmt: skip
    reader.put(story.works["SD-2026-M007"])
    reader.record_ = story.record_
    return reader


def test_the_whole_front_page_of_a_busy_day_fits_into_the_first_answer_of_a_server(tmp_path):
    """14 KB is what a server sends before it waits for the first acknowledgement (ten packets)."""
    build(_busy(), out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    home = (tmp_path / "site" / "index.html").read_bytes()
    assert home.count(b'class="bars"') == 50
    assert home.count(b"<rect ") >= 50
    assert home.count(b"What is wrong") >= 3
    size = len(gzip.compress(home, 9, mtime=0))
    assert size <= 14 * 1024, size
