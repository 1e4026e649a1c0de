"""Reads what the index is to say of exhibits out of the rows it follows from. Nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.pictures import Fate
from storage.models import EntityRow, ExhibitRow, FindingRow, ListingRow
from storage.pictures import text_of
from storage.rows import STANDS
from storage.searching.documents import Cells, Indexed, json_of
from storage.tables.patrol import RosterRow, WatchVersionRow
from storage.tables.pictures import PictureRow, PictureTextRow

LATEST = 2**32 - 1
"""The last second that fits; what is said to be of another time is of the nearest that does."""


def rows_after(connection: Connection, row: int, limit: int) -> tuple[int, ...]:
    """The next exhibits after this one."""
    query = select(ExhibitRow.id).where(ExhibitRow.id > row).order_by(ExhibitRow.id).limit(limit)
    return tuple(connection.execute(query).scalars())


def indexed(connection: Connection, rows: Sequence[int]) -> tuple[Indexed, ...]:
    """What the index is to say of these exhibits, in their order; those that are not there are left out."""
    query = (
        select(ExhibitRow.id, ExhibitRow.title, ExhibitRow.text, ExhibitRow.kind, ExhibitRow.seen_at)
        .add_columns(ExhibitRow.url, ExhibitRow.display_url, ExhibitRow.run_id, ListingRow.platform, ListingRow.lead_id)
        .join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
        .where(ExhibitRow.id.in_(rows))
        .order_by(ExhibitRow.id)
    )
    found = connection.execute(query).all()
    entities, pictures = _entities(connection, rows), _pictures(connection, rows)
    findings, places = _findings(connection, rows), _places(connection, found)
    return tuple(
        Indexed(
            row=row.id,
            title=row.title,
            text=row.text,
            pictures=tuple(sorted(pictures[row.id])),
            entities=tuple(sorted(entities[row.id])),
            addresses=(row.url, row.display_url),
            cells=_cells(row, findings[row.id], places.get(row.run_id, "")),
        )
        for row in found
    )


def _cells(row: Row[Any], findings: set[tuple[str, str]], place: str) -> Cells:
    return Cells(
        platform=row.platform,
        kind=row.kind,
        place=place,
        categories=json_of(sorted({category for category, _ in findings})),
        rules=json_of(sorted({rule for _, rule in findings})),
        seen=min(max(int(row.seen_at.timestamp()), 0), LATEST),
        lead=row.lead_id or 0,
    )


def _entities(connection: Connection, rows: Sequence[int]) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    query = select(EntityRow.exhibit_id, EntityRow.value).where(EntityRow.exhibit_id.in_(rows))
    for row, value in connection.execute(query):
        if value:
            found[row].add(value)
    return found


def _findings(connection: Connection, rows: Sequence[int]) -> defaultdict[int, set[tuple[str, str]]]:
    found: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    query = select(FindingRow.exhibit_id, FindingRow.category, FindingRow.rule)
    for row, category, rule in connection.execute(query.where(FindingRow.exhibit_id.in_(rows), STANDS)):
        found[row].add((category, rule))
    return found


def _pictures(connection: Connection, rows: Sequence[int]) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    shown = select(PictureRow.exhibit_id, PictureRow.sha256)
    shown = shown.where(PictureRow.exhibit_id.in_(rows), PictureRow.state == Fate.READ.value)
    showing: defaultdict[str, set[int]] = defaultdict(set)
    for row, sha256 in connection.execute(shown):
        showing[sha256].add(row)
    texts = select(*PictureTextRow.__table__.columns).where(PictureTextRow.sha256.in_(sorted(showing)))
    for read in connection.execute(texts) if showing else ():
        for row in showing[read.sha256]:
            found[row].add(text_of(read).text)
    for texts_of_one in found.values():
        texts_of_one.discard("")
    return found


def _places(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, str]:
    query = (
        select(RosterRow.run_id, WatchVersionRow.place)
        .join(
            WatchVersionRow,
            (WatchVersionRow.watch_id == RosterRow.watch_id) & (WatchVersionRow.version == RosterRow.version),
        )
        .where(RosterRow.run_id.in_({row.run_id for row in rows}))
    )
    return {row.run_id: row.place for row in connection.execute(query)}
