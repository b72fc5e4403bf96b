"""The schema. Columns carry the names of the domain's fields, so that a row becomes a type without a mapping table.

Instants are stored as integers (milliseconds since 1970, UTC): exact, small, sortable, and the same on both engines.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from statusdesk.domain import audit, component, delivery, incident, maintenance, page, people, promise, replies
from statusdesk.domain.post import PostWords

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Instant(types.TypeDecorator[datetime]):
    """A UTC instant as milliseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:  # noqa: ARG002
        """To milliseconds."""
        return None if value is None else (value - _EPOCH) // _MS

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """From milliseconds."""
        return None if value is None else _EPOCH + value * _MS


class Word(types.TypeDecorator[StrEnum]):
    """A member of one of the domain's enums, kept as its word."""

    impl = sa.String
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__(24)
        self.members = members

    def process_bind_param(self, value: StrEnum | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """To the word."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> StrEnum | None:  # noqa: ARG002
        """To the member."""
        return None if value is None else self.members(value)


class Days(types.TypeDecorator[tuple[date, ...]]):
    """Calendar days in order, as a JSON list."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> list[str]:  # noqa: ARG002
        """To ISO texts."""
        return [day.isoformat() for day in value or ()]

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[date, ...]:  # noqa: ARG002
        """To days."""
        return tuple(date.fromisoformat(text) for text in value or ())


class Facts(types.TypeDecorator[PostWords]):
    """What a post says, as a JSON object."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def process_bind_param(self, value: PostWords | None, dialect: sa.Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        """To JSON."""
        return None if value is None else value.as_record()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> PostWords | None:  # noqa: ARG002
        """From JSON."""
        return None if value is None else PostWords.of_record(value)


class Pairs(types.TypeDecorator[tuple[Any, ...]]):
    """A tuple of texts, or of tuples of texts, as a JSON list."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> list[Any]:  # noqa: ARG002
        """To lists."""
        return [list(one) if isinstance(one, tuple) else one for one in value or ()]

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[Any, ...]:  # noqa: ARG002
        """To tuples."""
        return tuple(tuple(one) if isinstance(one, list) else one for one in value or ())


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(26), primary_key=True)


def _ref(name: str, target: str, *, null: bool = False, erased: bool = False) -> sa.Column[Any]:
    gone = "SET NULL" if erased else None
    return sa.Column(name, sa.String(26), sa.ForeignKey(target, ondelete=gone), nullable=null)


def _text(name: str, size: int | None = None) -> sa.Column[str]:
    kind: types.TypeEngine[str] = sa.Text() if size is None else sa.String(size)
    return sa.Column(name, kind, nullable=False, default="")


def _at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant, nullable=null)


def _word(name: str, members: type[StrEnum], *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Word(members), nullable=null)


def _int(name: str, default: int | None = 0, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=null, default=default)


def _flag(name: str, *, default: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False, default=default)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


pages = sa.Table(
    "page",
    metadata,
    _id(),
    _text("name", 240),
    _text("slug", 64),
    _text("base_url"),
    _text("time_zone", 64),
    _text("locale", 16),
    _word("audience", page.Audience),
    _text("ref_prefix", 8),
    _text("promise_md"),
    _text("promise_html"),
    sa.Column("contacts", Pairs, nullable=False),
    _json("cadence_s"),
    _int("max_promise_s"),
    _text("output_dir"),
    sa.Column("languages", Pairs, nullable=False, default=()),
    _int("bar_days", 90),
    _text("accent", 7),
    sa.Column("scheme", Word(page.Scheme), nullable=False, default=page.Scheme.AUTO),
    _text("css"),
    _text("logo_name", 16),
    sa.Column("logo", sa.LargeBinary, nullable=False, default=b""),
    _at("created_at"),
    _at("updated_at"),
    sa.Column("event_head", sa.BigInteger, nullable=False, default=0),
    _text("event_hash", 64),
)

groups = sa.Table(
    "component_group",
    metadata,
    _id(),
    _text("name"),
    _int("position"),
    _flag("collapsed"),
    _at("created_at"),
)

components = sa.Table(
    "component",
    metadata,
    _id(),
    sa.Column("code", sa.String(24), nullable=False, unique=True),
    sa.Column("slug", sa.String(64), nullable=False, unique=True),
    _text("name"),
    _text("description"),
    sa.Column("customer_words", Pairs, nullable=False),
    _word("kind", component.ComponentKind),
    _text("supplier_name"),
    _ref("group_id", "component_group.id", null=True),
    _int("position"),
    _flag("visible", default=True),
    _at("created_at"),
    _at("updated_at"),
    _at("archived_at", null=True),
)

incidents = sa.Table(
    "incident",
    metadata,
    _id(),
    sa.Column("code", sa.String(24), nullable=False, unique=True),
    sa.Column("ref", sa.String(24), nullable=False, unique=True),
    _text("title"),
    _word("state", incident.IncidentState),
    _word("impact", incident.Impact),
    _at("started_at"),
    _at("first_public_at"),
    _at("updated_at"),
    _at("resolved_at", null=True),
    _at("closed_at", null=True),
    _text("close_reason"),
    _text("who_affected"),
    _text("workaround_md"),
    _text("workaround_html"),
    _text("got_wrong_md"),
    _text("got_wrong_html"),
    sa.Column("recurrence_of", sa.String(24)),
    _int("reopened"),
    _flag("drill"),
    _flag("backfilled"),
    _flag("security_hold"),
    _int("last_seq"),
    _text("month", 7),
    sa.Index(None, "started_at"),
    # The page's lists leave drills out and end with the id: without all of it in the index they would sort everything.
    sa.Index("ix_incident_newest", "drill", "started_at", "id"),
    sa.Index("ix_incident_updated", "drill", "updated_at", "id"),
    sa.Index("ix_incident_own_end", "drill", "backfilled", "resolved_at"),
    sa.Index("ix_incident_month", "drill", "month", "started_at", "id"),
    sa.Index(None, "resolved_at"),
    sa.Index(None, "state", "drill"),
)

updates = sa.Table(
    "incident_update",
    metadata,
    _id(),
    _text("code", 24),
    _ref("incident_id", "incident.id"),
    _int("seq"),
    _word("kind", incident.UpdateKind),
    _word("state_after", incident.IncidentState),
    _text("body_md"),
    _text("body_html"),
    _text("body_plain"),
    _at("published_at"),
    _text("author"),
    _text("language", 16),
    _int("corrects_seq", None, null=True),
    sa.Column("overrides", Pairs, nullable=False),
    sa.UniqueConstraint("incident_id", "seq"),
)

causes = sa.Table(
    "cause_statement",
    metadata,
    _ref("incident_id", "incident.id"),
    _int("seq"),
    _word("certainty", incident.Certainty),
    _text("public_md"),
    _text("public_html"),
    _text("private_md"),
    _word("category", incident.CauseCategory),
    _text("our_action_md"),
    _text("our_action_html"),
    _at("said_at"),
    sa.PrimaryKeyConstraint("incident_id", "seq"),
)

etas = sa.Table(
    "eta_statement",
    metadata,
    _ref("incident_id", "incident.id"),
    _int("seq"),
    _at("due_at", null=True),
    _word("basis", incident.EtaBasis),
    _word("outcome", incident.EtaOutcome),
    _at("said_at"),
    sa.PrimaryKeyConstraint("incident_id", "seq"),
)

# Partial indexes are partial on both engines: the migrations say so. Here only SQLite's side is said, because naming
# PostgreSQL's would import its dialect (25 ms) at every start of a desk that has none.
_OPEN_PROMISE = sa.text("state = 'open'")
BROKEN_PROMISE = sa.text("promise.state IN ('late', 'moved')")

promises = sa.Table(
    "promise",
    metadata,
    _ref("incident_id", "incident.id"),
    _int("seq"),
    _at("due_at"),
    _at("made_at"),
    _word("state", promise.PromiseState),
    _at("settled_at", null=True),
    _int("settled_seq", None, null=True),
    sa.PrimaryKeyConstraint("incident_id", "seq"),
    sa.Index("ix_promise_settled", "settled_at", "state", "incident_id"),
    sa.Index("ix_promise_broken", "settled_at", sqlite_where=sa.text("state IN ('late', 'moved')")),
    # Invariant 4, held by the database itself: never two open promises for one incident.
    sa.Index("one_open_promise", "incident_id", unique=True, sqlite_where=_OPEN_PROMISE),
)

steps = sa.Table(
    "prevention_step",
    metadata,
    _id(),
    _ref("incident_id", "incident.id"),
    _int("position"),
    _text("public_md"),
    _text("public_html"),
    _text("private_md"),
    _text("owner"),
    sa.Column("due_on", sa.Date),
    _word("strength", incident.Strength),
    _word("state", incident.StepState),
    sa.Column("done_on", sa.Date),
    _text("dropped_reason"),
    sa.Column("moved_from", Days, nullable=False),
    sa.Index(None, "incident_id"),
    sa.Index(None, "state"),
)

maintenances = sa.Table(
    "maintenance",
    metadata,
    _id(),
    sa.Column("code", sa.String(24), nullable=False, unique=True),
    sa.Column("ref", sa.String(24), nullable=False, unique=True),
    _text("title"),
    _word("state", maintenance.MaintenanceState),
    _at("starts_at"),
    _at("ends_at"),
    _text("what_stops_md"),
    _text("what_stops_html"),
    _int("max_interruption_s", None, null=True),
    _at("actual_start", null=True),
    _at("actual_end", null=True),
    _at("rescheduled_from", null=True),
    sa.Column("linked_incident", sa.String(24)),
    _at("published_at"),
    _at("updated_at"),
    _flag("backfilled"),
    _int("last_seq"),
    _text("month", 7),
    sa.Index(None, "starts_at"),
    sa.Index(None, "month"),
    sa.Index(None, "state"),
)

maintenance_components = sa.Table(
    "maintenance_component",
    metadata,
    _ref("maintenance_id", "maintenance.id"),
    _ref("component_id", "component.id"),
    sa.PrimaryKeyConstraint("maintenance_id", "component_id"),
)

maintenance_updates = sa.Table(
    "maintenance_update",
    metadata,
    _id(),
    _text("code", 24),
    _ref("maintenance_id", "maintenance.id"),
    _int("seq"),
    _word("state_after", maintenance.MaintenanceState),
    _text("body_md"),
    _text("body_html"),
    _text("body_plain"),
    _at("published_at"),
    sa.UniqueConstraint("maintenance_id", "seq"),
)

_OPEN_ENTRY = sa.text("to_at IS NULL")

entries = sa.Table(
    "component_entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _ref("component_id", "component.id"),
    _ref("incident_id", "incident.id", null=True),
    _ref("maintenance_id", "maintenance.id", null=True),
    _word("status", component.ComponentStatus),
    _at("from_at"),
    _at("to_at", null=True),
    sa.Index(None, "incident_id"),
    sa.Index(None, "component_id", "from_at"),
    sa.Index(None, "to_at"),
    sa.Index("open_entries", "component_id", sqlite_where=_OPEN_ENTRY),
    sa.CheckConstraint("(incident_id IS NULL) <> (maintenance_id IS NULL)", name="one_reason"),
)

accounts = sa.Table(
    "account",
    metadata,
    _id(),
    _text("kind", 24),
    _text("name"),
    _text("handle"),
    _text("base_url"),
    _json("settings"),
    _json("limits"),
    _text("profile_url"),
    _flag("enabled", default=True),
    _at("created_at"),
    _at("checked_at", null=True),
    _text("trouble"),
    _at("removed_at", null=True),
)

targets = sa.Table(
    "target",
    metadata,
    _id(),
    _text("kind", 24),
    _text("name"),
    _text("location"),
    _json("settings"),
    _text("public_url"),
    _at("created_at"),
    _at("checked_at", null=True),
    _text("trouble"),
    _at("removed_at", null=True),
)

_DUE = sa.text("state IN ('queued', 'retry_wait', 'sending', 'unknown')")

deliveries = sa.Table(
    "delivery",
    metadata,
    _id(),
    _word("kind", delivery.DeliveryKind),
    _word("state", delivery.DeliveryState),
    sa.Column("destination_id", sa.String(26), nullable=False),
    _text("destination"),
    _ref("incident_id", "incident.id", null=True),
    sa.Column("incident_ref", sa.String(24)),
    _ref("update_id", "incident_update.id", null=True),
    _int("seq", None, null=True),
    _text("text"),
    sa.Column("words", Facts),
    _text("link"),
    _text("language", 16),
    _text("idempotency_key", 64),
    _int("attempts"),
    _at("created_at"),
    _at("next_try_at", null=True),
    _at("first_sent_at", null=True),
    _at("lease_until", null=True),
    _text("lease_owner", 160),
    sa.Column("remote_id", sa.Text),
    _text("remote_url"),
    sa.Column("event_head", sa.BigInteger, nullable=False, default=0),
    _text("error_code", 64),
    _text("error"),
    _text("note"),
    _at("updated_at"),
    # Invariant 15: one word goes to one place once. Every retry is the same row.
    sa.UniqueConstraint("update_id", "destination_id"),
    sa.Index(None, "incident_id"),
    # What a round looks for is a handful of rows in a history that grows for ever.
    sa.Index("ix_delivery_state", "state", "kind", "next_try_at"),
    sa.Index("due_deliveries", "destination_id", "event_head", "id", sqlite_where=_DUE),
)

events = sa.Table(
    "audit_event",
    metadata,
    sa.Column("head", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    _at("at"),
    _text("actor"),
    _text("verb", 48),
    _word("touched", audit.Touched),
    _text("key", 64),
    _text("reason"),
    _text("prev_hash", 64),
    _text("hash", 64),
)

counters = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)

drafts = sa.Table(
    "draft", metadata, sa.Column("key", sa.String(64), primary_key=True), _at("saved_at"), _json("payload")
)

imports = sa.Table(
    "imported",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("entity_id", sa.String(26), nullable=False),
    _text("digest", 64),
)

# Personal data: tables of their own, erased row by row (invariant 18). What points at a person points at nothing then.
persons = sa.Table("person", metadata, _id(), _text("name"), _text("phone"), _text("email"), _text("note"))

callbacks = sa.Table(
    "callback",
    metadata,
    _id(),
    _ref("incident_id", "incident.id"),
    _ref("person_id", "person.id", null=True, erased=True),
    _word("state", people.CallbackState),
    _at("promised_at", null=True),
    sa.Index(None, "incident_id"),
)

follow_ups = sa.Table(
    "follow_up",
    metadata,
    _id(),
    _ref("incident_id", "incident.id"),
    _ref("person_id", "person.id", null=True, erased=True),
    _word("state", people.FollowUpState),
    _word("answer", people.Answer, null=True),
    _int("attempts"),
    sa.Index(None, "incident_id"),
    sa.Index(None, "state"),
)

# What somebody answered to a post of ours. Rows are erased after 90 days.
reply_rows = sa.Table(
    "reply",
    metadata,
    _id(),
    sa.Column("account_id", sa.String(26), nullable=False),
    _ref("incident_id", "incident.id"),
    sa.Column("incident_ref", sa.String(24), nullable=False),
    _text("remote_id"),
    _text("author"),
    _text("text"),
    _text("url"),
    _at("at"),
    _at("read_at"),
    _word("tag", replies.ReplyTag, null=True),
    _word("handled_as", replies.HandledAs, null=True),
    _at("handled_at", null=True),
    sa.UniqueConstraint("account_id", "remote_id"),
    sa.Index(None, "at"),
)

# A person's number, for a while (F09). Its row can be erased when it is over.
cards = sa.Table(
    "contact_card",
    metadata,
    _id(),
    _ref("incident_id", "incident.id", null=True),
    _text("name"),
    _text("role"),
    _text("phone"),
    _text("languages"),
    _at("starts_at"),
    _at("ends_at"),
    _flag("ends_on_resolve"),
    _text("consent_by"),
    _at("consent_at"),
    _at("revoked_at", null=True),
    sa.Index(None, "ends_at"),
)
