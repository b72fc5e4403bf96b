"""What every network offers the courier, and the four ways in which sending can end.

A channel knows its network and nothing else: not the store, not the outbox, not another channel. It never sleeps and
never retries; it says what happened, and the outbox decides. Sending ends in one of four ways: it returns a
`RemotePost`, or raises `TryLater` (nothing arrived), `NeedsPerson` (refused; a person must act) or `MaybeArrived` (the
request went out and no answer came back; ask `find` before anything is sent again). No message holds a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0


class SendingError(Exception):
    """Base of the three ways in which sending does not succeed. `code` is short and stable, `message` is for people."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class TryLater(SendingError):
    """Nothing arrived, and it may work later: no connection, 429, 5xx before the request was taken."""

    def __init__(self, message: str, *, code: str = "", after_s: float | None = None) -> None:
        super().__init__(message, code=code)
        self.after_s = after_s


class NeedsPerson(SendingError):
    """The network refused, and asking again will not help: the login, the text, the account."""


class MaybeArrived(SendingError):
    """The request went out and was cut off: it may have arrived. Only `find` may tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a network allows. `characters` 0 means no limit; `link_length` 0 means that links count as they are."""

    characters: int = 0
    max_bytes: int = 0
    link_length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post on its way. `key` is fixed before the first attempt; `first_sent_at` is when that began.

    `root` is the incident's first post on this account: every later post replies to it.
    """

    text: str
    link: str
    language: str
    key: str
    created_at: datetime
    first_sent_at: datetime | None = None
    root: RemotePost | None = None
    incident_ref: str = ""
    seq: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a connection check found, without posting anything. `lines` is for people, the rest is kept."""

    ok: bool
    handle: str = ""
    profile_url: str = ""
    limits: Limits = field(default_factory=Limits)
    lines: Sequence[CheckLine] = ()


class SessionKeeper(Protocol):
    """Where a channel keeps a refreshable login between runs: the keyring, through whoever made the channel."""

    def load(self) -> str | None:
        """The kept login, or None."""

    def save(self, value: str) -> None:
        """Keep a login; the empty text forgets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """All a channel gets to know: its account's settings, its token, and the limits read at the last check."""

    handle: str
    base_url: str
    settings: Mapping[str, str]
    limits: Limits
    secret: str = field(repr=False)
    keeper: SessionKeeper | None = None


class Channel(Protocol):
    """A network, opened for one account."""

    def check(self) -> Checked:
        """Look whether posting would work, without posting. Never raises for what a network can do."""

    def send(self, post: Post) -> RemotePost:
        """Post it, as a reply to `post.root` where there is one. Raises a `SendingError`."""

    def find(self, post: Post) -> RemotePost | None:
        """Ask the network whether the post arrived. None: it did not. Raises `TryLater` when the network cannot say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One field of the form that connects an account or a target. `secret` ones go to the keyring."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """A kind of account: its words, its form, how it counts, and how it is opened.

    `count` counts a text as the network does; `open` makes no request.
    """

    kind: str
    label: str
    icon: str
    fields: Sequence[SettingField]
    default_limits: Limits
    count: Callable[[str, Limits], int]
    open: Callable[[Connection], Channel]
    help: str = ""
