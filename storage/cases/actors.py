"""Who stands behind flagged listings: identities, joined into actors by what they share.

Whoever places holds the write lock (`storage.db.writing`); nothing here reads more than what was asked for touches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, exists, or_, select
from sqlalchemy.orm import aliased

from crawler.errors import UserMistake
from storage.cases.actor_history import history_on, tallies_on
from storage.cases.actor_shapes import History, Identity, Join, ShownContact, Tally
from storage.cases.appearances import Appearance, appearances_on
from storage.cases.identities import actors_of, known_identities, place_of, settle_on
from storage.cases.joins import Shown, show_on
from storage.cases.shapes import WorkedActor
from storage.leads import SHORTEST_PREFIX, exhibit_row
from storage.tables.actors import ActorRow, ContactRow, IdentityRow, JoinRow
from storage.tables.leads import LeadRow

MOST_ID = 2**31 - 1


def place_on(connection: Connection, keys: Sequence[str], now: datetime) -> Mapping[str, int]:
    """The actor of each of these listings that is flagged, by listing key; identities and joins are made as needed."""
    appearances = appearances_on(connection, keys)
    actors = appear_on(connection, list(appearances.values()), now)
    return dict(zip(appearances, actors, strict=True))


def appear_on(connection: Connection, appearances: Sequence[Appearance], now: datetime) -> list[int]:
    """The actor of each appearance, in their order."""
    identities = settle_on(connection, appearances, now)
    shown = [
        Shown(identity=identities[place_of(one)], contact=contact) for one in appearances for contact in one.contacts
    ]
    show_on(connection, shown, now)
    actors = actors_of(connection, sorted(set(identities.values())))
    return [actors[identities[place_of(one)]] for one in appearances]


class Actors:
    """The actors of one database as they are read. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def actor(self, number: int) -> WorkedActor:
        """The actor that this one is now; `UserMistake` for none."""
        with self._engine.connect() as connection:
            return _as_actor(_own(connection, ActorRow.id == number, str(number)))

    def named(self, word: str, districts: Sequence[str] = ()) -> WorkedActor:
        """One by its number or id, or by an exhibit of one of its listings (six characters at least).

        It is there for whom one of its leads is.
        """
        with self._engine.connect() as connection:
            row = _named(connection, word.strip())
            if districts and connection.execute(select(ActorRow.id).where(_within(row.id, districts))).first() is None:
                raise UserMistake(f"没有主体 {word.strip()}")
            return _as_actor(row)

    def newest(
        self, before: int = 0, limit: int = 50, *, joined: bool = False, districts: Sequence[str] = ()
    ) -> tuple[WorkedActor, ...]:
        """The newest first, from the one before `before`; `joined` only those of several identities."""
        query = select(ActorRow.__table__).where(ActorRow.merged_into.is_(None))
        if joined:
            others = select(ActorRow.merged_into).where(ActorRow.merged_into.is_not(None)).distinct()
            others = others.where(ActorRow.merged_into < before) if before else others
            some = others.order_by(ActorRow.merged_into.desc()).limit(limit).subquery()
            query = query.where(ActorRow.id.in_(select(some.c.merged_into)))
        query = query.where(ActorRow.id < before) if before else query
        query = query.where(_within(ActorRow.__table__.c.id, districts)) if districts else query
        with self._engine.connect() as connection:
            return tuple(map(_as_actor, connection.execute(query.order_by(ActorRow.id.desc()).limit(limit))))

    def identities(self, actor: int, limit: int) -> tuple[Identity, ...]:
        """Under which names it appeared, at most so many."""
        query = select(IdentityRow.__table__).where(IdentityRow.actor_id == actor).order_by(IdentityRow.id).limit(limit)
        with self._engine.connect() as connection:
            return tuple(Identity(**row._mapping) for row in connection.execute(query))

    def contacts(self, identities: Sequence[int], limit: int) -> tuple[ShownContact, ...]:
        """What these identities showed, at most so much."""
        query = select(ContactRow.__table__).where(ContactRow.identity_id.in_(identities)).order_by(ContactRow.id)
        with self._engine.connect() as connection:
            return tuple(ShownContact(**row._mapping) for row in connection.execute(query.limit(limit)))

    def shown_by(self, actors: Sequence[int], limit: int) -> tuple[ShownContact, ...]:
        """What these actors showed, at most so much."""
        query = select(ContactRow.__table__).join(IdentityRow, IdentityRow.id == ContactRow.identity_id)
        query = query.where(IdentityRow.actor_id.in_(actors)).order_by(ContactRow.id).limit(limit)
        with self._engine.connect() as connection:
            return tuple(ShownContact(**row._mapping) for row in connection.execute(query))

    def joins(self, identities: Sequence[int], limit: int) -> tuple[Join, ...]:
        """The joins of these identities, undone ones too, with the exhibits in which both showed the reason."""
        table = JoinRow.__table__
        with self._engine.connect() as connection:
            rows = {
                row.id: row
                for side in (JoinRow.one_id, JoinRow.other_id)
                for row in connection.execute(
                    select(table).where(side.in_(identities)).order_by(table.c.id).limit(limit)
                )
            }
            told = [rows[one] for one in sorted(rows)][:limit]
            return tuple(Join(**row._mapping, exhibits=_exhibits(connection, row)) for row in told)

    def tallies(self, actors: Sequence[int], districts: Sequence[str] = ()) -> Mapping[int, Tally]:
        """What is counted of each of these actors, within the asker's districts."""
        with self._engine.connect() as connection:
            return tallies_on(connection, actors, districts)

    def history(self, actor: int, districts: Sequence[str] = (), limit: int = 200) -> History:
        """What was held against it, within the asker's districts."""
        with self._engine.connect() as connection:
            return history_on(connection, actor, districts, limit)

    def joined_numbers(self, actor: int, limit: int) -> tuple[str, ...]:
        """The numbers of those that were joined to it."""
        query = select(ActorRow.number).where(ActorRow.merged_into == actor).order_by(ActorRow.id).limit(limit)
        with self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())


def _named(connection: Connection, word: str) -> Any:
    if word.isascii() and word.isdigit() and int(word) <= MOST_ID:
        return _own(connection, ActorRow.id == int(word), word)
    if len(word) >= SHORTEST_PREFIX and not word.upper().startswith("ZT-"):
        listing = exhibit_row(connection, word).listing_key
        for one in appearances_on(connection, [listing], bare=True).values():
            row = known_identities(connection, [one]).get(place_of(one))
            if row is not None:
                return _own(connection, ActorRow.id == row.actor_id, word)
    return _own(connection, ActorRow.number == word.upper(), word)


def _own(connection: Connection, which: ColumnElement[bool], word: str) -> Any:
    row = connection.execute(select(ActorRow.__table__).where(which)).one_or_none()
    if row is None:
        raise UserMistake(f"没有主体 {word}")
    return row if row.merged_into is None else _own(connection, ActorRow.id == row.merged_into, word)


def _within(actor: ColumnElement[int] | int, districts: Sequence[str]) -> ColumnElement[bool]:
    """Whether one of these districts has a lead of this actor, or of one that was joined to it."""
    its, taken_in = LeadRow.district.in_(districts), aliased(ActorRow)
    own = exists().where(LeadRow.actor_id == actor, its)
    others = exists().where(LeadRow.actor_id == taken_in.id, taken_in.merged_into == actor, its)
    return or_(own, others)


def _as_actor(row: Any) -> WorkedActor:
    return WorkedActor(**row._mapping)


def _exhibits(connection: Connection, join: Any) -> tuple[str, ...]:
    """Of the first identity, then of the other."""
    of = ContactRow.kind == join.kind, ContactRow.value == join.value
    query = select(ContactRow.identity_id, ContactRow.exhibit).where(*of)
    rows = connection.execute(query.where(ContactRow.identity_id.in_((join.one_id, join.other_id))))
    shown = {row.identity_id: row.exhibit for row in rows}
    return tuple(shown[one] for one in (join.one_id, join.other_id) if one in shown)
