"""The kinds of accounts that StatusDesk can post to, by name.

Of a form, the field `server` fills a `Connection`'s `base_url`, `handle` its handle, the secret one its `secret`, and
every other one its `settings`.

Signing in in the browser: `sign_in(name, answers, show, cancelled)` gives the account's secret, to be kept as a pasted
token would be, and the values of the kind's `keeps`, to be put into the keyring before the account is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from statusdesk.channels.base import ChannelKind, SignedIn
from statusdesk.channels.networks import NETWORKS
from statusdesk.channels.services import SERVICES
from statusdesk.errors import EnvironmentFault, Problem, Refused
from statusdesk.net.faults import NeedsPerson, SendingError

KINDS: Mapping[str, ChannelKind] = MappingProxyType({kind.kind: kind for kind in (*NETWORKS, *SERVICES)})


def kind(name: str) -> ChannelKind:
    """The kind of that name. Raises Refused, naming the known ones."""
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise Refused(f"“{name[:40]}” is no kind of account. Known kinds: {known}.", field="kind") from None


def sign_in(
    name: str, settings: Mapping[str, str], show: Callable[[str], None], cancelled: Callable[[], bool]
) -> SignedIn:
    """Let a person sign in in the browser. Blocks until it is done: five minutes at most.

    `settings` are the answers to the kind's `sign_in_fields`, by name, secret ones too. `show` gets the address to open
    in the browser; `cancelled` is asked ten times a second whether the person gave up. Raises Refused (also when the
    person says no, or too late) and EnvironmentFault.
    """
    known = kind(name)
    if known.sign_in is None:
        raise Refused(f"{known.label} is connected with a token, not in the browser.", field="kind")
    given = {one.name: settings.get(one.name, "").strip() for one in known.sign_in_fields}
    wrong = [
        Problem(one.name, f"{one.label} is missing. {one.hint}".strip())
        for one in known.sign_in_fields
        if not one.optional and not given[one.name]
    ]
    if wrong:
        raise Refused.because(wrong)
    try:
        return known.sign_in(given, show, cancelled)
    except NeedsPerson as fault:
        raise Refused(fault.message, title=f"{known.label} was not connected") from None
    except SendingError as fault:
        raise EnvironmentFault(fault.message, title=f"{known.label} was not connected") from None
