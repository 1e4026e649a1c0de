"""Holds: a person's word that a listing is still needed, so that nothing of it expires; each is kept for ever.

While one is open the listing's case counts as open, as it does while its lead is not over. Whoever placed a hold
lifts it; another person's is lifted only by naming that person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Detail, add_on
from storage.bulk import batches
from storage.cases.moves import OVER
from storage.db import writing
from storage.leads import exhibit_row
from storage.models import ExhibitRow, ListingRow, encodable
from storage.tables.keeping import HoldRow
from storage.tables.leads import LeadRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold on a listing; `exhibit` and `title` are of its newest sighting. Open while `lifted_at` is `None`."""

    id: int
    listing: str
    exhibit: str
    title: str
    person: str
    reason: str
    placed_at: datetime
    lifted_at: datetime | None
    lifted_by: str


class Holds:
    """The holds in a database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def on_hold(self, keys: Collection[str]) -> frozenset[str]:
        """Those of these listings that are held now, by a person or since their lead is not over."""
        held: set[str] = set()
        with self.engine.connect() as connection:
            for some in batches(sorted(keys)):
                query = select(HoldRow.listing_key).where(HoldRow.listing_key.in_(some), HoldRow.lifted_at.is_(None))
                held.update(connection.execute(query).scalars())
                led = select(ListingRow.key).join(LeadRow, LeadRow.id == ListingRow.lead_id)
                led = led.where(ListingRow.key.in_(some), LeadRow.state.not_in(OVER))
                held.update(connection.execute(led).scalars())
        return frozenset(held)

    def place(self, exhibit: str, person: str, reason: str, at: datetime) -> int:
        """Hold the listing that this exhibit shows; the hold's number. One open hold a person and listing."""
        person, reason = _said("谁要求保留", person), _said("理由", reason)
        with self._writer.begin() as connection:
            row = exhibit_row(connection, exhibit)
            if _open(connection, row.listing_key, person):
                raise UserMistake(f"{person} 已要求保留这条信息")
            values = {"listing_key": row.listing_key, "person": person, "reason": reason, "placed_at": at}
            new = insert(HoldRow).values(**values, lifted_by="").returning(HoldRow.id)
            number = connection.execute(new).scalar_one()
            detail: Detail = {"hold": int(number), "reason": reason}
            add_on(connection, Act(who=person, act="hold", subject=row.public_id, at=at, detail=detail))
            return int(number)

    def lift(self, exhibit: str, person: str, at: datetime, of: str = "") -> int:
        """Lift the hold that `of` (or the person) placed; returns how many on this listing stay open."""
        person = _said("谁解除", person)
        whose = encodable(of.strip()) or person
        with self._writer.begin() as connection:
            row = exhibit_row(connection, exhibit)
            key, lifted = row.listing_key, _open(connection, row.listing_key, whose)
            if not lifted:
                raise UserMistake(f"{whose} 没有要求保留这条信息{_others(connection, key)}")
            change = update(HoldRow).where(HoldRow.id.in_(lifted)).values(lifted_at=at, lifted_by=person)
            connection.execute(change)
            detail = {"holds": [str(one) for one in lifted], "of": whose}
            add_on(connection, Act(who=person, act="release", subject=row.public_id, at=at, detail=detail))
            return len(_open(connection, key))

    def holds(self, *, with_lifted: bool = False) -> tuple[Hold, ...]:
        """All open holds, the oldest first; those that were lifted too if asked."""
        newest = select(func.max(ExhibitRow.id)).where(ExhibitRow.listing_key == HoldRow.listing_key)
        columns: list[Any] = [*HoldRow.__table__.columns, ExhibitRow.public_id, ExhibitRow.title]
        query = (
            select(*columns)
            .join(ListingRow, ListingRow.key == HoldRow.listing_key)
            .outerjoin(ExhibitRow, ExhibitRow.id == newest.correlate(HoldRow).scalar_subquery())
            .order_by(HoldRow.id)
        )
        if not with_lifted:
            query = query.where(HoldRow.lifted_at.is_(None))
        with self.engine.connect() as connection:
            return tuple(_hold(row) for row in connection.execute(query))


def _said(what: str, words: str) -> str:
    if not words.strip():
        raise UserMistake(f"要写明{what}")
    return str(encodable(words.strip()))


def _open(connection: Connection, key: str, person: str = "") -> Sequence[int]:
    query = select(HoldRow.id).where(HoldRow.listing_key == key, HoldRow.lifted_at.is_(None))
    return connection.execute(query.where(HoldRow.person == person) if person else query).scalars().all()


def _others(connection: Connection, key: str) -> str:
    query = select(HoldRow.person).where(HoldRow.listing_key == key, HoldRow.lifted_at.is_(None)).distinct()
    people = connection.execute(query).scalars().all()
    return f"；要求保留的是 {'、'.join(people)}，解除别人的要写明是谁的（--of）" if people else ""


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        listing=row.listing_key,
        exhibit=row.public_id or "",
        title=row.title or "",
        person=row.person,
        reason=row.reason,
        placed_at=row.placed_at,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
    )
