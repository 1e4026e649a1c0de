"""Who stands behind shops and accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Nobody had any of it."""
    _actors()
    _identities()
    _contacts()
    _joins()


def _actors() -> None:
    op.create_table(
        "actors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("agency_kind", sa.Text(), nullable=False),
        sa.Column("agency_code", sa.Text(), nullable=False),
        sa.Column("agency_status", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("in_charge", sa.Text(), nullable=False),
        sa.Column("registry_version", sa.Integer(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("matched_as", sa.Text(), nullable=False),
        sa.Column("match_entry", sa.Integer(), nullable=True),
        sa.Column("kind_entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["actors.id"], name=op.f("fk_actors_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actors")),
        sa.UniqueConstraint("number", name=op.f("uq_actors_number")),
    )
    op.create_index(op.f("ix_actors_merged_into"), "actors", ["merged_into"], unique=False)
    op.create_index(
        "ix_actors_registry_version",
        "actors",
        ["registry_version", "id"],
        unique=False,
        sqlite_where=sa.text("merged_into IS NULL"),
        postgresql_where=sa.text("merged_into IS NULL"),
    )


def _identities() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_identities_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("platform", "key", name=op.f("uq_identities_platform_key")),
    )
    op.create_index(op.f("ix_identities_actor_id"), "identities", ["actor_id"], unique=False)


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_common", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_contacts_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("identity_id", "kind", "value", name=op.f("uq_contacts_identity_id_kind_value")),
    )
    op.create_index("ix_contacts_kind_value", "contacts", ["kind", "value"], unique=False)


def _joins() -> None:
    op.create_table(
        "joins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("one_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("undone_entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["one_id"], ["identities.id"], name=op.f("fk_joins_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["identities.id"], name=op.f("fk_joins_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joins")),
    )
    op.create_index(op.f("ix_joins_one_id"), "joins", ["one_id"], unique=False)
    op.create_index(op.f("ix_joins_other_id"), "joins", ["other_id"], unique=False)
