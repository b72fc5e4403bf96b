"""A LinkedIn page, by the Posts API (learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api).

A page has no threads: each update is a post of its own, with an article card for its link. A correction changes the
post it is about. LinkedIn knows no key for a second try, so `find` looks among the page's own newest posts. Each
month's version of the API is taken for about a year; which one is asked for is a setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from statusdesk import clock
from statusdesk.channels import counts, oauth
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post, SignedIn
from statusdesk.channels.finding import earliest, instant, letters
from statusdesk.channels.linkcard import card_of, picture_of
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.domain.times import rfc3339
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web

DEFAULT_SERVER = "https://api.linkedin.com"
SIGN_IN_SERVER = "https://www.linkedin.com"
VERSION = "202608"
SCOPES = "r_organization_social w_organization_social"
LIMITS = Limits(characters=3000)
PICTURE_AT_MOST = 5_000_000  # bytes
PAGES, PAGE = 5, 100
SIGN_IN_SOON = 14  # days before the end of a login
LONGEST_S = 400 * 86_400
_OK, _CHANGED = range(200, 300), 204
_LOGIN_OVER, _NOT_ALLOWED, _NOT_FOUND, _OLD_VERSION, _UNPROCESSABLE = 401, 403, 404, 426, 422
_URN = re.compile(r"urn:li:(?:share|ugcPost):\d{1,30}")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class LinkedInChannel:
    """One page."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("LinkedIn", connection.base_url or DEFAULT_SERVER, patience)
        self._patience = patience
        self._token = connection.secret.strip()
        self._keeper = connection.keeper
        self._page = connection.settings.get("organization", "").strip().rpartition(":")[2]
        self._version = connection.settings.get("api_version", "").strip() or VERSION

    @property
    def _author(self) -> str:
        return f"urn:li:organization:{self._page}"

    def check(self) -> Checked:
        """Whether the token may read the page's posts; the page's name, if it may read that, too."""
        try:
            next(self._own(), None)
            answer = self._asked("GET", f"/rest/organizations/{quote(self._page, safe='')}")
        except SendingError as fault:
            return Checked(ok=False, lines=[CheckLine(what="Login", ok=False, result=fault.message)])
        known = (answer.record() if answer.status in _OK else None) or {}
        name = tidy_line(str(known.get("localizedName") or f"Page {self._page}"))[:100]
        lines = [
            CheckLine(what="Login", ok=True, result=f"You post as {name}."),
            CheckLine(what="Length", ok=True, result=f"A post may have {LIMITS.characters:,} characters."),
        ]
        until = instant(self._keeper.load("until") if self._keeper else None)
        if until is not None:
            days = max(0, (until - clock.now()).days)
            again = "" if days > SIGN_IN_SOON else " Sign in again before it ends."
            words = f"The login holds for {days} more day{'' if days == 1 else 's'}.{again}"
            lines.append(CheckLine(what="How long", ok=None if again else True, result=words))
        url = f"https://www.linkedin.com/company/{quote(self._page, safe='')}/"
        return Checked(ok=True, handle=name, profile_url=url, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it, or change the post that it corrects."""
        count = counts.linkedin(post.text, LIMITS)
        if count > LIMITS.characters:
            raise NeedsPerson(
                f"The post counts {count:,} characters, LinkedIn takes {LIMITS.characters:,}. Shorten it.",
                code="too-long",
            )
        if post.mends is not None and self._change(post, post.mends):
            return post.mends
        answer = self._asked("POST", "/rest/posts", body=self._body(post), writes=True)
        if answer.status in _OK:
            remote = _remote(answer.headers.get("x-restli-id", ""))
            if remote is None:
                raise self._web.garbled(writes=True)
            return remote
        if answer.status == _UNPROCESSABLE and "duplicate" in f"{_code(answer)} {answer.words()}".casefold():
            return self._there(post)
        raise self._refusal(answer)

    def find(self, post: Post) -> RemotePost | None:
        """The post among the page's newest ones: the same words, since the first attempt."""
        wanted = letters(post.text)
        try:
            for known, answer in self._own():
                remote = _remote(known.get("id"))
                if remote is None or letters(_said(known)) != wanted:
                    continue
                if post.mends and remote == post.mends:
                    return remote
                made = _instant(known.get("publishedAt") or known.get("createdAt"))
                if made is None or made >= earliest(post, answer):
                    return remote
        except (TryLater, CannotTell):
            raise
        except SendingError as fault:
            if fault.code == "permission":
                words = "LinkedIn does not let this token read the page's posts. Look at the page."
                raise CannotTell(words, code=fault.code) from None
            raise TryLater(fault.message, code=fault.code) from None
        return None

    def _body(self, post: Post) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            "author": self._author,
            "commentary": counts.little_text(post.text),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        card = card_of(post)
        if card is not None:
            article = {"source": card.link, "title": card.title, "description": card.description}
            picture = self._picture(post)
            body["content"] = {"article": article | ({"thumbnail": picture} if picture else {})}
        return body

    def _picture(self, post: Post) -> str:
        """The incident's picture as LinkedIn's own; empty when it cannot be had: the words matter.

        docs: .../community-management/shares/images-api
        """
        data = picture_of(post, PICTURE_AT_MOST)
        if data is None:
            return ""
        try:
            begun = self._asked(
                "POST",
                "/rest/images?action=initializeUpload",
                body={"initializeUploadRequest": {"owner": self._author}},
            )
            value = (begun.record() or {}).get("value")
            known = value if begun.status in _OK and isinstance(value, dict) else {}
            image, to = known.get("image"), known.get("uploadUrl")
            if not isinstance(image, str) or not isinstance(to, str) or not self._is_theirs(to):
                return ""
            parts = urlsplit(to)
            there = Web("LinkedIn", f"{parts.scheme}://{parts.netloc}", self._patience)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            done = there.ask("PUT", path, token=self._token, data=data, headers={"Content-Type": "image/png"})
        except (SendingError, Refused):
            return ""
        return image if done.status in _OK else ""

    def _is_theirs(self, address: str) -> bool:
        """Whether an address that an answer names is LinkedIn's own: only there the token goes."""
        try:
            parts = urlsplit(address)
            host, own = parts.hostname or "", urlsplit(self._web.base_url)
        except ValueError:
            return False
        if parts.username or parts.password:
            return False
        return (parts.scheme, parts.netloc) == (own.scheme, own.netloc) or (
            parts.scheme == "https" and host.endswith(".linkedin.com")
        )

    def _change(self, post: Post, old: RemotePost) -> bool:
        """Change the earlier post's words to these; False when it is gone."""
        answer = self._asked(
            "POST",
            f"/rest/posts/{quote(old.id, safe='')}",
            body={"patch": {"$set": {"commentary": counts.little_text(post.text)}}},
            method_name="PARTIAL_UPDATE",
            writes=True,
        )
        if answer.status == _CHANGED:
            return True
        if answer.status in _OK:  # what answers otherwise is not LinkedIn: the page of a hotel's network
            raise self._web.garbled(writes=True)
        if answer.status == _NOT_FOUND:
            return False
        raise self._refusal(answer)

    def _there(self, post: Post) -> RemotePost:
        """What LinkedIn means when it says that it has these words already."""
        try:
            found = self.find(post)
        except SendingError as fault:
            raise MaybeArrived(f"LinkedIn has these words already. {fault.message}", code="duplicate") from None
        if found is None:
            raise NeedsPerson(
                "LinkedIn refused the post: it says the same as one before. Change the words and post them again.",
                code="duplicate",
            )
        return found

    def _own(self) -> Iterator[tuple[Mapping[str, Any], Answer]]:
        """The page's posts, newest first, each with the answer it came in. Raises TryLater after a few pages."""
        for page in range(PAGES):
            path = (
                f"/rest/posts?author={quote(self._author, safe='')}&q=author&count={PAGE}&start={page * PAGE}"
                "&sortBy=LAST_MODIFIED"
            )
            answer = self._asked("GET", path, method_name="FINDER")
            if answer.status not in _OK:
                raise self._refusal(answer)
            posts = (answer.record() or {}).get("elements")
            if not isinstance(posts, list) or not all(isinstance(one, dict) for one in posts):
                raise self._web.garbled(writes=False)
            yield from ((one, answer) for one in posts)
            if len(posts) < PAGE:
                return
        raise TryLater("There are too many newer posts on the page to find this one.", code="too-many")

    def _asked(
        self, method: str, path: str, *, body: Any = None, method_name: str = "", writes: bool = False
    ) -> Answer:
        headers = {"LinkedIn-Version": self._version, "X-Restli-Protocol-Version": "2.0.0"}
        if method_name:
            headers["X-RestLi-Method"] = method_name
        return self._web.ask(method, path, token=self._token, body=body, headers=headers, writes=writes)

    def _refusal(self, answer: Answer) -> NeedsPerson:
        words = answer.words().replace(self._token, "…") if self._token else answer.words()
        said = f" LinkedIn says: {words}" if words else ""
        if answer.status == _LOGIN_OVER:
            return NeedsPerson(
                f"LinkedIn refused the login; it holds for 60 days. Sign in again for this account.{said}", code="login"
            )
        if answer.status == _NOT_ALLOWED:
            return NeedsPerson(
                "LinkedIn does not allow this. You must be an administrator of the page, and the app needs the "
                f"permissions {SCOPES.replace(' ', ' and ')}.{said}",
                code="permission",
            )
        if answer.status == _OLD_VERSION:
            return NeedsPerson(
                f"LinkedIn no longer takes the API version {self._version}. Update StatusDesk, or enter a newer "
                "version in the account's settings.",
                code="version",
            )
        return NeedsPerson(f"LinkedIn refused the post ({answer.status}).{said}", code=f"http-{answer.status}")


def open_linkedin(connection: Connection) -> Channel:
    """The channel for one page. Raises Refused for an address that is none."""
    return LinkedInChannel(connection)


def sign_in(settings: Mapping[str, str], show: Callable[[str], None], cancelled: Callable[[], bool]) -> SignedIn:
    """Let an administrator of the page allow it (learn.microsoft.com/linkedin/shared/authentication).

    LinkedIn compares the whole address to come back to, so its port is fixed. It refuses every request that carries a
    verifier (PKCE), as measured by others in 2026: here the app's secret and the state alone guard the code.
    """
    web = Web("LinkedIn", settings.get("server", "") or SIGN_IN_SERVER)
    provider = oauth.Provider(
        web,
        f"{web.base_url}/oauth/v2/authorization",
        "/oauth/v2/accessToken",
        settings.get("client_id", "").strip(),
        SCOPES,
        settings.get("client_secret", "").strip(),
        pkce=False,
    )
    with oauth.Loopback(oauth.REGISTERED_PORT) as loopback:
        given = oauth.sign_in(provider, loopback, show, cancelled)
    seconds, kept = given.get("expires_in"), {}
    if isinstance(seconds, int) and 0 < seconds < LONGEST_S:
        kept["until"] = rfc3339(clock.now() + timedelta(seconds=seconds))
    return SignedIn(secret=given["access_token"], kept=kept)


def _said(known: Mapping[str, Any]) -> str:
    """A post's words without the strokes before what means something to LinkedIn."""
    return _ESCAPE.sub(r"\1", str(known.get("commentary", "")))


def _code(answer: Answer) -> str:
    known = answer.record() or {}
    return f"{known.get('code', '')} {known.get('errorDetailType', '')}"


def _instant(value: object) -> datetime | None:
    """A time as LinkedIn writes it: milliseconds since 1970."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)


def _remote(urn: object) -> RemotePost | None:
    if not isinstance(urn, str) or not _URN.fullmatch(urn):
        return None
    return RemotePost(id=urn, url=f"https://www.linkedin.com/feed/update/{urn}/")
