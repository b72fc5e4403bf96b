"""What the last build left behind: a small SQLite file beside the workspace, one for each folder of a site.

Local state, worth nothing elsewhere: losing it costs one full build. A build looks up and writes only the rows of what
it touches, so that its cost does not grow with the site. It says `whole = 0` before the first file changes and closes
with one transaction after the last; when that is missing, the build was interrupted and the next one is a full one.

    site       engine, folder, head, day, digest, built_at, page, cards, files, whole   one row
    file       path, sha                    a file as it lies in the folder, SHA-256 in hexadecimal
    trace      kind, ref, month, code, slugs   where an incident (i) or a maintenance (m) is shown
    month      month, incidents, maintenances  how many traces a month has
    component  slug, digest                 a component's public settings
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from statusdesk.domain.public import MonthCount

FORMAT = 2
_MODULUS = 1 << 256
_SCHEMA = """
CREATE TABLE site (engine TEXT, folder TEXT, head INTEGER, day TEXT, digest TEXT, built_at TEXT, page TEXT,
                   cards TEXT, files INTEGER, whole INTEGER);
CREATE TABLE file (path TEXT PRIMARY KEY, sha TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trace (kind TEXT, ref TEXT, month TEXT, code TEXT, slugs TEXT, PRIMARY KEY (kind, ref)) WITHOUT ROWID;
CREATE TABLE month (month TEXT PRIMARY KEY, incidents INTEGER, maintenances INTEGER) WITHOUT ROWID;
CREATE TABLE component (slug TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID;
INSERT INTO site VALUES ('', '', -1, '0001-01-01', '0', '', '', '', 0, 0);
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a problem or a planned work is shown: the month that lists it, its code, its components' pages."""

    month: str
    code: str
    slugs: tuple[str, ...]


class Ledger:
    """The memory of one folder's builds. Attributes tell of the last build until `commit` tells of this one.

    `digest` is the sum of the shares of all files modulo 2^256, `count` their number, both without `build.json`.
    Not to be shared between threads.
    """

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        row = sql.execute(
            "SELECT engine, folder, head, day, digest, built_at, page, cards, files, whole FROM site"
        ).fetchone()
        self.engine: str = row[0]
        self.folder: str = row[1]
        self.head = int(row[2])
        self.day = date.fromisoformat(row[3])
        self.digest = int(row[4], 16)
        self.built_at: datetime | None = datetime.fromisoformat(row[5]) if row[5] else None
        self.page: str = row[6]
        self.cards: str = row[7]
        self.count = int(row[8])
        self.is_whole = bool(row[9])
        self._anew: dict[str, str] | None = None

    @property
    def digest_hex(self) -> str:
        """The site's digest in 64 hexadecimal digits; its first 12 are the build id."""
        return f"{self.digest:064x}"

    # A build

    def begin(self) -> None:
        """Write down that files are about to change, and make sure that it is on the disk before they do."""
        self._sql.execute("UPDATE site SET whole = 0")
        self._sql.execute("BEGIN IMMEDIATE")

    def forget(self) -> None:
        """Everything is written anew: what was known does not count any more. After `begin`."""
        for table in ("file", "trace", "month", "component"):
            self._sql.execute(f"DELETE FROM {table}")  # noqa: S608  names of ours
        self.digest, self.count, self.page, self.cards = 0, 0, "", ""
        self._anew = {}

    def commit(self, built_at: datetime) -> None:
        """Close the build: from here on it is the last one."""
        if self._anew is not None:
            self._sql.executemany("INSERT INTO file VALUES (?, ?)", sorted(self._anew.items()))
            self._sql.execute(
                "INSERT INTO month SELECT month, sum(kind = 'i'), sum(kind = 'm') FROM trace GROUP BY month"
            )
            self._anew = None
        self.built_at, self.is_whole = built_at, True
        self._sql.execute(
            "UPDATE site SET engine = ?, folder = ?, head = ?, day = ?, digest = ?, built_at = ?, page = ?, cards = ?, "
            "files = ?, whole = 1",
            (
                self.engine, self.folder, self.head, self.day.isoformat(), self.digest_hex, built_at.isoformat(),
                self.page, self.cards, self.count,
            ),
        )  # fmt: skip
        self._sql.execute("COMMIT")

    # Files

    def sha(self, path: str) -> str | None:
        """The hash of a file as it lies there; None when there is none of ours."""
        if self._anew is not None:
            return self._anew.get(path)
        row = self._sql.execute("SELECT sha FROM file WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

    def note(self, path: str, sha: str | None) -> None:
        """A file is there now with this hash, or gone: a change costs one file, whatever the number of all."""
        old = self.sha(path)
        if old is not None:
            self.digest -= _share(path, old)
            self.count -= 1
        if sha is not None:
            self.digest += _share(path, sha)
            self.count += 1
        self.digest %= _MODULUS
        if self._anew is not None:
            self._anew.pop(path, None)
            if sha is not None:
                self._anew[path] = sha
        elif sha is not None:
            self._sql.execute("INSERT OR REPLACE INTO file VALUES (?, ?)", (path, sha))
        else:
            self._sql.execute("DELETE FROM file WHERE path = ?", (path,))

    def files(self) -> dict[str, str]:
        """All files with their hashes, `build.json` not among them."""
        return dict(self._sql.execute("SELECT path, sha FROM file") if self._anew is None else self._anew)

    # Where things are shown

    def trace(self, kind: str, ref: str) -> Trace | None:
        """Where an incident (`i`) or a maintenance (`m`) was shown; None for nowhere."""
        query = "SELECT month, code, slugs FROM trace WHERE kind = ? AND ref = ?"
        row = self._sql.execute(query, (kind, ref)).fetchone()
        return Trace(row[0], row[1], tuple(row[2].split(",")) if row[2] else ()) if row else None

    def shown_with(self, kind: str, slugs: Collection[str]) -> Iterator[str]:
        """The refs whose pages name one of these components."""
        for ref, text in self._sql.execute("SELECT ref, slugs FROM trace WHERE kind = ?", (kind,)):
            if not set(slugs).isdisjoint(text.split(",")):
                yield ref

    def set_trace(self, kind: str, ref: str, now: Trace | None) -> None:
        """Something is shown there now, or nowhere any more."""
        before = self.trace(kind, ref) if self._anew is None else None
        if now == before:
            return
        if now is None:
            self._sql.execute("DELETE FROM trace WHERE kind = ? AND ref = ?", (kind, ref))
        else:
            row = (kind, ref, now.month, now.code, ",".join(now.slugs))
            self._sql.execute("INSERT OR REPLACE INTO trace VALUES (?, ?, ?, ?, ?)", row)
        if self._anew is None:
            self._count_month(kind, before, -1)
            self._count_month(kind, now, 1)

    def _count_month(self, kind: str, trace: Trace | None, step: int) -> None:
        if trace is None:
            return
        incidents, works = (step, 0) if kind == "i" else (0, step)
        self._sql.execute(
            "INSERT INTO month VALUES (?1, ?2, ?3) ON CONFLICT (month) "
            "DO UPDATE SET incidents = incidents + ?2, maintenances = maintenances + ?3",
            (trace.month, incidents, works),
        )
        self._sql.execute("DELETE FROM month WHERE incidents = 0 AND maintenances = 0")

    def months(self) -> list[MonthCount]:
        """Every month that holds something, newest first."""
        found = self._sql.execute("SELECT month, incidents, maintenances FROM month ORDER BY month DESC")
        return [MonthCount(month=month, incidents=i, maintenances=m) for month, i, m in found]

    def components(self) -> dict[str, str]:
        """The digest of each component's public settings, by slug."""
        return dict(self._sql.execute("SELECT slug, digest FROM component"))

    def set_component(self, slug: str, digest: str | None) -> None:
        """A component's public settings, or None when it is gone."""
        if digest is None:
            self._sql.execute("DELETE FROM component WHERE slug = ?", (slug,))
        else:
            self._sql.execute("INSERT OR REPLACE INTO component VALUES (?, ?)", (slug, digest))


class Share:
    """What a second process has done of a full build, to be told to the ledger, which has one writer."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.traces: dict[str, Trace] = {}

    def sha(self, path: str) -> str | None:
        """The hash of a file of this share."""
        return self.files.get(path)

    def note(self, path: str, sha: str | None) -> None:
        """A file is there now with this hash."""
        if sha is not None:
            self.files[path] = sha

    def trace(self, kind: str, ref: str) -> Trace | None:  # noqa: ARG002  as the ledger has it
        """A full build begins with nothing."""
        return None

    def set_trace(self, kind: str, ref: str, now: Trace | None) -> None:  # noqa: ARG002  months hold incidents
        """An incident is shown there."""
        if now is not None:
            self.traces[ref] = now


def _share(path: str, digest: str) -> int:
    """A file's share of the site's digest."""
    return int.from_bytes(sha256(f"{path}\0{digest}".encode()).digest(), "big")


@contextlib.contextmanager
def opened(state_file: Path) -> Iterator[Ledger]:
    """The ledger in a file; a new one where none is, or none that this version understands.

    What a build did not commit is undone at the end: only `whole` stays at 0. Raises OSError when the disk refuses.
    """
    sql = _connect(state_file)
    try:
        yield Ledger(sql)
    except sqlite3.DatabaseError as error:
        if not isinstance(error, sqlite3.OperationalError):  # broken inside: the next build begins with a new one
            state_file.unlink(missing_ok=True)
        raise _fault(error, state_file) from error
    finally:
        sql.close()


def _connect(state_file: Path) -> sqlite3.Connection:
    try:
        sql = _prepared(state_file)
        if sql.execute("PRAGMA user_version").fetchone()[0] == FORMAT:
            return sql
        sql.close()
    except sqlite3.OperationalError as error:
        raise _fault(error, state_file) from error
    except sqlite3.DatabaseError:  # not a database, or a broken one: it is worth one full build
        pass
    for name in (state_file.name, state_file.name + "-wal", state_file.name + "-shm"):
        state_file.with_name(name).unlink(missing_ok=True)
    sql = _prepared(state_file)
    sql.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {FORMAT};COMMIT;")
    return sql


def _prepared(state_file: Path) -> sqlite3.Connection:
    sql = sqlite3.connect(state_file, isolation_level=None, timeout=10)
    sql.execute("PRAGMA journal_mode = WAL")
    sql.execute("PRAGMA synchronous = FULL")  # `begin` must be on the disk before the first file changes
    return sql


def _fault(error: sqlite3.DatabaseError, state_file: Path) -> OSError:
    """SQLite's refusal as the disk's."""
    numbers = {
        sqlite3.SQLITE_FULL: errno.ENOSPC,
        sqlite3.SQLITE_READONLY: errno.EACCES,
        sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    }
    number = numbers.get(error.sqlite_errorcode & 0xFF, errno.EIO)
    return OSError(number, os.strerror(number), str(state_file))
