"""`_headers`: what a host sends along with each file, for those that read it and for those that keep it per file.

Netlify and Cloudflare Pages read that file, `serve` obeys it too, S3 and its like are told at each upload.
Both hosts join the values of a header that several rules name, so no header may be named by two rules that can meet.
That is why pages have no rule for their cache: both hosts, and `serve`, let browsers ask again each time, which costs a
304 and is what a page about an outage needs. What others fetch again and again may be kept for a little while, so that
a crowd of readers is answered by caches: a minute at most is added to the time until they know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Paths may hold `:name` for one segment and end with `*` for any number of them.
Rules = list[tuple[str, dict[str, str]]]

ASK_AGAIN = "public, max-age=0, must-revalidate"
_FOREVER = "public, max-age=31536000, immutable"  # names with a digest of the content
_HALF_A_MINUTE = "public, max-age=30, must-revalidate"  # data that dashboards and widgets poll
_MINUTE = "public, max-age=60, must-revalidate"  # feeds and badges; image proxies go by this, too
_FIVE_MINUTES = "public, max-age=300"  # calendars and cards: programs fetch them rarely anyway
_HOUR = "public, max-age=3600"  # what changes with a release or with the set of pages only

# What the names of our files say, where no rule says more. These end with the name's last part.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".png": "image/png",
    ".webp": "image/webp",
    "": "text/plain; charset=utf-8",
}

# Others may read it in a browser, and embed it also where a page isolates itself.
_OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

_FILES: dict[str, tuple[str, str]] = {
    "feed.atom": ("application/atom+xml; charset=utf-8", _MINUTE),
    "feed.rss": ("application/rss+xml; charset=utf-8", _MINUTE),
    "feed.json": ("application/feed+json; charset=utf-8", _MINUTE),
    "history.atom": ("application/atom+xml; charset=utf-8", _MINUTE),
    "history.rss": ("application/rss+xml; charset=utf-8", _MINUTE),
    "calendar.ics": ("text/calendar; charset=utf-8", _FIVE_MINUTES),
    "badge.svg": ("image/svg+xml; charset=utf-8", _MINUTE),
    "widget.js": ("text/javascript; charset=utf-8", _HOUR),
    "components/:slug/feed.atom": ("application/atom+xml; charset=utf-8", _MINUTE),
    "components/:slug/badge.svg": ("image/svg+xml; charset=utf-8", _MINUTE),
}


def rules(policy: str, *, languages: bool) -> Rules:
    """All rules. `policy` is the pages' Content-Security-Policy, `languages` whether there are editions in folders.

    A folder for each language is one segment, so one rule serves them all: Cloudflare Pages reads a hundred at most.
    """
    found: Rules = [
        (
            "/*",
            {
                # A page inside someone's frame could be made to lie about its address.
                "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
                "X-Content-Type-Options": "nosniff",
                # Where a reader comes from is nobody's business: the pages link to profiles and help elsewhere.
                "Referrer-Policy": "no-referrer",
            },
        ),
        ("/assets/*", {"Cache-Control": _FOREVER}),
        ("/api/*", _OPEN | {"Content-Type": "application/json; charset=utf-8", "Cache-Control": _HALF_A_MINUTE}),
        ("/build.json", _OPEN | {"Content-Type": "application/json; charset=utf-8", "Cache-Control": ASK_AGAIN}),
        ("/card.png", {"Cache-Control": _FIVE_MINUTES}),
        ("/incidents/:ref/card.png", {"Cache-Control": _FIVE_MINUTES}),
        ("/robots.txt", {"Cache-Control": _HOUR}),
        ("/sitemap.xml", {"Cache-Control": _HOUR}),
    ]
    for folder in ("", ":language/") if languages else ("",):
        found += [
            (f"/{folder}{path}", _OPEN | {"Content-Type": kind, "Cache-Control": cache})
            for path, (kind, cache) in _FILES.items()
        ]
    return found


def written(found: Rules) -> bytes:
    """The file `_headers`."""
    lines = [line for path, headers in found for line in (path, *(f"  {k}: {v}" for k, v in headers.items()))]
    return ("\n".join(lines) + "\n").encode()


@lru_cache(maxsize=4)
def read(text: str) -> Rules:
    """The rules in such a file."""
    found: Rules = []
    for line in text.splitlines():
        if line.startswith("/"):
            found.append((line.strip(), {}))
        elif found and ":" in line and not line.lstrip().startswith("#"):
            name, _, value = line.partition(":")
            found[-1][1][name.strip()] = value.strip()
    return found


def for_path(found: Rules, path: str) -> dict[str, str]:
    """What is sent along with a path."""
    out: dict[str, str] = {}
    for pattern, headers in found:
        if re.fullmatch(_as_regex(pattern), path):
            out |= headers
    return out


@dataclass(frozen=True, slots=True)
class Label:
    """What a host keeps beside a file to send along with it."""

    content_type: str
    cache: str


def label(found: Rules, path: str) -> Label:
    """The type and the cache rule of a file of the site, by its path without a slash in front."""
    said = for_path(found, f"/{path}")
    ending = re.search(r"\.[a-z0-9]+$", path)
    guessed = TYPES.get(ending.group() if ending else "", "application/octet-stream")
    return Label(said.get("Content-Type", guessed), said.get("Cache-Control", ASK_AGAIN))


@lru_cache(maxsize=256)
def _as_regex(pattern: str) -> str:
    parts = re.split(r"(\*|:[a-z]+)", pattern)
    return "".join(".*" if p == "*" else "[^/]+" if p.startswith(":") else re.escape(p) for p in parts)
