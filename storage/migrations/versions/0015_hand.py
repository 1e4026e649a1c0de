"""What people do by hand: tasks behind walls, files they brought in, profiles they signed in with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Runs that met a wall before this stay without a task: the next one raises it."""
    _tasks()
    _imports()
    _imported_pages()
    _signatures()


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_how", sa.Text(), nullable=False),
        sa.Column("closed_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_tasks_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("platform", "query", "place", "device", name=op.f("uq_tasks_platform_query_place_device")),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index("ix_tasks_open", "tasks", ["id"], unique=False, sqlite_where=is_open, postgresql_where=is_open)


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("claimed_url", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.Text(), nullable=False),
        sa.Column("is_clean", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_imports_capture_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_imports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("capture_id", name=op.f("uq_imports_capture_id")),
        sa.UniqueConstraint("sha256", "platform", name=op.f("uq_imports_sha256_platform")),
    )


def _imported_pages() -> None:
    op.create_table(
        "imported_pages",
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("claimed_url", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_imported_pages_capture_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_imported_pages_import_id")),
        sa.ForeignKeyConstraint(
            ["run_id", "page_number"],
            ["pages.run_id", "pages.number"],
            name=op.f("fk_imported_pages_run_id_page_number"),
        ),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_imported_pages")),
        sa.UniqueConstraint("run_id", "page_number", name=op.f("uq_imported_pages_run_id_page_number")),
    )
    op.create_index("ix_imported_pages_import_id", "imported_pages", ["import_id"], unique=False)


def _signatures() -> None:
    op.create_table(
        "confirmations",
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("officer_a", sa.Integer(), nullable=False),
        sa.Column("officer_b", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_a"], ["users.id"], name=op.f("fk_confirmations_officer_a")),
        sa.ForeignKeyConstraint(["officer_b"], ["users.id"], name=op.f("fk_confirmations_officer_b")),
        sa.PrimaryKeyConstraint("exhibit", name=op.f("pk_confirmations")),
    )
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
    )
    op.create_index("ix_profiles_platform", "profiles", ["platform", "id"], unique=False)
