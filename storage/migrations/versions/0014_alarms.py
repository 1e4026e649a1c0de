"""Alarms with their causes, what each round saw of each platform, and how far runs were looked over."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """No alarm is in it: the next look over the runs finds what stands."""
    _platform_looks()
    _alarms()
    op.create_table(
        "watched",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watched")),
    )
    op.create_index("ix_runs_ended_at", "runs", ["ended_at"], unique=False)
    op.create_index("ix_runs_platform_query_ended_at", "runs", ["platform", "query", "ended_at"], unique=False)


def _platform_looks() -> None:
    counts = ("runs", "clean", "empty", "login", "listings", "ads")
    fields = ("texts", "sellers", "prices", "images", "urls", "shown_urls")
    op.create_table(
        "platform_looks",
        sa.Column("round_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*counts, *fields)),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_platform_looks_round_id")),
        sa.PrimaryKeyConstraint("round_id", "platform", name=op.f("pk_platform_looks")),
    )
    op.create_index("ix_platform_looks_platform_device_at", "platform_looks", ["platform", "device", "at"])


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "platform", "query", "series")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("since", "raised_at", "last_at")),
        sa.Column("usual", sa.Double(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.Text(), server_default="", nullable=False),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("acked_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_alarms_capture_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_alarms_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(
        "ix_alarms_standing",
        "alarms",
        ["kind", "platform", "query", "series"],
        unique=True,
        sqlite_where=sa.text("cleared_at IS NULL"),
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    op.create_index("ix_alarms_series", "alarms", ["platform", "query", "kind", "series", "cleared_at"])
    op.create_index("ix_alarms_raised_at", "alarms", ["raised_at"])
