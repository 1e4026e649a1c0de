"""How often rules fired, what re-judging replaced, and groups of like leads."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

FLAGGED = "flagged_id IS NOT NULL"
HAS_POINTS = "points > 0"


def upgrade() -> None:
    """Counts come from the findings there are; every lead begins as a group of its own, until it is seen again."""
    op.add_column("findings", sa.Column("rejudged_in", sa.Integer(), nullable=True))
    op.add_column("findings", sa.Column("replaced_in", sa.Integer(), nullable=True))
    op.add_column("listings", sa.Column("group_id", sa.Integer(), nullable=True))
    op.add_column("listings", sa.Column("placed_as", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_exhibits_seen_at"), "exhibits", ["seen_at"])
    _partial_index("ix_exhibits_flagged", "exhibits", ["listing_key", "id"], HAS_POINTS)
    _rule_counts()
    _rejudgements()
    _groups()
    _likeness()
    _partial_index("ix_listings_group_id", "listings", ["group_id", "platform", "flagged_id"], FLAGGED)


def _rule_counts() -> None:
    op.create_table(
        "rule_counts",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("round_id", sa.Text(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rule", "digest", "round_id", name=op.f("pk_rule_counts")),
    )
    op.create_index("ix_rule_counts_round_id_rule", "rule_counts", ["round_id", "rule"])
    op.execute(
        "INSERT INTO rule_counts (rule, digest, round_id, findings, last_at)"
        " SELECT findings.rule, findings.rule_digest, coalesce(runs.round_id, ''), count(*), max(exhibits.seen_at)"
        " FROM findings JOIN exhibits ON exhibits.id = findings.exhibit_id JOIN runs ON runs.id = exhibits.run_id"
        " GROUP BY findings.rule, findings.rule_digest, coalesce(runs.round_id, '')"
    )


def _rejudgements() -> None:
    op.create_table(
        "rejudgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("rules_digest", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejudgements")),
    )


def _groups() -> None:
    op.create_table(
        "lead_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_groups")),
    )
    op.create_table(
        "group_heads",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["lead_groups.id"], name=op.f("fk_group_heads_group_id")),
        sa.PrimaryKeyConstraint("group_id", "platform", name=op.f("pk_group_heads")),
    )
    op.create_index("ix_group_heads_platform_newest", "group_heads", ["platform", "newest"])
    op.create_index("ix_group_heads_platform_points", "group_heads", ["platform", "points", "newest"])
    # No two listings have the same exhibit, so its row makes a group's number.
    op.execute("UPDATE listings SET group_id = flagged_id")
    op.execute("INSERT INTO lead_groups (id, size) SELECT group_id, 1 FROM listings WHERE group_id IS NOT NULL")
    op.execute(
        "INSERT INTO group_heads (group_id, platform, newest, points)"
        " SELECT group_id, platform, flagged_id, points FROM listings WHERE group_id IS NOT NULL"
        " UNION ALL SELECT group_id, '', flagged_id, points FROM listings WHERE group_id IS NOT NULL"
    )


def _likeness() -> None:
    op.create_table(
        "exemplars",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["lead_groups.id"], name=op.f("fk_exemplars_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemplars")),
    )
    op.create_index(op.f("ix_exemplars_group_id"), "exemplars", ["group_id"])
    op.create_table(
        "bands",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("exemplar_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["exemplar_id"], ["exemplars.id"], name=op.f("fk_bands_exemplar_id")),
        sa.PrimaryKeyConstraint("key", "exemplar_id", name=op.f("pk_bands")),
        sqlite_with_rowid=False,
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
