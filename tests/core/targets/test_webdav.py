"""WebDAV: every server has manners of its own, and what it refuses is said in words."""

import hashlib

import pytest

from statusdesk.domain import headers
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import Patience
from statusdesk.targets.base import Place
from statusdesk.targets.files import Found, Outgoing
from statusdesk.targets.webdav import DavFiles
from tests.servers import fault

QUICK = Patience(connect_s=2, read_s=1, total_s=2)


def files(url, tmp_path, user="web"):
    place = Place(location=f"{url}/status", settings={"user": user}, state_file=tmp_path / "note.json", secret="pa:ss")
    return DavFiles(place, lambda: None, QUICK)


def outgoing(tmp_path, path="index.html", *, is_new=False):
    source = tmp_path / "source"
    source.write_bytes(b"<p>home")
    sha = hashlib.sha256(b"<p>home").hexdigest()
    return Outgoing(path=path, source=source, sha=sha, label=headers.label([], path), is_new=is_new)


def test_a_page_that_readers_hold_open_is_replaced_at_once_and_a_new_one_is_sent_where_it_belongs(
    fault_server, tmp_path
):
    fault_server.script(*[fault.answer(201)] * 3)
    dav = files(fault_server.url, tmp_path)
    assert list(dav.write([outgoing(tmp_path)])) == ["index.html"]
    assert list(dav.write([outgoing(tmp_path, "new.html", is_new=True)])) == ["new.html"]
    put, move, new = fault_server.requests
    assert put.path.startswith("/status/statusdesk-")
    assert (move.method, move.path) == ("MOVE", put.path)
    assert move.headers["destination"] == f"{fault_server.url}/status/index.html"
    assert move.headers["overwrite"] == "T"
    assert (new.method, new.path) == ("PUT", "/status/new.html")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, NeedsPerson, "refused the login"),
        (403, NeedsPerson, "does not allow writing there"),
        (405, NeedsPerson, "WebDAV may not be turned on"),
        (409, NeedsPerson, "has no such folder"),
        (413, NeedsPerson, "takes no file of this size"),
        (423, TryLater, "it is locked"),
        (507, NeedsPerson, "has no room left"),
        (503, TryLater, "not available now"),
    ],
)
def test_a_refusal_says_what_to_do(fault_server, tmp_path, status, kind, words):
    fault_server.script(fault.answer(status, b"<html>no</html>"))
    with pytest.raises(kind, match=words) as caught:
        list(files(fault_server.url, tmp_path).write([outgoing(tmp_path, is_new=True)]))
    assert "pa:ss" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_a_server_that_lists_nothing_is_asked_for_each_file(fault_server, tmp_path):
    fault_server.script(fault.answer(405), fault.answer(200), fault.answer(200))
    assert files(fault_server.url, tmp_path).standing([outgoing(tmp_path)]) == {"index.html": False}
    assert fault_server.asked() == ["PROPFIND /status/", "HEAD /status/index.html"]


def test_a_listing_may_name_files_in_any_spelling(fault_server, tmp_path):
    listing = f"""<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">
        <D:response><D:href>{fault_server.url}/status/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/>
        </D:resourcetype></D:prop></D:propstat></D:response>
        <D:response><D:href>/status/a%20b.html</D:href><D:propstat/></D:response>
        <D:response><D:href>/elsewhere/c.html</D:href><D:propstat/></D:response></D:multistatus>"""
    fault_server.script(fault.answer(207, listing.encode()))
    assert files(fault_server.url, tmp_path).standing([]) == {"a b.html": False}


def test_the_last_word_is_given_under_a_condition_where_the_version_is_a_strong_one(fault_server, tmp_path):
    fault_server.script(fault.answer(412), fault.answer(204), fault.answer(204), fault.answer(201))
    dav = files(fault_server.url, tmp_path)
    assert not dav.write_last(outgoing(tmp_path), Found(b"{}", '"1"'))
    assert dav.write_last(outgoing(tmp_path), Found(b"{}", '"1"'))
    assert dav.write_last(outgoing(tmp_path), Found(b"{}"))
    assert dav.write_last(outgoing(tmp_path), None)
    sent = [{name for name in request.headers if name.startswith("if-")} for request in fault_server.requests]
    assert sent == [{"if-match"}, {"if-match"}, set(), {"if-none-match"}]


def test_a_weak_version_is_none(fault_server, tmp_path):
    fault_server.script(
        fault.answer(200, b"{}", headers={"ETag": 'W/"1"'}), fault.answer(200, b"{}", headers={"ETag": '"1"'})
    )
    dav = files(fault_server.url, tmp_path)
    assert [dav.read("build.json").tag, dav.read("build.json").tag] == ["", '"1"']


def test_a_password_goes_over_tls_only(tmp_path):
    with pytest.raises(Refused, match="Use https://"):
        files("http://dav.example.com", tmp_path)
    with pytest.raises(Refused, match="user name"):
        files("https://dav.example.com", tmp_path, user="")
