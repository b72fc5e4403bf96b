"""Threads, as Meta's documents have it: containers, their publishing, lists of posts and of answers, tokens renewed.

developers.facebook.com/docs/threads/posts, /docs/threads/retrieve-and-manage-replies, /docs/threads/reference,
/docs/threads/get-started/long-lived-tokens, /docs/threads/overview (250 posts in 24 hours).
"""

from __future__ import annotations

import secrets

from tests.servers.vendors.base import Allowing, App, Asked, Said, Vendor, now
from tests.servers.vendors.facebook import graph_error, listed


class Threads(Vendor):
    """One profile. `preparing`: so many publishings find their container not ready. `left`: posts until the limit."""

    def __init__(self) -> None:
        super().__init__()
        self.oauth = Allowing(App("the-client", []))
        self.containers: dict[str, dict] = {}
        self.posts: list[dict] = []
        self.preparing = 0
        self.left = 250
        self.may_read_replies = True

    def arrived(self) -> list[str]:
        return [post["text"] for post in self.posts]

    def answer(self, request: Asked) -> Said:  # noqa: PLR0911  a line for each address
        if request.token not in self.oauth.valid:
            return graph_error(190, "Error validating access token: Session has expired", status=401)
        path = request.path.removeprefix("/v1.0")
        if path == "/refresh_access_token":
            return self._renew(request)
        if path == "/me":
            return Said(200, {"id": "17841400000000000", "username": "NorthlakeStatus"})
        if (request.method, path) == ("POST", "/me/threads"):
            return self._prepare(request.form())
        if (request.method, path) == ("POST", "/me/threads_publish"):
            return self._publish(request.form())
        if path == "/me/threads":
            return listed([post for post in self.posts if not post["replied_to"]], request)
        if path == "/me/replies":
            if not self.may_read_replies:
                return graph_error(10, "(#10) Application does not have permission for this action", status=403)
            return listed([post for post in self.posts if post["replied_to"]], request)
        for post in self.posts:
            if path == f"/{post['id']}":
                return Said(200, {name: post[name] for name in request.query.get("fields", "id").split(",")})
        return graph_error(100, "Unsupported get request. Object does not exist", error_subcode=33)

    def _renew(self, request: Asked) -> Said:
        if request.query.get("grant_type") != "th_refresh_token" or request.query.get("access_token") != request.token:
            return graph_error(100, "Invalid parameter")
        newer = f"newer-{secrets.token_urlsafe(8)}"
        self.oauth.valid.add(newer)
        return Said(200, {"access_token": newer, "token_type": "bearer", "expires_in": 5183944})

    def _prepare(self, given: dict[str, str]) -> Said:
        if given.get("media_type") != "TEXT" or not given.get("text"):
            return graph_error(100, "Param text is required")
        if len(given["text"]) > 500:
            return graph_error(100, "Param text must be at most 500 characters long.")
        answered = given.get("reply_to_id")
        if answered and answered not in [post["id"] for post in self.posts]:
            return graph_error(24, "The requested resource does not exist", error_subcode=4279009)
        key = str(18_000_000_000_000_000 + len(self.containers))
        self.containers[key] = given
        return Said(200, {"id": key})

    def _publish(self, given: dict[str, str]) -> Said:
        container = self.containers.get(given.get("creation_id", ""))
        if self.preparing > 0 or container is None:
            self.preparing -= 1
            words = "The media with the id provided cannot be found"
            return graph_error(24, words, error_subcode=4279009, error_user_msg=words)
        if self.left <= 0:
            return graph_error(4, "Application request limit reached", status=403)
        self.left -= 1
        del self.containers[given["creation_id"]]
        at = now()
        self.posts.append(
            {
                "id": str(17_900_000_000_000_000 + len(self.posts)),
                "text": container["text"],
                "link_attachment_url": container.get("link_attachment", ""),
                "replied_to": container.get("reply_to_id", ""),
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "permalink": f"https://www.threads.com/@northlakestatus/post/{len(self.posts)}",
                "at": at.timestamp(),
            }
        )
        return Said(200, {"id": self.posts[-1]["id"]})
