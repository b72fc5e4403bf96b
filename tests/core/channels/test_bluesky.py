"""Posts to Bluesky arrive once, in their thread, with few logins, or it is known why not."""

import json
import logging
import struct
import time
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from statusdesk import clock
from statusdesk.channels import bluesky
from statusdesk.channels.base import Connection, Limits, Post
from statusdesk.channels.bluesky import DEFAULT_SERVER, LIMITS, BlueskyChannel
from statusdesk.channels.registry import KINDS
from statusdesk.domain.delivery import RemotePost
from statusdesk.domain.ids import new_tid
from statusdesk.domain.post import Event, PostWords
from statusdesk.domain.times import rfc3339
from statusdesk.net.faults import MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.servers import fault
from tests.servers.running import bluesky_account, call

PASSWORD = "abcd-efgh-ijkl-mnop"
QUICK = Patience(connect_s=2, read_s=0.3, total_s=0.8)
LINK = "https://status.northlake.example/incidents/SD-2026-0042/"
SESSION = {"did": "did:plc:abc", "handle": "northlake.test", "accessJwt": "acc-1", "refreshJwt": "ref-1"}
NEWER = SESSION | {"accessJwt": "acc-2", "refreshJwt": "ref-2"}


class Keeper:
    """Keeps a login as the password store would."""

    def __init__(self):
        self.value = None

    def load(self):
        return self.value

    def save(self, value):
        self.value = value or None


def channel(url, password=PASSWORD, keeper=None, patience=QUICK, handle="northlake.test"):
    connection = Connection(handle=handle, base_url=url, settings={}, limits=Limits(), secret=password, keeper=keeper)
    return BlueskyChannel(connection, patience)


def post(text="", **more):
    now = clock.now()
    text = text or f"Kassen: “Karten” gehen nicht 👨‍👩‍👧‍👦 (siehe https://a.example/ü?x=1).\n{LINK}"
    return Post(**{"text": text, "link": LINK, "language": "de", "key": new_tid(now), "created_at": now} | more)


def put(said):
    """What a server answers to a record that it took."""
    return fault.answer(200, {"uri": f"at://did:plc:abc/app.bsky.feed.post/{said.key}", "cid": "bafy1"})


def record(server, remote):
    """A post as the server has it, asked without the code under test."""
    uri, _, cid = remote.id.partition(" ")
    did, _, key = uri.removeprefix("at://").partition("/app.bsky.feed.post/")
    found = call(
        f"{server.url}/xrpc/com.atproto.repo.getRecord?repo={quote(did)}&collection=app.bsky.feed.post&rkey={key}"
    )
    assert found["cid"] == cid
    return found["value"]


def posts(server):
    found = call(
        f"{server.url}/xrpc/com.atproto.repo.listRecords?repo={quote(server.did)}&collection=app.bsky.feed.post&limit=100"
    )
    return found["records"]


@pytest.fixture(scope="module")
def keeper():
    return Keeper()


@pytest.fixture
def server(bluesky_server, keeper):
    """The account's own channel to the real server, its session kept between the tests as between runs."""
    return channel(bluesky_server.url, bluesky_server.password, keeper, Patience())


def test_checking_names_the_account(server):
    checked = server.check()
    assert (checked.ok, checked.handle, checked.limits) == (True, "@northlake.test", LIMITS)
    assert checked.profile_url == "https://bsky.app/profile/northlake.test"


def test_a_thread_replies_to_its_first_post(server, bluesky_server):
    root = server.send(post())
    second, third = (server.send(post(root=root)) for _ in range(2))
    uri, _, cid = root.id.partition(" ")
    for reply in (second, third):
        assert record(bluesky_server, reply)["reply"] == {part: {"uri": uri, "cid": cid} for part in ("root", "parent")}
    assert root.url == f"https://bsky.app/profile/northlake.test/post/{uri.rpartition('/')[2]}"


def test_links_can_be_clicked_also_behind_wide_characters(server, bluesky_server):
    said = post()
    value = record(bluesky_server, server.send(said))
    data = value["text"].encode()
    shown = [data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode() for facet in value["facets"]]
    assert shown == [facet["features"][0]["uri"] for facet in value["facets"]] == ["https://a.example/ü?x=1", LINK]
    assert value["langs"] == ["de"]
    assert value["text"] == said.text


def test_the_same_key_twice_is_one_post(server, bluesky_server):
    once = post()
    before = len(posts(bluesky_server))
    assert server.send(once) == server.send(once)
    assert len(posts(bluesky_server)) == before + 1


@pytest.mark.parametrize("step", [fault.passed_on_then_cut, fault.passed_on_then_500])
def test_a_post_that_was_taken_before_the_answer_was_lost_is_found(step, server, keeper, bluesky_server, fault_before):
    server.check()
    bad_network = fault_before(bluesky_server.url)
    here = channel(bad_network.url, bluesky_server.password, keeper, Patience(read_s=10))
    here.check()
    lost = post()
    before = len(posts(bluesky_server))
    bad_network.script(step)
    with pytest.raises(MaybeArrived):
        here.send(lost)
    found = here.find(lost)
    assert found is not None
    assert here.send(lost) == found
    assert len(posts(bluesky_server)) == before + 1


def test_a_post_that_did_not_arrive_is_not_found(server):
    assert server.find(post()) is None


def test_three_hundred_characters_are_taken_and_more_are_not_sent(server):
    assert server.send(post("ü" * 300))
    with pytest.raises(NeedsPerson, match="counts 301 characters, Bluesky takes 300"):
        server.send(post("ü" * 301))


def test_a_wrong_password_needs_a_person(bluesky_server):
    wrong = channel(bluesky_server.url, "wrong-pass-word", patience=Patience())
    with pytest.raises(NeedsPerson, match=r"Bluesky refused the login of @northlake\.test") as caught:
        wrong.send(post())
    assert caught.value.code == "login"
    assert wrong.check().ok is False


def test_one_login_serves_many_runs(server, keeper, bluesky_server, fault_before):
    server.check()
    watched = fault_before(bluesky_server.url)
    kept = Keeper()
    for _ in range(3):
        assert channel(watched.url, bluesky_server.password, kept, Patience()).send(post())
    assert [path for path in watched.asked() if "Session" in path] == ["POST /xrpc/com.atproto.server.createSession"]


def test_a_token_that_is_over_is_renewed_without_a_login(bluesky_server, fault_before):
    watched, kept = fault_before(bluesky_server.url), Keeper()
    channel(watched.url, bluesky_server.password, kept, Patience()).check()
    known = json.loads(kept.value)
    assert len(kept.value) < 1280
    kept.value = json.dumps(known | {"access": "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.x"})
    assert channel(watched.url, bluesky_server.password, kept, Patience()).send(post())
    assert [path.rpartition(".")[2] for path in watched.asked()] == [
        "createSession",
        "putRecord",
        "refreshSession",
        "putRecord",
    ]
    assert json.loads(kept.value)["refresh"] != known["refresh"]


def test_a_session_that_is_over_for_good_is_replaced_by_a_login(bluesky_server, fault_before):
    watched, kept = fault_before(bluesky_server.url), Keeper()
    channel(watched.url, bluesky_server.password, kept, Patience()).check()
    kept.value = json.dumps(json.loads(kept.value) | {"access": "x", "refresh": "y"})
    assert channel(watched.url, bluesky_server.password, kept, Patience()).send(post())
    assert [path.rpartition(".")[2] for path in watched.asked()][1:] == [
        "putRecord",
        "refreshSession",
        "createSession",
        "putRecord",
    ]


def test_a_kept_session_does_not_hide_a_wrong_new_password(bluesky_server):
    kept = Keeper()
    assert channel(bluesky_server.url, bluesky_server.password, kept, Patience()).check().ok
    assert not channel(bluesky_server.url, "another-password", kept, Patience()).check().ok


def test_a_session_too_long_for_a_password_store_keeps_its_renewing_half(fault_server):
    kept, said = Keeper(), post()
    fault_server.script(fault.answer(200, SESSION | {"accessJwt": "a" * 1100}), put(said))
    channel(fault_server.url, keeper=kept).send(said)
    assert len(kept.value) < 1280
    fault_server.script(fault.answer(401, {"error": "AuthMissing"}), fault.answer(200, NEWER), put(said))
    channel(fault_server.url, keeper=kept).send(said)
    assert fault_server.requests[-2].headers["authorization"] == "Bearer ref-1"


# What can go wrong on the way.

ARRIVED_MAYBE = {
    "hangs": fault.hang,
    "resets after the request": fault.reset_after_request,
    "resets in its answer": fault.reset_in_answer,
    "answers too slowly": fault.drip_body,
    "answers no HTTP": fault.not_http,
    "cuts its answer short": fault.truncated(200, {}),
    "says yes with a page": fault.answer(200, b"<html>Log in to the hotel network</html>"),
    "says yes to something else": fault.answer(200, {"uri": "at://did:plc:abc/app.bsky.feed.like/x", "cid": "y"}),
    "says too much": fault.flood(),
    "500": fault.answer(500, {"error": "InternalServerError"}),
    "502": fault.answer(502),
}


@pytest.mark.parametrize("what", ARRIVED_MAYBE)
def test_after_the_request_went_out_it_may_have_arrived(what, fault_server):
    fault_server.script(fault.answer(200, SESSION), ARRIVED_MAYBE[what])
    with pytest.raises(MaybeArrived):
        channel(fault_server.url).send(post())
    assert len(fault_server.requests) == 2


@pytest.mark.parametrize("what", ARRIVED_MAYBE)
def test_a_network_that_cannot_say_whether_it_arrived_is_asked_later(what, fault_server):
    fault_server.script(fault.answer(200, SESSION), ARRIVED_MAYBE[what])
    with pytest.raises(TryLater):
        channel(fault_server.url).find(post())


@pytest.mark.parametrize("what", [*ARRIVED_MAYBE, "503"])
def test_a_fault_at_the_login_says_that_nothing_arrived(what, fault_server):
    fault_server.script((ARRIVED_MAYBE | {"503": fault.answer(503)})[what])
    with pytest.raises(TryLater):
        channel(fault_server.url).send(post())


def test_too_many_logins_are_waited_for(fault_server):
    """As measured: the 31st login in five minutes."""
    body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    fault_server.script(fault.answer(429, body, headers={"RateLimit-Reset": "1780998060", "Retry-After": "290"}))
    with pytest.raises(TryLater) as caught:
        channel(fault_server.url).send(post())
    assert caught.value.after_s == 290


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            fault.answer(400, {"error": "InvalidRequest", "message": "Record/text too big"}),
            r"refused the post \(400\).*too big",
        ),
        (
            fault.answer(403, {"error": "AccountTakedown", "message": "Account has been taken down"}),
            "refused the login.*taken down",
        ),
        (fault.answer(404, b"<html>"), "is no Bluesky server"),
        (fault.answer(413, b""), "refused the post"),
        (fault.redirect("https://evil.example/"), "sends us on to evil.example"),
    ],
)
def test_a_refusal_needs_a_person_and_says_why(step, words, fault_server):
    fault_server.script(fault.answer(200, SESSION), step)
    with pytest.raises(NeedsPerson, match=words):
        channel(fault_server.url).send(post())


def test_a_token_refused_twice_needs_a_person_and_ends(fault_server):
    over = fault.answer(400, {"error": "ExpiredToken", "message": "Token has expired"})
    fault_server.script(fault.answer(200, SESSION), over, fault.answer(200, NEWER), over)
    with pytest.raises(NeedsPerson, match="refused the login"):
        channel(fault_server.url).send(post())
    assert len(fault_server.requests) == 4


def test_renewing_sends_no_body_at_all(fault_server):
    """A server refuses `refreshSession` with any body, also with an empty object."""
    said = post()
    fault_server.script(
        fault.answer(200, SESSION), fault.answer(400, {"error": "ExpiredToken"}), fault.answer(200, NEWER), put(said)
    )
    channel(fault_server.url).send(said)
    assert (fault_server.requests[2].body, fault_server.requests[2].headers["authorization"]) == (b"", "Bearer ref-1")
    assert fault_server.requests[3].headers["authorization"] == "Bearer acc-2"


def test_no_password_and_no_session_shows_anywhere(fault_server, caplog):
    caplog.set_level(logging.DEBUG)
    kept = Keeper()
    fault_server.script(
        fault.answer(200, SESSION),
        fault.answer(400, {"error": "InvalidRequest", "message": f"{PASSWORD} acc-1 ref-1"}),
        fault.reset_after_request,
    )
    here = channel(fault_server.url, keeper=kept)
    for _ in range(2):
        with pytest.raises((NeedsPerson, MaybeArrived)) as caught:
            here.send(post())
        for hidden in (PASSWORD, "acc-1", "ref-1"):
            assert hidden not in str(caught.value)
            assert hidden not in caplog.text
        assert caught.value.__context__ is None
    assert "acc-1" not in repr(here._session)
    assert PASSWORD not in kept.value


@pytest.mark.parametrize("kept_value", ["", "garbage", "[1]", "{}", '{"bond": 1, "did": "x"}'])
def test_a_kept_login_that_cannot_be_read_is_made_anew(kept_value, fault_server):
    kept, said = Keeper(), post()
    kept.value = kept_value
    fault_server.script(fault.answer(200, SESSION), put(said))
    assert channel(fault_server.url, keeper=kept).send(said) == RemotePost(
        id=f"at://did:plc:abc/app.bsky.feed.post/{said.key} bafy1",
        url=f"https://bsky.app/profile/northlake.test/post/{said.key}",
    )


def test_the_usual_server_is_used_when_none_is_named():
    connection = Connection(handle="@northlake.bsky.social", base_url="", settings={}, limits=Limits(), secret=PASSWORD)
    here = KINDS["bluesky"].open(connection)
    assert here._web.base_url == DEFAULT_SERVER
    assert here._name == "northlake.bsky.social"


# Corrections answer the post they are about; what is there is never written over.


def test_a_correction_answers_the_post_it_is_about(server, bluesky_server):
    root = server.send(post())
    wrong = server.send(post(root=root))
    shown = record(bluesky_server, server.send(post(root=root, mends=wrong)))
    assert [shown["reply"][part]["uri"] for part in ("root", "parent")] == [one.id.split()[0] for one in (root, wrong)]
    first = record(bluesky_server, server.send(post(mends=root)))
    assert first["reply"]["root"] == first["reply"]["parent"]


def test_a_second_try_with_another_picture_is_still_the_first_post(server, bluesky_server, picture):
    said = post(words=WORDS, picture=picture)
    bare = post(said.text, key=said.key, created_at=said.created_at)
    there = server.send(bare)
    assert server.send(said) == there
    assert "embed" not in record(bluesky_server, there)


# The card under a post.

WORDS = PostWords(
    event=Event.OPENED,
    page_name="Northlake",
    ref="SD-2026-0042",
    title="Card payments fail",
    message="Cards fail in 3 stores.\nCash works.",
    said_at=datetime(2026, 6, 9, 13, tzinfo=UTC),
    zone=ZoneInfo("UTC"),
    locale="en",
    link=LINK,
)


@pytest.fixture
def picture(tmp_path):
    """A picture of one grey dot."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\x80")),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    path = tmp_path / "card.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def test_the_link_has_a_card_with_the_incidents_picture(server, bluesky_server, picture):
    once = post(words=WORDS, picture=picture)
    there = server.send(once)
    card = record(bluesky_server, there)["embed"]["external"]
    assert (card["uri"], card["title"]) == (LINK, "Northlake: Card payments fail (SD-2026-0042)")
    assert card["description"] == "Cards fail in 3 stores. Cash works."
    assert (card["thumb"]["mimeType"], card["thumb"]["size"]) == ("image/png", picture.stat().st_size)
    assert server.send(once) == there


@pytest.mark.parametrize(
    "step",
    [
        fault.answer(413, b""),
        fault.answer(500),
        fault.reset_after_request,
        fault.answer(200, {"blob": 1}),
        fault.answer(429, {}),
    ],
)
def test_a_picture_that_cannot_be_sent_never_stops_the_post(step, fault_server, picture):
    said = post(words=WORDS, picture=picture)
    fault_server.script(fault.answer(200, SESSION), step, put(said))
    assert channel(fault_server.url).send(said)
    card = fault_server.requests[-1].json()["record"]["embed"]["external"]
    assert set(card) == {"uri", "title", "description"}


def test_a_picture_too_big_for_the_network_is_left_out(fault_server, picture):
    picture.write_bytes(picture.read_bytes() + b"x" * 1_000_000)
    said = post(words=WORDS, picture=picture)
    fault_server.script(fault.answer(200, SESSION), put(said))
    assert channel(fault_server.url).send(said)


# What others answer. The lexicons app.bsky.feed.getPostThread and app.bsky.notification.listNotifications.

ROOT = RemotePost(id="at://did:plc:abc/app.bsky.feed.post/3root bafyroot")
SINCE = datetime(2026, 6, 9, 13, tzinfo=UTC)


def view(key, text, did="did:plc:ana", at="2026-06-09T14:00:00.000Z", replies=(), **record):
    said = {"$type": "app.bsky.feed.post", "text": text, "createdAt": at} | record
    uri = f"at://{did}/app.bsky.feed.post/{key}"
    shown = {
        "uri": uri,
        "cid": "bafy",
        "author": {"did": did, "handle": "ana.shop.example"},
        "record": said,
        "indexedAt": at,
    }
    return {"$type": "app.bsky.feed.defs#threadViewPost", "post": shown, "replies": list(replies)}


def notice(key, text, reason="reply", root="at://did:plc:abc/app.bsky.feed.post/3root", **more):
    shown = view(key, text, reply={"root": {"uri": root, "cid": "x"}, "parent": {"uri": root, "cid": "x"}}, **more)[
        "post"
    ]
    return shown | {"reason": reason, "isRead": False}


def heard(fault_server, thread, *pages):
    fault_server.script(fault.answer(200, SESSION), thread, *(fault.answer(200, page) for page in pages))
    return channel(fault_server.url).replies([ROOT], SINCE)


def test_replies_of_others_are_read_with_their_threads(fault_server):
    deeper = view("3c", "And \u202eHill Street?", at="2026-06-09T15:00:00.000Z")
    ours = view("3b", "We answer", did="did:plc:abc", replies=[deeper])
    blocked = {"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://x", "blocked": True}
    old = view("3old", "Earlier", at="2026-06-09T12:00:00.000Z")
    thread = {"thread": view("3root", "Tills", did="did:plc:abc", replies=[view("3a", "When?"), ours, blocked, old])}
    told = {
        "notifications": [
            notice("3a", "When?"),
            notice("3d", "Hello"),
            notice("3e", "x", reason="like"),
            notice("3f", "x", root="at://x"),
        ]
    }
    found = heard(fault_server, fault.answer(200, thread), told)
    assert [(one.text, one.answers) for one in found] == [
        (text, ROOT.id) for text in ("When?", "Hello", "And Hill Street?")
    ]
    assert found[0].author == "@ana.shop.example"
    assert found[0].url == "https://bsky.app/profile/did:plc:ana/post/3a"


@pytest.mark.parametrize("step", [fault.flood(), fault.answer(200, {}), fault.answer(200, b"<html>")])
def test_a_thread_that_cannot_be_read_is_asked_for_again_later(step, fault_server):
    with pytest.raises(TryLater):
        heard(fault_server, step)


def test_reading_notices_ends_where_they_get_too_old(fault_server):
    first = {"cursor": "2", "notifications": [notice("3a", "When?")]}
    second = {"cursor": "3", "notifications": [notice("3b", "Old", at="2026-06-09T12:00:00.000Z")]}
    found = heard(fault_server, fault.answer(400, {"error": "NotFound"}), first, second)
    assert [one.text for one in found] == ["When?"]
    assert fault_server.requests[-1].path.endswith("limit=50&cursor=2")


@pytest.fixture(scope="module")
def network(bluesky_network):
    """Our own channel and somebody else's login on a network whose followers see threads."""
    ours, theirs = (bluesky_account(bluesky_network, f"{name}.test", PASSWORD) for name in ("northlake", "ana"))
    for who in (ours, theirs):  # nobody is seen without a profile
        record = {"$type": "app.bsky.actor.profile", "displayName": str(who["handle"])}
        body = {"repo": who["did"], "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
        call(f"{bluesky_network}/xrpc/com.atproto.repo.putRecord", body, str(who["accessJwt"]))
    return channel(bluesky_network, patience=Patience()), theirs


def soon(look):
    """What followers see follows a moment later: asked again until it is there."""
    until = time.monotonic() + 30
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.2)  # between two questions, not instead of one
    return found


def answered(url, who, text, root, parent):
    strong = [dict(zip(("uri", "cid"), one.id.split(), strict=True)) for one in (root, parent)]
    said = {"$type": "app.bsky.feed.post", "text": text, "createdAt": rfc3339(clock.now())}
    said |= {"reply": {"root": strong[0], "parent": strong[1]}}
    body = {"repo": who["did"], "collection": "app.bsky.feed.post", "record": said}
    return call(f"{url}/xrpc/com.atproto.repo.createRecord", body, str(who["accessJwt"]))["uri"]


def seen(url, who, remote):
    uri = quote(remote.id.split()[0])
    known = call(f"{url}/xrpc/app.bsky.feed.getPosts?uris={uri}", token=str(who["accessJwt"]))
    return known["posts"]


def test_replies_are_heard_from_a_real_network(network, bluesky_network):
    here, ana = network
    since = clock.now() - timedelta(minutes=5)
    root = here.send(post())
    second = here.send(post(root=root))
    first = answered(bluesky_network, ana, "When will Hill Street be back?", root, root)
    other = answered(bluesky_network, ana, "Still broken", root, second)
    found = soon(lambda: len(heard := here.replies([root], since)) == 2 and heard)
    assert [(one.id, one.text, one.answers) for one in found] == [
        (first, "When will Hill Street be back?", root.id),
        (other, "Still broken", root.id),
    ]
    assert found[0].author == "@ana.test"


def test_an_older_thread_is_heard_through_what_the_account_is_told(network, bluesky_network, monkeypatch):
    here, ana = network
    since = clock.now() - timedelta(minutes=5)
    root = here.send(post())
    # A network tells of an answer only when it knew the answered post before. Our own server would show it to us at once.
    assert soon(lambda: seen(bluesky_network, ana, root))
    said = answered(bluesky_network, ana, "And now?", root, root)
    monkeypatch.setattr(bluesky, "THREADS", 0)
    assert [one.id for one in soon(lambda: here.replies([root], since))] == [said]


def test_followers_see_the_card_and_the_correction_below_the_post_it_is_about(network, picture):
    here, _ana = network
    root = here.send(post(words=WORDS, picture=picture))
    wrong = here.send(post(root=root))
    mended = here.send(post(root=root, mends=wrong))

    def below(thread, uri):
        return [
            one["post"]["uri"]
            for one in thread.get("replies", [])
            if one["post"]["record"]["reply"]["parent"]["uri"] == uri
        ]

    def look():
        answer = here._asked("GET", "app.bsky.feed.getPostThread", params={"uri": root.id.split()[0], "depth": "5"})
        thread = (answer.record() or {}).get("thread", {})
        (first, *_) = thread.get("replies", []) or [{}]
        return below(first, wrong.id.split()[0]) and (thread, first)

    thread, first = soon(look)
    assert first["post"]["uri"] == wrong.id.split()[0]
    assert below(first, first["post"]["uri"]) == [mended.id.split()[0]]
    assert thread["post"]["embed"]["external"]["title"] == "Northlake: Card payments fail (SD-2026-0042)"
    assert thread["post"]["embed"]["external"]["thumb"].startswith("http")


def test_a_server_without_an_appview_is_asked_again_later(server):
    """As measured: a server that stands alone answers 502 to everything of app.bsky."""
    with pytest.raises(TryLater):
        server.replies([server.send(post())], SINCE)


def test_no_posts_have_no_replies(fault_server):
    assert channel(fault_server.url).replies([], SINCE) == []
