"""False alarms that people dismissed, proposed as `lawful` examples of the rules that raised them; kept for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, exists, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Signer, add_on
from storage.bulk import batches
from storage.cases.lead_exhibits import ACTIVE
from storage.cases.lead_shapes import Example
from storage.models import ExhibitRow, FindingRow
from storage.rows import STANDS
from storage.tables.leads import ExampleRow

PROPOSED, TAKEN, REFUSED = "proposed", "taken", "refused"
_EXAMPLE = tuple(ExampleRow.__table__.columns)
_SHOWN: Select[Any] = select(*_EXAMPLE, ExhibitRow.kind).join(ExhibitRow, ExhibitRow.public_id == ExampleRow.exhibit)


class Examples:
    """The proposed examples of one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def examples(self, rule: str = "", state: str = PROPOSED, after: int = 0, limit: int = 200) -> tuple[Example, ...]:
        """In the order they were proposed; those of one rule, or in one state, if asked."""
        query = _SHOWN.where(ExampleRow.id > after).order_by(ExampleRow.id).limit(limit)
        query = query.where(ExampleRow.rule == rule) if rule else query
        query = query.where(ExampleRow.state == state) if state else query
        with self.engine.connect() as connection:
            return tuple(_example(row) for row in connection.execute(query))


def raised_by_text(connection: Connection, exhibits: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Each of these exhibits (their rows) with each active rule that its words, not its pictures, raised."""
    for some in batches(exhibits):
        query = select(FindingRow.exhibit_id, FindingRow.rule).where(FindingRow.exhibit_id.in_(some), STANDS)
        query = query.where(FindingRow.state == ACTIVE, FindingRow.image == "").distinct()
        for row in connection.execute(query.order_by(FindingRow.exhibit_id, FindingRow.rule)):
            yield row.exhibit_id, row.rule


def propose(connection: Connection, examples: Iterable[Example]) -> int:
    """Write down what is not proposed for its rule yet; how many that were. Ids and states are the store's to give."""
    new = 0
    for one in examples:
        known = exists().where(ExampleRow.rule == one.rule, ExampleRow.text == one.text)
        if not connection.execute(select(known)).scalar_one():
            values = {name: getattr(one, name) for name in Example.__slots__ if name not in ("id", "kind")}
            connection.execute(insert(ExampleRow).values(**values))
            new += 1
    return new


def settle(connection: Connection, number: int, state: str, at: datetime, sign: Signer) -> Example:
    """A person took the example into the rule's file, or refused it; once."""
    row = connection.execute(select(*_EXAMPLE).where(ExampleRow.id == number)).one_or_none()
    if row is None:
        raise UserMistake(f"没有第 {number} 号误报例")
    if row.state != PROPOSED:
        raise UserMistake(f"第 {number} 号误报例已由 {row.settled_by} 处理")
    act = Act(who="", act=f"example_{state}", subject=str(number), at=at, detail={"rule": row.rule})
    signed = sign(act)
    add_on(connection, signed)
    change = update(ExampleRow).where(ExampleRow.id == number)
    connection.execute(change.values(state=state, settled_at=at, settled_by=signed.who))
    return _example(connection.execute(_SHOWN.where(ExampleRow.id == number)).one())


def _example(row: Row[Any]) -> Example:
    return Example(**row._mapping)
