"""What is gone is looked for again: the index of what is due covers it too."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """What was gone before is looked for no more: its next look was never to come."""
    op.drop_index("ix_rechecks_due", table_name="rechecks")
    watched = sa.text("state <> 'stopped'")
    op.create_index("ix_rechecks_due", "rechecks", ["next_at"], sqlite_where=watched, postgresql_where=watched)
    never = sa.text("UPDATE rechecks SET next_at = '9999-01-01 00:00:00.000000' WHERE state = 'gone'")
    op.execute(never)
