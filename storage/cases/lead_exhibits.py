"""What leads are made of: flagged listings, each by its newest exhibit, with what stands about it.

Only findings of active rules that no rejudgement replaced make a lead; what is on trial is shown elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from storage.bulk import batches
from storage.cases.lead_shapes import FreshListing, LedExhibit
from storage.models import CaptureRow, ExhibitRow, FindingRow, ListingRow
from storage.rows import STANDS
from storage.searching.stale import touch_lead_on, touch_led_on

ACTIVE = "active"
_LISTED: tuple[InstrumentedAttribute[Any], ...] = (
    ListingRow.key,
    ListingRow.platform,
    ListingRow.lead_id,
    ListingRow.led_upto,
    ListingRow.group_id,
    ExhibitRow.id,
    ExhibitRow.public_id,
    ExhibitRow.title,
    ExhibitRow.text,
    ExhibitRow.text_digest,
    ExhibitRow.seller,
    ExhibitRow.url,
    ExhibitRow.seen_at,
    CaptureRow.is_specimen,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What active rules say of one exhibit, the weightiest first."""

    categories: tuple[str, ...]
    rules: tuple[str, ...]
    points: int


_SILENT = Standing(categories=(), rules=(), points=0)


def fresh_listings(connection: Connection, limit: int) -> tuple[FreshListing, ...]:
    """The oldest of those that the leads do not know of as they are now; one without an active finding too."""
    is_fresh = ListingRow.led_upto.is_(None) | (ListingRow.led_upto != ListingRow.flagged_id)
    query = _listed().where(ListingRow.flagged_id.is_not(None), is_fresh)
    rows = connection.execute(query.order_by(ListingRow.flagged_id).limit(limit)).all()
    standing = _standing(connection, [row.id for row in rows])
    return tuple(
        FreshListing(
            platform=row.platform,
            lead_id=row.lead_id,
            known_upto=row.led_upto or 0,
            newest=_led(row, standing.get(row.id, _SILENT)),
        )
        for row in rows
    )


def led_exhibits(connection: Connection, leads: Sequence[int], limit: int) -> tuple[LedExhibit, ...]:
    """The newest exhibit of each listing of these leads, newest first, where active rules still say something."""
    query = _listed().where(ListingRow.lead_id.in_(leads)).order_by(ListingRow.flagged_id.desc())
    rows = connection.execute(query.limit(limit)).all()
    standing = _standing(connection, [row.id for row in rows])
    return tuple(_led(row, standing[row.id]) for row in rows if row.id in standing)


def exhibits_named(connection: Connection, names: Iterable[str]) -> tuple[LedExhibit, ...]:
    """These exhibits as they stand now, also where their listings have newer ones."""
    query: Select[Any] = select(*_LISTED).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    query = query.join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id)
    rows = [row for some in batches(sorted(set(names))) for row in _by_name(connection, query, some)]
    standing = _standing(connection, [row.id for row in rows])
    return tuple(_led(row, standing.get(row.id, _SILENT)) for row in rows)


def listings_of(connection: Connection, lead_id: int) -> frozenset[str]:
    """The keys of all listings of a lead, whatever stands about them."""
    return frozenset(connection.execute(select(ListingRow.key).where(ListingRow.lead_id == lead_id)).scalars())


def groups_of(connection: Connection, lead_id: int) -> frozenset[int]:
    """The groups of like ones that a lead's flagged listings are in, 0 for one that is in none."""
    query = select(ListingRow.group_id).where(ListingRow.lead_id == lead_id, ListingRow.flagged_id.is_not(None))
    return frozenset(group or 0 for group in connection.execute(query.distinct()).scalars())


def leads_of_groups(connection: Connection, groups: Sequence[int]) -> frozenset[int]:
    """The leads that have a listing in one of these groups of like ones."""
    query = select(ListingRow.lead_id).where(ListingRow.group_id.in_(groups), ListingRow.flagged_id.is_not(None))
    found = connection.execute(query.where(ListingRow.lead_id.is_not(None)).distinct()).scalars()
    return frozenset(one for one in found if one is not None)


def lead_listings(connection: Connection, known: Sequence[tuple[str, int | None, int]]) -> None:
    """Write down which lead each listing belongs to and up to which exhibit that lead knows it."""
    if known:
        touch_led_on(connection, [(key, lead) for key, lead, _ in known])
        place = update(ListingRow).where(ListingRow.key == bindparam("of"))
        place = place.values(lead_id=bindparam("lead"), led_upto=bindparam("upto"))
        connection.execute(place, [{"of": key, "lead": lead, "upto": upto} for key, lead, upto in known])


def hand_listings_on(connection: Connection, lead_id: int, to: int) -> None:
    """All listings of one lead belong to another from now on."""
    touch_lead_on(connection, lead_id)
    connection.execute(update(ListingRow).where(ListingRow.lead_id == lead_id).values(lead_id=to))


def _listed() -> Select[Any]:
    query: Select[Any] = select(*_LISTED).join(ExhibitRow, ExhibitRow.id == ListingRow.flagged_id)
    return query.join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id)


def _by_name(connection: Connection, query: Select[Any], names: Sequence[str]) -> Sequence[Row[Any]]:
    return connection.execute(query.where(ExhibitRow.public_id.in_(names)).order_by(ExhibitRow.id)).all()


def _standing(connection: Connection, exhibits: Sequence[int]) -> dict[int, Standing]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    columns: tuple[InstrumentedAttribute[Any], ...] = (
        FindingRow.exhibit_id,
        FindingRow.category,
        FindingRow.rule,
        FindingRow.points,
    )
    for some in batches(exhibits):
        query = select(*columns).where(FindingRow.exhibit_id.in_(some), STANDS, FindingRow.state == ACTIVE)
        for row in connection.execute(query.order_by(FindingRow.points.desc(), FindingRow.id)):
            found[row.exhibit_id].append(row)
    return {
        exhibit: Standing(
            categories=tuple(dict.fromkeys(row.category for row in rows)),
            rules=tuple(dict.fromkeys(row.rule for row in rows)),
            points=rows[0].points,
        )
        for exhibit, rows in found.items()
    }


def _led(row: Row[Any], standing: Standing) -> LedExhibit:
    return LedExhibit(
        row=row.id,
        exhibit=row.public_id,
        listing=row.key,
        group=row.group_id or 0,
        title=row.title,
        text=row.text,
        text_digest=row.text_digest,
        seller=row.seller,
        url=row.url,
        points=standing.points,
        seen_at=row.seen_at,
        categories=standing.categories,
        rules=standing.rules,
        is_specimen=row.is_specimen,
    )
