"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The first schema."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("profile_url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "audit_event",
        sa.Column("head", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(length=48), nullable=False),
        sa.Column("touched", sa.String(24), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("head", name=op.f("pk_audit_event")),
    )
    op.create_table(
        "component_group",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("collapsed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component_group")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "draft",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_draft")),
    )
    op.create_table(
        "imported",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("entity_id", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_imported")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("ref", sa.String(length=24), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("impact", sa.String(24), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("first_public_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("who_affected", sa.Text(), nullable=False),
        sa.Column("workaround_md", sa.Text(), nullable=False),
        sa.Column("workaround_html", sa.Text(), nullable=False),
        sa.Column("got_wrong_md", sa.Text(), nullable=False),
        sa.Column("got_wrong_html", sa.Text(), nullable=False),
        sa.Column("recurrence_of", sa.String(length=24), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("backfilled", sa.Boolean(), nullable=False),
        sa.Column("security_hold", sa.Boolean(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("code", name=op.f("uq_incident_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_incident_ref")),
    )
    op.create_index(op.f("ix_incident_drill_month"), "incident", ["drill", "month"], unique=False)
    op.create_index(op.f("ix_incident_resolved_at"), "incident", ["resolved_at"], unique=False)
    op.create_index(op.f("ix_incident_started_at"), "incident", ["started_at"], unique=False)
    op.create_index(op.f("ix_incident_state"), "incident", ["state"], unique=False)
    op.create_index(op.f("ix_incident_updated_at"), "incident", ["updated_at"], unique=False)
    op.create_table(
        "maintenance",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("ref", sa.String(length=24), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("what_stops_md", sa.Text(), nullable=False),
        sa.Column("what_stops_html", sa.Text(), nullable=False),
        sa.Column("max_interruption_s", sa.Integer(), nullable=True),
        sa.Column("actual_start", sa.BigInteger(), nullable=True),
        sa.Column("actual_end", sa.BigInteger(), nullable=True),
        sa.Column("rescheduled_from", sa.BigInteger(), nullable=True),
        sa.Column("linked_incident", sa.String(length=24), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("backfilled", sa.Boolean(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
        sa.UniqueConstraint("code", name=op.f("uq_maintenance_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_maintenance_ref")),
    )
    op.create_index(op.f("ix_maintenance_month"), "maintenance", ["month"], unique=False)
    op.create_index(op.f("ix_maintenance_starts_at"), "maintenance", ["starts_at"], unique=False)
    op.create_index(op.f("ix_maintenance_state"), "maintenance", ["state"], unique=False)
    op.create_table(
        "page",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=240), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("audience", sa.String(24), nullable=False),
        sa.Column("ref_prefix", sa.String(length=8), nullable=False),
        sa.Column("promise_md", sa.Text(), nullable=False),
        sa.Column("promise_html", sa.Text(), nullable=False),
        sa.Column("contacts", sa.JSON(), nullable=False),
        sa.Column("cadence_s", sa.JSON(), nullable=False),
        sa.Column("max_promise_s", sa.Integer(), nullable=False),
        sa.Column("output_dir", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("event_head", sa.BigInteger(), nullable=False),
        sa.Column("event_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "target",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("public_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
    )
    op.create_table(
        "callback",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("promised_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_callback_incident_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_callback_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
    )
    op.create_index(op.f("ix_callback_incident_id"), "callback", ["incident_id"], unique=False)
    op.create_table(
        "cause_statement",
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("certainty", sa.String(24), nullable=False),
        sa.Column("public_md", sa.Text(), nullable=False),
        sa.Column("public_html", sa.Text(), nullable=False),
        sa.Column("private_md", sa.Text(), nullable=False),
        sa.Column("category", sa.String(24), nullable=False),
        sa.Column("our_action_md", sa.Text(), nullable=False),
        sa.Column("our_action_html", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_cause_statement_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_cause_statement")),
    )
    op.create_table(
        "component",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("customer_words", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(length=26), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["component_group.id"], name=op.f("fk_component_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component")),
        sa.UniqueConstraint("code", name=op.f("uq_component_code")),
        sa.UniqueConstraint("slug", name=op.f("uq_component_slug")),
    )
    op.create_table(
        "eta_statement",
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("basis", sa.String(24), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_eta_statement_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_eta_statement")),
    )
    op.create_table(
        "follow_up",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("answer", sa.String(24), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_follow_up_incident_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_follow_up_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    op.create_index(op.f("ix_follow_up_incident_id"), "follow_up", ["incident_id"], unique=False)
    op.create_table(
        "incident_update",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("state_after", sa.String(24), nullable=False),
        sa.Column("body_md", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_plain", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("corrects_seq", sa.Integer(), nullable=True),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_update_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_update")),
        sa.UniqueConstraint("incident_id", "seq", name=op.f("uq_incident_update_incident_id_seq")),
    )
    op.create_table(
        "maintenance_update",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("maintenance_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state_after", sa.String(24), nullable=False),
        sa.Column("body_md", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_plain", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["maintenance_id"], ["maintenance.id"], name=op.f("fk_maintenance_update_maintenance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_update")),
        sa.UniqueConstraint("maintenance_id", "seq", name=op.f("uq_maintenance_update_maintenance_id_seq")),
    )
    op.create_table(
        "prevention_step",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("public_md", sa.Text(), nullable=False),
        sa.Column("public_html", sa.Text(), nullable=False),
        sa.Column("private_md", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("strength", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("dropped_reason", sa.Text(), nullable=False),
        sa.Column("moved_from", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_prevention_step_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prevention_step")),
    )
    op.create_index(op.f("ix_prevention_step_incident_id"), "prevention_step", ["incident_id"], unique=False)
    op.create_index(op.f("ix_prevention_step_state"), "prevention_step", ["state"], unique=False)
    op.create_table(
        "promise",
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_promise_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_promise")),
    )
    op.create_index(op.f("ix_promise_settled_at"), "promise", ["settled_at"], unique=False)
    op.create_index(
        "one_open_promise",
        "promise",
        ["incident_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "component_entry",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("component_id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=True),
        sa.Column("maintenance_id", sa.String(length=26), nullable=True),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(incident_id IS NULL) <> (maintenance_id IS NULL)", name="one_reason"),
        sa.ForeignKeyConstraint(["component_id"], ["component.id"], name=op.f("fk_component_entry_component_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_component_entry_incident_id")),
        sa.ForeignKeyConstraint(["maintenance_id"], ["maintenance.id"], name=op.f("fk_component_entry_maintenance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component_entry")),
    )
    op.create_index(
        op.f("ix_component_entry_component_id_from_at"), "component_entry", ["component_id", "from_at"], unique=False
    )
    op.create_index(op.f("ix_component_entry_incident_id"), "component_entry", ["incident_id"], unique=False)
    op.create_index(op.f("ix_component_entry_to_at"), "component_entry", ["to_at"], unique=False)
    op.create_index(
        "open_entries",
        "component_entry",
        ["component_id"],
        unique=False,
        sqlite_where=sa.text("to_at IS NULL"),
        postgresql_where=sa.text("to_at IS NULL"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("destination_id", sa.String(length=26), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=True),
        sa.Column("incident_ref", sa.String(length=24), nullable=True),
        sa.Column("update_id", sa.String(length=26), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("first_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(length=160), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("remote_url", sa.Text(), nullable=False),
        sa.Column("event_head", sa.BigInteger(), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_delivery_incident_id")),
        sa.ForeignKeyConstraint(["update_id"], ["incident_update.id"], name=op.f("fk_delivery_update_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("update_id", "destination_id", name=op.f("uq_delivery_update_id_destination_id")),
    )
    op.create_index(
        "due_deliveries",
        "delivery",
        ["destination_id", "event_head", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'retry_wait', 'sending', 'unknown')"),
        postgresql_where=sa.text("state IN ('queued', 'retry_wait', 'sending', 'unknown')"),
    )
    op.create_index(op.f("ix_delivery_incident_id"), "delivery", ["incident_id"], unique=False)
    op.create_table(
        "maintenance_component",
        sa.Column("maintenance_id", sa.String(length=26), nullable=False),
        sa.Column("component_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["component_id"], ["component.id"], name=op.f("fk_maintenance_component_component_id")),
        sa.ForeignKeyConstraint(
            ["maintenance_id"], ["maintenance.id"], name=op.f("fk_maintenance_component_maintenance_id")
        ),
        sa.PrimaryKeyConstraint("maintenance_id", "component_id", name=op.f("pk_maintenance_component")),
    )
