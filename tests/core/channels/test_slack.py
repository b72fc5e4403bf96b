"""Posts to Slack form a thread, are changed where they are corrected, and are looked for among the app's own."""

from datetime import timedelta

import pytest

from statusdesk.channels.refusals import said as server_said
from statusdesk.channels.registry import KINDS
from statusdesk.channels.slack import SlackBot, SlackWebhook, open_slack
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from tests.core.channels.saying import LINK, USUAL, connection, post
from tests.servers import fault
from tests.servers.vendors.slack import ALL, CHANNEL, TOKEN, Slack


@pytest.fixture
def slack():
    with Slack() as server:
        yield server


def bot(url, patience=USUAL, channel=CHANNEL):
    return SlackBot(connection(TOKEN, url, channel=channel), patience)


def hook(address, patience=USUAL):
    return SlackWebhook(connection(address), patience)


def test_checking_a_bot_names_it_and_its_channel_without_posting(slack):
    checked = bot(slack.url).check()
    assert (checked.ok, checked.handle) == (True, "status, Northlake")
    assert [line.result for line in checked.lines] == ["You post as status.", "Posts go to #status."]
    assert slack.arrived() == []


def test_checking_says_what_the_bot_lacks(slack):
    slack.member = False
    assert "Write /invite" in bot(slack.url).check().lines[-1].result
    slack.archived = True
    assert "archived" in bot(slack.url).check().lines[-1].result
    assert bot(slack.url).check().ok is False
    slack.scopes = ALL - {"channels:read"}
    checked = bot(slack.url).check()
    assert (checked.ok, checked.lines[-1].ok) == (True, None)


def test_checking_a_webhook_looks_at_its_shape_and_says_so(slack):
    checked = hook(slack.hook).check()
    assert (checked.ok, checked.lines[-1].ok) == (True, None)
    assert "only be known by posting" in checked.lines[-1].result
    assert slack.requests == []


def test_a_post_arrives_as_it_is(slack):
    said = post()
    here = bot(slack.url)
    first = here.send(said)
    assert slack.arrived() == [said.text]
    body = slack.requests[-1].json()
    assert "&lt;b&gt;" in body["text"]
    assert {"type": "link", "url": LINK} in body["blocks"][0]["elements"][0]["elements"]
    assert first.id.startswith(f"{CHANNEL} ")


def test_a_thread_replies_to_its_first_message_and_shows_in_the_channel(slack):
    here = bot(slack.url)
    root = here.send(post())
    here.send(post(root=root))
    assert slack.messages[-1]["thread_ts"] == root.id.partition(" ")[2]
    assert slack.messages[-1]["subtype"] == "thread_broadcast"
    slack.delete(root.id)
    orphan = here.send(post(root=root))
    assert "thread_ts" not in slack.messages[-1]
    assert orphan.id.endswith(slack.messages[-1]["ts"])


def test_a_correction_changes_the_message_and_twice_is_once(slack):
    here = bot(slack.url)
    first = here.send(post())
    mended = post(mends=first, root=first)
    assert here.find(mended) is None
    assert here.send(mended) == here.send(mended) == first
    assert here.find(mended) == first
    assert slack.arrived() == [mended.text]


def test_a_correction_of_a_message_that_is_gone_is_said_anew(slack):
    here = bot(slack.url)
    first = here.send(post())
    slack.delete(first.id)
    mended = post(mends=first, root=first)
    anew = here.send(mended)
    assert slack.arrived() == [mended.text]
    assert here.find(mended) == anew


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
@pytest.mark.parametrize("threaded", [False, True])
def test_a_message_that_was_taken_is_found(step, threaded, slack, fault_before):
    root = bot(slack.url).send(post()) if threaded else None
    bad_network = fault_before(slack.url)
    here = bot(bad_network.url)
    lost = post(root=root)
    bad_network.script(step)
    with pytest.raises(MaybeArrived):
        here.send(lost)
    assert here.find(lost) == RemotePost(id=f"{CHANNEL} {slack.messages[-1]['ts']}")


def test_a_message_that_did_not_arrive_is_not_found(slack):
    here = bot(slack.url)
    said = post()
    here.send(said)
    other = here.send(post())
    assert here.find(post()) is None
    assert here.find(post(said.text, first_sent_at=said.created_at + timedelta(minutes=5))) is None, "it is older"
    reply = post(root=other)
    here.send(reply)
    assert here.find(post(reply.text, root=RemotePost(id=f"{CHANNEL} 1.000001"))) is None, "it is in another thread"


def test_what_others_say_is_not_taken_for_ours(slack):
    here = bot(slack.url)
    said = post()
    here.send(said)
    slack.messages[-1] |= {"bot_id": "B9", "user": "U9"}
    assert here.find(said) is None


def test_looking_goes_back_page_by_page_but_not_for_ever(slack):
    here = bot(slack.url)
    said = post()
    remote = here.send(said)
    noise = slack.messages[0] | {"text": "other"}
    slack.messages += [noise | {"ts": f"{float(noise['ts']) + n / 100:.6f}"} for n in range(1, 250)]
    assert here.find(said) == remote
    slack.messages += [noise | {"ts": f"{float(noise['ts']) + 10 + n / 100:.6f}"} for n in range(1, 400)]
    with pytest.raises(TryLater, match="too many newer messages"):
        here.find(said)


def test_an_app_that_may_not_read_cannot_tell(slack):
    slack.scopes = ALL - {"channels:history"}
    with pytest.raises(CannotTell, match="channels:history"):
        bot(slack.url).find(post())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("token_revoked", "refused the token. Install the app"),
        ("not_in_channel", "write /invite"),
        ("is_archived", "The channel is archived"),
        ("restricted_action", "Ask an administrator of Slack"),
        ("msg_too_long", "too long. Shorten it"),
        ("missing_scope", "lacks a permission"),
        ("something_new", "refused the post. The server says: something_new"),
    ],
)
def test_a_refusal_says_what_to_do(error, words, slack):
    slack.refuse_next = error
    with pytest.raises(NeedsPerson, match=words) as caught:
        bot(slack.url).send(post())
    assert caught.value.code == error
    assert slack.arrived() == []


@pytest.mark.parametrize(("error", "after"), [("429", 30), ("ratelimited", None), ("service_unavailable", None)])
def test_a_busy_slack_is_asked_later(error, after, slack):
    slack.refuse_next = error
    with pytest.raises(TryLater) as caught:
        bot(slack.url).send(post())
    assert caught.value.after_s == after


def test_a_fault_of_slack_may_have_taken_the_post(slack):
    slack.refuse_next = "internal_error"
    with pytest.raises(MaybeArrived):
        bot(slack.url).send(post())
    slack.refuse_next = "fatal_error"
    with pytest.raises(TryLater):
        bot(slack.url).find(post())


def test_a_server_that_is_not_slack_is_told_apart(fault_server):
    fault_server.script(fault.answer(404, b"<html>"), fault.answer(200, b"<html>"))
    with pytest.raises(NeedsPerson, match="is not Slack"):
        bot(fault_server.url).send(post())
    with pytest.raises(MaybeArrived):
        bot(fault_server.url).send(post())


def test_a_webhook_posts_and_can_neither_look_nor_change(slack):
    said = post(mends=RemotePost(id="x"))
    assert hook(slack.hook).send(said) == RemotePost(id=said.key)
    assert slack.arrived() == [said.text]
    with pytest.raises(CannotTell):
        hook(slack.hook).find(said)


def test_a_webhook_that_is_gone_says_what_to_do(slack):
    with pytest.raises(NeedsPerson, match=r"not there any more. Make a new one"):
        hook(f"{slack.url}/services/T1/B1/other").send(post())
    slack.archived = True
    with pytest.raises(NeedsPerson, match="archived"):
        hook(slack.hook).send(post())


def test_a_page_instead_of_ok_is_no_yes(fault_server):
    fault_server.script(fault.answer(200, b"<html>Log in to the hotel network</html>"))
    with pytest.raises(MaybeArrived):
        hook(f"{fault_server.url}/services/T1/B1/x").send(post())


def test_a_post_beyond_3000_characters_is_not_sent(slack):
    for here in (bot(slack.url), hook(slack.hook)):
        here.send(post("x" * 3000))
        with pytest.raises(NeedsPerson, match="3,004 characters, Slack takes 3,000"):
            here.send(post("x" * 2999 + "&"))
    assert len(slack.messages) == 2


@pytest.mark.parametrize(
    ("secret", "channel", "field"),
    [
        ("", CHANNEL, "token"),
        ("abc", CHANNEL, "token"),
        (TOKEN, "", "channel"),
        (TOKEN, "#status", "channel"),
        ("https://hooks.slack.com/elsewhere", "", "token"),
        ("http://hooks.slack.com/services/T/B/x", "", "token"),
    ],
)
def test_what_is_no_token_no_address_or_no_channel_is_refused_at_its_field(secret, channel, field):
    with pytest.raises(Refused) as caught:
        KINDS["slack"].open(connection(secret, channel=channel))
    assert caught.value.field == field


def test_a_token_opens_a_bot_and_an_address_a_webhook(slack):
    assert isinstance(open_slack(connection(TOKEN, slack.url, channel=CHANNEL)), SlackBot)
    assert isinstance(open_slack(connection(slack.hook)), SlackWebhook)
    assert server_said(f"bad {TOKEN}", TOKEN) == " The server says: bad …"
