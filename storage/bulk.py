"""Many rows into one table by one prepared statement, and many ids in parts that a statement can bind.

SQLAlchemy's own work for each row took half the time of writing a page; here it compiles the
statement and gives the encoders, and the rows go to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects.postgresql import Insert

Encode = Callable[[Any], Any]
T = TypeVar("T")

AT_ONCE = 10_000  # SQLite binds 32 766 values in one statement


@dataclass(frozen=True, slots=True)
class _Prepared:
    sql: str
    names: tuple[str, ...]
    encoders: Mapping[str, Encode]
    is_positional: bool


class Bulk:
    """An insert statement for rows that all have the same columns; it may bind nothing but them."""

    def __init__(self, statement: Insert) -> None:
        self._statement = statement
        self._prepared: dict[str, _Prepared] = {}

    def execute(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write the rows; none is no work."""
        if not rows:
            return
        dialect = connection.dialect
        if dialect.name not in self._prepared:
            self._prepared[dialect.name] = self._prepare(dialect, list(rows[0]))
        prepared = self._prepared[dialect.name]
        columns = [_encoded([row[name] for row in rows], prepared.encoders.get(name)) for name in prepared.names]
        encoded = zip(*columns, strict=True)
        if prepared.is_positional:
            connection.exec_driver_sql(prepared.sql, list(encoded))
        else:
            connection.exec_driver_sql(prepared.sql, [dict(zip(prepared.names, one, strict=True)) for one in encoded])

    def _prepare(self, dialect: Dialect, keys: list[str]) -> _Prepared:
        compiled = self._statement.inline().compile(dialect=dialect, column_keys=keys)
        names = tuple(compiled.positiontup or compiled.bind_names.values())
        if sorted(names) != sorted(keys):
            raise ValueError(f"the statement binds {names}, the rows have {keys}")
        encoders = {}
        for name in names:
            encode = self._statement.table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
            if encode is not None:
                encoders[name] = encode
        return _Prepared(str(compiled), names, encoders, compiled.positional)


def batches(several: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Parts of so many, in their order."""
    return (several[start : start + size] for start in range(0, len(several), size))


def _encoded(values: list[Any], encode: Encode | None) -> list[Any]:
    if encode is None:
        return values
    # The moment of a page is one object in all its rows: it is encoded once.
    made: dict[int, Any] = {}
    for value in values:
        if id(value) not in made:
            made[id(value)] = encode(value)
    return [made[id(value)] for value in values]
