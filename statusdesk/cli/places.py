"""`statusdeskctl account`, `target`, `build`, `deliver`, `deliveries`: where words go."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from statusdesk import clock
from statusdesk.cli.common import NOT_DELIVERED, State, command, pairs_of, plain, read_secret, root, subgroup
from statusdesk.domain.delivery import Account, Delivery, DeliveryKind, DeliveryState, Target
from statusdesk.errors import EnvironmentFault

if TYPE_CHECKING:
    from statusdesk.channels.base import ChannelKind
    from statusdesk.desk import Desk
    from statusdesk.verbs.destinations import Tally

REPLIES_EVERY = timedelta(minutes=5)
GRACE_S = 2.0  # a command waits for what is due this moment, not for retries
DOUBT_S = 25.0  # but “deliver” does wait to learn whether a post in doubt arrived
LONGEST_WAIT_S = 7 * 24 * 3600
LONGEST_NAP_S = 2.0  # another desk may queue something meanwhile


def delivery_row(one: Delivery) -> dict[str, Any]:
    """A delivery as scripts see it."""
    return {
        "id": one.id,
        "kind": one.kind,
        "destination": one.destination,
        "state": one.state,
        "attempts": one.attempts,
        "next_try_at": one.next_try_at,
        "remote_url": one.remote.url if one.remote else None,
        "error": one.error or None,
        "note": one.note or None,
        "reason": one.words.reason if one.words else None,
        "incident": one.incident_ref,
        "update": one.seq,
    }


def run_rounds(desk: Desk, *, timeout_s: float, doubt_s: float = 0.0, stop: threading.Event | None = None) -> Tally:
    """Rounds of the courier until nothing is due within the time; what was sent is counted over all of them."""
    stop = stop or threading.Event()
    start, sent = clock.now(), 0
    while True:
        tally = desk.deliver()
        sent += tally.sent
        due = desk.next_due()
        now = clock.now()
        end = start + timedelta(seconds=max(timeout_s, GRACE_S, doubt_s if tally.unknown else 0.0))
        if due is None or due > end or now > end or stop.is_set():
            break
        stop.wait(max(0.05, min(LONGEST_NAP_S, (due - now).total_seconds())))
    return replace(tally, sent=sent)


def send_saved(desk: Desk) -> None:
    """Send what was just saved. Whatever stops it: it is saved, and whoever reads the answer must learn that."""
    try:
        run_rounds(desk, timeout_s=0)
    except EnvironmentFault as fault:
        click.echo(f"Saved, but not all is sent. {fault.title}. Send the rest with: statusdeskctl deliver", err=True)
    except KeyboardInterrupt:
        click.get_current_context().find_root().ensure_object(State).stopped = True
        click.echo("Saved, but stopped before all was sent. Send the rest with: statusdeskctl deliver", err=True)


def publish_now(desk: Desk) -> list[Delivery]:
    """Bring the page up to the record; returns what did not get there."""
    send_saved(desk)
    return [one for one in desk.undelivered() if one.kind is DeliveryKind.PUBLISH]


def end(late: Sequence[Delivery]) -> None:
    """The end of a command that changed the page: 3 with the reasons when it is saved, but not out everywhere."""
    for one in late:
        why = f": {one.error}" if one.error else "."
        click.echo(f"Saved, but {one.destination} does not show it yet{why}", err=True)
    if late:
        raise click.exceptions.Exit(NOT_DELIVERED)


def _in_reach(_ctx: click.Context, _param: click.Parameter, value: float) -> float:
    """A span of time that a clock can hold; “nan” and “inf” are numbers, too."""
    if not 0 <= value <= LONGEST_WAIT_S:
        raise click.BadParameter(f"{value} is not a number of seconds from 0 to {LONGEST_WAIT_S}.")
    return value


def _watch(desk: Desk, tally: Tally, stop: threading.Event) -> Tally:
    """Rounds until the stop. A fault of this computer is said, and tried again: a watch that ends sends nothing."""
    heard = clock.now()
    while not stop.wait(LONGEST_NAP_S):
        try:
            again = run_rounds(desk, timeout_s=0, stop=stop)
            if clock.now() - heard > REPLIES_EVERY:
                heard = clock.now()
                for name, why in desk.read_replies().troubles:
                    click.echo(f"Replies on {name} could not be read. {why}", err=True)
        except EnvironmentFault as fault:
            click.echo(f"{fault.title}. {fault.message}", err=True)
            continue
        tally = replace(again, sent=tally.sent + again.sent)
    return tally


@command(root, "deliver")
@click.option("--watch", is_flag=True, help="Go on until it is stopped (Ctrl+C or SIGTERM).")
@click.option("--timeout", type=float, default=0.0, callback=_in_reach, metavar="S", help="Wait so long for retries.")
@click.option("--retry-failed", is_flag=True, help="First take up what failed, as when a token was renewed.")
def deliver(state: State, watch: bool, timeout: float, retry_failed: bool) -> None:
    """Send what is due: the site to its targets, posts to their accounts."""
    stop = threading.Event()
    if watch:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stop.set())
    with state.desk() as desk:
        if retry_failed:
            for row in desk.undelivered():
                if row.state is DeliveryState.FAILED:
                    desk.retry_delivery(row.id)
        tally = run_rounds(desk, timeout_s=timeout, doubt_s=DOUBT_S, stop=stop)
        if watch:
            tally = _watch(desk, tally, stop)
    words = f"{tally.sent} sent, {tally.waiting} waiting, {tally.failed} failed, {tally.unknown} unknown."
    state.say(plain(tally), words)
    if not tally.complete:
        raise click.exceptions.Exit(NOT_DELIVERED)


@command(root, "deliveries")
@click.option("--incident", "ref", metavar="REF", help="Only those of one incident.")
def deliveries(state: State, ref: str | None) -> None:
    """What was sent where, and how it stands."""
    with state.desk() as desk:
        rows = [delivery_row(one) for one in desk.deliveries(ref)]
    state.table("deliveries", rows, ("incident", "update", "destination", "state", "attempts", "error"))


@command(root, "build")
@click.option("--full", is_flag=True, help="Render every page, whatever was rendered before.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="DIR", help="Another folder than the workspace's own."
)
def build(state: State, full: bool, output: Path | None) -> None:
    """Render the site."""
    with state.desk() as desk:
        report = desk.build(full=full, output=output)
    state.say(
        {
            "written": report.written,
            "unchanged": report.unchanged,
            "removed": report.removed,
            "bytes": report.bytes,
            "seconds": round(report.seconds, 3),
            "build_id": report.build_id,
        },
        f"{report.written} written, {report.unchanged} unchanged, {report.removed} removed "
        f"in {report.seconds:.2f} s. Build {report.build_id}.",
    )


# Accounts

accounts = subgroup("account", "Social accounts that get every update.")


def _account_row(one: Account) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "handle": one.handle,
        "server": one.base_url or None,
        "enabled": one.enabled,
        "profile_url": one.profile_url or None,
        "checked_at": one.checked_at,
        "trouble": one.trouble or None,
    }


@command(accounts, "add")
@click.argument("kind")
@click.argument("name")
@click.option("--server", metavar="URL", help="The server of the account, like https://mastodon.social.")
@click.option("--handle", metavar="HANDLE", help="The account's handle.")
@click.option("--folder", metavar="DIR", help="For the preview kind: where posts are written.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any other setting.")
@click.option("--secret-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--sign-in", is_flag=True, help="Sign in in the browser instead of giving a token.")
def account_add(
    state: State,
    kind: str,
    name: str,
    server: str | None,
    handle: str | None,
    folder: str | None,
    settings: tuple[str, ...],
    secret_stdin: bool,
    sign_in: bool,
) -> None:
    """Connect an account of a KIND, such as mastodon, bluesky or preview. Its token goes to the key store only.

    What each kind needs stands in docs/accounts.md.
    """
    given = dict(pairs_of(settings, "a setting like key=value", "settings"))
    given |= {k: v for k, v in (("server", server), ("handle", handle), ("folder", folder)) if v is not None}
    with state.desk() as desk:
        known = {one.kind: one for one in desk.channel_kinds()}.get(kind)
        wanted = known.secret if known and not sign_in else None
        secret = read_secret(from_stdin=secret_stdin, label=wanted.label, optional=wanted.optional) if wanted else ""
        if sign_in:
            given |= _secret_answers(known, from_stdin=secret_stdin)
            account, lines = desk.sign_in_account(kind=kind, name=name, settings=given, show=_show)
        else:
            account, lines = desk.connect_account(kind=kind, name=name, settings=given, secret=secret)
        late = publish_now(desk)
    state.say(
        {"account": _account_row(account), "checks": plain(lines)},
        "\n".join([f"Connected {account.name}.", *(f"  {one.what}: {one.result}" for one in lines)]),
    )
    end(late)


def _secret_answers(known: ChannelKind | None, *, from_stdin: bool) -> dict[str, str]:
    """What a person must type, unseen, before they can sign in: the secret of their own app, where there is one."""
    wanted = [field for field in (known.sign_in_fields if known else ()) if field.secret]
    return {one.name: read_secret(from_stdin=from_stdin, label=one.label, optional=one.optional) for one in wanted}


def _show(address: str) -> None:
    click.echo(f"Sign in in the browser. If none opens, open this address:\n{address}", err=True)
    click.launch(address)


@command(accounts, "list")
def account_list(state: State) -> None:
    """Connected accounts."""
    with state.desk() as desk:
        rows = [_account_row(one) for one in desk.accounts()]
    state.table("accounts", rows, ("name", "kind", "handle", "enabled", "trouble"))


@command(accounts, "check")
@click.argument("key", metavar="NAME-or-ID")
def account_check(state: State, key: str) -> None:
    """Look whether posting would work, without posting."""
    with state.desk() as desk:
        lines = desk.check_account(key)
    _say_checks(state, lines)


@command(accounts, "renew")
@click.argument("key", metavar="NAME-or-ID")
@click.option("--secret-stdin", is_flag=True, help="Read the new token from standard input.")
@click.option("--sign-in", is_flag=True, help="Sign in in the browser instead of giving a token.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="What signing in needs beside.")
def account_renew(state: State, key: str, secret_stdin: bool, sign_in: bool, settings: tuple[str, ...]) -> None:
    """Give an account a new token; the old one stays when the network refuses it."""
    given = dict(pairs_of(settings, "a setting like key=value", "settings"))
    with state.desk() as desk:
        if sign_in:
            kind = next((one.kind for one in desk.accounts() if key in (one.id, one.name)), "")
            known = {one.kind: one for one in desk.channel_kinds()}.get(kind)
            given |= _secret_answers(known, from_stdin=secret_stdin)
            account, lines = desk.sign_in_again(key, settings=given, show=_show)
        else:
            account, lines = desk.renew_account(key, secret=read_secret(from_stdin=secret_stdin, label="New token"))
    state.say({"account": _account_row(account), "checks": plain(lines)}, f"{account.name} has its new token.")


@command(accounts, "remove")
@click.argument("key", metavar="NAME-or-ID")
def account_remove(state: State, key: str) -> None:
    """Disconnect an account; its token leaves the key store."""
    with state.desk() as desk:
        desk.remove_account(key)
        late = publish_now(desk)
    state.say({"removed": key}, f"Removed {key}.")
    end(late)


# Targets

targets = subgroup("target", "Places the site is published to.")


def _target_row(one: Target) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "location": one.location,
        "public_url": one.public_url or None,
        "checked_at": one.checked_at,
        "trouble": one.trouble or None,
    }


@command(targets, "add")
@click.argument("kind")
@click.argument("name")
@click.option("--location", "--path", "--folder", default="", metavar="PLACE", help="Folder, bucket or address.")
@click.option("--public-url", default="", metavar="URL", help="Where readers find it.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any other setting.")
@click.option("--secret-stdin", is_flag=True, help="Read the password from standard input.")
def target_add(
    state: State,
    kind: str,
    name: str,
    location: str,
    public_url: str,
    settings: tuple[str, ...],
    secret_stdin: bool,
) -> None:
    """Add a target of a KIND (folder, sftp, s3, webdav, ftps, rsync). Its secret goes to the key store only."""
    given = dict(pairs_of(settings, "a setting like key=value", "settings"))
    with state.desk() as desk:
        known = {one.kind: one for one in desk.target_kinds()}.get(kind)
        wanted = known.secret if known else None
        secret = read_secret(from_stdin=secret_stdin, label=wanted.label, optional=wanted.optional) if wanted else ""
        target, lines = desk.add_target(
            kind=kind, name=name, location=location, settings=given, secret=secret, public_url=public_url
        )
        late = publish_now(desk)
    state.say({"target": _target_row(target), "checks": plain(lines)}, f"Added {target.name}.")
    end(late)


@command(targets, "list")
def target_list(state: State) -> None:
    """Where the site goes."""
    with state.desk() as desk:
        rows = [_target_row(one) for one in desk.targets()]
    state.table("targets", rows, ("name", "kind", "location", "public_url", "trouble"))


@command(targets, "check")
@click.argument("key", metavar="NAME-or-ID")
def target_check(state: State, key: str) -> None:
    """Look whether publishing would work, without changing what readers see."""
    with state.desk() as desk:
        lines = desk.check_target(key)
    _say_checks(state, lines)


@command(targets, "renew")
@click.argument("key", metavar="NAME-or-ID")
@click.option("--secret-stdin", is_flag=True, help="Read the new password from standard input.")
def target_renew(state: State, key: str, secret_stdin: bool) -> None:
    """Give a target a new password or token; the old one stays when the host refuses it."""
    with state.desk() as desk:
        secret = read_secret(from_stdin=secret_stdin, label="New password")
        target, lines = desk.renew_target(key, secret=secret)
    state.say({"target": _target_row(target), "checks": plain(lines)}, f"{target.name} has its new password.")


@command(targets, "remove")
@click.argument("key", metavar="NAME-or-ID")
def target_remove(state: State, key: str) -> None:
    """Publish there no more; what lies there stays."""
    with state.desk() as desk:
        desk.remove_target(key)
    state.say({"removed": key}, f"Removed {key}.")


def _say_checks(state: State, lines: tuple[Any, ...]) -> None:
    well = not any(one.ok is False for one in lines)
    words = [f"{'ok' if one.ok else '--' if one.ok is None else 'NO'} {one.what}: {one.result}" for one in lines]
    state.say({"ok": well, "checks": plain(lines)}, "\n".join(words))
    if not well:
        raise click.exceptions.Exit(EnvironmentFault.exit_code)
