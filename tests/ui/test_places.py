"""Accounts and targets: connect, check, turn off, remove, and what is said when a place says no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit

from statusdesk.desk import Desk
from statusdesk_ui.layout import Label
from statusdesk_ui.pages.accounts import AccountsPage
from statusdesk_ui.pages.places import PlacesPage
from statusdesk_ui.pages.targets import TargetsPage
from tests.servers.running import MastodonServer
from tests.ui.conftest import Open, show


class Memory(KeyringBackend):
    """A password store that ends with the test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def store() -> Iterator[Memory]:
    before, ours = keyring.get_keyring(), Memory()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def accounts(opened: Open) -> AccountsPage:
    opened.key("Ctrl+,")
    opened.until(lambda: opened.window.page == "accounts")
    page = opened.window.pages["accounts"]
    assert isinstance(page, AccountsPage)
    opened.until(lambda: page.form.kinds)
    return page


def targets(opened: Open) -> TargetsPage:
    opened.window._asked("targets")
    page = opened.window.pages["targets"]
    assert isinstance(page, TargetsPage)
    opened.until(lambda: page.form.kinds)
    return page


def rows(page: PlacesPage) -> dict[str, str]:
    return {row.name: row.state for row in page.list.items.rows}


def test_connected_accounts_stand_in_the_list(main: Open) -> None:
    assert rows(accounts(main)) == {"Feed": "Connected", "Second feed": "Connected"}


def test_an_account_is_connected_by_keyboard(main: Open, desk: Desk, tmp_path: Path) -> None:
    page = accounts(main)
    page.add.click()
    kinds = [kind.kind for kind in page.form.kinds]
    page.form.begin("preview")
    assert kinds[page.form.kind.currentIndex()] == "preview"
    main.key("Third feed", "Tab")
    page.form.fields["folder"][1].setText(str(tmp_path / "third"))
    main.key("Ctrl+Enter")
    main.until(lambda: "Third feed" in rows(page))
    main.settle()
    assert "Third feed" in [account.name for account in desk.accounts()]
    assert page.right.currentWidget() is page.panel or page.adding is False


def test_what_is_missing_is_said_and_a_taken_name_too(main: Open, tmp_path: Path) -> None:
    page = accounts(main)
    page.add.click()
    page.form.begin("preview", "Feed")
    page.form.act.click()
    assert page.form.fields["folder"][2].words.text() == "Folder is needed."
    page.form.fields["folder"][1].setText(str(tmp_path / "x"))
    page.form.act.click()
    main.until(page.form.trouble.words.text)
    assert "already an account" in page.form.trouble.words.text()
    assert page.form.act.isEnabled()


def test_a_token_is_hidden_while_it_is_typed_and_help_says_where_it_comes_from(main: Open) -> None:
    page = accounts(main)
    page.begin_adding()
    page.form.begin("mastodon")
    _spec, field, _trouble = page.form.fields["token"]
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert any("Preferences" in label.text() for label in page.form.findChildren(Label))
    field.setText("secret")
    page.form.forget()
    assert field.text() == ""


def test_an_account_is_checked_turned_off_and_removed(main: Open, desk: Desk) -> None:
    page = accounts(main)
    page.list.choose(0)
    page.panel.check.click()
    main.until(page.panel.checks.isVisible)
    main.settle()
    assert page.panel.check.isEnabled()
    page.panel.rest.click()
    main.until(lambda: rows(page)["Feed"] == "Turned off")
    assert page.panel.rest.words == "Turn on"
    page.panel.remove.click()
    assert page.panel.remove.words == "Press again to remove"
    assert len(desk.accounts()) == 2
    page.panel.remove.click()
    main.until(lambda: "Feed" not in rows(page))
    assert [account.name for account in desk.accounts()] == ["Second feed"]


def test_a_check_that_fails_says_what_is_wrong_on_the_page_and_in_the_bar(
    main: Open, desk: Desk, tmp_path: Path
) -> None:
    page = accounts(main)
    page.list.choose(0)
    folder = tmp_path / "Feed"
    for one in sorted(folder.rglob("*"), reverse=True):
        one.unlink() if one.is_file() else one.rmdir()
    folder.rmdir()
    folder.write_text("in the way")
    page.panel.check.click()
    main.until(lambda: rows(page)["Feed"] == "Needs you")
    main.settle()
    assert page.panel.trouble.isVisible()
    assert main.window.frame.status.trouble.text.startswith("Feed:")
    assert desk.accounts()[0].trouble


def test_a_target_is_added_and_gets_the_page(main: Open, desk: Desk, tmp_path: Path) -> None:
    page = targets(main)
    assert rows(page) == {"Site folder": "Works"}
    page.begin_adding()
    page.form.name.setText("Web server")
    page.form.fields["location"][1].setText(str(tmp_path / "www"))
    page.form.act.click()
    main.until(page.form.trouble.words.text)
    assert "make the folder" in page.form.trouble.words.text()
    (tmp_path / "www").mkdir()
    page.form.act.click()
    main.until(lambda: "Web server" in rows(page))
    main.until((tmp_path / "www" / "index.html").exists)
    main.settle()
    assert len(desk.targets()) == 2
    main.until(lambda: "live" in main.window.frame.status.page.text)


def test_a_folder_that_holds_the_record_is_refused(main: Open, workspace: Path) -> None:
    page = targets(main)
    page.begin_adding()
    page.form.name.setText("Wrong")
    page.form.fields["location"][1].setText(str(workspace))
    page.form.act.click()
    main.until(lambda: page.form.trouble.words.text() or page.form.fields["location"][2].words.text())
    assert list(rows(page)) == ["Site folder"]


def test_a_real_account_is_connected_its_token_goes_to_the_key_store_and_can_be_renewed(
    main: Open, desk: Desk, mastodon_server: MastodonServer, store: Memory, workspace: Path
) -> None:
    page = accounts(main)
    page.begin_adding()
    page.form.begin("mastodon", "Mastodon")
    fields = {spec.label: field for spec, field, _trouble in page.form.fields.values()}
    fields["Server"].setText(mastodon_server.url)
    fields["Access token"].setText("not the token")
    page.form.act.click()
    main.until(page.form.trouble.words.text)
    assert "Mastodon" not in rows(page)
    assert store.kept == {}
    fields["Access token"].setText(mastodon_server.token)
    page.form.act.click()
    main.until(lambda: rows(page).get("Mastodon") == "Connected")
    main.settle()
    assert list(store.kept.values()) == [mastodon_server.token]
    assert fields["Access token"].text() == ""
    database = (workspace / "statusdesk.db").read_bytes()
    assert mastodon_server.token.encode() not in database
    page.list.choose([row.name for row in page.list.items.rows].index("Mastodon"))
    assert page.panel.again.isVisible()
    page.panel.again.click()
    (token,) = (field for spec, field, _trouble in page.form.fields.values() if spec.secret)
    token.setText("revoked")
    page.form.act.click()
    main.until(page.form.trouble.words.text)
    assert list(store.kept.values()) == [mastodon_server.token]
    token.setText(mastodon_server.token)
    page.form.act.click()
    main.until(lambda: page.right.currentWidget() is page.panel)
    main.settle()
    account = next(one for one in desk.accounts() if one.name == "Mastodon")
    assert account.checked_at is not None
    assert account.trouble == ""


def test_without_a_key_store_no_token_is_asked_for_in_vain(main: Open, store: Memory) -> None:
    keyring.set_keyring(keyring.backends.null.Keyring())
    page = accounts(main)
    page.begin_adding()
    page.form.begin("bluesky", "Bluesky")
    for _spec, field, _trouble in page.form.fields.values():
        field.setText("northlake.example")
    page.form.act.click()
    main.until(page.form.trouble.words.text)
    assert "no password store" in page.form.trouble.words.text()
    assert store.kept == {}


def test_a_preview_account_names_its_folder_as_people_write_it(main: Open, tmp_path: Path) -> None:
    page = accounts(main)
    page.list.choose(0)
    main.settle()
    facts = [label.text() for label in page.panel.findChildren(Label) if label.isVisible()]
    assert facts[facts.index("Folder") + 1] == str(tmp_path / "Feed")
    assert not any("file:" in one for one in facts)


def test_in_a_narrow_window_the_card_lies_under_the_list_and_is_no_higher_than_what_it_shows(main: Open) -> None:
    page = accounts(main)
    page.list.choose(0)
    show(main.window, 980, 900)
    main.settle()
    where = page.right.mapTo(page, QPoint(0, 0))
    assert where.x() == page.list.mapTo(page, QPoint(0, 0)).x()
    assert where.y() > page.add.mapTo(page, QPoint(0, 0)).y()
    border = 2
    assert page.right.minimumSizeHint().height() == page.panel.minimumSizeHint().height() + border
    page.begin_adding()
    assert page.right.minimumSizeHint().height() == page.form.minimumSizeHint().height() + border


# Signing in in the browser


def test_a_kind_with_a_browser_offers_it_first_and_a_token_second(main: Open) -> None:
    form = accounts(main).form
    form.begin("mastodon")
    assert not form.browser.isHidden()
    assert not form.act.isHidden()
    assert (form.browser.kind, form.act.kind) == ("primary", "plain")
    form.begin("x")
    assert form.act.isHidden(), "X gives no token to paste"
    form.begin("bluesky")
    assert form.browser.isHidden()
    assert form.act.kind == "primary"


def test_signing_in_asks_for_what_it_needs_and_can_be_stopped(
    main: Open, store: Memory, mastodon_server: MastodonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = accounts(main)
    opened: list[str] = []
    monkeypatch.setattr(page, "_open", opened.append)
    page.browser_asked.disconnect()
    page.browser_asked.connect(opened.append)
    page.add.click()
    page.form.begin("mastodon")
    page.form.browser.click()
    assert page.form.fields["server"][2].words.text() == "Server is needed."
    page.form.fields["server"][1].setText(mastodon_server.url)
    page.form.browser.click()
    main.until(lambda: opened)
    assert opened[0].startswith(mastodon_server.url)
    assert "code_challenge" in opened[0]
    assert page.form.browser.words == "Stop waiting for the browser"
    page.form.browser.click()
    main.until(lambda: page.form.browser.words == "Sign in in the browser")
    assert "Signing in was stopped." in page.form.trouble.words.text()
    assert store.kept == {}


def test_long_hints_stand_whole_under_their_field(main: Open) -> None:
    form = accounts(main).form
    form.begin("bluesky")
    assert form.fields["app_password"][1].placeholderText() == ""
    assert any("Not your own password." in label.text() for label in form.findChildren(Label))
    assert form.fields["handle"][1].placeholderText() == "northlake.bsky.social"


def test_a_target_with_a_password_can_get_a_new_one(main: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = targets(main)
    assert page.panel.again.isHidden(), "a folder has no password"
    (folder,) = desk.targets()
    given: list[tuple[str, str]] = []

    def renew(key: str, *, secret: str) -> tuple[object, tuple[object, ...]]:
        given.append((key, secret))
        return folder, ()

    monkeypatch.setattr(desk, "renew_target", renew)
    page.renewing = folder.id
    page.form.begin_again("webdav", "Web")
    assert list(page.form.fields) == ["password"], "only what is secret is asked for"
    page.form.fields["password"][1].setText("new-password")
    page.form.act.click()
    main.until(lambda: given)
    assert given == [(folder.id, "new-password")]
