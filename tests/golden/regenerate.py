"""Writes the golden tree anew: `python -m tests.golden.regenerate` at the top of a checkout. Then read the diff.

The tree is the site of the example history in `tests/core/site/memory.py` on 11 June 2026, with an address.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from statusdesk.site.builder import build
from tests.core.site.memory import northlake, page, utc

GOLDEN = Path(__file__).parent / "northlake"
# Enough to see every template and document once; the other files differ only in content.
KEPT = (
    "index.html",
    "404.html",
    "_headers",
    "feed.atom",
    "feed.rss",
    "feed.json",
    "history.atom",
    "history.rss",
    "calendar.ics",
    "badge.svg",
    "components/card-payments/badge.svg",
    "components/card-payments/feed.atom",
    "widget.js",
    "sitemap.xml",
    "robots.txt",
    "build.json",
    "incidents/SD-2026-0042/index.html",
    "incidents/SD-2025-0007/index.html",
    "maintenance/SD-2026-M007/index.html",
    "components/phones/index.html",
    "history/index.html",
    "history/2026-06/index.html",
    "api/v2/summary.json",
    "api/v2/incidents.json",
)


def render(folder: Path) -> Path:
    """The site of the example history in a folder."""
    reader = northlake(open_now=False)
    reader.put_page(page(base_url="https://status.northlake.example"))
    build(reader, out=folder / "site", state_file=folder / "ws" / "site.db", now=utc("2026-06-11 06:30"))
    return folder / "site"


def main() -> None:
    """Replace the golden files."""
    with tempfile.TemporaryDirectory() as folder:
        site = render(Path(folder))
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name in KEPT:
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(site / name, GOLDEN / name)
    sys.stdout.write(f"{len(KEPT)} files written to {GOLDEN}\n")


if __name__ == "__main__":
    main()
