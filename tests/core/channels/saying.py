"""Posts and connections as the tests of the services use them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from statusdesk import clock
from statusdesk.channels.base import Post
from statusdesk.domain.ids import new_id
from statusdesk.domain.post import Event, PostWords
from statusdesk.net.faults import CannotTell, MaybeArrived, TryLater
from statusdesk.net.web import Patience
from tests.servers import fault
from tests.servers.vendors.doors import connection

QUICK = Patience(connect_s=2, read_s=0.3, total_s=0.8)
USUAL = Patience(connect_s=5, read_s=10, total_s=20)
__all__ = ["LINK", "QUICK", "USUAL", "WAYS_TO_FAIL", "connection", "delivered", "opened_post", "post"]
# Requests and answers that get lost; the server has taken what was passed on.
WAYS_TO_FAIL = (fault.reset_at_once, fault.reset_after_request, fault.passed_on_then_cut, fault.passed_on_then_500)
LINK = "https://status.northlake.example/incidents/SD-2026-0042/"


def post(text="", **more):
    """A new post with words of its own; marks, quotes and a link that a service might change."""
    now = clock.now()
    text = text or f"Northlake: Tills_1 (SD-2026-0042)\nCards “fail” @\u2060home & <b> *now* 😀 {new_id(now)}\n{LINK}"
    words = PostWords(
        event=Event.UPDATED,
        page_name="Northlake",
        ref="SD-2026-0042",
        title="Card payments fail",
        message="Cards fail in 3 stores.",
        said_at=now,
        zone=ZoneInfo("Europe/Stockholm"),
        locale="en",
        link=LINK,
        components=("Tills", "Website"),
        state="Identified",
        impact="major",
        eta_due=now + timedelta(hours=1),
    )
    given = {
        "text": text,
        "link": LINK,
        "language": "en",
        "key": new_id(now),
        "created_at": now,
        "first_sent_at": now,
        "words": words,
        "incident_ref": "SD-2026-0042",
    }
    return Post(**given | more)


def opened_post(**more):
    said = post(**more)
    return replace(said, words=replace(said.words, event=Event.OPENED))


def delivered(channel, said):
    """Whether it is known that a post is out; False when nobody can tell."""
    doubt = False
    for _ in range(12):
        try:
            found = channel.find(said) if doubt else None
            if found is None:
                doubt = False
                found = channel.send(said)
        except TryLater as error:
            if error.code == "lag":
                return False
        except MaybeArrived:
            doubt = True
        except CannotTell:
            return False
        else:
            return bool(found.id)
    raise AssertionError("it never ended")
