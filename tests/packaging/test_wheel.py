"""What goes out of the door: the wheel and the source distribution hold everything and nothing more."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as an installer would."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (found,) = built.glob("*.whl")
    return zipfile.ZipFile(found)


def test_only_our_packages_are_at_the_top_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"statusdesk", "statusdesk_ui"}


def test_every_template_icon_and_migration_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    wanted = [("templates", "statusdesk/templates"), ("ui/statusdesk_ui/icons", "statusdesk_ui/icons")]
    wanted.append(("statusdesk/store/migrations", "statusdesk/store/migrations"))
    for source, inside in wanted:
        files = [one for one in (ROOT / source).rglob("*") if one.is_file() and "__pycache__" not in one.parts]
        assert files
        missing = [one for one in files if f"{inside}/{one.relative_to(ROOT / source).as_posix()}" not in names]
        assert missing == []


def test_the_wheel_brings_both_commands_types_and_the_licence(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    entry = next(wheel.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert "statusdeskctl = statusdesk.cli:main" in entry
    assert "statusdesk = statusdesk_ui.app:main" in entry
    assert "statusdesk/py.typed" in names
    assert "statusdesk_ui/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests") or name.endswith((".db", ".pyc"))]


def test_the_source_distribution_holds_what_the_wheel_is_made_of(built: Path) -> None:
    (found,) = built.glob("*.tar.gz")
    with tarfile.open(found) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "Makefile", "templates/site/home.html"} <= names
    assert "ui/statusdesk_ui/app.py" in names
    assert not [name for name in names if name.startswith((".venv", ".demo", ".git/"))]


def test_the_installed_wheel_does_the_main_job_without_a_checkout(built: Path, tmp_path: Path) -> None:
    """In an environment that sees our dependencies, but not this checkout."""
    (found,) = built.glob("*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python*")) / "site-packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, found], check=True
    )
    dependencies = [one for one in sys.path if one.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(dependencies) + "\n")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def ctl(*words: str) -> str:
        command = [home / "bin" / "python", "-m", "statusdesk.cli", *words, "--workspace", tmp_path / "ws"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = [home / "bin" / "python", "-c", "import statusdesk; print(statusdesk.__file__)"]
    assert str(home) in subprocess.run(where, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    ctl("init", "--name", "Northlake", "--component", "Tills")
    ref = ctl(
        "incident", "open", "--title", "Cards fail", "--message", "Cash works.", "--impact", "major",
        "--component", "Tills=major_outage",
    ).split()[0]  # fmt: skip
    assert "Cash works." in (tmp_path / "ws-site" / "incidents" / ref / "index.html").read_text("utf-8")
