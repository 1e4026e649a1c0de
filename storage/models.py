"""Every mapped class: one metadata, one history. Rows only; what crosses the border is in `storage.shapes`."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.types import UNFIT, Moment, Words


class Base(DeclarativeBase):
    """Names of constraints are fixed, so that a later migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Words, datetime: Moment, list[Any]: JSON}


Big = Annotated[int, mapped_column(BigInteger)]


class Round(Base):
    """One round: its runs were planned together."""

    __tablename__ = "rounds"

    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    tool: Mapped[str]
    settings: Mapped[str]


_IS_UNENDED = text("outcome IS NULL")


class Run(Base):
    """One planned query. `outcome` is null until it has ended; the counts are those of its pages."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("round_id", "platform", "query", "planned_at"),
        Index("ix_runs_unended", "planned_at", sqlite_where=_IS_UNENDED, postgresql_where=_IS_UNENDED),
        Index("ix_runs_ended_at", "ended_at"),
        Index("ix_runs_platform_query_ended_at", "platform", "query", "ended_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str | None] = mapped_column(ForeignKey("rounds.id"))
    platform: Mapped[str]
    query: Mapped[str]
    planned_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reason: Mapped[str]
    detail: Mapped[str]
    pages: Mapped[int]
    listings: Mapped[int]
    lost: Mapped[int]
    total: Mapped[Big | None]
    captures: Mapped[int]


_IS_THERE = text("expired_in IS NULL")


class CaptureRow(Base):
    """Where the bytes of a capture lie in the archive; `expired_in` is the manifest that says they were removed.

    `sealed_in` is the manifest that first listed it, told only when its file was rewritten since.
    """

    __tablename__ = "captures"
    __table_args__ = (
        Index("ix_captures_file", "file", "offset"),
        Index("ix_captures_due", "taken_at", "file", sqlite_where=_IS_THERE, postgresql_where=_IS_THERE),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    how: Mapped[str]
    status: Mapped[int]
    mime: Mapped[str]
    taken_at: Mapped[datetime]
    file: Mapped[str]
    offset: Mapped[Big]
    length: Mapped[Big]
    sha256: Mapped[str]
    size: Mapped[Big]
    ip_address: Mapped[str]
    is_specimen: Mapped[bool]
    expired_in: Mapped[int | None]
    sealed_in: Mapped[int | None]


class PageRecord(Base):
    """One page of a run, read or not; written once."""

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    number: Mapped[int]
    requested_url: Mapped[str]
    url: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    total: Mapped[Big | None]
    listings: Mapped[int]
    lost: Mapped[int]
    capture_id: Mapped[str | None] = mapped_column(ForeignKey("captures.id"))
    seen_at: Mapped[datetime]


_IS_FLAGGED = text("flagged_id IS NOT NULL")
_IS_FRESH = text("flagged_id IS NOT NULL AND (led_upto IS NULL OR led_upto <> flagged_id)")


def _lead_index(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=_IS_FLAGGED, postgresql_where=_IS_FLAGGED)


class ListingRow(Base):
    """What is the same in every sighting of a listing, and where the lead it makes is found.

    `flagged_id` is the row of its latest exhibit with findings, `points` the highest of those.
    No foreign key: exhibits already point here, and neither could be written first.
    Whatever is flagged is in a group; `placed_as` digests what it was placed there for. `lead_id` is the lead that
    people work on, which knows of its exhibits up to `led_upto`. No foreign key there either. `shop` is `shop_of` its
    seller: a digest, for a seller's name may be longer than an index takes.
    """

    __tablename__ = "listings"
    __table_args__ = (
        _lead_index("ix_listings_newest", "flagged_id"),
        _lead_index("ix_listings_platform_newest", "platform", "flagged_id"),
        _lead_index("ix_listings_points", "points", "flagged_id"),
        _lead_index("ix_listings_platform_points", "platform", "points", "flagged_id"),
        _lead_index("ix_listings_group_id", "group_id", "platform", "flagged_id"),
        Index("ix_listings_fresh", "flagged_id", sqlite_where=_IS_FRESH, postgresql_where=_IS_FRESH),
        Index("ix_listings_lead_id", "lead_id"),
        Index("ix_listings_shop", "shop", "key"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str]
    seller: Mapped[str]
    seller_id: Mapped[str]
    item_id: Mapped[str]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    sightings: Mapped[int]
    flagged_id: Mapped[int | None]
    points: Mapped[int]
    group_id: Mapped[int | None]
    placed_as: Mapped[Big | None]
    lead_id: Mapped[int | None]
    led_upto: Mapped[int | None]
    shop: Mapped[Big] = mapped_column(server_default="0")


_HAS_POINTS = text("points > 0")
_HAS_PICTURE = text("picture_id IS NOT NULL")


class ExhibitRow(Base):
    """One sighting of one listing. `id` grows with time; `public_id` is the one people use."""

    __tablename__ = "exhibits"
    __table_args__ = (
        Index("ix_exhibits_flagged", "listing_key", "id", sqlite_where=_HAS_POINTS, postgresql_where=_HAS_POINTS),
        Index("ix_exhibits_listing_key_id", "listing_key", "id"),
        Index("ix_exhibits_picture_id", "picture_id", sqlite_where=_HAS_PICTURE, postgresql_where=_HAS_PICTURE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    listing_key: Mapped[str] = mapped_column(ForeignKey("listings.key"))
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    page_number: Mapped[int]
    capture_id: Mapped[str] = mapped_column(ForeignKey("captures.id"), index=True)
    picture_id: Mapped[str | None] = mapped_column(ForeignKey("captures.id"))
    position: Mapped[int]
    kind: Mapped[str]
    is_ad: Mapped[bool]
    is_redirect: Mapped[bool]
    title: Mapped[str]
    text: Mapped[str]
    url: Mapped[str]
    display_url: Mapped[str]
    seller: Mapped[str]
    price: Mapped[str]
    images: Mapped[list[Any]]
    text_digest: Mapped[str]
    points: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class FindingRow(Base):
    """One rule's verdict on one exhibit, for ever. It stands while no rejudgement has replaced it.

    `rejudged_in` is the rejudgement that made it, null for the judgement of its round.
    """

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_category_exhibit_id", "category", "exhibit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    exhibit_id: Mapped[int] = mapped_column(ForeignKey("exhibits.id"), index=True)
    rule: Mapped[str]
    rule_digest: Mapped[str]
    state: Mapped[str]
    category: Mapped[str]
    severity: Mapped[int]
    field: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    quote: Mapped[str]
    points: Mapped[int]
    needs: Mapped[int]
    pro: Mapped[list[Any]]
    contra: Mapped[list[Any]]
    articles: Mapped[list[Any]]
    tags: Mapped[list[Any]] = mapped_column(server_default="[]")
    image: Mapped[str] = mapped_column(server_default="")
    box: Mapped[list[Any]] = mapped_column(server_default="[]")
    rejudged_in: Mapped[int | None]
    replaced_in: Mapped[int | None]


class EntityRow(Base):
    """A phone, an account, a licence or a name in one exhibit."""

    __tablename__ = "entities"
    __table_args__ = (Index("ix_entities_kind_value", "kind", "value", "exhibit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    exhibit_id: Mapped[int] = mapped_column(ForeignKey("exhibits.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str]
    field: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]


def shop_of(platform: str, seller: str, seller_id: str) -> int:
    """A number for who sells on a platform, as far as the listing says; 0 when it does not."""
    named = seller_id or seller
    digest = hashlib.sha256(f"{platform}\0{named}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], signed=True) if named else 0


def encodable(value: Any) -> Any:
    """The value with a replacement character for each half surrogate pair and each NUL, which no database takes.

    Pages' scripts contain such halves. One character stays one character, so places in a text stay right.
    """
    if isinstance(value, str):
        return UNFIT.sub("\ufffd", value)
    if isinstance(value, tuple | list):
        return type(value)(encodable(one) for one in value)
    return value
