"""What is queued with a verb, in its transaction: one post per account, one publish per target.

The text of a post is fixed here, so that a preview, the post and every retry are the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from statusdesk.channels import registry
from statusdesk.channels.base import Limits
from statusdesk.channels.compose import Composed, compose
from statusdesk.domain import ids
from statusdesk.domain.delivery import Account, Delivery, DeliveryKind, DeliveryState
from statusdesk.domain.incident import Incident, IncidentUpdate
from statusdesk.domain.post import PostWords
from statusdesk.errors import Problem, Refused
from statusdesk.store.writer import Writer

PAGE_FIRST = timedelta(minutes=2)
TURNED_OFF = "The account was turned off."
WAITS_FOR_PAGE = "Waits until the page shows it, at most two minutes."


@dataclass(frozen=True, slots=True)
class Words:
    """An update and what its posts say."""

    incident: Incident
    update: IncidentUpdate
    post: PostWords


def limits_of(account: Account) -> Limits:
    """What the account's network allows, as read at the last check."""
    usual = registry.kind(account.kind).default_limits
    return Limits(
        characters=account.limits.get("characters", usual.characters),
        max_bytes=account.limits.get("max_bytes", usual.max_bytes),
        link_length=account.limits.get("link_length", usual.link_length),
    )


def compose_for(account: Account, words: PostWords, workspace: Path) -> Composed:
    """The post for one account, within its limits; with the workspace's own template where it has one."""
    own = workspace / "templates" / "social"
    return compose(words, limits_of(account), registry.kind(account.kind).count, (own / account.kind, own))


def chosen(accounts: Sequence[Account], wanted: Sequence[str] | None) -> Sequence[Account]:
    """The accounts an update goes to: the enabled ones, or those that are named by id or name."""
    if wanted is None:
        return [one for one in accounts if one.enabled]
    by_key = {key: one for one in accounts for key in (one.id, one.name)}
    missing = [key for key in wanted if key not in by_key]
    if missing:
        raise Refused.because(
            [Problem("accounts", f"There is no account “{missing[0]}”. Choose one that is connected.")]
        )
    off = next((by_key[key].name for key in wanted if not by_key[key].enabled), None)
    if off is not None:
        raise Refused.because([Problem("accounts", f"The account “{off}” is turned off. Turn it on, or leave it out.")])
    return list({by_key[key].id: by_key[key] for key in wanted}.values())


def enqueue_update(
    writer: Writer, words: Words, accounts: Sequence[Account], workspace: Path, *, supersedes: bool
) -> None:
    """Queue an update for every target and these accounts. What waits about the incident is superseded everywhere.

    A drill queues nothing, whatever is asked (invariant 14). A correction does not supersede: it mends what was said.
    """
    incident, update = words.incident, words.update
    if incident.drill:
        return
    if supersedes:
        writer.supersede(incident.id)
    # The page first: a post's link must work when it goes out. It waits for that, but not for ever.
    waits = bool(words.post.link) and bool(writer.targets())
    for account in accounts:
        writer.add_delivery(
            Delivery(
                id=ids.new_id(writer.at),
                kind=DeliveryKind.POST,
                state=DeliveryState.QUEUED,
                destination_id=account.id,
                destination=account.name,
                incident_id=incident.id,
                incident_ref=incident.ref,
                update_id=update.id,
                seq=update.seq,
                text=compose_for(account, words.post, workspace).text,
                words=words.post,
                link=words.post.link,
                language=update.language,
                idempotency_key=ids.new_tid(writer.at),
                created_at=writer.at,
                next_try_at=writer.at + PAGE_FIRST if waits else None,
                event_head=writer.head(),
                note=WAITS_FOR_PAGE if waits else "",
                updated_at=writer.at,
            )
        )
    enqueue_publish(writer, incident=incident, update=update)


def enqueue_publish(writer: Writer, *, incident: Incident | None = None, update: IncidentUpdate | None = None) -> None:
    """Queue the site for every target. Without an update one waiting row per target is enough: it takes the newest."""
    if incident is not None and incident.drill:
        return
    for target in writer.targets():
        if update is None and writer.publish_waits(target.id):
            continue
        writer.add_delivery(
            Delivery(
                id=ids.new_id(writer.at),
                kind=DeliveryKind.PUBLISH,
                state=DeliveryState.QUEUED,
                destination_id=target.id,
                destination=target.name,
                incident_id=incident.id if incident else None,
                incident_ref=incident.ref if incident else None,
                update_id=update.id if update else None,
                seq=update.seq if update else None,
                idempotency_key=ids.new_tid(writer.at),
                created_at=writer.at,
                event_head=writer.head(),
                updated_at=writer.at,
            )
        )
