"""The kinds of accounts that StatusDesk can post to, by name.

Of a form, the field `server` fills a `Connection`'s `base_url`, `handle` its handle, the secret one its `secret`, and
every other one its `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from statusdesk.channels import counts
from statusdesk.channels.base import Channel, ChannelKind, Connection, Limits, SettingField
from statusdesk.errors import Refused


# Each kind is loaded when an account of it is opened: the HTTP library alone takes longer than the window may.
def _mastodon(connection: Connection) -> Channel:
    from statusdesk.channels.mastodon import open_mastodon  # noqa: PLC0415

    return open_mastodon(connection)


def _bluesky(connection: Connection) -> Channel:
    from statusdesk.channels.bluesky import open_bluesky  # noqa: PLC0415

    return open_bluesky(connection)


def _preview(connection: Connection) -> Channel:
    from statusdesk.channels.preview import open_preview  # noqa: PLC0415

    return open_preview(connection)


_KINDS = (
    ChannelKind(
        kind="mastodon",
        label="Mastodon",
        icon="bubble",
        fields=(
            SettingField(name="server", label="Server", hint="https://social.example"),
            SettingField(
                name="token",
                label="Access token",
                hint="On your server: Preferences, Development, New application; tick read and write:statuses, then "
                "copy “Your access token”.",
                secret=True,
            ),
        ),
        default_limits=Limits(characters=500, link_length=23),
        count=counts.mastodon,
        open=_mastodon,
        help="Posts to Mastodon and to servers that speak its language, such as GoToSocial.",
    ),
    ChannelKind(
        kind="bluesky",
        label="Bluesky",
        icon="cloud",
        fields=(
            SettingField(name="handle", label="Handle", hint="northlake.bsky.social"),
            SettingField(
                name="app_password",
                label="App password",
                hint="In Bluesky: Settings, Privacy and security, App passwords. Not your own password.",
                secret=True,
            ),
            SettingField(name="server", label="Server", hint="Only when it is not https://bsky.social", optional=True),
        ),
        default_limits=Limits(characters=300, max_bytes=3000),
        count=counts.bluesky,
        open=_bluesky,
        help="Posts to Bluesky and to other servers of the AT Protocol.",
    ),
    ChannelKind(
        kind="preview",
        label="Preview folder",
        icon="page",
        fields=(SettingField(name="folder", label="Folder", hint="Posts are written there, for you alone."),),
        default_limits=Limits(characters=500),
        count=counts.characters,
        open=_preview,
        help="Shows what would be posted, to nobody: good for a first look.",
    ),
)
KINDS: Mapping[str, ChannelKind] = MappingProxyType({kind.kind: kind for kind in _KINDS})


def kind(name: str) -> ChannelKind:
    """The kind of that name. Raises Refused, naming the known ones."""
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise Refused(f"“{name[:40]}” is no kind of account. Known kinds: {known}.", field="kind") from None
