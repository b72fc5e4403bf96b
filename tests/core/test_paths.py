"""Where things lie on this computer."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from statusdesk import paths


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(*_args: object, **_words: object) -> str:
        raise RuntimeError("could not determine the home directory")  # what platformdirs says of such a user

    monkeypatch.setattr(platformdirs, "user_state_dir", no_home)
    monkeypatch.setattr(platformdirs, "user_data_dir", no_home)
    for place in (paths.state_dir, paths.default_workspace):
        with pytest.raises(FileNotFoundError, match="Set HOME"):
            place()


def test_folders_overlap_when_one_holds_the_other_links_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert paths.overlap(tmp_path / "a", tmp_path / "a" / "b")
    assert paths.overlap(tmp_path / "link" / "b", tmp_path / "a")
    assert not paths.overlap(tmp_path / "a", tmp_path / "ab")
