"""The rows behind a figure, a few words each, so that a number on paper can be opened as its list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.bulk import batches
from storage.cases.figure_rows import BATCH
from storage.models import ExhibitRow, ListingRow
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow, MoveRow
from storage.tables.letters import LetterRow

_Columns = tuple[InstrumentedAttribute[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One row: the number people know it by, when, what it is in its table's own word, its state, name and place."""

    id: int
    number: str
    at: datetime
    kind: str
    state: str
    name: str
    place: str


def behind(connection: Connection, of: str, ids: Sequence[int]) -> Iterator[Behind]:
    """The rows of a figure in its order; `of` is leads, letters, moves, actors or exhibits."""
    query, id_, told = _TABLES[of]
    for some in batches(ids, BATCH):
        rows = {row.id: row for row in connection.execute(query().where(id_.in_(some)))}
        yield from (told(rows[one]) for one in some)


def _leads() -> Select[Any]:
    wanted: _Columns = (LeadRow.id, LeadRow.number, LeadRow.registered_at, LeadRow.source, LeadRow.state, LeadRow.title)
    return select(*wanted, LeadRow.platform)


def _lead(row: Row[Any]) -> Behind:
    told = {"kind": row.source, "state": row.state, "name": row.title, "place": row.platform}
    return Behind(id=row.id, number=row.number, at=row.registered_at, **told)


def _letters() -> Select[Any]:
    wanted: _Columns = (
        LetterRow.id,
        LetterRow.number,
        LetterRow.drafted_at,
        LetterRow.sent_at,
        LetterRow.kind,
        LetterRow.state,
    )
    return select(*wanted, LetterRow.addressee, LetterRow.document)


def _letter(row: Row[Any]) -> Behind:
    told = {"kind": row.kind, "state": row.state, "name": row.addressee, "place": row.document}
    return Behind(id=row.id, number=row.number, at=row.sent_at or row.drafted_at, **told)


def _moves() -> Select[Any]:
    wanted: _Columns = (
        MoveRow.id,
        MoveRow.at,
        MoveRow.move,
        MoveRow.after,
        MoveRow.by,
        LeadRow.number,
        LeadRow.platform,
    )
    return select(*wanted).join(LeadRow, LeadRow.id == MoveRow.lead_id)


def _move(row: Row[Any]) -> Behind:
    told = {"kind": row.move, "state": row.after, "name": row.by, "place": row.platform}
    return Behind(id=row.id, number=row.number, at=row.at, **told)


def _actors() -> Select[Any]:
    wanted: _Columns = (
        ActorRow.id,
        ActorRow.number,
        ActorRow.made_at,
        ActorRow.kind,
        ActorRow.agency_kind,
        ActorRow.name,
    )
    return select(*wanted, ActorRow.agency, ActorRow.agency_status, ActorRow.province)


def _actor(row: Row[Any]) -> Behind:
    told = {"kind": row.kind or row.agency_kind, "state": row.agency_status, "name": row.agency or row.name}
    return Behind(id=row.id, number=row.number, at=row.made_at, place=row.province, **told)


def _exhibits() -> Select[Any]:
    wanted: _Columns = (ExhibitRow.id, ExhibitRow.public_id, ExhibitRow.seen_at, ExhibitRow.kind, ExhibitRow.title)
    return select(*wanted, ListingRow.platform).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)


def _exhibit(row: Row[Any]) -> Behind:
    told = {"kind": row.kind, "state": "", "name": row.title, "place": row.platform}
    return Behind(id=row.id, number=row.public_id, at=row.seen_at, **told)


_Table = tuple[Callable[[], Select[Any]], Any, Callable[[Row[Any]], Behind]]
_TABLES: dict[str, _Table] = {
    "leads": (_leads, LeadRow.id, _lead),
    "letters": (_letters, LetterRow.id, _letter),
    "moves": (_moves, MoveRow.id, _move),
    "actors": (_actors, ActorRow.id, _actor),
    "exhibits": (_exhibits, ExhibitRow.id, _exhibit),
}
