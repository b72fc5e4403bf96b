"""A LinkedIn page, as Microsoft's documents have it: POST /rest/posts, its partial update, its finder, pictures, OAuth.

learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api and /images-api, .../little-text-format,
learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow, .../api-guide/concepts/error-handling.
Unescaped brackets cut a text short there, and a verifier (PKCE) at the token's address is refused: both as others saw it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.servers.vendors.base import Allowing, App, Asked, Said, Vendor, now

PAGE = "5515715"
AUTHOR = f"urn:li:organization:{PAGE}"
CALLBACK = "http://127.0.0.1:47823/callback"
VERSIONS = ("202607", "202608", "202609")


def refusal(status: int, code: str, message: str) -> Said:
    return Said(status, {"status": status, "code": code, "message": message, "serviceErrorCode": 100})


class LinkedIn(Vendor):
    """One page and its administrator."""

    def __init__(self) -> None:
        super().__init__()
        self.oauth = Allowing(App("the-client", [CALLBACK], "app-secret"))
        self.posts: list[dict[str, Any]] = []
        self.pictures: dict[str, bytes] = {}
        self.may_read = True

    def arrived(self) -> list[str]:
        return [plain(post["commentary"]) for post in self.posts]

    def answer(self, request: Asked) -> Said:  # noqa: PLR0911  a line for each address
        if request.path == "/oauth/v2/authorization":
            return self.oauth.authorize(request)
        if request.path == "/oauth/v2/accessToken":
            if "code_verifier" in request.form():
                return Said(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
            return self.oauth.token(request)
        if request.token not in self.oauth.valid:
            return refusal(401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user")
        if request.path.startswith("/dms-uploads/"):
            self.pictures[request.path.rpartition("/")[2]] = request.body
            return Said(201)
        if request.headers.get("linkedin-version") not in VERSIONS:
            return refusal(426, "NONEXISTENT_VERSION", "Requested version is not active")
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            return refusal(400, "PROTOCOL_VERSION", "Unsupported protocol version")
        if request.path == "/rest/posts":
            return self._find(request) if request.method == "GET" else self._create(request.json())
        if request.path == "/rest/images":
            return self._begin_upload()
        if request.path == f"/rest/organizations/{PAGE}":
            return Said(200, {"id": int(PAGE), "localizedName": "Northlake"})
        return self._change(request)

    def _create(self, given: dict[str, Any]) -> Said:
        if given.get("author") != AUTHOR:
            return refusal(403, "ACCESS_DENIED", "Not enough permissions to access: posts.CREATE")
        said = given.get("commentary", "")
        if len(said) > 3000:
            return refusal(422, "FIELD_LENGTH_TOO_LONG", "ShareCommentary text length exceeds the maximum allowed")
        for post in self.posts:
            if post["commentary"] == said:
                return refusal(422, "DUPLICATE_POST", f"Content is a duplicate of {post['id']}")
        key, at = f"urn:li:share:{7_100_000_000_000_000_000 + len(self.posts)}", int(now().timestamp() * 1000)
        stamps = {"id": key, "createdAt": at, "publishedAt": at, "lastModifiedAt": at}
        self.posts.append(given | {"commentary": up_to_a_reserved_letter(said)} | stamps)
        return Said(201, None, {"x-restli-id": key})

    def _find(self, request: Asked) -> Said:
        if not self.may_read:
            return refusal(403, "ACCESS_DENIED", "Not enough permissions to access: posts.FINDER-author")
        if request.headers.get("x-restli-method") != "FINDER" or request.query.get("author") != AUTHOR:
            return refusal(400, "ILLEGAL_ARGUMENT", "Invalid finder")
        newest = sorted(self.posts, key=lambda post: -post["lastModifiedAt"])
        at, size = int(request.query.get("start", "0")), int(request.query.get("count", "10"))
        return Said(200, {"paging": {"start": at, "count": size, "links": []}, "elements": newest[at : at + size]})

    def _change(self, request: Asked) -> Said:
        for post in self.posts:
            if unquote(request.path) == f"/rest/posts/{post['id']}":
                if request.headers.get("x-restli-method") != "PARTIAL_UPDATE":
                    return refusal(400, "ILLEGAL_ARGUMENT", "Use PARTIAL_UPDATE")
                post["commentary"] = up_to_a_reserved_letter(request.json()["patch"]["$set"]["commentary"])
                post["lastModifiedAt"] = int(now().timestamp() * 1000)
                return Said(204)
        return refusal(404, "RESOURCE_NOT_FOUND", "Not Found")

    def _begin_upload(self) -> Said:
        key = f"C4E22AQ{len(self.pictures)}"
        value = {"uploadUrl": f"{self.url}/dms-uploads/{key}", "image": f"urn:li:image:{key}", "uploadUrlExpiresAt": 1}
        return Said(200, {"value": value})


def plain(commentary: str) -> str:
    """A text as readers see it."""
    return re.sub(r"\\(.)", r"\1", commentary, flags=re.DOTALL)


def up_to_a_reserved_letter(commentary: str) -> str:
    """What is kept of a text: the rest behind a bracket that is not escaped gets lost."""
    found = re.match(r"(?:\\.|[^\\(){}<>\[\]])*", commentary, re.DOTALL)
    return found[0] if found else ""
