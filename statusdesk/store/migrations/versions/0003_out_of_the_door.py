"""The facts behind a post, what to know of a delivery that is out, and replies to our posts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Deliveries of before carry no facts: their texts were fixed when they were saved."""
    op.add_column("delivery", sa.Column("words", sa.JSON(), nullable=True))
    op.add_column("delivery", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_delivery_state", "delivery", ["state", "kind", "next_try_at"], unique=False)
    op.create_table(
        "reply",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("incident_ref", sa.String(length=24), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=24), nullable=True),
        sa.Column("handled_as", sa.String(length=24), nullable=True),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_reply_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("account_id", "remote_id", name=op.f("uq_reply_account_id_remote_id")),
    )
    op.create_index(op.f("ix_reply_at"), "reply", ["at"], unique=False)
