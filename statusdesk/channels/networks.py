"""The social networks: where followers see posts."""

from __future__ import annotations

from statusdesk.channels import counts
from statusdesk.channels.base import ChannelKind, Limits, Mends
from statusdesk.channels.opening import opened_by, signed_in_by
from statusdesk.domain.delivery import SettingField

_SERVER = SettingField(name="server", label="Server", hint="https://social.example")
_X_FIELDS = (
    SettingField(
        name="client_id",
        label="Client ID",
        hint="In X's developer portal: your app, Keys and tokens, OAuth 2.0 Client ID.",
    ),
    SettingField(
        name="client_secret",
        label="Client secret",
        hint="Only when your app's type is a web app or an automated app.",
        secret=True,
        optional=True,
    ),
    SettingField(name="server", label="Server", hint="Only when it is not https://api.x.com", optional=True),
)

NETWORKS = (
    ChannelKind(
        kind="mastodon",
        label="Mastodon",
        icon="bubble",
        fields=(
            _SERVER,
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
        open=opened_by("mastodon"),
        mends=Mends.EDIT,
        listens=True,
        sign_in=signed_in_by("mastodon"),
        sign_in_fields=(_SERVER,),
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
        open=opened_by("bluesky"),
        listens=True,
        keeps=("session",),
        help="Posts to Bluesky and to other servers of the AT Protocol.",
    ),
    ChannelKind(
        kind="x",
        label="X",
        icon="speak",
        fields=_X_FIELDS,
        default_limits=Limits(characters=280, link_length=23),
        count=counts.x,
        open=opened_by("x"),
        keeps=("access", "refresh"),
        sign_in=signed_in_by("x"),
        sign_in_fields=_X_FIELDS,
        help="Posts to X. You need an app in X's developer portal with the callback address "
        "http://127.0.0.1:47823/callback; then sign in here. X may charge for each post.",
    ),
)
