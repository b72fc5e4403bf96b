"""`statusdeskctl maintenance`: planned work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from statusdesk.cli.common import State, command, plain, subgroup, time_of
from statusdesk.cli.places import end, publish_now
from statusdesk.domain.audit import Changes
from statusdesk.domain.drafts import MaintenanceDraft
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.errors import Problem, Refused

if TYPE_CHECKING:
    from statusdesk.desk import Desk

group = subgroup("maintenance", "Plan, start and finish maintenance.")


def _finish(state: State, desk: Desk, changes: Changes) -> None:
    late = publish_now(desk)
    state.say({"ref": changes.ref, "update": changes.seq}, changes.ref)
    end(late)


@command(group, "schedule")
@click.option("--title", required=True, metavar="TEXT")
@click.option("--message", required=True, metavar="TEXT", help="What stops, and for how long at most.")
@click.option("--component", "components", multiple=True, required=True, metavar="NAME", help="Repeat for each.")
@click.option("--starts", required=True, metavar="TIME")
@click.option("--ends", required=True, metavar="TIME")
def schedule(state: State, title: str, message: str, components: tuple[str, ...], starts: str, ends: str) -> None:
    """Announce planned work. Prints its reference."""
    with state.desk() as desk:
        draft = MaintenanceDraft(
            title=title,
            message=message,
            components=tuple(desk.find_component(one).id for one in components),
            starts_at=time_of(starts, "starts_at"),
            ends_at=time_of(ends, "ends_at"),
        )
        changes = desk.schedule(draft)
        _finish(state, desk, changes)


def _step(name: str, to: MaintenanceState, text: str) -> None:
    @command(group, name, help=text)
    @click.argument("ref")
    @click.option("--message", default="", metavar="TEXT")
    def step(state: State, ref: str, message: str) -> None:
        with state.desk() as desk:
            changes = desk.step_maintenance(ref, to, message)
            _finish(state, desk, changes)


_step("start", MaintenanceState.IN_PROGRESS, "The work has started.")
_step("verify", MaintenanceState.VERIFYING, "The work is done and being checked.")
_step("finish", MaintenanceState.COMPLETED, "The work is finished.")
_step("cancel", MaintenanceState.CANCELLED, "The work will not happen; --message says why.")


@command(group, "reschedule")
@click.argument("ref")
@click.option("--starts", metavar="TIME", help="Default: as it was (while the work runs only its end can move).")
@click.option("--ends", required=True, metavar="TIME")
@click.option("--message", default="", metavar="TEXT")
def reschedule(state: State, ref: str, starts: str | None, ends: str, message: str) -> None:
    """Move planned work; the old time stays visible."""
    with state.desk() as desk:
        row = next((one for one in desk.maintenances() if one.ref == ref.strip().upper()), None)
        if row is None:
            raise Refused.because([Problem("ref", f"There is no planned or running maintenance {ref}.")])
        begin, end = time_of(starts, "starts_at") or row.starts_at, time_of(ends, "ends_at")
        assert end is not None
        changes = desk.reschedule(ref, starts_at=begin, ends_at=end, message=message)
        _finish(state, desk, changes)


@command(group, "list")
@click.option("--all", "over", is_flag=True, help="Also what is past.")
def list_(state: State, over: bool) -> None:
    """Planned and running work."""
    with state.desk() as desk:
        rows = [plain(one) for one in desk.maintenances(over=over)]
    state.table("maintenances", rows, ("ref", "state", "starts_at", "ends_at", "title"))


@command(group, "show")
@click.argument("ref")
def show(state: State, ref: str) -> None:
    """Everything about one maintenance."""
    with state.desk() as desk:
        maintenance, updates = desk.maintenance(ref)
    lines = [f"{maintenance.ref}  {maintenance.title}", f"{maintenance.state}, {plain(maintenance.starts_at)}"]
    lines += [f"{u.seq}. {plain(u.published_at)} {u.state_after}: {u.body_plain}" for u in updates]
    state.say({"maintenance": plain(maintenance) | {"updates": plain(updates)}}, "\n".join(lines))
