"""Bringing history in from another status page. Nothing is delivered, and it never counts towards promises kept."""

from __future__ import annotations

from statusdesk.domain.audit import Touched
from statusdesk.errors import Refused
from statusdesk.exchange.history import History, Report
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.verbs.base import Verbs


def _statuspage(source: str) -> History:
    from statusdesk.exchange import statuspage  # noqa: PLC0415  a source is only read when it is imported

    return statuspage.read(source)


READERS = {"statuspage": _statuspage}


class _DryRunError(Exception):
    """Ends a transaction without saving it."""


class HistoryVerbs(Verbs):
    """Import, repeatably."""

    def import_history(self, kind: str, source: str, *, dry_run: bool = False) -> Report:
        """Read a source and write what is new or changed, all or nothing. A second run changes nothing."""
        if kind not in READERS:
            raise Refused(f"“{kind[:40]}” cannot be imported. Known kinds: {', '.join(READERS)}.", field="kind")
        history = READERS[kind](source)
        from statusdesk.exchange.bring_in import bring_in  # noqa: PLC0415  as above

        report = Report()
        try:
            with self._write() as writer:
                report = bring_in(writer, history)
                if report.new or report.changed:
                    writer.event("import", Touched.IMPORT, history.source[:64])
                    enqueue_publish(writer)
                if dry_run:
                    raise _DryRunError
        except _DryRunError:
            pass
        return report
