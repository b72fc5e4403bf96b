"""Looking at the page from where its readers get it: which build the public address shows.

A 200 proves nothing: a login page of a hotel, a parked domain and a cache answer 200, too. So `build.json` is read,
past caches, and its build id compared by whoever asked.
"""

from __future__ import annotations

import secrets

from statusdesk.net.faults import TryLater
from statusdesk.net.web import PATIENCE, Patience, Web

_OK = 200
_NOT_THERE = (403, 404, 410)


def shown_build(public_url: str, patience: Patience = PATIENCE) -> str:
    """The id of the build that readers get. Raises TryLater, or NeedsPerson when the address leads elsewhere."""
    web = Web("The page", public_url, patience, secret=False)
    # A random query is no page of any cache on the way.
    answer = web.ask("GET", "/build.json", params={"seen": secrets.token_hex(4)}, headers={"Cache-Control": "no-cache"})
    if answer.status in _NOT_THERE:
        raise TryLater(f"{web.base_url} has no page of ours yet ({answer.status}).", code="unseen")
    if answer.status != _OK:
        raise TryLater(f"{web.host} answered {answer.status} instead of the page.", code="unseen")
    build = (answer.record() or {}).get("build_id")
    if not isinstance(build, str) or not build:
        words = f"{web.base_url} shows something that is not our page: a login page of this network, or another site."
        raise TryLater(words, code="unseen")
    return build
