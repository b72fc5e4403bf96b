"""What can go wrong, said so that a support lead knows what to do.

Two families: `Refused` (the input or the state of things does not allow it; nothing was written) and
`EnvironmentFault` (the disk, the database, the keyring or the network fails). Anything else that is raised is a bug
of ours. Both carry a title, a message that says what to do, and where it helps the field that is meant. No message
ever holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class StatusDeskError(Exception):
    """Base of everything we raise on purpose. `exit_code` is what `statusdeskctl` ends with."""

    exit_code: ClassVar[int] = 1
    default_title: ClassVar[str] = "That did not work"

    def __init__(self, message: str, *, title: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.title = title or self.default_title
        self.field = field


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in a form: the name of the field and a sentence that says what to do."""

    field: str
    message: str


class Refused(StatusDeskError):
    """Bad input, a rule or an invariant says no. Nothing was written."""

    default_title = "Nothing was saved"

    def __init__(
        self, message: str, *, title: str = "", field: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message, title=title, field=field)
        self.problems = tuple(problems)

    @classmethod
    def because(cls, problems: Sequence[Problem]) -> Refused:
        """One refusal for all problems of a form; the first one leads."""
        first = problems[0]
        return cls(" ".join(p.message for p in problems), field=first.field, problems=problems)


class NotFound(Refused):
    """Something was named that does not exist."""

    default_title = "Not found"


class EnvironmentFault(StatusDeskError):
    """The computer or a service we depend on fails: disk full, database out of reach, keyring locked."""

    exit_code = 4
    default_title = "This computer cannot do that now"
