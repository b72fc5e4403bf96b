"""Posts to Matrix arrive once in a real room, as a thread, and are changed where they are corrected."""

import random
import uuid
from datetime import timedelta

import pytest

from statusdesk.channels.matrix import MatrixChannel
from statusdesk.channels.registry import KINDS
from statusdesk.errors import Refused
from statusdesk.net.faults import MaybeArrived, NeedsPerson, TryLater
from tests.core.channels.saying import QUICK, USUAL, WAYS_TO_FAIL, connection, delivered, post
from tests.servers import fault


@pytest.fixture
def room(matrix_server):
    return matrix_server.room()


def channel(server, room, url="", token="", patience=USUAL):
    return MatrixChannel(connection(token or server.token, url or server.url, room=room), patience)


def event(server, room, identity):
    return server.call("GET", f"/rooms/{room}/event/{identity}")


def test_a_thread_replies_to_its_first_message(matrix_server, room):
    here = channel(matrix_server, room)
    said = post()
    root = here.send(said)
    reply = here.send(post(root=root))
    first, second = (event(matrix_server, room, one.id)["content"] for one in (root, reply))
    assert (first["msgtype"], first["body"], first["m.mentions"]) == ("m.text", said.text, {})
    assert second["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": root.id,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root.id},
    }
    assert root.url.startswith("https://matrix.to/#/")


def test_the_same_key_twice_is_one_message(matrix_server, room):
    here = channel(matrix_server, room)
    once = post()
    assert here.send(once) == here.send(once)
    assert matrix_server.texts(room) == [once.text]


def test_a_correction_changes_the_message(matrix_server, room):
    here = channel(matrix_server, room)
    first = here.send(post())
    mended = post(mends=first, root=first)
    assert here.find(mended) is None
    assert here.send(mended) == first
    assert here.find(mended) == first
    again = post(mends=first, root=first)
    assert here.send(again) == first
    assert matrix_server.texts(room) == [again.text]


def test_a_correction_of_a_message_that_was_taken_away_is_said_in_its_thread(matrix_server, room):
    here = channel(matrix_server, room)
    first = here.send(post())
    matrix_server.call("PUT", f"/rooms/{room}/redact/{first.id}/{uuid.uuid4()}", {})
    mended = post(mends=first, root=first)
    anew = here.send(mended)
    assert anew != first
    assert matrix_server.texts(room) == [mended.text]
    assert here.find(mended) == anew


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
@pytest.mark.parametrize("kind", ["first", "threaded", "mended"])
def test_a_message_that_was_taken_is_found_and_never_sent_twice(step, kind, matrix_server, room, fault_before):
    straight = channel(matrix_server, room)
    root = None if kind == "first" else straight.send(post())
    lost = post(root=root, mends=root if kind == "mended" else None)
    bad_network = fault_before(matrix_server.url)
    here = channel(matrix_server, room, bad_network.url)
    if lost.mends:
        bad_network.script(fault.passed_on)  # it looks whether the message still stands
    bad_network.script(step)
    with pytest.raises(MaybeArrived):
        here.send(lost)
    found = here.find(lost)
    assert found is not None
    assert here.send(lost) == found
    assert matrix_server.texts(room).count(lost.text) == 1


def test_another_login_of_the_account_finds_it_too(matrix_server, room):
    said = post()
    remote = channel(matrix_server, room).send(said)
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": "status"},
        "password": "status-pass",
    }
    token = str(matrix_server.call("POST", "/login", body)["access_token"])
    assert channel(matrix_server, room, token=token).find(said) == remote


def test_a_message_that_did_not_arrive_is_not_found(matrix_server, room):
    here = channel(matrix_server, room)
    said, other = post(), here.send(post())
    here.send(said)
    assert here.find(post()) is None
    later = said.created_at + timedelta(minutes=5)
    assert here.find(post(said.text, first_sent_at=later)) is None, "it is older"
    assert here.find(post(said.text, root=other)) is not None, "it went out without its thread"
    reply = post(root=other)
    here.send(reply)
    assert here.find(post(reply.text)) is None, "it is in a thread"


def test_checking_names_the_account_without_posting(matrix_server, room):
    checked = channel(matrix_server, room).check()
    assert (checked.ok, checked.handle) == (True, room)
    assert [line.result for line in checked.lines] == [
        f"You post as {matrix_server.user}.",
        f"The account is in {room}.",
        "The room is not encrypted.",
    ]
    assert matrix_server.texts(room) == []


def test_a_room_may_be_named_as_people_do(matrix_server):
    name = f"status-{uuid.uuid4().hex[:8]}"
    matrix_server.room(room_alias_name=name)
    here = channel(matrix_server, f"#{name}:northlake.test")
    checked = here.check()
    assert (checked.ok, checked.profile_url) == (
        True,
        f"https://matrix.to/#/%23{name}:northlake.test".replace("%23", "#"),
    )
    assert here.find(post()) is None


def test_the_page_never_links_to_a_room_that_is_not_open_to_all(matrix_server):
    name = f"team-{uuid.uuid4().hex[:8]}"
    matrix_server.room(room_alias_name=name, preset="private_chat")
    checked = channel(matrix_server, f"#{name}:northlake.test").check()
    assert (checked.ok, checked.profile_url) == (True, "")


def test_over_a_bad_network_nothing_is_lost_and_nothing_doubled(matrix_server, room, fault_before):
    chance, bad_network = random.Random(42), fault_before(matrix_server.url)
    here = channel(matrix_server, room, bad_network.url)
    posts = [post(f"Tills {number}") for number in range(15)]
    for said in posts:
        bad_network.script(*chance.choices([*WAYS_TO_FAIL, fault.passed_on], k=chance.randrange(5)))
        assert delivered(here, said)
    assert matrix_server.texts(room) == [said.text for said in posts]


def test_an_account_that_is_not_in_the_room_says_what_to_do(matrix_server, room):
    _, stranger = matrix_server.account(f"u{uuid.uuid4().hex[:8]}")
    here = channel(matrix_server, room, token=stranger)
    assert "Invite it and let it join" in here.check().lines[0].result
    with pytest.raises(NeedsPerson, match="may not write in"):
        here.send(post())


def test_an_account_without_the_power_to_write_says_what_to_do(matrix_server):
    quiet = matrix_server.room(room_version="11", power_level_content_override={"events_default": 50})
    _, member = matrix_server.account(f"u{uuid.uuid4().hex[:8]}")
    matrix_server.call("POST", f"/join/{quiet}", {}, token=member)
    here = channel(matrix_server, quiet, token=member)
    checked = here.check()
    assert checked.ok is False
    assert "it has power 0 and needs 50" in checked.lines[1].result
    with pytest.raises(NeedsPerson, match="let it send messages"):
        here.send(post())
    assert channel(matrix_server, quiet).check().ok is True


def test_an_encrypted_room_is_not_connected(matrix_server):
    state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
    checked = channel(matrix_server, matrix_server.room(initial_state=state)).check()
    assert checked.ok is False
    assert "Make a room without encryption" in checked.lines[-1].result


def test_a_wrong_token_and_an_unknown_room_say_what_to_do(matrix_server, room):
    with pytest.raises(NeedsPerson, match="refused the login"):
        channel(matrix_server, room, token="syt_wrong").send(post())
    assert channel(matrix_server, room, token="syt_wrong").check().ok is False
    with pytest.raises(NeedsPerson, match="knows no room #nowhere"):
        channel(matrix_server, "#nowhere:northlake.test").send(post())


def test_a_text_of_the_full_length_can_be_sent_and_changed(matrix_server, room):
    here = channel(matrix_server, room)
    full = '"é\n' * 5000
    first = here.send(post(full))
    assert here.send(post(full, mends=first)) == first
    with pytest.raises(NeedsPerson, match="Matrix takes 30,000"):
        here.send(post("x" * 30_001))


def test_a_wait_that_stands_in_the_body_is_kept(fault_server):
    fault_server.script(fault.answer(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}))
    with pytest.raises(TryLater) as caught:
        MatrixChannel(connection("t", fault_server.url, room="!a:b"), QUICK).send(post())
    assert caught.value.after_s == 2.5


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (fault.answer(404, b"<html>"), "is no Matrix server"),
        (fault.answer(413, {"errcode": "M_TOO_LARGE", "error": "event too large"}), "too long for 127.0.0.1"),
        (fault.answer(400, {"errcode": "M_BAD_JSON", "error": "no tok3n"}), r"refused the post \(400\).*says: no …"),
    ],
)
def test_a_refusal_says_what_to_do(step, words, fault_server):
    fault_server.script(step)
    with pytest.raises(NeedsPerson, match=words):
        MatrixChannel(connection("tok3n", fault_server.url, room="!a:b"), QUICK).send(post())


def test_an_answer_that_is_not_from_matrix_tells_nothing(fault_server):
    fault_server.script(
        fault.answer(200, {"user_id": "@a:b"}), fault.answer(200, {"chunk": "x"}), fault.answer(200, b"<html>")
    )
    for _ in range(2):
        with pytest.raises(TryLater):
            MatrixChannel(connection("t", fault_server.url, room="!a:b"), QUICK).find(post())


@pytest.mark.parametrize("room", ["", "status", "!two words:b", "@user:b"])
def test_a_room_that_is_none_is_refused_at_its_field(room):
    with pytest.raises(Refused) as caught:
        KINDS["matrix"].open(connection("t", "https://matrix.example", room=room))
    assert caught.value.field == "room"
