"""Alembic's entry: runs the migrations on the connection that `storage.db` has already begun."""

from alembic import context

from storage.models import Base

# The connection is inside one transaction, and SQLite can roll back DDL: an upgrade that is
# killed half way leaves the old schema whole.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
