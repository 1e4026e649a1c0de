"""Leads as people work on them, as rows: registered, read back and counted. It decides nothing and moves nothing.

Every list walks an index from its newest end and stops at its limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, exists, func, insert, select

from crawler.errors import UserMistake
from storage.audit import Act, Signer, add_on
from storage.cases.lead_exhibits import led_exhibits
from storage.cases.lead_shapes import LedExhibit
from storage.cases.moves import State, Step
from storage.cases.numbers import is_number, next_number
from storage.cases.same_actor import joined_to
from storage.cases.shapes import LeadsWanted, Move, NewLead, WorkedLead
from storage.dialects import Elements
from storage.leads import SHORTEST_PREFIX, exhibit_row
from storage.models import ListingRow, encodable
from storage.people import OURSELVES
from storage.tables.leads import LeadRow, MoveRow

MOST_ID = 2**31 - 1
_LEAD = tuple(LeadRow.__table__.columns)
_MOVE = tuple(MoveRow.__table__.columns)
_EMPTY = {
    "merged_into": None,
    "case_id": None,
    "reopened": 0,
    "reason": "",
    **dict.fromkeys(("decided_by", "approved_by"), ""),
    **dict.fromkeys(("decided_at", "decision", "approved_at", "approval")),
    **dict.fromkeys(("told_at", "handled_at", "answered_at", "closed_at")),
}


class WorkedLeads:
    """The leads of one database. `engine` comes from `storage.db`. `districts` is always the asker's scope, none for
    the whole office; what is outside of it is not there."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def leads(self, wanted: LeadsWanted) -> tuple[WorkedLead, ...]:
        """Newest first."""
        with self.engine.connect() as connection:
            rows: list[Row[Any]] = []
            for query in _queries(connection, wanted):
                rows += connection.execute(query).all()
        newest = sorted(rows, key=lambda row: row.id, reverse=True)
        return tuple(lead_of(row) for row in newest[: wanted.limit])

    def lead(self, lead_id: int, districts: Sequence[str] = ()) -> WorkedLead:
        """One by its id; `UserMistake` for none."""
        with self.engine.connect() as connection:
            return _within(lead_on(connection, lead_id), districts, str(lead_id))

    def named(self, word: str, districts: Sequence[str] = ()) -> WorkedLead:
        """One by its number, its id, or an exhibit of it (six characters at least)."""
        with self.engine.connect() as connection:
            return _within(_named(connection, word.strip(), districts), districts, word)

    def exhibits(self, lead_id: int, limit: int = 1000) -> tuple[str, ...]:
        """The public ids of the newest flagged exhibit of each listing of a lead, newest first."""
        return tuple(one.exhibit for one in self.led(lead_id, limit))

    def led(self, lead_id: int, limit: int = 1000) -> tuple[LedExhibit, ...]:
        """The same with what stands about each; one about which only trial rules say something is none."""
        with self.engine.connect() as connection:
            return led_exhibits(connection, [lead_id], limit)

    def moves(self, lead_id: int) -> tuple[Move, ...]:
        """Every act upon a lead, in their order."""
        with self.engine.connect() as connection:
            return moves_on(connection, lead_id)

    def merged(self, lead_id: int) -> tuple[WorkedLead, ...]:
        """The leads that were merged into this one."""
        query = select(*_LEAD).where(LeadRow.merged_into == lead_id).order_by(LeadRow.id)
        with self.engine.connect() as connection:
            return tuple(lead_of(row) for row in connection.execute(query))

    def merged_after(self, lead_id: int, entry: int) -> tuple[tuple[int, str], ...]:
        """What was merged into a lead after this audit entry: the entries of that, and the numbers."""
        query = select(MoveRow.entry, LeadRow.number).join(LeadRow, LeadRow.id == MoveRow.lead_id)
        query = query.where(LeadRow.merged_into == lead_id, MoveRow.move == Step.MERGE.value, MoveRow.entry > entry)
        with self.engine.connect() as connection:
            return tuple((row.entry, row.number) for row in connection.execute(query.order_by(MoveRow.entry)))

    def counts(self, districts: Sequence[str] = ()) -> Mapping[str, int]:
        """How many leads are in each state; a state without any is told as 0."""
        query = select(LeadRow.state, func.count().label("leads")).group_by(LeadRow.state)
        query = query.where(LeadRow.district.in_(districts)) if districts else query
        with self.engine.connect() as connection:
            found = {row.state: row.leads for row in connection.execute(query)}
        return {state.value: found.get(state.value, 0) for state in State}

    def register(self, connection: Connection, new: NewLead, sign: Signer) -> WorkedLead:
        """Write a new lead within the caller's transaction, which must hold the write lock."""
        return register(connection, new, sign)


def register(connection: Connection, new: NewLead, sign: Signer) -> WorkedLead:
    """The lead's row, its first move and the audit entry; it gets the next number of its year."""
    number = next_number(connection, LeadRow.id, LeadRow.number, "X", new.registered_at)
    values = {
        "number": number,
        "source": new.source,
        "platform": new.platform,
        "actor_id": new.actor_id,
        "title": new.title,
        "seller": new.seller,
        "url": new.url,
        "categories": list(new.categories),
        "points": new.points,
        "note": new.note,
        "state": State.NEW.value,
        "state_at": new.registered_at,
        **{name: getattr(new, name) for name in ("district", "unit", "assignee", "reference", "office", "due_at")},
        "found_at": new.found_at,
        "registered_at": new.registered_at,
    }
    told = values | _EMPTY | ({"told_at": new.registered_at} if new.assignee else {})
    row = connection.execute(insert(LeadRow).values(**told).returning(*_LEAD)).one()
    detail = {"source": new.source, "platform": new.platform, "categories": list(new.categories)}
    act = Act(who=OURSELVES, act=f"lead_{Step.REGISTER}", subject=number, at=new.registered_at, detail=detail)
    signed = sign(act)
    entry = add_on(connection, signed)
    first = {"move": Step.REGISTER.value, "before": "", "after": State.NEW.value, "reason": "", "detail": []}
    connection.execute(insert(MoveRow).values(lead_id=row.id, by=signed.who, at=act.at, entry=entry, **first))
    return lead_of(row)


# -- reading -----------------------------------------------------------------------------------


def lead_on(connection: Connection, lead_id: int) -> WorkedLead:
    """One lead as this transaction sees it."""
    known = 0 < lead_id <= MOST_ID
    row = connection.execute(select(*_LEAD).where(LeadRow.id == lead_id)).one_or_none() if known else None
    if row is None:
        raise UserMistake(f"没有线索 {lead_id}")
    return lead_of(row)


def leads_on(connection: Connection, ids: Iterable[int]) -> tuple[WorkedLead, ...]:
    """Several, in the order of their ids; at most some hundreds are asked for at once."""
    query = select(*_LEAD).where(LeadRow.id.in_(sorted(set(ids)))).order_by(LeadRow.id)
    return tuple(lead_of(row) for row in connection.execute(query))


def leads_of_actors(connection: Connection, actors: Iterable[int]) -> Mapping[int, tuple[WorkedLead, ...]]:
    """The leads of each of these actors that were not merged into others, newest first, also of those joined to it."""
    roots = joined_to(connection, actors)
    query = select(*_LEAD).where(LeadRow.actor_id.in_(sorted(roots)), LeadRow.merged_into.is_(None))
    found: defaultdict[int, list[WorkedLead]] = defaultdict(list)
    for row in connection.execute(query.order_by(LeadRow.id.desc())):
        found[roots[row.actor_id]].append(lead_of(row))
    return {root: tuple(leads) for root, leads in found.items()}


def moves_on(connection: Connection, lead_id: int) -> tuple[Move, ...]:
    """Every act upon a lead as this transaction sees it."""
    query = select(*_MOVE).where(MoveRow.lead_id == lead_id).order_by(MoveRow.id)
    return tuple(Move(**{**row._mapping, "detail": tuple(row.detail)}) for row in connection.execute(query))


def lead_of(row: Row[Any]) -> WorkedLead:
    """The lead of a row that has all columns."""
    return WorkedLead(**{**row._mapping, "categories": tuple(row.categories)})


def _within(lead: WorkedLead, districts: Sequence[str], asked: str) -> WorkedLead:
    if districts and lead.district not in districts:
        raise UserMistake(f"没有线索 {asked}")
    return lead


def _named(connection: Connection, word: str, districts: Sequence[str]) -> WorkedLead:
    written = encodable(word)
    if is_number(written.upper()):
        row = connection.execute(select(*_LEAD).where(LeadRow.number == written.upper())).one_or_none()
        if row is None:
            raise UserMistake(f"没有线索 {word}")
        return lead_of(row)
    if written.isdecimal() and written.isascii() and int(written) <= MOST_ID:
        row = connection.execute(select(*_LEAD).where(LeadRow.id == int(written))).one_or_none()
        if row is not None:
            return lead_of(row)
    if len(written) < SHORTEST_PREFIX:
        raise UserMistake(f"没有线索 {word}")
    return _of_exhibit(connection, word, districts)


def _of_exhibit(connection: Connection, word: str, districts: Sequence[str]) -> WorkedLead:
    try:
        key = exhibit_row(connection, word).listing_key
    except UserMistake:
        if districts:  # whether there is such an exhibit elsewhere is not his to know
            raise UserMistake(f"没有线索 {word}") from None
        raise
    lead = connection.execute(select(ListingRow.lead_id).where(ListingRow.key == key)).scalar_one()
    if lead is None:
        raise UserMistake(f"没有线索 {word}")
    return lead_on(connection, lead)


def _queries(connection: Connection, wanted: LeadsWanted) -> Iterable[Select[Any]]:
    """One query a state, each of which walks the index of that state."""
    query = select(*_LEAD).where(*_asked(wanted)).order_by(LeadRow.id.desc()).limit(wanted.limit)
    if wanted.actor_id:
        query = query.where(LeadRow.actor_id.in_(joined_to(connection, [wanted.actor_id])))
    if not wanted.states:
        return (query,)
    return tuple(query.where(LeadRow.state == state) for state in dict.fromkeys(wanted.states))


def _asked(wanted: LeadsWanted) -> list[ColumnElement[bool]]:
    same = {
        LeadRow.source: wanted.source,
        LeadRow.platform: wanted.platform,
        LeadRow.assignee: wanted.assignee,
        LeadRow.district: wanted.district,
        LeadRow.case_id: wanted.case_id,
    }
    asked: list[ColumnElement[bool]] = [column == value for column, value in same.items() if value]
    if wanted.category:
        each = Elements(LeadRow.categories).table_valued("value")
        asked.append(exists().where(each.c.value == wanted.category))
    if wanted.districts:
        asked.append(LeadRow.district.in_(wanted.districts))
    if wanted.registered_from is not None:
        asked.append(LeadRow.registered_at >= wanted.registered_from)
    if wanted.registered_to is not None:
        asked.append(LeadRow.registered_at < wanted.registered_to)
    return [*asked, LeadRow.id < wanted.before] if wanted.before else asked
