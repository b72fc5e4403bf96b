"""What the page's settings form holds, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from statusdesk.domain.page import BAR_DAYS, Contact, Scheme
from statusdesk.domain.text import BODY_LIMIT, LINE_LIMIT, graphemes, tidy, tidy_line
from statusdesk.errors import Problem

NAME_LIMIT = 60
CONTACTS_LIMIT = 4
CONTACT_KINDS = ("phone", "email", "chat", "web")
LOGO_LIMIT = 64 * 1024  # every reader loads it, on bad mobile data too
CSS_LIMIT = 16 * 1024  # it travels with every page
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_LEADS_OUT = re.compile(r"@import|url\(\s*[\"']?\s*(?!data:|[\"']?#)", re.IGNORECASE)
_RUNS_CODE = re.compile(
    rb"<(?:[\w.-]+:)?(?:script|foreignobject)|<!entity|<!doctype|<\?xml-stylesheet|\son\w+\s*=|javascript:|href\s*=\s*[\"'](?!#|data:image/)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDraft:
    """Changed settings of the page; what is None stays as it is. An empty `logo` takes the logo away."""

    name: str | None = None
    base_url: str | None = None
    time_zone: str | None = None
    locale: str | None = None
    languages: tuple[str, ...] | None = None
    promise: str | None = None
    contacts: tuple[Contact, ...] | None = None
    bar_days: int | None = None
    accent: str | None = None
    scheme: Scheme | None = None
    css: str | None = None
    logo: bytes | None = None

    def tidied(self) -> PageDraft:
        """The same with stray spaces and control characters taken out."""
        contacts = self.contacts
        if contacts is not None:
            contacts = tuple(
                Contact(c.kind, tidy_line(c.label), tidy_line(c.value), tidy_line(c.hours)) for c in contacts
            )
        return replace(
            self,
            name=None if self.name is None else tidy_line(self.name),
            base_url=None if self.base_url is None else self.base_url.strip().rstrip("/"),
            promise=None if self.promise is None else tidy(self.promise),
            accent=None if self.accent is None else self.accent.strip().lower(),
            css=None if self.css is None else self.css.replace("\r\n", "\n").strip(),
            contacts=contacts,
        )

    def problems(self) -> list[Problem]:
        """What stands in the way of saving, by field. Languages are judged where the catalogues are."""
        wrong: list[Problem] = []
        if self.name is not None:
            wrong += problems_with_name(self.name)
        if self.base_url and not is_web_address(self.base_url):
            wrong.append(
                Problem("base_url", "The address must begin with https:// or http://, like https://status.example.org.")
            )
        if self.time_zone is not None and not is_time_zone(self.time_zone):
            wrong.append(Problem("time_zone", no_time_zone(self.time_zone)))
        if self.promise is not None and len(self.promise) > BODY_LIMIT:
            wrong.append(Problem("promise", f"At most {BODY_LIMIT:,} characters fit. Shorten it."))
        if self.bar_days is not None and self.bar_days not in BAR_DAYS:
            wrong.append(Problem("bar_days", "The bars can show 30, 60 or 90 days."))
        if self.accent and not _COLOUR.fullmatch(self.accent):
            wrong.append(Problem("accent", "Write the colour like #00557a: a hash and six digits or letters a to f."))
        return [*wrong, *self._contact_problems(), *self._css_problems(), *self._logo_problems()]

    def _contact_problems(self) -> list[Problem]:
        if self.contacts is None:
            return []
        if len(self.contacts) > CONTACTS_LIMIT:
            return [Problem("contacts", "Four ways to reach you are enough. Choose the best four.")]
        for one in self.contacts:
            if one.kind not in CONTACT_KINDS:
                return [Problem("contacts", f"“{one.kind[:20]}” is not known. Choose phone, email, chat or web.")]
            if not one.value:
                return [Problem("contacts", "Each way to reach you needs a number or an address.")]
            if max(map(graphemes, (one.label, one.value, one.hours))) > LINE_LIMIT:
                return [Problem("contacts", f"At most {LINE_LIMIT} characters fit into each part.")]
        return []

    def _css_problems(self) -> list[Problem]:
        if not self.css:
            return []
        if len(self.css.encode()) > CSS_LIMIT:
            return [Problem("css", f"It travels with every page: at most {CSS_LIMIT // 1024} KB fit.")]
        if "</" in self.css:
            return [Problem("css", "The style must not contain “</”: it would end the style in the page.")]
        if _LEADS_OUT.search(self.css):
            return [Problem("css", "The page loads nothing from others. Leave out @import and url().")]
        return []

    def _logo_problems(self) -> list[Problem]:
        if not self.logo:
            return []
        if len(self.logo) > LOGO_LIMIT:
            return [Problem("logo", f"Every reader loads it: at most {LOGO_LIMIT // 1024} KB fit.")]
        if not logo_kind(self.logo):
            return [Problem("logo", "The logo must be an SVG, PNG or WebP picture.")]
        if logo_kind(self.logo) == "svg" and _RUNS_CODE.search(self.logo):
            return [Problem("logo", "This SVG contains scripts or links. Save it as a plain SVG, or as PNG.")]
        return []


def logo_kind(data: bytes) -> str:
    """The ending for a picture's file, from what it begins with; empty for anything that is none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "svg" if b"<svg" in data[:2000] else ""


def problems_with_name(name: str) -> list[Problem]:
    """What is wrong with the page's name."""
    if not name:
        return [Problem("name", "Give your service a name: what people call you.")]
    if graphemes(name) > NAME_LIMIT:
        return [Problem("name", f"The name is too long. At most {NAME_LIMIT} characters fit.")]
    return []


def is_time_zone(name: str) -> bool:
    """Whether there is such a zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def no_time_zone(name: str) -> str:
    """What to say when there is none."""
    return f"“{name[:40]}” is no time zone. Write it like Europe/London or UTC."


def is_web_address(text: str) -> bool:
    """An address that can stand in front of every link: no login in it, nothing behind the path."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError:
        return False
    plain = text.isprintable() and not any(c in text for c in " <>\"'`\\{}|^@?#")
    return plain and parts.scheme in ("http", "https") and all(host.rstrip(".").split("."))
