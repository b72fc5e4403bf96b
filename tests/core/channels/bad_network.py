"""What the tests of all networks share: a post, a place for tokens, and what can go wrong with an answer."""

from __future__ import annotations

from statusdesk import clock
from statusdesk.channels.base import Post
from statusdesk.domain.ids import new_id
from statusdesk.net.web import Patience
from tests.servers import fault

QUICK = Patience(connect_s=2, read_s=0.3, total_s=0.8)
LINK = "https://status.northlake.com/incidents/SD-2026-0042/"


class Keeper:
    """Keeps tokens as the password store would. Writes down what was saved, in order."""

    def __init__(self, **values):
        self.values = values
        self.saved = []

    def load(self, name="session"):
        return self.values.get(name)

    def save(self, value, name="session"):
        self.saved.append(name)
        self.values[name] = value


def post(text="", **more):
    """A post as the outbox makes it; each with words of its own."""
    now = clock.now()
    text = text or f"Northlake: Tills (SD-2026-0042)\nCards “fail” @\u2060home & <b> {new_id(now)} 👨‍👩‍👧‍👦\n{LINK}"
    given = {
        "text": text,
        "link": LINK,
        "language": "en-GB",
        "key": new_id(now),
        "created_at": now,
        "first_sent_at": now,
    }
    return Post(**given | more)


# After these, whoever wrote cannot know whether it arrived.
ARRIVED_MAYBE = {
    "hangs": fault.hang,
    "resets after the request": fault.reset_after_request,
    "resets in its answer": fault.reset_in_answer,
    "answers too slowly": fault.drip_body,
    "answers no HTTP": fault.not_http,
    "says yes with a page": fault.answer(200, b"<html>Log in to the hotel network</html>"),
    "says yes with a list": fault.answer(200, [1]),
    "says yes to something else": fault.answer(200, {"data": {"url": "x"}}),
    "says too much": fault.flood(),
    "500": fault.answer(500, b"<html>oops</html>"),
    "502": fault.answer(502),
}
