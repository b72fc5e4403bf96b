"""A Facebook page (developers.facebook.com/docs/pages-api/posts).

A page has no threads: each update is a post of its own. A correction changes the post it is about. Facebook knows no
key for a second try, so `find` looks among the page's own newest posts.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import CLOCKS_UNKNOWN, began, earliest, instant, letters, web_address
from statusdesk.channels.graph import DUPLICATE, GONE, LINK, PERMISSION, Graph
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Patience, Web

DEFAULT_SERVER = "https://graph.facebook.com"
VERSION = "v24.0"
LIMITS = Limits(characters=63_206)
_FIELDS = "id,message,created_time,permalink_url"


class FacebookChannel:
    """One page."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        web = Web("Facebook", connection.base_url or DEFAULT_SERVER, patience)
        self._graph = Graph(web, connection.secret.strip())
        self._page = quote(connection.settings.get("page", "").strip(), safe="")

    def check(self) -> Checked:
        """Whether the token reads the page."""
        try:
            page = self._graph.ask("GET", f"/{VERSION}/{self._page}", params={"fields": "id,name,link"})
        except SendingError as fault:
            return Checked(ok=False, lines=[CheckLine(what="Login", ok=False, result=fault.message)])
        name = tidy_line(str(page.get("name", "")))[:100]
        lines = [
            CheckLine(what="Login", ok=True, result=f"You post as {name}."),
            CheckLine(what="Length", ok=True, result=f"A post may have {LIMITS.characters:,} characters."),
        ]
        url = web_address(page.get("link")) or f"https://www.facebook.com/{self._page}"
        return Checked(ok=True, handle=name, profile_url=url, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it, or change the post that it corrects."""
        count = counts.utf16(post.text, LIMITS)
        if count > LIMITS.characters:
            raise NeedsPerson(
                f"The post has {count:,} characters, Facebook takes {LIMITS.characters:,}. Shorten it.", code="too-long"
            )
        if post.mends is not None:
            try:
                changed = self._graph.ask("POST", self._of(post.mends), data={"message": post.text}, writes=True)
            except NeedsPerson as fault:
                if fault.code != GONE:
                    raise
            else:
                if changed.get("success") is not True and not changed.get("id"):
                    raise self._graph.web.garbled(writes=True)
                return post.mends
        return self._publish(post)

    def find(self, post: Post) -> RemotePost | None:
        """The post among the page's newest ones: the same words, since the first attempt."""
        try:
            return (self._changed(post, post.mends) if post.mends else None) or self._look(post)
        except TryLater:
            raise
        except SendingError as fault:
            if fault.code == PERMISSION:
                words = "Facebook does not let this token read the page's posts. Look at the page."
                raise CannotTell(words, code=PERMISSION) from None
            raise TryLater(fault.message, code=fault.code) from None

    def _publish(self, post: Post) -> RemotePost:
        said = {"message": post.text}
        try:
            known = self._graph.ask("POST", f"/{VERSION}/{self._page}/feed", data=said | _link(post), writes=True)
        except NeedsPerson as fault:
            if fault.code == DUPLICATE:
                return self._there(post, fault)
            if fault.code != LINK:
                raise
        else:
            return self._posted(known)
        # A page that Facebook cannot read yet gets no card; its address stands in the words all the same.
        return self._posted(self._graph.ask("POST", f"/{VERSION}/{self._page}/feed", data=said, writes=True))

    def _posted(self, known: Any) -> RemotePost:
        remote = _remote(known)
        if remote is None:
            raise self._graph.web.garbled(writes=True)
        return remote

    def _there(self, post: Post, refused: NeedsPerson) -> RemotePost:
        """What Facebook means when it says that it has these words already."""
        try:
            found = self.find(post)
        except SendingError as fault:
            raise MaybeArrived(f"Facebook has these words already. {fault.message}", code=DUPLICATE) from None
        if found is None:
            raise NeedsPerson(refused.message, code=refused.code)
        return found

    def _changed(self, post: Post, old: RemotePost) -> RemotePost | None:
        """The earlier post, when it has the new words."""
        try:
            known = self._graph.ask("GET", self._of(old), params={"fields": _FIELDS})
        except NeedsPerson as fault:
            if fault.code == GONE:
                return None
            raise
        if _remote(known) is None:
            raise self._graph.web.garbled(writes=False)
        return old if letters(str(known.get("message", ""))) == letters(post.text) else None

    def _look(self, post: Post) -> RemotePost | None:
        wanted = letters(post.text)
        params = {"fields": _FIELDS, "since": str(int((began(post) - CLOCKS_UNKNOWN).timestamp()))}
        for known, answer in self._graph.listed(f"/{VERSION}/{self._page}/posts", params):
            made, remote = instant(known.get("created_time")), _remote(known)
            if remote is None:
                raise self._graph.web.garbled(writes=False)
            if (made is None or made >= earliest(post, answer)) and letters(str(known.get("message", ""))) == wanted:
                return remote
        return None

    @staticmethod
    def _of(post: RemotePost) -> str:
        return f"/{VERSION}/{quote(post.id, safe='')}"


def open_facebook(connection: Connection) -> Channel:
    """The channel for one page. Raises Refused for an address that is none."""
    return FacebookChannel(connection)


def _link(post: Post) -> dict[str, str]:
    return {"link": post.link} if post.link.startswith("https://") else {}


def _remote(known: Any) -> RemotePost | None:
    key = known.get("id") if isinstance(known, dict) else None
    if not isinstance(key, str) or not key:
        return None
    url = web_address(known.get("permalink_url")) or f"https://www.facebook.com/{quote(key[:200], safe='')}"
    return RemotePost(id=key[:200], url=url)
