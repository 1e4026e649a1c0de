"""How far the archive was read again, extent by extent."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing was read again yet."""
    op.create_table(
        "fixity",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("from_", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("broken", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("file", "from_", name=op.f("pk_fixity")),
    )
    op.create_index(op.f("ix_fixity_checked_at"), "fixity", ["checked_at"])
