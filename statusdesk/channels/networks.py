"""The social networks: where followers see posts."""

from __future__ import annotations

from statusdesk.channels import counts
from statusdesk.channels.base import ChannelKind, Limits
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
    ChannelKind(
        kind="linkedin",
        label="LinkedIn page",
        icon="people",
        fields=(
            SettingField(
                name="organization", label="Page number", hint="The number in linkedin.com/company/12345678/admin."
            ),
            SettingField(
                name="token",
                label="Access token",
                hint="Sign in in the browser, or make one with LinkedIn's token generator. It holds for 60 days.",
                secret=True,
            ),
            SettingField(
                name="api_version", label="API version", hint="Only when LinkedIn asks for a newer one", optional=True
            ),
            SettingField(
                name="server", label="Server", hint="Only when it is not https://api.linkedin.com", optional=True
            ),
        ),
        default_limits=Limits(characters=3000),
        count=counts.linkedin,
        open=opened_by("linkedin"),
        keeps=("until",),
        sign_in=signed_in_by("linkedin"),
        sign_in_fields=(
            SettingField(name="client_id", label="Client ID", hint="On LinkedIn: your app, Auth."),
            SettingField(name="client_secret", label="Client secret", hint="On LinkedIn: your app, Auth.", secret=True),
            SettingField(
                name="server", label="Server", hint="Only when it is not https://www.linkedin.com", optional=True
            ),
        ),
        help="Posts to a company's page that you administer. You need an app on LinkedIn with the Community Management "
        "API and the redirect address http://127.0.0.1:47823/callback.",
    ),
    ChannelKind(
        kind="facebook",
        label="Facebook page",
        icon="globe",
        fields=(
            SettingField(name="page", label="Page ID", hint="On the page: About, Page transparency."),
            SettingField(
                name="token",
                label="Page access token",
                hint="From Meta's Graph API Explorer, for the page, with pages_manage_posts and pages_read_engagement.",
                secret=True,
            ),
            SettingField(
                name="server", label="Server", hint="Only when it is not https://graph.facebook.com", optional=True
            ),
        ),
        default_limits=Limits(characters=63_206),
        count=counts.utf16,
        open=opened_by("facebook"),
        help="Posts to a page that you manage. Facebook's sign-in cannot come back to this computer, so the token is "
        "pasted here.",
    ),
    ChannelKind(
        kind="threads",
        label="Threads",
        icon="bubble",
        fields=(
            SettingField(
                name="token",
                label="Access token",
                hint="From Meta's developer pages: your app, Threads, User token generator, with threads_basic, "
                "threads_content_publish, threads_manage_replies and threads_read_replies.",
                secret=True,
            ),
            SettingField(
                name="server", label="Server", hint="Only when it is not https://graph.threads.net", optional=True
            ),
        ),
        default_limits=Limits(characters=500),
        count=counts.threads,
        open=opened_by("threads"),
        keeps=("access", "container"),
        help="Posts to a Threads profile. Its sign-in cannot come back to this computer, so the token is pasted here; "
        "it is renewed as long as StatusDesk uses it every 60 days.",
    ),
)
