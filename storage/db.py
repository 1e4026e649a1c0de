"""Opens the database at the newest schema, or refuses it: one newer than this code, or not ours at all.

SQLite runs in WAL with synchronous=FULL, so a commit that returned survives a power cut.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from sqlite3 import SQLITE_BUSY
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteTrouble

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from crawler.errors import UserMistake
from storage.folders import made

HEAD = "0016"
BUSY_MS = 30_000
BUSY_WAITS = (0.01,) * 100 + (0.1,) * 290  # seconds; together as long
MIGRATIONS = Path(__file__).parent / "migrations"
_WRITES = "lantian_writes"
# json.dumps would build an encoder for every value.
_AS_WRITTEN = json.JSONEncoder(ensure_ascii=False)


def open_database(url_or_path: str | Path) -> Engine:
    """An engine on a database at this code's schema, made or upgraded where needed.

    Takes a path or an SQLite URL. `UserMistake` says why a database is refused.
    """
    engine = create_engine(_url(url_or_path), json_serializer=_AS_WRITTEN.encode)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    try:
        if _revision(engine) != HEAD:
            _upgrade(engine)
    except OperationalError as wrong:
        raise UserMistake(f"{engine.url.render_as_string()}: 数据库打不开：{wrong.orig}") from None
    except DatabaseError as wrong:
        raise UserMistake(f"{engine.url.render_as_string()}: 这不是数据库：{wrong.orig}") from None
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock at once.

    A reader that turns writer half way cannot wait for another writer: SQLite fails it.
    """
    return engine.execution_options(**{_WRITES: True})


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, str) and "://" in url_or_path:
        try:
            url = make_url(url_or_path)
        except ArgumentError:
            raise UserMistake(f"{url_or_path} 不是数据库地址") from None
        if url.get_backend_name() != "sqlite":
            raise UserMistake(f"{url.render_as_string()}: 这一版只用 SQLite")
        return url
    path = Path(url_or_path)
    try:
        made(path.parent)
    except OSError as wrong:
        raise UserMistake(f"不能建立 {path.parent}：{wrong.strerror}") from None
    return URL.create("sqlite", database=str(path))


def _prepare_sqlite(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    _turn_to_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _turn_to_wal(connection: SqliteConnection) -> None:
    """Only the first to open a new database turns it, and SQLite does not wait for that one: it says busy at once."""
    for wait in (*BUSY_WAITS, 0.0):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except SqliteTrouble as wrong:
            if wrong.sqlite_errorcode & 0xFF != SQLITE_BUSY or not wait:
                raise
            time.sleep(wait)


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _revision(engine: Engine) -> str:
    """The schema's revision, empty for an empty database."""
    with engine.connect() as connection:
        return _revision_on(connection)


def _revision_on(connection: Connection) -> str:
    tables = inspect(connection).get_table_names()
    if not tables:
        return ""
    if "alembic_version" not in tables:
        raise UserMistake(f"{connection.engine.url.render_as_string()}: 是数据库，但不是蓝天巡查的")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with writing(engine).begin() as connection:
        # Under the write lock: another process may have upgraded it since the first look.
        revision = _revision_on(connection)
        if revision and revision not in known:
            raise UserMistake(
                f"{engine.url.render_as_string()}：由更新的版本写成（结构 {revision}，这一版只认到 {HEAD}）；"
                "请升级，或恢复升级前的备份"
            )
        if revision != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
