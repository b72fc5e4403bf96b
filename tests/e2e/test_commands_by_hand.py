"""What a person does when the courier cannot: post by hand, decide, look at the line, set a proxy. By real processes."""

from __future__ import annotations

import json

import pytest

from statusdesk import clock
from statusdesk.desk import Desk
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk.domain.replies import Reply
from statusdesk.store.replies import ReplyBook
from statusdesk.store.writer import Writer
from tests.e2e.conftest import Ctl
from tests.servers.fault import FaultServer, answer, free_port


@pytest.fixture
def waiting(ctl: Ctl) -> tuple[Ctl, str, str]:
    """An incident whose post has not gone out, and the post's id."""
    ctl.make(base_url="https://status.northlake.example")
    ctl.json("account", "add", "preview", "Feed", "--folder", str(ctl.folder / "feed"))
    said = ctl.open("--no-deliver")
    (post,) = [one for one in said["deliveries"] if one["kind"] == "post"]
    return ctl, said["ref"], post["id"]


def state_of(ctl: Ctl, id_: str) -> tuple[str, str | None]:
    row = next(one for one in ctl.json("deliveries")["deliveries"] if one["id"] == id_)
    return row["state"], row["note"]


def test_a_post_is_handed_to_a_phone_and_ticked(waiting: tuple[Ctl, str, str]) -> None:
    ctl, ref, id_ = waiting
    (post,) = ctl.json("handoff", ref)["handoff"]
    assert (post["delivery_id"], post["destination"]) == (id_, "Feed")
    assert post["text"].endswith(post["link"])
    shown = ctl("handoff", ref, "--qr").out
    assert "Cash works." in shown
    assert "█" in shown or "▀" in shown, "a code that a phone can read"
    assert state_of(ctl, id_) == ("retry_wait", "Somebody is posting it by hand.")
    assert ctl.json("deliver", code=3)["waiting"] >= 1, "nothing is said twice meanwhile"
    ctl.json("delivery", "posted", id_, "--url", "https://feed.example/1")
    assert state_of(ctl, id_) == ("sent", "Posted by hand: https://feed.example/1")
    assert ctl("handoff", ref).out == f"Every post of {ref} is out.\n"
    again = ctl("delivery", "posted", id_, "--json")
    assert again.code == 1
    assert "nothing to post by hand" in again.json["error"]["message"]


def test_a_text_too_long_for_a_code_is_shown_without_one(waiting: tuple[Ctl, str, str]) -> None:
    ctl, ref, id_ = waiting
    desk = Desk.open(ctl.workspace)
    with desk._store.write() as sql:
        writer = Writer(sql, at=clock.now(), actor="tests")
        writer.change_delivery(writer.delivery(id_), text="Cash works. " * 300)
    desk.shut()
    shown = ctl("handoff", ref, "--qr")
    assert (shown.code, "too long for a code" in shown.out) == (0, True)


def test_a_post_in_doubt_is_sent_again_on_a_persons_word(waiting: tuple[Ctl, str, str]) -> None:
    ctl, _ref, id_ = waiting
    assert ctl("delivery", "again", id_, "--json").code == 1, "it is not in doubt"
    desk = Desk.open(ctl.workspace)
    with desk._store.write() as sql:
        writer = Writer(sql, at=clock.now(), actor="tests")
        row = next(one for one in writer.deliveries() if one.kind is DeliveryKind.POST)
        writer.change_delivery(row, state=DeliveryState.UNKNOWN, next_try_at=None)
    desk.shut()
    assert ctl.json("deliver", code=3)["unknown"] == 1, "nobody but a person can tell"
    assert ctl.json("delivery", "again", id_)["delivery"]["state"] == "sent"


def test_a_post_is_cancelled_and_stays_so(waiting: tuple[Ctl, str, str]) -> None:
    ctl, _ref, id_ = waiting
    assert ctl.json("delivery", "cancel", id_)["delivery"]["state"] == "cancelled"
    assert ctl("delivery", "retry", id_, "--json").code == 1


def test_the_line_is_looked_at_with_a_neutral_address(ctl: Ctl, fault_server: FaultServer) -> None:
    ctl.make()
    ctl.json("network", "set", "--neutral", fault_server.url + "/success.txt")
    fault_server.script(answer(200, b"success\n"))
    said = ctl.json("network", "check")
    assert (said["line"], said["words"]) == ("online", "This computer has internet.")
    ctl.json("network", "set", "--neutral", f"http://127.0.0.1:{free_port()}/")
    assert ctl.json("network", "check", code=4)["words"] == "This computer has no internet."


def test_a_proxy_is_set_shown_and_used(ctl: Ctl, fault_server: FaultServer) -> None:
    ctl.make()
    fault_server.script(answer(200, b"success\n"))
    ctl.json("network", "set", "--proxy", fault_server.url, "--neutral", "http://neutral.example/success.txt")
    assert ctl.json("network", "show")["network"]["proxy"] == fault_server.url
    assert ctl.json("network", "check")["line"] == "online"
    assert fault_server.asked() == ["GET http://neutral.example/success.txt"], "the proxy was asked, nobody else"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--proxy", "proxy", "Write the proxy like"),
        ("--proxy", "http://ana:hunter2@proxy.example:3128", "A password does not belong"),
        ("--ca-file", "/nowhere/office.pem", "There is no file"),
        ("--neutral", "ftp://x", "Write the neutral address"),
    ],
)
def test_a_way_that_cannot_be_is_refused(ctl: Ctl, option: str, value: str, words: str) -> None:
    ctl.make()
    said = ctl("network", "set", option, value, "--json")
    assert said.code == 1
    assert words in json.dumps(said.json["error"], ensure_ascii=False) + said.err
    assert "hunter2" not in said.out + said.err
    assert not (ctl.folder / "config" / "StatusDesk" / "network.json").exists()


def test_replies_are_listed_tagged_and_turned_into_work(waiting: tuple[Ctl, str, str]) -> None:
    ctl, ref, _id = waiting
    desk, at = Desk.open(ctl.workspace), clock.now()
    incident = desk.incident(ref).incident
    with desk._store.write() as sql:
        ReplyBook(sql, at=at, actor="tests").add_new_replies(
            [
                Reply(
                    id=f"R{n}", account_id="A", incident_id=incident.id, incident_ref=ref, remote_id=str(n),
                    author="@mia@social.example", text="Still no cards", url="", at=at, read_at=at,
                )
                for n in range(4)
            ]
        )  # fmt: skip
    desk.shut()
    assert len(ctl.json("reply", "list", "--incident", ref)["replies"]) == 4
    ctl.json("reply", "tag", "R0", "still_broken")
    ctl.json("reply", "follow-up", "R0")
    ctl.json("reply", "callback", "R1", "--phone", "+44 113 496 0000", "--at", "+30m")
    ctl.json("reply", "prevention", "R2", "--text", "We test every till at night.", "--due", "2027-01-31")
    ctl.json("reply", "done", "R3", "--nothing")
    rows = {one["id"]: (one["tag"], one["handled_as"]) for one in ctl.json("reply", "list")["replies"]}
    assert rows == {
        "R0": ("still_broken", "follow_up"),
        "R1": (None, "callback"),
        "R2": (None, "prevention"),
        "R3": (None, "nothing"),
    }
    assert ctl.json("reply", "list", "--open")["replies"] == []
    assert ctl.json("reply", "read") == {"new": 0, "troubles": []}
    assert "We test every till at night." in (ctl.site / "prevention" / "index.html").read_text("utf-8")
    assert ctl("reply", "tag", "nobody", "thanks", "--json").code == 1
