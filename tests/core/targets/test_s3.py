"""S3: signed as the documents say, with what readers' caches need, and faults in words that say what to do."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from statusdesk.domain import headers
from statusdesk.errors import Refused
from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import Patience
from statusdesk.targets.base import Place
from statusdesk.targets.files import Found, Outgoing
from statusdesk.targets.s3 import S3Files
from statusdesk.targets.sigv4 import Signer
from tests.servers import fault
from tests.servers.hosts import KEY, SECRET

QUICK = Patience(connect_s=2, read_s=1, total_s=2)
AT = datetime(2013, 5, 24, tzinfo=UTC)
TAKEN = fault.answer(200, headers={"ETag": '"2"'})
HOTEL = fault.answer(200, b"<html>Please log in to this network</html>")


# The examples of "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference.
@pytest.mark.parametrize(
    ("method", "path", "query", "more", "body", "signature"),
    [
        ("GET", "/test.txt", {}, {"Range": "bytes=0-9"}, b"",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("PUT", "/test%24file.text", {},
         {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}, b"Welcome to Amazon S3.",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        ("GET", "/", {"prefix": "J", "max-keys": "2"}, {}, b"",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)  # fmt: skip
def test_requests_are_signed_as_in_the_documents(method, path, query, more, body, signature):
    signer = Signer("AKIAIOSFODNN7EXAMPLE", "us-east-1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    sent = signer.headers(method, "examplebucket.s3.amazonaws.com", path, query, more, body, AT)
    assert sent["Authorization"].endswith(f"Signature={signature}")
    assert "wJalr" not in repr(signer)


def files(url, tmp_path, **settings):
    settings = {"endpoint": url, "access_key": KEY} | settings
    place = Place(location="status/site", settings=settings, state_file=tmp_path / "note.json", secret=SECRET)
    return S3Files(place, lambda: None, QUICK)


def outgoing(tmp_path, data=b"<p>home", path="index.html"):
    source = tmp_path / "source"
    source.write_bytes(data)
    return Outgoing(path=path, source=source, sha=hashlib.sha256(data).hexdigest(), label=headers.label([], path))


def refused(status, code, message="Words of the server.", more=""):
    return fault.answer(
        status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>'.encode()
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (refused(403, "RequestTimeTooSkewed"), "this computer's clock is wrong by more than 15 minutes"),
        (refused(403, "AccessDenied"), "the access key may not do that"),
        (refused(403, "SignatureDoesNotMatch"), "the secret does not belong to this access key"),
        (refused(404, "NoSuchBucket"), "there is no bucket status"),
        (refused(400, "AuthorizationHeaderMalformed", more="<Region>eu-north-1</Region>"), r"another region \(eu-north-1\)"),
        (refused(400, "Odd", "Odd <b>words"), "it answered"),
        (fault.redirect("https://status.s3.eu-north-1.example/", 301), "sends us on to status.s3.eu-north-1.example"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(fault_server, tmp_path, step, words):
    fault_server.script(step)
    with pytest.raises(NeedsPerson, match=words) as caught:
        files(fault_server.url, tmp_path).read("build.json")
    assert SECRET not in f"{caught.value!r} {caught.value.__context__!r}"
    assert SECRET.encode() not in fault_server.requests[0].raw


@pytest.mark.parametrize("step", [refused(503, "SlowDown"), refused(500, "InternalError"), fault.reset_in_answer])
def test_a_fault_of_the_host_is_tried_later(fault_server, tmp_path, step):
    fault_server.script(step)
    with pytest.raises(TryLater):
        files(fault_server.url, tmp_path).read("build.json")


def test_a_torn_answer_is_no_file(fault_server, tmp_path):
    fault_server.script(fault.truncated(200, {"build_id": "b1"}))
    with pytest.raises(TryLater, match="cut off"):
        files(fault_server.url, tmp_path).read("build.json")


def test_a_host_that_refuses_conditions_is_asked_without(fault_server, tmp_path):
    fault_server.script(refused(501, "NotImplemented"), TAKEN)
    assert files(fault_server.url, tmp_path).write_last(outgoing(tmp_path), Found(b"{}", '"1"'))
    first, second = fault_server.requests
    assert first.headers["if-match"] == '"1"'
    assert "if-match" not in second.headers


@pytest.mark.parametrize("status", [409, 412, 404])
def test_a_lost_race_is_seen(fault_server, tmp_path, status):
    fault_server.script(refused(status, "PreconditionFailed"))
    assert not files(fault_server.url, tmp_path).write_last(outgoing(tmp_path), Found(b"{}", '"1"'))


@pytest.mark.parametrize("step", [HOTEL, fault.answer(200)])
def test_a_yes_of_somebody_on_the_way_counts_for_nothing(fault_server, tmp_path, step):
    """A page of a network's login, believed once, let `build.json` name files that were never there."""
    fault_server.script(*[step] * 3)
    there = files(fault_server.url, tmp_path)
    with pytest.raises(TryLater, match="not from S3"):
        list(there.write([outgoing(tmp_path)]))
    with pytest.raises(TryLater, match="not from S3"):
        there.write_last(outgoing(tmp_path), None)
    with pytest.raises(TryLater, match="not from S3"):
        there.read("build.json")


def test_the_first_build_is_only_written_where_there_is_none(fault_server, tmp_path):
    fault_server.script(TAKEN)
    assert files(fault_server.url, tmp_path).write_last(outgoing(tmp_path), None)
    (request,) = fault_server.requests
    assert request.headers["if-none-match"] == "*"
    assert request.headers["cache-control"] == headers.ASK_AGAIN
    assert request.headers["content-type"] == "text/html; charset=utf-8"


def test_a_listing_is_read_to_its_end_and_only_an_md5_proves_a_file(fault_server, tmp_path):
    def page(*objects, after=""):
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{after}</NextContinuationToken>" if after else ""
        inner = "".join(
            f"<Contents><Key>site/{key}</Key><ETag>&quot;{tag}&quot;</ETag></Contents>" for key, tag in objects
        )
        text = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{more}{inner}</ListBucketResult>'
        return fault.answer(200, text.encode())

    md5 = hashlib.md5(b"<p>home").hexdigest()
    fault_server.script(page(("index.html", md5), after="a/+="), page(("404.html", f"{md5}-2"), ("other.txt", md5)))
    wanted = [outgoing(tmp_path), outgoing(tmp_path, path="404.html"), outgoing(tmp_path, path="new.html")]
    standing = files(fault_server.url, tmp_path).standing(wanted)
    assert standing == {"index.html": True, "404.html": False, "other.txt": False}
    assert "continuation-token=a%2F%2B%3D" in fault_server.requests[1].path


def test_a_page_instead_of_a_listing_is_not_believed(fault_server, tmp_path):
    fault_server.script(fault.answer(200, b"<html>Please log in to this network</html>"))
    with pytest.raises(TryLater, match="gave an answer that is not from S3"):
        files(fault_server.url, tmp_path).standing([])


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"access_key": "a b"}, "access_key"), ({"region": "eu north"}, "region"), ({"endpoint": "http://s3.example"}, "server")],
)  # fmt: skip
def test_a_form_that_cannot_be_right_names_its_field(tmp_path, changes, field):
    with pytest.raises(Refused) as caught:
        files("https://s3.example", tmp_path, **changes)
    assert caught.value.field == field


def test_amazon_gets_the_bucket_as_a_host_name_and_others_as_a_folder(tmp_path):
    amazon = files("", tmp_path, region="eu-north-1")
    assert amazon._web.base_url == "https://status.s3.eu-north-1.amazonaws.com"
    assert files("https://s3.example/x", tmp_path)._path == "/x/status"
    assert files("https://s3.example", tmp_path, path_style="no")._web.base_url == "https://status.s3.example"


def test_what_readers_get_along_with_a_file(seaweed_host, tmp_path):
    """On a real host, as the site's own `_headers` says."""
    from tests.core.targets.test_every_host import Desk

    desk = Desk(seaweed_host, tmp_path, "along")
    rules = headers.written(headers.rules("default-src 'none'", languages=True)).decode()
    desk.publish("b1", {"_headers": rules, "index.html": "x", "fi/feed.atom": "x", "assets/page-0123456789ab.css": "x"})
    sent = {path: seaweed_host.sent_along("along", path) for path in ("index.html", "fi/feed.atom", "build.json")}
    assert {path: one["Content-Type"] for path, one in sent.items()} == {
        "index.html": "text/html; charset=utf-8",
        "fi/feed.atom": "application/atom+xml; charset=utf-8",
        "build.json": "application/json; charset=utf-8",
    }
    assert sent["index.html"]["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert sent["fi/feed.atom"]["Cache-Control"] == "public, max-age=60, must-revalidate"
    style = seaweed_host.sent_along("along", "assets/page-0123456789ab.css")
    assert style["Cache-Control"] == "public, max-age=31536000, immutable"
    assert json.loads(seaweed_host.tree("along")["build.json"])["build_id"] == "b1"
