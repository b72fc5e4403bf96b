"""Contact cards (F09): a person's number on the page for a while, by their consent, and the form that puts it there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from statusdesk.domain.text import graphemes, tidy_line
from statusdesk.errors import Problem

LONGEST = timedelta(hours=24)
LONGEST_ALLOWED = timedelta(hours=72)
AFTER_RESOLVE = timedelta(minutes=60)
_LINE = 60
# E.164: a plus, then 7 to 15 digits. Spaces, hyphens and brackets between them are for people.
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDraft:
    """A card as typed. `consent` is the tick of the person whose number it is; `longer` allows 72 hours, not 24."""

    name: str
    phone: str
    ends_at: datetime
    consent: bool
    starts_at: datetime | None = None
    role: str = ""
    languages: str = ""
    ref: str | None = None
    ends_on_resolve: bool = True
    longer: bool = False

    def problems(self, now: datetime) -> list[Problem]:
        """What stands in the way of showing it, by field."""
        wrong = []
        if not tidy_line(self.name):
            wrong.append(Problem("name", "Say whom callers will reach: a first name is enough."))
        if not _NUMBER.fullmatch(re.sub(r"[\s().\-/]", "", self.phone)):
            wrong.append(Problem("phone", "Write the number with its country, like +44 113 496 0000."))
        if max(map(graphemes, (self.name, self.phone, self.role, self.languages))) > _LINE:
            wrong.append(Problem("name", f"At most {_LINE} characters fit into each line of the card."))
        starts = self.starts_at or now
        longest = LONGEST_ALLOWED if self.longer else LONGEST
        if self.ends_at <= max(starts, now):
            wrong.append(Problem("ends_at", "Choose an end that is still to come."))
        elif self.ends_at - starts > longest:
            hours = int(longest.total_seconds() // 3600)
            wrong.append(Problem("ends_at", f"At most {hours} hours are allowed. Choose an earlier end."))
        if not self.consent:
            wrong.append(Problem("consent", "A number is shown only when the person it belongs to agrees."))
        return wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """A person's number on the page for a while, by their consent (F09). Without an incident: about anything."""

    id: str
    incident_id: str | None
    incident_ref: str | None
    name: str
    role: str
    phone: str
    languages: str
    starts_at: datetime
    ends_at: datetime
    ends_on_resolve: bool
    consent_by: str
    consent_at: datetime
