"""Mails go out once, over TLS, as a thread; nobody sees the other readers; and a doubt stays one."""

import base64
import contextlib
import re
import socket
import threading
import time
from email.utils import parsedate_to_datetime

import pytest

from statusdesk.channels.mail import MailChannel
from statusdesk.channels.registry import KINDS
from statusdesk.domain.delivery import RemotePost
from statusdesk.errors import Refused
from statusdesk.net.faults import CannotTell, MaybeArrived, NeedsPerson, TryLater
from statusdesk.net.web import Patience
from tests.core.channels.saying import LINK, USUAL, connection, post
from tests.servers import fault
from tests.servers.mail import PASSWORD, USER

FROM = f"Northlake Störungen <{USER}>"
LIST = "list@northlake.test"
QUICK = Patience(connect_s=2, read_s=0.3, total_s=0.4)


@pytest.fixture(autouse=True)
def _believe(request, monkeypatch):
    """The office's own authority, as an office would name it."""
    if "mail_server" in request.fixturenames:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(request.getfixturevalue("mail_server").certificate))


def channel(server, patience=USUAL, **more):
    given = {"sender": FROM, "to": LIST, "user": USER} | more
    secret = given.pop("secret", PASSWORD)
    return MailChannel(connection(secret, server, **given), patience)


def starttls(server):
    return f"127.0.0.1:{server.starttls}"


def parts(message):
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_a_mail_arrives_as_text_and_as_a_page(way, mail_server):
    before = len(mail_server.inbox("list"))
    said = post()
    server = starttls(mail_server) if way == "starttls" else f"smtps://127.0.0.1:{mail_server.tls}"
    remote = channel(server).send(said)
    mail = mail_server.inbox("list", before + 1)[-1]
    assert parts(mail)["text/plain"] == said.text + "\n"
    page = parts(mail)["text/html"]
    assert f'<a href="{LINK}">{LINK}</a>' in page
    assert "&lt;b&gt; *now* 😀" in page
    assert (mail["Message-ID"], mail["To"], mail["From"]) == (remote.id, LIST, FROM)
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Northlake: Card payments fail (Identified)", "auto-generated")
    assert (mail["List-Id"], mail["Content-Language"]) == ("<status.northlake.test>", "en")
    assert abs((parsedate_to_datetime(mail["Date"]) - said.created_at).total_seconds()) <= 1
    assert "ESMTPSA" in mail["Received"] or any("ESMTPSA" in one for one in mail.get_all("Received"))


def test_the_mails_of_an_incident_form_a_thread(mail_server):
    before = len(mail_server.inbox("list"))
    here = channel(starttls(mail_server))
    root = here.send(post())
    reply = here.send(post(root=root))
    here.send(post(root=root, mends=reply))
    mails = {one["Message-ID"]: one for one in mail_server.inbox("list", before + 3)[before:]}
    assert (mails[reply.id]["In-Reply-To"], mails[reply.id]["References"]) == (root.id, root.id)
    (mended,) = set(mails) - {root.id, reply.id}
    assert (mails[mended]["In-Reply-To"], mails[mended]["References"]) == (reply.id, f"{root.id} {reply.id}")


def test_several_readers_do_not_see_each_other(mail_server):
    before = {name: len(mail_server.inbox(name)) for name in ("ana", "bo")}
    here = channel(starttls(mail_server), to="Ana <ana@northlake.test>, bo@northlake.test")
    here.send(post())
    for name, other in (("ana", "bo"), ("bo", "ana")):
        mail = mail_server.inbox(name, before[name] + 1)[-1]
        assert mail["To"] == FROM
        assert f"{other}@" not in mail.as_string()
        assert len(mail_server.inbox(name)) == before[name] + 1


def test_hostile_words_stay_words(mail_server):
    before = len(mail_server.inbox("list"))
    said = post("Tills\n.\nRCPT TO:<ana@northlake.test>\r\n..\n<script>x</script>" + "é" * 2000)
    channel(starttls(mail_server)).send(said)
    text = parts(mail_server.inbox("list", before + 1)[-1])["text/plain"]
    assert text == said.text.replace("\r\n", "\n") + "\n"


def test_checking_sends_nothing_and_asks_as_far_as_it_can(mail_server):
    before = len(mail_server.inbox("list"))
    checked = channel(starttls(mail_server)).check()
    assert (checked.ok, checked.handle) == (True, USER)
    assert [line.result for line in checked.lines] == ["127.0.0.1 sends mail for us.", f"Mails go to {LIST}."]
    assert len(mail_server.inbox("list")) == before


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"secret": "wrong-password"}, r"refused the login of status@northlake.test.*app password.*5\.7\.8"),
        ({"to": "nobody@northlake.test"}, r"does not know nobody@northlake\.test\. Take the address out"),
        ({"to": f"{LIST}, nobody@northlake.test"}, "does not know nobody@northlake.test"),
        ({"user": "", "secret": "", "to": "x@elsewhere.example"}, "does not send mail to x@elsewhere.example for us"),
    ],
)
def test_a_refusal_says_what_to_do_and_nobody_gets_anything(more, words, mail_server):
    before = len(mail_server.inbox("list"))
    here = channel(starttls(mail_server), **more)
    with pytest.raises(NeedsPerson, match=words) as caught:
        here.send(post())
    assert "wrong-password" not in str(caught.value)
    assert here.check().ok is False
    assert len(mail_server.inbox("list")) == before


def test_a_mail_that_is_too_long_for_the_server_says_so(mail_server):
    with pytest.raises(NeedsPerson, match="too long for the mail server"):
        channel(starttls(mail_server)).send(post("long words " * 4000))


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(mail_server, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    for server in (starttls(mail_server), f"smtps://127.0.0.1:{mail_server.tls}"):
        with pytest.raises(TryLater, match="could not prove who it is") as caught:
            channel(server).send(post())
        assert caught.value.code == "tls"


# What can go wrong on the way: a mail server of a few lines that does as it is told.


class Script:
    """Answers each command by its first word; `cut` ends the connection, `hang` says nothing more, `drip` never ends."""

    def __init__(self, **replies):
        usual = {
            "": "220 mail.example ESMTP",
            "EHLO": "250-mail.example\r\n250 AUTH PLAIN LOGIN",
            "AUTH": "235 2.7.0 welcome",
            "MAIL": "250 ok",
            "RCPT": "250 ok",
            "DATA": "354 go on",
            ".": "250 2.0.0 queued",
            "RSET": "250 ok",
            "NOOP": "250 ok",
            "QUIT": "221 bye",
        }
        self.replies = usual | replies
        self.heard: list[str] = []
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self):
        with contextlib.suppress(OSError):
            line, _ = self._listener.accept()
            with line:
                self._talk(line)

    def _talk(self, line):
        self._say(line, "")
        file, inside = line.makefile("rb"), False
        for raw in file:
            words = raw.decode().rstrip("\r\n")
            if inside and words != ".":
                continue
            self.heard.append(words)
            name = "." if inside else words.split(" ")[0].upper() if " " in words else words
            inside = name == "DATA" and self.replies["DATA"].startswith("354")
            if self.replies.get(name) == "hold":  # a line of a login
                self.replies[name] = "235 ok"
            self._say(line, name)

    def _say(self, line, name):
        reply = self.replies.get(name, "334 VXNlcm5hbWU6")
        if reply == "cut":
            fault.cut(line)
        elif reply == "hang":
            self._ended.wait()
        elif reply == "drip":
            while not self._ended.wait(0.05):
                line.sendall(b"2")
        else:
            line.sendall(reply.encode() + b"\r\n")


def local(script, **more):
    return channel(script.address, QUICK, user="status", **more)


@pytest.mark.parametrize("reply", ["cut", "hang", "drip", "not smtp"])
@pytest.mark.parametrize("at", ["", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
def test_a_fault_before_the_end_of_the_mail_says_that_nothing_arrived(at, reply):
    with Script(**{at: reply}) as script, pytest.raises(TryLater):
        local(script).send(post())


@pytest.mark.parametrize("reply", ["cut", "hang", "drip", "not smtp"])
def test_a_fault_after_the_end_of_the_mail_is_a_doubt(reply):
    with Script(**{".": reply}) as script:
        here = local(script)
        with pytest.raises(MaybeArrived) as caught:
            here.send(post())
        assert caught.value.__context__ is None
        assert PASSWORD not in str(caught.value)
        with pytest.raises(CannotTell, match="Look into a mailbox"):
            here.find(post())


def test_whatever_happens_after_the_yes_does_not_matter():
    with Script(QUIT="cut") as script:
        said = post()
        assert local(script).send(said) == RemotePost(id=f"<{said.key}@northlake.test>")


@pytest.mark.parametrize("at", ["", "AUTH", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_asks_for_patience_is_asked_later(at):
    with Script(**{at: "451 4.7.1 greylisted"}) as script, pytest.raises(TryLater, match="greylisted") as caught:
        local(script).send(post())
    assert caught.value.code == "smtp-451"


@pytest.mark.parametrize(
    ("at", "reply", "words"),
    [
        ("MAIL", "550 5.7.1 not yours", f"does not take mail from {USER}"),
        ("MAIL", "530 5.7.0 log in first", "wants a user name and password"),
        ("RCPT", "554 5.7.1 Relay access denied", f"does not send mail to {LIST} for us"),
        (".", "552 5.3.4 too big", "too long for the mail server"),
        (".", "554 5.7.1 spam", "does not take the mail. The server says: 5.7.1 spam"),
        ("", "554 no service for you", "does not take our call"),
    ],
)
def test_a_no_of_the_server_says_what_to_do(at, reply, words):
    with Script(**{at: reply}) as script, pytest.raises(NeedsPerson, match=re.escape(words)):
        local(script).send(post())


def test_a_password_goes_by_the_older_way_where_the_server_knows_no_other():
    with Script(EHLO="250-x\r\n250 AUTH LOGIN", AUTH="334 VXNlcm5hbWU6") as script:
        encoded = [base64.b64encode(one.encode()).decode() for one in ("status", PASSWORD)]
        script.replies[encoded[1]] = "235 ok"
        local(script).send(post())
        assert ["AUTH LOGIN", *encoded] == [one for one in script.heard if one.startswith("AUTH") or one in encoded]


def test_a_server_that_takes_no_login_is_told_apart():
    with Script(EHLO="250 x") as script, pytest.raises(NeedsPerson, match="Leave the user name empty"):
        local(script).send(post())


def test_a_password_is_never_sent_without_tls_beyond_this_computer(monkeypatch):
    def here(address, *_args, **_more):
        return connect((script.address.split(":")[0], int(script.address.split(":")[1])))

    connect = socket.create_connection
    with Script() as script:
        monkeypatch.setattr(socket, "create_connection", here)
        with pytest.raises(NeedsPerson, match="offers no TLS, so the password was not sent"):
            channel("mail.example", QUICK).send(post())
        monkeypatch.undo()
    assert not any(one.startswith("AUTH") for one in script.heard)


def test_nobody_there_says_so():
    began = time.monotonic()
    with pytest.raises(TryLater, match="cannot be reached"):
        channel(f"127.0.0.1:{fault.free_port()}").send(post())
    with pytest.raises(TryLater, match="was not found"):
        channel("mail.invalid").send(post())
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"server": ""}, "server"),
        ({"server": "http://mail.example"}, "server"),
        ({"server": "u:p@mail.example"}, "server"),
        ({"sender": "Northlake"}, "sender"),
        ({"sender": "a@b.example, c@d.example"}, "sender"),
        ({"sender": "a@b.example\nBcc: x@y.example"}, "sender"),
        ({"to": ""}, "to"),
        ({"to": "ana@b.example, bo"}, "to"),
        ({"to": ", ".join(f"a{n}@b.example" for n in range(101))}, "to"),
        ({"secret": ""}, "password"),
    ],
)
def test_what_cannot_work_is_refused_at_its_field(changed, field):
    given = {
        "server": "mail.example",
        "secret": "x",
        "sender": "a@b.example",
        "to": "c@d.example",
        "user": "u",
    } | changed
    server, secret = given.pop("server"), given.pop("secret")
    with pytest.raises(Refused) as caught:
        KINDS["mail"].open(connection(secret, server, **given))
    assert caught.value.field == field
