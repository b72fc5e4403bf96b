"""What holds for every service, whatever happens on the way to it."""

import json
import logging
import random
from urllib.parse import quote

import pytest

from statusdesk.channels.registry import KINDS
from statusdesk.channels.services import SERVICES
from statusdesk.domain.delivery import RemotePost
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, SendingError, TryLater
from statusdesk.net.web import Patience
from tests.core.channels.saying import USUAL, WAYS_TO_FAIL, connection, delivered, post
from tests.servers import fault
from tests.servers.vendors.doors import FORMS, SECRETS, VENDORS, opened

KINDS_HERE = [kind for kind in SECRETS if kind != "apprise"]  # which talks to the network by itself
QUICK = Patience(connect_s=2, read_s=0.3, total_s=0.4)
CUTS = {
    "hangs": fault.hang,
    "resets after the request": fault.reset_after_request,
    "500": fault.answer(500, b"<html>oops</html>"),
}
UNREADABLE = {
    "resets in its answer": fault.reset_in_answer,
    "drips its headers": fault.drip_headers,
    "says yes with a page": fault.answer(200, b"<html>Log in to the hotel network</html>"),
    "says yes with nothing": fault.answer(200, {}),
    "nests without end": fault.answer(200, b"[" * 200_000),
    "cuts its answer short": fault.truncated(200, {"ok": True}),
    "says too much": fault.flood(),
}


@pytest.fixture(scope="module")
def one_server():
    with fault.FaultServer() as server:
        yield server


@pytest.fixture
def fault_server(one_server):
    """One server for all of this, as new for each test: its end takes longer than most of them."""
    one_server.forget()
    return one_server


def of_anything(kind, what):
    """These take any yes for one: the status alone is the answer, once its headers have ended."""
    return kind in ("webhook", "teams") and what != "drips its headers"


@pytest.mark.parametrize("what", CUTS)
@pytest.mark.parametrize("kind", KINDS_HERE)
def test_a_cut_after_the_request_is_a_doubt_unless_twice_is_once(kind, what, fault_server):
    fault_server.script(CUTS[what])
    with pytest.raises(TryLater if kind == "webhook" else MaybeArrived):
        opened(kind, fault_server.url, QUICK).send(post())
    assert len(fault_server.requests) == 1


@pytest.mark.parametrize("what", UNREADABLE)
@pytest.mark.parametrize("kind", KINDS_HERE)
def test_a_yes_that_cannot_be_read_is_no_yes(kind, what, fault_server):
    fault_server.script(UNREADABLE[what])
    here = opened(kind, fault_server.url, QUICK)
    if of_anything(kind, what):
        assert here.send(post()).id
    else:
        with pytest.raises(TryLater if kind == "webhook" else MaybeArrived):
            here.send(post())


@pytest.mark.parametrize("what", [*CUTS, *UNREADABLE])
@pytest.mark.parametrize("kind", KINDS_HERE)
def test_a_network_that_cannot_say_whether_it_arrived_never_says_that_it_did_not(kind, what, fault_server):
    fault_server.script((CUTS | UNREADABLE)[what])
    here = opened(kind, fault_server.url, QUICK)
    if kind == "webhook":
        assert here.find(post()) is None, "it is sent again under its id"
    else:
        with pytest.raises((TryLater, CannotTell)):
            here.find(post())


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_nobody_there_says_that_nothing_arrived(kind):
    with pytest.raises(TryLater, match="cannot be reached"):
        opened(kind, f"http://127.0.0.1:{fault.free_port()}").send(post())


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_a_wait_that_is_asked_for_is_kept(kind, fault_server):
    fault_server.script(fault.answer(429, {"error": "slow down"}, headers={"Retry-After": "290"}))
    with pytest.raises(TryLater) as caught:
        opened(kind, fault_server.url).send(post())
    assert caught.value.after_s == 290


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_a_redirect_is_never_followed(kind, fault_server, fault_before):
    elsewhere = fault_before("")
    fault_server.script(fault.redirect(elsewhere.url, 307))
    with pytest.raises(NeedsPerson, match="sends us on"):
        opened(kind, fault_server.url).send(post())
    assert elsewhere.requests == []


@pytest.mark.parametrize("step", [fault.hang, fault.answer(500), fault.answer(200, b"<html>"), fault.reset_at_once])
@pytest.mark.parametrize("kind", [kind for kind in KINDS_HERE if kind not in ("slack webhook", "teams", "webhook")])
def test_checking_never_raises(kind, step, fault_server):
    fault_server.script(step, step)
    checked = opened(kind, fault_server.url, QUICK).check()
    assert (checked.ok, bool(checked.lines[0].result)) == (False, True)


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_the_secret_shows_nowhere(kind, fault_server, caplog, capfd):
    """A server that repeats all it was told, in every way that servers complain."""
    caplog.set_level(logging.DEBUG)
    secret, seen = SECRETS[kind], []

    def parrot(server, connection):
        asked = server.read(connection)
        words = f"{secret} {quote(secret, safe='')} at {asked.path} as {asked.headers.get('authorization')}"
        body = {"ok": False, "error": words, "message": words, "description": words, "code": 7, "errcode": "M_X"}
        said = fault._answer_bytes(422, body, None)
        connection.sendall(said)

    fault_server.script(parrot, fault.reset_after_request, fault.hang, parrot, parrot)
    here = opened(kind, fault_server.url, QUICK)
    for ask in (here.send, here.send, here.send, here.find):
        if error := outcome(ask):
            seen += [str(error), str(error.__cause__), "" if error.__suppress_context__ else str(error.__context__)]
    assert len(seen) >= 9
    seen += [repr(here.check()), repr(here), caplog.text, str(capfd.readouterr())]
    assert not any(secret in one or quote(secret, safe="") in one for one in seen), seen


@pytest.mark.parametrize("kind", VENDORS)
def test_a_post_is_never_lost_and_never_doubled_where_the_network_allows_it(kind, fault_before):
    """Each post of a thread over a bad network, with the courier's rule: ask before anything is sent again."""
    chance = random.Random(f"seed {kind}")
    with VENDORS[kind]() as vendor:
        bad_network = fault_before(vendor.url)
        here = opened(kind, bad_network.url, USUAL)
        posts, unknown = [post(f"Tills {number} {chance.random()}") for number in range(12)], set()
        for said in posts:
            bad_network.script(*chance.choices([*WAYS_TO_FAIL, fault.passed_on], k=chance.randrange(4)))
            if not delivered(here, said):
                unknown.add(said.text)
        there = vendor.arrived()
        assert len(there) == len(set(there)), "nothing is doubled"
        assert {said.text for said in posts} - set(there) <= unknown, "what is not there is known as unknown"
        if kind in ("webhook", "slack", "ntfy"):
            assert (there, unknown) == ([said.text for said in posts], set())


def outcome(ask):
    """The fault in which asking ends; None when it ends well."""
    try:
        ask(post())
    except SendingError as error:
        return error
    return None


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_filled_in_opens_the_service(kind):
    """By the registry's rule: `server` is the address, the secret one the secret, every other one a setting."""
    with VENDORS[kind]() as there:
        given, fields = FORMS[kind](there), {field.name: field for field in KINDS[kind].fields}
        assert {name for name, field in fields.items() if not field.optional} <= set(given) <= set(fields)
        (secret,) = (given.pop(name) for name, field in fields.items() if field.secret)
        here = KINDS[kind].open(connection(secret, given.pop("server", ""), **given))
        assert here.check().ok
        assert there.arrived() == []
        said = post()
        here.send(said)
        assert there.arrived() == [said.text]


def test_every_service_is_declared_with_what_its_form_needs():
    for one in SERVICES:
        assert KINDS[one.kind] is one
        assert one.help.endswith(".")
        for field in one.fields:
            assert field.label
            assert field.hint
            assert len(field.hint) <= 60, "it stands inside the field"


def test_a_remote_post_of_another_service_does_no_harm(fault_before):
    """An account may have been connected anew: what it knew of is then of another kind."""
    strange = RemotePost(id="$x/../../y z")
    for kind in VENDORS:
        with VENDORS[kind]() as vendor:
            said = post(root=strange, mends=strange)
            opened(kind, vendor.url).send(said)
            assert vendor.arrived() == [said.text]
            assert all(".." not in one.path for one in vendor.requests)
            json.dumps([one.path for one in vendor.requests])
