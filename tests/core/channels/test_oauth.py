"""Signing in in the browser: only the one answer that belongs to the request counts, and nothing of it is kept."""

import json
import logging
import threading
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from statusdesk.channels import oauth, registry
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.net.web import Web
from tests.servers import fault
from tests.servers.vendors.base import Allowing, App, Asked, Said, Vendor


class Authority(Vendor):
    """An authorization server as the papers have it."""

    def __init__(self):
        super().__init__()
        self.oauth = Allowing(App("the-app", []))

    def answer(self, request: Asked) -> Said:
        if request.path == "/authorize":
            self.oauth.app.redirects = [request.query["redirect_uri"]]
            return self.oauth.authorize(request)
        return self.oauth.token(request)


class Browser:
    """Opens addresses and follows where they lead, as a browser does. Remembers the pages it ended on."""

    def __init__(self):
        self.pages = []
        self._threads = []

    def __call__(self, url):
        self._threads.append(threading.Thread(target=self.open, args=(url,)))
        self._threads[-1].start()

    def open(self, url, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
                self.pages.append((answer.status, answer.read().decode(), dict(answer.headers)))
        except urllib.error.HTTPError as error:
            with error:
                self.pages.append((error.code, error.read().decode(), dict(error.headers)))
        return self.pages[-1][0]

    def closed(self):
        for thread in self._threads:
            thread.join()
        return self.pages


@pytest.fixture
def authority():
    with Authority() as server:
        yield server


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.closed()


def provider(authority, **more):
    return oauth.Provider(
        Web("Bird", authority.url), f"{authority.url}/authorize", "/token", "the-app", "read write", **more
    )


def signed_in(authority, show, **more):
    with oauth.Loopback() as loopback:
        return oauth.sign_in(provider(authority), loopback, show, lambda: False, **more)


def test_a_person_says_yes_and_the_token_comes_back(authority, browser):
    given = signed_in(authority, browser)
    assert given["access_token"] in authority.oauth.valid
    status, page, headers = browser.closed()[0]
    assert status == 200
    assert "You can close this page" in page
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_request_carries_a_challenge_and_never_the_verifier(authority, browser):
    signed_in(authority, browser)
    asked, exchanged = authority.requests
    assert (asked.query["code_challenge_method"], asked.query["scope"]) == ("S256", "read write")
    assert len(exchanged.form()["code_verifier"]) >= 43
    assert exchanged.form()["code_verifier"] not in asked.query.values()
    assert asked.query["redirect_uri"].startswith("http://127.0.0.1:")


def test_every_sign_in_has_words_of_its_own(authority, browser):
    for _ in range(2):
        signed_in(authority, browser)
    first, second = authority.requests[0].query, authority.requests[2].query
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_a_code_that_somebody_else_asked_for_is_worth_nothing(authority, browser):
    """The verifier of this sign-in does not fit the code of another."""
    stolen = []

    def show(url):
        asked = dict(parse_qs(urlsplit(url).query))
        other = {name: values[0] for name, values in asked.items()} | {"code_challenge": "x" * 43}
        browser.open(f"{authority.url}/authorize?{urlencode(other)}")
        stolen.append(url)

    with pytest.raises(Refused, match="verifier does not fit"):
        signed_in(authority, show)


def test_a_person_may_say_no(authority, browser):
    authority.oauth.person = "access_denied"
    with pytest.raises(Refused, match="You did not allow StatusDesk to post on Bird"):
        signed_in(authority, browser)
    assert "was not allowed" in browser.closed()[0][1]


def test_another_refusal_is_passed_on(authority, browser):
    authority.oauth.person = "server_error"
    with pytest.raises(Refused, match="says: server_error"):
        signed_in(authority, browser)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/callback/", 404),
        ("/callbackx?code=evil&state={state}", 404),
        ("/callback", 400),
        ("/callback?code=evil", 400),
        ("/callback?code=evil&state=guess", 400),
        ("/callback?code=evil&state={state}&state={state}", 400),
        ("/callback?state={state}", 400),
    ],
)
def test_what_is_not_the_answer_is_refused_and_waiting_goes_on(path, status, browser):
    with oauth.Loopback() as loopback:
        there = loopback.redirect_uri.removesuffix("/callback")
        assert browser.open(there + path.format(state=loopback.state)) == status
        assert browser.open(f"{loopback.redirect_uri}?code=mine&state={loopback.state}") == 200
        assert loopback.code("Bird", lambda: False, 5) == "mine"


def test_the_first_answer_counts_and_a_second_one_does_not(browser):
    with oauth.Loopback() as loopback:
        for code in ("first", "second"):
            browser.open(f"{loopback.redirect_uri}?code={code}&state={loopback.state}")
        assert loopback.code("Bird", lambda: False, 5) == "first"
    assert [status for status, *_ in browser.pages] == [200, 400]


def test_a_page_elsewhere_whose_name_leads_here_learns_nothing(browser):
    with oauth.Loopback() as loopback:
        url = f"{loopback.redirect_uri}?code=x&state={loopback.state}"
        assert browser.open(url, Host="evil.example") == 404


def test_only_asking_is_answered(browser):
    with oauth.Loopback() as loopback:
        request = urllib.request.Request(loopback.redirect_uri, data=b"code=x", method="POST")
        with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request, timeout=5):
            pass
        assert caught.value.code == 501
        caught.value.close()


def test_after_the_answer_nobody_listens_any_more(authority, browser):
    signed_in(authority, browser)
    there = urlsplit(authority.requests[0].query["redirect_uri"])
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://{there.netloc}/callback", timeout=5)


def test_it_gives_up_after_a_time(authority):
    with pytest.raises(Refused, match="was not answered within 1 min"):
        signed_in(authority, lambda url: None, give_up_s=0.05)


def test_a_person_can_stop_it(authority):
    with oauth.Loopback() as loopback, pytest.raises(Refused, match="was stopped"):
        oauth.sign_in(provider(authority), loopback, lambda url: None, lambda: True)


def test_a_port_in_use_is_said(browser):
    with oauth.Loopback() as loopback:
        port = urlsplit(loopback.redirect_uri).port
        with pytest.raises(EnvironmentFault, match=f"uses the port {port}"):
            oauth.Loopback(port)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(400, {"error": "invalid_grant"}), r"gave no access \(400\).*invalid_grant"),
        (Said(200, b"<html>"), r"gave no access \(200\)"),
        (Said(200, {"access_token": "x", "token_type": "mac"}), r"gave no access \(200\)"),
        (Said(200, {"access_token": 7}), r"gave no access \(200\)"),
    ],
)
def test_a_network_that_gives_no_token_is_said(said, words, authority, browser):
    def show(url):
        authority.say(authority.oauth.authorize(asked(authority, url)), said)
        browser(url)

    with pytest.raises(Refused, match=words):
        signed_in(authority, show)


def asked(authority, url):
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    authority.oauth.app.redirects = [query["redirect_uri"]]
    return Asked("GET", "/authorize", query, {}, b"")


def test_an_apps_secret_goes_as_the_network_wants_it(authority, browser):
    authority.oauth.app.secret = "app-secret"
    for basic in (True, False):
        with oauth.Loopback() as loopback:
            there = provider(authority, secret="app-secret", basic=basic)
            assert oauth.sign_in(there, loopback, browser, lambda: False)
        assert "app-secret" not in repr(there)
    assert [("client_secret" in request.form()) for request in authority.requests[1::2]] == [False, True]


def test_no_code_and_no_verifier_shows_anywhere(authority, browser, caplog):
    caplog.set_level(logging.DEBUG)
    hidden = []

    def show(url):
        said = authority.oauth.authorize(asked(authority, url))
        code = parse_qs(urlsplit(said.headers["Location"]).query)["code"][0]
        hidden.append(code)
        authority.say(said, Said(400, {"error_description": f"Bad code {code}"}))
        browser(url)

    with pytest.raises(Refused) as caught:
        signed_in(authority, show)
    hidden.append(authority.requests[-1].form()["code_verifier"])
    for word in hidden:
        assert word not in str(caught.value)
        assert word not in caplog.text
        assert word not in browser.closed()[0][1]
    assert caught.value.__context__ is None


# The kinds that use it.


def test_mastodon_registers_itself_and_posts_with_what_it_gets(mastodon_server):
    """The stand-in shows a form in which somebody picks the account; it looks at neither verifier nor address."""

    def show(url):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["scope"] == "read write:statuses"
        form = {name: asked[name] for name in ("redirect_uri", "client_id", "scope", "state")} | {
            "username": "testuser"
        }
        with urllib.request.urlopen(f"{mastodon_server.url}/oauth/authorize", urlencode(form).encode(), timeout=10):
            pass

    signed = registry.sign_in("mastodon", {"server": mastodon_server.url}, show, lambda: False)
    assert signed.kept == {}
    assert signed.secret not in repr(signed)
    request = urllib.request.Request(
        f"{mastodon_server.url}/api/v1/accounts/verify_credentials",
        headers={"Authorization": f"Bearer {signed.secret}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["username"] == "testuser"


def test_a_server_that_is_no_mastodon_is_said(fault_server):
    fault_server.script(fault.answer(404, b"<html>"))
    with pytest.raises(Refused, match="has no Mastodon there"):
        registry.sign_in("mastodon", {"server": fault_server.url}, lambda url: None, lambda: False)


def test_a_server_out_of_reach_is_the_environments_fault():
    with pytest.raises(EnvironmentFault, match="cannot be reached"):
        registry.sign_in(
            "mastodon", {"server": f"http://127.0.0.1:{fault.free_port()}"}, lambda url: None, lambda: False
        )


def test_a_form_that_is_not_filled_in_is_refused_at_its_field():
    with pytest.raises(Refused) as caught:
        registry.sign_in("mastodon", {}, lambda url: None, lambda: False)
    assert caught.value.field == "server"


def test_a_kind_without_it_says_so():
    with pytest.raises(Refused, match="connected with a token"):
        registry.sign_in("bluesky", {}, lambda url: None, lambda: False)
