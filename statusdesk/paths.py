"""Where things lie on this computer: templates, workspaces, state. No file is opened here."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
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
    with _home():
        return Path(platformdirs.user_data_dir("StatusDesk", appauthor=False)) / "workspace"


def config_dir() -> Path:
    """Settings of this computer, such as its way to the network."""
    with _home():
        return Path(platformdirs.user_config_dir("StatusDesk", appauthor=False))


def state_dir() -> Path:
    """Per-computer state that is worth nothing elsewhere: what was open, which workspace was used last."""
    with _home():
        return Path(platformdirs.user_state_dir("StatusDesk", appauthor=False))


def cache_dir() -> Path:
    """What can be made anew at any time, and is only there to be faster."""
    with _home():
        return Path(platformdirs.user_cache_dir("StatusDesk", appauthor=False))


@contextmanager
def _home() -> Iterator[None]:
    """A user without a home folder (a service, a container) is told what to set. Raises OSError."""
    try:
        yield
    except RuntimeError:
        raise FileNotFoundError(
            errno.ENOENT, "This user has no home folder. Set HOME to a folder that can be written to", "HOME"
        ) from None


def this_computer() -> str:
    """A name for this computer that no other has, made when it is first asked for. Says nothing about whose it is."""
    file = state_dir() / "computer-id"
    try:
        return file.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(uuid.uuid4().hex, "ascii")
        return file.read_text("ascii").strip()


def overlap(one: Path, other: Path) -> bool:
    """Whether two folders are the same or one lies inside the other, links followed."""
    a, b = one.expanduser().resolve(), other.expanduser().resolve()
    return a == b or a in b.parents or b in a.parents
