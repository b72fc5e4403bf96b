"""What hosts send along: in `_headers` for those that read it, and by our own server the same."""

from __future__ import annotations

import threading
import urllib.request

import pytest

from statusdesk.domain import headers
from statusdesk.site.serve import site_server

RULES = headers.rules("default-src 'none'", languages=True)


@pytest.fixture(scope="module")
def served(open_site):
    server = site_server(open_site, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "kind", "cache", "open_to_all"),
    [
        ("/", "text/html; charset=utf-8", "public, max-age=0, must-revalidate", False),
        ("/incidents/SD-2026-0042/", "text/html; charset=utf-8", "public, max-age=0, must-revalidate", False),
        ("/incidents/SD-2026-0042/card.png", "image/png", "public, max-age=300", False),
        ("/feed.atom", "application/atom+xml; charset=utf-8", "public, max-age=60, must-revalidate", True),
        ("/feed.rss", "application/rss+xml; charset=utf-8", "public, max-age=60, must-revalidate", True),
        ("/feed.json", "application/feed+json; charset=utf-8", "public, max-age=60, must-revalidate", True),
        ("/components/phones/feed.atom", "application/atom+xml; charset=utf-8", "public, max-age=60, must-revalidate", True),
        ("/components/phones/badge.svg", "image/svg+xml; charset=utf-8", "public, max-age=60, must-revalidate", True),
        ("/components/phones/", "text/html; charset=utf-8", "public, max-age=0, must-revalidate", False),
        ("/calendar.ics", "text/calendar; charset=utf-8", "public, max-age=300", True),
        ("/widget.js", "text/javascript; charset=utf-8", "public, max-age=3600", True),
        ("/api/v2/incidents/unresolved.json", "application/json; charset=utf-8", "public, max-age=30, must-revalidate", True),
        ("/build.json?1", "application/json; charset=utf-8", "public, max-age=0, must-revalidate", True),
        ("/robots.txt", "text/plain; charset=utf-8", "public, max-age=3600", False),
    ],
)  # fmt: skip
def test_our_server_sends_what_the_file_says(served, path, kind, cache, open_to_all):
    with urllib.request.urlopen(served + path, timeout=10) as answer:
        found = answer.headers
    assert (found["Content-Type"], found["Cache-Control"]) == (kind, cache)
    assert (found["Access-Control-Allow-Origin"] == "*") is open_to_all
    assert (found["X-Content-Type-Options"], found["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert "frame-ancestors 'none'" in found["Content-Security-Policy"]
    assert len(found.get_all("Content-Type")) == 1


@pytest.mark.parametrize(
    "path",
    ["/", "/fi/feed.atom", "/fi/components/phones/badge.svg", "/components/phones/feed.atom", "/assets/x.js", "/card.png",
     "/incidents/SD-2026-0042/card.png", "/api/v2/summary.json", "/build.json", "/fi/widget.js"],
)  # fmt: skip
def test_no_header_is_named_by_two_rules_that_meet(path):
    """Netlify and Cloudflare Pages would join both values, and the cache would obey neither."""
    met = [name for rule in RULES for name in headers.for_path([rule], path)]
    assert sorted(met) == sorted(set(met))


def test_other_languages_are_served_alike():
    assert headers.for_path(RULES, "/fi/feed.rss") == headers.for_path(RULES, "/feed.rss")
    assert headers.for_path(RULES, "/fi/components/x/badge.svg")["Content-Type"].startswith("image/svg+xml")
    assert len(RULES) <= 100, "Cloudflare Pages reads no more"


def test_the_file_is_read_as_it_was_written():
    assert headers.read(headers.written(RULES).decode()) == RULES
    assert headers.read("# a remark: of somebody\n/x\n  A: b:c\n") == [("/x", {"A": "b:c"})]
