"""Services that carry a message to people who asked for it: chats, mail, push, other programs."""

from __future__ import annotations

from statusdesk.channels import counts
from statusdesk.channels.base import ChannelKind, Limits, Mends
from statusdesk.channels.opening import opened_by
from statusdesk.domain.delivery import SettingField

SERVICES = (
    ChannelKind(
        kind="webhook",
        label="Webhook",
        icon="link-out",
        fields=(
            SettingField(
                name="address",
                label="Address",
                hint="https://example.org/hooks/status. It is kept with the settings: no password belongs into it.",
            ),
            SettingField(
                name="secret",
                label="Signing secret",
                hint="whsec_ and 24 to 64 bytes in base64, the same as at the receiver.",
                secret=True,
            ),
        ),
        default_limits=Limits(),
        count=counts.characters,
        open=opened_by("webhook"),
        help="Sends a signed message to a program of yours, as Standard Webhooks describes it.",
    ),
    ChannelKind(
        kind="telegram",
        label="Telegram",
        icon="plane",
        fields=(
            SettingField(
                name="chat",
                label="Channel or group",
                hint="@northlake, or the number of a private one, like -1001234567890. The bot must be in it; in a "
                "channel it must be an administrator who may post messages.",
            ),
            SettingField(
                name="token",
                label="Bot token",
                hint="In Telegram write /newbot to @BotFather: the answer holds a token like 123456789:AA….",
                secret=True,
            ),
            SettingField(name="server", label="Server", hint="Only for a Bot API server of your own", optional=True),
        ),
        default_limits=Limits(characters=4096),
        count=counts.utf16,
        open=opened_by("telegram"),
        help="Posts to a Telegram channel or group through a bot. A correction changes the message.",
        mends=Mends.EDIT,
    ),
    ChannelKind(
        kind="discord",
        label="Discord",
        icon="bubble",
        fields=(
            SettingField(
                name="address",
                label="Webhook address",
                hint="In Discord: the channel's settings, Integrations, Webhooks, New webhook, Copy webhook URL.",
                secret=True,
            ),
        ),
        default_limits=Limits(characters=2000),
        count=counts.discord,
        open=opened_by("discord"),
        help="Posts into a channel of Discord. A correction changes the message.",
        mends=Mends.EDIT,
    ),
    ChannelKind(
        kind="slack",
        label="Slack",
        icon="bubble",
        fields=(
            SettingField(
                name="channel",
                label="Channel ID",
                hint="C0123456789: at the end of the channel's details. Leave it empty for a webhook.",
                optional=True,
            ),
            SettingField(
                name="token",
                label="Bot token or webhook address",
                hint="At api.slack.com/apps make an app that may chat:write, channels:read and channels:history, "
                "install it, copy its bot token (xoxb-…) and /invite it. Or copy an incoming webhook's address.",
                secret=True,
            ),
            SettingField(name="server", label="Server", hint="Only when it is not https://slack.com", optional=True),
        ),
        default_limits=Limits(characters=3000),
        count=counts.slack,
        open=opened_by("slack"),
        help="Posts into a channel of Slack. With a bot token posts form a thread and corrections change them.",
        mends=Mends.EDIT,
    ),
    ChannelKind(
        kind="matrix",
        label="Matrix",
        icon="bubble",
        fields=(
            SettingField(name="server", label="Server", hint="https://matrix.example"),
            SettingField(name="room", label="Room", hint="#status:matrix.example, or its ID, like !abc:matrix.example"),
            SettingField(
                name="token",
                label="Access token",
                hint="Of an account made for it. In Element: All settings, Help and about, Advanced, Access token.",
                secret=True,
            ),
        ),
        default_limits=Limits(characters=30_000),
        count=counts.matrix,
        open=opened_by("matrix"),
        help="Posts into a room of Matrix, as a thread. A correction changes the message.",
        mends=Mends.EDIT,
    ),
    ChannelKind(
        kind="mail",
        label="E-mail",
        icon="mail",
        fields=(
            SettingField(
                name="server",
                label="Mail server",
                hint="smtp.example.org, or smtps://smtp.example.org where it speaks TLS from the start (port 465).",
            ),
            SettingField(name="sender", label="From", hint="Northlake status <status@northlake.example>"),
            SettingField(
                name="to",
                label="To",
                hint="The list's address. Several, with commas between them, do not see each other.",
            ),
            SettingField(name="user", label="User name", hint="Empty when the server asks for none", optional=True),
            SettingField(
                name="password",
                label="Password",
                hint="Often an app password, made in the settings of the mail account.",
                secret=True,
                optional=True,
            ),
        ),
        default_limits=Limits(),
        count=counts.characters,
        open=opened_by("mail"),
        help="Sends each post as a mail to a list. The mails of an incident form a thread.",
    ),
    ChannelKind(
        kind="ntfy",
        label="ntfy",
        icon="bell",
        fields=(
            SettingField(name="topic", label="Topic", hint="northlake-status. Reserve it, so that only you publish."),
            SettingField(
                name="token",
                label="Access token",
                hint="In the web app of ntfy: Account, Access tokens. Empty only for a topic that anybody may use.",
                secret=True,
                optional=True,
            ),
            SettingField(name="server", label="Server", hint="Only when it is not https://ntfy.sh", optional=True),
        ),
        default_limits=Limits(characters=4096),
        count=counts.utf8,
        open=opened_by("ntfy"),
        help="Sends a notification to everybody who follows a topic.",
    ),
    ChannelKind(
        kind="teams",
        label="Microsoft Teams",
        icon="people",
        fields=(
            SettingField(
                name="address",
                label="Workflow address",
                hint="In Teams: the channel's menu, Workflows, “Send webhook alerts to a channel”, copy the address.",
                secret=True,
            ),
        ),
        default_limits=Limits(characters=20_000),
        count=counts.utf8,
        open=opened_by("teams"),
        help="Posts a card into a channel of Microsoft Teams.",
    ),
    ChannelKind(
        kind="apprise",
        label="Another service (Apprise)",
        icon="share",
        fields=(
            SettingField(
                name="address",
                label="Apprise address",
                hint="pover://user@token. The wiki of Apprise lists the form for each of about a hundred services.",
                secret=True,
            ),
        ),
        default_limits=Limits(),
        count=counts.utf16,
        open=opened_by("apprise"),
        help="Posts to about a hundred more services. Nobody can look whether a post arrived there.",
    ),
    ChannelKind(
        kind="preview",
        label="Preview folder",
        icon="page",
        fields=(SettingField(name="folder", label="Folder", hint="Posts are written there, for you alone."),),
        default_limits=Limits(characters=500),
        count=counts.characters,
        open=opened_by("preview"),
        help="Shows what would be posted, to nobody: good for a first look.",
    ),
)
