"""The registry of agencies, in versions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables; a home has no registry until one is imported."""
    _versions()
    _uses()
    _entries()
    _names()


def _versions() -> None:
    op.create_table(
        "registry_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_versions")),
        sa.UniqueConstraint("digest", name=op.f("uq_registry_versions_digest")),
    )


def _uses() -> None:
    op.create_table(
        "registry_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["registry_versions.id"], name=op.f("fk_registry_uses_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_uses")),
    )


def _entries() -> None:
    op.create_table(
        "registry_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("former_names", sa.JSON(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_date", sa.Text(), nullable=False),
        sa.Column("license_no", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=False),
        sa.Column("icp", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["registry_versions.id"], name=op.f("fk_registry_entries_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_entries")),
    )
    op.create_index("ix_registry_entries_code", "registry_entries", ["version_id", "code"])
    op.create_index("ix_registry_entries_credit_code", "registry_entries", ["version_id", "credit_code"])


def _names() -> None:
    op.create_table(
        "registry_names",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("name_norm", sa.Text(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["registry_versions.id"], name=op.f("fk_registry_names_version_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["registry_entries.id"], name=op.f("fk_registry_names_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_names")),
    )
    op.create_index("ix_registry_names_norm", "registry_names", ["version_id", "name_norm"])
