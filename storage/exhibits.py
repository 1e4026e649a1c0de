"""Writes down what a page showed, in one transaction; `ExhibitStore` is the whole of the store's rows.

The same page of the same run is written once, however often it is recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import Insert, insert

from crawler.captures import PaidOpening
from crawler.items import Entity, Exhibit, Exhibits
from crawler.pictures import WantedPicture
from storage.bulk import Bulk
from storage.care import Care, count_findings
from storage.care_shapes import Likeness
from storage.dialects import greatest, least
from storage.groups import place
from storage.late_showings import LateShowings
from storage.leads import Leads
from storage.models import EntityRow, ExhibitRow, ListingRow, PageRecord, encodable, shop_of
from storage.pictures import NEW_PICTURES, Pictures, picture_values
from storage.placing import Placing, contacts_of, seller_of
from storage.rejudging import Rejudgements
from storage.rounds import Rounds
from storage.rows import NEW_CAPTURES, NEW_FINDINGS, Values, capture_values, finding_values
from storage.showing_writes import (
    captures_of,
    end_openings,
    showing_values,
    visit_values,
    visits_of,
    write_showings,
    write_visits,
)
from storage.showings import Showings

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOfRows:
    """The rows of one page; what belongs to an exhibit gets its row id when it is written."""

    page: Values
    captures: list[Values]
    listings: list[Values]
    exhibits: list[Values]
    findings: list[tuple[int, Values]]
    entities: list[tuple[int, Values]]
    pictures: list[tuple[int, Values]]
    signatures: dict[int, tuple[int, ...]]
    visits: list[Values]
    showings: list[tuple[int, Values]]
    openings: tuple[PaidOpening, ...]


class ExhibitStore(Rounds, Leads, Pictures, Showings, LateShowings, Care, Rejudgements):
    """Rounds, runs, exhibits, leads, pictures, showings, rules' counts, overrides. `engine` comes from `storage.db`."""

    def record(
        self, exhibits: Exhibits, wanted: Sequence[WantedPicture] = (), likenesses: Sequence[Likeness] = ()
    ) -> int:
        """Write a page with all that was seen on it; returns the number of new exhibits.

        `wanted` are the pictures of its exhibits that wait to be read from now on. Without its
        likeness a flagged listing is a group of its own.

        Its run must be there. A page that is recorded already changes nothing, unless it says
        that it was read from another capture: that is a `ValueError`.
        """
        # The capture keeps the page's own bytes; a row gets a replacement character of the same length for what no
        # database takes. It is replaced before anything is compared, so that it is found again as it was written.
        rows = _encodable(_rows(exhibits, wanted, likenesses))
        with self._writer.begin() as connection:
            return _write(connection, rows)


def record_on(
    connection: Connection, exhibits: Exhibits, wanted: Sequence[WantedPicture], likenesses: Sequence[Likeness]
) -> int:
    """The same as `ExhibitStore.record`, within the caller's own transaction, which must hold the write lock."""
    return _write(connection, _encodable(_rows(exhibits, wanted, likenesses)))


def _write(connection: Connection, rows: PageOfRows) -> int:
    if _is_recorded(connection, rows.page):
        return 0
    NEW_CAPTURES.execute(connection, rows.captures)
    _NEW_PAGES.execute(connection, [rows.page])
    write_visits(connection, rows.visits)
    _write_exhibits(connection, rows)
    return len(rows.exhibits)


def _is_recorded(connection: Connection, page: Values) -> bool:
    query = select(PageRecord.capture_id).where(
        PageRecord.run_id == page["run_id"], PageRecord.number == page["number"]
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        return False
    if found.capture_id != page["capture_id"]:
        raise ValueError(f"page {page['number']} of run {page['run_id']} is recorded already, from another capture")
    return True


def _write_exhibits(connection: Connection, rows: PageOfRows) -> None:
    # The write lock is held, so nobody else takes these ids; they grow with time, and a
    # reader who walks them backwards sees the newest first without sorting.
    first = (connection.execute(select(func.max(ExhibitRow.id))).scalar_one() or 0) + 1
    flagged = {at for at, _ in rows.findings}
    for at, (listing, exhibit) in enumerate(zip(rows.listings, rows.exhibits, strict=True)):
        exhibit["id"] = first + at
        listing["flagged_id"] = first + at if at in flagged else None
    _SEEN_LISTINGS.execute(connection, rows.listings)
    _NEW_EXHIBITS.execute(connection, rows.exhibits)
    several = ((NEW_FINDINGS, rows.findings), (_NEW_ENTITIES, rows.entities), (NEW_PICTURES, rows.pictures))
    for bulk, found in several:
        bulk.execute(connection, [{**values, "exhibit_id": first + at} for at, values in found])
    write_showings(connection, [{**values, "exhibit_id": first + at} for at, values in rows.showings])
    end_openings(connection, rows.openings)
    if flagged:
        place(connection, _placings(rows))
        fired = [(values["rule"], values["rule_digest"]) for _, values in rows.findings]
        count_findings(connection, rows.page["run_id"], fired, rows.page["seen_at"])


def _placings(rows: PageOfRows) -> list[Placing]:
    """The listings with findings, each as its last exhibit on the page shows it."""
    categories: defaultdict[int, set[str]] = defaultdict(set)
    entities: defaultdict[int, list[Entity]] = defaultdict(list)
    for at, values in rows.findings:
        categories[at].add(values["category"])
    for at, values in rows.entities:
        entities[at].append(Entity(**values))
    found: dict[str, Placing] = {}
    for at, kinds in sorted(categories.items()):
        listing, exhibit = rows.listings[at], rows.exhibits[at]
        found[listing["key"]] = Placing(
            key=listing["key"],
            platform=listing["platform"],
            flagged=exhibit["id"],
            points=exhibit["points"],
            categories=frozenset(kinds),
            seller=seller_of(listing["platform"], listing["seller"], listing["seller_id"]),
            contacts=contacts_of(entities[at]),
            signature=rows.signatures.get(at, ()),
        )
    return list(found.values())


# -- the statements, made once ---------------------------------------------------------------------


def _seen_listings() -> Insert:
    statement = insert(ListingRow)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[ListingRow.key],
        set_={
            "seller": new.seller,
            "first_seen": least(ListingRow.first_seen, new.first_seen),
            "last_seen": greatest(ListingRow.last_seen, new.last_seen),
            "sightings": ListingRow.sightings + literal_column("1"),
            "flagged_id": func.coalesce(new.flagged_id, ListingRow.flagged_id),
            "points": case((new.flagged_id.is_not(None), new.points), else_=ListingRow.points),
        },
    )


_NEW_PAGES = Bulk(insert(PageRecord))
_SEEN_LISTINGS = Bulk(_seen_listings())
_NEW_EXHIBITS = Bulk(insert(ExhibitRow))
_NEW_ENTITIES = Bulk(insert(EntityRow))


# -- values to rows --------------------------------------------------------------------------------


def _rows(exhibits: Exhibits, wanted: Sequence[WantedPicture], likenesses: Sequence[Likeness]) -> PageOfRows:
    sightings, capture = exhibits.sightings, exhibits.sightings.capture
    if exhibits.exhibits and capture is None:
        raise ValueError("exhibits without a capture are no evidence")
    keys = [one.listing.key for one in exhibits.exhibits]
    numbered = list(enumerate(exhibits.exhibits))
    places = {one.id: place for place, one in numbered}
    return PageOfRows(
        page=_page(exhibits),
        captures=[capture_values(one) for one in (*([capture] if capture else []), *captures_of(exhibits))],
        listings=[_listing(one, key, exhibits) for key, one in zip(keys, exhibits.exhibits, strict=True)],
        exhibits=[_exhibit(one, key, exhibits) for key, one in zip(keys, exhibits.exhibits, strict=True)],
        findings=[(place, finding_values(found)) for place, one in numbered for found in one.findings],
        entities=[
            (place, {name: getattr(found, name) for name in ("kind", "value", "field", "start", "end")})
            for place, one in numbered
            for found in one.entities
        ],
        pictures=[(places[one.exhibit], picture_values(one, sightings.run, sightings.seen_at)) for one in wanted],
        signatures={places[one.exhibit]: one.signature for one in likenesses},
        visits=[visit_values(one, sightings.run, sightings.page_number) for one in visits_of(exhibits)],
        showings=[
            (places[one.exhibit], showing_values(one, keys[places[one.exhibit]], sightings.run, sightings.seen_at))
            for one in exhibits.showings
        ],
        openings=exhibits.openings,
    )


def _encodable(rows: PageOfRows) -> PageOfRows:
    def clean(values: Values) -> Values:
        return {name: encodable(value) for name, value in values.items()}

    return PageOfRows(
        page=clean(rows.page),
        captures=[clean(one) for one in rows.captures],
        listings=[clean(one) for one in rows.listings],
        exhibits=[clean(one) for one in rows.exhibits],
        findings=[(place, clean(one)) for place, one in rows.findings],
        entities=[(place, clean(one)) for place, one in rows.entities],
        pictures=[(place, clean(one)) for place, one in rows.pictures],
        signatures=rows.signatures,
        visits=[clean(one) for one in rows.visits],
        showings=[(place, clean(one)) for place, one in rows.showings],
        openings=rows.openings,
    )


def _page(exhibits: Exhibits) -> Values:
    sightings = exhibits.sightings
    reading = sightings.reading
    return {
        "run_id": sightings.run,
        "number": sightings.page_number,
        "requested_url": sightings.requested_url,
        "url": sightings.url,
        "outcome": reading.outcome.value,
        "reason": reading.reason,
        "detail": reading.detail,
        # A page may state any number; the database holds 64 bits.
        "total": None if reading.total is None else min(reading.total, _LARGEST),
        "listings": len(reading.listings),
        "lost": reading.lost,
        "capture_id": sightings.capture.id if sightings.capture else None,
        "seen_at": sightings.seen_at,
    }


def _points(exhibit: Exhibit) -> int:
    return max((finding.points for finding in exhibit.findings), default=0)


def _listing(exhibit: Exhibit, key: str, exhibits: Exhibits) -> Values:
    listing, seen_at = exhibit.listing, exhibits.sightings.seen_at
    return {
        "key": key,
        "platform": listing.platform,
        "seller": listing.seller,
        "seller_id": listing.seller_id,
        "item_id": listing.item_id,
        "first_seen": seen_at,
        "last_seen": seen_at,
        "sightings": 1,
        "points": _points(exhibit),
        "shop": shop_of(listing.platform, encodable(listing.seller), encodable(listing.seller_id)),
    }


def _exhibit(exhibit: Exhibit, key: str, exhibits: Exhibits) -> Values:
    listing, sightings = exhibit.listing, exhibits.sightings
    return {
        "public_id": exhibit.id,
        "listing_key": key,
        "run_id": sightings.run,
        "page_number": sightings.page_number,
        "capture_id": sightings.capture.id if sightings.capture else None,
        "picture_id": exhibits.visit.picture.id if exhibits.visit and exhibits.visit.picture else None,
        "position": listing.position,
        "kind": listing.kind.value,
        "is_ad": listing.is_ad,
        "is_redirect": listing.is_redirect,
        "title": listing.title,
        "text": listing.text,
        "url": listing.url,
        "display_url": listing.display_url,
        "seller": listing.seller,
        "price": listing.price,
        "images": listing.images,
        "text_digest": listing.text_digest,
        "points": _points(exhibit),
        "seen_at": sightings.seen_at,
    }
