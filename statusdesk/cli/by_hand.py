"""`statusdeskctl delivery`, `handoff`, `reply` and `network`: what a person does when the courier cannot."""

from __future__ import annotations

from typing import Any

import click

from statusdesk.cli.common import State, command, day_of, plain, root, subgroup, time_of
from statusdesk.cli.places import delivery_row, end, publish_now, send_saved
from statusdesk.domain.board import Line
from statusdesk.domain.replies import HandledAs, Reply, ReplyTag
from statusdesk.errors import EnvironmentFault

MOST_IN_CODE = 1200  # bytes; a larger code is wider than a terminal, and none holds more than 2,953

# Deliveries one by one

delivery = subgroup("delivery", "One delivery: try it now, cancel it, or say what became of it.")


def _stands(state: State, id_: str) -> None:
    with state.desk() as desk:
        row = desk.delivery(id_)
    state.say({"delivery": delivery_row(row)}, f"{row.destination}: {row.state}. {row.note or row.error}".strip())


@command(delivery, "posted")
@click.argument("id_", metavar="ID")
@click.option("--url", default="", metavar="URL", help="Where the post is.")
def delivery_posted(state: State, id_: str, url: str) -> None:
    """You posted it by hand, or found it there: it is not sent again."""
    with state.desk() as desk:
        desk.posted_by_hand(id_, url)
    _stands(state, id_)


@command(delivery, "again")
@click.argument("id_", metavar="ID")
def delivery_again(state: State, id_: str) -> None:
    """You looked, and a post in doubt is not there: send it."""
    with state.desk() as desk:
        desk.send_again(id_)
        send_saved(desk)
    _stands(state, id_)


@command(delivery, "retry")
@click.argument("id_", metavar="ID")
def delivery_retry(state: State, id_: str) -> None:
    """Try now what failed or waits; one in doubt is looked for first."""
    with state.desk() as desk:
        desk.retry_delivery(id_)
        send_saved(desk)
    _stands(state, id_)


@command(delivery, "cancel")
@click.argument("id_", metavar="ID")
def delivery_cancel(state: State, id_: str) -> None:
    """Do not send it."""
    with state.desk() as desk:
        desk.cancel_delivery(id_)
    _stands(state, id_)


@command(root, "handoff")
@click.argument("ref", metavar="REF")
@click.option("--qr", is_flag=True, help="Draw each text as a code that a phone reads.")
def handoff(state: State, ref: str, qr: bool) -> None:
    """The posts of an incident that are not out, to post them by hand from a phone."""
    with state.desk() as desk:
        waiting = desk.hand_off(ref)
    lines = []
    for one in waiting:
        where = f" at {one.profile_url}" if one.profile_url else ""
        lines.append(f"{one.destination}{where} ({one.state}):\n\n{one.text}\n")
        if qr and not state.json:
            lines.append(_drawn(one.text))
        lines.append(f"When it is out: statusdeskctl delivery posted {one.delivery_id}\n")
    state.say({"handoff": plain(waiting)}, "\n".join(lines) or f"Every post of {ref} is out.")


def _drawn(text: str) -> str:
    """A QR code of block characters; words instead where a text is too long for one."""
    import io

    import segno

    if len(text.encode()) > MOST_IN_CODE:
        return "The text is too long for a code. Copy it.\n"
    page = io.StringIO()
    segno.make(text, error="l", micro=False, encoding="utf-8").terminal(page, compact=True)
    return page.getvalue()


# The network

network = subgroup("network", "This computer's way to the network.")


@command(network, "check")
def network_check(state: State) -> None:
    """Say whether this computer, this network or one place is at fault when nothing goes out."""
    with state.desk() as desk:
        found, clock_trouble = desk.diagnose(), desk.clock_trouble()
    words = [found.words, *filter(None, [clock_trouble])]
    words += [f"  {'ok' if one.ok else 'NO'} {one.what}: {one.result}" for one in found.lines]
    state.say({"line": found.line, "words": found.words, "clock": clock_trouble or None, "checks": plain(found.lines)},
              "\n".join(words))  # fmt: skip
    if found.line is not Line.ONLINE:
        raise click.exceptions.Exit(EnvironmentFault.exit_code)


@command(network, "show")
def network_show(state: State) -> None:
    """The proxy, the authority and the neutral address of this computer."""
    with state.desk() as desk:
        way = desk.route()
    state.say(
        {"network": plain(way)},
        f"Proxy: {way.proxy or 'as the system says'}\nAuthority: {way.ca_file or 'as the system says'}\n"
        f"Neutral address: {way.neutral}",
    )


@command(network, "set")
@click.option("--proxy", metavar="URL", help="Like http://proxy.example:3128; empty for the system's.")
@click.option("--ca-file", metavar="FILE", help="Certificates to believe beside the system's; empty for none.")
@click.option("--neutral", metavar="URL", help="An address that answers with the word “success”; empty for the usual.")
def network_set(state: State, proxy: str | None, ca_file: str | None, neutral: str | None) -> None:
    """Set this computer's way to the network."""
    with state.desk() as desk:
        way = desk.set_route(proxy=proxy, ca_file=ca_file, neutral=neutral)
    state.say({"network": plain(way)}, "Set. Look whether it works with: statusdeskctl network check")


# Replies

replies = subgroup("reply", "What people answer to our posts. Never public, erased after 90 days.")


def _row(one: Reply) -> dict[str, Any]:
    return {
        "id": one.id,
        "incident": one.incident_ref,
        "at": one.at,
        "author": one.author,
        "text": one.text,
        "url": one.url or None,
        "tag": one.tag,
        "handled_as": one.handled_as,
    }


@command(replies, "read")
def reply_read(state: State) -> None:
    """Ask the networks for new replies."""
    with state.desk() as desk:
        read = desk.read_replies()
    for name, why in read.troubles:
        click.echo(f"{name}: {why}", err=True)
    state.say({"new": read.new, "troubles": [{"account": n, "why": w} for n, w in read.troubles]}, f"{read.new} new.")
    if read.troubles:
        raise click.exceptions.Exit(EnvironmentFault.exit_code)


@command(replies, "list")
@click.option("--incident", "ref", metavar="REF", help="Only those to one incident.")
@click.option("--open", "unhandled", is_flag=True, help="Only those of which nothing was made yet.")
def reply_list(state: State, ref: str | None, unhandled: bool) -> None:
    """Replies, newest first."""
    with state.desk() as desk:
        rows = [_row(one) for one in desk.replies(ref, unhandled=unhandled)]
    state.table("replies", rows, ("incident", "at", "author", "text", "tag", "handled_as"))


@command(replies, "tag")
@click.argument("id_", metavar="ID")
@click.argument("tag", type=click.Choice([str(one) for one in ReplyTag] + ["none"]))
def reply_tag(state: State, id_: str, tag: str) -> None:
    """Say what a reply is."""
    with state.desk() as desk:
        desk.tag_reply(id_, None if tag == "none" else ReplyTag(tag))
    state.say({"id": id_, "tag": None if tag == "none" else tag}, "Tagged.")


@command(replies, "done")
@click.argument("id_", metavar="ID")
@click.option("--nothing", is_flag=True, help="Nothing is to be done; without it: you answered by hand.")
def reply_done(state: State, id_: str, nothing: bool) -> None:
    """You answered by hand, or nothing is to be done."""
    handled = HandledAs.NOTHING if nothing else HandledAs.ANSWERED
    with state.desk() as desk:
        desk.handle_reply(id_, handled)
    state.say({"id": id_, "handled_as": handled}, "Noted.")


@command(replies, "follow-up")
@click.argument("id_", metavar="ID")
def reply_follow_up(state: State, id_: str) -> None:
    """Ask whoever replied whether it works again, before the incident is closed."""
    with state.desk() as desk:
        made = desk.reply_to_follow_up(id_)
    state.say({"id": id_, "handled_as": HandledAs.FOLLOW_UP, "follow_up": made.id}, "They will be asked.")


@command(replies, "callback")
@click.argument("id_", metavar="ID")
@click.option("--phone", required=True, metavar="NUMBER")
@click.option("--name", default="", metavar="NAME", help="Who it is; else the account's name.")
@click.option("--at", "promised_at", metavar="TIME", help="When the call was promised.")
def reply_callback(state: State, id_: str, phone: str, name: str, promised_at: str | None) -> None:
    """We promised to call whoever replied."""
    with state.desk() as desk:
        made = desk.reply_to_call(id_, phone=phone, name=name, promised_at=time_of(promised_at, "at"))
    state.say({"id": id_, "handled_as": HandledAs.CALLBACK, "callback": made.id}, "The call is noted.")


@command(replies, "prevention")
@click.argument("id_", metavar="ID")
@click.option("--text", required=True, metavar="TEXT", help="What you will change, in your own words: it is public.")
@click.option("--due", "due_on", metavar="DATE")
@click.option("--owner", default="", metavar="NAME", help="Who does it. Never public.")
def reply_prevention(state: State, id_: str, text: str, due_on: str | None, owner: str) -> None:
    """A reply becomes a prevention step."""
    with state.desk() as desk:
        desk.reply_to_step(id_, text=text, due_on=day_of(due_on, "due"), owner=owner)
        late = publish_now(desk)
    state.say({"id": id_, "handled_as": HandledAs.PREVENTION}, "The step is on the page.")
    end(late)
