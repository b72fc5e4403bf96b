"""An incident reaches every service through its own form: opened, told further, corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keyring
import pytest
from keyring.backend import KeyringBackend

from statusdesk.channels.registry import KINDS
from statusdesk.desk import Desk
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk.domain.drafts import UpdateDraft
from tests.core.conftest import tills_down
from tests.servers.mail import PASSWORD, USER, MailServer
from tests.servers.matrix import MatrixServer
from tests.servers.vendors.doors import FORMS, VENDORS

EDITED = ("telegram", "discord", "slack")


class Store(KeyringBackend):
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


@pytest.fixture(autouse=True)
def store() -> Iterator[Store]:
    before, ours = keyring.get_keyring(), Store()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def connected(desk: Desk, kind: str, given: Mapping[str, str]) -> None:
    """Fill in the form and press the button."""
    secrets = [field.name for field in KINDS[kind].fields if field.secret]
    settings = {name: value for name, value in given.items() if name not in secrets}
    _, lines = desk.connect_account(kind=kind, settings=settings, secret=given[secrets[0]])
    assert all(line.ok is not False for line in lines)


def told(desk: Desk) -> None:
    """Opened, told further, and the second word corrected; everything is out."""
    ref = desk.open_incident(tills_down(desk)).ref
    desk.deliver()
    desk.post_update(ref, UpdateDraft(message="We found a broken cabel."))
    desk.deliver()
    desk.correct(ref, 2, "We found a broken cable.")
    desk.deliver()
    posts = [one for one in desk.deliveries(ref) if one.kind is DeliveryKind.POST]
    assert [one.state for one in posts] == [DeliveryState.SENT] * 3, [one.error for one in posts]


@pytest.mark.parametrize("kind", FORMS)
def test_an_incident_reaches_a_service_and_its_correction_too(kind: str, file_desk: Desk, store: Store) -> None:
    with VENDORS[kind]() as there:
        connected(file_desk, kind, FORMS[kind](there))
        assert there.arrived() == []
        told(file_desk)
        texts = there.arrived()
    assert "Cards fail in 3 stores." in texts[0]
    assert "broken cable" in texts[-1]
    assert len(texts) == (2 if kind in EDITED else 3), "a correction changes the words where the network can"
    assert any("broken cabel" in text for text in texts) is (kind not in EDITED)
    assert list(store.kept.values()) == [FORMS[kind](there)[next(f.name for f in KINDS[kind].fields if f.secret)]]


def test_an_incident_reaches_a_room_of_matrix(file_desk: Desk, matrix_server: MatrixServer) -> None:
    room = matrix_server.room()
    connected(file_desk, "matrix", {"server": matrix_server.url, "room": room, "token": matrix_server.token})
    told(file_desk)
    first, second = matrix_server.texts(room)
    assert "Cards fail in 3 stores." in first
    assert "broken cable" in second


def test_an_incident_reaches_a_mailing_list(
    file_desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(mail_server.certificate))
    before = len(mail_server.inbox("list"))
    form = {"server": f"127.0.0.1:{mail_server.starttls}", "sender": USER, "to": "list@northlake.test", "user": USER}
    connected(file_desk, "mail", form | {"password": PASSWORD})
    told(file_desk)
    mails = mail_server.inbox("list", before + 3)[before:]
    assert [mail["Subject"].split(" (")[0] for mail in mails] == ["Northlake: Card payments fail"] * 3
    by_id = {mail["Message-ID"]: mail for mail in mails}
    answers = [by_id[mail["In-Reply-To"]] for mail in mails if mail["In-Reply-To"]]
    assert len(answers) == 2
