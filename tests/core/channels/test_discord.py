"""Posts to Discord look as they were decided on, call nobody, and are changed where they are corrected."""

import pytest

from statusdesk.channels import counts, escapes
from statusdesk.channels.base import Limits
from statusdesk.channels.discord import DiscordChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from tests.core.channels.saying import LINK, USUAL, connection, post
from tests.servers import fault
from tests.servers.vendors.discord import Discord, rate_limited


@pytest.fixture
def discord():
    with Discord() as server:
        yield server


def channel(address, patience=USUAL):
    return DiscordChannel(connection(address), patience)


def test_a_post_arrives_as_it_is_and_calls_nobody(discord):
    said = post()
    assert channel(discord.address).send(said) == RemotePost(id="1101")
    assert discord.arrived() == [said.text]
    sent = discord.requests[-1]
    assert (sent.query, sent.json()["allowed_mentions"]) == ({"wait": "true"}, {"parse": []})


@pytest.mark.parametrize(
    ("text", "dressed"),
    [
        ("Tills_1 and *now*", r"Tills\_1 and \*now\*"),
        ("# Not a heading\n> not a quotation\n- no list", "\\# Not a heading\n\\> not a quotation\n\\- no list"),
        ("a - b > c # d", "a - b > c # d"),
        ("<@123> ||x|| `y` ~~z~~ [a](b)", r"\<@123> \|\|x\|\| \`y\` \~\~z\~\~ \[a\](b)"),
        (f"see {LINK}a_b_c* and_d", f"see {LINK}a_b_c* and\\_d"),
        ("a\\b", r"a\\b"),
    ],
)
def test_nothing_is_read_as_formatting_and_links_stay(text, dressed):
    assert escapes.discord(text) == dressed
    assert counts.discord(text, Limits()) == len(dressed)


def test_a_correction_changes_the_message_and_twice_is_once(discord):
    here = channel(discord.address)
    first = here.send(post())
    mended = post(mends=first)
    assert here.find(mended) is None
    assert here.send(mended) == here.send(mended) == first
    assert here.find(mended) == first
    assert discord.arrived() == [mended.text]


def test_a_correction_of_a_message_that_is_gone_is_said_anew(discord):
    here = channel(discord.address)
    first = here.send(post())
    discord.messages.clear()
    mended = post(mends=first)
    assert here.send(mended).id == "1102"
    assert discord.arrived() == [mended.text]
    with pytest.raises(CannotTell):
        here.find(mended)


def test_a_new_message_that_was_cut_off_stays_a_doubt(discord, fault_before):
    bad_network = fault_before(discord.url)
    here = channel(discord.address.replace(discord.url, bad_network.url))
    bad_network.script(fault.passed_on_then_cut)
    lost = post()
    with pytest.raises(MaybeArrived):
        here.send(lost)
    with pytest.raises(CannotTell, match="Look into the channel yourself"):
        here.find(lost)
    assert discord.arrived() == [lost.text]


def test_a_correction_that_was_cut_off_is_no_doubt(discord, fault_before):
    first = channel(discord.address).send(post())
    bad_network = fault_before(discord.url)
    here = channel(discord.address.replace(discord.url, bad_network.url))
    bad_network.script(fault.passed_on_then_cut)
    mended = post(mends=first)
    with pytest.raises(TryLater):
        here.send(mended)
    assert here.find(mended) == first


def test_checking_names_the_webhook_without_posting(discord):
    checked = channel(discord.address).check()
    assert (checked.ok, checked.handle, checked.profile_url) == (True, "Northlake status", "")
    assert discord.arrived() == []


def test_a_webhook_that_was_deleted_says_what_to_do(discord):
    discord.deleted = True
    here = channel(discord.address)
    with pytest.raises(NeedsPerson, match=r"not there any more. Make a new one"):
        here.send(post())
    assert here.check().ok is False
    with pytest.raises(TryLater):
        here.find(post(mends=RemotePost(id="1101")))


def test_a_forum_needs_another_channel(fault_server):
    fault_server.script(fault.answer(400, {"code": 220001, "message": "Webhooks posted to forum channels need a name"}))
    with pytest.raises(NeedsPerson, match="Choose a text channel"):
        channel(f"{fault_server.url}/api/webhooks/1/abc").send(post())


def test_a_wait_that_stands_in_the_body_is_kept(discord):
    discord.refuse_next = rate_limited(1.337)
    with pytest.raises(TryLater) as caught:
        channel(discord.address).send(post())
    assert caught.value.after_s == 1.337


def test_a_message_beyond_2000_characters_is_not_sent(discord):
    here = channel(discord.address)
    here.send(post("x" * 2000))
    with pytest.raises(NeedsPerson, match="Discord takes 2,000"):
        here.send(post("_" * 1001))
    assert len(discord.messages) == 1


def test_a_thread_named_in_the_address_is_kept(discord):
    here = channel(f"{discord.address}?thread_id=5")
    first = here.send(post())
    here.send(post(mends=first))
    assert [one.query for one in discord.requests] == [{"thread_id": "5", "wait": "true"}, {"thread_id": "5"}]


@pytest.mark.parametrize(
    "address",
    ["", "discord.com", "https://discord.com/api/webhooks/1", "http://discord.com/api/webhooks/1/a", "https://[x"],
)
def test_an_address_that_is_none_is_refused_at_its_field(address):
    with pytest.raises(Refused) as caught:
        channel(address)
    assert caught.value.field == "address"
