"""Moves all rows from one database of ours to another one that is empty, in one transaction on either side.

The source is only read, and nobody writes to it meanwhile. The target has everything or nothing: before it is committed
every table is read back and held against what was sent. What the search makes of the rows is left to be made again.
"""

from __future__ import annotations

import hashlib
import os
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, inspect, select, text
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import EvidenceBroken, UserMistake
from storage import tables as rooms
from storage.bulk import Bulk
from storage.db import HEAD, schema_of, writing
from storage.folders import save
from storage.models import Base, encodable
from storage.upkeep.copies import mark_of
from storage.upkeep.sending import send_rows
from storage.whereabouts import SQLITE, Place, shown, url_of

DERIVED = "search_"  # what the search makes of the rows; the prefix of its tables
CHAINED = "audit"  # a row changed here would no longer be what its digest says
AT_ONCE = 2_000  # rows in memory
Tell = Callable[[int], None]
"""Called with how many more rows are read or written."""
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTable:
    """One table on both sides: SHA-256 over its rows in the order of their keys, as text that any database takes.

    `mended` counts rows in which a character that not every database takes was replaced, as it is whenever we write.
    """

    table: str
    rows: int
    sha256: str
    mended: int = 0


def all_tables() -> tuple[Table, ...]:
    """Every mapped table whose rows are not made of others', those first that others point to."""
    for module in pkgutil.iter_modules(rooms.__path__):
        import_module(f"{rooms.__name__}.{module.name}")
    return tuple(table for table in Base.metadata.sorted_tables if not table.name.startswith(DERIVED))


def refuse_target(source: Place, target: Place) -> None:
    """`UserMistake` unless the source is at our schema, and the target another database that is empty."""
    if schema_of(source) != HEAD:
        raise UserMistake(f"{shown(url_of(source))}：先运行 lantian upgrade，再搬")
    if url_of(source) == url_of(target):
        raise UserMistake("要搬到的就是现在的数据库")
    if schema_of(target) not in ("", HEAD):
        raise UserMistake(f"{shown(url_of(target))}：不是空的数据库，不覆盖")


def make_closed(target: Place) -> None:
    """A file of rows is nobody else's to read, whatever the process would make its files."""
    url = url_of(target)
    if url.get_backend_name() == SQLITE and url.database:
        with suppress(FileExistsError, FileNotFoundError):
            os.close(os.open(url.database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def mark_moved(source: Place, target: Place) -> None:
    """Whoever opens the file that was left behind is refused, and told where its rows are now. A server's database gets
    no mark: its address is a setting that somebody must change."""
    url = url_of(source)
    if url.get_backend_name() == SQLITE:
        save(mark_of(Path(url.database or "")), f"{shown(url_of(target))}\n".encode())


def rows_in(engine: Engine) -> int:
    """How many rows a move would take along."""
    with engine.connect() as connection:
        return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in all_tables())


def move(source: Engine, target: Engine, tell: Tell) -> tuple[MovedTable, ...]:
    """Move everything; `UserMistake` or `EvidenceBroken` says why nothing was moved.

    Each row is told twice: when it has been sent, and when it has been read back.
    """
    with writing(source).begin() as reader, writing(target).begin() as writer:
        for connection in (reader, writer):
            _prepare(connection)
        _refuse_unknown(reader)
        if full := _full(writer):
            return _moved_before(reader, writer, full, tell)
        moved = tuple(_send(reader, writer, table, tell) for table in all_tables())
        for table, sent in zip(all_tables(), moved, strict=True):
            _compare(writer, table, sent, tell)
    return moved


def _prepare(connection: Connection) -> None:
    if connection.dialect.name == SQLITE:
        # A row may point to one that comes later; at the commit none may.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    else:
        # While one side reads the other is idle.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def _refuse_unknown(connection: Connection) -> None:
    """A table that we do not know would be lost."""
    known = {table.name for table in all_tables()} | {"alembic_version"}
    unknown = [name for name in inspect(connection).get_table_names() if name not in known]
    strange = [name for name in unknown if not name.startswith((DERIVED, "sqlite_"))]
    if strange:
        raise UserMistake(f"数据库里有不认识的表，没有搬：{'、'.join(strange)}")


def _full(connection: Connection) -> str:
    """The first table that holds anything, empty for none."""
    filled = (one.name for one in all_tables() if connection.execute(select(one).limit(1)).first() is not None)
    return next(filled, "")


def _moved_before(reader: Connection, writer: Connection, full: str, tell: Tell) -> tuple[MovedTable, ...]:
    """A move that was killed after its commit is held against the source once more, and counts if all is there."""
    there = shown(writer.engine.url)
    audit = Base.metadata.tables[CHAINED]
    last = writer.execute(select(audit.c.act).order_by(audit.c.id.desc()).limit(1)).scalar()
    if last == "move":
        raise UserMistake(f"{there}：不是空的数据库，操作日志最后一条就是 move，已经搬完：把 LANTIAN_DATABASE 设为它")
    moved = []
    for table in all_tables():
        sent = _read(reader, table, tell)
        try:
            _compare(writer, table, sent, tell)
        except EvidenceBroken:
            raise UserMistake(
                f"{there}：不是空的数据库（{full} 里有数据，{table.name} 与要搬的不同），不覆盖。"
                "换一个空的；确认那里的不要了，PostgreSQL 用 dropdb、createdb 重建，文件则删去，再搬"
            ) from None
        moved.append(sent)
    return tuple(moved)


def _read(reader: Connection, table: Table, tell: Tell) -> MovedTable:
    """What a table comes to, as it would have been sent."""
    digest, mended = _Digest(), 0
    for raw in _batches(reader, table):
        clean: Rows = [encodable(row) for row in raw]
        mended += sum(one != other for one, other in zip(raw, clean, strict=True))
        digest.add(clean)
        tell(len(clean))
    return MovedTable(table=table.name, rows=digest.rows, sha256=digest.hexdigest(), mended=mended)


# -- one table -------------------------------------------------------------------------------------


def _send(reader: Connection, writer: Connection, table: Table, tell: Tell) -> MovedTable:
    digest, mended = _Digest(), 0
    batches = _batches(reader, table)

    def sent() -> Iterator[Rows]:
        nonlocal mended
        for raw in batches:
            clean: Rows = [encodable(row) for row in raw]
            mended += sum(one != other for one, other in zip(raw, clean, strict=True))
            if mended and table.name == CHAINED:
                raise EvidenceBroken(f"{table.name} 里有数据库不收的字符，改了就与其摘要不符：没有搬")
            digest.add(clean)
            yield clean
            tell(len(clean))

    if writer.dialect.name == SQLITE:
        bulk = Bulk(insert(table))
        names = [column.name for column in table.columns]
        for rows in sent():
            bulk.execute(writer, [dict(zip(names, row, strict=True)) for row in rows])
    else:
        send_rows(writer, table, sent())
        _go_on_counting(writer, table)
    return MovedTable(table=table.name, rows=digest.rows, sha256=digest.hexdigest(), mended=mended)


def _batches(connection: Connection, table: Table) -> Iterator[Rows]:
    """All rows in the order of their key, some at a time."""
    query = select(table).order_by(*table.primary_key.columns)
    settings = {"stream_results": True, "yield_per": AT_ONCE}
    for some in connection.execute(query, execution_options=settings).partitions():
        yield [tuple(row) for row in some]


def _go_on_counting(connection: Connection, table: Table) -> None:
    """A server numbers new rows from a counter of its own, which must stand behind the last of ours."""
    column = table.autoincrement_column
    if column is None:
        return
    last = connection.execute(select(func.max(column))).scalar_one()
    counter = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar_one()
    if last is not None and counter is not None:
        connection.execute(text("SELECT setval(:counter, :last)"), {"counter": counter, "last": last})


def _compare(connection: Connection, table: Table, sent: MovedTable, tell: Tell) -> None:
    digest = _Digest()
    for rows in _batches(connection, table):
        digest.add(rows)
        tell(len(rows))
    if (digest.rows, digest.hexdigest()) != (sent.rows, sent.sha256):
        raise EvidenceBroken(f"{table.name}：搬过去的 {digest.rows} 行与原来的 {sent.rows} 行不符，没有搬")


class _Digest:
    """SHA-256 over rows as Python writes them: one value has one form, whichever database it came from."""

    def __init__(self) -> None:
        self.rows = 0
        self._sha256 = hashlib.sha256()

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.rows += len(rows)
        self._sha256.update("".join(f"{row!r}\n" for row in rows).encode("utf-8", "surrogatepass"))

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()
