"""Slack: an app's bot (docs.slack.dev/reference/methods), or an incoming webhook for one channel.

A bot replies in the incident's thread and shows the reply in the channel too, changes messages, and can look for its
own. A webhook can only post (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). The words go as a
rich text block (docs.slack.dev/reference/block-kit/blocks/rich-text-block), in which nothing is read as formatting.
A message's id, as we keep it, is its channel and its time: `C0123456789 1503435956.000247`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from statusdesk.channels import counts, escapes
from statusdesk.channels.base import Channel, Checked, Connection, Limits, Post
from statusdesk.channels.finding import CLOCKS_UNKNOWN, began, earliest, letters
from statusdesk.channels.refusals import OK, check_length, not_checked, opened_address, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Answer, Patience, Web, wait_asked

DEFAULT_SERVER = "https://slack.com"
LIMITS = Limits(characters=3000)  # of a block; a text alone may have 40,000, but would be read as formatting
PAGES, PAGE = 5, 100
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{7,20}")
_TIME = re.compile(r"\d{1,12}\.\d{1,9}")
_WEBHOOK = re.compile(r"/(?:services|workflows|triggers)/[A-Za-z0-9_/-]+")
_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'”’…])")
_WRAPPED_LINK = re.compile(r"<(https?://[^>|]*)(?:\|[^>]*)?>")
_BUSY = ("ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org")
_OWN_FAULTS = ("internal_error", "fatal_error")
_NOT_EDITABLE = ("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive")
_THREAD_GONE = ("thread_not_found", "invalid_thread_ts", "message_not_found", "cannot_reply_to_message")
_LOGIN = "Slack refused the token. Install the app in your workspace again and connect with its new bot token."
_NOT_THERE = "Slack finds no such channel. Check its ID, and write /invite with the app's name in the channel."
_CLOSED = "The channel is archived. Open it again in Slack, or choose another one."
_RIGHTS = "Your workspace does not let the app post in this channel. Ask an administrator of Slack."
_REFUSALS: Mapping[str, str] = {
    **dict.fromkeys(("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"), _LOGIN),
    **dict.fromkeys(("channel_not_found", "not_in_channel"), _NOT_THERE),
    **dict.fromkeys(("is_archived", "channel_is_archived"), _CLOSED),
    **dict.fromkeys(("restricted_action", "restricted_action_read_only_channel", "org_login_required"), _RIGHTS),
    **dict.fromkeys(("action_prohibited", "posting_to_general_channel_denied", "ekm_access_denied"), _RIGHTS),
    **dict.fromkeys(
        ("no_service", "no_active_hooks", "no_team", "invalid_token", "team_disabled", "user_not_found"),
        "The webhook is not there any more. Make a new one in the app's settings and connect again.",
    ),
    "missing_scope": "The app lacks a permission. Add it in the app's settings and install the app again.",
    "msg_too_long": "Slack says that the post is too long. Shorten it.",
}


class SlackBot:
    """One channel, as an app's bot writes there."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web = Web("Slack", connection.base_url or DEFAULT_SERVER, patience)
        self._token = connection.secret.strip()
        self._channel = connection.settings.get("channel", "").strip()
        if not _CHANNEL.fullmatch(self._channel):
            raise Refused(
                "Write the channel's ID, like C0123456789. It stands at the end of the channel's details in Slack.",
                field="channel",
            )

    def check(self) -> Checked:
        """Whose token it is, and, if the app may look, whether it is in the channel."""
        try:
            me = self._done("GET", "auth.test")
            name = tidy_line(str(me.get("user", "")))[:100]
            lines = [CheckLine(what="Login", ok=True, result=f"You post as {name}.")]
            lines.append(self._check_channel())
        except SendingError as fault:
            return not_checked("Login", fault)
        team = tidy_line(str(me.get("team", "")))[:100]
        well = all(line.ok is not False for line in lines)
        return Checked(ok=well, handle=f"{name}, {team}", limits=LIMITS, lines=lines)

    def _check_channel(self) -> CheckLine:
        try:
            known = self._done("GET", "conversations.info", params={"channel": self._channel}).get("channel")
        except NeedsPerson as fault:
            if fault.code != "missing_scope":
                raise
            words = "The app may not look at channels (channels:read), so whether it may post there is not known."
            return CheckLine(what="Channel", ok=None, result=words)
        about = known if isinstance(known, dict) else {}
        name = tidy_line(str(about.get("name", "")))[:100]
        if about.get("is_archived") is True:
            return CheckLine(what="Channel", ok=False, result=_CLOSED)
        if about.get("is_member") is False:
            words = f"The app is not in #{name}. Write /invite with the app's name in the channel."
            return CheckLine(what="Channel", ok=False, result=words)
        return CheckLine(what="Channel", ok=True, result=f"Posts go to #{name}.")

    def send(self, post: Post) -> RemotePost:
        """Post it into the incident's thread, or change the message that it mends, where it is still there."""
        check_length(post, "Slack", LIMITS, counts.slack, "characters")
        place = _place(post.mends)
        if place is not None and post.mends is not None:
            body = {"channel": place[0], "ts": place[1], **_dressed(post)}
            try:
                self._done("POST", "chat.update", body=body)
            except NeedsPerson as fault:
                if fault.code not in _NOT_EDITABLE:
                    raise
            else:
                return post.mends
        thread = _place(post.root) or place
        try:
            return self._publish(post, thread[1] if thread else None)
        except NeedsPerson as fault:
            if not thread or fault.code not in _THREAD_GONE:
                raise
        return self._publish(post, None)

    def find(self, post: Post) -> RemotePost | None:
        """The message among the app's own ones in the channel. Needs the right to read the channel's history."""
        try:
            return self._look(post)
        except TryLater:
            raise
        except NeedsPerson as fault:
            if fault.code == "missing_scope":
                raise CannotTell(
                    "The app may not read the channel (channels:history), so it cannot look. Look there yourself.",
                    code=fault.code,
                ) from None
            raise TryLater(fault.message, code=fault.code) from None

    def _publish(self, post: Post, thread: str | None) -> RemotePost:
        body: dict[str, Any] = {"channel": self._channel, "unfurl_links": True, **_dressed(post)}
        if thread is not None:
            body |= {"thread_ts": thread, "reply_broadcast": True}
        known = self._done("POST", "chat.postMessage", body=body, writes=True)
        channel, at = known.get("channel"), known.get("ts")
        if not _place(RemotePost(id=f"{channel} {at}")):
            raise self._web.garbled(writes=True)
        return RemotePost(id=f"{channel} {at}")

    def _look(self, post: Post) -> RemotePost | None:
        me, wanted = self._done("GET", "auth.test"), letters(post.text)
        place = _place(post.mends)
        if place is not None and post.mends is not None:
            params = {"oldest": place[1], "latest": place[1], "inclusive": "true", "limit": "1"}
            _, messages = self._history(params)
            if any(letters(_words(one)) == wanted for one in messages):
                return post.mends
        threads = {None, *(there[1] for there in (_place(post.root), place) if there)}
        for message in self._own_messages(post, me):
            if message.get("thread_ts") in threads | {message.get("ts")} and letters(_words(message)) == wanted:
                return RemotePost(id=f"{self._channel} {message['ts']}")
        return None

    def _own_messages(self, post: Post, me: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """What the app wrote in the channel since the first attempt, newest first."""
        oldest = (began(post) - CLOCKS_UNKNOWN).timestamp()
        params = {"oldest": f"{oldest:.6f}", "limit": str(PAGE)}
        ours = {me.get(name) for name in ("bot_id", "user_id")} - {None}
        for _ in range(PAGES):
            answer, messages = self._history(params)
            since = earliest(post, answer).timestamp()
            for message in messages:
                at = str(message.get("ts", ""))
                if _TIME.fullmatch(at) and float(at) >= since and {message.get("bot_id"), message.get("user")} & ours:
                    yield message
            more = (answer.record() or {}).get("response_metadata")
            cursor = more.get("next_cursor") if isinstance(more, dict) else ""
            if not cursor:
                return
            params["cursor"] = str(cursor)
        raise TryLater("There are too many newer messages in the channel to find this one.", code="too-many")

    def _history(self, params: Mapping[str, str]) -> tuple[Answer, list[Mapping[str, Any]]]:
        answer = self._ask("GET", "conversations.history", params={"channel": self._channel, **params})
        messages = self._judged(answer, writes=False).get("messages")
        if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
            raise self._web.garbled(writes=False)
        return answer, messages

    def _done(self, http: str, method: str, *, writes: bool = False, **what: Any) -> Mapping[str, Any]:
        return self._judged(self._ask(http, method, writes=writes, **what), writes=writes)

    def _ask(self, http: str, method: str, *, writes: bool = False, **what: Any) -> Answer:
        return self._web.ask(http, f"/api/{method}", token=self._token, writes=writes, **what)

    def _judged(self, answer: Answer, *, writes: bool) -> Mapping[str, Any]:
        """What Slack answered, when it says yes: it says no with status 200 too."""
        known = answer.record()
        if known is None or not isinstance(known.get("ok"), bool):
            if answer.status in OK:
                raise self._web.garbled(writes=writes)
            raise NeedsPerson(f"{self._web.host} is not Slack. Check the server's address.", code="address")
        if known["ok"]:
            return known
        error = tidy_line(str(known.get("error", "")))[:100]
        if error in _BUSY:
            raise TryLater("Slack asks us to wait before the next request.", code=error, after_s=wait_asked(answer))
        if error in _OWN_FAULTS:
            if writes:
                raise MaybeArrived("Slack failed while it took the post. It may have arrived.", code=error)
            raise TryLater("Slack has a fault of its own.", code=error)
        raise _refusal(error, said(error, self._token))


class SlackWebhook:
    """One channel, through an incoming webhook: its address is its password."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._secret = connection.secret.strip()
        self._web, self._path = opened_address("Slack", self._secret, patience, field="token")
        if not _WEBHOOK.fullmatch(self._path):
            raise Refused(
                "That is no webhook of Slack. It looks like https://hooks.slack.com/services/T000/B000/xxxx.",
                field="token",
            )

    def check(self) -> Checked:
        """Only the shape can be looked at: whoever asks a webhook anything posts."""
        lines = [
            CheckLine(what="Address", ok=True, result=f"It has the shape of a webhook at {self._web.host}."),
            CheckLine(what="Webhook", ok=None, result="Whether it works can only be known by posting."),
        ]
        return Checked(ok=True, handle=self._web.host, limits=LIMITS, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Post it; threads and changes are not offered to a webhook."""
        check_length(post, "Slack", LIMITS, counts.slack, "characters")
        body = {"unfurl_links": True, **_dressed(post)}
        answer = self._web.ask("POST", self._path, body=body, writes=True)
        words = answer.body[:200].decode("utf-8", "replace").strip()
        if answer.status in OK:
            if words != "ok":
                raise self._web.garbled(writes=True)
            return RemotePost(id=post.key)
        error = words if re.fullmatch(r"[a-z_]{1,60}", words) else f"http_{answer.status}"
        raise _refusal("no_service" if answer.status == 404 and error not in _REFUSALS else error, said(error))  # noqa: PLR2004

    def find(self, post: Post) -> RemotePost | None:
        """A webhook cannot read."""
        del post
        raise CannotTell(
            "Slack lets a webhook not look for its messages. Look into the channel yourself.", code="webhook"
        )


def open_slack(connection: Connection) -> Channel:
    """The channel for a bot token or for a webhook's address. Raises Refused for what is neither."""
    secret = connection.secret.strip()
    if "://" in secret:
        return SlackWebhook(connection)
    if not re.fullmatch(r"xox[a-z]?[a-z]?-[A-Za-z0-9-]{10,300}", secret):
        raise Refused(
            "That is neither a bot token (xoxb-…) nor a webhook's address (https://hooks.slack.com/…).", field="token"
        )
    return SlackBot(connection)


def _dressed(post: Post) -> Mapping[str, Any]:
    """The words as a block, and once more for notifications, which show no blocks."""
    elements: list[Mapping[str, str]] = []
    for number, piece in enumerate(_LINK.split(post.text)):
        if piece:
            elements.append({"type": "link", "url": piece} if number % 2 else {"type": "text", "text": piece})
    section = {"type": "rich_text_section", "elements": elements}
    return {"text": escapes.slack(post.text), "blocks": [{"type": "rich_text", "elements": [section]}]}


def _refusal(error: str, words: str) -> NeedsPerson:
    return NeedsPerson(f"{_REFUSALS.get(error, 'Slack refused the post.')}{words}", code=error)


def _place(post: RemotePost | None) -> tuple[str, str] | None:
    """A message's channel and time, when it was posted by a bot."""
    channel, _, at = post.id.partition(" ") if post else ("", "", "")
    return (channel, at) if _CHANNEL.fullmatch(channel) and _TIME.fullmatch(at) else None


def _words(message: Mapping[str, Any]) -> str:
    """A message's text as it was before Slack marked its links."""
    return html.unescape(_WRAPPED_LINK.sub(r"\1", str(message.get("text", ""))))
