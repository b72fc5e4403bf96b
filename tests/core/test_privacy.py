"""Invariants 12 and 13: what is private cannot reach the site or a post, whatever the templates say."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from statusdesk.desk import Desk
from statusdesk.domain import public
from statusdesk.domain.drafts import CauseDraft, StepDraft, UpdateDraft
from statusdesk.domain.incident import CauseCategory, Certainty
from statusdesk.errors import Refused
from tests.core.conftest import Clock, make_desk, tills_down

CANARY = "Zebulon-4711"
PRIVATE = {
    "owner", "owner_id", "private_md", "close_reason", "category", "basis", "strength", "person_id", "phone", "email",
    "note", "overrides", "lint_fired", "settings", "limits", "handle", "token", "secret", "drill", "security_hold",
    "supplier_name", "kind_of_component", "audience", "output_dir", "location",
}  # fmt: skip


def test_no_public_type_has_a_field_that_is_internal() -> None:
    types = [
        one for one in vars(public).values() if dataclasses.is_dataclass(one) and one.__module__ == public.__name__
    ]
    assert len(types) >= 12
    for one in types:
        names = {field.name for field in dataclasses.fields(one)}
        # A number is public on a contact card alone, for a while, by its owner's consent (F09).
        assert names & PRIVATE == ({"phone"} if one is public.PublicCard else set()), one


def test_a_private_word_in_every_private_field_reaches_no_file_and_no_post(
    desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    desk.connect_account(kind="preview", name="Posts", settings={"folder": str(tmp_path / "posts")})
    cause = CauseDraft(
        "Road works.", Certainty.CONFIRMED, CANARY, CauseCategory.SUPPLIER, our_action="We use the second line."
    )
    steps = (StepDraft("A second line", date(2026, 7, 1), CANARY, private=CANARY),)
    draft = tills_down(desk, cause=cause, prevention=steps, overrides=(("SL601", CANARY),))
    ref = desk.open_incident(draft).ref
    desk.add_reporter(ref, name=CANARY, phone=f"+47 {CANARY}", email=f"{CANARY}@example.org", note=CANARY)
    desk.promise_call(ref, name=CANARY, phone=CANARY, note=CANARY)
    drill = desk.open_incident(tills_down(desk, title=CANARY, message=CANARY, drill=True)).ref
    clock.go(minutes=10)
    desk.resolve(ref, UpdateDraft(message="Done.", cause=cause))
    desk.close(ref, reason=CANARY)
    desk.deliver()

    files = [one for folder in ("site", "posts") for one in (tmp_path / folder).rglob("*") if one.is_file()]
    assert len(files) > 20
    said = {one: one.read_text("utf-8", "replace") for one in files}
    assert [one for one, text in said.items() if CANARY.lower() in text.lower()] == []
    assert [one for one, text in said.items() if drill in text or drill in one.name] == [], "nor does a drill"
    assert any("A second line" in text for text in said.values()), "while what is public is there"


@pytest.mark.parametrize("site", ["ws", "ws/inside", "."])
def test_private_data_and_public_files_lie_apart(tmp_path: Path, clock: Clock, site: str) -> None:
    with pytest.raises(Refused, match="private data"):
        make_desk(str(tmp_path / "ws"), clock, tmp_path / site)
    assert not (tmp_path / "ws").exists(), "nothing half-made stays"


def test_a_site_folder_that_was_linked_into_the_workspace_later_is_refused_at_the_next_build(
    file_desk: Desk, tmp_path: Path
) -> None:
    site, workspace = tmp_path / "site", tmp_path / "workspace"
    (workspace / "inside").mkdir()
    site.symlink_to(workspace / "inside") if not site.exists() else pytest.fail("built before it was asked for")
    with pytest.raises(Refused, match="private data"):
        file_desk.build()
    assert list((workspace / "inside").iterdir()) == []
