"""Leads and cases as people work on them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Nobody had any of it."""
    _cases()
    _leads()
    _lead_indexes()
    _moves()
    _examples()
    _listings()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_cases_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index(op.f("ix_cases_actor_id"), "cases", ["actor_id"], unique=False)


def _leads() -> None:
    op.create_table(
        "leads",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("number", "source", "platform"),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        *_texts("title", "seller", "url"),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        *_texts("note", "state"),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        *_texts("district", "unit", "assignee", "reference", "office"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.Integer(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_leads_actor_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_leads_case_id")),
        sa.ForeignKeyConstraint(["merged_into"], ["leads.id"], name=op.f("fk_leads_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("number", name=op.f("uq_leads_number")),
    )


def _lead_indexes() -> None:
    op.create_index("ix_leads_actor_platform", "leads", ["actor_id", "platform"], unique=False)
    op.create_index(op.f("ix_leads_case_id"), "leads", ["case_id"], unique=False)
    op.create_index(op.f("ix_leads_merged_into"), "leads", ["merged_into"], unique=False)
    op.create_index("ix_leads_assignee_id", "leads", ["assignee", "id"], unique=False)
    op.create_index("ix_leads_district_id", "leads", ["district", "id"], unique=False)
    op.create_index("ix_leads_registered_at", "leads", ["registered_at"], unique=False)
    op.create_index("ix_leads_state_id", "leads", ["state", "id"], unique=False)


def _moves() -> None:
    op.create_table(
        "moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_moves_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moves")),
    )
    op.create_index("ix_moves_at", "moves", ["at"], unique=False)
    op.create_index(op.f("ix_moves_lead_id"), "moves", ["lead_id"], unique=False)


def _examples() -> None:
    op.create_table(
        "examples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["exhibit"], ["exhibits.public_id"], name=op.f("fk_examples_exhibit")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_examples_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examples")),
    )
    op.create_index(op.f("ix_examples_lead_id"), "examples", ["lead_id"], unique=False)
    op.create_index(op.f("ix_examples_rule"), "examples", ["rule"], unique=False)


def _listings() -> None:
    op.add_column("listings", sa.Column("lead_id", sa.Integer(), nullable=True))
    op.add_column("listings", sa.Column("led_upto", sa.Integer(), nullable=True))
    op.create_index(
        "ix_listings_fresh",
        "listings",
        ["flagged_id"],
        unique=False,
        sqlite_where=sa.text("flagged_id IS NOT NULL AND (led_upto IS NULL OR led_upto <> flagged_id)"),
        postgresql_where=sa.text("flagged_id IS NOT NULL AND (led_upto IS NULL OR led_upto <> flagged_id)"),
    )
    op.create_index("ix_listings_lead_id", "listings", ["lead_id"], unique=False)


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text(), nullable=False) for name in names)
