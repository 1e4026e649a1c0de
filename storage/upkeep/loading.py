"""Opens the database of a home that was laid out of a backup: whole, saying what the backup's list says, at our schema.

A dump goes into a database of a server that is empty, all of it or nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from crawler.errors import EvidenceBroken, UserMistake
from storage.alone import alone
from storage.db import HEAD, open_database, postgres_engine
from storage.upkeep.dumping import address_of, facts_on, run, still
from storage.upkeep.inventory import DATABASE, DUMP, Facts, Inventory
from storage.whereabouts import POSTGRES, SQLITE, Place, shown, url_of

RESTORES = 0x6C616E7472657374  # the key of the lock on a database that is being restored into
# Those of no extension, in the words that DROP FUNCTION understands.
_FUNCTIONS = text(
    "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace"
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
)


class AsItIs:
    """What stands beside the migration of a restored copy: the backup itself is the copy."""

    def before(self, connection: Connection, revision: str, head: str) -> None:
        """Nothing to keep."""

    def after(self, connection: Connection) -> None:
        """What follows proves it."""


def refuse_unreadable(inventory: Inventory, place: Place) -> None:
    """`UserMistake` for a backup of newer code, or one that belongs on another kind of database than `place`."""
    if inventory.facts.schema > HEAD:
        schema = inventory.facts.schema
        raise UserMistake(
            f"备份由更新的版本（{inventory.version}，结构 {schema}）写成，这一版只认到 {HEAD}：请先升级程序"
        )
    kind = url_of(place).get_backend_name()
    if (inventory.database, kind) == (POSTGRES, SQLITE):
        raise UserMistake("备份的数据库来自 PostgreSQL：把 LANTIAN_DATABASE 设为一个空的数据库")
    if (inventory.database, kind) == (SQLITE, POSTGRES):
        raise UserMistake("备份的数据库是 SQLite 文件：先不设 LANTIAN_DATABASE 恢复，再用 lantian move 搬到 PostgreSQL")
    if kind == POSTGRES:
        _refuse_full(place)


def _refuse_full(place: Place) -> None:
    try:
        with _connected(place) as connection:
            taken = [*inspect(connection).get_table_names(), *connection.execute(_FUNCTIONS).scalars()]
    except DatabaseError:
        raise UserMistake(f"{shown(url_of(place))}：数据库打不开") from None
    if taken:
        raise UserMistake(
            f"{shown(url_of(place))}：数据库不是空的，不覆盖。换一个空的数据库；"
            "如果里面是中断的恢复留下的，先 dropdb 删掉、createdb 重建，再恢复"
        )


@contextmanager
def _connected(place: Place) -> Iterator[Connection]:
    engine = postgres_engine(url_of(place), poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


@contextmanager
def opened_copy(home: Path, inventory: Inventory, place: Place) -> Iterator[Engine]:
    """The engine of a home that was just laid out; what does not come to an end leaves a server's database empty."""
    if inventory.database == SQLITE:
        place = home / DATABASE
        _compare(_facts_of_file(place), inventory)
        with _opened(place) as engine:
            yield engine
        return
    with alone(place, RESTORES) as is_ours:
        if not is_ours:
            raise UserMistake(f"{shown(url_of(place))}：另有一次恢复正在写入这个数据库")
        _refuse_full(place)  # once more: it may have been filled while the files were laid out
        _load(home, place)
        try:
            with _connected(place) as connection:
                _compare(facts_on(connection), inventory)
            with _opened(place) as engine:
                yield engine
        except BaseException:
            _empty(place)
            raise


@contextmanager
def _opened(place: Place) -> Iterator[Engine]:
    engine = open_database(place, AsItIs())
    try:
        yield engine
    finally:
        engine.dispose()


def _facts_of_file(path: Path) -> Facts:
    engine = still(path)
    try:
        with engine.connect() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
            if said != "ok":
                raise EvidenceBroken(f"备份中的数据库已损坏：{said}")
            if lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise EvidenceBroken(f"备份中的数据库不完整：{lost[0]} 缺少 {lost[2]}")
            return facts_on(connection)
    except (DatabaseError, sqlite3.DatabaseError) as wrong:
        raise EvidenceBroken(f"备份中的数据库读不出来：{wrong}") from None
    finally:
        engine.dispose()


def _load(home: Path, place: Place) -> None:
    """All of it or, where it raises, nothing: then what lies in the database is not ours to take away."""
    url = url_of(place)
    asked = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    run("pg_restore", url, *asked, f"--dbname={address_of(url)}", str(home / DUMP))
    (home / DUMP).unlink()


def _compare(found: Facts, inventory: Inventory) -> None:
    """What the rows come to, against what the list says; where files lie is compared by their names."""
    told = replace(inventory.facts, shelf=found.shelf, workers=found.workers)
    if found != told or {one.file for one in found.shelf} != {one.file for one in inventory.facts.shelf}:
        raise EvidenceBroken(f"备份中的数据库与备份清单不符：{found.exhibits} 个证据项，清单写 {told.exhibits} 个")


def _empty(place: Place) -> None:
    """Take away what we loaded: the database was empty before, and nobody else restores into it."""
    with _connected(place) as connection:
        quote = connection.dialect.identifier_preparer.quote
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(name)} CASCADE")
        for function in connection.execute(_FUNCTIONS).scalars().all():
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {function} CASCADE")
