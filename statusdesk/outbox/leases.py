"""Who holds a delivery: a courier of this process, one of another process, or one that is gone.

A courier keeps a lock on a file of its own as long as its process lives; the system lets go of it when the process
ends, however it ends. So whether a courier of this computer still lives is asked without its host name or process id,
which other computers and containers share. Of a courier elsewhere nothing is known: its lease must run out.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import filelock

from statusdesk.domain.ids import new_id


class Holder:
    """One courier's name, its sign of life, and what it has in hand."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.name = new_id(at)
        self._folder = folder
        self._sign: filelock.BaseFileLock | None = None
        self._in_hand: set[str] = set()
        self._unsettled: set[str] = set()
        self._one_at_a_time = threading.Lock()

    def take(self, ids: Collection[str]) -> None:
        """These are in hand from now on."""
        with self._one_at_a_time:
            if self._sign is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._sign = filelock.FileLock(self._file(self.name))
                self._sign.acquire()
            self._in_hand.update(ids)
            self._unsettled.update(ids)

    def let_go(self, ids: Collection[str]) -> None:
        """These are not in hand any more, whatever became of them."""
        with self._one_at_a_time:
            self._in_hand.difference_update(ids)

    def settled(self, ids: Collection[str]) -> None:
        """How these ended is written down."""
        with self._one_at_a_time:
            self._unsettled.difference_update(ids)

    def holds(self, id_: str) -> bool:
        """Whether this courier is really at it."""
        return id_ in self._in_hand

    def close(self) -> None:
        """The courier ends. Its file stays where something is unsettled: so others see that it is gone."""
        with self._one_at_a_time:
            if self._sign is not None:
                self._sign.release()
                self._sign = None
                if not self._unsettled:
                    self._file(self.name).unlink(missing_ok=True)

    def is_gone(self, name: str) -> bool:
        """Whether a courier ran on this computer and its process has ended. When in doubt: no."""
        file = self._file(name)
        if name == self.name or not name.isalnum() or not file.exists():
            return False
        sign = filelock.FileLock(file, timeout=0)
        try:
            sign.acquire()
        except (filelock.Timeout, OSError):
            return False
        sign.release()
        with contextlib.suppress(OSError):
            file.unlink()
        return True

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
