"""Addresses that are looked at again, advertisers' own pages, and what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nothing was looked at again, opened or told yet."""
    _notices()
    _landings()
    _rechecks()
    _looks()


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_at"), "notices", ["at"], unique=False)


def _landings() -> None:
    op.create_table(
        "landings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["exhibit"], ["exhibits.public_id"], name=op.f("fk_landings_exhibit")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_landings_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_landings")),
        sa.UniqueConstraint("run_id", name=op.f("uq_landings_run_id")),
    )
    op.create_index(op.f("ix_landings_exhibit"), "landings", ["exhibit"], unique=False)
    op.create_index(
        "ix_landings_leases",
        "landings",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index("ix_landings_url_at", "landings", ["url", "at"], unique=False)


def _rechecks() -> None:
    op.create_table(
        "rechecks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("listing_key", sa.Text(), nullable=False),
        sa.Column("exhibit", sa.Text(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["exhibit"], ["exhibits.public_id"], name=op.f("fk_rechecks_exhibit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rechecks")),
        sa.UniqueConstraint("platform", "query", "listing_key", name=op.f("uq_rechecks_platform_query_listing_key")),
    )
    op.create_index(
        "ix_rechecks_due",
        "rechecks",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _looks() -> None:
    op.create_table(
        "recheck_looks",
        sa.Column("recheck_id", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("roster_key", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("capture", sa.Text(), server_default="", nullable=False),
        sa.Column("visit", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["recheck_id"], ["rechecks.id"], name=op.f("fk_recheck_looks_recheck_id")),
        sa.ForeignKeyConstraint(["roster_key"], ["roster.key"], name=op.f("fk_recheck_looks_roster_key")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_recheck_looks_run_id")),
        sa.PrimaryKeyConstraint("recheck_id", "planned_at", name=op.f("pk_recheck_looks")),
    )
    op.create_index(
        "ix_recheck_looks_waiting",
        "recheck_looks",
        ["roster_key"],
        unique=False,
        sqlite_where=sa.text("verdict = ''"),
        postgresql_where=sa.text("verdict = ''"),
    )
