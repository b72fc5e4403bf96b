"""The kinds of hosts that StatusDesk can publish to, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from statusdesk.domain.delivery import SettingField
from statusdesk.errors import Refused
from statusdesk.targets.base import Place, TargetHost, TargetKind


def _folder(place: Place) -> TargetHost:
    from statusdesk.targets.folder import open_folder  # noqa: PLC0415  a kind is loaded when it is used

    return open_folder(place)


KINDS: Mapping[str, TargetKind] = MappingProxyType(
    {
        "folder": TargetKind(
            kind="folder",
            label="Folder on this computer or a share",
            icon="folder",
            location_label="Folder",
            location_hint="The folder your web server shows, or one that is synced to it.",
            open=_folder,
            fields=(
                SettingField(
                    name="replace",
                    label="Replace what is there",
                    hint="“yes” lets the site take the place of other files in that folder.",
                    optional=True,
                ),
            ),
        )
    }
)


def kind(name: str) -> TargetKind:
    """The kind of that name. Raises Refused, naming the known ones."""
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise Refused(f"“{name[:40]}” is no kind of target. Known kinds: {known}.", field="kind") from None
