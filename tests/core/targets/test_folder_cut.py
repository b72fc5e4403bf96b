"""A publishing that is cut off between any two files: whoever reads the folder finds links that lead somewhere."""

from __future__ import annotations

import shutil

import pytest

from statusdesk.site.builder import build, load_site, publish_order
from statusdesk.targets.base import Place, Site
from statusdesk.targets.folder import FolderFiles, FolderHost
from tests.core.site.memory import northlake, page
from tests.core.site.test_crash import BEFORE, NOW, CutOffError, changed, dead_links


def built(reader, folder, now):
    """The real site of a record, ready to be published."""
    out, state = folder / "site", folder / "ws" / "site.db"
    build(reader, out=out, state_file=state, now=now)
    site = load_site(out, state)
    assert site is not None
    return Site(folder=out, manifest=lambda: site.files, build_id=site.build_id, order=publish_order)


@pytest.mark.parametrize("what_was_there", ["the site before", "nothing"])
def test_a_cut_leaves_no_page_that_leads_to_one_that_is_not_there(tmp_path, monkeypatch, what_was_there):
    there, saved, note = tmp_path / "www", tmp_path / "saved", tmp_path / "note.json"
    there.mkdir()
    host = FolderHost(Place(location=str(there), settings={}, state_file=note))
    if what_was_there == "the site before":
        before = northlake()
        before.put_page(page(languages=("fi",)))
        host.publish(built(before, tmp_path / "before", BEFORE))
        shutil.copytree(there, saved)
        kept = note.read_bytes()
    site = built(changed(), tmp_path / "after", NOW)
    copy, steps = FolderFiles._copy, 0
    while True:
        shutil.rmtree(there)
        note.unlink(missing_ok=True)
        if saved.is_dir():
            shutil.copytree(saved, there)
            note.write_bytes(kept)
        else:
            there.mkdir()
        left = iter(range(steps))

        def until_then(self, file, left=left):
            if next(left, None) is None:
                raise CutOffError
            copy(self, file)

        with monkeypatch.context() as power:
            power.setattr(FolderFiles, "_copy", until_then)
            try:
                host.publish(site)
            except CutOffError:
                pass
            else:
                break
        if (there / "index.html").is_file():
            assert dead_links(there) == [], f"after {steps} files"
        steps += 1 if saved.is_dir() else 5
    assert dead_links(there) == []
    assert steps > 30
