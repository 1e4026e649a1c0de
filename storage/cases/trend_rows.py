"""Flagged listings of a stretch of time with what was found in each: what the trend of mentions is drawn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.cases.figure_rows import Period, scoped, walked
from storage.models import ExhibitRow, FindingRow, ListingRow
from storage.rows import STANDS
from storage.tables.leads import LeadRow

ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One sighting of a flagged listing, with the categories that stand."""

    seen_at: datetime
    listing: str
    categories: frozenset[str]


def mentions(connection: Connection, period: Period) -> Iterator[Mention]:
    """By time; those of which nothing stands any more are none. Whoever has districts is told of their leads alone."""
    wanted: tuple[InstrumentedAttribute[Any], ...] = (ExhibitRow.id, ExhibitRow.seen_at, ExhibitRow.listing_key)
    query = select(*wanted).where(
        ExhibitRow.seen_at >= period.since, ExhibitRow.seen_at < period.until, ExhibitRow.points > 0
    )
    if period.districts:
        query = query.join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
        query = scoped(query.join(LeadRow, LeadRow.id == ListingRow.lead_id), period)
    for rows in walked(connection, query, (ExhibitRow.seen_at, ExhibitRow.id)):
        found: defaultdict[int, set[str]] = defaultdict(set)
        asked = select(FindingRow.exhibit_id, FindingRow.category).where(FindingRow.state == ACTIVE, STANDS)
        for one in connection.execute(asked.where(FindingRow.exhibit_id.in_([row.id for row in rows]))):
            found[one.exhibit_id].add(one.category)
        for row in rows:
            if found[row.id]:
                yield Mention(seen_at=row.seen_at, listing=row.listing_key, categories=frozenset(found[row.id]))
