"""This computer's way to the network: what is wrong when nothing goes out, its proxy, its authority, its clock."""

from __future__ import annotations

from datetime import timedelta

from statusdesk import clock
from statusdesk.domain.board import Diagnosis
from statusdesk.net import route
from statusdesk.net.route import Route
from statusdesk.verbs.base import Verbs


class NetworkVerbs(Verbs):
    """Look, and set."""

    def diagnose(self) -> Diagnosis:
        """Why nothing goes out: this computer, this network, or one place. Blocks on the network for some seconds."""
        from statusdesk.outbox.diagnosis import diagnose  # noqa: PLC0415  loads the HTTP library

        with self._read() as reader:
            targets, accounts, page = reader.targets(), reader.accounts(), reader.page()
        return diagnose(targets, accounts, page.base_url)

    def clock_trouble(self) -> str:
        """What to tell people about this computer's clock; empty while it is right."""
        return clock_words(clock.servers.ahead())

    def route(self) -> Route:
        """How this computer reaches servers."""
        return route.current()

    def set_route(self, *, proxy: str | None = None, ca_file: str | None = None, neutral: str | None = None) -> Route:
        """Set the proxy, the authority or the neutral address of this computer; None leaves one as it is.

        The empty text means: as the system says. Raises Refused.
        """
        before = route.current()
        after = Route(
            proxy=before.proxy if proxy is None else proxy.strip(),
            ca_file=before.ca_file if ca_file is None else ca_file.strip(),
            neutral=before.neutral if neutral is None else neutral.strip() or route.NEUTRAL,
        )
        route.keep(after)
        return after


def clock_words(ahead: timedelta) -> str:
    """How wrong a clock is, in words."""
    minutes = round(abs(ahead.total_seconds()) / 60)
    if not minutes:
        return ""
    which = "ahead" if ahead > timedelta() else "behind"
    return f"This computer's clock is {minutes} min {which}. Times use server time until it is set right."
