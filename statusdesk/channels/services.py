"""Services that carry a message to people who asked for it: chats, mail, push, other programs."""

from __future__ import annotations

from statusdesk.channels import counts
from statusdesk.channels.base import ChannelKind, Limits
from statusdesk.channels.opening import opened_by
from statusdesk.domain.delivery import SettingField

# A hint stands inside its field and must fit there; what takes more words is said in `help`, below the name.
SERVICES = (
    ChannelKind(
        kind="telegram",
        label="Telegram",
        icon="plane",
        fields=(
            SettingField(name="chat", label="Channel or group", hint="@northlake, or a number like -1001234567890"),
            SettingField(name="token", label="Bot token", hint="123456789:AA…, from @BotFather", secret=True),
            SettingField(name="server", label="Server", hint="Only for a Bot API server of your own", optional=True),
        ),
        default_limits=Limits(characters=4096),
        count=counts.utf16,
        open=opened_by("telegram"),
        help="Posts through a bot. In Telegram, write /newbot to @BotFather, and add the bot to your channel as an "
        "administrator who may post messages. A correction changes the message.",
    ),
    ChannelKind(
        kind="discord",
        label="Discord",
        icon="bubble",
        fields=(
            SettingField(
                name="address",
                label="Webhook address",
                hint="https://discord.com/api/webhooks/…",
                secret=True,
            ),
        ),
        default_limits=Limits(characters=2000),
        count=counts.discord,
        open=opened_by("discord"),
        help="Posts into a text channel. In Discord, open the channel's settings, Integrations, Webhooks, New webhook, "
        "and copy its address. A correction changes the message.",
    ),
    ChannelKind(
        kind="slack",
        label="Slack",
        icon="bubble",
        fields=(
            SettingField(name="channel", label="Channel ID", hint="C0123456789; empty for a webhook", optional=True),
            SettingField(
                name="token",
                label="Bot token or webhook address",
                hint="xoxb-…, or https://hooks.slack.com/…",
                secret=True,
            ),
            SettingField(name="server", label="Server", hint="Only when it is not https://slack.com", optional=True),
        ),
        default_limits=Limits(characters=3000),
        count=counts.slack,
        open=opened_by("slack"),
        help="Posts into a channel. At api.slack.com/apps, make an app that may chat:write, channels:read and "
        "channels:history, install it, copy its bot token, and write /invite with its name in the channel. The ID "
        "stands at the end of the channel's details. Posts form a thread, and a correction changes the message. An "
        "incoming webhook's address works too, without threads and changes.",
    ),
    ChannelKind(
        kind="teams",
        label="Microsoft Teams",
        icon="people",
        fields=(
            SettingField(name="address", label="Workflow address", hint="https://…&sig=…, all of it", secret=True),
        ),
        default_limits=Limits(characters=20_000),
        count=counts.utf8,
        open=opened_by("teams"),
        help="Posts a card into a channel. In Teams, open the channel's menu, Workflows, “Send webhook alerts to a "
        "channel”, let anyone trigger it, and copy its address.",
    ),
    ChannelKind(
        kind="matrix",
        label="Matrix",
        icon="bubble",
        fields=(
            SettingField(name="server", label="Server", hint="https://matrix.example"),
            SettingField(name="room", label="Room", hint="#status:matrix.example, or its ID: !abc:matrix.example"),
            SettingField(name="token", label="Access token", hint="syt_…, of an account made for it", secret=True),
        ),
        default_limits=Limits(characters=30_000),
        count=counts.matrix,
        open=opened_by("matrix"),
        help="Posts into a room without encryption. The account must be in the room. In Element, its access token "
        "stands under All settings, Help and about, Advanced. Posts form a thread; a correction changes the message.",
    ),
    ChannelKind(
        kind="mail",
        label="E-mail",
        icon="mail",
        fields=(
            SettingField(name="server", label="Mail server", hint="smtp.example.org, or smtps://smtp.example.org"),
            SettingField(name="sender", label="From", hint="Northlake status <status@northlake.example>"),
            SettingField(name="to", label="To", hint="The list's address, or several with commas between them"),
            SettingField(name="user", label="User name", hint="Empty when the server asks for none", optional=True),
            SettingField(
                name="password",
                label="Password",
                hint="Often an app password from your provider",
                secret=True,
                optional=True,
            ),
        ),
        default_limits=Limits(),
        count=counts.characters,
        open=opened_by("mail"),
        help="Sends each post as a mail to a list. Several addresses do not see each other. The mails of an incident "
        "form a thread.",
    ),
    ChannelKind(
        kind="ntfy",
        label="ntfy",
        icon="bell",
        fields=(
            SettingField(name="topic", label="Topic", hint="northlake-status"),
            SettingField(
                name="token",
                label="Access token",
                hint="tk_…; empty only for a topic that anybody may use",
                secret=True,
                optional=True,
            ),
            SettingField(name="server", label="Server", hint="Only when it is not https://ntfy.sh", optional=True),
        ),
        default_limits=Limits(characters=4096),
        count=counts.utf8,
        open=opened_by("ntfy"),
        help="Sends a notification to everybody who follows a topic. Reserve the topic in the web app of ntfy under "
        "Account, so that only you publish, and make an access token there.",
    ),
    ChannelKind(
        kind="webhook",
        label="Webhook",
        icon="link-out",
        fields=(
            SettingField(name="address", label="Address", hint="https://example.org/hooks/status"),
            SettingField(name="secret", label="Signing secret", hint="whsec_…, as at the receiver", secret=True),
        ),
        default_limits=Limits(),
        count=counts.characters,
        open=opened_by("webhook"),
        help="Sends a signed message to a program of yours, as Standard Webhooks describes it. The address is kept "
        "with the settings, so no password belongs into it.",
    ),
    ChannelKind(
        kind="apprise",
        label="Another service (Apprise)",
        icon="share",
        fields=(SettingField(name="address", label="Apprise address", hint="pover://user@token", secret=True),),
        default_limits=Limits(),
        count=counts.utf16,
        open=opened_by("apprise"),
        help="Posts to about a hundred more services; the wiki of Apprise lists the address for each. Nobody can look "
        "whether a post arrived there.",
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
