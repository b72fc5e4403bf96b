"""A Facebook page, as Meta's documents have it: POST /PAGE/feed, POST /POST, GET /PAGE/posts, and the Graph API's errors.

developers.facebook.com/docs/pages-api/posts, /docs/graph-api/reference/page/feed, /docs/graph-api/guides/error-handling,
/docs/graph-api/overview/rate-limiting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tests.servers.vendors.base import Allowing, App, Asked, Said, Vendor, now

PAGE = "102030405060708"
LIMIT = 63_206


def graph_error(
    code: int, message: str, status: int = 400, headers: Mapping[str, str] | None = None, **more: object
) -> Said:
    known = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2"} | more
    return Said(status, {"error": known}, headers or {})


def listed(entries: Sequence[dict], request: Asked) -> Said:
    """A page of a list, with Meta's cursors; `since` in seconds."""
    since = int(request.query.get("since", "0"))
    newest = [one for one in reversed(entries) if one["at"] >= since]
    at, size = int(request.query.get("after", "0")), int(request.query.get("limit", "25"))
    names = request.query.get("fields", "id").split(",")
    page = [{name: one[name] for name in names if name in one} for one in newest[at : at + size]]
    paging = {"cursors": {"before": str(at), "after": str(at + size)}}
    paging |= {"next": "https://graph.example/next"} if len(newest) > at + size else {}
    return Said(200, {"data": page} | ({"paging": paging} if page else {}))


class Facebook(Vendor):
    """One page. `bad_link`: its server cannot read pages behind links."""

    def __init__(self) -> None:
        super().__init__()
        self.oauth = Allowing(App("the-client", []))
        self.posts: list[dict] = []
        self.bad_link = False
        self.busy = 0

    def arrived(self) -> list[str]:
        return [post["message"] for post in self.posts]

    def answer(self, request: Asked) -> Said:  # noqa: PLR0911  a line for each address
        if request.token not in self.oauth.valid:
            return graph_error(190, "Error validating access token: Session has expired", error_subcode=463, status=401)
        if self.busy:
            used = {PAGE: [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": self.busy}]}
            headers = {"X-Business-Use-Case-Usage": json.dumps(used)}
            return graph_error(32, "Page request limit reached", status=403, headers=headers)
        path = request.path.removeprefix("/v24.0")
        if (request.method, path) == ("GET", f"/{PAGE}"):
            return Said(200, {"id": PAGE, "name": "Northlake", "link": f"https://www.facebook.com/{PAGE}"})
        if (request.method, path) == ("POST", f"/{PAGE}/feed"):
            return self._create(request.form())
        if path == f"/{PAGE}/posts":
            return listed(self.posts, request)
        for post in self.posts:
            if path == f"/{post['id']}":
                if request.method == "POST":
                    post["message"] = request.form()["message"]
                    return Said(200, {"success": True})
                return Said(200, post)
        return graph_error(100, "Unsupported request. Object does not exist", error_subcode=33)

    def _create(self, given: Mapping[str, str]) -> Said:
        message = given.get("message", "")
        if len(message.encode("utf-16-le")) // 2 > LIMIT:
            return graph_error(100, "(#100) The status you are trying to publish is too long")
        if self.posts and self.posts[-1]["message"] == message:
            return graph_error(506, "(#506) Duplicate status message")
        if self.bad_link and "link" in given:
            return graph_error(1609005, "Error posting link")
        key, at = f"{PAGE}_{9000 + len(self.posts)}", now()
        self.posts.append(
            {
                "id": key,
                "message": message,
                "link": given.get("link", ""),
                "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{9000 + len(self.posts)}",
                "at": at.timestamp(),
            }
        )
        return Said(200, {"id": key})
