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
