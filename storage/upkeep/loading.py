"""Opens the database of a home that was laid out of a backup: whole, saying what the backup's list says, at our schema.

A dump goes into a database of a server that is empty, all of it or nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from crawler.errors import EvidenceBroken, UserMistake
from storage.db import HEAD, open_database, postgres_engine
from storage.upkeep.dumping import address_of, facts_on, run, still
from storage.upkeep.inventory import DATABASE, DUMP, Facts, Inventory
from storage.whereabouts import POSTGRES, SQLITE, Place, shown, url_of


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
    engine = postgres_engine(url_of(place), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            taken = inspect(connection).get_table_names()
    except DatabaseError:
        raise UserMistake(f"{shown(url_of(place))}：数据库打不开") from None
    if taken:
        raise UserMistake(f"{shown(url_of(place))}：数据库不是空的，不覆盖")


@contextmanager
def opened_copy(home: Path, inventory: Inventory, place: Place) -> Iterator[Engine]:
    """The engine of a home that was just laid out; what does not come to an end leaves a server's database empty."""
    is_file = inventory.database == SQLITE
    if is_file:
        place = home / DATABASE
        _compare(_facts_of_file(place), inventory)
    try:
        if not is_file:
            _load(home, inventory, place)
        engine = open_database(place, AsItIs())
        try:
            yield engine
        finally:
            engine.dispose()
    except BaseException:
        if not is_file:
            _empty(place)
        raise


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


def _load(home: Path, inventory: Inventory, place: Place) -> None:
    url = url_of(place)
    asked = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    run("pg_restore", url, *asked, f"--dbname={address_of(url)}", str(home / DUMP))
    (home / DUMP).unlink()
    engine = postgres_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        _compare(facts_on(connection), inventory)


def _compare(found: Facts, inventory: Inventory) -> None:
    """What the rows come to, against what the list says; where files lie is compared by their names."""
    told = replace(inventory.facts, shelf=found.shelf, workers=found.workers)
    if found != told or {one.file for one in found.shelf} != {one.file for one in inventory.facts.shelf}:
        raise EvidenceBroken(f"备份中的数据库与备份清单不符：{found.exhibits} 个证据项，清单写 {told.exhibits} 个")


def _empty(place: Place) -> None:
    """Take away what was loaded: the database was empty before."""
    engine = postgres_engine(url_of(place), poolclass=NullPool)
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(name)} CASCADE")
