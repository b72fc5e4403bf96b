"""A piece of work on the second processor: a forked process does it and hands back what it found.

Only a process without other threads is forked: a lock that another thread holds would be held for ever in the copy.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


def possible() -> bool:
    """Whether a second process can help here."""
    return hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and threading.active_count() == 1


class Elsewhere(Generic[T]):
    """Work that goes on in another process. Its result must be something that can be pickled."""

    def __init__(self, work: Callable[[], T]) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(reading)
            _do(work, writing)
        os.close(writing)
        self._answer = reading

    def result(self) -> T | None:
        """What came of it, when it is done; None when it failed: then somebody else must do it."""
        with os.fdopen(self._answer, "rb") as answer:
            told = answer.read()
        _, status = os.waitpid(self._process, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            return None
        found: T = pickle.loads(told)  # noqa: S301  our own process wrote it into our own pipe
        return found


def _do(work: Callable[[], object], writing: int) -> None:
    """In the copy: do the work and end at once. What the original has open and unsaved is none of its business."""
    try:
        with os.fdopen(writing, "wb") as answer:
            answer.write(pickle.dumps(work()))
    except BaseException:  # noqa: BLE001  nothing may run on in the copy, whatever happened
        os._exit(1)
    os._exit(0)
