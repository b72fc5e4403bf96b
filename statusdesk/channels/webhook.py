"""A program of one's own: a signed message for each post, as Standard Webhooks describes it.

github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. The body is described by
docs/schema/webhook.json. `webhook-id` is the post's key: it stays the same at every attempt, and so does the body, so
that a receiver that heard it already drops it. For that reason a cut is no doubt here: the message is sent again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from statusdesk import clock
from statusdesk.channels.base import Channel, Checked, Connection, Post
from statusdesk.channels.refusals import OK, opened_address, said
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.times import rfc3339
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Patience

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
_GONE, _REFUSED_SIGNATURE = 410, (401, 403)


class WebhookChannel:
    """One receiver."""

    def __init__(self, connection: Connection, patience: Patience = PATIENCE) -> None:
        self._web, self._path = opened_address(
            "The receiver", connection.settings.get("address", ""), patience, field="address"
        )
        self._secret = connection.secret.strip()
        self._key = _key(self._secret)

    def check(self) -> Checked:
        """Whether the receiver answers. Whether it takes our messages is only known when one is sent."""
        try:
            self._web.ask("OPTIONS", self._path)
        except SendingError as fault:
            if not (isinstance(fault, TryLater) and fault.code.startswith("http-")):
                return Checked(ok=False, lines=[CheckLine(what="Address", ok=False, result=fault.message)])
        lines = [
            CheckLine(what="Address", ok=True, result=f"{self._web.host} answers."),
            CheckLine(what="Signature", ok=None, result="Whether it takes our messages shows with the first one."),
        ]
        return Checked(ok=True, handle=self._web.host, lines=lines)

    def send(self, post: Post) -> RemotePost:
        """Send the message. The same key twice is one message, so whatever was cut off may be tried again."""
        body = json.dumps(_message(post), ensure_ascii=False, sort_keys=True).encode()
        at = str(int(clock.now().timestamp()))
        signature = hmac.new(self._key, f"{post.key}.{at}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": post.key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
        answer = self._web.ask("POST", self._path, data=body, headers=headers)
        if answer.status in OK:
            return RemotePost(id=post.key)
        words = said(answer.words(), self._secret)
        if answer.status == _GONE:
            raise NeedsPerson(f"{self._web.host} wants no more messages. Remove the account.{words}", code="gone")
        if answer.status in _REFUSED_SIGNATURE:
            raise NeedsPerson(
                f"{self._web.host} refused the signature. Compare the signing secret there with ours, and the clock "
                f"of this computer.{words}",
                code="login",
            )
        raise NeedsPerson(
            f"{self._web.host} refused the message ({answer.status}). Check the address.{words}",
            code=f"http-{answer.status}",
        )

    def find(self, post: Post) -> None:
        """Nothing needs to be found: what a receiver heard already it knows by its id, so it is sent again."""
        del post


def open_webhook(connection: Connection) -> Channel:
    """The channel for one receiver. Raises Refused for an address or a secret that is none."""
    return WebhookChannel(connection)


def _key(secret: str) -> bytes:
    """The bytes to sign with. Raises Refused."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in SECRET_BYTES:
        raise Refused(
            "That is no signing secret. It begins with whsec_ and holds 24 to 64 bytes in base64.", field="secret"
        )
    return key


def _message(post: Post) -> dict[str, Any]:
    return {
        "type": f"incident.{post.words.event}" if post.words else "incident.post",
        "timestamp": rfc3339(post.created_at),
        "data": {
            "key": post.key,
            "incident": post.incident_ref,
            "seq": post.seq,
            "text": post.text,
            "link": post.link,
            "language": post.language,
            "replies_to": post.root.id if post.root else None,
            "mends": post.mends.id if post.mends else None,
            "words": post.words.as_record() if post.words else None,
        },
    }
