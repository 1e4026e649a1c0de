"""Complete captures by the browser, and what their pictures are worth for each exhibit."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MAY_LACK = ("picture_id", "mhtml_id")
PARTS = ("picture_id", "dom_id", "text_id", "mhtml_id", "facts_id")


def upgrade() -> None:
    """Pictures of earlier versions stay with their exhibits; nobody has judged what they show."""
    _captures()
    _showings()
    _openings()


def _captures() -> None:
    op.create_table(
        "browser_captures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=name in MAY_LACK) for name in PARTS),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("page_number", sa.Integer(), nullable=True),
        sa.Column("is_specimen", sa.Boolean(), nullable=False),
        *(sa.ForeignKeyConstraint([name], ["captures.id"], name=op.f(f"fk_browser_captures_{name}")) for name in PARTS),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_browser_captures_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_captures")),
    )
    op.create_index(op.f("ix_browser_captures_run_id"), "browser_captures", ["run_id"])
    op.create_index(op.f("ix_browser_captures_file"), "browser_captures", ["file"])


def _showings() -> None:
    op.create_table(
        "showings",
        sa.Column("exhibit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("listing_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("browser_capture_id", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("frame", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibits.id"], name=op.f("fk_showings_exhibit_id")),
        sa.ForeignKeyConstraint(["listing_key"], ["listings.key"], name=op.f("fk_showings_listing_key")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_showings_run_id")),
        sa.ForeignKeyConstraint(
            ["browser_capture_id"], ["browser_captures.id"], name=op.f("fk_showings_browser_capture_id")
        ),
        sa.PrimaryKeyConstraint("exhibit_id", name=op.f("pk_showings")),
    )
    op.create_index("ix_showings_listing_key", "showings", ["listing_key", "verdict", "exhibit_id"])
    op.create_index(op.f("ix_showings_run_id"), "showings", ["run_id"])
    op.create_index(op.f("ix_showings_browser_capture_id"), "showings", ["browser_capture_id"])


def _openings() -> None:
    op.create_table(
        "paid_openings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("browser_capture_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_paid_openings_run_id")),
        sa.ForeignKeyConstraint(
            ["browser_capture_id"], ["browser_captures.id"], name=op.f("fk_paid_openings_browser_capture_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paid_openings")),
    )
    op.create_index("ix_paid_openings_listing_key", "paid_openings", ["listing_key", "opened_at"])
    op.create_index(op.f("ix_paid_openings_run_id"), "paid_openings", ["run_id"])
