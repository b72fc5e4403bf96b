"""Scheduled maintenance: plan it, start, verify, finish, move or cancel it. Components follow in the same save."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from statusdesk.domain import board, ids, times
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import FARTHEST, MaintenanceDraft
from statusdesk.domain.maintenance import Maintenance, MaintenanceState, MaintenanceUpdate, may_step
from statusdesk.domain.text import BODY_LIMIT, TITLE_LIMIT, graphemes, tidy, tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.store.writer import Writer
from statusdesk.verbs.base import Verbs, html_of, plain_of, year_of


class MaintenanceVerbs(Verbs):
    """Planned work. Nothing is claimed to run because a clock says so: a person starts and finishes it."""

    def maintenances(self, *, over: bool = False) -> tuple[board.MaintenanceRow, ...]:
        """Planned and running work, the next first; with `over` also what is past."""
        with self._read() as reader:
            return reader.maintenance_rows(over=over)

    def maintenance(self, ref: str) -> tuple[Maintenance, tuple[MaintenanceUpdate, ...]]:
        """One maintenance and what was published about it."""
        with self._read() as reader:
            found = reader.maintenance(ref)
            return found, reader.maintenance_updates(found.id)

    def schedule(self, draft: MaintenanceDraft) -> Changes:
        """Announce a maintenance. Raises Refused with every problem of the form."""
        with self._write() as writer:
            draft = replace(draft, title=tidy_line(draft.title), message=tidy(draft.message))
            known = frozenset(one.id for one in writer.components())
            found = _problems(draft, writer.at, known)
            if found or draft.starts_at is None or draft.ends_at is None:
                raise Refused.because(found)
            page, id_ = writer.page(), ids.new_id(writer.at)
            maintenance = Maintenance(
                id=id_,
                code=ids.public_code(id_),
                ref=writer.new_ref(page.ref_prefix, year_of(writer.at, page)),
                title=draft.title,
                state=MaintenanceState.SCHEDULED,
                starts_at=draft.starts_at,
                ends_at=draft.ends_at,
                what_stops_md=draft.message,
                what_stops_html=html_of(draft.message),
                max_interruption_s=draft.max_interruption_s,
                published_at=writer.at,
                updated_at=writer.at,
                month=times.month_key(draft.starts_at, page.zone),
            )
            writer.add_maintenance(maintenance, draft.components)
            return self._say(writer, maintenance, draft.message, "schedule")

    def step_maintenance(self, ref: str, state: MaintenanceState, message: str = "") -> Changes:
        """Start, verify, finish or cancel a maintenance. Cancelling needs the reason."""
        message = _fitting(message)
        with self._write() as writer:
            before = writer.maintenance(ref)
            if before.state is state or not may_step(before.state, state):
                raise Refused(f"{before.ref} is {_said(before.state)}; it cannot become {_said(state)}.")
            if state is MaintenanceState.CANCELLED and not message:
                raise Refused.because([Problem("message", "Say why the work is cancelled.")])
            at = max(writer.at, before.updated_at)  # another desk's clock may be ahead
            now = replace(
                before,
                state=state,
                actual_start=before.actual_start or (at if state.is_active else None),
                actual_end=at if state is MaintenanceState.COMPLETED else before.actual_end,
            )
            writer.change_maintenance(now.id, state=state, actual_start=now.actual_start, actual_end=now.actual_end)
            parts = writer.maintenance_component_ids(now.id)
            if state is MaintenanceState.IN_PROGRESS:
                held = dict.fromkeys(parts, ComponentStatus.UNDER_MAINTENANCE)
                writer.set_components(held, at, maintenance_id=now.id)
            elif state.is_over:
                writer.recover_components(at, maintenance_id=now.id)
            return self._say(writer, now, message or _DEFAULT[state], state.value)

    def reschedule(self, ref: str, *, starts_at: datetime, ends_at: datetime, message: str = "") -> Changes:
        """Move a maintenance; the old time stays visible. While it runs, only its end can move."""
        message = _fitting(message)
        with self._write() as writer:
            before = writer.maintenance(ref)
            if before.state.is_over:
                raise Refused(f"{before.ref} is {_said(before.state)}; it cannot be moved.")
            found = _time_problems(starts_at, ends_at, writer.at, running=before.state.is_active)
            if found:
                raise Refused.because(found)
            now = replace(before, ends_at=ends_at)
            if not before.state.is_active:
                page = writer.page()
                first = before.rescheduled_from or before.starts_at
                now = replace(
                    now,
                    starts_at=starts_at,
                    rescheduled_from=None if first == starts_at else first,
                    month=times.month_key(starts_at, page.zone),
                )
            writer.change_maintenance(
                now.id,
                starts_at=now.starts_at,
                ends_at=now.ends_at,
                rescheduled_from=now.rescheduled_from,
                month=now.month,
            )
            return self._say(writer, now, message or "The planned time has changed.", "reschedule")

    @staticmethod
    def _say(writer: Writer, maintenance: Maintenance, message: str, verb: str) -> Changes:
        seq, id_ = maintenance.last_seq + 1, ids.new_id(writer.at)
        writer.add_maintenance_update(
            MaintenanceUpdate(
                id=id_,
                code=ids.public_code(id_),
                maintenance_id=maintenance.id,
                seq=seq,
                state_after=maintenance.state,
                body_md=message,
                body_html=html_of(message),
                body_plain=plain_of(message),
                published_at=max(writer.at, maintenance.updated_at),
            )
        )
        writer.change_maintenance(maintenance.id, last_seq=seq, updated_at=max(writer.at, maintenance.updated_at))
        writer.event(f"maintenance-{verb}", Touched.MAINTENANCE, maintenance.ref)
        enqueue_publish(writer)
        return Changes(
            head=writer.head(),
            components=True,
            maintenances=frozenset({maintenance.ref}),
            deliveries=True,
            ref=maintenance.ref,
            seq=seq,
        )


_DEFAULT = {
    MaintenanceState.IN_PROGRESS: "The work has started.",
    MaintenanceState.VERIFYING: "The work is done. We are checking that everything works.",
    MaintenanceState.COMPLETED: "The work is finished and everything works.",
}


def _fitting(message: str) -> str:
    """What is said about planned work, made safe to keep. Refused when it is too long."""
    clean = tidy(message)
    if len(clean) > BODY_LIMIT:
        raise Refused.because([Problem("message", f"At most {BODY_LIMIT:,} characters fit. Shorten the text.")])
    return clean


def _said(state: MaintenanceState) -> str:
    return state.value.replace("_", " ")


def _problems(draft: MaintenanceDraft, now: datetime, known: frozenset[str]) -> list[Problem]:
    found = []
    if not draft.title:
        found.append(Problem("title", "Give the maintenance a title: what you will do, in a few words."))
    elif graphemes(draft.title) > TITLE_LIMIT:
        found.append(Problem("title", f"The title is too long. At most {TITLE_LIMIT} characters fit."))
    if not draft.message:
        found.append(Problem("message", "Say what stops, and for how long at most."))
    elif len(draft.message) > BODY_LIMIT:
        found.append(Problem("message", f"At most {BODY_LIMIT:,} characters fit. Shorten the text."))
    if not draft.components or not set(draft.components) <= known:
        found.append(Problem("components", "Choose at least one component from the list."))
    if draft.starts_at is None or draft.ends_at is None:
        found.append(Problem("starts_at", "Give the planned start and end."))
        return found
    return found + _time_problems(draft.starts_at, draft.ends_at, now, running=False)


def _time_problems(starts_at: datetime, ends_at: datetime, now: datetime, *, running: bool) -> list[Problem]:
    if ends_at <= starts_at:
        return [Problem("ends_at", "The end lies before the start. Choose a later end.")]
    if ends_at <= now:
        return [Problem("ends_at", "The planned end lies in the past. Choose a later time.")]
    if not running and starts_at <= now:
        return [Problem("starts_at", "The planned start lies in the past. Choose a later time.")]
    if ends_at > now + FARTHEST:
        return [Problem("ends_at", "The planned end is more than a year away. Check the date.")]
    return []
