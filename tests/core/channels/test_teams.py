"""Posts to Teams are cards of plain text; what a Workflow did with one, nobody can ask."""

import pytest

from statusdesk.channels.teams import TeamsChannel
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson
from tests.core.channels.saying import LINK, USUAL, connection, post
from tests.servers import fault
from tests.servers.vendors.teams import SIGNATURE, Teams


@pytest.fixture
def teams():
    with Teams() as server:
        yield server


def channel(address, patience=USUAL):
    return TeamsChannel(connection(address), patience)


def test_a_post_is_a_card_of_plain_text_with_a_button(teams):
    said = post()
    assert channel(teams.address).send(said) == RemotePost(id=said.key)
    assert teams.arrived() == [said.text]
    (card,) = teams.cards
    assert {line["type"] for line in card["body"]} == {"RichTextBlock"}, "a TextBlock would read its text as Markdown"
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Northlake", "url": LINK}]
    assert card["lang"] == "en"


def test_a_post_without_a_link_has_no_button(teams):
    channel(teams.address).send(post("Tills work again.", link="", words=None, language="pt_BR"))
    (card,) = teams.cards
    assert "actions" not in card
    assert card["lang"] == "pt"


def test_a_post_that_was_cut_off_stays_a_doubt(teams, fault_before):
    bad_network = fault_before(teams.url)
    here = channel(teams.address.replace(teams.url, bad_network.url))
    bad_network.script(fault.passed_on_then_cut)
    lost = post()
    with pytest.raises(MaybeArrived):
        here.send(lost)
    with pytest.raises(CannotTell, match="Look into the channel yourself"):
        here.find(lost)
    assert teams.arrived() == [lost.text]


def test_checking_looks_at_the_shape_and_says_so(teams):
    checked = channel(teams.address).check()
    assert (checked.ok, checked.lines[-1].ok) == (True, None)
    assert teams.requests == []
    assert SIGNATURE not in repr(checked)


def test_a_workflow_that_is_turned_off_gone_or_closed_says_what_to_do(teams):
    teams.disabled = True
    with pytest.raises(NeedsPerson, match=r"turned off. Turn it on in Teams"):
        channel(teams.address).send(post())
    with pytest.raises(NeedsPerson, match="not there any more"):
        channel(teams.address.replace("0042abcd", "gone")).send(post())
    with pytest.raises(NeedsPerson, match="Let it be triggered by anyone") as caught:
        channel(teams.address.replace(SIGNATURE, "other")).send(post())
    assert caught.value.code == "login"


def test_words_of_the_server_never_show_the_address(fault_server):
    address = f"{fault_server.url}/workflows/x?sig={SIGNATURE}"
    fault_server.script(fault.answer(400, {"error": {"code": "x", "message": f"bad sig {SIGNATURE} in {address}"}}))
    with pytest.raises(NeedsPerson) as caught:
        channel(address).send(post())
    assert SIGNATURE not in str(caught.value)


def test_a_post_that_does_not_fit_is_not_sent(teams):
    here = channel(teams.address)
    here.send(post("x" * 20_000))
    with pytest.raises(NeedsPerson, match="20,001 bytes, Teams takes 20,000"):
        here.send(post("x" * 20_001))
    with pytest.raises(NeedsPerson, match="too many lines"):
        here.send(post("x\n" * 9_000))
    assert len(teams.cards) == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "not an address"),
        ("https://prod-1.westeurope.logic.azure.com/workflows/x", "must hold a signature"),
        ("http://prod-1.westeurope.logic.azure.com/workflows/x?sig=a", "Use https"),
        ("https://northlake.webhook.office.com/webhookb2/x@y/IncomingWebhook/z?sig=a", "has retired"),
    ],
)
def test_an_address_that_is_none_is_refused_at_its_field(address, words):
    with pytest.raises(Refused, match=words) as caught:
        channel(address)
    assert caught.value.field == "address"
