"""The ways in which reaching a server ends other than well. Channels and targets raise these; the outbox decides.

No message holds a token. `code` is short and stable, `message` is for people: what happened, and what to do.
"""

from __future__ import annotations


class SendingError(Exception):
    """Base of the ways in which sending does not succeed."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class TryLater(SendingError):
    """Nothing arrived, and it may work later: no connection, 429, 5xx before the request was taken."""

    def __init__(self, message: str, *, code: str = "", after_s: float | None = None) -> None:
        super().__init__(message, code=code)
        self.after_s = after_s


class NeedsPerson(SendingError):
    """The server refused, and asking again will not help: the login, the text, the place."""


class MaybeArrived(SendingError):
    """The request went out and was cut off: it may have arrived. Only looking there may tell."""


class CannotTell(SendingError):
    """The network has no way to ask whether a post arrived: a person must look, and decide."""
