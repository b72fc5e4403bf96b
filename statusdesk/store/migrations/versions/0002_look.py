"""How the page looks and in which languages it can be read; contact cards; lists that need no sorting."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns begin as every page looked until now."""
    op.add_column("page", sa.Column("languages", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("page", sa.Column("bar_days", sa.Integer(), nullable=False, server_default="90"))
    op.add_column("page", sa.Column("accent", sa.String(length=7), nullable=False, server_default=""))
    op.add_column("page", sa.Column("scheme", sa.String(24), nullable=False, server_default="auto"))
    op.add_column("page", sa.Column("css", sa.Text(), nullable=False, server_default=""))
    op.add_column("page", sa.Column("logo_name", sa.String(length=16), nullable=False, server_default=""))
    # No bytes, and not a text of no letters, which SQLite would give back as text.
    nothing = sa.text("x''" if op.get_bind().dialect.name == "sqlite" else "''")
    op.add_column("page", sa.Column("logo", sa.LargeBinary(), nullable=False, server_default=nothing))
    op.create_table(
        "contact_card",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_on_resolve", sa.Boolean(), nullable=False),
        sa.Column("consent_by", sa.Text(), nullable=False),
        sa.Column("consent_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_contact_card_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_card")),
    )
    op.create_index(op.f("ix_contact_card_ends_at"), "contact_card", ["ends_at"], unique=False)
    op.drop_index(op.f("ix_incident_updated_at"), table_name="incident")
    op.drop_index(op.f("ix_incident_drill_month"), table_name="incident")
    op.create_index("ix_incident_newest", "incident", ["drill", "started_at", "id"])
    op.create_index("ix_incident_updated", "incident", ["drill", "updated_at", "id"])
    op.create_index("ix_incident_month", "incident", ["drill", "month", "started_at", "id"])
    op.drop_index(op.f("ix_promise_settled_at"), table_name="promise")
    op.create_index("ix_promise_settled", "promise", ["settled_at", "state", "incident_id"])
    op.create_index("ix_incident_own_end", "incident", ["drill", "backfilled", "resolved_at"])
    broken = sa.text("state IN ('late', 'moved')")
    op.create_index("ix_promise_broken", "promise", ["settled_at"], sqlite_where=broken, postgresql_where=broken)
    op.drop_index(op.f("ix_incident_state"), table_name="incident")
    op.create_index(op.f("ix_incident_state_drill"), "incident", ["state", "drill"])
    op.create_index(op.f("ix_follow_up_state"), "follow_up", ["state"])
