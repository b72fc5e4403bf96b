"""A kind of account is loaded when one is opened: the HTTP library alone takes longer than the window may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from statusdesk.channels.base import Channel, Connection, SignedIn, SignsIn


def opened_by(module: str) -> Callable[[Connection], Channel]:
    """What opens a channel: the function `open_MODULE` of `statusdesk.channels.MODULE`, imported at its first call."""

    def opened(connection: Connection) -> Channel:
        found = getattr(import_module(f"statusdesk.channels.{module}"), f"open_{module}")
        return cast("Channel", found(connection))

    return opened


def signed_in_by(module: str) -> SignsIn:
    """What signs in: the function `sign_in` of `statusdesk.channels.MODULE`, imported at its first call."""

    def signs_in(settings: Mapping[str, str], show: Callable[[str], None], cancelled: Callable[[], bool]) -> SignedIn:
        found = import_module(f"statusdesk.channels.{module}").sign_in
        return cast("SignedIn", found(settings, show, cancelled))

    return signs_in
