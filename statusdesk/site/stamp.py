"""What `build.json` says of a site, for those who only want to know how it stands. Light: it renders nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

BUILD_FILE = "build.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Which build lies in a folder, and when it was made."""

    build_id: str
    built_at: datetime


def stamp(out: Path) -> Stamp | None:
    """The stamp of the site in a folder; None when there is none that can be read."""
    try:
        said = json.loads((out / BUILD_FILE).read_bytes())
        return Stamp(build_id=str(said["build_id"]), built_at=datetime.fromisoformat(said["generated_at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
