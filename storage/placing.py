"""What decides where a lead belongs: what it says, in which categories it was found, and who stands behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.items import Entity
from storage.models import EntityRow, FindingRow
from storage.rows import ENTITY, STANDS, entity_of

CONTACTS = ("mobile", "phone", "wechat", "qq", "mail")  # in the order in which they are preferred
CONTACTS_AT_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A lead that needs a group: its latest flagged exhibit, and what decides where it belongs.

    Without a signature it is like nothing.
    """

    key: str
    platform: str
    flagged: int
    points: int
    categories: frozenset[str]
    seller: str
    contacts: tuple[str, ...]
    signature: tuple[int, ...]


def seller_of(platform: str, seller: str, seller_id: str) -> str:
    """Who sells, as far as the listing says; empty when it does not. Numbers belong to a platform, names do not."""
    return f"{platform}\0{seller_id}" if seller_id else seller


def contacts_of(entities: Iterable[Entity]) -> tuple[str, ...]:
    """The contacts that lead from one listing to another, a few of them."""
    found = sorted({(CONTACTS.index(one.kind), one.value) for one in entities if one.kind in CONTACTS})
    return tuple(f"{kind}\0{value}" for kind, value in found[:CONTACTS_AT_MOST])


def placing_of(connection: Connection, listing: Row[Any], signature: tuple[int, ...]) -> Placing:
    """Where a flagged listing belongs, by what stands in the rows; `listing` has all its columns."""
    exhibit = listing.flagged_id
    kinds = select(FindingRow.category).where(FindingRow.exhibit_id == exhibit, STANDS)
    entities = connection.execute(select(*ENTITY).where(EntityRow.exhibit_id == exhibit)).all()
    return Placing(
        key=listing.key,
        platform=listing.platform,
        flagged=exhibit,
        points=listing.points,
        categories=frozenset(connection.execute(kinds).scalars()),
        seller=seller_of(listing.platform, listing.seller, listing.seller_id),
        contacts=contacts_of(entity_of(row) for row in entities),
        signature=signature,
    )
