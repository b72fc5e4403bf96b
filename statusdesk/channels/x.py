"""X, by its API v2 (docs.x.com/x-api/posts/create-post, docs.x.com/fundamentals/authentication/oauth-2-0).

An access token holds for two hours; the refresh token that renews it holds for one use, so both are kept anew each
time. X has no key by which a second try is known: `find` looks among our own newest posts, in which X has put its own
short links in place of ours. X refuses answers through its API to most apps, also to posts of one's own: then the words
go out as a post that stands alone. Nothing can be changed, so a correction is an answer, too.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote

from statusdesk.channels import counts, oauth
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post, SignedIn
from statusdesk.channels.finding import CLOCKS_UNKNOWN, began, earliest, instant, letters
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web

DEFAULT_SERVER = "https://api.x.com"
AUTHORIZE_URL = "https://x.com/i/oauth2/authorize"
TOKEN_PATH = "/2/oauth2/token"  # noqa: S105  an address
SCOPES = "tweet.read tweet.write users.read offline.access"
LIMITS = Limits(characters=280, link_length=23)
PAGES, PAGE = 5, 100
_OK, _LOGIN_OVER, _PLAN = range(200, 300), 401, 402
_REFUSED = (400, 403)
_PLAN_SIGNS = ("client-not-enrolled", "client-forbidden", "usage-capped", "credits")


class XChannel:
    """One account."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        base = connection.base_url or DEFAULT_SERVER
        self._web = Web("X", base, patience)
        self._provider = _provider(self._web, connection.settings.get("client_id", ""), connection.secret)
        self._keeper = connection.keeper
        self._limits = connection.limits if connection.limits.characters else LIMITS
        self._hidden: dict[str, str] = {}  # the tokens as this run knows them
        self._me: Mapping[str, Any] = {}

    def check(self) -> Checked:
        """Whose login it is."""
        try:
            name = str(self._who().get("username", ""))
        except SendingError as fault:
            return Checked(ok=False, lines=[CheckLine(what="Login", ok=False, result=fault.message)])
        handle = f"@{tidy_line(name)[:50]}"
        lines = [
            CheckLine(what="Login", ok=True, result=f"You post as {handle}."),
            CheckLine(what="Length", ok=True, result=f"A post may count {LIMITS.characters} characters."),
        ]
        url = f"https://x.com/{quote(name, safe='')}"
        return Checked(ok=True, handle=handle, profile_url=url, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it, in its thread where X allows that."""
        count = counts.x(post.text, self._limits)
        if count > self._limits.characters:
            raise NeedsPerson(
                f"The post counts {count} characters, X takes {self._limits.characters}. Shorten it.", code="too-long"
            )
        answered = post.mends or post.root
        if answered is not None:
            answer = self._publish(post, answered)
            if answer.status not in _REFUSED or _is_duplicate(answer) or _is_plan(answer):
                return self._posted(post, answer)
        return self._posted(post, self._publish(post, None))

    def find(self, post: Post) -> RemotePost | None:
        """The post among our own newest ones: the same words, with X's links read as what they stand for."""
        try:
            return self._look(post)
        except (TryLater, CannotTell):
            raise
        except SendingError as fault:
            raise TryLater(fault.message, code=fault.code) from None

    def _publish(self, post: Post, answered: RemotePost | None) -> Answer:
        body: dict[str, Any] = {"text": post.text}
        if answered is not None:
            body["reply"] = {"in_reply_to_tweet_id": answered.id}
        return self._asked("POST", "/2/tweets", body=body, writes=True)

    def _posted(self, post: Post, answer: Answer) -> RemotePost:
        if answer.status in _OK:
            remote = _remote((answer.record() or {}).get("data"))
            if remote is None:
                raise self._web.garbled(writes=True)
            return remote
        if _is_duplicate(answer):
            return self._there(post)
        raise self._refusal(answer)

    def _there(self, post: Post) -> RemotePost:
        """What X means when it says that it has these words already."""
        try:
            found = self.find(post)
        except SendingError as fault:
            raise MaybeArrived(f"X has these words already. {fault.message}", code="duplicate") from None
        if found is None:
            raise NeedsPerson(
                "X refused the post: it says the same as one before. Change the words and post them again.",
                code="duplicate",
            )
        return found

    def _look(self, post: Post) -> RemotePost | None:
        me = str(self._who()["id"])
        wanted = letters(post.text)
        named = letters(str(self._who().get("username", ""))) + wanted  # an answer may begin with the name it answers
        threads = {one.id for one in (post.root, post.mends) if one}
        for tweet, answer in self._own(me, post):
            made = instant(tweet.get("created_at"))
            if made is not None and made < earliest(post, answer):
                continue
            if not _answers(tweet) <= threads:
                continue
            if letters(_said(tweet)) in (wanted, named):
                return _remote(tweet)
        return None

    def _own(self, me: str, post: Post) -> Iterator[tuple[Mapping[str, Any], Answer]]:
        """Our posts since the first attempt, newest first."""
        params = {
            "max_results": str(PAGE),
            "start_time": f"{began(post).astimezone(UTC) - CLOCKS_UNKNOWN:%Y-%m-%dT%H:%M:%SZ}",
            "exclude": "retweets",
            "tweet.fields": "created_at,entities,referenced_tweets",
        }
        for _ in range(PAGES):
            answer = self._asked("GET", f"/2/users/{quote(me, safe='')}/tweets", params=params)
            if answer.status == _PLAN or (answer.status in _REFUSED and _is_plan(answer)):
                raise CannotTell("X does not let this app read posts. Look at the account on X.", code="plan")
            known = answer.record() if answer.status in _OK else None
            tweets = (known or {}).get("data", [])
            if known is None or not isinstance(tweets, list) or not all(_remote(one) for one in tweets):
                raise self._web.garbled(writes=False)
            for tweet in tweets:
                yield tweet, answer
            following = _inner(known, "meta").get("next_token")
            if not isinstance(following, str) or not tweets:
                return
            params["pagination_token"] = following[:500]
        raise TryLater("There are too many newer posts on the account to find this one.", code="too-many")

    def _who(self) -> Mapping[str, Any]:
        """The account, asked once."""
        if not self._me:
            answer = self._asked("GET", "/2/users/me")
            if answer.status not in _OK:
                raise self._refusal(answer)
            me = _inner(answer.record() or {}, "data")
            if not isinstance(me.get("id"), str) or not me["id"]:
                raise self._web.garbled(writes=False)
            self._me = me
        return self._me

    def _asked(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, str] | None = None, writes: bool = False
    ) -> Answer:
        """A request with a login; one that is over is renewed once."""
        access = self._token("access") or self._renewed("")
        answer = self._web.ask(method, path, token=access, body=body, params=params, writes=writes)
        if answer.status == _LOGIN_OVER:
            access = self._renewed(access)
            answer = self._web.ask(method, path, token=access, body=body, params=params, writes=writes)
        return answer

    def _token(self, name: str) -> str:
        if name not in self._hidden and self._keeper is not None:
            self._hidden[name] = self._keeper.load(name) or ""
        return self._hidden.get(name, "")

    def _renewed(self, over: str) -> str:
        """A new access token. Each refresh token holds for one use, and another run may have used ours meanwhile."""
        self._hidden.clear()
        if (newer := self._token("access")) not in ("", over):
            return newer
        refresh = self._token("refresh")
        if not refresh:
            raise self._login_over()
        answer = oauth.token_request(self._provider, {"grant_type": "refresh_token", "refresh_token": refresh})
        given = oauth.tokens(answer)
        if given is None:
            if answer.status in _OK:
                raise self._web.garbled(writes=False)
            self._hidden.clear()
            if self._token("refresh") != refresh and (newer := self._token("access")):
                return newer
            raise self._login_over()
        self._keep("refresh", str(given.get("refresh_token") or refresh))  # first: without it there is no way back
        return self._keep("access", str(given["access_token"]))

    def _keep(self, name: str, value: str) -> str:
        self._hidden[name] = value
        if self._keeper is not None:
            self._keeper.save(value, name)
        return value

    @staticmethod
    def _login_over() -> NeedsPerson:
        return NeedsPerson("The login at X is over. Sign in again for this account.", code="login")

    def _refusal(self, answer: Answer) -> NeedsPerson:
        words = _words(answer)
        for hidden in (self._provider.secret, *self._hidden.values()):
            words = words.replace(hidden, "…") if hidden else words
        said = f" X says: {words}" if words else ""
        if answer.status == _LOGIN_OVER:
            return self._login_over()
        if answer.status == _PLAN or _is_plan(answer):
            return NeedsPerson(
                f"X does not take posts from this app on its present plan. Look at the plan and the credits in X's "
                f"developer portal.{said}",
                code="plan",
            )
        return NeedsPerson(f"X refused the post ({answer.status}).{said}", code=f"http-{answer.status}")


def open_x(connection: Connection) -> Channel:
    """The channel for one account. Raises Refused for an address that is none."""
    return XChannel(connection)


def sign_in(settings: Mapping[str, str], show: Callable[[str], None], cancelled: Callable[[], bool]) -> SignedIn:
    """Let the account's owner allow it. X compares the whole address to come back to, so its port is fixed."""
    server = settings.get("server", "")
    web = Web("X", server or DEFAULT_SERVER)
    secret = settings.get("client_secret", "")
    provider = _provider(web, settings.get("client_id", ""), secret)
    with oauth.Loopback(oauth.REGISTERED_PORT) as loopback:
        given = oauth.sign_in(provider, loopback, show, cancelled)
    kept = {name: str(given.get(f"{name}_token") or "") for name in ("access", "refresh")}
    return SignedIn(secret=secret, kept=kept)


def _provider(web: Web, client_id: str, secret: str) -> oauth.Provider:
    page = AUTHORIZE_URL if web.base_url == DEFAULT_SERVER else f"{web.base_url}/i/oauth2/authorize"
    return oauth.Provider(web, page, TOKEN_PATH, client_id.strip(), SCOPES, secret.strip(), basic=True)


def _words(answer: Answer) -> str:
    """What X says about it."""
    errors = (answer.record() or {}).get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    said = answer.words() or str(first.get("message") or first.get("detail") or "")
    return tidy_line(said)[:200]


def _is_duplicate(answer: Answer) -> bool:
    return answer.status in _REFUSED and "duplicate content" in _words(answer).casefold()


def _is_plan(answer: Answer) -> bool:
    known = answer.record() or {}
    signs = f"{known.get('type', '')} {known.get('reason', '')} {known.get('title', '')}".casefold()
    return any(sign in signs for sign in _PLAN_SIGNS)


def _said(tweet: Mapping[str, Any]) -> str:
    """A post's words with the links as they were written: X shows its own short ones."""
    text = html.unescape(str(tweet.get("text", "")))
    urls = _inner(tweet, "entities").get("urls")
    for one in urls if isinstance(urls, list) else ():
        if isinstance(one, dict) and isinstance(one.get("url"), str) and one["url"]:
            text = text.replace(one["url"], str(one.get("expanded_url") or one["url"]))
    return text


def _answers(tweet: Mapping[str, Any]) -> set[str]:
    """Which posts it answers."""
    known = tweet.get("referenced_tweets")
    listed = [one for one in known if isinstance(one, dict)] if isinstance(known, list) else []
    return {str(one.get("id")) for one in listed if one.get("type") == "replied_to"}


def _remote(tweet: object) -> RemotePost | None:
    if not isinstance(tweet, dict) or not isinstance(tweet.get("id"), str) or not tweet["id"].isdigit():
        return None
    key = tweet["id"][:40]
    return RemotePost(id=key, url=f"https://x.com/i/status/{key}")


def _inner(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, dict) else {}
