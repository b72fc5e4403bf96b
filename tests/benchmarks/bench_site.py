"""What the site costs: a full build, one update in a running desk, and the whole command, by number of incidents."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from tests.benchmarks.corpus import workspace


def _environment(label: str) -> dict[str, str]:
    """As a user's: Python keeps what it has compiled."""
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return mine | {"STATUSDESK_WORKSPACE": label}


def measure(count: int) -> dict[str, float]:
    """The figures for a workspace of so many incidents."""
    with tempfile.TemporaryDirectory(prefix="statusdesk-bench-") as scratch:
        desk = workspace(Path(scratch), count)
        wall, cpu = time.perf_counter(), time.process_time()
        report = desk.build(full=True)
        figures: dict[str, float] = {
            "incidents": count,
            "files": report.written,
            "full_build_wall_s": time.perf_counter() - wall,
            "full_build_cpu_s": time.process_time() - cpu,
        }
        part = desk.components()[0].component.id
        draft = IncidentDraft(
            title="Now", message="Now.", impact=Impact.MAJOR, components=((part, ComponentStatus.MAJOR_OUTAGE),)
        )
        ref = desk.open_incident(draft).ref
        desk.deliver()
        saved, written, touched = [], [], 0
        for number in range(25):
            begin = time.process_time()
            desk.post_update(ref, UpdateDraft(message=f"Word {number}."))
            between = time.process_time()
            touched = desk.build().written
            saved.append(between - begin)
            written.append(time.process_time() - between)
        figures["update_saved_cpu_ms"] = 1000 * statistics.median(saved[5:])
        figures["update_on_disk_cpu_ms"] = 1000 * statistics.median(written[5:])
        figures["update_files"] = touched
        desk.deliver()
        figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        label = desk.label
        desk.shut()
        command = [sys.executable, "-m", "statusdesk.cli", "incident", "update", ref, "--message", "More."]
        walls, costs = [], []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=_environment(label))
            walls.append(time.perf_counter() - begin)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        figures["command_wall_s"] = statistics.median(walls)
        figures["command_cpu_s"] = statistics.median(costs)
    return {name: round(value, 3) for name, value in figures.items()}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
