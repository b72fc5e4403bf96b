"""Programs that other people wrote for other status pages read this one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from importlib.util import find_spec

import pytest

from statusdesk.site.serve import site_server


@pytest.fixture(scope="module", params=["open", "ok"])
def served(request, open_site, ok_site):
    server = site_server(open_site if request.param == "open" else ok_site, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield request.param, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(
    not find_spec("statuspage_prometheus_exporter"), reason="pip install statuspage-prometheus-exporter"
)
def test_prometheus_sees_the_state_and_each_component(served, tmp_path):
    """PyPI's statuspage-prometheus-exporter, one round, against the served site."""
    kind, url = served
    services = {"northlake": {"url": f"{url}/api/v2/summary.json", "name": "Northlake"}}
    (tmp_path / "services.json").write_text(json.dumps(services))
    out = tmp_path / "out.prom"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RUN_MODE": "once",
        "METRICS_TEXTFILE_PATH": str(out),
        "SERVICES_JSON_PATH": str(tmp_path / "services.json"),
    }
    command = [sys.executable, "-m", "statuspage_prometheus_exporter.status_monitoring"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    values = {}
    for line in out.read_text().splitlines():
        if match := re.fullmatch(r'statuspage_(\w+?)\{(?:component_name="([^"]*)",)?.*\} ([\d.e+]+)', line):
            values[match.group(1), match.group(2)] = float(match.group(3))
    works = float(kind == "ok")
    assert values["service_status", None] == works
    assert values["component_status", "Card payments"] == works
    assert values["component_status", "In our stores"] == works, "a group is as its worst member"
    assert values["component_status", "Phones"] == 1
    assert ("incident_info", None) in values or kind == "ok"
    assert 'scheduled_start="2026-06-14T00:00:00Z"' in out.read_text()
