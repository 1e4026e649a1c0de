"""Opens the database at the newest schema, or refuses it: one newer than this code, or not ours at all.

On SQLite and PostgreSQL alike a commit that returned survives a power cut, what one transaction reads is of one
moment, and those that write take turns.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from sqlite3 import SQLITE_BUSY
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteTrouble
from typing import TYPE_CHECKING, Any

from psycopg import Connection as PostgresConnection
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from crawler.errors import UserMistake
from storage.folders import made
from storage.models import encodable
from storage.upkeep.copies import Migration, SafetyCopy, refuse_moved
from storage.whereabouts import POSTGRES, SQLITE, Place, said, shown, url_of

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

HEAD = "0023"
BUSY_MS = 30_000
BUSY_WAITS = (0.01,) * 100 + (0.1,) * 290  # seconds; together as long
MIGRATIONS = Path(__file__).parent / "migrations"
ENCODINGS = ("UTF8", "SQL_ASCII")  # the second keeps our bytes as they are
WRITERS = 0x6C616E7469616E  # the key of the writers' lock, in each database its own
_WRITES = "lantian_writes"
# json.dumps would build an encoder for every value.
_ENCODER = json.JSONEncoder(ensure_ascii=False)
# As SQLite is set: whoever waits too long for a lock is told. A machine that died keeps none for long.
_SESSION = f"""
    SELECT set_config('lock_timeout', '{BUSY_MS}', false),
        set_config('idle_in_transaction_session_timeout', '300000', false),
        set_config('timezone', 'UTC', false),
        CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
"""


def open_database(place: Place, migration: Migration | None = None) -> Engine:
    """An engine on a database at this code's schema, made or upgraded where needed.

    Takes a path, or an address of SQLite or PostgreSQL. `UserMistake` says why a database is refused. `migration`
    stands beside an upgrade; without one a file is copied first, and a server's database is refused.
    """
    url = url_of(place)
    if isinstance(place, Path) or "://" not in place:
        _make_folder(Path(place).parent)
    engine, was = _engine(url), HEAD
    try:
        was = _revision(engine)
        if was != HEAD:
            _upgrade(engine, migration or SafetyCopy())
    except OperationalError as wrong:
        engine.dispose()
        what = "数据库打不开" if was in ("", HEAD) else f"升级没有完成，数据库没有改动，结构仍是 {was}"
        raise UserMistake(f"{shown(url)}: {what}：{said(url, wrong)}") from None
    except DatabaseError as wrong:
        engine.dispose()
        why = "这不是数据库" if url.get_backend_name() == SQLITE else "数据库不能用"
        raise UserMistake(f"{shown(url)}: {why}：{said(url, wrong)}") from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_as_it_is(place: Place) -> Engine:
    """An engine on a database of ours of whatever schema, which stays as it is: for what has not changed since."""
    return _engine(url_of(place))


def schema_of(place: Place) -> str:
    """The revision of what lies there, and nothing is changed; empty where there is nothing."""
    url = url_of(place)
    if url.get_backend_name() == SQLITE and not Path(url.database or "").exists():
        return ""
    engine = _engine(url)
    try:
        return _revision(engine)
    except DatabaseError as wrong:
        raise UserMistake(f"{shown(url)}: 数据库打不开：{said(url, wrong)}") from None
    finally:
        engine.dispose()


def refuse_newer(place: Place | URL, revision: str) -> None:
    """`UserMistake` for a schema that a newer version wrote."""
    if revision and revision not in _known():
        url = place if isinstance(place, URL) else url_of(place)
        raise UserMistake(
            f"{shown(url)}：由更新的版本写成（结构 {revision}，这一版只认到 {HEAD}）；请升级，或恢复升级前的备份"
        )


def is_there(place: Place) -> bool:
    """Whether something was ever written there: a file, or in PostgreSQL our tables."""
    url = url_of(place)
    if url.get_backend_name() == SQLITE:
        return Path(url.database or "").exists()
    engine = _engine(url)
    try:
        return bool(_revision(engine))
    except DatabaseError as wrong:
        raise UserMistake(f"{shown(url)}: 数据库打不开：{said(url, wrong)}") from None
    finally:
        engine.dispose()


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock at once.

    A reader that turns writer half way cannot wait for another writer: SQLite fails it, PostgreSQL if they meet.
    """
    if engine.dialect.name == SQLITE:
        return engine.execution_options(**{_WRITES: True})
    # Nobody else writes while it holds the lock, and it must see what was written while it waited for it.
    return engine.execution_options(**{_WRITES: True}, isolation_level="READ COMMITTED")


def _as_written(value: Any) -> str:
    """JSON of the value, and no text in it that a database does not take."""
    written = _ENCODER.encode(value)
    if "\\u0000" in written or encodable(written) != written:
        return _ENCODER.encode(encodable(value))
    return written


def _make_folder(folder: Path) -> None:
    try:
        made(folder)
    except OSError as wrong:
        raise UserMistake(f"不能建立 {folder}：{wrong.strerror}") from None


# -- engines ---------------------------------------------------------------------------------------


def _engine(url: URL) -> Engine:
    refuse_moved(url)
    if url.get_backend_name() == SQLITE:
        engine = create_engine(url, json_serializer=_as_written)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = postgres_engine(url, json_serializer=_as_written)
    event.listen(engine, "begin", _begin_postgres)
    return engine


def postgres_engine(url: URL, **settings: Any) -> Engine:
    """An engine on PostgreSQL whose transactions each see one moment."""
    engine = create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True, **settings)
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: PostgresConnection[Any], _entry: ConnectionPoolEntry) -> None:
    connection.execute(_SESSION)
    connection.commit()


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def _prepare_sqlite(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    turn_to_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def turn_to_wal(connection: SqliteConnection) -> None:
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


# -- the schema --------------------------------------------------------------------------------


def _revision(engine: Engine) -> str:
    """The schema's revision, empty for an empty database."""
    with engine.connect() as connection:
        return _revision_on(connection)


def _revision_on(connection: Connection) -> str:
    tables = inspect(connection).get_table_names()
    if not tables:
        return ""
    if "alembic_version" not in tables or "captures" not in tables:
        raise UserMistake(f"{shown(connection.engine.url)}: 是数据库，但不是蓝天巡查的")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _settings() -> AlembicConfig:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_settings()).walk_revisions()}


def _upgrade(engine: Engine, migration: Migration) -> None:
    from alembic import command

    config = _settings()
    with writing(engine).begin() as connection:
        # Under the write lock: another process may have upgraded it since the first look.
        revision = _revision_on(connection)
        refuse_newer(connection.engine.url, revision)
        if revision == HEAD:
            return
        if engine.dialect.name == POSTGRES:
            _refuse_encoding(connection)
        if revision:
            migration.before(connection, revision, HEAD)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if engine.dialect.name == POSTGRES:
            _collate(connection)
        if revision:
            migration.after(connection)


def _refuse_encoding(connection: Connection) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding not in ENCODINGS:
        raise UserMistake(f"{shown(connection.engine.url)}: 数据库的编码是 {encoding}，要是 UTF8")


def _collate(connection: Connection) -> None:
    """Text is compared by its characters' codes, as SQLite does, whatever language the server was set up for.

    So beginnings are found in an index, and no index breaks when the server's system learns another order.
    """
    query = """
        SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
        USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
        AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C'
    """
    quote = connection.dialect.identifier_preparer.quote
    changes: defaultdict[str, list[str]] = defaultdict(list)
    for table, column in connection.exec_driver_sql(query):
        changes[quote(table)].append(f'ALTER COLUMN {quote(column)} TYPE text COLLATE "C"')
    for table, columns in changes.items():
        connection.exec_driver_sql(f"ALTER TABLE {table} {', '.join(columns)}")
