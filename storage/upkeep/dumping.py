"""A database as it stood at one moment, as one file, and what its rows came to then; whoever writes is not stopped.

SQLite is copied page by page within one read; PostgreSQL is dumped by its own program in the snapshot that the facts
are read in. Nothing is migrated: a backup of an older schema is one.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import AuditHead, head_on
from storage.db import postgres_engine
from storage.models import ExhibitRow
from storage.shelving import Shelved
from storage.tables.keeping import ShelvedRow
from storage.tables.sealing import SealRow
from storage.tables.workers import HandedOverRow
from storage.upkeep.inventory import DATABASE, DUMP, Facts
from storage.whereabouts import POSTGRES, SQLITE, Place, said, shown, url_of

_PATH = "/usr/local/bin:/usr/bin:/bin"
_LONGEST = 400  # characters of what a program says is wrong


def dumped(place: Place, folder: Path) -> Facts:
    """Write the database into `folder`, not yet synced, and say what its rows came to at that moment."""
    url = url_of(place)
    try:
        if url.get_backend_name() == SQLITE:
            return _sqlite(Path(url.database or ""), folder / DATABASE)
        return _postgres(url, folder / DUMP)
    except DatabaseError as wrong:
        if url.get_backend_name() == SQLITE and not isinstance(wrong, OperationalError):
            raise EvidenceBroken(f"{shown(url)}：数据库读不出来：{said(url, wrong)}") from None
        raise UserMistake(f"{shown(url)}：数据库不能备份：{said(url, wrong)}") from None


def kind_of(place: Place) -> str:
    """`sqlite` or `postgresql`."""
    return url_of(place).get_backend_name()


def size_of(place: Place) -> int:
    """Bytes that a copy of the database comes to, 0 where only the server knows."""
    path = Path(url_of(place).database or "")
    return path.stat().st_size if kind_of(place) == SQLITE else 0


# -- SQLite ----------------------------------------------------------------------------------------


def _sqlite(path: Path, target: Path) -> Facts:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        # The copy is ours alone, so that it needs none of the locks that network disks do not know; it has no name yet,
        # and is synced as a whole before it gets one.
        alone = f"file:{quote(str(target.absolute()))}?nolock=1"
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(alone, uri=True)) as copy:
            copy.execute("PRAGMA journal_mode=OFF")
            copy.execute("PRAGMA synchronous=OFF")
            # All of it in one step, which is one read: a step more would begin anew whenever somebody wrote between.
            source.backup(copy, pages=-1)
    except sqlite3.DatabaseError as wrong:
        raise _as_disk(wrong, path, target) from None
    engine = still(target)
    with engine.connect() as connection:
        return facts_on(connection)


def _as_disk(wrong: sqlite3.DatabaseError, path: Path, target: Path) -> Exception:
    kinds = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_IOERR: errno.EIO}
    if kind := kinds.get(wrong.sqlite_errorcode & 0xFF):
        return OSError(kind, f"数据库没有写完（{wrong}）", str(target))
    return EvidenceBroken(f"{path}：数据库读不出来：{wrong}")


def still(path: Path) -> Engine:
    """An engine on a file that nobody writes: it leaves nothing beside it."""
    where = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(where, uri=True), poolclass=NullPool)


# -- PostgreSQL ------------------------------------------------------------------------------------


def _postgres(url: URL, target: Path) -> Facts:
    engine = postgres_engine(url)
    try:
        with engine.connect() as connection:
            # The dump may take longer than an idle transaction is let alone.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            snapshot = str(connection.execute(select(func.pg_export_snapshot())).scalar_one())
            facts = facts_on(connection)
            asked = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}")
            run("pg_dump", url, *asked, f"--dbname={address_of(url)}")
        target.chmod(0o600)
        return facts
    finally:
        engine.dispose()


def run(program: str, url: URL, *arguments: str) -> None:
    """One of PostgreSQL's own programs on this database; `UserMistake` where it is missing or refuses.

    The password goes through its environment: a command line is everybody's to read.
    """
    binary = shutil.which(program)
    if binary is None:
        raise UserMistake(f"没有找到 {program}：请安装 PostgreSQL 的客户端程序（apt-get install postgresql-client）")
    done = subprocess.run(  # noqa: S603 - our own words, and no shell
        [binary, "--no-password", *arguments],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        words = " ".join(done.stderr.split())[:_LONGEST]
        raise UserMistake(f"{shown(url)}：{program} 没有成功：{_hidden(url, words)}")


def address_of(url: URL) -> str:
    """The database as PostgreSQL's programs are told it on their command line: without the password."""
    plain = {name: value for name, value in url.query.items() if "password" not in name}
    place = URL.create(
        POSTGRES, username=url.username, host=url.host, port=url.port, database=url.database, query=plain
    )
    return place.render_as_string(hide_password=False)


def _environment(url: URL) -> dict[str, str]:
    """What the driver reads of the environment (PGPASSWORD, PGPASSFILE, ...) its programs read too."""
    all_of_it = os.environ  # noqa: TID251 - libpq's own names, which the driver reads in this process too
    kept = {name: value for name, value in all_of_it.items() if name.startswith("PG") or name == "HOME"}
    password = str(url.password or url.query.get("password") or "")
    return kept | {"PATH": _PATH, "LC_ALL": "C.UTF-8"} | ({"PGPASSWORD": password} if password else {})


def _hidden(url: URL, words: str) -> str:
    password = _environment(url).get("PGPASSWORD")
    return words.replace(password, "***") if password else words


# -- what the rows come to -------------------------------------------------------------------------


def facts_on(connection: Connection) -> Facts:
    """What this transaction sees, in whichever schema of ours; `UserMistake` in a database that is not ours."""
    tables = set(inspect(connection).get_table_names())
    if not {"alembic_version", "captures", "exhibits"} <= tables:
        raise UserMistake(f"{shown(connection.engine.url)}: 是数据库，但不是蓝天巡查的")
    seal = _newest_seal(connection) if SealRow.__tablename__ in tables else (0, "")
    return Facts(
        schema=str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()),
        exhibits=connection.execute(select(func.count()).select_from(ExhibitRow)).scalar_one(),
        number=seal[0],
        head=seal[1],
        audit=head_on(connection) if "audit" in tables else AuditHead(count=0, digest=""),
        shelf=tuple(_shelved(connection)) if ShelvedRow.__tablename__ in tables else (),
        workers=tuple(_with_workers(connection)) if HandedOverRow.__tablename__ in tables else (),
    )


def _newest_seal(connection: Connection) -> tuple[int, str]:
    query = select(SealRow.number, SealRow.sha256).order_by(SealRow.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return (row.number, row.sha256) if row else (0, "")


def _shelved(connection: Connection) -> Iterator[Shelved]:
    """Records that have left the home; manifests stay in it too."""
    query = select(ShelvedRow.file, ShelvedRow.size, ShelvedRow.sha256).where(~ShelvedRow.is_replaced)
    for row in connection.execute(query.where(ShelvedRow.file.not_like("manifests/%")).order_by(ShelvedRow.file)):
        yield Shelved(file=row.file, size=row.size, sha256=row.sha256)


def _with_workers(connection: Connection) -> Iterator[str]:
    query = select(HandedOverRow.file).where(HandedOverRow.collected_at.is_(None)).order_by(HandedOverRow.file)
    yield from connection.execute(query).scalars()
