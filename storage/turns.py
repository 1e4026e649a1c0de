"""The ledger of turns that all processes and machines of one database share, and which hosts are left alone.

On PostgreSQL the turns stand in the shared database and its clock counts. Otherwise all processes are on one machine:
the turns stand in a file of their own and the machine's steady clock counts. That file is not synced: turns of before a
power cut are worth nothing, and waiting for a disk at every request would be. Cool-downs are worth keeping, so
they stand in the database itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from crawler.pace import Line
from storage.db import turn_to_wal, writing
from storage.models import encodable
from storage.tables.workers import CoolDownRow, HostTurnRow
from storage.whereabouts import POSTGRES

BUSY_MS = 30_000
FILE = "turns.db"

logger = logging.getLogger(__name__)

_LINE = (HostTurnRow.free_at, HostTurnRow.begun_at, HostTurnRow.looked_at)


class StoredTurns:
    """The lines in a database: one small transaction a step, and the clock is read under the host's lock."""

    def __init__(self, home: Path, engine: Engine) -> None:
        """`engine` is the one of the main database."""
        self._home = home
        # Whoever waited for a host's lock must see what the one before it wrote.
        is_shared = engine.dialect.name == POSTGRES
        self._shared = engine.execution_options(isolation_level="READ COMMITTED") if is_shared else None

    def reserve(self, host: str, delay: float) -> float:
        return self._step(host, lambda line, now: line.reserved(delay, now))

    def begin(self, host: str, delay: float) -> float:
        return self._step(host, lambda line, now: line.begun(delay, now))

    def rest(self, host: str, seconds: float) -> None:
        self._step(host, lambda line, now: (line.rested(seconds, now), 0.0))

    def close(self) -> None:
        if "_own" in self.__dict__:
            self._own.dispose()

    def _step(self, host: str, step: Callable[[Line, float], tuple[Line, float]]) -> float:
        name = encodable(host)
        with (self._shared or self._own).begin() as connection:
            if self._shared is not None:
                connection.execute(select(func.set_config("synchronous_commit", "off", True)))  # noqa: FBT003
            # Whoever comes first to a new host makes its row, so that there is something to lock.
            new = insert(HostTurnRow).values(host=name, **_columns(Line.at(self._now(connection))))
            connection.execute(new.on_conflict_do_nothing(index_elements=[HostTurnRow.host]))
            found = select(*_LINE).where(HostTurnRow.host == name).with_for_update()
            row = connection.execute(found).one()
            line = Line(free_at=row.free_at, begun_at=row.begun_at, looked_at=row.looked_at)
            line, wait = step(line, self._now(connection))
            connection.execute(update(HostTurnRow).where(HostTurnRow.host == name).values(_columns(line)))
        return wait

    def _now(self, connection: Connection) -> float:
        if self._shared is None:
            return time.monotonic()
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())

    @cached_property
    def _own(self) -> Engine:
        return _opened(self._home / FILE)


def _columns(line: Line) -> dict[str, float]:
    return {"free_at": line.free_at, "begun_at": line.begun_at, "looked_at": line.looked_at}


def _opened(path: Path) -> Engine:
    """The file of turns, made where there is none; one that cannot be read any more is replaced."""
    engine = _engine(path)
    try:
        _prepare(engine)
    except OperationalError:
        raise
    except DatabaseError as wrong:
        logger.warning("%s is no database any more and begins anew: %s", path, wrong.orig)
        engine.dispose()
        for beside in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + beside).unlink()
        engine = _engine(path)
        _prepare(engine)
    return engine


def _engine(path: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(engine: Engine) -> None:
    table: Table = HostTurnRow.metadata.tables[HostTurnRow.__tablename__]
    with engine.begin() as connection:
        table.create(connection, checkfirst=True)


def _settle(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    turn_to_wal(connection)
    connection.execute("PRAGMA synchronous=OFF")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


# -- hosts left alone ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolDown:
    """A host that refused us, until when it is left alone, and what it said."""

    host: str
    since: datetime
    until: datetime
    reason: str


class CoolDowns:
    """Which hosts are left alone, by everyone who uses this database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cool(self, host: str, until: datetime, reason: str, now: datetime) -> None:
        """Leave the host alone until then; the newest word counts."""
        values = {"since": now, "until": until, "reason": encodable(reason)}
        new = insert(CoolDownRow).values(host=encodable(host), **values)
        with writing(self._engine).begin() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=[CoolDownRow.host], set_=values))

    def cooling(self, host: str, now: datetime) -> CoolDown | None:
        """What was said of the host, if it holds now. A clock that was put back to before it was said ends it."""
        last = self.last(host)
        return last if last is not None and last.since <= now < last.until else None

    def last(self, host: str) -> CoolDown | None:
        """The newest word on the host, also one that holds no more."""
        query = select(*CoolDownRow.__table__.columns).where(CoolDownRow.host == encodable(host))
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return CoolDown(host=row.host, since=row.since, until=row.until, reason=row.reason) if row else None
