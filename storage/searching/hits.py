"""Reads the exhibits that are shown, with all that people see of a hit; nothing else of a search reads exhibits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from storage.models import EntityRow, ExhibitRow, FindingRow, ListingRow
from storage.rows import EXHIBIT, STANDS, listing_of
from storage.searching.columns import BLOCK, codes, values
from storage.searching.rowids import Rows
from storage.searching.shapes import Hit
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow
from storage.tables.search import LateWords

AT_ONCE = 1_000


def hits_of(connection: Connection, rows: Rows) -> tuple[Hit, ...]:
    """The hits of these exhibits, in their order; those that are not there any more are left out."""
    parts = [[int(row) for row in rows[start : start + AT_ONCE]] for start in range(0, len(rows), AT_ONCE)]
    return tuple(hit for some in parts for hit in _hits(connection, some))


def public_ids_of(connection: Connection, rows: Rows) -> tuple[str, ...]:
    """The ids that people use, in the order of the rows; of those that are not there any more, none."""
    found: list[str] = []
    for start in range(0, len(rows), AT_ONCE * 10):
        some = [int(row) for row in rows[start : start + AT_ONCE * 10]]
        query = select(ExhibitRow.id, ExhibitRow.public_id).where(ExhibitRow.id.in_(some))
        ids = {row.id: row.public_id for row in connection.execute(query)}
        found += [ids[row] for row in some if row in ids]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Lead:
    number: str
    state: str
    actor: str = ""
    actor_name: str = ""


_NO_LEAD = _Lead("", "")


def _hits(connection: Connection, wanted: Sequence[int]) -> list[Hit]:
    query: Select[Any] = select(*EXHIBIT, ListingRow.lead_id).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    rows = {row.id: row for row in connection.execute(query.where(ExhibitRow.id.in_(wanted)))}
    findings, entities = _findings(connection, wanted), _entities(connection, wanted)
    pictures, places = _pictures(connection, wanted), _places(connection, sorted(rows))
    leads = _leads(connection, sorted({row.lead_id for row in rows.values() if row.lead_id}))
    return [
        _hit(
            rows[one],
            findings[one],
            leads.get(rows[one].lead_id, _NO_LEAD),
            _Around(places[one], pictures.get(one, ()), tuple(entities[one])),
        )
        for one in wanted
        if one in rows
    ]


@dataclass(frozen=True, slots=True)
class _Around:
    place: str
    pictures: tuple[str, ...]
    entities: tuple[tuple[str, str], ...]


def _hit(row: Row[Any], findings: Sequence[tuple[str, str]], lead: _Lead, around: _Around) -> Hit:
    return Hit(
        row=row.id,
        exhibit=row.public_id,
        listing_key=row.listing_key,
        listing=listing_of(row),
        seen_at=row.seen_at,
        run=row.run_id,
        capture=row.capture_id,
        categories=tuple(dict.fromkeys(category for category, _ in findings)),
        rules=tuple(dict.fromkeys(rule for _, rule in findings)),
        points=row.points,
        lead=lead.number,
        state=lead.state,
        actor=lead.actor,
        actor_name=lead.actor_name,
        place=around.place,
        picture_texts=around.pictures,
        entities=around.entities,
    )


def _findings(connection: Connection, wanted: Sequence[int]) -> defaultdict[int, list[tuple[str, str]]]:
    """Categories and rules of what stands, the weightiest first."""
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    query = select(FindingRow.exhibit_id, FindingRow.category, FindingRow.rule)
    query = query.where(FindingRow.exhibit_id.in_(wanted), STANDS)
    for row, category, rule in connection.execute(query.order_by(FindingRow.points.desc(), FindingRow.id)):
        found[row].append((category, rule))
    return found


def _entities(connection: Connection, wanted: Sequence[int]) -> defaultdict[int, dict[tuple[str, str], None]]:
    found: defaultdict[int, dict[tuple[str, str], None]] = defaultdict(dict)
    query = select(EntityRow.exhibit_id, EntityRow.kind, EntityRow.value).where(EntityRow.exhibit_id.in_(wanted))
    for row, kind, value in connection.execute(query.order_by(EntityRow.id)):
        found[row][kind, value] = None
    return found


def _pictures(connection: Connection, wanted: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    query = select(LateWords.exhibit_id, LateWords.picture).where(LateWords.exhibit_id.in_(wanted))
    return {row: tuple(json.loads(texts)) for row, texts in connection.execute(query)}


def _places(connection: Connection, wanted: Sequence[int]) -> Mapping[int, str]:
    """Where each was looked for, as the index has it."""
    known = values(connection, "place")
    found: dict[int, str] = {}
    for _, several in groupby(wanted, lambda row: row // BLOCK):
        near = list(several)
        told = codes(connection, "place", near[0], near[-1])
        found |= {row: known[int(told[row - near[0]])] for row in near}
    return found


def _leads(connection: Connection, wanted: Sequence[int]) -> Mapping[int, _Lead]:
    query = select(LeadRow.id, LeadRow.number, LeadRow.state, LeadRow.actor_id).where(LeadRow.id.in_(wanted))
    rows = connection.execute(query).all()
    actors = _actors(connection, {row.actor_id for row in rows if row.actor_id})
    return {row.id: _Lead(row.number, row.state, *actors.get(row.actor_id, ("", ""))) for row in rows}


def _actors(connection: Connection, wanted: set[int]) -> Mapping[int, tuple[str, str]]:
    """Number and name of whom each of these rows of actors stands for by now."""
    into: dict[int, int] = {}
    named: dict[int, tuple[str, str]] = {}
    left = wanted
    while left:
        query = select(ActorRow.id, ActorRow.merged_into, ActorRow.number, ActorRow.name).where(ActorRow.id.in_(left))
        rows = connection.execute(query).all()
        named |= {row.id: (row.number, row.name) for row in rows if row.merged_into is None}
        into |= {row.id: row.merged_into for row in rows if row.merged_into is not None}
        left = {row.merged_into for row in rows if row.merged_into} - named.keys() - into.keys()
    return {one: named[_root(into, one)] for one in wanted if _root(into, one) in named}


def _root(into: Mapping[int, int], actor: int) -> int:
    while actor in into:
        actor = into[actor]
    return actor
