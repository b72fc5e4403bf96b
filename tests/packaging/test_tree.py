"""What is committed: no machine's paths, no registry's host, no private key, and a lock that reproduces."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("This is no git checkout, so there is no list of committed files.")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_locks_pin_every_dependency_with_hashes_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        pins = re.findall(r"^([a-z0-9][a-z0-9-]*)==", text, re.MULTILINE)
        assert len(pins) > 20
        assert "pyside6-essentials" in pins
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index" not in text


def test_the_runtime_lock_is_part_of_the_development_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_nothing_generated_or_private_is_committed() -> None:
    names = [str(one.relative_to(ROOT)) for one in tracked()]
    assert [n for n in names if n.startswith("site_output/")] == ["site_output/README.md"]
    assert not [n for n in names if n.endswith((".db", ".pyc", ".log", ".key", ".pem"))]


def test_ci_runs_exactly_the_two_commands_of_the_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [one for one in lines if one.startswith("make")] == ["make check", "make test"]
