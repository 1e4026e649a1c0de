"""Whom the office supervises: priority agencies, draws, holiday notices, key dates."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Nobody is in it: an office names its own."""
    _calendar()
    _watches()
    _priority()
    _draws()
    # The last look at an agency is asked for by watch and query; blocked runs are no looks.
    seen = sa.text("outcome IN ('ok', 'empty')")
    columns = ["watch_id", "query", "ended_at"]
    op.create_index("ix_roster_seen", "roster", columns, unique=False, sqlite_where=seen, postgresql_where=seen)


def _calendar() -> None:
    op.create_table(
        "holiday_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_notices")),
    )
    op.create_table(
        "key_dates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_dates")),
    )
    stands = sa.text("until IS NULL")
    op.create_index(
        "ix_key_dates_standing", "key_dates", ["name"], unique=True, sqlite_where=stands, postgresql_where=stands
    )


def _watches() -> None:
    op.create_table(
        "struck_words",
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("struck_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("words", name=op.f("pk_struck_words")),
    )
    op.create_table(
        "agency_watches",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("follows", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name=op.f("fk_agency_watches_watch_id")),
        sa.PrimaryKeyConstraint("watch_id", name=op.f("pk_agency_watches")),
    )
    op.create_table(
        "agency_aims",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name=op.f("fk_agency_aims_watch_id")),
        sa.PrimaryKeyConstraint("watch_id", "words", "agency", name=op.f("pk_agency_aims")),
    )
    op.create_index("ix_agency_aims_agency", "agency_aims", ["agency"], unique=False)


def _priority() -> None:
    op.create_table(
        "priority_agencies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=False),
        sa.Column("removed_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority_agencies")),
    )
    watched = sa.text("removed_at IS NULL")
    op.create_index(
        "ix_priority_standing",
        "priority_agencies",
        ["agency"],
        unique=True,
        sqlite_where=watched,
        postgresql_where=watched,
    )


def _draws() -> None:
    op.create_table(
        "draws",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draws")),
    )
