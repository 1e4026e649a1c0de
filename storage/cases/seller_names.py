"""Under which names an actor's listings sold. An identity's own row knows the newest name alone; exhibits keep each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select, text

from storage.models import ExhibitRow, ListingRow
from storage.tables.leads import LeadRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerName:
    """A seller's name as flagged listings of an actor's leads showed it, and when last."""

    platform: str
    name: str
    last_seen: datetime


def seller_names(engine: Engine, actor: int, districts: Sequence[str], limit: int) -> tuple[SellerName, ...]:
    """At most so many, the one shown last first; within the asker's districts, where he has some."""
    last = func.max(ExhibitRow.seen_at).label("last_seen")
    query = (
        select(ListingRow.platform, ExhibitRow.seller.label("name"), last)
        .select_from(LeadRow)
        .join(ListingRow, ListingRow.lead_id == LeadRow.id)
        .join(ExhibitRow, ExhibitRow.listing_key == ListingRow.key)
        # Written out, since a partial index is not used where the number is bound.
        .where(LeadRow.actor_id == actor, ExhibitRow.points > text("0"), ExhibitRow.seller != "")
        .group_by(ListingRow.platform, ExhibitRow.seller)
        .order_by(last.desc(), ListingRow.platform, ExhibitRow.seller)
    )
    if districts:
        query = query.where(LeadRow.district.in_(districts))
    with engine.connect() as connection:
        return tuple(SellerName(**row._mapping) for row in connection.execute(query.limit(limit)))
