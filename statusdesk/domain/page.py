"""The page: whose status it is, in which words and zone, and how often it promises to speak."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from statusdesk.domain.incident import Impact, IncidentState
from statusdesk.domain.promise import MAX_PROMISE_S


class Audience(StrEnum):
    """For whom the page is written: decides how much jargon the wording check lets pass."""

    GENERAL = "general"
    TECHNICAL = "technical"


class Scheme(StrEnum):
    """Light or dark, or as the reader's own device is set."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


BAR_DAYS = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a person. `kind` is phone, email, chat or web; `hours` is said in words ("until 20:00")."""

    kind: str
    label: str
    value: str
    hours: str = ""


# F02: seconds between updates, by how bad it is.
CADENCE: dict[Impact, int] = {
    Impact.CRITICAL: 20 * 60,
    Impact.MAJOR: 30 * 60,
    Impact.MINOR: 60 * 60,
    Impact.NONE: 60 * 60,
}
MONITORING_CADENCE = 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The settings of one workspace. `output_dir` is the folder on this computer into which the site is rendered.

    `languages` are those in which the page can be read beside `locale`; `accent` is `#rrggbb`, or empty for ours.
    """

    id: str
    name: str
    slug: str
    base_url: str
    time_zone: str
    locale: str
    audience: Audience = Audience.GENERAL
    ref_prefix: str = "SD"
    promise_md: str = ""
    contacts: tuple[Contact, ...] = ()
    cadence_s: dict[Impact, int] = field(default_factory=lambda: dict(CADENCE))
    max_promise_s: int = MAX_PROMISE_S
    output_dir: str = ""
    languages: tuple[str, ...] = ()
    bar_days: int = BAR_DAYS[-1]
    accent: str = ""
    scheme: Scheme = Scheme.AUTO
    css: str = ""
    logo_name: str = ""
    created_at: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The page's time zone."""
        return ZoneInfo(self.time_zone)

    def cadence(self, impact: Impact, state: IncidentState) -> int:
        """Seconds until the next update is due by default."""
        return MONITORING_CADENCE if state is IncidentState.MONITORING else self.cadence_s[impact]
