"""An account's login is renewed over the old one: whatever goes wrong on the way, the old one still works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from statusdesk.channels.base import Checked, SignedIn
from statusdesk.desk import Desk
from statusdesk.domain.delivery import Account
from statusdesk.errors import EnvironmentFault, Refused
from tests.servers.vendors.ntfy import TOKEN, Ntfy


class Store(KeyringBackend):
    """A password store in memory that is locked at a moment of the test's choice."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.locked_for: tuple[str, ...] = ()
        self.seen_empty = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if password in self.locked_for:
            raise keyring.errors.KeyringLocked
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[username]
        self.seen_empty = True


@pytest.fixture
def store() -> Iterator[Store]:
    before, ours = keyring.get_keyring(), Store()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


@pytest.fixture
def server() -> Iterator[Ntfy]:
    with Ntfy() as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk.create(tmp_path / "workspace", name="Northlake", output_dir=tmp_path / "site")
    yield desk
    desk.shut()


@pytest.fixture
def account(desk: Desk, server: Ntfy, store: Store) -> Account:
    del store
    settings = {"server": server.url, "topic": "northlake-status"}
    return desk.connect_account(kind="ntfy", settings=settings, secret=TOKEN)[0]


def test_a_token_too_long_for_any_store_leaves_the_old_one(desk: Desk, account: Account) -> None:
    with pytest.raises(Refused, match="longer than"):
        desk.renew_account(account.id, secret="x" * 2000)
    assert desk._secrets.get(f"account/{account.id}") == TOKEN


def test_a_store_that_is_locked_in_the_middle_leaves_the_old_one(desk: Desk, account: Account, store: Store) -> None:
    store.locked_for = ("tk_new_secret_2",)
    with pytest.raises(EnvironmentFault, match="locked"):
        desk.renew_account(account.id, secret="tk_new_secret_2")
    assert desk._secrets.get(f"account/{account.id}") == TOKEN


def test_a_token_that_is_refused_leaves_the_old_one_and_no_moment_without(
    desk: Desk, account: Account, store: Store
) -> None:
    with pytest.raises(Refused):
        desk.renew_account(account.id, secret="tk_wrong_secret_3")
    assert desk._secrets.get(f"account/{account.id}") == TOKEN
    assert not store.seen_empty, "a courier that asks meanwhile finds one"


class SomebodyElse:
    """A network on which the browser is signed in as its owner."""

    def check(self) -> Checked:
        return Checked(ok=True, handle="@mia")


def test_signing_in_again_as_somebody_else_is_refused(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statusdesk.channels.registry.sign_in", lambda *_: SignedIn(secret="tk_of_mia_4"))
    monkeypatch.setattr(desk._places, "open_account", lambda *_: SomebodyElse())
    with pytest.raises(Refused, match="signed in as @mia, this account is"):
        desk.sign_in_again(account.id, show=lambda _address: None)
    assert desk._secrets.get(f"account/{account.id}") == TOKEN
    assert desk.accounts()[0].handle == account.handle
