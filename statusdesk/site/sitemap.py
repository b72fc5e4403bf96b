"""`sitemap.xml` and `robots.txt`: which pages there are, for search engines. Only a page with an address has a map.

The map tells no times: it changes when a page appears or goes, and not with every update.
"""

from __future__ import annotations

from collections.abc import Sequence

from statusdesk.site.edition import Edition
from statusdesk.site.xml import escaped

NEWEST = 1000
_FIXED = ("", "history/", "prevention/", "promise/", "follow/")


def sitemap(editions: Sequence[Edition], incidents: Sequence[str], works: Sequence[str]) -> bytes:
    """sitemap.xml. `incidents` and `works` are references, newest first; only the newest of them are listed.

    Works stand in the order of their references: one that is moved to another day is still the same page.
    """
    reading = editions[0].reading
    base = reading.page.base_url.rstrip("/") + "/"
    pages = [
        *_FIXED,
        *(f"components/{slug}/" for slug in sorted(reading.slugs)),  # their order on the page is another matter
        *(f"history/{m.month}/" for m in reading.months),
        *(f"incidents/{ref}/" for ref in incidents[:NEWEST]),
        *(f"maintenance/{ref}/" for ref in sorted(works[:NEWEST], reverse=True)),
    ]
    more = ' xmlns:xhtml="http://www.w3.org/1999/xhtml"' if len(editions) > 1 else ""
    out = [
        f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"{more}>\n'
    ]
    for page in pages:
        out += _urls(escaped(base), page, editions)
    out.append("</urlset>\n")
    return "".join(out).encode()


def _urls(base: str, page: str, editions: Sequence[Edition]) -> list[str]:
    """A page in each language, each naming all of them, as search engines ask for it."""
    if len(editions) == 1:
        return [f"<url><loc>{base}{page}</loc></url>\n"]
    links = [(edition.language.code, base + edition.prefix + page) for edition in editions]
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{href}"/>'
        for code, href in (*links, ("x-default", links[0][1]))
    )
    return [f"<url><loc>{href}</loc>{others}</url>\n" for _, href in links]


def robots(base_url: str) -> bytes:
    """robots.txt: everything may be read; the JSON and the feeds say the same again."""
    lines = ["User-agent: *", "Disallow: /api/"]
    if base_url:
        lines += ["", f"Sitemap: {base_url.rstrip('/')}/sitemap.xml"]
    return ("\n".join(lines) + "\n").encode()
