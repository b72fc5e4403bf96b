"""Where things lie on this computer: templates, workspaces, state. No file is opened here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import platformdirs


@cache
def templates_dir() -> Path:
    """The shipped templates: beside the package in a wheel or a frozen build, one level up in a checkout."""
    package = Path(__file__).resolve().parent
    beside = package / "templates"
    return beside if beside.is_dir() else package.parent / "templates"


def default_workspace() -> Path:
    """The workspace that the desktop opens when none is named."""
    return Path(platformdirs.user_data_dir("StatusDesk", appauthor=False)) / "workspace"


def state_dir() -> Path:
    """Per-computer state that is worth nothing elsewhere: what was open, which workspace was used last."""
    return Path(platformdirs.user_state_dir("StatusDesk", appauthor=False))


def overlap(one: Path, other: Path) -> bool:
    """Whether two folders are the same or one lies inside the other, links followed."""
    a, b = one.expanduser().resolve(), other.expanduser().resolve()
    return a == b or a in b.parents or b in a.parents
