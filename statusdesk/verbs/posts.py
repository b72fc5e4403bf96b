"""What the posts of an update say. Preview and verb ask here before anything is written, so that both say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from statusdesk.domain import promise as promises
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.domain.incident import CauseStatement, Certainty, EtaStatement, Incident, IncidentState
from statusdesk.domain.page import Page
from statusdesk.domain.post import Event, PostWords, Reason
from statusdesk.store.reader import Reader
from statusdesk.verbs.base import plain_of


def event_of(before: IncidentState, after: IncidentState) -> Event:
    """Why an update is posted."""
    if before.is_open and after.ends:
        return Event.WITHDRAWN if after is IncidentState.WITHDRAWN else Event.RESOLVED
    return Event.UPDATED


DUE_SOON = timedelta(minutes=10)


def reason_of(reader: Reader, incident: Incident, draft: UpdateDraft, event: Event, now: datetime) -> Reason:
    """What makes an update worth a post; the record stands as before it."""
    if event in (Event.OPENED, Event.REOPENED):
        return Reason.START
    if not incident.state.is_open:
        return Reason.END
    if reader.incident(incident.ref).state is not incident.state:
        return Reason.STATE
    if draft.eta is not None:
        return Reason.ESTIMATE
    open_promise = next((one for one in reader.promises(incident.id) if one.settled_at is None), None)
    if open_promise is not None and open_promise.due_at - now <= DUE_SOON:
        return Reason.PROMISE
    return Reason.NEWS


def words_of_update(
    reader: Reader, page: Page, incident: Incident, draft: UpdateDraft, event: Event, now: datetime
) -> PostWords:
    """What is posted about an update that is being saved, or looked at.

    `incident` is as it will stand after the save; the record as it stands before it. `now` is the clock of the verb.
    """
    is_open = incident.state.is_open
    etas = reader.etas(incident.id)
    eta = draft.eta.due_at if draft.eta else (etas[-1].due_at if etas else None)
    due = draft.next_update or promises.default_due(now, page.cadence(incident.impact, incident.state))
    return _words(
        page,
        incident,
        event,
        plain_of(draft.message),
        names=_names_after(reader, incident, draft),
        cause=_said_cause(draft, reader.causes(incident.id)),
        eta_due=eta if is_open else _last_time(etas) if event is Event.RESOLVED else None,
        next_due=due if is_open else None,
        reason=reason_of(reader, incident, draft, event, now),
    )


def words_of_mending(reader: Reader, page: Page, incident: Incident, event: Event, message: str) -> PostWords:
    """What is posted when an earlier update is corrected or taken back."""
    names = _names_after(reader, incident, UpdateDraft())
    return _words(page, incident, event, plain_of(message), names=names, reason=Reason.MENDING)


def _words(
    page: Page,
    incident: Incident,
    event: Event,
    message: str,
    *,
    names: Sequence[str],
    cause: str = "",
    eta_due: datetime | None = None,
    next_due: datetime | None = None,
    reason: Reason,
) -> PostWords:
    base = page.base_url.rstrip("/")
    return PostWords(
        event=event,
        page_name=page.name,
        ref=incident.ref,
        title=incident.title,
        message=message,
        said_at=incident.updated_at,
        zone=page.zone,
        locale=page.locale,
        link=f"{base}/incidents/{incident.ref}/" if base else "",
        components=names,
        state=incident.state.value,
        impact=incident.impact.value,
        cause=cause,
        eta_due=eta_due,
        next_due=next_due,
        resolved_at=incident.resolved_at,
        reason=reason,
    )


def _names_after(reader: Reader, incident: Incident, draft: UpdateDraft) -> tuple[str, ...]:
    """The components that have the problem after the save; none when it is over."""
    if incident.state.ends:
        return ()
    held = {one.component_id: one.status for one in reader.entries(incident.id) if one.to_at is None}
    held |= dict(draft.components)
    return tuple(
        one.name
        for one in reader.components()
        if held.get(one.id, ComponentStatus.OPERATIONAL) is not ComponentStatus.OPERATIONAL
    )


def _last_time(etas: Sequence[EtaStatement]) -> datetime | None:
    """The last time we gave, also when it was taken back since: the end is judged against it."""
    return next((one.due_at for one in reversed(etas) if one.due_at), None)


def _said_cause(draft: UpdateDraft, before: Sequence[CauseStatement]) -> str:
    """The cause as a post may say it: only a confirmed one (F01)."""
    if draft.cause is not None:
        return plain_of(draft.cause.text) if draft.cause.certainty is Certainty.CONFIRMED else ""
    return plain_of(before[-1].public_md) if before and before[-1].certainty is Certainty.CONFIRMED else ""
