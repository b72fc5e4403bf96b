"""`statusdeskctl incident`: everything a lead says about an incident."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from statusdesk.cli.common import (
    NOT_DELIVERED,
    State,
    command,
    day_of,
    pairs_of,
    plain,
    subgroup,
    time_of,
)
from statusdesk.cli.places import delivery_row, end, publish_now, send_saved
from statusdesk.domain import times
from statusdesk.domain.audit import Changes
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import CauseDraft, EtaDraft, IncidentDraft, StepDraft, UpdateDraft
from statusdesk.domain.incident import CauseCategory, Certainty, Impact, IncidentState
from statusdesk.errors import Problem, Refused

if TYPE_CHECKING:
    from statusdesk.desk import Desk

group = subgroup("incident", "Post, update, resolve and look at incidents.")
F = TypeVar("F", bound=Callable[..., Any])

MOST = 1_000_000
_STEP_OPTIONS = {"--prevention": "text", "--prevention-due": "due", "--owner": "owner"}


class WithSteps(click.Command):
    """A command whose --prevention-due and --owner belong to the --prevention before them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note the order of the prevention options, then parse as usual."""
        flags = {name for one in self.params if isinstance(one, click.Option) and one.is_flag for name in one.opts}
        steps: list[dict[str, str]] = []
        rest = iter(args)
        for token in rest:
            if token == "--":  # noqa: S105  an end of options, not a secret
                break
            name, sign, value = token.partition("=")
            if not name.startswith("--") or name in flags:
                continue
            value = value if sign else next(rest, "")
            part = _STEP_OPTIONS.get(name)
            if part == "text":
                steps.append({"text": value})
            elif part is not None:
                if not steps:
                    raise click.UsageError(f"{name} belongs after a --prevention.", ctx)
                steps[-1][part] = value
        ctx.meta["statusdesk.steps"] = steps
        return super().parse_args(ctx, args)


def _steps() -> tuple[StepDraft, ...]:
    noted: Sequence[dict[str, str]] = click.get_current_context().meta.get("statusdesk.steps", ())
    return tuple(
        StepDraft(text=one["text"], due_on=day_of(one.get("due"), "prevention"), owner=one.get("owner", ""))
        for one in noted
    )


def words_options(function: F) -> F:
    """The options that say something about an incident; open, update, resolve and reopen share them."""
    options = [
        click.option("--message", metavar="TEXT", default="", help="What customers should know, as Markdown."),
        click.option("--impact", type=click.Choice([one.value for one in Impact])),
        click.option("--component", "components", multiple=True, metavar="NAME=STATUS", help="Repeat for each."),
        click.option("--state", "to_state", type=click.Choice([one.value for one in IncidentState])),
        click.option("--cause", metavar="TEXT"),
        click.option("--certainty", type=click.Choice([one.value for one in Certainty])),
        click.option("--cause-category", type=click.Choice([one.value for one in CauseCategory])),
        click.option("--our-action", metavar="TEXT", help="What you do about it, when a supplier is the cause."),
        click.option("--eta", metavar="TIME|unknown", help="When it will work again, or “unknown”."),
        click.option("--next-update", metavar="TIME", help="When you speak again. Default: by impact."),
        click.option("--prevention", multiple=True, metavar="TEXT", help="What you change. Repeat for each step."),
        click.option("--prevention-due", multiple=True, metavar="DATE", help="For the step before it."),
        click.option("--owner", multiple=True, metavar="NAME", help="For the step before it; never public."),
        click.option("--affected", metavar="TEXT", help="Who is affected."),
        click.option("--workaround", metavar="TEXT", help="What customers can do instead."),
        click.option("--got-wrong", metavar="TEXT", help="What you got wrong."),
        click.option("--author", metavar="NAME", default="", help="Signs the update."),
        click.option("--account", "accounts", multiple=True, metavar="ID", help="Only these accounts."),
        click.option("--no-accounts", is_flag=True, help="The page only."),
        click.option("--override", "overrides", multiple=True, metavar="RULE=REASON"),
        click.option("--move-promise", is_flag=True, help="Only the next-update time moves; counts as moved."),
        click.option("--no-deliver", is_flag=True, help="Only save; “deliver” sends it."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@dataclass(frozen=True)
class Said:
    """The words options as given."""

    message: str
    impact: str | None
    components: tuple[str, ...]
    to_state: str | None
    cause: str | None
    certainty: str | None
    cause_category: str | None
    our_action: str | None
    eta: str | None
    next_update: str | None
    prevention: tuple[str, ...]
    prevention_due: tuple[str, ...]
    owner: tuple[str, ...]
    affected: str | None
    workaround: str | None
    got_wrong: str | None
    author: str
    accounts: tuple[str, ...]
    no_accounts: bool
    overrides: tuple[str, ...]
    move_promise: bool
    no_deliver: bool

    def draft_fields(self, desk: Desk) -> dict[str, Any]:
        """What they mean, as the fields of a draft."""
        if self.no_accounts and self.accounts:
            raise Refused.because([Problem("accounts", "Use --account or --no-accounts, not both.")])
        wanted = () if self.no_accounts else (self.accounts or None)
        return {
            "message": self.message,
            "impact": Impact(self.impact) if self.impact else None,
            "components": _statuses(desk, self.components),
            "state": IncidentState(self.to_state) if self.to_state else None,
            "cause": self._cause(),
            "eta": self._eta(),
            "next_update": time_of(self.next_update, "next_update"),
            "prevention": _steps(),
            "who_affected": self.affected,
            "workaround": self.workaround,
            "got_wrong": self.got_wrong,
            "author": self.author,
            "accounts": wanted,
            "overrides": pairs_of(self.overrides, "a rule with its reason, like SL601=our public address", "overrides"),
            "moves_promise": self.move_promise,
        }

    def _cause(self) -> CauseDraft | None:
        if self.cause is None and self.certainty is None and self.cause_category is None:
            if self.our_action is not None:
                raise Refused.because([Problem("our_action", "What you do stands beside the cause. Add --cause, too.")])
            return None
        usual = Certainty.SUSPECTED if self.cause else Certainty.UNKNOWN
        return CauseDraft(
            text=self.cause or "",
            certainty=Certainty(self.certainty) if self.certainty else usual,
            category=CauseCategory(self.cause_category) if self.cause_category else CauseCategory.UNKNOWN,
            our_action=self.our_action or "",
        )

    def _eta(self) -> EtaDraft | None:
        if self.eta is None:
            return None
        return EtaDraft(None) if self.eta.strip().lower() == "unknown" else EtaDraft(time_of(self.eta, "eta"))


def _statuses(desk: Desk, given: Sequence[str]) -> tuple[tuple[str, ComponentStatus], ...]:
    made = []
    for name, word in pairs_of(given, "a component with its status, like Tills=partial_outage", "components"):
        try:
            status = ComponentStatus(word.lower().replace("-", "_"))
        except ValueError:
            known = ", ".join(one.value for one in ComponentStatus)
            raise Refused.because(
                [Problem("components", f"“{word[:40]}” is no status. Use one of: {known}.")]
            ) from None
        made.append((desk.find_component(name).id, status))
    return tuple(made)


def _finish(state: State, desk: Desk, changes: Changes, *, deliver: bool) -> None:
    """Say what was saved, deliver, and end with 3 when some of it is not out."""
    if deliver:
        send_saved(desk)
    view = desk.incident(changes.ref)
    mine = [one for one in view.deliveries if one.seq == changes.seq]
    url = _address(desk, changes.ref)
    state.say(
        {
            "ref": changes.ref,
            "url": url,
            "update": changes.seq,
            "findings": [],
            "deliveries": [delivery_row(one) for one in mine],
        },
        _told(changes, mine, url),
    )
    if deliver and any(one.state.undelivered for one in mine):
        raise click.exceptions.Exit(NOT_DELIVERED)


def _address(desk: Desk, ref: str) -> str | None:
    """Where readers find an incident, once the page is online."""
    base = desk.board().page.base_url
    return f"{base}/incidents/{ref}/" if base else None


def _told(changes: Changes, deliveries: Sequence[Any], url: str | None) -> str:
    lines = [changes.ref + (f"  {url}" if url else "")]
    lines += [f"  {one.destination}: {one.state}" + (f" - {one.error}" if one.error else "") for one in deliveries]
    return "\n".join(lines)


@command(group, "open", cls=WithSteps)
@click.option("--title", metavar="TEXT", default="", help="What does not work, in a few words.")
@click.option("--started-at", metavar="TIME", help="When it began. Default: now.")
@click.option("--recurrence-of", metavar="REF", help="The earlier incident with the same cause.")
@click.option("--drill", is_flag=True, help="Practice: nothing is published or posted.")
@words_options
def open_(
    state: State, title: str, started_at: str | None, recurrence_of: str | None, drill: bool, **said: Any
) -> None:
    """Post a new incident. Prints its reference."""
    words = Said(**said)
    with state.desk() as desk:
        draft = IncidentDraft(
            **words.draft_fields(desk),
            title=title,
            started_at=time_of(started_at, "started_at"),
            drill=drill,
            recurrence_of=recurrence_of,
        )
        _finish(state, desk, desk.open_incident(draft), deliver=not words.no_deliver)


@command(group, "update", cls=WithSteps)
@click.argument("ref")
@words_options
def update(state: State, ref: str, **said: Any) -> None:
    """Post an update."""
    words = Said(**said)
    with state.desk() as desk:
        changes = desk.post_update(ref, UpdateDraft(**words.draft_fields(desk)))
        _finish(state, desk, changes, deliver=not words.no_deliver)


@command(group, "resolve", cls=WithSteps)
@click.argument("ref")
@words_options
def resolve(state: State, ref: str, **said: Any) -> None:
    """Post that it works again. All components of the incident are operational in the same save."""
    words = Said(**said)
    with state.desk() as desk:
        changes = desk.resolve(ref, UpdateDraft(**words.draft_fields(desk)))
        _finish(state, desk, changes, deliver=not words.no_deliver)


@command(group, "reopen", cls=WithSteps)
@click.argument("ref")
@words_options
def reopen(state: State, ref: str, **said: Any) -> None:
    """It is still broken: back to investigating, with a new promise."""
    words = Said(**said)
    with state.desk() as desk:
        changes = desk.reopen(ref, UpdateDraft(**words.draft_fields(desk)))
        _finish(state, desk, changes, deliver=not words.no_deliver)


@command(group, "correct")
@click.argument("ref")
@click.argument("seq", type=int)
@click.option("--message", metavar="TEXT", required=True, help="What is right.")
@click.option("--no-deliver", is_flag=True, help="Only save; “deliver” sends it.")
def correct(state: State, ref: str, seq: int, message: str, no_deliver: bool) -> None:
    """Say that update SEQ was wrong; its old text stays, struck out."""
    with state.desk() as desk:
        _finish(state, desk, desk.correct(ref, seq, message), deliver=not no_deliver)


@command(group, "retract")
@click.argument("ref")
@click.argument("seq", type=int)
@click.option("--reason", metavar="TEXT", required=True, help="Why the text is taken back; public.")
@click.option("--no-deliver", is_flag=True, help="Only save; “deliver” sends it.")
def retract(state: State, ref: str, seq: int, reason: str, no_deliver: bool) -> None:
    """Take the text of update SEQ off the page; the reason stands in its place."""
    with state.desk() as desk:
        _finish(state, desk, desk.retract(ref, seq, reason), deliver=not no_deliver)


@command(group, "close")
@click.argument("ref")
@click.option("--reason", metavar="TEXT", default="", help="Needed while people have not answered; internal.")
def close(state: State, ref: str, reason: str) -> None:
    """Close a resolved incident."""
    with state.desk() as desk:
        changes = desk.close(ref, reason)
        late = publish_now(desk)
        url = _address(desk, changes.ref)
    document = {"ref": changes.ref, "url": url, "deliveries": [delivery_row(one) for one in late]}
    state.say(document, _told(changes, late, url))
    end(late)


@command(group, "show")
@click.argument("ref")
def show(state: State, ref: str) -> None:
    """Everything about one incident."""
    with state.desk() as desk:
        view = desk.incident(ref)
        names = {one.id: one.name for one in view.components}
    one = view.incident
    document = plain(one) | {
        "components": [plain(e) | {"name": names.get(e.component_id, "")} for e in view.entries],
        "updates": plain(view.updates),
        "causes": plain(view.causes),
        "etas": plain(view.etas),
        "promises": plain(view.promises),
        "prevention": plain(view.steps),
        "deliveries": [delivery_row(d) for d in view.deliveries],
    }
    lines = [f"{one.ref}  {one.title}", f"{one.state}, {one.impact}, since {plain(one.started_at)}", ""]
    lines += [f"{u.seq}. {plain(u.published_at)} {u.state_after}: {u.body_plain}" for u in view.updates]
    state.say({"incident": document}, "\n".join(lines))


def _since(text: str, zone: ZoneInfo) -> datetime:
    """A day begins at midnight of the page's own zone."""
    if "T" in text:
        return time_of(text, "since")
    return times.start_of_day(day_of(text, "since"), zone)


@command(group, "list")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not resolved.")
@click.option("--since", metavar="DATE", help="Only those that began on or after this day or time.")
@click.option("--limit", type=click.IntRange(1, MOST), default=MOST, show_default=False, help="At most so many.")
def list_(state: State, open_only: bool, since: str | None, limit: int) -> None:
    """Incidents, newest first."""
    with state.desk() as desk:
        from_time = _since(since, desk.board().page.zone) if since else None
        rows = desk.incidents(open_only=open_only, since=from_time, limit=limit)
    state.table("incidents", [plain(one) for one in rows], ("ref", "state", "impact", "started_at", "title"))
