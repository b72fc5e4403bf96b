"""Posts to Mastodon arrive once, in their thread, or it is known why not."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from statusdesk import clock
from statusdesk.channels.base import Connection, Limits, Post
from statusdesk.channels.mastodon import MastodonChannel
from statusdesk.channels.registry import KINDS
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.ids import new_id
from statusdesk.errors import Refused
from statusdesk.net.faults import MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.servers import fault
from tests.servers.running import call

TOKEN = "sekrit-t0ken"
USUAL = Limits(characters=500, link_length=23)
QUICK = Patience(connect_s=2, read_s=0.3, total_s=0.8)
LINK = "https://status.northlake.example/incidents/SD-2026-0042/"
OK = {"id": "7", "url": "https://social.example/@northlake/7"}


def channel(url, token=TOKEN, patience=QUICK, limits=USUAL):
    connection = Connection(handle="@northlake", base_url=url, settings={}, limits=limits, secret=token)
    return MastodonChannel(connection, patience)


def post(text="", **more):
    now = clock.now()
    text = text or f"Northlake: Tills (SD-2026-0042)\nCards “fail” @\u2060home & <b> {new_id(now)}\n{LINK}"
    given = {
        "text": text,
        "link": LINK,
        "language": "en-GB",
        "key": new_id(now),
        "created_at": now,
        "first_sent_at": now,
    }
    return Post(**given | more)


@pytest.fixture
def server(mastodon_server):
    """The account's own channel to the real server, with the patience of every day."""
    return channel(mastodon_server.url, mastodon_server.token, Patience())


def statuses(mastodon_server, text):
    """What the server shows of a text, asked without the code under test."""
    me = call(f"{mastodon_server.url}/api/v1/accounts/verify_credentials", token=mastodon_server.token)
    shown = call(f"{mastodon_server.url}/api/v1/accounts/{me['id']}/statuses?limit=40", token=mastodon_server.token)
    mark = text.split("\n")[1].split()[-1]
    return [status for status in shown if mark in status["content"]]


def test_checking_names_the_account_and_the_servers_own_limit(server):
    checked = server.check()
    assert checked.ok
    assert checked.handle.endswith("@127.0.0.1")
    assert checked.limits == Limits(characters=500, link_length=23)
    assert checked.profile_url.startswith("http")


def test_a_thread_replies_to_its_first_post(server, mastodon_server):
    root = server.send(post())
    second, third = (server.send(post(root=root)) for _ in range(2))
    for reply in (second, third):
        shown = call(f"{mastodon_server.url}/api/v1/statuses/{reply.id}", token=mastodon_server.token)
        assert shown["in_reply_to_id"] == root.id
        assert (shown["language"], shown["visibility"]) == ("en", "public")
    assert root.url.startswith("http")


def test_the_same_key_twice_is_one_post(server, mastodon_server):
    once = post()
    assert server.send(once) == server.send(once)
    assert len(statuses(mastodon_server, once.text)) == 1


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
@pytest.mark.parametrize("threaded", [False, True])
def test_a_post_that_was_taken_before_the_answer_was_lost_is_found(
    step, threaded, server, mastodon_server, fault_before
):
    root = server.send(post()) if threaded else None
    bad_network = fault_before(mastodon_server.url)
    here = channel(bad_network.url, mastodon_server.token, Patience(read_s=10))
    lost = post(root=root)
    bad_network.script(step)
    with pytest.raises(MaybeArrived):
        here.send(lost)
    found = here.find(lost)
    assert found is not None
    assert [found.id] == [status["id"] for status in statuses(mastodon_server, lost.text)]


def test_a_post_that_did_not_arrive_is_not_found(server):
    server.send(post())
    assert server.find(post()) is None


def test_an_older_post_with_the_same_words_is_not_taken_for_it(server):
    old = post()
    server.send(old)
    later = old.created_at + timedelta(minutes=5)
    assert server.find(post(old.text, first_sent_at=later)) is None


def test_the_same_words_in_another_thread_are_not_taken_for_it(server):
    root, other = server.send(post()), server.send(post())
    said = post(root=root)
    server.send(said)
    assert server.find(post(said.text, root=other, first_sent_at=said.first_sent_at)) is None
    assert server.find(said) is not None


def test_when_the_first_post_was_deleted_the_words_still_go_out(mastodon_server, fault_before):
    """As Mastodon and GoToSocial do it; the stand-in itself would take the reply."""
    strict = fault_before(mastodon_server.url)
    strict.script(fault.answer(404, {"error": "Record not found"}))
    here = channel(strict.url, mastodon_server.token, Patience())
    said = post(root=RemotePost(id="999999999999"))
    remote = here.send(said)
    assert [status["in_reply_to_id"] for status in statuses(mastodon_server, said.text)] == [None]
    assert here.find(said) == remote


def test_a_wrong_token_needs_a_person(mastodon_server):
    wrong = channel(mastodon_server.url, "wrong-token", Patience())
    with pytest.raises(NeedsPerson, match="Mastodon refused the login") as caught:
        wrong.send(post())
    assert caught.value.code == "login"
    assert wrong.check().ok is False
    assert "refused the login" in wrong.check().lines[0].result


# What can go wrong on the way, from the first byte to the last.

ARRIVED_MAYBE = {
    "hangs": fault.hang,
    "resets after the request": fault.reset_after_request,
    "resets in its answer": fault.reset_in_answer,
    "answers too slowly": fault.drip_body,
    "drips its headers": fault.drip_headers,
    "answers no HTTP": fault.not_http,
    "cuts its answer short": fault.truncated(200, OK),
    "says yes with a page": fault.answer(200, b"<html>Log in to the hotel network</html>"),
    "says yes with a list": fault.answer(200, [1]),
    "says yes without an id": fault.answer(200, {"url": "x"}),
    "nests without end": fault.answer(200, b"[" * 200_000),
    "says too much": fault.flood(),
    "500": fault.answer(500, b"<html>oops</html>"),
    "502": fault.answer(502),
    "504": fault.answer(504),
}


@pytest.mark.parametrize("what", ARRIVED_MAYBE)
def test_after_the_request_went_out_it_may_have_arrived(what, fault_server):
    fault_server.script(ARRIVED_MAYBE[what])
    with pytest.raises(MaybeArrived) as caught:
        channel(fault_server.url).send(post())
    assert TOKEN not in str(caught.value)
    assert len(fault_server.requests) == 1


@pytest.mark.parametrize("what", ARRIVED_MAYBE)
def test_a_network_that_cannot_say_whether_it_arrived_is_asked_later(what, fault_server):
    fault_server.script(ARRIVED_MAYBE[what])
    with pytest.raises(TryLater):
        channel(fault_server.url).find(post())


def test_a_refused_connection_says_that_nothing_arrived():
    with pytest.raises(TryLater, match="cannot be reached") as caught:
        channel(f"http://127.0.0.1:{fault.free_port()}").send(post())
    assert caught.value.code == "no-connection"


def test_an_unknown_name_says_that_nothing_arrived():
    with pytest.raises(TryLater, match="was not found") as caught:
        channel("https://nobody.invalid").send(post())
    assert caught.value.code == "dns"


def test_an_office_proxy_that_fails_before_it_connects_says_that_nothing_arrived(fault_server, monkeypatch):
    monkeypatch.setenv("https_proxy", fault_server.url)
    fault_server.script(fault.reset_after_request)
    with pytest.raises(TryLater):
        channel("https://social.example").send(post())
    assert fault_server.asked() == ["CONNECT social.example:443"]


def test_an_office_proxy_that_took_the_request_may_have_passed_it_on(fault_server, monkeypatch):
    monkeypatch.setenv("http_proxy", fault_server.url)
    monkeypatch.setenv("no_proxy", "")
    fault_server.script(fault.reset_after_request)
    with pytest.raises(MaybeArrived):
        channel("http://localhost:1").send(post())
    assert fault_server.asked() == ["POST http://localhost:1/api/v1/statuses"]


def test_a_server_without_tls_gets_nothing(fault_server):
    fault_server.script(fault.banner)
    with pytest.raises(TryLater) as caught:
        channel(fault_server.url.replace("http:", "https:")).send(post())
    assert caught.value.code == "tls"


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"Retry-After": "290"}, 290),
        ({"Retry-After": "Tue, 09 Jun 2026 09:51:00 GMT", "Date": "Tue, 09 Jun 2026 09:41:00 GMT"}, 600),
        ({"X-RateLimit-Reset": "2026-06-09T09:46:00.123Z", "Date": "Tue, 09 Jun 2026 09:41:00 GMT"}, 300.123),
        ({"X-RateLimit-Reset": "1780998180", "Date": "Tue, 09 Jun 2026 09:41:00 GMT"}, 120),
        ({"Retry-After": "999999999"}, 3600),
        ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_a_server_that_asks_for_patience_gets_it(headers, after_s, fault_server):
    fault_server.script(fault.answer(429, {"error": "slow down"}, headers=headers))
    with pytest.raises(TryLater) as caught:
        channel(fault_server.url).send(post())
    assert caught.value.after_s == (after_s if after_s is None else pytest.approx(after_s, abs=1))


def test_503_means_that_nothing_was_taken(fault_server):
    fault_server.script(fault.answer(503, b"", headers={"Retry-After": "30"}))
    with pytest.raises(TryLater) as caught:
        channel(fault_server.url).send(post())
    assert caught.value.after_s == 30


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (fault.answer(401, b""), "Mastodon refused the login"),
        (fault.answer(401, {"error": "The access token is invalid"}), "The server says: The access token is invalid"),
        (fault.answer(403, {"error": "outside the authorized scopes"}), "refused the login .* authorized scopes"),
        (fault.answer(400, b"Invalid token"), "refused the login"),
        (fault.answer(400, {"error": "too long"}), r"refused the post \(400\). The server says: too long"),
        (fault.answer(422, {"error": "Validation failed"}), r"refused the post \(422\).*Validation failed"),
        (fault.answer(404, b"<html>"), "has no Mastodon there"),
        (fault.answer(413, b""), "refused the post"),
        (fault.redirect("https://evil.example/api"), "sends us on to evil.example. The token was not sent there"),
        (fault.redirect("http://[bad"), "sends us on"),
    ],
)
def test_a_refusal_needs_a_person_and_says_why(step, words, fault_server):
    fault_server.script(step)
    with pytest.raises(NeedsPerson, match=words):
        channel(fault_server.url).send(post())
    assert len(fault_server.requests) == 1


def test_a_redirect_is_never_followed(fault_server, fault_before):
    elsewhere = fault_before("")
    fault_server.script(fault.redirect(elsewhere.url, 307))
    with pytest.raises(NeedsPerson):
        channel(fault_server.url).send(post())
    assert elsewhere.requests == []


def test_a_reply_that_a_server_fails_on_goes_out_unthreaded_once_its_root_is_gone(fault_server):
    """Takahe answers a reply to an unknown post with 500 and a page."""
    fault_server.script(
        fault.answer(500, b"<html>"),
        fault.answer(404, {"error": "Record not found"}),
        fault.answer(200, {"id": "1"}),
        fault.answer(200, []),
        fault.answer(200, OK),
    )
    assert channel(fault_server.url).send(post(root=RemotePost(id="5"))) == RemotePost(id="7", url=OK["url"])
    assert "in_reply_to_id" not in fault_server.requests[-1].json()


def test_a_reply_that_fails_while_its_root_stands_may_have_arrived(fault_server):
    fault_server.script(fault.answer(500, b""), fault.answer(200, {"id": "5"}))
    with pytest.raises(MaybeArrived):
        channel(fault_server.url).send(post(root=RemotePost(id="5")))


def test_a_reply_whose_fate_cannot_be_told_is_not_sent_again(fault_server):
    fault_server.script(fault.answer(500, b""), fault.answer(404, b""), fault.answer(503, b""))
    with pytest.raises(MaybeArrived):
        channel(fault_server.url).send(post(root=RemotePost(id="5")))
    assert fault_server.asked() == [
        "POST /api/v1/statuses",
        "GET /api/v1/statuses/5",
        "GET /api/v1/accounts/verify_credentials",
    ]


def test_a_text_over_the_limit_is_not_sent(fault_server):
    with pytest.raises(NeedsPerson, match="501 characters, this server takes 500"):
        channel(fault_server.url).send(post("x" * 501))
    assert fault_server.requests == []


# Asking whether a post arrived, on servers that write posts in their own ways.


def status(content, **more):
    return {"id": "9", "content": content, "created_at": "2026-06-09T09:41:00.000Z", "in_reply_to_id": None} | more


SAID = f"Tills: “cards” fail & <b> @\u2060home\nNext update by 10:10 UTC.\n{LINK}"
WAYS = {
    "Mastodon": "<p>Tills: “cards” fail &amp; &lt;b&gt; @\u2060home<br />Next update by 10:10 UTC.<br />"
    '<a href="'
    + LINK
    + '"><span class="invisible">https://</span><span class="ellipsis">status.northlake.example/incid</span>'
    '<span class="invisible">ents/SD-2026-0042/</span></a></p>',
    "GoToSocial": '<p>Tills: "cards" fail &amp; &lt;b> @home<br>Next update by 10:10 UTC.<br>'
    f'<a href="{LINK}" rel="nofollow">{LINK}</a></p>',
    "shortened links": f'Tills: “cards” fail &amp; &lt;b&gt; @home<p>Next update by 10:10 UTC.<p><a href="{LINK}">status.north…</a>',
    "plain text": SAID.replace("<b>", "&lt;b&gt;"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_post_is_found_however_its_server_writes_it(way, fault_server):
    fault_server.script(
        fault.answer(200, {"id": 3}), fault.answer(200, [status("<p>other</p>"), status(WAYS[way], id="8")])
    )
    at = datetime(2026, 6, 9, 9, 41, tzinfo=UTC)
    assert channel(fault_server.url).find(post(SAID, created_at=at, first_sent_at=at)) == RemotePost(id="8")


def test_looking_compares_with_the_servers_clock(fault_server):
    """The desk's clock is years ahead of the post's date: what counts is how long ago that was on the server's clock."""
    began = clock.now() - timedelta(minutes=2)
    for made, found in (("09:39:45", True), ("09:38:00", False)):
        shown = fault.answer(
            200,
            [status(WAYS["plain text"], created_at=f"2026-06-09T{made}Z")],
            headers={"Date": "Tue, 09 Jun 2026 09:42:00 GMT"},
        )
        fault_server.script(fault.answer(200, {"id": "3"}), shown)
        assert (channel(fault_server.url).find(post(SAID, first_sent_at=began)) is not None) is found


def test_looking_goes_back_page_by_page_but_not_for_ever(fault_server):
    at = datetime(2026, 6, 9, 9, 41, tzinfo=UTC)
    pages = [fault.answer(200, [status("x", id=str(1000 - page))]) for page in range(5)]
    fault_server.script(fault.answer(200, {"id": "3"}), *pages)
    with pytest.raises(TryLater, match="too many newer posts"):
        channel(fault_server.url).find(post(SAID, created_at=at, first_sent_at=at))
    assert fault_server.asked()[-1].endswith("max_id=997")


# Reading a server's limits.


@pytest.mark.parametrize(
    ("steps", "limits"),
    [
        (
            [(200, {"configuration": {"statuses": {"max_characters": 5000, "characters_reserved_per_url": 25}}})],
            Limits(characters=5000, link_length=25),
        ),
        (
            [(404, {}), (200, {"configuration": {"statuses": {"max_characters": 800}}})],
            Limits(characters=800, link_length=23),
        ),
        ([(404, {}), (200, {"max_toot_chars": 1234})], Limits(characters=1234, link_length=23)),
        ([(404, {}), (404, {})], Limits(characters=500, link_length=23)),
        (
            [(200, {"configuration": {"statuses": {"max_characters": -1}}}), (200, {"configuration": "x"})],
            Limits(characters=500, link_length=23),
        ),
    ],
)
def test_limits_come_from_the_instance(steps, limits, fault_server):
    fault_server.script(
        fault.answer(200, {"id": "1", "acct": "northlake"}), *(fault.answer(code, body) for code, body in steps)
    )
    checked = channel(fault_server.url).check()
    assert (checked.ok, checked.limits) == (True, limits)


@pytest.mark.parametrize("step", [fault.hang, fault.answer(500), fault.answer(200, b"<html>"), fault.reset_at_once])
def test_checking_never_raises(step, fault_server):
    fault_server.script(step)
    checked = channel(fault_server.url).check()
    assert checked.ok is False
    assert checked.lines[0].result


# The token.


def test_the_token_shows_nowhere(fault_server, caplog):
    caplog.set_level(logging.DEBUG)
    connection = Connection(handle="", base_url=fault_server.url, settings={}, limits=Limits(), secret=TOKEN)
    assert TOKEN not in repr(connection)
    fault_server.script(fault.answer(422, {"error": f"bad {TOKEN}"}), fault.reset_after_request, fault.hang)
    for _ in range(3):
        with pytest.raises((NeedsPerson, MaybeArrived)) as caught:
            MastodonChannel(connection, QUICK).send(post())
        error = caught.value
        assert TOKEN not in str(error)
        assert error.__cause__ is None
        assert error.__context__ is None
    assert fault_server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("token", ["two words", "new\nline", "tökén"])
def test_a_token_that_is_none_is_never_sent(token, fault_server):
    with pytest.raises(NeedsPerson, match="no token has") as caught:
        channel(fault_server.url, token).send(post())
    assert token not in str(caught.value)
    assert fault_server.requests == []


def test_a_login_in_netrc_does_not_replace_the_token(fault_server, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    fault_server.script(fault.answer(200, OK))
    channel(fault_server.url).send(post())
    assert fault_server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "not an address",
        "ftp://social.example",
        "http://social.example",
        "https://u:p@social.example",
        "https://x.example/?a",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_none_is_refused_at_its_field(address):
    with pytest.raises(Refused) as caught:
        channel(address)
    assert caught.value.field == "server"


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        (" social.example/ ", "https://social.example"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_address_may_be_typed_as_people_do(typed, used):
    assert channel(typed)._web.base_url == used


def test_a_hostile_answer_gives_no_link(fault_server):
    fault_server.script(fault.answer(200, {"id": "7", "url": "javascript:alert(1)"}))
    assert channel(fault_server.url).send(post()) == RemotePost(id="7")


def test_what_is_sent_is_what_the_api_asks(fault_server):
    fault_server.script(fault.answer(200, OK))
    said = post(root=RemotePost(id="5"))
    KINDS["mastodon"].open(
        Connection(handle="", base_url=fault_server.url, settings={}, limits=Limits(), secret=TOKEN)
    ).send(said)
    (request,) = fault_server.requests
    assert (request.method, request.path, request.headers["idempotency-key"]) == ("POST", "/api/v1/statuses", said.key)
    assert json.loads(request.body) == {
        "status": said.text,
        "visibility": "public",
        "language": "en",
        "in_reply_to_id": "5",
    }


# Corrections and retractions change the post they are about.


def test_a_correction_changes_the_post_it_is_about(server, mastodon_server):
    root = server.send(post())
    said = post(root=root, mends=root)
    assert server.send(said) == root
    shown = call(f"{mastodon_server.url}/api/v1/statuses/{root.id}", token=mastodon_server.token)
    assert said.text.split("\n")[1].split()[-1] in shown["content"]
    assert shown["edited_at"]
    assert len(statuses(mastodon_server, said.text)) == 1


def test_a_change_keeps_the_language(fault_server):
    fault_server.script(fault.answer(200, OK))
    said = post(mends=RemotePost(id="7"))
    channel(fault_server.url).send(said)
    assert fault_server.asked() == ["PUT /api/v1/statuses/7"]
    assert fault_server.requests[0].json() == {"status": said.text, "language": "en"}


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_a_server_that_knows_no_changes_gets_a_reply_to_the_post(status, server, mastodon_server, fault_before):
    root, old = server.send(post()), server.send(post())
    plain = fault_before(mastodon_server.url)
    plain.script(fault.answer(status, b""))
    said = post(root=root, mends=old)
    there = channel(plain.url, mastodon_server.token, Patience()).send(said)
    shown = call(f"{mastodon_server.url}/api/v1/statuses/{there.id}", token=mastodon_server.token)
    assert shown["in_reply_to_id"] == old.id
    assert server.find(said) == there


def test_a_correction_of_a_post_that_is_gone_answers_the_first_post_or_stands_alone(fault_server):
    gone = fault.answer(404, {"error": "Record not found"})
    fault_server.script(gone, gone, gone, fault.answer(200, OK))
    channel(fault_server.url).send(post(root=RemotePost(id="5"), mends=RemotePost(id="6")))
    answered = [request.json().get("in_reply_to_id") for request in fault_server.requests[1:]]
    assert answered == ["6", "5", None]


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
def test_a_change_that_was_taken_before_the_answer_was_lost_is_found(step, server, mastodon_server, fault_before):
    root = server.send(post())
    bad_network = fault_before(mastodon_server.url)
    bad_network.script(step)
    said = post(root=root, mends=root)
    with pytest.raises(MaybeArrived):
        channel(bad_network.url, mastodon_server.token, Patience(read_s=10)).send(said)
    assert server.find(said) == root


def test_a_change_that_did_not_arrive_is_not_found(server):
    root = server.send(post())
    assert server.find(post(root=root, mends=root)) is None


def test_a_change_that_is_refused_needs_a_person(fault_server):
    fault_server.script(fault.answer(422, {"error": "Validation failed"}))
    with pytest.raises(NeedsPerson, match="Validation failed"):
        channel(fault_server.url).send(post(mends=RemotePost(id="7")))


# What others answer.


@pytest.fixture(scope="module")
def visitor(mastodon_server):
    """A token of somebody else."""
    body = {"username": f"visitor_{new_id(clock.now())[-8:].lower()}", "display_name": "Visitor"}
    made = call(f"{mastodon_server.url}/api/v1/_mock/dev_user", body)
    return made["access_token"]


def answered(mastodon_server, token, text, to):
    return call(f"{mastodon_server.url}/api/v1/statuses", {"status": text, "in_reply_to_id": to}, token)["id"]


def test_replies_of_others_are_read_as_plain_text(server, mastodon_server, visitor):
    root = server.send(post())
    first = answered(mastodon_server, visitor, "Is <b>Hill Street</b> open?\n\nI need 3 & more", root.id)
    own = server.send(post(root=root))
    second = answered(mastodon_server, visitor, "Still broken", own.id)
    heard = server.replies([root], clock.now() - timedelta(minutes=5))
    assert [(one.id, one.answers) for one in heard] == [(first, root.id), (second, root.id)]
    assert heard[0].text == "Is <b>Hill Street</b> open?\n\nI need 3 & more"
    assert heard[0].author.startswith("@visitor")
    assert heard[0].url.startswith("http")


def test_older_replies_and_other_threads_are_left_out(server, mastodon_server, visitor):
    root, other = server.send(post()), server.send(post())
    answered(mastodon_server, visitor, "Hello", root.id)
    answered(mastodon_server, visitor, "Elsewhere", other.id)
    assert [one.text for one in server.replies([root], clock.now() - timedelta(minutes=5))] == ["Hello"]
    assert server.replies([root], clock.now() + timedelta(minutes=5)) == []
    assert server.replies([], clock.now()) == ()


ME = {"id": "1", "acct": "northlake"}


def status_of(id_, content, **more):
    there = {"id": id_, "account": {"id": "9", "acct": "ana@shop.example"}, "created_at": "2026-06-09T14:00:00Z"}
    return there | {"content": content, "in_reply_to_id": "5", "url": f"https://shop.example/{id_}"} | more


def heard(fault_server, descendants, notices, *more):
    fault_server.script(
        fault.answer(200, ME), fault.answer(200, {"descendants": descendants}), fault.answer(200, notices), *more
    )
    here = channel(fault_server.url, patience=Patience())
    return here.replies([RemotePost(id="5")], datetime(2026, 6, 9, 13, tzinfo=UTC))


def test_a_reply_is_bounded_and_cannot_turn_the_line(fault_server):
    hostile = "<p>\u202eevil\u2066 <script>x</script></p>" + "<br>" * 9 + "y" * 5000
    (one,) = heard(fault_server, [status_of("8", hostile, account={"id": "9", "acct": "a\u202e" * 200})], [])
    assert one.text.startswith("evil x\n\ny")
    assert len(one.text) == 2000
    assert len(one.author) == 100
    assert "\u202e" not in one.author


def test_a_mention_that_the_thread_does_not_show_is_heard_once(fault_server):
    told = [
        {"id": "31", "type": "mention", "created_at": "2026-06-09T14:00:00Z", "status": status_of("8", "<p>Hi</p>")},
        {"id": "30", "type": "mention", "created_at": "2026-06-09T14:00:00Z", "status": status_of("10", "<p>You</p>")},
        {"id": "29", "type": "favourite", "created_at": "2026-06-09T14:00:00Z", "status": status_of("5", "ours")},
        {
            "id": "28",
            "type": "mention",
            "created_at": "2026-06-09T14:00:00Z",
            "status": status_of("11", "x", in_reply_to_id=None),
        },
        {
            "id": "27",
            "type": "mention",
            "created_at": "2026-06-09T12:00:00Z",
            "status": status_of("4", "old", created_at="2026-06-09T12:00:00Z"),
        },
    ]
    assert [one.id for one in heard(fault_server, [status_of("8", "<p>Hi</p>")], told)] == ["10", "8"]
    assert fault_server.requests[-1].path == "/api/v1/notifications?types%5B%5D=mention&limit=40"


def test_reading_replies_ends_after_a_few_pages(fault_server):
    pages = [
        fault.answer(
            200,
            [
                {
                    "id": str(id_),
                    "type": "mention",
                    "created_at": "2026-06-09T14:00:00Z",
                    "status": status_of(str(id_), "x"),
                }
            ],
        )
        for id_ in (30, 29, 28, 27)
    ]
    fault_server.script(fault.answer(200, ME), fault.answer(200, {"descendants": []}), *pages)
    found = channel(fault_server.url).replies([RemotePost(id="5")], datetime(2026, 6, 9, 13, tzinfo=UTC))
    assert len(found) == 3
    assert fault_server.requests[-1].path.endswith("&max_id=29")


def test_a_thread_that_is_gone_has_no_replies(fault_server):
    fault_server.script(fault.answer(200, ME), fault.answer(404, {"error": "gone"}), fault.answer(200, []))
    assert channel(fault_server.url).replies([RemotePost(id="5")], clock.now()) == []


def test_a_thread_of_thousands_is_read_and_one_without_end_is_not(fault_server):
    crowd = [status_of(str(number), f"<p>{'x' * 900}</p>") for number in range(2000)]
    assert len(heard(fault_server, crowd, [])) == 2000
    fault_server.script(fault.answer(200, ME), fault.answer(200, {"descendants": crowd * 3}))
    with pytest.raises(TryLater):
        channel(fault_server.url, patience=Patience()).replies([RemotePost(id="5")], clock.now())


def test_a_token_that_may_not_read_notifications_still_hears_the_thread(fault_server):
    fault_server.script(
        fault.answer(200, ME),
        fault.answer(200, {"descendants": [status_of("8", "<p>Hi</p>")]}),
        fault.answer(403, {"error": "outside the authorized scopes"}),
    )
    found = channel(fault_server.url).replies([RemotePost(id="5")], datetime(2026, 6, 9, 13, tzinfo=UTC))
    assert [one.text for one in found] == ["Hi"]


def test_a_server_that_asks_for_patience_is_left_alone(fault_server):
    fault_server.script(fault.answer(200, ME), fault.answer(429, {}, headers={"Retry-After": "60"}))
    with pytest.raises(TryLater) as caught:
        channel(fault_server.url).replies([RemotePost(id="5"), RemotePost(id="4")], clock.now())
    assert caught.value.after_s == 60
    assert len(fault_server.requests) == 2
