"""Every JSON file of a site is what its schema in `docs/schema` says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from statusdesk.domain.incident import IncidentState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.site.builder import build
from tests.core.site.memory import MemoryReader, incident, northlake, page, utc

SCHEMAS = Path(__file__).parents[3] / "docs" / "schema"
NOW = utc("2026-06-09 14:00")
DOCUMENTS = {
    r"summary": "summary",
    r"status": "status_document",
    r"components": "components_document",
    r"incidents(/unresolved)?": "incidents_document",
    r"scheduled-maintenances(/active|/upcoming)?": "maintenances_document",
    r"incidents/[0-9a-z]{12}": "incident_document",
}


def every_state() -> MemoryReader:
    """Northlake with a problem in each state, and with planned work in each."""
    reader = northlake()
    for number, state in enumerate(IncidentState):
        end = None if state.is_open else NOW - timedelta(hours=1)
        began = NOW - timedelta(hours=number + 2)
        reader.put(
            incident(f"SD-2026-01{number:02}", "<b>Trouble</b> \u202e \u2028", began, state=state, resolved_at=end)
        )
    work = reader.works["SD-2026-M007"]
    for number, state in enumerate(MaintenanceState):
        begun = None if state in (MaintenanceState.SCHEDULED, MaintenanceState.CANCELLED) else NOW - timedelta(hours=1)
        done = NOW if state is MaintenanceState.COMPLETED else None
        ref = f"SD-2026-M1{number:02}"
        reader.put(replace(work, ref=ref, code=f"work{number:08}", state=state, actual_start=begun, actual_end=done))
    reader.put_page(page(base_url="https://status.example", languages=("fi",)))
    return reader


def documents(reader: MemoryReader, folder: Path) -> dict[str, object]:
    build(reader, out=folder / "site", state_file=folder / "ws" / "site.log", now=NOW)
    found = (folder / "site").rglob("*.json")
    return {path.relative_to(folder / "site").as_posix(): json.loads(path.read_bytes()) for path in found}


def schema_of(path: str) -> dict[str, object]:
    if not path.startswith("api/v2/"):
        return json.loads((SCHEMAS / path.rpartition("/")[2]).read_text())
    name = path.removeprefix("api/v2/").removesuffix(".json")
    [kind] = [kind for pattern, kind in DOCUMENTS.items() if re.fullmatch(pattern, name)]
    schema = json.loads((SCHEMAS / "api-v2.json").read_text())
    return {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]}


@pytest.mark.parametrize("record", ["every state", "empty"])
def test_every_document_is_as_its_schema_says(tmp_path, record):
    reader = every_state() if record == "every state" else MemoryReader(page())
    found = documents(reader, tmp_path)
    assert {"build.json", "feed.json", "api/v2/summary.json", "api/v2/incidents/unresolved.json"} <= set(found)
    for path, document in found.items():
        jsonschema.validate(document, schema_of(path))


@pytest.mark.parametrize("name", ["api-v2", "feed", "build"])
def test_the_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(json.loads((SCHEMAS / f"{name}.json").read_text()))
