"""What a listing said, and when: every wording of it once, with all its sightings counted; and all listings of a shop.

Versions are told as they were kept; what changed between two of them, somebody else says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select

from crawler.items import Listing
from storage.leads import exhibit_row, fitting
from storage.models import ExhibitRow, ListingRow
from storage.rows import EXHIBIT, listing_of, named_in

CAPTURES = 10  # that are named for one version


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One wording of a listing: what was the same in `times` sightings, the first of which is `exhibit`.

    `number` counts a listing's versions from 1 in the order in which each was first seen. `captures` are the newest,
    at most `CAPTURES`. `contacts` are kinds and values of what its first sighting names. With `came_back` another
    wording was seen in between.
    """

    number: int
    row: int
    exhibit: str
    listing_key: str
    listing: Listing
    first_seen: datetime
    last_seen: datetime
    times: int
    captures: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    came_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The newest versions of a listing before some point, newest first. `earlier` is the one before the last of
    them, where there is one; `total` counts all of the listing."""

    listing_key: str
    total: int
    found: tuple[Version, ...]
    earlier: Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Some listings of a shop in the order of their keys, each with its newest versions; `more` when others follow.

    Without `seller` and `seller_id` a listing does not say whose it is, and stands alone.
    """

    platform: str
    seller: str
    seller_id: str
    listings: tuple[Versions, ...]
    more: bool


class VersionHistory:
    """The versions of a home's listings. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, exhibit: str, limit: int, before: str = "") -> Versions:
        """Versions of the listing that an exhibit (id or beginning of it) shows, those before the one that first was
        the exhibit `before`."""
        with self._engine.connect() as connection, fitting():
            key = exhibit_row(connection, exhibit).listing_key
            upto = exhibit_row(connection, before).id if before else None
            return _versions(connection, key, limit, upto)

    def shop(self, exhibit: str, listings: int, versions: int, after: str = "") -> Shop:
        """The same for so many listings of the shop, those with keys after `after`."""
        with self._engine.connect() as connection, fitting():
            asked = exhibit_row(connection, exhibit)
            shop = select(ListingRow.shop, ListingRow.seller, ListingRow.seller_id)
            mine = connection.execute(shop.where(ListingRow.key == asked.listing_key)).one()
            keys = _keys(connection, mine.shop, after, listings + 1) if mine.shop else [asked.listing_key]
            return Shop(
                platform=asked.platform,
                seller=mine.seller,
                seller_id=mine.seller_id,
                listings=tuple(_versions(connection, key, versions, None) for key in keys[:listings]),
                more=len(keys) > listings,
            )


def _keys(connection: Connection, shop: int, after: str, limit: int) -> Sequence[str]:
    query = select(ListingRow.key).where(ListingRow.shop == shop, ListingRow.key > after)
    return connection.execute(query.order_by(ListingRow.key).limit(limit)).scalars().all()


def _versions(connection: Connection, key: str, limit: int, upto: int | None) -> Versions:
    rows = connection.execute(_query(key, limit + 1, upto)).all()
    shown = {row.id: row for row in connection.execute(_shown([row.first for row in rows]))}
    captures = _captures(connection, key, [shown[row.first].text_digest for row in rows])
    contacts = named_in(connection, shown)
    found = tuple(
        _version(row, shown[row.first], captures[shown[row.first].text_digest], contacts[row.first]) for row in rows
    )
    return Versions(
        listing_key=key,
        total=rows[0].total if rows else 0,
        found=found[:limit],
        earlier=found[limit] if len(found) > limit else None,
    )


def _query(key: str, limit: int, upto: int | None) -> Select[Any]:
    """One walk over the listing's own sightings, whatever page of its versions is asked for."""
    first = func.min(ExhibitRow.id)
    each = (
        select(
            ExhibitRow.text_digest,
            first.label("first"),
            func.max(ExhibitRow.id).label("last"),
            func.count().label("times"),
            func.min(ExhibitRow.seen_at).label("first_seen"),
            func.max(ExhibitRow.seen_at).label("last_seen"),
            func.row_number().over(order_by=first).label("number"),
            func.lead(first).over(order_by=first).label("next"),
            func.count().over().label("total"),
        )
        .where(ExhibitRow.listing_key == key)
        .group_by(ExhibitRow.text_digest)
        .subquery()
    )
    query = select(each).where(each.c.first < upto) if upto else select(each)
    return query.order_by(each.c.first.desc()).limit(limit)


def _shown(rows: Collection[int]) -> Select[Any]:
    return select(*EXHIBIT).join(ListingRow, ListingRow.key == ExhibitRow.listing_key).where(ExhibitRow.id.in_(rows))


def _captures(connection: Connection, key: str, digests: Sequence[str]) -> defaultdict[str, tuple[str, ...]]:
    """The newest captures of each of these wordings, the newest first."""
    newest = func.max(ExhibitRow.id)
    place = func.row_number().over(partition_by=ExhibitRow.text_digest, order_by=newest.desc()).label("place")
    each = select(ExhibitRow.text_digest, ExhibitRow.capture_id, place)
    each = each.where(ExhibitRow.listing_key == key, ExhibitRow.text_digest.in_(digests))
    several = each.group_by(ExhibitRow.text_digest, ExhibitRow.capture_id).subquery()
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    query = select(several).where(several.c.place <= CAPTURES).order_by(several.c.text_digest, several.c.place)
    for row in connection.execute(query):
        found[row.text_digest] = (*found[row.text_digest], row.capture_id)
    return found


def _version(
    row: Row[Any], shown: Row[Any], captures: tuple[str, ...], contacts: tuple[tuple[str, str], ...]
) -> Version:
    return Version(
        number=row.number,
        row=row.first,
        exhibit=shown.public_id,
        listing_key=shown.listing_key,
        listing=listing_of(shown),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        times=row.times,
        captures=captures,
        contacts=contacts,
        came_back=row.next is not None and row.last > row.next,
    )
