"""Opening, creating and migrating a workspace, on both engines; and what happens when the ground gives way."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from statusdesk.desk import Desk
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.errors import EnvironmentFault, NotFound, Refused
from statusdesk.store import Store, Workspace, database, tables
from tests.core.conftest import Clock, make_desk, tills_down

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(database.__file__).parent / "migrations"


def test_the_migrations_make_exactly_the_schema(where: str) -> None:
    store = Store.create(Workspace.at(where))
    with store.read() as sql:
        context = MigrationContext.configure(sql, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []
    store.close()


def test_the_known_revisions_are_the_migration_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == database.REVISIONS


def test_a_workspace_is_made_once_and_opened_again(desk: Desk, where: str, clock: Clock, tmp_path: Path) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    with pytest.raises(Refused, match="already a workspace"):
        make_desk(where, clock, tmp_path / "other")
    again = Desk.open(where, now=clock)
    assert again.incident(ref).incident.title == "Card payments fail"
    again.shut()


def test_there_is_a_clear_word_when_there_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="statusdeskctl init"):
        Desk.open(tmp_path / "nothing")


def test_a_newer_database_is_refused_and_left_alone(desk: Desk, where: str, clock: Clock) -> None:
    with desk._store.claim() as sql:
        sql.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="newer StatusDesk"):
        Desk.open(where, now=clock)
    with desk._store.read() as sql:
        assert sql.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_the_file_is_copied_before_a_migration(file_desk: Desk, tmp_path: Path) -> None:
    file_desk.open_incident(tills_down(file_desk))
    copy = database._copy_before_migration(Workspace.at(tmp_path / "workspace"), "0001")
    found = sqlite3.connect(copy)
    assert found.execute("SELECT title FROM incident").fetchall() == [("Card payments fail",)]
    found.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 400, b""], ids=["another file", "an empty file"])
def test_a_file_that_is_no_database_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "statusdesk.db").write_bytes(content)
    with pytest.raises((EnvironmentFault, Refused), match=r"damaged|unknown"):
        Desk.open(tmp_path / "ws")


@pytest.mark.parametrize("address", ["mysql://host/db", "not a url://", "sqlite:///x.db"])
def test_other_databases_are_refused_in_words(address: str) -> None:
    with pytest.raises(Refused, match=r"PostgreSQL|postgresql"):
        Workspace.at(address)


def test_a_server_out_of_reach_is_the_environments_fault_and_shows_no_password() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        Desk.open("postgresql+psycopg://someone:topsecret@127.0.0.1:9/nothing")
    assert "topsecret" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_a_verb_that_fails_midway_leaves_nothing_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from statusdesk.store.writer import Writer

    def breaks(*_args: object, **_words: object) -> None:
        raise RuntimeError("the lights went out")

    monkeypatch.setattr(Writer, "add_delivery", breaks)  # the very last thing a verb writes
    with pytest.raises(RuntimeError):
        desk.open_incident(tills_down(desk))
    monkeypatch.undo()
    assert desk.incidents() == ()
    assert desk.open_incident(tills_down(desk)).ref == "SD-2026-0001", "the number was not used up either"


FULL_DISK = """
    import resource, sys
    from pathlib import Path
    from statusdesk.desk import Desk
    from statusdesk.domain.drafts import UpdateDraft
    from statusdesk.errors import EnvironmentFault
    desk = Desk.open(sys.argv[1])
    # No file may grow any more: to a program that is what a full disk is.
    import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = Path(sys.argv[1], "statusdesk.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        for _ in range(200):
            desk.post_update(sys.argv[2], UpdateDraft(message="word " * 3000))
    except EnvironmentFault as fault:
        print(fault.exit_code, fault.message)
"""


def test_a_full_disk_is_said_and_what_was_saved_stays_whole(file_desk: Desk, tmp_path: Path) -> None:
    ref = file_desk.open_incident(tills_down(file_desk)).ref
    program = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path / "workspace"), ref]
    done = subprocess.run(
        program, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.startswith("4 "), done.stdout + done.stderr
    assert "Nothing was saved" in done.stdout
    view = file_desk.incident(ref)
    assert [u.seq for u in view.updates] == list(range(1, len(view.updates) + 1))
    assert view.incident.last_seq == len(view.updates)
    file_desk.post_update(ref, UpdateDraft(message="Still here."))
