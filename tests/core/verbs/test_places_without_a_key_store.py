"""On a computer without a password store, what needs no secret works, and what needs one says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft
from statusdesk.domain.incident import Impact
from statusdesk.errors import EnvironmentFault
from tests.servers.vendors.ntfy import Ntfy


@pytest.fixture
def no_store() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def desk(tmp_path: Path, no_store: None) -> Iterator[Desk]:
    del no_store
    desk = Desk.create(tmp_path / "workspace", name="Northlake", components=["Tills"], output_dir=tmp_path / "site")
    yield desk
    desk.shut()


def test_an_account_without_a_token_posts_and_is_removed(desk: Desk) -> None:
    with Ntfy() as server:
        server.open_to_all = True
        account, _lines = desk.connect_account(
            kind="ntfy", settings={"server": server.url, "topic": "northlake-status"}
        )
        parts = ((desk.find_component("Tills").id, ComponentStatus.PARTIAL_OUTAGE),)
        draft = IncidentDraft(title="Cards fail", message="Cash works.", impact=Impact.MAJOR, components=parts)
        ref = desk.open_incident(draft).ref
        desk.deliver()
        (post,) = [one for one in desk.deliveries(ref) if one.kind is DeliveryKind.POST]
        assert post.state is DeliveryState.SENT, post.error
        desk.remove_account(account.id)
    assert desk.accounts() == ()


def test_an_account_with_a_token_is_not_connected(desk: Desk) -> None:
    with Ntfy() as server, pytest.raises(EnvironmentFault, match="no password store"):
        desk.connect_account(
            kind="ntfy", settings={"server": server.url, "topic": "northlake-status"}, secret="tk_1234567"
        )
    assert desk.accounts() == ()


def test_what_is_remembered_of_a_target_goes_with_it(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    target, _lines = desk.add_target(kind="folder", name="Web", location=str(tmp_path / "www"))
    desk.deliver()
    notes = tmp_path / "workspace" / "targets"
    assert list(notes.glob(f"{target.id}*"))
    desk.remove_target(target.id)
    assert not list(notes.glob(f"{target.id}*"))
    assert (tmp_path / "www" / "index.html").is_file(), "what lies there stays"
