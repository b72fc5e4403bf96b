"""The doctor: looks at everything this workspace depends on, and says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from statusdesk import clock
from statusdesk.domain.board import CheckLine
from statusdesk.domain.drafts import CLOCK_SLACK
from statusdesk.domain.times import rfc3339
from statusdesk.errors import StatusDeskError
from statusdesk.outbox.places import check_apart
from statusdesk.verbs.destinations import DestinationVerbs
from statusdesk.verbs.network import clock_words

LEAST_FREE = 200 * 1024 * 1024


class CheckupVerbs(DestinationVerbs):
    """One look at it all."""

    def examine(self) -> tuple[CheckLine, ...]:
        """The workspace, the clock, the site folder, the key store, every target and account. Blocks on the network."""
        found = [self._look_at_record(), self._look_at_folder(), self._look_at_key_store()]
        for target in self.targets():
            found += _looked_at(target.name, partial(self.check_target, target.id))
        for account in self.accounts():
            found += _looked_at(account.name, partial(self.check_account, account.id))
        found.append(self._look_at_clock())  # after servers were asked: their answers tell the time
        tally = self.tally()
        words = f"{tally.waiting} waiting, {tally.failed} failed, {tally.unknown} unknown"
        return (*found, CheckLine(what="Deliveries", ok=None if not tally.complete else True, result=words))

    def _look_at_record(self) -> CheckLine:
        try:
            with self._read() as reader:
                events = reader.head()
                broken = reader.broken_event()
        except StatusDeskError as error:
            return CheckLine(what="Workspace", ok=False, result=error.message)
        if broken is not None:
            words = f"event {broken} was changed after it was written. Restore the workspace from a copy"
            return CheckLine(what="Workspace", ok=False, result=words)
        return CheckLine(what="Workspace", ok=True, result=f"{self.label}, {events} events, all sealed")

    def _look_at_clock(self) -> CheckLine:
        """A clock that stands before the newest entry is wrong, here or where that entry was written."""
        now = self._now()
        with self._read() as reader:
            newest = reader.newest_event()
        if newest > now + CLOCK_SLACK:
            words = f"{rfc3339(now)} is before the newest entry ({rfc3339(newest)}). Set this computer's clock"
            return CheckLine(what="Clock", ok=False, result=words)
        wrong = clock_words(clock.servers.ahead())
        return CheckLine(what="Clock", ok=not wrong, result=wrong or rfc3339(now))

    def _look_at_folder(self) -> CheckLine:
        out = self._places.site_folder()
        try:
            check_apart(self._store.workspace.folder, out)
            free = shutil.disk_usage(out if out.exists() else out.parent).free
        except StatusDeskError as error:
            return CheckLine(what="Site folder", ok=False, result=error.message)
        except OSError as error:
            return CheckLine(what="Site folder", ok=False, result=f"{out}: {error.strerror}")
        if free < LEAST_FREE:
            return CheckLine(what="Site folder", ok=False, result=f"{out}: only {free // 2**20} MB free. Make room")
        return CheckLine(what="Site folder", ok=True, result=str(out))

    def _look_at_key_store(self) -> CheckLine:
        trouble = self._secrets.available()
        needed = bool(self.accounts())
        if trouble is None:
            return CheckLine(what="Key store", ok=True, result="answers")
        return CheckLine(what="Key store", ok=False if needed else None, result=trouble)


def _looked_at(name: str, check: Callable[[], Sequence[CheckLine]]) -> list[CheckLine]:
    """What a check found, also when what it found cannot be kept: a full disk must not silence the doctor."""
    try:
        return [replace(line, what=f"{name}: {line.what}") for line in check()]
    except StatusDeskError as error:
        return [CheckLine(what=name, ok=False, result=error.message)]
