"""Opening, creating and migrating the database, and the two kinds of transaction.

A workspace is a folder (SQLite inside) or an SQLAlchemy URL (PostgreSQL). `Store.write` is one verb: all or nothing,
one writer at a time. `Store.read` is one consistent view. Faults of the database leave as `EnvironmentFault`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from statusdesk.clock import now
from statusdesk.errors import EnvironmentFault, NotFound, Refused
from statusdesk.paths import state_dir
from statusdesk.store import tables as t

# All that this version knows, oldest first; a test holds it against the migration scripts.
REVISIONS = ("0001", "0002", "0003")
BUSY_TIMEOUT_MS = 5_000
DATABASE_FILE = "statusdesk.db"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a workspace lives. `folder` holds what belongs to this computer: for SQLite the workspace itself."""

    url: sa.URL
    folder: Path

    @classmethod
    def at(cls, where: str | Path) -> Workspace:
        """From a folder or an SQLAlchemy URL."""
        text = os.fspath(where)
        if "://" in text:
            try:
                url = sa.make_url(text)
            except (exc.ArgumentError, ValueError):
                raise Refused(
                    "That workspace address cannot be read. Use a folder, or postgresql+psycopg://…"
                ) from None
            if url.get_backend_name() != "postgresql":
                raise Refused(
                    "A workspace is a folder, or a PostgreSQL address such as postgresql+psycopg://host/name."
                )
            url = url.set(drivername="postgresql+psycopg")
            name = hashlib.sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:16]
            return cls(url, state_dir() / "workspaces" / name)
        try:
            folder = Path(text).expanduser().resolve()
        except RuntimeError:
            raise Refused(f"{text} names a home folder that does not exist. Give the whole path.") from None
        return cls(sa.URL.create("sqlite", database=str(folder / DATABASE_FILE)), folder)

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite file of our own."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.folder / DATABASE_FILE

    @property
    def label(self) -> str:
        """How to name it to people: only host, port and name, since a password may stand anywhere else."""
        if self.is_file:
            return str(self.folder)
        return str(sa.URL.create("postgresql", host=self.url.host, port=self.url.port, database=self.url.database))


def _engine(workspace: Workspace) -> sa.Engine:
    if not workspace.is_file:
        try:
            return sa.create_engine(
                workspace.url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 5}
            )
        except ModuleNotFoundError:
            raise EnvironmentFault(
                "PostgreSQL needs one more package. Install it with: pip install 'statusdesk[team]'"
            ) from None
    engine = sa.create_engine(
        workspace.url,
        hide_parameters=True,  # people's data is in them, and errors are written to logs
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            "synchronous=FULL",  # "saved" survives a power cut
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("statusdesk_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _faults(workspace: Workspace) -> Iterator[None]:
    """Turn what the engine raises into words. The driver's text is shown; it never holds the password."""
    try:
        yield
    except exc.IntegrityError:
        raise  # a rule of ours was broken: a bug, or a race that the caller names
    except exc.DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
        if "disk is full" in said or "No space left" in said:
            message = "The disk is full. Nothing was saved. Free some space and try again."
        elif "disk I/O error" in said:
            message = "The disk did not take it: it is full, or it fails. Nothing was saved. Look at it and try again."
        elif "locked" in said:
            message = "Another program keeps the database busy. Nothing was saved. Try again in a moment."
        elif "readonly" in said or "read-only" in said:
            message = f"{workspace.label} cannot be written to. Nothing was saved. Check the folder's permissions."
        elif "malformed" in said or "not a database" in said:
            message = f"The database in {workspace.label} is damaged. Restore it from a copy."
        else:
            message = f"The database did not do that: {said}. Nothing was saved."
        raise EnvironmentFault(message, title="The database is not available") from error


def already_there(workspace: Workspace) -> Refused:
    """The refusal to make a workspace over another one."""
    return Refused(f"There is already a workspace in {workspace.label}. Open it, or choose another place.")


class Store:
    """An open workspace. Threads may share it; each transaction has its own connection."""

    def __init__(self, workspace: Workspace, engine: sa.Engine) -> None:
        self.workspace = workspace
        self._engine = engine
        self._writing = engine.execution_options(statusdesk_writes=True)
        isolation: dict[str, Any] = {} if workspace.is_file else {"isolation_level": "REPEATABLE READ"}
        self._reading = engine.execution_options(**isolation)

    @classmethod
    def exists(cls, workspace: Workspace) -> bool:
        """Whether there is a workspace. Raises EnvironmentFault when the database cannot be read.

        A database without a page is none: somebody was cut off while making it.
        """
        if workspace.is_file and not workspace.file.is_file():
            return False
        engine = _engine(workspace)
        try:
            with _faults(workspace), engine.connect() as connection:
                revision = _revision(connection)
                if revision not in REVISIONS:
                    return revision is not None
                return connection.execute(sa.select(t.pages.c.id).limit(1)).first() is not None
        finally:
            engine.dispose()

    @classmethod
    def create(cls, workspace: Workspace) -> Store:
        """The database for a new workspace, which begins to exist with its page. Refused where one is already."""
        if cls.exists(workspace):
            raise already_there(workspace)
        if workspace.is_file and workspace.folder.exists() and not workspace.folder.is_dir():
            raise Refused(f"{workspace.folder} is a file. A workspace is a folder: choose another place.")
        try:
            workspace.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if workspace.is_file:
                workspace.file.touch(mode=0o600)  # people's names and numbers: for this user alone
        except OSError as error:
            raise EnvironmentFault(
                f"{workspace.folder} cannot be made: {error.strerror}. Choose another place."
            ) from None
        engine = _engine(workspace)
        with _faults(workspace):
            _upgrade(engine)
        return cls(workspace, engine)

    @classmethod
    def open(cls, workspace: Workspace) -> Store:
        """Open a workspace, migrated to this version. A copy of the SQLite file is kept before a migration."""
        if workspace.is_file and workspace.folder.is_file():
            raise Refused(f"{workspace.folder} is a file. Give the folder of the workspace.")
        if not cls.exists(workspace):
            raise NotFound(f"There is no workspace in {workspace.label}. Make one with: statusdeskctl init --name NAME")
        engine = _engine(workspace)
        try:
            with _faults(workspace), engine.connect() as connection:
                revision = _revision(connection)
            if revision not in REVISIONS:
                raise Refused(
                    f"{workspace.label} was written by a newer StatusDesk (format {revision or 'unknown'}). "
                    "Update StatusDesk on this computer. Nothing was changed.",
                    title="This workspace is newer than this StatusDesk",
                )
            if revision != REVISIONS[-1]:
                if workspace.is_file:
                    _copy_before_migration(workspace, revision)
                with _faults(workspace):
                    _upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(workspace, engine)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One verb: everything in it is saved together, or nothing is. Writers wait for each other.

        SQLite: BEGIN IMMEDIATE. PostgreSQL: the page's row is locked first, so that events get a gapless head.
        """
        with _faults(self.workspace), self._writing.begin() as connection:
            if not self.workspace.is_file and not connection.execute(sa.select(t.pages.c.id).with_for_update()).all():
                connection.execute(sa.text(f"LOCK TABLE {t.pages.name} IN EXCLUSIVE MODE"))  # it is just being made
            yield connection

    @contextmanager
    def claim(self) -> Iterator[sa.Connection]:
        """A short write of the outbox, which appends no event: couriers on PostgreSQL need not wait for a verb."""
        with _faults(self.workspace), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of everything."""
        with _faults(self.workspace), self._reading.begin() as connection:
            yield connection


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _copy_before_migration(workspace: Workspace, revision: str) -> Path:
    """A faithful copy of the SQLite file (with what still lies in its log), named by version and time."""
    copy = workspace.folder / f"statusdesk-before-{revision}-{now():%Y%m%dT%H%M%SZ}.db"
    needed = workspace.file.stat().st_size * 2
    if shutil.disk_usage(workspace.folder).free < needed:
        raise EnvironmentFault("There is not enough space to copy the database before it is changed. Free some space.")
    source, target = sqlite3.connect(workspace.file), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    return copy


def _upgrade(engine: sa.Engine) -> None:
    """Bring the schema to the newest revision; every step and its record in one transaction."""
    from alembic import command  # noqa: PLC0415  0.15 s, needed once in a version's life
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.execution_options(statusdesk_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
