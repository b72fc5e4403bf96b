"""Telegram, through a bot (core.telegram.org/bots/api).

A bot cannot read its own messages. So whether one arrived is read from the page that Telegram shows of every public
channel (t.me/s/NAME); for a private chat nobody can tell. An edit can be made twice without harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from statusdesk import clock
from statusdesk.channels import counts
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import began, earliest, instant, letters
from statusdesk.channels.refusals import OK, check_length, not_checked, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web

DEFAULT_SERVER, PUBLIC_PAGES = "https://api.telegram.org", "https://t.me"
LIMITS = Limits(characters=4096)
PAGES = 3
LAG_S = 60.0  # the public page may be that much behind; until then its silence means nothing
_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,100}")
_CHAT = re.compile(r"@[A-Za-z0-9_]{4,32}|-?\d{1,20}")
_WRITERS = ("creator", "administrator", "member", "restricted")
# What Telegram says when there is nothing left to edit.
_NOT_EDITABLE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message identifier")


class TelegramChannel:
    """One chat, channel or group, as one bot writes there."""

    def __init__(
        self, connection: Connection, patience: Patience = PATIENCE, *, public_pages: str = PUBLIC_PAGES
    ) -> None:
        self._web = Web("Telegram", connection.base_url or DEFAULT_SERVER, patience)
        self._pages = Web("Telegram", public_pages, patience)
        self._token = connection.secret.strip()
        self._chat = _chat(connection.settings.get("chat", ""))
        if not _TOKEN.fullmatch(self._token):
            raise Refused("That is no bot token. @BotFather gives one like 123456789:AA….", field="token")

    def check(self) -> Checked:
        """Whose token it is, whether the bot is in the chat, and whether it may write there."""
        try:
            me = self._done("getMe", {})
            chat = self._get_chat()
            member = self._done("getChatMember", {"chat_id": self._chat, "user_id": me.get("id")})
        except SendingError as fault:
            return not_checked("Bot", fault)
        name = tidy_line(str(me.get("username", "")))[:100]
        title = tidy_line(str(chat.get("title") or chat.get("username") or self._chat))[:100]
        lines = [CheckLine(what="Bot", ok=True, result=f"You post as @{name}.")]
        may = _may_write(chat, member)
        words = f"The bot may write in {title}." if may else _LACKS_RIGHTS
        lines.append(CheckLine(what="Chat", ok=may, result=words))
        public = _public_name(chat)
        if may and not public:
            words = "This chat has no public page, so after a broken connection nobody can look there for a post."
            lines.append(CheckLine(what="Looking", ok=None, result=words))
        username = chat.get("username")
        handle = f"@{username}" if isinstance(username, str) else title
        page = f"{PUBLIC_PAGES}/{username}" if isinstance(username, str) and _CHAT.fullmatch(f"@{username}") else ""
        return Checked(ok=may, handle=handle, profile_url=page, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it, or change the post that it mends. When that one is gone, post it as a message of its own."""
        check_length(post, "Telegram", LIMITS, counts.utf16, "characters")
        if post.mends is not None:
            mended = self._edit(post, post.mends)
            if mended is not None:
                return mended
        body: dict[str, Any] = {"chat_id": self._chat, "text": post.text, "link_preview_options": _preview(post)}
        root = post.root or post.mends
        if root is not None and root.id.isdecimal():
            # Customers must get the words also when the first post of the thread was deleted.
            body["reply_parameters"] = {"message_id": int(root.id), "allow_sending_without_reply": True}
        answer = self._ask("sendMessage", body, writes=True)
        self._judge(answer)
        remote = _remote(_result(answer))
        if remote is None:
            raise self._web.garbled(writes=True)
        return remote

    def find(self, post: Post) -> RemotePost | None:
        """The post on the public page of a channel. A change is simply made again: twice is once."""
        try:
            if post.mends is not None:
                mended = self._edit(post, post.mends)
                if mended is not None:
                    return mended
            public = _public_name(self._get_chat())
            if not public:
                raise CannotTell(
                    "Telegram lets nobody look for a bot's message in this chat. Look there yourself.", code="private"
                )
            return self._look(post, public)
        except (TryLater, CannotTell):
            raise
        except SendingError as fault:
            raise TryLater(fault.message, code=fault.code) from None

    def _ask(self, method: str, body: Mapping[str, Any], *, writes: bool = False) -> Answer:
        return self._web.ask("POST", f"/bot{self._token}/{method}", body=body, writes=writes)

    def _done(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of a method that writes nothing."""
        answer = self._ask(method, body)
        self._judge(answer)
        result = _result(answer)
        if result is None:
            raise self._web.garbled(writes=False)
        return result

    def _get_chat(self) -> Mapping[str, Any]:
        return self._done("getChat", {"chat_id": self._chat})

    def _edit(self, post: Post, mends: RemotePost) -> RemotePost | None:
        """Change a message. None when there is nothing left to change."""
        if not mends.id.isdecimal():
            return None
        body = {
            "chat_id": self._chat,
            "message_id": int(mends.id),
            "text": post.text,
            "link_preview_options": _preview(post),
        }
        answer = self._ask("editMessageText", body)
        words = _description(answer).lower()
        if answer.status == 400 and "message is not modified" in words:  # noqa: PLR2004
            return mends
        if answer.status == 400 and any(reason in words for reason in _NOT_EDITABLE):  # noqa: PLR2004
            return None
        self._judge(answer)
        if _result(answer) is None:
            raise self._web.garbled(writes=False)
        return mends

    def _look(self, post: Post, name: str) -> RemotePost | None:
        wanted, before = letters(post.text), ""
        for _ in range(PAGES):
            answer = self._pages.ask("GET", f"/s/{name}", params={"before": before} if before else None)
            if answer.status not in OK or b"tgme_" not in answer.body:
                raise self._pages.garbled(writes=False)
            since = earliest(post, answer)
            shown = _shown(answer.body.decode("utf-8", "replace"))
            for one in reversed(shown):
                if one.at is not None and one.at >= since and letters(one.text) == wanted:
                    return RemotePost(id=one.id, url=f"{PUBLIC_PAGES}/{name}/{one.id}")
            if not shown or (shown[0].at is not None and shown[0].at < since) or shown[0].id == before:
                break
            before = shown[0].id
        else:
            raise TryLater("There are too many newer posts in the channel to find this one.", code="too-many")
        waited = (clock.now() - (post.last_tried_at or began(post))).total_seconds()
        if waited < LAG_S:
            raise TryLater(
                "The channel's public page does not show the post yet.", code="lag", after_s=LAG_S - max(0.0, waited)
            )
        return None

    def _judge(self, answer: Answer) -> None:
        """Raise NeedsPerson, in plain words, unless Telegram says yes."""
        if answer.status in OK:
            return
        said_there = _description(answer)
        words, low = said(said_there, self._token), said_there.lower()
        if answer.status == 401 or (answer.status == 404 and low == "not found"):  # noqa: PLR2004
            raise NeedsPerson(
                f"Telegram does not know this bot token. Ask @BotFather for the token and connect again.{words}",
                code="login",
            )
        if answer.status == 404:  # noqa: PLR2004
            raise NeedsPerson(f"{self._web.host} has no Bot API. Check the server's address.", code="address")
        for reasons, code, advice in _REFUSALS:
            if any(reason in low for reason in reasons):
                raise NeedsPerson(f"{advice}{words}", code=code)
        raise NeedsPerson(f"Telegram refused the post ({answer.status}).{words}", code=f"http-{answer.status}")


def open_telegram(connection: Connection) -> Channel:
    """The channel for one chat. Raises Refused for a chat, token or address that is none."""
    return TelegramChannel(connection)


_LACKS_RIGHTS = "The bot may not write there. Make it an administrator of the channel with the right to post messages."
_REFUSALS = (
    (
        ("chat not found", "peer_id_invalid"),
        "chat",
        "Telegram finds no such chat, or the bot is not in it. Check the chat's name and add the bot to it.",
    ),
    (
        ("bot was kicked", "bot is not a member", "bot was blocked", "user is deactivated", "bot can't initiate"),
        "kicked",
        "The bot is not in the chat any more. Add it again.",
    ),
    (
        ("upgraded to a supergroup",),
        "moved",
        "The group became a supergroup and has a new number. Connect the account again with the new one.",
    ),
    (
        ("not enough rights", "need administrator rights", "chat_write_forbidden", "have no rights", "chat_restricted"),
        "rights",
        _LACKS_RIGHTS,
    ),
    (("message is too long",), "too-long", "Telegram says that the post is too long. Shorten it."),
    (("topic_closed",), "closed", "The group's topic is closed. Open it, or choose another chat."),
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A message as the public page shows it."""

    id: str
    text: str
    at: datetime | None


class _Page(HTMLParser):
    """Collects the messages of a channel's public page, oldest first."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.messages: list[tuple[str, list[str], list[str]]] = []  # id, pieces of text, times
        self._depth = 0  # of divs inside of the text; 0 outside

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "div":
            if self._depth:
                self._depth += 1
            elif "data-post" in known:
                self.messages.append((known["data-post"].rpartition("/")[2], [], []))
            elif "js-message_text" in known.get("class", "").split():
                self._depth = 1
        elif tag == "br" and self._depth and self.messages:
            self.messages[-1][1].append("\n")
        elif tag == "time" and "datetime" in known and self.messages:
            self.messages[-1][2].append(known["datetime"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth and self.messages:
            self.messages[-1][1].append(data)


def _shown(html: str) -> list[_Shown]:
    page = _Page()
    page.feed(html)
    page.close()
    return [
        _Shown(number, "".join(text), instant(times[-1]) if times else None)
        for number, text, times in page.messages
        if number.isdecimal()
    ]


def _chat(text: str) -> str:
    """A chat as the API names it. Raises Refused."""
    name = text.strip().removeprefix("https://t.me/").removeprefix("t.me/")
    if name and not name.startswith("@") and not name.lstrip("-").isdecimal():
        name = f"@{name}"
    if not _CHAT.fullmatch(name):
        raise Refused(
            "That is no chat. Write a channel's name like @northlake, or a chat's number like -1001234567890.",
            field="chat",
        )
    return name


def _preview(post: Post) -> Mapping[str, Any]:
    """The card under the message shows the incident's own page."""
    return {"url": post.link, "prefer_small_media": True} if post.link.startswith("https://") else {"is_disabled": True}


def _result(answer: Answer) -> Mapping[str, Any] | None:
    known = answer.record() or {}
    result = known.get("result")
    return result if known.get("ok") is True and isinstance(result, dict) else None


def _description(answer: Answer) -> str:
    words = (answer.record() or {}).get("description")
    return words if isinstance(words, str) else ""


def _remote(message: Mapping[str, Any] | None) -> RemotePost | None:
    number = (message or {}).get("message_id")
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    chat = (message or {}).get("chat")
    known = chat if isinstance(chat, dict) else {}
    name, inside = known.get("username"), str(known.get("id", ""))
    if isinstance(name, str) and _CHAT.fullmatch(f"@{name}"):
        return RemotePost(id=str(number), url=f"{PUBLIC_PAGES}/{name}/{number}")
    # Members of a private channel or supergroup have addresses too, made of its number without -100.
    place = inside.removeprefix("-100") if inside.startswith("-100") else ""
    return RemotePost(id=str(number), url=f"{PUBLIC_PAGES}/c/{place}/{number}" if place.isdecimal() else "")


def _public_name(chat: Mapping[str, Any]) -> str:
    """The name under which a channel has a public page; empty when it has none. Groups have none."""
    name = chat.get("username")
    public = chat.get("type") == "channel" and isinstance(name, str) and _CHAT.fullmatch(f"@{name}")
    return str(name) if public else ""


def _may_write(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    status = member.get("status")
    if chat.get("type") == "channel":
        return status == "creator" or (status == "administrator" and member.get("can_post_messages") is True)
    if status == "restricted":
        return member.get("can_send_messages") is True
    return status in _WRITERS
