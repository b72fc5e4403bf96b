"""Meta's Graph API, as Facebook and Threads speak it, and what its errors mean.

developers.facebook.com/docs/graph-api/guides/error-handling. Whether a request was taken stands in the body's code, not
in the status. The token goes into a header, never into the address.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import MAX_WAIT_S, Answer, Web

PAGES, PAGE = 5, 100
GONE, DUPLICATE, PERMISSION, LINK = "gone", "duplicate", "permission", "link"
_OK = range(200, 300)
_LOGIN = (102, 190, 463, 467)
_LIMITED = (4, 17, 32, 341, 613, 80001)
_UNSURE = (1, 2)  # "possibly a temporary issue due to downtime": the request may have been taken all the same
_NOT_ALLOWED = (3, 10, *range(200, 300))
_BLOCKED, _SAME_AGAIN, _PARAMETER, _BAD_LINK = 368, 506, 100, 1609005
_NO_SUCH_THING = (24, 803)
_NO_SUCH_OBJECT = 33  # the subcode of 100


class Graph:
    """One server, and one token for it."""

    def __init__(self, web: Web, token: str) -> None:
        self.web = web
        self.token = token

    def ask(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        writes: bool = False,
    ) -> Mapping[str, Any]:
        """The answer to a request that was taken. Raises a SendingError for every other one.

        The `code` of a NeedsPerson says what callers may answer themselves: GONE, DUPLICATE, PERMISSION, LINK.
        """
        answer = self.web.ask(method, path, token=self.token, data=data, params=params, writes=writes)
        return self._taken(answer, writes=writes)

    def _taken(self, answer: Answer, *, writes: bool) -> Mapping[str, Any]:
        known = answer.record()
        error = _inner(known or {}, "error")
        if answer.status in _OK and known is not None and not error:
            return known
        if answer.status in _OK:
            raise self.web.garbled(writes=writes)
        raise self._fault(answer, error, writes=writes)

    def listed(self, path: str, params: Mapping[str, str]) -> Iterator[tuple[Mapping[str, Any], Answer]]:
        """The entries of a list, newest first, over a few pages, each with the answer it came in.

        Raises TryLater when there are more pages than that.
        """
        params = {**params, "limit": str(PAGE)}
        for _ in range(PAGES):
            answer = self.web.ask("GET", path, token=self.token, params=params)
            known = self._taken(answer, writes=False)
            entries = known.get("data")
            if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
                raise self.web.garbled(writes=False)
            yield from ((one, answer) for one in entries)
            following = _inner(_inner(known, "paging"), "cursors").get("after")
            if not entries or not isinstance(following, str) or "next" not in _inner(known, "paging"):
                return
            params["after"] = following[:500]
        raise TryLater("There are too many newer posts on the account to find this one.", code="too-many")

    def _fault(self, answer: Answer, error: Mapping[str, Any], *, writes: bool) -> SendingError:
        name = self.web.name
        code, sub = error.get("code"), error.get("error_subcode")
        words = tidy_line(str(error.get("error_user_msg") or error.get("message") or ""))
        words = (words.replace(self.token, "…") if self.token else words)[:200]
        said = f" {name} says: {words}" if words else ""
        if code in _LIMITED:
            return TryLater(f"{name} asks us to wait before the next post.", code="rate-limit", after_s=_wait(answer))
        if code in _UNSURE:
            if writes:
                return MaybeArrived(f"{name} failed while it took the post. It may have arrived.", code=f"graph-{code}")
            return TryLater(f"{name} has a fault of its own now.", code=f"graph-{code}")
        words, key = self._refused(code, sub, answer.status)
        return NeedsPerson(f"{words}{said}", code=key)

    def _refused(self, code: object, sub: object, status: int) -> tuple[str, str]:
        """What a refusal means in plain words, and the code that callers know it by."""
        name = self.web.name
        login = f"{name} refused the token. Make a new one and connect the account again.", "login"
        not_allowed = (
            f"{name} does not allow this with the token. Make a new one with the permissions that the help names.",
            PERMISSION,
        )
        gone = f"{name} has no such thing any more.", GONE
        meanings = {
            **dict.fromkeys(_LOGIN, login),
            **dict.fromkeys(_NOT_ALLOWED, not_allowed),
            **dict.fromkeys(_NO_SUCH_THING, gone),
            _BLOCKED: (f"{name} has stopped this account's posts for a time. Look there why.", "blocked"),
            _SAME_AGAIN: (f"{name} refused the post: it says the same as the one before. Change the words.", DUPLICATE),
        }
        if _BAD_LINK in (code, sub):
            return f"{name} could not read the page behind the link.", LINK
        if (code, sub) == (_PARAMETER, _NO_SUCH_OBJECT):
            return gone
        if code is None and status == 401:  # noqa: PLR2004
            return login
        known = meanings.get(code) if isinstance(code, int) else None
        return known or (f"{name} refused the post ({code or status}).", f"graph-{code}")


def _wait(answer: Answer) -> float | None:
    """Seconds until there is room again, as the header with the use of an app's limits says it in minutes."""
    minutes = []
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        used = json.loads(answer.headers.get("X-Business-Use-Case-Usage", ""))
        for entries in used.values():
            minutes += [one.get("estimated_time_to_regain_access", 0) for one in entries]
    wait = max((float(one) for one in minutes if isinstance(one, int | float)), default=0.0) * 60
    return min(wait, MAX_WAIT_S) if wait > 0 else None


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, dict) else {}
