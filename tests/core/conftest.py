"""A desk on each engine, and a clock that goes when it is told to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import IncidentDraft
from statusdesk.domain.incident import Impact


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 9, 13, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def go(self, **step: float) -> datetime:
        self.at += timedelta(**step)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes empty PostgreSQL databases, dropped at the end."""
    import psycopg

    url: str = request.getfixturevalue("postgres_url")
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{uuid.uuid4().hex[:12]}")
        with psycopg.connect(plain, autocommit=True) as sql:
            sql.execute(f'CREATE DATABASE "{made[-1]}"')
        return url.rsplit("/", 1)[0] + "/" + made[-1]

    yield make
    with psycopg.connect(plain, autocommit=True) as sql:
        for name in made:
            sql.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a workspace, on each engine."""
    if request.param == "sqlite":
        return str(tmp_path / "workspace")
    make: Callable[[], str] = request.getfixturevalue("new_database")
    return make()


def make_desk(where: str, clock: Clock, out: Path) -> Desk:
    return Desk.create(
        where,
        name="Northlake",
        base_url="https://status.northlake.example",
        time_zone="Europe/Stockholm",
        components=["Tills", "Website"],
        output_dir=out,
        now=clock,
    )


@pytest.fixture
def desk(where: str, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A new workspace on each engine: Tills, Website and the ways to reach us."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = make_desk(where, clock, tmp_path / "site")
    yield desk
    desk.shut()


@pytest.fixture
def file_desk(clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite only, where the engine makes no difference."""
    desk = make_desk(str(tmp_path / "workspace"), clock, tmp_path / "site")
    yield desk
    desk.shut()


def tills_down(desk: Desk, **changes: object) -> IncidentDraft:
    """A plain incident: card payments fail at the tills."""
    tills = desk.find_component("Tills").id
    words: dict[str, object] = {
        "title": "Card payments fail",
        "message": "Cards fail in 3 stores. Cash works.",
        "impact": Impact.MAJOR,
        "components": ((tills, ComponentStatus.PARTIAL_OUTAGE),),
    }
    return IncidentDraft(**(words | changes))  # type: ignore[arg-type]


def status(desk: Desk, name: str) -> ComponentStatus:
    return next(row.status for row in desk.components() if row.component.name == name)
