"""Making a workspace: what is judged before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from statusdesk.desk import Desk
from statusdesk.errors import Refused


@pytest.mark.parametrize(
    "address",
    [
        "status.example.org",
        "https://",
        "https://a..example",
        "https://user:password@a.example",
        "https://a.example:99999",
        "https://a.example:x",
        "https://a.example/?x=1",
        "https://a.example/#top",
        "https://a.example/ b",
        "https://a.example/\u202e",
        "javascript:alert(1)",
        'https://a.example/"onload="x',
    ],
)
def test_an_address_that_cannot_stand_in_front_of_every_link_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(Refused, match="must begin with https") as caught:
        Desk.create(tmp_path / "ws", name="Northlake", base_url=address, output_dir=tmp_path / "site")
    assert caught.value.field == "base_url"
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("", ""),
        (" https://status.example.org/ ", "https://status.example.org"),
        ("https://example.org/status/", "https://example.org/status"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://städte.example", "https://städte.example"),
    ],
)
def test_other_addresses_are_kept_without_the_slash_at_their_end(tmp_path: Path, address: str, kept: str) -> None:
    desk = Desk.create(tmp_path / "ws", name="Northlake", base_url=address, output_dir=tmp_path / "site")
    assert desk.board().page.base_url == kept
    desk.shut()


def test_a_component_named_twice_is_made_once_and_their_order_stays(tmp_path: Path) -> None:
    names = ["Tills", "Web, app & 😀", "tills", " Tills ", "\u200f", "phone"]
    desk = Desk.create(tmp_path / "ws", name="Northlake", components=names, output_dir=tmp_path / "site")
    assert [row.component.name for row in desk.components()][:3] == ["Tills", "Web, app & 😀", "phone"]
    desk.shut()


def test_a_name_too_long_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    for words in ({"name": "N" * 61}, {"name": "\u200b"}, {"name": "Northlake", "components": ["C" * 61]}):
        with pytest.raises(Refused):
            Desk.create(tmp_path / "ws", output_dir=tmp_path / "site", **words)
    assert not (tmp_path / "ws").exists()
