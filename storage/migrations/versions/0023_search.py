"""What the search and the backups keep, and who sells what in few bytes."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_BATCH = 5_000


def upgrade() -> None:
    """The search's own tables stay empty until it is asked to catch up."""
    _listings()
    _search()
    _pages()
    _saved()
    _pictures()
    _backups()
    _entities()


def _entities() -> None:
    """Who names what is asked newest first, without reading the rows."""
    op.drop_index("ix_entities_kind_value", table_name="entities")
    op.create_index("ix_entities_kind_value", "entities", ["kind", "value", "exhibit_id"])


def _listings() -> None:
    op.add_column("listings", sa.Column("shop", sa.BigInteger(), server_default="0", nullable=False))
    listings = sa.table(
        "listings", *map(sa.column, ("key", "platform", "seller", "seller_id")), sa.column("shop", sa.BigInteger())
    )
    fill = sa.update(listings).where(listings.c.key == sa.bindparam("of")).values(shop=sa.bindparam("number"))
    last = ""
    while True:
        some = sa.select(listings).where(listings.c.key > last).order_by(listings.c.key).limit(_BATCH)
        rows = op.get_bind().execute(some).all()
        if not rows:
            break
        shops = [{"of": row.key, "number": _shop(row.platform, row.seller_id or row.seller)} for row in rows]
        op.get_bind().execute(fill, shops)
        last = rows[-1].key
    op.create_index("ix_listings_shop", "listings", ["shop", "key"])
    op.create_index("ix_exhibits_listing_key_id", "exhibits", ["listing_key", "id"])


def _shop(platform: str, named: str) -> int:
    digest = hashlib.sha256(f"{platform}\0{named}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True) if named else 0


def _search() -> None:
    op.create_table(
        "search_marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_marks")),
    )
    op.create_table(
        "search_stale",
        sa.Column("exhibit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("exhibit_id", name=op.f("pk_search_stale")),
    )
    op.create_table(
        "search_values",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "code", name=op.f("pk_search_values")),
        sa.UniqueConstraint("name", "value", name=op.f("uq_search_values_name_value")),
    )
    op.create_table(
        "search_columns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "block", name=op.f("pk_search_columns")),
    )
    op.create_table(
        "search_late",
        sa.Column("exhibit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("entities", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("exhibit_id", name=op.f("pk_search_late")),
    )


def _pages() -> None:
    op.create_table(
        "page_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_page_texts_capture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_texts")),
        sa.UniqueConstraint("capture_id", name=op.f("uq_page_texts_capture_id")),
    )


def _saved() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
    )
    goes_on = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_saved_searches_name",
        "saved_searches",
        ["name"],
        unique=True,
        sqlite_where=goes_on,
        postgresql_where=goes_on,
    )
    op.create_table(
        "saved_finds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["saved_searches.id"], name=op.f("fk_saved_finds_search_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_finds")),
    )
    op.create_index("ix_saved_finds_search_id", "saved_finds", ["search_id", "id"], unique=False)
    op.add_column("notices", sa.Column("finds", sa.Integer(), server_default="0", nullable=False))


def _pictures() -> None:
    op.create_table(
        "picture_looks",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_picture_looks")),
    )
    op.create_table(
        "picture_bands",
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("band", "sha256", name=op.f("pk_picture_bands")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_picture_bands_sha256", "picture_bands", ["sha256"], unique=False)
    has_bytes = sa.text("sha256 <> ''")
    op.create_index(
        "ix_pictures_sha256", "pictures", ["sha256", "exhibit_id"], sqlite_where=has_bytes, postgresql_where=has_bytes
    )


def _backups() -> None:
    op.create_table(
        "backups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("exhibits", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backups")),
    )
