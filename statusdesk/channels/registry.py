"""The kinds of accounts that StatusDesk can post to, by name.

Of a form, the field `server` fills a `Connection`'s `base_url`, `handle` its handle, the secret one its `secret`, and
every other one its `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from statusdesk.channels.base import ChannelKind
from statusdesk.channels.networks import NETWORKS
from statusdesk.channels.services import SERVICES
from statusdesk.errors import Refused

KINDS: Mapping[str, ChannelKind] = MappingProxyType({kind.kind: kind for kind in (*NETWORKS, *SERVICES)})


def kind(name: str) -> ChannelKind:
    """The kind of that name. Raises Refused, naming the known ones."""
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise Refused(f"“{name[:40]}” is no kind of account. Known kinds: {known}.", field="kind") from None
