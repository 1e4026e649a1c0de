"""Sealed reporters as rows: bytes that nobody reads here. It has no key and asks for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, func, insert, select, update

from storage.audit import Act, Signer, add_on
from storage.tables.leads import LeadRow
from storage.tables.reports import ReporterRow

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Whoever reported a lead, sealed for its number; `key_id` says under which key."""

    id: int = 0
    lead: str
    sealed: bytes = field(repr=False)
    key_id: str
    at: datetime
    by: str


_SEALED = (
    ReporterRow.id,
    LeadRow.number.label("lead"),
    ReporterRow.sealed,
    ReporterRow.key_id,
    ReporterRow.at,
    ReporterRow.by,
)


def add_sealed(connection: Connection, lead_id: int, new: Sealed, sign: Signer) -> None:
    """One more reporter of this lead, in the transaction that registers it; the log says that, and not who."""
    row = {"lead_id": lead_id, "sealed": new.sealed, "key_id": new.key_id, "at": new.at, "by": new.by}
    connection.execute(insert(ReporterRow).values(row))
    act = Act(who=new.by, act="reporter_sealed", subject=new.lead, at=new.at, detail={"key": new.key_id})
    add_on(connection, sign(act))


def of_leads(connection: Connection, lead_ids: tuple[int, ...]) -> list[Sealed]:
    """Who reported these leads, in the order they did."""
    query = select(*_SEALED).join(LeadRow).where(ReporterRow.lead_id.in_(lead_ids)).order_by(ReporterRow.id)
    return [Sealed(**row._mapping) for row in connection.execute(query)]


class Reporters:
    """The sealed reporters of one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, *lead_ids: int) -> list[Sealed]:
        """Who reported these leads."""
        with self._engine.connect() as connection:
            return of_leads(connection, lead_ids)

    def behind(self, *lead_ids: int) -> list[Sealed]:
        """Who reported these leads, or any that was merged into one of them."""
        with self._engine.connect() as connection:
            every, last = set(lead_ids), set(lead_ids)
            while last:
                merged = select(LeadRow.id).where(LeadRow.merged_into.in_(last))
                last = set(connection.execute(merged).scalars()) - every
                every |= last
            return of_leads(connection, tuple(sorted(every)))

    def is_any(self) -> bool:
        """Whether anybody was ever sealed here."""
        with self._engine.connect() as connection:
            return connection.execute(select(ReporterRow.id).limit(1)).first() is not None

    def keys(self) -> Mapping[str, int]:
        """How many reporters are sealed under each key, by the key's id."""
        query = (
            select(ReporterRow.key_id, func.count().label("sealed"))
            .group_by(ReporterRow.key_id)
            .order_by(ReporterRow.key_id)
        )
        with self._engine.connect() as connection:
            return {row.key_id: row.sealed for row in connection.execute(query)}


def under_key(connection: Connection, key_id: str, after: int) -> list[Sealed]:
    """The next of those that this key sealed, behind the row `after`."""
    its = select(*_SEALED).join(LeadRow).where(ReporterRow.key_id == key_id, ReporterRow.id > after)
    return [Sealed(**row._mapping) for row in connection.execute(its.order_by(ReporterRow.id).limit(BATCH))]


def seal_again(connection: Connection, row_id: int, sealed: bytes, key_id: str) -> None:
    """The same reporter under another key; the transaction is the caller's."""
    its = update(ReporterRow).where(ReporterRow.id == row_id)
    connection.execute(its.values(sealed=sealed, key_id=key_id))
