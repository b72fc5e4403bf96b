"""The builder: incremental is full, a change costs what it touches, and nothing breaks what readers see."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from statusdesk.domain.audit import Touched
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact, IncidentState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.site.builder import build, load_site, publish_order
from statusdesk.site.ledger import opened
from statusdesk.site.reading import Kept
from tests.core.site.memory import (
    MemoryReader,
    component,
    entry,
    group,
    incident,
    maintenance,
    northlake,
    page,
    update,
    utc,
)

NOW = utc("2026-06-09 13:53")


def tree(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def pages_of(out: Path) -> dict[str, bytes]:
    found = tree(out)
    found.pop("build.json")
    return found


@pytest.fixture
def place(tmp_path):
    class Place:
        kept = Kept()
        out = tmp_path / "site"
        state = tmp_path / "workspace" / "site.db"

        def build(self, reader, now=NOW, **options):
            return build(reader, out=self.out, state_file=self.state, now=now, kept=self.kept, **options)

    return Place()


def full_tree(reader: MemoryReader, now: datetime) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        build(reader, out=Path(folder, "site"), state_file=Path(folder, "state", "site.db"), now=now)
        return pages_of(Path(folder, "site"))


def test_the_first_build_writes_everything_and_the_second_nothing(place):
    reader = northlake()
    first = place.build(reader)
    assert first.full
    assert first.written == len(tree(place.out))
    stamp = (place.out / "build.json").read_bytes()
    second = place.build(reader, now=NOW + timedelta(minutes=30))
    assert (second.written, second.removed, second.full) == (0, 0, False)
    assert second.unchanged == first.written
    assert second.build_id == first.build_id
    assert (place.out / "build.json").read_bytes() == stamp


def test_build_json_can_be_recomputed_from_the_files(place):
    reader = northlake()
    place.build(reader)
    reader.drop_component("c-search")
    reader.put(incident("SD-2026-0043", "Search is slower", NOW))
    report = place.build(reader)
    assert not report.full
    stamp = json.loads((place.out / "build.json").read_text())
    shas = {path: hashlib.sha256(data).hexdigest() for path, data in pages_of(place.out).items()}
    total = sum(int(hashlib.sha256(f"{path}\0{sha}".encode()).hexdigest(), 16) for path, sha in shas.items()) % 2**256
    assert stamp == {
        "build_id": f"{total:064x}"[:12],
        "generated_at": "2026-06-09T13:53:00.000Z",
        "files": len(shas),
        "digest": f"{total:064x}",
    }
    assert report.build_id == stamp["build_id"]


def test_an_update_writes_only_what_it_touches(place):
    reader = northlake()
    place.build(reader)
    before = tree(place.out)
    card = reader.incidents_["SD-2026-0042"]
    said = update(4, utc("2026-06-09 14:08"), IncidentState.IDENTIFIED, "Hill Street takes cards since 16:05 CEST.")
    reader.put(replace(card, updates=(*card.updates, said), next_due_at=utc("2026-06-09 14:40")))
    reader.reads.clear()
    report = place.build(reader)
    after = tree(place.out)
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed == {
        "incidents/SD-2026-0042/index.html",
        f"api/v2/incidents/{card.code}.json",
        "history/2026-06/index.html",
        "components/card-payments/index.html",
        "index.html",
        "components/card-payments/feed.atom",
        *(f"{kind}.{ending}" for kind in ("feed", "history") for ending in ("atom", "rss")),
        "feed.json",
        "calendar.ics",
        "build.json",
        *(f"api/v2/{name}.json" for name in ("summary", "status", "components", "incidents", "scheduled-maintenances")),
        *(f"api/v2/{name}.json" for name in ("incidents/unresolved", "scheduled-maintenances/active", "scheduled-maintenances/upcoming")),
    }  # fmt: skip
    assert report.written == len(changed)
    assert set(reader.reads) == {"SD-2026-0042"}


def test_a_page_event_that_shows_nowhere_writes_nothing(place):
    reader = northlake()
    place.build(reader)
    reader.events.append((Touched.PERSON, "somebody"))
    report = place.build(reader)
    assert (report.written, report.head) == (0, reader.head())


def test_a_new_day_moves_the_bars(place):
    reader = northlake(open_now=False)
    place.build(reader)
    report = place.build(reader, now=NOW + timedelta(days=1))
    assert report.written
    assert not report.full
    assert pages_of(place.out) == full_tree(reader, NOW + timedelta(days=1))


def test_files_of_others_stay_and_orphans_of_ours_go(place):
    reader = northlake()
    place.build(reader)
    for name in ("README.md", "CNAME", "incidents/notes.txt", "assets/logo.svg", ".nojekyll"):
        (place.out / name).write_text("mine")
    orphan = place.out / "incidents" / "SD-2019-0001" / "index.html"
    orphan.parent.mkdir()
    orphan.write_text("old")
    (place.out / "assets" / "page-000000000000.js").write_text("old")
    (place.out / "assets" / ".statusdesk-left").write_text("half")
    report = place.build(reader, full=True)
    assert (report.written, report.removed) == (0, 2)
    assert not orphan.parent.exists()
    assert not (place.out / "assets" / ".statusdesk-left").exists()
    for name in ("README.md", "CNAME", "incidents/notes.txt", "assets/logo.svg", ".nojekyll"):
        assert (place.out / name).read_text() == "mine"


@pytest.mark.parametrize(
    "damage", ["no state", "foreign state", "torn state", "no build.json", "other build.json", "begun"]
)
def test_whatever_makes_the_memory_doubtful_leads_to_a_full_build(place, damage):
    reader = northlake()
    place.build(reader)
    good = pages_of(place.out)
    (place.out / "index.html").write_text("tampered")
    state = place.state.read_bytes()
    if damage == "no state":
        place.state.unlink()
    elif damage == "foreign state":
        place.state.write_text("site\t1\tanother format")
    elif damage == "torn state":
        place.state.write_bytes(state[: len(state) // 2])
    elif damage == "no build.json":
        (place.out / "build.json").unlink()
    elif damage == "other build.json":
        (place.out / "build.json").write_text('{"build_id": "000000000000"}')
    else:
        with opened(place.state) as known:
            known.begin()
        assert load_site(place.out, place.state) is None
    report = place.build(reader)
    assert report.full
    assert report.written <= 2
    assert pages_of(place.out) == good
    assert place.build(reader).written == 0


def test_another_folder_is_filled_from_nothing(place, tmp_path):
    reader = northlake()
    place.build(reader)
    build(reader, out=tmp_path / "elsewhere", state_file=place.state, now=NOW)
    assert pages_of(tmp_path / "elsewhere") == pages_of(place.out)
    assert load_site(place.out, place.state) is None


def test_the_site_and_the_workspace_may_not_overlap(tmp_path):
    for out in (tmp_path, tmp_path / "ws" / "site", tmp_path / "ws"):
        with pytest.raises(Refused, match="private data"):
            build(northlake(), out=out, state_file=tmp_path / "ws" / "site.db", now=NOW)


def test_something_in_the_way_is_a_fault_of_the_computer_and_the_next_build_repairs(place):
    reader = northlake()
    place.build(reader)
    good = (place.out / "index.html").read_bytes()
    card = reader.incidents_["SD-2026-0042"]
    reader.put(replace(card, title="Cards fail"))
    stone = place.out / "feed.atom"
    stone.unlink()
    (stone / "inside").mkdir(parents=True)
    with pytest.raises(EnvironmentFault, match="Move it away"):
        place.build(reader)
    assert (place.out / "index.html").read_bytes() == good, "the entry page comes last"
    assert not list(place.out.rglob(".statusdesk-*"))
    assert load_site(place.out, place.state) is None
    (stone / "inside").rmdir()
    stone.rmdir()
    report = place.build(reader)
    assert report.full
    assert pages_of(place.out) == full_tree(reader, NOW)


_LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from statusdesk.errors import EnvironmentFault
from statusdesk.site.builder import build
from statusdesk.site.ledger import opened
from tests.core.site.memory import northlake, utc
Path(sys.argv[2]).parent.mkdir()
with opened(Path(sys.argv[2])):
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (32_768, 32_768))
try:
    build(northlake(), out=Path(sys.argv[1]), state_file=Path(sys.argv[2]), now=utc("2026-06-09 13:53"))
except EnvironmentFault as fault:
    print(fault.message)
    sys.exit(4)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system limits no file sizes")
def test_a_disk_that_takes_no_more_leaves_whole_files_and_is_repaired(place):
    run = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(place.out), str(place.state)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert run.returncode == 4, run.stderr
    assert "The site could not be written" in run.stdout
    wanted = full_tree(northlake(), NOW)
    assert max(map(len, wanted.values())) > 32_768, "or nothing stood in the way"
    left = tree(place.out)
    assert left, "what came before the large page is there"
    assert all(wanted[path] == data for path, data in left.items()), "no file is half written"
    assert "index.html" not in left
    place.build(northlake())
    assert pages_of(place.out) == wanted


def test_two_builders_of_one_folder_wait_for_each_other(place):
    script = (
        "import sys; from pathlib import Path; from statusdesk.site.builder import build;"
        "from tests.core.site.memory import northlake, utc;"
        "print(build(northlake(), out=Path(sys.argv[1]), state_file=Path(sys.argv[2]), now=utc('2026-06-09 13:53')).written)"
    )
    command = [sys.executable, "-c", script, str(place.out), str(place.state)]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
        for _ in range(3)
    ]
    written = sorted(int(run.communicate(timeout=60)[0]) for run in runs)
    assert written == [0, 0, len(tree(place.out))]


def test_the_manifest_names_every_file_with_its_hash_and_their_order(place):
    report = place.build(northlake())
    site = load_site(place.out, place.state)
    assert site is not None
    assert site.files == {path: hashlib.sha256(data).hexdigest() for path, data in tree(place.out).items()}
    assert (site.build_id, site.head, site.built_at) == (report.build_id, report.head, NOW)
    order = sorted(site.files, key=publish_order)
    assert order[0].startswith("assets/")
    assert order[-1] == "build.json"
    at = {path: n for n, path in enumerate(order)}
    assert at["incidents/SD-2026-0042/index.html"] < at["history/2026-06/index.html"] < at["index.html"]


def test_a_component_that_goes_takes_its_page_and_the_links_to_it(place):
    reader = northlake()
    place.build(reader)
    reader.drop_component("c-search")
    place.build(reader)
    assert not (place.out / "components" / "search").exists()
    assert b"components/search/" not in b"".join(pages_of(place.out).values())
    assert pages_of(place.out) == full_tree(reader, NOW)


# Incremental is full

_WORDS = st.sampled_from(
    ["Cards fail", "It works <b>again</b>", "\u202eevil", "{{ page }} & </script>", "häßlich 😀", "x" * 300]
)
_STATUSES = st.sampled_from([s for s in ComponentStatus if s.is_trouble])


class IncrementalIsFull(RuleBasedStateMachine):
    """Any sequence of verbs, built after each or after several: the folder holds what a full build would write."""

    refs = Bundle("refs")
    works = Bundle("works")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.out, self.state = Path(self.folder.name, "site"), Path(self.folder.name, "ws", "site.db")
        self.now = utc("2026-05-30 09:00")
        self.reader = MemoryReader(page(), groups_=[group("Stores", 1)])
        for number, name in enumerate(("Tills", "Phones", "Site"), 1):
            self.reader.put_component(component(name, number, "g-1" if number < 3 else None))
        self.number = 0
        self.dirty = True

    def teardown(self):
        self.folder.cleanup()

    @rule(
        target=refs,
        title=_WORDS,
        which=st.integers(0, 2),
        status=_STATUSES,
        impact=st.sampled_from(Impact),
        days=st.integers(0, 40),
        backfilled=st.booleans(),
    )
    def open_incident(self, *, title, which, status, impact, days, backfilled):
        self.number += 1
        ref = f"SD-2026-{self.number:04}"
        began = self.now - timedelta(days=days)
        members = self.reader.components_
        entries = (entry(members[which], status, began, None, ref),) if which < len(members) else ()
        self.reader.put(incident(ref, title, began, impact=impact, entries=entries, backfilled=backfilled))
        self.dirty = True
        return ref

    @rule(
        ref=refs,
        text=_WORDS,
        state=st.sampled_from([IncidentState.IDENTIFIED, IncidentState.MONITORING]),
        which=st.integers(0, 2),
    )
    def say(self, ref, text, state, which):
        thing = self.reader.incidents_[ref]
        if not thing.state.is_open:
            return
        said = update(len(thing.updates) + 1, self.now, state, text)
        entries = thing.entries
        if which < len(self.reader.components_) and not entries:
            entries = (
                entry(
                    self.reader.components_[which],
                    ComponentStatus.PARTIAL_OUTAGE,
                    self.now,
                    None,
                    ref,
                    began=thing.started_at,
                ),
            )
        self.reader.put(
            replace(thing, state=state, updates=(*thing.updates, said), entries=entries, updated_at=self.now)
        )
        self.dirty = True

    @rule(ref=refs, retract=st.booleans())
    def mend(self, ref, retract):
        thing = self.reader.incidents_[ref]
        seq = len(thing.updates) + 1
        kind = UpdateKind.RETRACTION if retract else UpdateKind.CORRECTION
        said = update(seq, self.now, thing.state, "That was wrong.", kind=kind, corrects_seq=1)
        first = replace(thing.updates[0], replaced_seq=seq, replaced_kind=kind)
        self.reader.put(replace(thing, updates=(first, *thing.updates[1:], said)))
        self.dirty = True

    @rule(ref=refs, withdrawn=st.booleans())
    def resolve(self, ref, withdrawn):
        thing = self.reader.incidents_[ref]
        if not thing.state.is_open:
            return
        state = IncidentState.WITHDRAWN if withdrawn else IncidentState.RESOLVED
        said = update(len(thing.updates) + 1, self.now, state, "Over.")
        ended = tuple(replace(e, to_at=max(self.now, e.from_at)) for e in thing.entries)
        self.reader.put(
            replace(
                thing,
                state=state,
                resolved_at=self.now,
                next_due_at=None,
                entries=ended,
                updates=(*thing.updates, said),
                asked=2,
            )
        )
        self.dirty = True

    @rule(target=works, title=_WORDS, days=st.integers(-3, 40), count=st.integers(0, 2))
    def plan_work(self, title, days, count):
        self.number += 1
        ref = f"SD-2026-M{self.number:03}"
        self.reader.put(maintenance(ref, title, self.now + timedelta(days=days), 3, self.reader.components_[:count]))
        self.dirty = True
        return ref

    @rule(ref=works, state=st.sampled_from(MaintenanceState))
    def step_work(self, ref, state):
        work = self.reader.works[ref]
        start = self.now if state.is_active or state is MaintenanceState.COMPLETED else None
        end = self.now + timedelta(minutes=5) if state is MaintenanceState.COMPLETED else None
        said = update(len(work.updates) + 1, self.now, state, "A step.")
        self.reader.put(
            replace(
                work,
                state=state,
                actual_start=start,
                actual_end=end,
                updated_at=self.now,
                updates=(*work.updates, said),
            )
        )
        self.dirty = True

    @rule(ref=works, days=st.integers(1, 60))
    def move_work(self, ref, days):
        work = self.reader.works[ref]
        starts = work.starts_at + timedelta(days=days)
        moved = maintenance(ref, work.title, starts, 3, [], rescheduled_from=work.starts_at)
        self.reader.put(replace(moved, components=work.components, state=work.state, updated_at=self.now))
        self.dirty = True

    @rule(which=st.integers(0, 2), name=st.sampled_from(["Tills", "Kassen", "POS"]), position=st.integers(1, 9))
    def rename(self, which, name, position):
        if which < len(self.reader.components_):
            known = self.reader.components_[which]
            taken = {c.slug for c in self.reader.components_ if c.id != known.id}
            slug = known.slug if name.lower() in taken else name.lower()
            self.reader.put_component(replace(known, name=name, slug=slug, position=position))
            self.dirty = True

    @rule(name=st.sampled_from(["Chat", "App", "Tills"]))
    def add_component(self, name):
        if all(c.slug != name.lower() and c.id != f"c-{name.lower()}" for c in self.reader.components_):
            self.reader.put_component(component(name, len(self.reader.components_) + 1, created_at=self.now))
            self.dirty = True

    @rule()
    def archive_component(self):
        if self.reader.components_:
            self.reader.drop_component(self.reader.components_[-1].id)
            self.dirty = True

    @rule(name=st.sampled_from(["Northlake", "Southlake"]), base=st.sampled_from(["", "https://status.example/sub"]))
    def change_page(self, name, base):
        self.reader.put_page(page(name=name, base_url=base))
        self.dirty = True

    @rule(ref=consumes(refs))
    def forget(self, ref):
        # A second import may find that an incident it brought has gone.
        del self.reader.incidents_[ref]
        self.reader.events.append((Touched.INCIDENT, ref))
        self.dirty = True

    @rule(hours=st.sampled_from([1, 26, 24 * 33]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)
        self.dirty = True

    @rule()
    def build_now(self):
        if self.dirty:
            build(self.reader, out=self.out, state_file=self.state, now=self.now)
            self.dirty = False
            assert pages_of(self.out) == full_tree(self.reader, self.now)
            shares = [
                hashlib.sha256(f"{p}\0{hashlib.sha256(d).hexdigest()}".encode()) for p, d in pages_of(self.out).items()
            ]
            total = sum(int(share.hexdigest(), 16) for share in shares) % 2**256
            assert json.loads((self.out / "build.json").read_text())["digest"] == f"{total:064x}"

    @rule()
    def build_again(self):
        self.build_now()

    @rule(ref=refs)
    def say_and_build(self, ref):
        self.say(ref, "It goes on.", IncidentState.IDENTIFIED, 9)
        self.build_now()

    @invariant()
    def the_folder_is_known(self):
        if not self.dirty:
            site = load_site(self.out, self.state)
            assert site is not None
            assert set(site.files) == set(tree(self.out))


IncrementalIsFull.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestIncrementalIsFull = IncrementalIsFull.TestCase
