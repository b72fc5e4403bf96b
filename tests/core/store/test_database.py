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
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from statusdesk.desk import Desk
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.domain.people import Person
from statusdesk.errors import EnvironmentFault, NotFound, Refused
from statusdesk.store import Store, Workspace, database, tables
from statusdesk.store.writer import Writer
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


def test_a_workspace_of_the_first_version_goes_on(
    desk: Desk, where: str, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    is_file = Workspace.at(where).is_file
    old = str(tmp_path / "old") if is_file else request.getfixturevalue("new_database")()
    _as_of_revision("0001", Workspace.at(where), Workspace.at(old))
    migrated = Desk.open(old, now=clock)
    try:
        page = migrated.page()
        assert (page.languages, page.bar_days, page.accent, page.scheme, page.logo_name) == ((), 90, "", "auto", "")
        assert migrated.incident(ref).incident.title == "Card payments fail"
        built = migrated.build(output=tmp_path / "site of the old one")
        assert built.build_id == desk.build(full=True, output=tmp_path / "site of the new one").build_id
    finally:
        migrated.shut()


def _as_of_revision(revision: str, source: Workspace, target: Workspace) -> None:
    """Make a workspace as an earlier version left it, with what of another one fits into its tables."""
    target.folder.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    new, old = sa.create_engine(source.url), sa.create_engine(target.url)
    known, made = sa.MetaData(), sa.MetaData()
    with new.connect() as reading, old.begin() as writing:
        config.attributes["connection"] = writing
        command.upgrade(config, revision)
        known.reflect(reading)
        made.reflect(writing)
        for table in made.sorted_tables:
            columns = [known.tables[table.name].c[column.name] for column in table.c]
            rows = reading.execute(sa.select(*columns)).mappings().all() if table.name != "alembic_version" else ()
            if rows:
                writing.execute(sa.insert(table), [dict(row) for row in rows])
    new.dispose()
    old.dispose()


def test_a_file_that_is_no_database_is_said_to_be_damaged_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "statusdesk.db").write_bytes(b"this is no database at all" * 400)
    with pytest.raises(EnvironmentFault, match="damaged"):
        Desk.open(tmp_path / "ws")
    with pytest.raises(EnvironmentFault, match="damaged"):
        Desk.create(tmp_path / "ws", name="Northlake", output_dir=tmp_path / "site")
    assert (tmp_path / "ws" / "statusdesk.db").read_bytes() == b"this is no database at all" * 400


def test_a_workspace_that_was_cut_off_while_it_was_made_is_none_and_made_at_the_next_try(
    where: str, tmp_path: Path, clock: Clock
) -> None:
    Store.create(Workspace.at(where)).close()  # the tables, and then the lights went out
    assert not Desk.exists(where)
    with pytest.raises(NotFound, match="Make one with"):
        Desk.open(where)
    desk = make_desk(where, clock, tmp_path / "site")
    assert [row.component.name for row in desk.components()][:2] == ["Tills", "Website"]
    desk.shut()


def test_an_empty_file_where_the_database_goes_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "statusdesk.db").touch()
    assert not Desk.exists(tmp_path / "ws")


def test_two_desks_that_make_the_same_workspace_at_once_make_one(where: str, tmp_path: Path, clock: Clock) -> None:
    store = Store.create(Workspace.at(where))  # the second one is here already
    make_desk(where, clock, tmp_path / "site").shut()
    with store.write() as sql:
        assert Writer(sql, at=clock(), actor="tests").has_page()
    store.close()
    with pytest.raises(Refused, match="already a workspace"):
        make_desk(where, clock, tmp_path / "site")


def test_the_database_is_for_its_owner_alone(file_desk: Desk, tmp_path: Path) -> None:
    assert (tmp_path / "workspace" / "statusdesk.db").stat().st_mode & 0o077 == 0


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


def test_a_password_in_the_address_is_never_shown() -> None:
    address = "postgresql+psycopg://lead:hunter2@db.example:5433/status?password=hunter3&sslpassword=hunter4"
    assert Workspace.at(address).label == "postgresql://db.example:5433/status"


def test_an_error_of_the_database_never_carries_what_was_being_saved(desk: Desk) -> None:
    person = Person(id="1", name="Zebulon Quixote", phone="+44 7700 900999")
    with desk._write() as writer:
        writer.add_person(person)
        with pytest.raises(sa.exc.IntegrityError) as caught:
            writer.add_person(person)
        writer.sql.rollback()
    assert "Zebulon" not in str(caught.value)
    assert "900999" not in str(caught.value)
