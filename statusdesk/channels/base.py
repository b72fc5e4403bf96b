"""What every network offers the courier, and how sending can end.

A channel knows its network and nothing else: not the store, not the outbox, not another channel. It never sleeps and
never retries; it says what happened, and the outbox decides. Sending ends in one of four ways: it returns a
`RemotePost`, or raises `TryLater` (nothing arrived), `NeedsPerson` (refused; a person must act) or `MaybeArrived` (the
request went out and no answer came back; ask `find` before anything is sent again). No message holds a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost, SettingField
from statusdesk.domain.post import PostWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a network allows. `characters` 0 means no limit; `link_length` 0 means that links count as they are."""

    characters: int = 0
    max_bytes: int = 0
    link_length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post on its way. `key` is fixed before the first attempt; `first_sent_at` is when that began.

    `last_tried_at` is when it was last sent or looked for; a network that shows posts late is not believed before.
    `text` is what people decided to say: it is never changed. `words` are the facts behind it, for networks that have
    a form of their own (a mail's subject, a card). `root` is the incident's first post on this account: every later
    post replies to it. `mends` is the post whose words this one corrects or takes back, where it is out: a network
    that can change a post changes that one, any other replies to it. `picture` is the incident's card (PNG, 1200 by
    630 pixels), when the built site has one.
    """

    text: str
    link: str
    language: str
    key: str
    created_at: datetime
    words: PostWords | None = None
    first_sent_at: datetime | None = None
    last_tried_at: datetime | None = None
    root: RemotePost | None = None
    mends: RemotePost | None = None
    picture: Path | None = None
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
    """Where a channel keeps what renews itself between runs: the keyring, through whoever made the channel.

    One entry per token: `name` tells them apart, and stands in its kind's `keeps`.
    """

    def load(self, name: str = "session") -> str | None:
        """What was kept, or None."""

    def save(self, value: str, name: str = "session") -> None:
        """Keep it; the empty text forgets it."""


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
        """Ask the network whether the post arrived. None: it did not.

        Raises `TryLater` when the network cannot say now, and `CannotTell` when it never will.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundReply:
    """What somebody answered to a post of ours: plain text, never markup. `url` may be empty."""

    id: str
    author: str
    text: str
    at: datetime
    answers: str
    url: str = ""


class Listener(Protocol):
    """What a channel offers beside posting where its network has replies (F12)."""

    def replies(self, roots: Sequence[RemotePost], since: datetime) -> Sequence[FoundReply]:
        """Replies and mentions of others to these threads of ours that came after a time, oldest first.

        `FoundReply.answers` is the `RemotePost.id` of the thread's root. Raises `TryLater` or `NeedsPerson`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What signing in in the browser gave: the account's secret (may be empty), and what its `keeps` shall hold."""

    secret: str = field(default="", repr=False)
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


class SignsIn(Protocol):
    """How a kind lets a person sign in in the browser."""

    def __call__(
        self, settings: Mapping[str, str], show: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> SignedIn:
        """Block until the person has answered. Raises Refused, EnvironmentFault, SendingError.

        `settings` are the answers to the kind's `sign_in_fields`, secret ones too; `show` gets the address to open;
        `cancelled` is asked while waiting.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """A kind of account: its words, its form, how it counts, and how it is opened.

    `count` counts a text as the network does; `open` makes no request. `keeps` names the entries in the keyring that
    its session uses beside the secret of its form. Where there is a `sign_in`, its `sign_in_fields` are asked for
    instead of the token; those that are `fields`, too, are the account's settings.
    """

    kind: str
    label: str
    icon: str
    fields: Sequence[SettingField]
    default_limits: Limits
    count: Callable[[str, Limits], int]
    open: Callable[[Connection], Channel]
    help: str = ""
    listens: bool = False
    keeps: Sequence[str] = ()
    sign_in: SignsIn | None = None
    sign_in_fields: Sequence[SettingField] = ()

    @property
    def secret(self) -> SettingField | None:
        """The field whose value goes to the keyring."""
        return next((one for one in self.fields if one.secret), None)
