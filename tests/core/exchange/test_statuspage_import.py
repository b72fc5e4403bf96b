"""History from a Statuspage: nothing lost, nothing twice, everything that was not taken as it was is named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.domain.incident import IncidentState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.exchange.history import Report
from tests.core.conftest import Clock
from tests.servers.fault import (
    FaultServer,
    answer,
    not_http,
    redirect,
    reset_at_once,
    reset_in_answer,
    truncated,
)

HISTORY = Path(__file__).resolve().parents[3] / "docs" / "examples" / "northlake-history"
FILES = ("components.json", "incidents.json", "scheduled-maintenances.json")
Bring = Callable[..., Report]


@pytest.fixture
def clock(clock: Clock) -> Clock:
    """Some days after the last incident of the history."""
    clock.at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    return clock


@pytest.fixture
def file_desk(clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """A desk without any component of its own."""
    desk = Desk.create(
        tmp_path / "workspace", name="Northlake", output_dir=tmp_path / "site", support_channels=False, now=clock
    )
    yield desk
    desk.shut()


@pytest.fixture
def source(tmp_path: Path) -> dict[str, Any]:
    """Our small history, to be changed by a test."""
    return {name: json.loads((HISTORY / name).read_text()) for name in FILES}


@pytest.fixture
def bring(file_desk: Desk, source: dict[str, Any], tmp_path: Path) -> Bring:
    """Imports the source as it is by now."""

    def bring(**options: bool) -> Report:
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        for name, content in source.items():
            (folder / name).write_text(json.dumps(content))
        return file_desk.import_history("statuspage", str(folder), **options)

    return bring


def incidents(source: dict[str, Any]) -> list[dict[str, Any]]:
    return source["incidents.json"]["incidents"]


def site(desk: Desk, tmp_path: Path) -> dict[str, bytes]:
    desk.build()
    folder = tmp_path / "site"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# What comes over


def test_every_word_time_and_state_comes_over(
    file_desk: Desk, bring: Bring, source: dict[str, Any], tmp_path: Path
) -> None:
    report = bring()
    assert (report.read, report.new, report.changed, report.skipped, report.adjusted) == (24, 24, 0, [], [])
    files = site(file_desk, tmp_path)
    for theirs in incidents(source):
        row = next(one for one in file_desk.incidents() if one.title == theirs["name"])
        view = file_desk.incident(row.ref)
        said = theirs["incident_updates"][::-1]
        assert [one.body_md for one in view.updates] == [one["body"] for one in said]
        assert [one.state_after for one in view.updates] == [one["status"] for one in said]
        assert (view.incident.code, view.incident.impact, view.incident.backfilled) == (
            theirs["id"],
            theirs["impact"],
            True,
        )
        ours = json.loads(files[f"api/v2/incidents/{theirs['id']}.json"])["incident"]
        for key in ("name", "status", "impact", "started_at", "resolved_at", "created_at"):
            assert ours[key] == theirs[key]
        for one, other in zip(ours["incident_updates"], theirs["incident_updates"], strict=True):
            assert [one[k] for k in ("id", "status", "display_at")] == [
                other[k] for k in ("id", "status", "display_at")
            ]
    works = file_desk.maintenances(over=True)
    assert [work.state for work in works] == [MaintenanceState.COMPLETED] * 2
    groups = {row.component.name: row.group for row in file_desk.components()}
    assert (groups["Gift cards"], groups["Deliveries"]) == ("In our stores", "Online")


def test_a_component_that_was_here_before_is_never_changed_by_its_source(
    file_desk: Desk, bring: Bring, source: dict[str, Any]
) -> None:
    theirs = next(one for one in source["components.json"]["components"] if not one["group"])
    file_desk.add_component(name=theirs["name"], group="Ours", description="In our words.")
    bring()
    theirs |= {"name": "Point of sale GW", "description": "Changed there."}
    report = bring()
    assert (report.changed, report.skipped) == (0, [])
    (row,) = [one for one in file_desk.components() if one.group == "Ours"]
    assert row.component.description == "In our words."
    assert "Point of sale GW" not in {one.component.name for one in file_desk.components()}


def test_a_source_cannot_give_two_components_one_name(file_desk: Desk, bring: Bring, source: dict[str, Any]) -> None:
    bring()
    file_desk.add_component(name="Parking")
    theirs = next(one for one in source["components.json"]["components"] if not one["group"])
    before, theirs["name"] = theirs["name"], "PARKING"
    (why,) = bring().skipped
    assert why.why == f"There is another component of that name here; “{before}” stays as it is."
    names = [one.component.name for one in file_desk.components()]
    assert len({one.casefold() for one in names}) == len(names)
    assert before in names


def test_it_delivers_nothing_and_never_counts_towards_promises(file_desk: Desk, bring: Bring, tmp_path: Path) -> None:
    file_desk.connect_account(kind="preview", name="Preview", settings={"folder": str(tmp_path / "posts")})
    bring()
    file_desk.deliver()
    assert {one.kind.value for one in file_desk.deliveries()} == {"publish"}
    assert not list((tmp_path / "posts").iterdir())
    record = file_desk.board().promises
    assert (record.kept, record.late, record.moved) == (0, 0, 0)


def test_an_open_one_stays_open_has_a_promise_and_holds_its_components(
    file_desk: Desk, bring: Bring, source: dict[str, Any]
) -> None:
    newest = incidents(source)[0]
    newest["incident_updates"], newest["status"], newest["resolved_at"] = (
        newest["incident_updates"][-1:],
        "investigating",
        None,
    )
    bring()
    view = file_desk.incident(file_desk.incidents()[0].ref)
    assert view.incident.state is IncidentState.INVESTIGATING
    assert view.promise is not None
    status = {row.component.name: row.status for row in file_desk.components()}
    assert status["Self-checkout"] is ComponentStatus.PARTIAL_OUTAGE
    file_desk.resolve(view.incident.ref, UpdateDraft(message="It works."))
    assert file_desk.board().promises.kept == 0


# Again


def test_a_second_run_changes_nothing(file_desk: Desk, bring: Bring, tmp_path: Path) -> None:
    bring()
    before, events = site(file_desk, tmp_path), len(file_desk.deliveries())
    again = bring()
    assert (again.read, again.new, again.changed, again.same) == (24, 0, 0, 24)
    assert site(file_desk, tmp_path) == before
    assert len(file_desk.deliveries()) == events


def test_a_dry_run_says_the_same_and_writes_nothing(file_desk: Desk, bring: Bring) -> None:
    tried = bring(dry_run=True)
    assert file_desk.incidents() == ()
    assert file_desk.components() == ()
    assert bring() == tried


def test_what_changed_at_the_source_changes_here(file_desk: Desk, bring: Bring, source: dict[str, Any]) -> None:
    bring()
    refs = {one.title: one.ref for one in file_desk.incidents()}
    first = incidents(source)[0]
    first["incident_updates"][0]["body"] = "All tills work."
    work = source["scheduled-maintenances.json"]["scheduled_maintenances"][0]
    work["incident_updates"].pop(0)
    work["status"] = "verifying"
    next(one for one in source["components.json"]["components"] if one["name"] == "App")["name"] = "Our app"
    report = bring()
    assert (report.new, report.changed, report.same) == (0, 3, 21)
    view = file_desk.incident(refs[first["name"]])
    assert view.updates[-1].body_md == "All tills work."
    assert len(view.updates) == len(first["incident_updates"])
    assert file_desk.find_component("Our app").slug == "app"
    assert bring().changed == 0


def test_what_was_changed_here_stays_and_is_said(file_desk: Desk, bring: Bring, source: dict[str, Any]) -> None:
    bring()
    newest = incidents(source)[0]
    ref = next(one.ref for one in file_desk.incidents() if one.title == newest["name"])
    file_desk.correct(ref, 1, "Only one store.")
    file_desk.edit_component(file_desk.find_component("App").id, name="Northlake app")
    newest["incident_updates"][0]["body"] = "Changed there."
    next(one for one in source["components.json"]["components"] if one["name"] == "App")["name"] = "Our app"
    report = bring()
    assert (report.changed, len(report.skipped)) == (0, 2)
    assert all("changed here" in one.why or "updated here" in one.why for one in report.skipped)
    assert file_desk.incident(ref).updates[-1].body_md == "Only one store."
    assert file_desk.find_component("Northlake app")


def test_components_that_only_history_named_come_back_when_the_source_has_them(
    file_desk: Desk, source: dict[str, Any], bring: Bring
) -> None:
    components = source["components.json"]["components"]
    source["components.json"]["components"] = []
    assert any("Only history names it" in one.why for one in bring().adjusted)
    assert "App" not in {row.component.name for row in file_desk.components()}
    source["components.json"]["components"] = components
    bring()
    assert "App" in {row.component.name for row in file_desk.components()}
    assert bring().changed == 0


# Dents and hostility


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": None}, "no id"),
        ({"id": []}, "no id"),
        ({"id": {"x": 1}}, "no id"),
        ({"started_at": None, "created_at": None}, "a time is missing"),
        ({"started_at": "yesterday"}, "not a time"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "cannot be read"),
        ({"started_at": "1066-10-14T09:00:00Z"}, "outside"),
        ({"resolved_at": "9999-12-31T23:59:59-12:00"}, "cannot be read"),
        ({"status": "exploded"}, "exploded"),
        ({"impact": "catastrophic"}, "catastrophic"),
        ({"incident_updates": [{"id": "x", "status": "resolved", "body": "No time."}]}, "a time is missing"),
        ({"incident_updates": [{"display_at": "2026-05-05T05:05:05Z", "status": "??"}]}, "??"),
        ({"components": [{"name": "no id"}], "incident_updates": []}, "cannot be read"),
        ({"components": [7], "incident_updates": []}, "cannot be read"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_skipped_by_name_and_the_rest_comes_over(
    bring: Bring, source: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    incidents(source)[3] |= change
    report = bring()
    assert [why in one.why for one in report.skipped] == [True]
    assert (report.read, report.incidents, report.new) == (24, 13, 23)


@pytest.mark.parametrize("junk", [None, 7, "text", {"a": 1}, [None, 7, "x", []]], ids=str)
def test_lists_that_are_none_are_read_as_empty_or_skipped(bring: Bring, source: dict[str, Any], junk: object) -> None:
    source["components.json"]["components"] = junk
    source["scheduled-maintenances.json"]["scheduled_maintenances"] = junk
    incidents(source)[0]["incident_updates"] = junk
    report = bring()
    assert report.incidents == 14
    assert len(report.skipped) == (8 if isinstance(junk, list) else 0)


HOSTILE = "</script><script>alert(1)</script> {{ 7*7 }} {% raw %} \u202eevil\u2066 \x00\ud800 <img src=x onerror=alert(1)> [a](javascript:alert(1))"


def test_hostile_words_are_only_words_on_the_site(
    file_desk: Desk, bring: Bring, source: dict[str, Any], tmp_path: Path
) -> None:
    for one in incidents(source)[:2]:
        one["name"] = HOSTILE
        for update in one["incident_updates"]:
            update["body"] = HOSTILE
    parts = source["components.json"]["components"]
    parts[1]["name"], parts[1]["description"] = HOSTILE, HOSTILE
    parts[0]["name"] = HOSTILE
    bring()
    files = site(file_desk, tmp_path)
    for path, data in files.items():
        if path.endswith(".png"):
            continue
        text = data.decode()
        assert "\x00" not in text
        if path.endswith(".json"):
            json.loads(text)
            continue
        if path.endswith(".ics"):  # a calendar holds no markup: its text is text
            continue
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'href="javascript' not in text
    assert b"{{ 7*7 }}" in files["api/v2/incidents.json"]
    assert bring().changed == 0


def test_a_megabyte_of_text_and_names_without_end_come_over(
    file_desk: Desk, bring: Bring, source: dict[str, Any], tmp_path: Path
) -> None:
    body = "Ää 😀 word. " * 90_000
    incidents(source)[0]["incident_updates"][0]["body"] = body
    incidents(source)[1] |= {"name": "N" * 5_000, "id": "i" * 5_000}
    incidents(source)[2]["incident_updates"][0]["id"] = "../" * 500
    source["components.json"]["components"][1]["name"] = "C" * 5_000
    report = bring()
    assert (report.new, report.skipped) == (24, [])
    assert any("cut to 200" in one.why for one in report.adjusted)
    newest = file_desk.incident(file_desk.incidents()[0].ref)
    assert newest.updates[-1].body_md == body.strip()
    assert all(len(part) <= 255 for path in site(file_desk, tmp_path) for part in path.split("/"))
    assert bring().changed == 0


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b'{"page": {}}', b"[" * 100_000, b'{"incidents"'])
def test_a_file_that_is_no_history_is_refused(file_desk: Desk, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "incidents.json").write_bytes(content)
    for where in (tmp_path / "incidents.json", tmp_path):
        with pytest.raises(Refused) as caught:
            file_desk.import_history("statuspage", str(where))
        assert caught.value.field == "source"


@pytest.mark.parametrize("where", ["nowhere", "~nobody-here/x", "http://", "http://[", "http://[::1", "https:///api"])
def test_a_source_that_is_none_is_refused(file_desk: Desk, where: str) -> None:
    with pytest.raises(Refused):
        file_desk.import_history("statuspage", where)


# From an address


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server with our small history under /api/v2."""
    (tmp_path / "web" / "api").mkdir(parents=True)
    (tmp_path / "web" / "api" / "v2").symlink_to(HISTORY)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "web"))) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["", "/", "/api/v2", "/api/v2/summary.json"])
def test_an_address_is_read_like_the_folder(file_desk: Desk, bring: Bring, address: str, path: str) -> None:
    bring()
    report = file_desk.import_history("statuspage", address.replace("http:", "HTTP:") + path)
    assert (report.read, report.new, report.same) == (24, 0, 24)


def test_that_an_address_shows_only_the_newest_fifty_is_said(file_desk: Desk) -> None:
    many = [{"id": f"i{n}", "name": "x", "status": "resolved", "started_at": "2026-05-05T05:05:05Z"} for n in range(50)]
    with FaultServer() as server:
        server.script(*(answer(200, {"components": [], "incidents": many, "page": {"id": "p"}}) for _ in range(3)))
        report = file_desk.import_history("statuspage", server.url)
    assert report.incidents == 50
    assert [one.what for one in report.adjusted] == ["incidents"]


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (answer(404, b"<html>"), Refused),
        (answer(200, b"<html>not JSON"), Refused),
        (answer(200, {"hello": "there"}), Refused),
        (answer(429, {}), EnvironmentFault),
        (answer(500, b"oops"), EnvironmentFault),
        (truncated(200, {"components": []}), EnvironmentFault),
        (answer(200, b"xx", headers={"Content-Encoding": "gzip"}), EnvironmentFault),
        (redirect("http://127.0.0.1:1/"), EnvironmentFault),
        (reset_at_once, EnvironmentFault),
        (reset_in_answer, EnvironmentFault),
        (not_http, EnvironmentFault),
    ],
    ids=["404", "page", "other", "429", "500", "cut", "gzip", "away", "reset", "reset late", "no HTTP"],
)
def test_an_address_that_fails_is_said_and_nothing_is_written(
    file_desk: Desk, fault_server: FaultServer, step: Any, fault: type[Exception]
) -> None:
    fault_server.script(step)
    with pytest.raises(fault) as caught:
        file_desk.import_history("statuspage", fault_server.url)
    assert str(caught.value).endswith(".")
    assert file_desk.incidents() == ()
