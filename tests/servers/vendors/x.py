"""X, as docs.x.com has it: POST /2/tweets, GET /2/users/:id/tweets, OAuth 2.0 with PKCE and rotating refresh tokens.

docs.x.com/x-api/posts/create-post, /x-api/users/get-posts, /x-api/fundamentals/rate-limits,
/fundamentals/authentication/oauth-2-0/authorization-code. Links in a text become t.co ones, the signs & < > are escaped
in what is read, the same words twice are refused, and answers may be refused as a whole (`takes_replies`), as X does for
most apps since February 2026.
"""

from __future__ import annotations

import html
import re
import time

from tests.servers.vendors.base import Allowing, App, Asked, Said, Vendor, now

CALLBACK = "http://127.0.0.1:47823/callback"
ME = {"id": "2244994945", "name": "Northlake", "username": "NorthlakeStatus"}
_LINK = re.compile(r"https?://\S+[^\s.,;)]")


def problem(status: int, detail: str, **more: str) -> Said:
    known = {"title": "Forbidden", "type": "about:blank", "status": status, "detail": detail}
    return Said(status, known | more)


class X(Vendor):
    """One account. `left` is how many more posts are taken before the limit."""

    def __init__(self, secret: str = "") -> None:
        super().__init__()
        self.oauth = Allowing(App("the-client", [CALLBACK], secret))
        self.tweets: list[dict] = []
        self.takes_replies = True
        self.left = 100_000

    def arrived(self) -> list[str]:
        return [tweet["said"] for tweet in self.tweets]

    def answer(self, request: Asked) -> Said:  # noqa: PLR0911  a line for each address
        if request.path == "/i/oauth2/authorize":
            return self.oauth.authorize(request)
        if request.path == "/2/oauth2/token":
            return self.oauth.token(request)
        if request.token not in self.oauth.valid:
            return problem(401, "Unauthorized", title="Unauthorized")
        if request.path == "/2/users/me":
            return Said(200, {"data": ME})
        if (request.method, request.path) == ("POST", "/2/tweets"):
            return self._create(request)
        if request.path == f"/2/users/{ME['id']}/tweets":
            return self._timeline(request)
        return problem(404, "Not Found")

    def _create(self, request: Asked) -> Said:
        if self.left <= 0:
            reset = {
                "x-rate-limit-limit": "100",
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": str(int(time.time()) + 300),
            }
            return Said(429, {"title": "Too Many Requests", "detail": "Too Many Requests"}, reset)
        given = request.json()
        said, answered = str(given.get("text", "")), given.get("reply", {}).get("in_reply_to_tweet_id")
        if not said:
            return Said(
                400,
                {
                    "errors": [{"message": "The 'text' field is required"}],
                    "title": "Invalid Request",
                    "detail": "One or more parameters to your request was invalid.",
                },
            )
        if said in [tweet["said"] for tweet in self.tweets]:
            return problem(403, "You are not allowed to create a Tweet with duplicate content.")
        if answered and not self.takes_replies:
            return problem(
                403,
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
            )
        if answered and answered not in [tweet["id"] for tweet in self.tweets]:
            return problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        self.left -= 1
        shown, urls = html.escape(said, quote=False), []
        for link in _LINK.findall(said):
            urls.append(
                {
                    "url": f"https://t.co/{len(self.tweets):04}{len(urls)}",
                    "expanded_url": link,
                    "display_url": link[8:30] + "…",
                }
            )
            shown = shown.replace(html.escape(link, quote=False), urls[-1]["url"])
        key = str(1_800_000_000_000_000_000 + len(self.tweets))
        tweet = {"id": key, "said": said, "text": shown, "created_at": now().strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        tweet |= {"entities": {"urls": urls}} if urls else {}
        tweet |= {"referenced_tweets": [{"type": "replied_to", "id": answered}]} if answered else {}
        self.tweets.append(tweet)
        return Said(201, {"data": {"id": key, "text": shown, "edit_history_tweet_ids": [key]}})

    def _timeline(self, request: Asked) -> Said:
        since = request.query.get("start_time", "")
        newest = [tweet for tweet in reversed(self.tweets) if tweet["created_at"] >= since]
        at, size = int(request.query.get("pagination_token", "0")), int(request.query.get("max_results", "10"))
        page = [{name: value for name, value in tweet.items() if name != "said"} for tweet in newest[at : at + size]]
        meta = {"result_count": len(page)} | ({"next_token": str(at + size)} if len(newest) > at + size else {})
        return Said(200, {"meta": meta} | ({"data": page} if page else {}))
