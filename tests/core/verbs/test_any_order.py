"""Whatever leads do in whatever order, the invariants hold, and the written site is the one a full build would write."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from statusdesk.desk import Desk
from statusdesk.domain.component import ComponentStatus, status_of
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk.domain.drafts import CauseDraft, EtaDraft, StepDraft, UpdateDraft
from statusdesk.domain.incident import Certainty, IncidentState, UpdateKind, may_update
from statusdesk.domain.people import Answer
from statusdesk.domain.promise import PromiseState
from statusdesk.errors import Refused
from tests.core.conftest import Clock, make_desk, tills_down

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).map(lambda t: t + " words")
STATUSES = st.sampled_from(list(ComponentStatus))


class AnyOrder(RuleBasedStateMachine):
    """A desk on which anything happens."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="statusdesk-any-order-"))
        self.clock = Clock()
        self.desk: Desk = make_desk(str(self.folder / "workspace"), self.clock, self.folder / "site")
        self.desk.connect_account(kind="preview", name="Preview", settings={"folder": str(self.folder / "posts")})
        self.latest = self.clock.at
        self.refs: list[str] = []
        self.said: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.shut()
            shutil.rmtree(self.folder)

    def _pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.refs))

    @rule(minutes=st.integers(-300, 200))
    def time_passes(self, minutes: int) -> None:
        """A step back is a clock that was set right, or another desk whose clock was ahead."""
        self.latest = max(self.latest, self.clock.go(minutes=minutes))

    @rule(message=WORDS, status=STATUSES, drill=st.booleans(), estimate=st.none() | st.integers(1, 300))
    def open_one(self, message: str, status: ComponentStatus, drill: bool, estimate: int | None) -> None:
        tills = self.desk.find_component("Tills").id
        eta = None if estimate is None else EtaDraft(self.clock.at + timedelta(minutes=estimate))
        draft = tills_down(self.desk, message=message, components=((tills, status),), drill=drill, eta=eta)
        self.refs.append(self.desk.open_incident(draft).ref)

    @precondition(lambda self: self.refs)
    @rule(data=st.data(), message=WORDS, state=st.sampled_from(list(IncidentState)), status=STATUSES)
    def update(self, data: st.DataObject, message: str, state: IncidentState, status: ComponentStatus) -> None:
        ref = self._pick(data)
        web = self.desk.find_component("Website").id
        before = self.desk.incident(ref).incident.state
        draft = UpdateDraft(
            message=message,
            state=state,
            components=((web, status),),
            cause=CauseDraft("Road works.", Certainty.CONFIRMED),
            prevention=(StepDraft("A second line"),),
        )
        try:
            self.desk.post_update(ref, draft)
        except Refused:
            assert not may_update(before, state) or (state.ends and status is not ComponentStatus.OPERATIONAL)
        else:
            assert may_update(before, state)

    @precondition(lambda self: self.refs)
    @rule(data=st.data(), message=WORDS, seq=st.integers(1, 4), retract=st.booleans())
    def mend(self, data: st.DataObject, message: str, seq: int, retract: bool) -> None:
        ref = self._pick(data)
        try:
            (self.desk.retract if retract else self.desk.correct)(ref, seq, message)
        except Refused as refused:
            known = self.desk.incident(ref).incident.last_seq
            why = ("already taken back", "takes back") if retract else ("already", "takes back")
            assert seq > known or any(one in refused.message for one in why)  # noqa: PT017

    @precondition(lambda self: self.refs)
    @rule(data=st.data(), message=WORDS)
    def reopen(self, data: st.DataObject, message: str) -> None:
        ref = self._pick(data)
        state = self.desk.incident(ref).incident.state
        try:
            self.desk.reopen(ref, UpdateDraft(message=message))
        except Refused:
            assert state not in (IncidentState.RESOLVED, IncidentState.CLOSED)

    @precondition(lambda self: self.refs)
    @rule(data=st.data(), answer=st.sampled_from(list(Answer)))
    def somebody_tells_us(self, data: st.DataObject, answer: Answer) -> None:
        ref = self._pick(data)
        follow_up = self.desk.add_reporter(ref, name="Mrs Oduya")
        self.desk.answer(ref, follow_up.id, answer)

    @precondition(lambda self: self.refs)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        view = self.desk.incident(self._pick(data))
        waiting = any(not one.state.is_over for one in view.follow_ups)
        try:
            self.desk.close(view.incident.ref)
        except Refused:
            assert waiting or view.incident.state is not IncidentState.RESOLVED
        else:
            assert not waiting, "invariant 9"

    @rule()
    def deliver(self) -> None:
        self.desk.deliver()

    @rule()
    def the_site_is_the_one_that_a_full_build_writes(self) -> None:
        self.clock.at = self.latest  # a new day is built when it comes, not when it comes back
        self.desk.deliver()
        anew = self.folder / "anew"
        self.desk.build(full=True, output=anew)
        written, full = _tree(self.folder / "site"), _tree(anew)
        assert written.keys() == full.keys()
        assert [path for path in full if written[path] != full[path]] == [], "incremental == full, byte for byte"

    @invariant()
    def every_invariant_of_the_product_holds(self) -> None:
        if not hasattr(self, "desk"):
            return
        entries = []
        for ref in self.refs:
            view = self.desk.incident(ref)
            one = view.incident
            entries += () if one.drill else view.entries
            assert [u.seq for u in view.updates] == list(range(1, one.last_seq + 1)), "3: no gaps"
            times = [u.published_at for u in view.updates]
            assert times == sorted(times), "3: never before an earlier one"
            assert one.first_public_at <= times[0], "3"
            assert one.resolved_at is None or one.resolved_at >= one.started_at, "3"
            if one.closed_at is not None:
                assert one.resolved_at
                assert one.resolved_at <= one.closed_at <= one.updated_at, "3"
            assert one.state.is_open == (one.resolved_at is None), "an end has a time"
            open_promises = [p for p in view.promises if p.state is PromiseState.OPEN]
            assert len(open_promises) == (1 if one.state.is_open else 0), "4"
            for promise in view.promises:
                assert promise.due_at.minute % 5 == 0, "5"
                assert promise.due_at - promise.made_at >= timedelta(minutes=5), "5"
            if one.state.ends:
                assert not [e for e in view.entries if e.to_at is None], "components recover with the incident"
            for update in view.updates:
                key = (ref, update.seq)
                assert self.said.setdefault(key, update.body_md) == update.body_md, "2: immutable"
            gone = {u.corrects_seq for u in view.updates if u.kind is UpdateKind.RETRACTION}
            late = [d.seq for d in view.deliveries if d.kind is DeliveryKind.POST and d.state is DeliveryState.QUEUED]
            assert not gone & set(late), "what was taken back is not posted any more"
            if one.drill:
                assert not view.deliveries, "14"
            sent = [(d.update_id, d.destination_id) for d in view.deliveries if d.state is DeliveryState.SENT]
            assert len(sent) == len(set(sent)), "15"
            posts = [d for d in view.deliveries if d.kind is DeliveryKind.POST and d.state.waits]
            assert len({d.seq for d in posts if view.updates[(d.seq or 1) - 1].kind.speaks}) <= 1, "newest words only"
        for row in self.desk.components():
            mine = [e for e in entries if e.component_id == row.component.id]
            assert row.status is status_of(mine), "1"


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file() and one.name != "build.json"
    }


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=12,
    stateful_step_count=18,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each run takes seconds: shrinking would take many minutes
)
