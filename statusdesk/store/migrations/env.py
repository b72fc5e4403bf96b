"""Alembic's door: migrations run on the connection that `database` hands over, inside its transaction."""

from alembic import context

from statusdesk.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
context.run_migrations()
