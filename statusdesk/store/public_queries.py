"""The questions that the public record asks, written once: building a statement takes longer than answering it.

Drills are in none of them. `IDS` stands for the internal ids of incidents or maintenances, `REFS` for references.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from statusdesk.domain.incident import OPEN_STATES, IncidentState, StepState
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.people import Answer, FollowUpState
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import PublicIncident, PublicMaintenance
from statusdesk.store import tables as t

_a, _c, _e, _g, _i, _m = t.accounts.c, t.components.c, t.entries.c, t.groups.c, t.incidents.c, t.maintenances.c
_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_REFS: sa.BindParameter[str] = sa.bindparam("refs", expanding=True)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)
_NEWEST = (_i.started_at.desc(), _i.id.desc())
_PUBLIC = _i.drill.is_(sa.false())
_OURS = sa.and_(_PUBLIC, _i.backfilled.is_(sa.false()))
_ENDED = tuple(one for one in MaintenanceState if one.is_over)
_ASKED = (FollowUpState.ASKED, FollowUpState.ANSWERED, FollowUpState.NO_ANSWER, FollowUpState.PENDING)
_SHOWN = sa.and_(_c.visible.is_(sa.true()), _c.archived_at.is_(None))

HEAD = sa.select(t.pages.c.event_head)
ZONE = sa.select(t.pages.c.time_zone)
EVENTS = (
    sa.select(t.events.c.touched, t.events.c.key).where(t.events.c.head > sa.bindparam("head")).distinct().limit(_LIMIT)
)
PAGE = sa.select(
    *(t.pages.c[name] for name in ("id", "name", "base_url", "time_zone", "locale", "promise_html", "contacts")),
    *(t.pages.c[name] for name in ("created_at", "updated_at", "languages", "bar_days")),
    *(t.pages.c[name] for name in ("accent", "scheme", "css", "logo_name", "logo")),
)
PROFILES = (
    sa.select(_a.kind, _a.profile_url)
    .where(_a.removed_at.is_(None), _a.enabled.is_(sa.true()), _a.profile_url.like("http%"))
    .order_by(_a.id)
)
GROUPS = sa.select(t.groups).where(_g.id.in_(sa.select(_c.group_id).where(_SHOWN))).order_by(_g.position, _g.id)
COMPONENTS = (
    sa.select(_c.id, _c.code, _c.slug, _c.name, _c.description, _c.group_id, _c.position, _c.created_at, _c.updated_at)
    .where(_SHOWN)
    .order_by(_c.position, _c.id)
)
NAMES = sa.select(_c.id, _c.slug, _c.name)

# Incidents

INCIDENT_FIELDS = tuple(name for name in PublicIncident.__dataclass_fields__ if name in _i)
INCIDENTS = sa.select(_i.id, *(_i[name] for name in INCIDENT_FIELDS)).where(_PUBLIC, _i.ref.in_(_REFS))
_u = t.updates.c
UPDATES = (
    sa.select(_u.incident_id, _u.code, _u.seq, _u.kind, _u.state_after, _u.body_html, _u.body_plain, _u.published_at)
    .add_columns(_u.author, _u.language, _u.corrects_seq)
    .where(_u.incident_id.in_(_IDS))
    .order_by(_u.incident_id, _u.seq)
)
_p = t.promises.c
PROMISED = sa.select(_p.incident_id, _p.settled_seq, _p.due_at, _p.state).where(
    _p.incident_id.in_(_IDS), _p.settled_seq.is_not(None)
)
DUE = sa.select(_p.incident_id, _p.due_at).where(_p.incident_id.in_(_IDS), _p.state == PromiseState.OPEN)
# Entries of published incidents and maintenances. An incident keeps its own to the end: its component's page lists it.
_ENTRIES = (
    sa.select(_e.component_id, _e.status, _e.from_at, _e.to_at, _e.incident_id)
    .add_columns(_i.ref.label("incident_ref"), _m.ref.label("maintenance_ref"))
    .add_columns(sa.func.coalesce(_i.started_at, _m.starts_at, type_=_e.from_at.type).label("began_at"))
    .select_from(
        t.entries.outerjoin(t.incidents, _e.incident_id == _i.id).outerjoin(t.maintenances, _e.maintenance_id == _m.id)
    )
    .where(sa.or_(_i.id.is_(None), _PUBLIC))
    .order_by(_e.from_at, _e.id)
)
ENTRIES_OF = _ENTRIES.where(_e.incident_id.in_(_IDS))
# A false alarm was no trouble: over time it does not count.
_COUNTS = sa.or_(_i.id.is_(None), _i.state != IncidentState.WITHDRAWN)
ENTRIES_SINCE = _ENTRIES.where(
    _COUNTS, sa.or_(_e.to_at.is_(None), _e.to_at > sa.bindparam("since", type_=_e.to_at.type))
)
_s = t.steps.c
_STEPS = (
    sa.select(_s.incident_id, _s.public_html, _s.state, _s.due_on, _s.done_on, _s.dropped_reason, _s.moved_from)
    .add_columns(_i.ref.label("incident_ref"))
    .select_from(t.steps.join(t.incidents, sa.and_(_s.incident_id == _i.id, _PUBLIC)))
)
STEPS_OF = _STEPS.where(_s.incident_id.in_(_IDS)).order_by(_s.incident_id, _s.position, _s.id)
_UNFINISHED = _s.state.in_((StepState.PLANNED, StepState.DOING))
STEPS_TO_DO = _STEPS.where(_UNFINISHED).order_by(_s.due_on.is_(None), _s.due_on, _s.id).limit(_LIMIT)
_OVER = _s.state.in_((StepState.DONE, StepState.DROPPED))
# Dropped steps have no day: behind the others, whatever the engine holds of nothing.
STEPS_OVER = _STEPS.where(_OVER).order_by(_s.done_on.is_(None), _s.done_on.desc(), _s.id.desc()).limit(_LIMIT)
_cause = t.causes.c
CAUSES = (
    sa.select(_cause.incident_id, _cause.certainty, _cause.public_html, _cause.our_action_html, _cause.said_at)
    .where(_cause.incident_id.in_(_IDS))
    .order_by(_cause.seq)
)
_eta = t.etas.c
ETAS = (
    sa.select(_eta.incident_id, _eta.due_at, _eta.said_at, _eta.outcome)
    .where(_eta.incident_id.in_(_IDS))
    .order_by(_eta.seq)
)
_f = t.follow_ups.c
ASKED = (
    sa.select(_f.incident_id, sa.func.count(), sa.func.sum(sa.case((_f.answer == Answer.CONFIRMED, 1), else_=0)))
    .where(_f.incident_id.in_(_IDS), _f.state.in_(_ASKED))
    .group_by(_f.incident_id)
)


def _refs(*where: sa.ColumnElement[bool], order: Any = _NEWEST) -> sa.Select[Any]:
    return sa.select(_i.ref).where(_PUBLIC, *where).order_by(*order)


ALL = _refs(order=(_i.started_at, _i.id))
# Few incidents are open or waiting: they are found first and put in order afterwards, not the other way round.
OPEN = sa.select(_i.ref, _i.impact, _i.started_at, _i.id).where(_i.state.in_(OPEN_STATES), _PUBLIC)
WAITING = (
    sa.select(_i.ref, _i.started_at, _i.id)
    .select_from(t.follow_ups.join(t.incidents, _f.incident_id == _i.id))
    .where(_f.state.in_((FollowUpState.PENDING, FollowUpState.ASKED)), _i.state == IncidentState.RESOLVED, _PUBLIC)
    .distinct()
)
IN_MONTH = _refs(_i.month == sa.bindparam("month"))
RECENT = _refs().limit(_LIMIT)
UPDATED = _refs(order=(_i.updated_at.desc(), _i.id.desc())).limit(_LIMIT)
OF_COMPONENT = (
    sa.select(_i.ref)
    .select_from(t.entries.join(t.incidents, _e.incident_id == _i.id))
    .where(_e.component_id == sa.bindparam("component_id"), _PUBLIC)
    .order_by(_e.from_at.desc(), _e.id.desc())
    .limit(_LIMIT)
)

# Maintenance

MAINTENANCE_FIELDS = tuple(name for name in PublicMaintenance.__dataclass_fields__ if name in _m)
MAINTENANCES = sa.select(_m.id, *(_m[name] for name in MAINTENANCE_FIELDS)).where(_m.ref.in_(_REFS))
_mc, _mu = t.maintenance_components.c, t.maintenance_updates.c
MAINTENANCE_COMPONENTS = (
    sa.select(_mc.maintenance_id, _c.id, _c.slug, _c.name)
    .select_from(t.maintenance_components.join(t.components, _mc.component_id == _c.id))
    .where(_mc.maintenance_id.in_(_IDS))
    .order_by(_c.position, _c.id)
)
MAINTENANCE_UPDATES = (
    sa.select(_mu.maintenance_id, _mu.code, _mu.seq, _mu.state_after, _mu.body_html, _mu.body_plain, _mu.published_at)
    .where(_mu.maintenance_id.in_(_IDS))
    .order_by(_mu.maintenance_id, _mu.seq)
)
MAINTENANCES_ACTIVE = sa.select(_m.ref).where(_m.state.not_in(_ENDED)).order_by(_m.starts_at, _m.id)
MAINTENANCES_RECENT = sa.select(_m.ref).order_by(_m.starts_at.desc(), _m.id.desc()).limit(_LIMIT)
MAINTENANCES_OF_COMPONENT = (
    sa.select(_m.ref)
    .where(_m.id.in_(sa.select(_mc.maintenance_id).where(_mc.component_id == sa.bindparam("component_id"))))
    .order_by(_m.starts_at.desc(), _m.id.desc())
    .limit(_LIMIT)
)
MAINTENANCES_IN_MONTH = (
    sa.select(_m.ref).where(_m.month == sa.bindparam("month")).order_by(_m.starts_at.desc(), _m.id.desc())
)
MAINTENANCES_ALL = sa.select(_m.ref).order_by(_m.starts_at, _m.id)

# Over time

INCIDENT_MONTHS = sa.select(_i.month, sa.func.count()).where(_PUBLIC).group_by(_i.month)
MAINTENANCE_MONTHS = sa.select(_m.month, sa.func.count()).group_by(_m.month)
_card = t.cards.c
CARDS = (
    sa.select(_card.name, _card.role, _card.phone, _card.languages, _card.starts_at, _card.ends_at)
    .add_columns(_i.ref.label("incident_ref"))
    .select_from(t.cards.outerjoin(t.incidents, _card.incident_id == _i.id))
    .where(_card.revoked_at.is_(None), sa.or_(_i.id.is_(None), _PUBLIC))
    .order_by(_card.ends_at, _card.id)
)
BROKEN = (
    sa.select(_p.due_at, _p.state, _p.settled_at, _i.ref.label("incident_ref"), _i.title.label("incident_title"))
    .select_from(t.promises.join(t.incidents, _p.incident_id == _i.id))
    .where(_p.settled_at.is_not(None), _OURS, t.BROKEN_PROMISE)  # word for word what its index holds
    .order_by(_p.settled_at.desc(), _i.ref.desc(), _p.seq.desc())
    .limit(_LIMIT)
)
_SINCE = sa.bindparam("since", type_=_p.settled_at.type)
# Imported history has no promises of ours, so that only drills must be left out, and there are few of those.
PROMISES_SINCE = (
    sa.select(_p.state, sa.func.count())
    .where(_p.settled_at >= _SINCE, _p.incident_id.not_in(sa.select(_i.id).where(_i.drill.is_(sa.true()))))
    .group_by(_p.state)
)
OUTCOMES_SINCE = (
    sa.select(_eta.incident_id, _eta.outcome)
    .select_from(t.etas.join(t.incidents, _eta.incident_id == _i.id))
    .where(_OURS, _i.resolved_at >= _SINCE)
    .order_by(_eta.incident_id, _eta.seq)
)
