"""The JSON: the shape that real pages of Statuspage answer, key by key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.site.builder import build
from tests.core.site.memory import MemoryReader, component, entry, group, incident, maintenance, northlake, page, utc

# The keys of each object in the answers of a real page, taken down once.
SHAPE = json.loads((Path(__file__).parent / "data" / "statuspage-shape.json").read_text())
BEGAN = utc("2026-06-09 13:12")


def load(site: Path, name: str) -> dict:
    return json.loads((site / "api" / "v2" / f"{name}.json").read_bytes())


def keys_are(found: dict, kind: str, extra: frozenset[str] = frozenset()) -> None:
    assert set(found) - {"statusdesk"} == set(SHAPE[kind]) | extra


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("incidents", "incidents"),
        ("incidents/unresolved", "incidents"),
        ("scheduled-maintenances", "scheduled_maintenances"),
        ("scheduled-maintenances/active", "scheduled_maintenances"),
        ("scheduled-maintenances/upcoming", "scheduled_maintenances"),
        ("components", "components"),
        ("status", "status"),
    ],
)
def test_every_document_names_its_page(open_site, name, key):
    document = load(open_site, name)
    assert set(document) == {"page", key}
    keys_are(document["page"], "page")
    assert document["page"]["url"] == "http://localhost/"


def test_every_object_has_the_keys_of_the_real_thing(open_site):
    summary = load(open_site, "summary")
    assert set(summary) == set(SHAPE["summary"])
    for c in summary["components"]:
        keys_are(c, "component", frozenset({"components"}) if c["group"] else frozenset())
    for i in [*summary["incidents"], *load(open_site, "incidents")["incidents"]]:
        keys_are(i, "incident")
        assert set(i) - set(SHAPE["incident"]) == {"statusdesk"}
        for u in i["incident_updates"]:
            keys_are(u, "incident_update")
            for touched in u["affected_components"] or []:
                keys_are(touched, "affected_component")
    for m in summary["scheduled_maintenances"]:
        keys_are(m, "scheduled_maintenance")


def test_updates_stand_newest_first_and_name_what_they_changed(open_site):
    [card] = load(open_site, "incidents/unresolved")["incidents"]
    times = [u["created_at"] for u in card["incident_updates"]]
    assert times == sorted(times, reverse=True)
    first = card["incident_updates"][-1]
    assert [(a["name"], a["old_status"], a["new_status"]) for a in first["affected_components"]] == [
        ("In our stores - Card payments", "operational", "major_outage")
    ]
    assert card["statusdesk"]["next_update_by"] == "2026-06-09T14:10:00.000Z"
    assert card["statusdesk"]["eta"]["due_at"] == "2026-06-09T15:45:00.000Z"
    assert card["statusdesk"]["cause"]["certainty"] == "confirmed"


def test_one_incident_has_a_file_of_its_own(open_site):
    [card] = load(open_site, "incidents/unresolved")["incidents"]
    document = load(open_site, f"incidents/{card['id']}")
    assert set(document) == {"page", "incident"}
    assert document["incident"]["name"] == card["name"]


def test_groups_carry_their_worst_member_and_list_all(open_site):
    components = load(open_site, "components")["components"]
    stores = next(c for c in components if c["group"])
    members = [c for c in components if c["group_id"] == stores["id"]]
    assert stores["status"] == "partial_outage"
    assert stores["components"] == [c["id"] for c in members]
    assert len({c["id"] for c in components}) == len(components)


def status_of(tmp_path, *things, components=("Tills",)) -> dict:
    reader = MemoryReader(page(), groups_=[group("Stores", 1)])
    for number, name in enumerate(components, 1):
        reader.put_component(component(name, number))
    for thing in things:
        reader.put(thing)
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 14:00"))
    return load(tmp_path / "site", "status")["status"]


def problem(impact: Impact, status: ComponentStatus, ref="SD-2026-0001"):
    return incident(
        ref, "Tills", BEGAN, impact=impact, entries=(entry(component("Tills", 1), status, BEGAN, None, ref),)
    )


@pytest.mark.parametrize(
    ("impact", "status", "indicator", "description"),
    [
        (Impact.MINOR, ComponentStatus.DEGRADED_PERFORMANCE, "minor", "Partially Degraded Service"),
        (Impact.MAJOR, ComponentStatus.PARTIAL_OUTAGE, "major", "Partial System Outage"),
        (Impact.CRITICAL, ComponentStatus.MAJOR_OUTAGE, "critical", "Major System Outage"),
        (Impact.CRITICAL, ComponentStatus.PARTIAL_OUTAGE, "critical", "Major System Outage"),
        (Impact.NONE, ComponentStatus.OPERATIONAL, "none", "All Systems Operational"),
    ],
)
def test_the_headline_is_the_worst_of_what_is_open(tmp_path, impact, status, indicator, description):
    assert status_of(tmp_path, problem(impact, status)) == {"indicator": indicator, "description": description}


def test_maintenance_shows_only_when_nothing_is_wrong(tmp_path):
    work = maintenance(
        "SD-2026-M001",
        "Work",
        BEGAN,
        2,
        [component("Tills", 1)],
        state=MaintenanceState.IN_PROGRESS,
        actual_start=BEGAN,
    )
    assert status_of(tmp_path, work) == {"indicator": "maintenance", "description": "Service Under Maintenance"}
    assert (
        status_of(tmp_path, work, problem(Impact.MINOR, ComponentStatus.DEGRADED_PERFORMANCE))["indicator"] == "minor"
    )


def test_states_that_statuspage_does_not_know_are_translated(tmp_path):
    reader = northlake()
    end = BEGAN + timedelta(hours=1)
    for number, state in enumerate((IncidentState.CLOSED, IncidentState.WITHDRAWN), 90):
        reader.put(replace(incident(f"SD-2026-00{number}", "X", BEGAN, state=state), resolved_at=end))
    reader.put(replace(reader.works["SD-2026-M007"], state=MaintenanceState.CANCELLED))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 14:00"))
    found = {i["statusdesk"]["state"]: i["status"] for i in load(tmp_path / "site", "incidents")["incidents"]}
    assert (found["closed"], found["withdrawn"]) == ("resolved", "resolved")
    [work] = load(tmp_path / "site", "scheduled-maintenances")["scheduled_maintenances"]
    assert (work["status"], work["statusdesk"]["cancelled"]) == ("completed", True)


def test_addresses_are_absolute_once_the_page_is_online(tmp_path):
    reader = northlake()
    reader.put_page(page(base_url="https://status.example/sub"))
    build(reader, out=tmp_path / "site", state_file=tmp_path / "ws" / "site.db", now=utc("2026-06-09 14:00"))
    [card] = load(tmp_path / "site", "incidents/unresolved")["incidents"]
    assert card["shortlink"] == "https://status.example/sub/incidents/SD-2026-0042/"
    assert load(tmp_path / "site", "status")["page"]["url"] == "https://status.example/sub"
