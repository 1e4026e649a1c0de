"""An empty database on the home's own server for a test restore, gone afterwards; also when its maker died.

It drops none but such as were made for a test of this very database, and whose maker no longer lives.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from crawler.errors import UserMistake
from storage.db import postgres_engine
from storage.whereabouts import POSTGRES, said

_NAME = "lantian_test_"
_DIGITS = 15  # hexadecimal ones of a name that are its lock's key too: 60 bits, positive in a bigint


@contextmanager
def scratch_database(url: URL) -> Iterator[str]:
    """An empty database beside this one; `UserMistake` where we may not make one. A lock says that its maker lives."""
    engine = postgres_engine(url, poolclass=NullPool)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mine = _prefix(connection)
            _clear(connection, mine)
            name = mine + os.urandom(8).hex()[:_DIGITS]
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(name)})
            try:
                # The server's own encoding may be one that our texts do not go into.
                made = f"CREATE DATABASE {name} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
                connection.exec_driver_sql(made)
            except DatabaseError as wrong:
                why = said(url, wrong)
                raise UserMistake(f"不能建立试恢复用的空数据库（要有 CREATEDB 权限）：{why}") from None
            try:
                yield url.set(database=name, drivername=POSTGRES).render_as_string(hide_password=False)
            finally:
                _drop(url, name)
    finally:
        engine.dispose()


def _prefix(connection: Connection) -> str:
    """Of all that are made for tests of this database."""
    query = text("SELECT oid FROM pg_database WHERE datname = current_database()")
    return f"{_NAME}{connection.execute(query).scalar_one()}_"


def _key(name: str) -> int:
    return int(name[-_DIGITS:], 16)


def _clear(connection: Connection, mine: str) -> None:
    """One that is still used is left: whoever lost his lock with his connection is not dead for that."""
    query = text("SELECT datname FROM pg_database WHERE starts_with(datname, :mine) ORDER BY datname")
    for name in connection.execute(query, {"mine": mine}).scalars().all():
        tail = name.removeprefix(mine)
        if len(tail) != _DIGITS or not set(tail) <= set("0123456789abcdef"):
            continue
        if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)}).scalar_one():
            with suppress(DatabaseError):
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _key(name)})


def _drop(url: URL, name: str) -> None:
    """By a connection of its own: the one that holds the lock may have been lost in a long test."""
    engine = postgres_engine(url, poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
