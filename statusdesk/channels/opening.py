"""A kind of account is loaded when one is opened: the HTTP library alone takes longer than the window may."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from statusdesk.channels.base import Channel, Connection


def opened_by(module: str) -> Callable[[Connection], Channel]:
    """What opens a channel: the function `open_MODULE` of `statusdesk.channels.MODULE`, imported at its first call."""

    def opened(connection: Connection) -> Channel:
        found = getattr(import_module(f"statusdesk.channels.{module}"), f"open_{module}")
        return cast("Channel", found(connection))

    return opened
