"""Posts to Telegram arrive once, corrections change them, and a private chat is never guessed about."""

from datetime import timedelta

import pytest

from statusdesk.channels.registry import KINDS
from statusdesk.channels.telegram import TelegramChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from tests.core.channels.saying import LINK, USUAL, connection, post
from tests.servers import fault
from tests.servers.vendors.telegram import CHANNEL, GROUP, TOKEN, Telegram, flood_wait


@pytest.fixture
def telegram():
    with Telegram() as server:
        yield server


def channel(server, chat="@northlake", url="", patience=USUAL):
    return TelegramChannel(connection(TOKEN, url or server.url, chat=chat), patience, public_pages=server.url)


def long_ago(**more):
    """A post whose first attempt is so long ago that the public page shows it, if it arrived."""
    return post(first_sent_at=post().created_at - timedelta(minutes=5), **more)


def test_checking_names_the_bot_and_the_channel_without_posting(telegram):
    checked = channel(telegram).check()
    assert (checked.ok, checked.handle, checked.profile_url) == (True, "@northlake", "https://t.me/northlake")
    assert [line.result for line in checked.lines] == [
        "You post as @northlake_bot.",
        "The bot may write in Northlake.",
    ]
    assert telegram.arrived() == []


def test_checking_a_private_group_says_that_nobody_can_look_there(telegram):
    checked = channel(telegram, str(GROUP)).check()
    assert (checked.ok, checked.handle, checked.profile_url) == (True, "Northlake team", "")
    assert "nobody can look there" in checked.lines[-1].result


@pytest.mark.parametrize(("status", "ok"), [("administrator", True), ("left", False), ("member", False)])
def test_a_bot_that_may_not_write_in_the_channel_is_not_connected(status, ok, telegram):
    telegram.rights[CHANNEL] = status
    assert channel(telegram).check().ok is ok


def test_a_thread_replies_to_its_first_message_even_when_that_was_deleted(telegram):
    here = channel(telegram)
    root = here.send(post())
    assert root == RemotePost(id="101", url="https://t.me/northlake/101")
    here.send(post(root=root))
    telegram.delete(root.id)
    here.send(post(root=root))
    assert [one.reply_to for one in telegram.messages] == [None, 101, None]


def test_what_is_sent_is_plain_text_with_the_card_of_the_incident(telegram):
    said = post()
    KINDS["telegram"].open(connection(TOKEN, telegram.url, chat="@northlake")).send(said)
    assert telegram.requests[-1].json() == {
        "chat_id": "@northlake",
        "text": said.text,
        "link_preview_options": {"url": LINK, "prefer_small_media": True},
    }


def test_a_correction_changes_the_message_and_twice_is_once(telegram):
    here = channel(telegram)
    first = here.send(post())
    mended = post(mends=first, root=first)
    assert here.send(mended) == first
    assert here.send(mended) == first
    assert here.find(mended) == first
    assert telegram.arrived() == [mended.text]


def test_a_correction_of_a_message_that_is_gone_is_said_anew(telegram):
    here = channel(telegram)
    first = here.send(post())
    telegram.delete(first.id)
    mended = long_ago(mends=first, root=first)
    here.send(mended)
    assert telegram.arrived() == [mended.text]
    assert here.find(mended).id == "102"


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
@pytest.mark.parametrize("threaded", [False, True])
def test_a_message_that_was_taken_is_found_on_the_public_page(step, threaded, telegram, fault_before):
    root = channel(telegram).send(post()) if threaded else None
    bad_network = fault_before(telegram.url)
    here = channel(telegram, url=bad_network.url)
    lost = long_ago(root=root)
    bad_network.script(step)
    with pytest.raises(MaybeArrived):
        here.send(lost)
    assert here.find(lost).id == str(telegram.messages[-1].id)
    assert telegram.arrived().count(lost.text) == 1


def test_a_correction_that_was_cut_off_is_no_doubt(telegram, fault_before):
    first = channel(telegram).send(post())
    bad_network = fault_before(telegram.url)
    bad_network.script(fault.passed_on_then_cut)
    with pytest.raises(TryLater):
        channel(telegram, url=bad_network.url).send(post(mends=first))


def test_a_message_that_did_not_arrive_is_not_found_once_the_page_had_time_to_show_it(telegram):
    here = channel(telegram)
    here.send(post())
    with pytest.raises(TryLater, match="does not show the post yet") as caught:
        here.find(post())
    assert 0 < caught.value.after_s <= 60
    assert here.find(long_ago()) is None


def test_the_same_words_of_long_ago_are_not_taken_for_it(telegram):
    here = channel(telegram)
    said = long_ago()
    here.send(said)
    telegram.messages[-1].at -= timedelta(hours=2)
    assert here.find(said) is None


def test_the_public_page_is_read_back_page_by_page(telegram):
    here = channel(telegram)
    said = long_ago()
    here.send(said)
    for _ in range(45):
        telegram._send(CHANNEL, {"text": "other words"})
    assert here.find(said).id == "101"
    for _ in range(30):
        telegram._send(CHANNEL, {"text": "other words"})
    with pytest.raises(TryLater, match="too many newer posts"):
        here.find(said)


def test_in_a_private_group_nobody_can_tell(telegram):
    here = channel(telegram, str(GROUP))
    assert here.send(post()).url == "https://t.me/c/9876543210/101"
    with pytest.raises(CannotTell, match="Look there yourself"):
        here.find(post())


def test_a_public_page_that_is_closed_or_strange_tells_nothing(telegram, fault_server):
    here = TelegramChannel(connection(TOKEN, telegram.url, chat="@northlake"), USUAL, public_pages=fault_server.url)
    for step in (fault.redirect("https://t.me/northlake"), fault.answer(200, b"<html>hotel</html>"), fault.answer(502)):
        fault_server.script(step)
        with pytest.raises(TryLater):
            here.find(long_ago())


def refusal(status, words, **more):
    return fault.answer(status, {"ok": False, "error_code": status, "description": words} | more)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (refusal(401, "Unauthorized"), "does not know this bot token. Ask @BotFather"),
        (refusal(404, "Not Found"), "does not know this bot token"),
        (fault.answer(404, b"<html>"), "has no Bot API"),
        (refusal(400, "Bad Request: chat not found"), "no such chat"),
        (refusal(403, "Forbidden: bot was kicked from the channel chat"), "not in the chat any more. Add it again"),
        (refusal(400, "Bad Request: need administrator rights in the channel chat"), "Make it an administrator"),
        (refusal(400, "Bad Request: not enough rights to send text messages to the chat"), "Make it an administrator"),
        (
            refusal(
                400, "Bad Request: group chat was upgraded to a supergroup chat", parameters={"migrate_to_chat_id": 1}
            ),
            "has a new number",
        ),
        (
            refusal(400, f"Bad Request: {TOKEN} is odd"),
            r"refused the post \(400\). The server says: Bad Request: … is odd",
        ),
    ],
)
def test_a_refusal_says_what_to_do(step, words, fault_server):
    fault_server.script(step)
    with pytest.raises(NeedsPerson, match=words):
        channel(fault_server).send(post())
    assert len(fault_server.requests) == 1


def test_a_wait_that_stands_in_the_body_is_kept(telegram):
    telegram.refuse_next = flood_wait(37)
    with pytest.raises(TryLater) as caught:
        channel(telegram).send(post())
    assert caught.value.after_s == 37


def test_a_message_beyond_4096_units_is_not_sent(telegram):
    said = post("😀" * 2048)
    channel(telegram).send(said)
    with pytest.raises(NeedsPerson, match="4,098 characters, Telegram takes 4,096"):
        channel(telegram).send(post("😀" * 2049))
    assert telegram.arrived() == [said.text]


@pytest.mark.parametrize("chat", ["", "north lake", "@a", "https://example.org/x", "--5"])
def test_a_chat_that_is_none_is_refused_at_its_field(chat, telegram):
    with pytest.raises(Refused) as caught:
        channel(telegram, chat)
    assert caught.value.field == "chat"


@pytest.mark.parametrize("typed", ["northlake", "t.me/northlake", " https://t.me/northlake "])
def test_a_channel_may_be_typed_as_people_do(typed, telegram):
    assert channel(telegram, typed).check().ok


@pytest.mark.parametrize("token", ["", "4711", "123456789:AA/../x", "123456789:" + "é" * 30])
def test_a_token_that_is_none_is_refused_at_its_field(token, telegram):
    with pytest.raises(Refused) as caught:
        TelegramChannel(connection(token, telegram.url, chat="@northlake"))
    assert caught.value.field == "token"
    assert not token or token not in str(caught.value)
