"""The state machines, against the tables of the product."""

import pytest

from statusdesk.domain.component import ComponentEntry, ComponentStatus, status_of, worst
from statusdesk.domain.delivery import DeliveryState, may_become
from statusdesk.domain.incident import IncidentState, may_reopen, may_update
from statusdesk.domain.maintenance import MaintenanceState, may_step

I, D, M, C = IncidentState, DeliveryState, MaintenanceState, ComponentStatus


@pytest.mark.parametrize("later", [I.IDENTIFIED, I.MONITORING, I.RESOLVED])
def test_an_open_incident_may_skip_to_any_later_state(later: IncidentState) -> None:
    assert may_update(I.INVESTIGATING, later)


def test_being_wrong_about_the_cause_leads_back_to_investigating() -> None:
    assert may_update(I.IDENTIFIED, I.INVESTIGATING)
    assert may_update(I.MONITORING, I.INVESTIGATING)


def test_only_what_is_being_investigated_can_be_withdrawn() -> None:
    assert may_update(I.INVESTIGATING, I.WITHDRAWN)
    assert not may_update(I.IDENTIFIED, I.WITHDRAWN)


@pytest.mark.parametrize("ended", [I.RESOLVED, I.CLOSED, I.WITHDRAWN])
def test_an_update_never_reopens(ended: IncidentState) -> None:
    assert not any(may_update(ended, state) for state in I if state is not ended)
    assert may_reopen(ended) == (ended is not I.WITHDRAWN)


def test_every_delivery_ends_and_only_doubt_or_refusal_leads_back() -> None:
    assert not any(may_become(D.VERIFIED, state) or may_become(D.SUPERSEDED, state) for state in D)
    assert not may_become(D.SENT, D.QUEUED), "what is out is never sent again"
    assert not may_become(D.SENDING, D.QUEUED), "a cut-off request is in doubt, not undone"
    assert may_become(D.UNKNOWN, D.SENT)
    assert may_become(D.FAILED, D.QUEUED)
    assert {s for s in D if may_become(D.FAILED, s)} == {D.QUEUED, D.SENDING, D.SENT, D.SUPERSEDED, D.CANCELLED}
    assert not may_become(D.CANCELLED, D.SENT)


def test_a_person_may_post_by_hand_whatever_is_not_out_and_not_in_hand() -> None:
    assert {s for s in D if may_become(s, D.SENT)} == {D.QUEUED, D.RETRY_WAIT, D.FAILED, D.UNKNOWN, D.SENDING}


def test_what_waits_may_be_superseded_but_what_may_have_arrived_may_not() -> None:
    assert {s for s in D if may_become(s, D.SUPERSEDED)} == {D.QUEUED, D.RETRY_WAIT, D.FAILED, D.SENDING}


def test_maintenance_runs_only_when_somebody_said_so() -> None:
    assert may_step(M.SCHEDULED, M.IN_PROGRESS)
    assert not may_step(M.SCHEDULED, M.COMPLETED)
    assert not may_step(M.IN_PROGRESS, M.CANCELLED)
    assert not may_step(M.COMPLETED, M.IN_PROGRESS)


def test_maintenance_never_masks_a_problem() -> None:
    assert worst([C.UNDER_MAINTENANCE, C.DEGRADED_PERFORMANCE]) is C.DEGRADED_PERFORMANCE
    assert worst([]) is C.OPERATIONAL
    assert not C.UNDER_MAINTENANCE.is_trouble


def test_a_status_is_the_worst_of_the_open_entries(clock: object) -> None:
    at = clock()  # type: ignore[operator]
    entries = [
        ComponentEntry(component_id="a", status=C.MAJOR_OUTAGE, from_at=at, to_at=at, incident_id="1"),
        ComponentEntry(component_id="a", status=C.DEGRADED_PERFORMANCE, from_at=at, incident_id="2"),
        ComponentEntry(component_id="a", status=C.PARTIAL_OUTAGE, from_at=at, incident_id="3"),
    ]
    assert status_of(entries) is C.PARTIAL_OUTAGE
