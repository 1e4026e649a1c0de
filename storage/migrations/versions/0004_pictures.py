"""Pictures that wait to be read, and what was read in them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

PENDING, READ = "state = 'pending'", "state = 'read'"


def upgrade() -> None:
    """Exhibits of earlier versions have no pictures waiting."""
    _pictures()
    _texts()


def _pictures() -> None:
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exhibit_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibits.id"], name=op.f("fk_pictures_exhibit_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_pictures_run_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_pictures_capture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("exhibit_id", "url", name=op.f("uq_pictures_exhibit_id_url")),
    )
    op.create_index(op.f("ix_pictures_run_id"), "pictures", ["run_id"])
    _partial_index("ix_pictures_pending", ["url", "id"], PENDING)
    _partial_index("ix_pictures_read", ["url"], READ)


def _texts() -> None:
    op.create_table(
        "picture_texts",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_picture_texts")),
    )


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "pictures", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
