"""People with credentials, and extractions that two of them made."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nobody is in it: the first person is added by whoever has the home."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("badge", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_by", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("badge", name=op.f("uq_users_badge")),
    )
    op.create_table(
        "extractions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("officer_a", sa.Integer(), nullable=False),
        sa.Column("officer_b", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("visits", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["exhibit"], ["exhibits.public_id"], name=op.f("fk_extractions_exhibit")),
        sa.ForeignKeyConstraint(["officer_a"], ["users.id"], name=op.f("fk_extractions_officer_a")),
        sa.ForeignKeyConstraint(["officer_b"], ["users.id"], name=op.f("fk_extractions_officer_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extractions")),
    )
    op.create_index(op.f("ix_extractions_exhibit"), "extractions", ["exhibit"])
