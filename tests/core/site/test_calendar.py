"""The calendar, read back by a library that knows the standard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import icalendar
import pytest

from statusdesk.domain.incident import IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.site.calendar import Calendar
from statusdesk.site.edition import editions
from statusdesk.site.reading import Reading
from tests.core.site.memory import MemoryReader, incident, maintenance, northlake, page, update, utc

NOW = utc("2026-06-09 13:53")


def raw(reader: MemoryReader) -> bytes:
    return Calendar(editions(Reading(reader, reader.page(), NOW))[0]).calendar()


def events(reader: MemoryReader) -> list[icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(raw(reader))
    assert calendar["METHOD"] == "PUBLISH"
    assert not calendar.errors
    found = list(calendar.walk("VEVENT"))
    assert not [event.errors for event in found if event.errors]
    return found


def event(reader: MemoryReader, title: str) -> icalendar.Event:
    [found] = [one for one in events(reader) if str(one["SUMMARY"]).startswith(title)]
    return found


def test_planned_work_and_problems_stand_in_it_with_their_times():
    reader = northlake()
    work = event(reader, "New telephone exchange")
    assert (work.start, work.end) == (utc("2026-06-14 00:00"), utc("2026-06-14 02:00"))
    assert (work["STATUS"], work["SEQUENCE"], str(work["CATEGORIES"].to_ical(), "ascii")) == ("CONFIRMED", 0, "Planned work")  # fmt: skip
    assert work["URL"].endswith("/maintenance/SD-2026-M007/")
    cards = event(reader, "Card payments fail")
    assert (cards.start, cards.end) == (utc("2026-06-09 13:12"), utc("2026-06-09 15:45")), "until the time that we gave"
    assert "not at the Airport" in cards["DESCRIPTION"], "the corrected words"


def test_a_change_keeps_the_id_and_raises_the_sequence():
    reader = northlake()
    before = event(reader, "New telephone exchange")
    work = reader.works["SD-2026-M007"]
    moved = work.starts_at + timedelta(days=1)
    said = update(2, utc("2026-06-10 08:00"), MaintenanceState.SCHEDULED, "A day later.")
    reader.put(replace(work, starts_at=moved, ends_at=moved + timedelta(hours=2), updates=(*work.updates, said)))
    after = event(reader, "New telephone exchange")
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert after.DTSTAMP == after.LAST_MODIFIED == utc("2026-06-10 08:00") > before.DTSTAMP
    assert after.start == moved


@pytest.mark.parametrize("online", ["", "https://status.example/sub"])
def test_an_id_outlives_the_address_of_the_page(online):
    reader = northlake()
    reader.put_page(page(base_url=online))
    assert event(reader, "New telephone")["UID"] == f"{reader.works['SD-2026-M007'].code}-{reader.page().id}@statusdesk"


def test_what_was_called_off_says_so():
    reader = northlake()
    work = reader.works["SD-2026-M007"]
    said = update(2, utc("2026-06-10 08:00"), MaintenanceState.CANCELLED, "Not needed any more.")
    reader.put(replace(work, state=MaintenanceState.CANCELLED, updates=(*work.updates, said)))
    reader.put(incident("SD-2026-0099", "Nothing", utc("2026-06-09 12:00"), state=IncidentState.WITHDRAWN))
    assert event(reader, "New telephone exchange")["STATUS"] == "CANCELLED"
    assert event(reader, "New telephone exchange")["SEQUENCE"] == 1
    assert event(reader, "Nothing")["STATUS"] == "CANCELLED"


def test_closing_says_nothing_new_and_changes_nothing():
    reader = northlake(open_now=False)
    before = raw(reader)
    card = reader.incidents_["SD-2026-0042"]
    reader.put(replace(card, state=IncidentState.CLOSED, closed_at=utc("2026-06-10 08:00")))
    assert raw(reader) == before


def test_taken_back_words_are_not_in_it():
    reader = northlake()
    card = reader.incidents_["SD-2026-0042"]
    first = replace(card.updates[0], replaced_seq=2, replaced_kind=UpdateKind.RETRACTION)
    reason = update(2, utc("2026-06-09 13:20"), card.state, "It was another street.", kind=UpdateKind.RETRACTION, corrects_seq=1)  # fmt: skip
    reader.put(replace(card, updates=(first, reason)))
    assert "all 14 stores" not in event(reader, "Card payments")["DESCRIPTION"]


def test_hostile_words_come_back_as_they_were_in_lines_of_75_octets():
    reader = MemoryReader(page(name="N;,\\: “Ⅸ”"))
    title = "BEGIN:VEVENT\\n;,: 😀😀 \u202eاختبار " + "é" * 300
    words = "One\nBEGIN:VALARM\nEND:VEVENT\n" + "日本語" * 200
    said = update(1, utc("2026-06-09 13:14"), IncidentState.INVESTIGATING, "x", body_plain=words)
    reader.put(incident("SD-2026-0001", title, utc("2026-06-09 13:12"), updates=(said,)))
    [found] = events(reader)
    assert str(found["SUMMARY"]) == f"{title}: Investigating"
    assert str(found["DESCRIPTION"]).startswith(words)
    lines = raw(reader).split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not [line for line in lines if b"\n" in line or b"\r" in line]
    for line in lines:
        line.decode()  # no character is cut in two


def test_it_is_bounded_and_never_forgets_what_is_not_over():
    reader = northlake()
    began = utc("2025-01-01 10:00")
    for number in range(80):
        at = began - timedelta(days=number)
        state = IncidentState.INVESTIGATING if number == 79 else IncidentState.CLOSED
        reader.put(
            incident(f"SD-2024-{number:04}", f"Old {number:02}", at, state=state, resolved_at=at + timedelta(hours=1))
        )
        reader.put(
            maintenance(f"SD-2024-M{number:03}", f"Work {number:02}", at, 1, [], state=MaintenanceState.COMPLETED)
        )
    found = events(reader)
    titles = [str(one["SUMMARY"]) for one in found]
    assert "Old 79: Investigating" in titles
    open_now = len(reader.open_refs()) + len(reader.active_maintenance_refs())
    assert len(found) == 50 + open_now


def test_an_empty_calendar_is_a_calendar():
    assert events(MemoryReader(page())) == []
