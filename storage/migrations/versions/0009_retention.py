"""Holds, what expired, and where finished files lie."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing is held, nothing has expired, and every file lies in the home."""
    op.add_column("captures", sa.Column("expired_in", sa.Integer(), nullable=True))
    op.add_column("captures", sa.Column("sealed_in", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_exhibits_capture_id"), "exhibits", ["capture_id"])
    _partial_index("ix_captures_due", "captures", ["taken_at", "file"], "expired_in IS NULL")
    _partial_index("ix_exhibits_picture_id", "exhibits", ["picture_id"], "picture_id IS NOT NULL")
    _partial_index("ix_pictures_capture_id", "pictures", ["capture_id"], "capture_id IS NOT NULL")
    _holds()
    _files()


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_key", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["listing_key"], ["listings.key"], name=op.f("fk_holds_listing_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_listing_key"), "holds", ["listing_key"])


def _files() -> None:
    op.create_table(
        "looks",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("oldest", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_looks")),
    )
    op.create_table(
        "shelved",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_replaced", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_shelved")),
    )
    _partial_index("ix_shelved_replaced", "shelved", ["file"], "is_replaced")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
