"""Where words go and whether they arrived: accounts, targets, and one delivery per word and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from statusdesk.domain.post import PostWords


class DeliveryKind(StrEnum):
    """A post to an account, or the site to a target."""

    POST = "post"
    PUBLISH = "publish"


class DeliveryState(StrEnum):
    """The states of product.md. `unknown` is a state of its own: it may have arrived, and nobody sends it twice."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    VERIFIED = "verified"
    RETRY_WAIT = "retry_wait"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"

    @property
    def arrived(self) -> bool:
        """Whether the word is out."""
        return self in (DeliveryState.SENT, DeliveryState.VERIFIED)

    @property
    def waits(self) -> bool:
        """Whether the courier will come back to it by itself."""
        return self in (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY_WAIT)

    @property
    def maybe_out(self) -> bool:
        """Whether readers may have it before them: it arrived, is on its way, or nobody knows."""
        return self.arrived or self in (DeliveryState.SENDING, DeliveryState.UNKNOWN)

    @property
    def undelivered(self) -> bool:
        """Whether somebody expects it to arrive and it has not."""
        return self.waits or self in (DeliveryState.FAILED, DeliveryState.UNKNOWN)


_D = DeliveryState
_STEPS: dict[DeliveryState, frozenset[DeliveryState]] = {
    # Sent without sending: a person posted it by hand. Waiting for that person is no trial of ours either.
    _D.QUEUED: frozenset({_D.SENDING, _D.SENT, _D.RETRY_WAIT, _D.SUPERSEDED, _D.CANCELLED}),
    # Superseded or cancelled from sending: before anything went out, it turned out that newer words exist, or that the
    # account or target is gone.
    _D.SENDING: frozenset({_D.SENT, _D.RETRY_WAIT, _D.UNKNOWN, _D.FAILED, _D.SUPERSEDED, _D.CANCELLED}),
    _D.RETRY_WAIT: frozenset({_D.QUEUED, _D.SENDING, _D.SENT, _D.SUPERSEDED, _D.CANCELLED}),
    _D.UNKNOWN: frozenset({_D.SENT, _D.QUEUED, _D.SENDING, _D.CANCELLED}),
    # Sending from failed: the site only, when a newer publish carries what an older one could not.
    _D.FAILED: frozenset({_D.QUEUED, _D.SENDING, _D.SENT, _D.SUPERSEDED, _D.CANCELLED}),
    _D.SENT: frozenset({_D.VERIFIED}),
    _D.VERIFIED: frozenset(),
    _D.SUPERSEDED: frozenset(),
    _D.CANCELLED: frozenset(),
}


def may_become(state: DeliveryState, to: DeliveryState) -> bool:
    """Whether a delivery may go from one state to another."""
    return to in _STEPS[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One field of the form that connects an account or a target. A `secret` one goes to the keyring."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A social account. Its token lies in the keyring under the account's id, never here."""

    id: str
    kind: str
    name: str
    handle: str = ""
    base_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    profile_url: str = ""
    enabled: bool = True
    created_at: datetime
    checked_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A place the site is published to. Its credential lies in the keyring under the target's id, never here."""

    id: str
    kind: str
    name: str
    location: str
    settings: Mapping[str, str] = field(default_factory=dict)
    public_url: str = ""
    created_at: datetime
    checked_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePost:
    """A post as its network knows it: enough to link to it and to reply to it."""

    id: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One word on its way to one place.

    `event_head` is how much of the record it carries (for the site), `words` the public facts behind a post's text.
    `remote` is the post as its network knows it; of a publish, the build and the address it was read back from.
    `note` says what a person should know although it is out: that it was posted by hand, or before the page was seen.
    """

    id: str
    kind: DeliveryKind
    state: DeliveryState
    destination_id: str
    destination: str
    incident_id: str | None = None
    incident_ref: str | None = None
    update_id: str | None = None
    seq: int | None = None
    text: str = ""
    words: PostWords | None = None
    link: str = ""
    language: str = "en"
    idempotency_key: str = ""
    attempts: int = 0
    created_at: datetime
    next_try_at: datetime | None = None
    first_sent_at: datetime | None = None
    lease_until: datetime | None = None
    lease_owner: str = ""
    remote: RemotePost | None = None
    event_head: int = 0
    error_code: str = ""
    error: str = ""
    note: str = ""
    updated_at: datetime
