"""Services that carry a message to people who asked for it: chats, mail, push, other programs."""

from __future__ import annotations

from statusdesk.channels import counts
from statusdesk.channels.base import ChannelKind, Limits
from statusdesk.channels.opening import opened_by
from statusdesk.domain.delivery import SettingField

SERVICES = (
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
