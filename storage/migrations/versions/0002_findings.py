"""Findings carry tags, and those made from a picture its digest and the box of the quote."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Findings of earlier versions have no tags and no picture."""
    op.add_column("findings", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("findings", sa.Column("image", sa.Text(), nullable=False, server_default=""))
    op.add_column("findings", sa.Column("box", sa.JSON(), nullable=False, server_default="[]"))
