"""The one place with threads: one for the record, a small pool for the network, answers on the GUI thread.

Whatever blocks is given away with `run` or `fetch`; `done` and `failed` are called on the GUI thread. What nobody
handles reaches `sys.excepthook` like any other bug of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

from statusdesk.errors import StatusDeskError

_R = TypeVar("_R")
Failed = Callable[[StatusDeskError], None]


class OurFault(StatusDeskError):
    """A bug of ours, already reported: what whoever asked must know to go on."""

    default_title = "Something went wrong"


class _Post(QObject):
    """Long-lived, on the GUI thread: its one signal brings every answer over."""

    came = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.came.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _take(self, deliver: Callable[[], None]) -> None:
        deliver()


class Tasks:
    """Work off the GUI thread. Everything given to `run` happens one after the other, in order."""

    def __init__(self) -> None:
        self._record = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._network = ThreadPoolExecutor(4, thread_name_prefix="network")
        self._post = _Post()
        self._open = True
        self.running = 0

    def run(
        self,
        work: Callable[..., _R],
        *args: Any,
        done: Callable[[_R], None] | None = None,
        failed: Failed | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Work on the record's thread. Nobody is told when `owner` is gone by then."""
        self._start(self._record, work, args, done, failed, owner)

    def fetch(
        self,
        work: Callable[..., _R],
        *args: Any,
        done: Callable[[_R], None] | None = None,
        failed: Failed | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Work that waits for the network. Nobody is told when `owner` is gone by then."""
        self._start(self._network, work, args, done, failed, owner)

    def _start(
        self,
        pool: Executor,
        work: Callable[..., _R],
        args: tuple[Any, ...],
        done: Callable[[_R], None] | None,
        failed: Failed | None,
        owner: QObject | None,
    ) -> None:
        if not self._open:
            return
        self.running += 1

        def finished(future: Future[_R]) -> None:
            if self._open:
                self._post.came.emit(lambda: self._deliver(future, done, failed, owner))

        pool.submit(work, *args).add_done_callback(finished)

    def _deliver(
        self,
        future: Future[_R],
        done: Callable[[_R], None] | None,
        failed: Failed | None,
        owner: QObject | None,
    ) -> None:
        self.running -= 1
        if not self._open:
            return
        error = future.exception()
        if owner is not None and not shiboken6.isValid(owner) and (error is None or isinstance(error, StatusDeskError)):
            return
        if error is None:
            if done is not None:
                done(future.result())
        elif failed is not None and isinstance(error, StatusDeskError):
            failed(error)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
            if failed is not None and (owner is None or shiboken6.isValid(owner)):
                failed(OurFault("Nothing you typed is lost. Try again."))  # so that no form waits for ever

    def shut(self, last: Callable[[], object] | None = None) -> None:
        """Finish what is being written, drop what has not begun, deliver nothing any more. `last` runs at the end."""
        self._open = False
        self._network.shutdown(wait=False, cancel_futures=True)
        if last is not None:
            self._record.submit(last)
        self._record.shutdown(wait=True)
