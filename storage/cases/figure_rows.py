"""The rows that figures are counted from: leads, acts and letters of a stretch of time, and of nothing else.

Every question walks an index over that stretch, so it costs what fell into it, however much there ever was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from storage.bulk import batches
from storage.models import ExhibitRow
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow

BATCH = 1000  # rows
_LEAD: tuple[InstrumentedAttribute[Any], ...] = (
    LeadRow.id, LeadRow.number, LeadRow.source, LeadRow.platform, LeadRow.district, LeadRow.categories, LeadRow.state,
    LeadRow.actor_id, LeadRow.registered_at, LeadRow.told_at, LeadRow.handled_at, LeadRow.answered_at,
    LeadRow.approved_at, LeadRow.reopened,
)  # fmt: skip
_LETTER: tuple[InstrumentedAttribute[Any], ...] = (
    LetterRow.id, LetterRow.number, LetterRow.kind, LetterRow.verb, LetterRow.state, LetterRow.drafted_at,
    LetterRow.sent_at, LetterRow.answered_at, LetterRow.due_at, LetterRow.reminds, LetterRow.escalated_at,
)  # fmt: skip
_LINK: tuple[InstrumentedAttribute[Any], ...] = (
    LetterLeadRow.letter_id, LetterLeadRow.lead_id, LetterLeadRow.exhibits, LetterLeadRow.measure,
    LetterLeadRow.answered_at, LetterLeadRow.recheck_id, LetterLeadRow.looks, LetterLeadRow.blocked,
    LetterLeadRow.gone_at, LetterLeadRow.back_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` on and before `until`; `districts` is the asker's scope, none for the whole office."""

    since: datetime
    until: datetime
    districts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """What is counted of a lead. `actor` is the row it is after all joins, 0 for none; `actor_kind` may be empty."""

    id: int
    number: str
    source: str
    platform: str
    district: str
    categories: tuple[str, ...]
    state: str
    actor: int
    actor_kind: str
    registered_at: datetime
    told_at: datetime | None
    handled_at: datetime | None
    answered_at: datetime | None
    approved_at: datetime | None
    reopened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFacts:
    """One act upon a lead; `district` is the lead's."""

    id: int
    lead_id: int
    move: str
    district: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """One lead in one letter. `exhibits` are rows of exhibits, so many links were named."""

    letter_id: int
    lead_id: int
    district: str
    platform: str
    exhibits: tuple[int, ...]
    measure: str
    answered_at: datetime | None
    recheck_id: int | None
    looks: int
    blocked: int
    gone_at: datetime | None
    back_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """One letter with those of its leads that the asker may see."""

    id: int
    number: str
    kind: str
    verb: str
    state: str
    drafted_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    due_at: datetime | None
    reminds: int | None
    escalated_at: datetime | None
    links: tuple[LinkFacts, ...]


class FigureRows:
    """Questions within one transaction, so that all figures of a report are of one moment."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def leads(self, period: Period) -> Iterator[LeadFacts]:
        """Those registered in the period, in that order."""
        at = (LeadRow.registered_at, LeadRow.id)
        query = scoped(select(*_LEAD), period)
        for rows in _walked(self.connection, query, at, period):
            actors = self._actors({row.actor_id for row in rows if row.actor_id})
            for row in rows:
                actor, kind = actors.get(row.actor_id, (0, ""))
                yield _lead(row, actor, kind)

    def acts(self, period: Period) -> Iterator[ActFacts]:
        """What was done in the period, in that order."""
        wanted: tuple[InstrumentedAttribute[Any], ...] = (
            MoveRow.id, MoveRow.lead_id, MoveRow.move, MoveRow.at, LeadRow.district,
        )  # fmt: skip
        query = scoped(select(*wanted).join(LeadRow, LeadRow.id == MoveRow.lead_id), period)
        for rows in _walked(self.connection, query, (MoveRow.at, MoveRow.id), period):
            for row in rows:
                yield ActFacts(id=row.id, lead_id=row.lead_id, move=row.move, district=row.district, at=row.at)

    def drafted(self, period: Period) -> Iterator[LetterFacts]:
        """Letters drafted in the period."""
        return self._letters(LetterRow.drafted_at, period)

    def sent(self, period: Period) -> Iterator[LetterFacts]:
        """Letters sent in the period."""
        return self._letters(LetterRow.sent_at, period)

    def approved_twice(self, actors: Iterable[int]) -> tuple[int, ...]:
        """Which of these actors have two leads or more that two people found true."""
        found: list[int] = []
        for some in batches(sorted(actors), BATCH):
            # A joined actor's leads may still lie with the rows it was joined from.
            roots = {one: one for one in some} | self._joined_to(some)
            query = select(LeadRow.actor_id, func.count().label("leads")).where(
                LeadRow.actor_id.in_(roots), LeadRow.approved_at.is_not(None)
            )
            counted: defaultdict[int, int] = defaultdict(int)
            for row in self.connection.execute(query.group_by(LeadRow.actor_id)):
                counted[roots[row.actor_id]] += row.leads
            found += [actor for actor, leads in counted.items() if leads > 1]
        return tuple(sorted(found))

    def _joined_to(self, actors: Sequence[int]) -> dict[int, int]:
        """Rows that were joined into these, and into which."""
        found: dict[int, int] = {}
        wave = {one: one for one in actors}
        while wave:
            query = select(ActorRow.id, ActorRow.merged_into).where(ActorRow.merged_into.in_(wave))
            rows = self.connection.execute(query).all()
            wave = {row.id: wave[row.merged_into] for row in rows if row.id not in found}
            found |= wave
        return found

    def _letters(self, at: InstrumentedAttribute[Any], period: Period) -> Iterator[LetterFacts]:
        for rows in _walked(self.connection, select(*_LETTER), (at, LetterRow.id), period):
            # A reminder names no leads of its own: whoever sees those of the letter it reminds of sees it.
            links = self._links([one for row in rows for one in (row.id, row.reminds) if one], period)
            for row in rows:
                if links[row.id] or links[row.reminds or 0] or not period.districts:
                    yield LetterFacts(**row._mapping, links=tuple(links[row.id]))

    def _links(self, letters: Sequence[int], period: Period) -> defaultdict[int, list[LinkFacts]]:
        found: defaultdict[int, list[LinkFacts]] = defaultdict(list)
        query = select(*_LINK, LeadRow.district, LeadRow.platform).join(LeadRow, LeadRow.id == LetterLeadRow.lead_id)
        query = scoped(query.where(LetterLeadRow.letter_id.in_(letters)), period)
        rows = self.connection.execute(query.order_by(LetterLeadRow.letter_id, LetterLeadRow.lead_id)).all()
        numbers = self._exhibits({one for row in rows for one in row.exhibits})
        for row in rows:
            exhibits = tuple(numbers[one] for one in row.exhibits if one in numbers)
            found[row.letter_id].append(LinkFacts(**dict(row._mapping) | {"exhibits": exhibits}))
        return found

    def _exhibits(self, public: set[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in batches(sorted(public), BATCH):
            query = select(ExhibitRow.public_id, ExhibitRow.id).where(ExhibitRow.public_id.in_(some))
            found |= {row.public_id: row.id for row in self.connection.execute(query)}
        return found

    def _actors(self, ids: set[int]) -> dict[int, tuple[int, str]]:
        """Each of these as it is after all joins, and its kind: as a person confirmed, else by the registry."""
        rows = {row.id: row for row in self._actor_rows(ids)}
        while missing := {row.merged_into for row in rows.values() if row.merged_into} - rows.keys():
            rows |= {row.id: row for row in self._actor_rows(missing)}
        return {one: _root(rows, one) for one in ids if one in rows}

    def _actor_rows(self, ids: Iterable[int]) -> list[Row[Any]]:
        wanted = (ActorRow.id, ActorRow.merged_into, ActorRow.kind, ActorRow.agency_kind)
        return list(self.connection.execute(select(*wanted).where(ActorRow.id.in_(sorted(ids)))))


def walked(
    connection: Connection, query: Select[Any], at: tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]
) -> Iterator[list[Row[Any]]]:
    """The rows of a query a batch at a time, by a moment and an id that the query returns; memory stays one batch."""
    moment, number = at
    after: tuple[datetime, int] | None = None
    while True:
        following = query.where(tuple_(moment, number) > after) if after else query
        rows = list(connection.execute(following.order_by(moment, number).limit(BATCH)))
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        after = (rows[-1]._mapping[moment.key], rows[-1]._mapping[number.key])


def _walked(
    connection: Connection,
    query: Select[Any],
    at: tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]],
    period: Period,
) -> Iterator[list[Row[Any]]]:
    return walked(connection, query.where(at[0] >= period.since, at[0] < period.until), at)


def scoped(query: Select[Any], period: Period) -> Select[Any]:
    """Of a query over leads what the asker may see."""
    return query.where(LeadRow.district.in_(period.districts)) if period.districts else query


def _root(rows: Mapping[int, Row[Any]], one: int) -> tuple[int, str]:
    row = rows[one]
    while row.merged_into:
        row = rows[row.merged_into]
    return row.id, row.kind or row.agency_kind


def _lead(row: Row[Any], actor: int, kind: str) -> LeadFacts:
    told = {name: value for name, value in row._mapping.items() if name != "actor_id"}
    return LeadFacts(**told | {"categories": tuple(row.categories), "actor": actor, "actor_kind": kind})
