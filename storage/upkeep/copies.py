"""What a migration may not begin without: on SQLite the database as it was, whole, beside the one that changes.

Another database server's is not ours to copy: there an older schema is refused until somebody upgrades on purpose.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from crawler.errors import UserMistake
from storage.folders import sync_folder
from storage.upkeep.copying import megabytes
from storage.whereabouts import SQLITE, shown

logger = logging.getLogger(__name__)
SUFFIX = ".before-"
MOVED = ".moved"
SPARE = 16 << 20  # bytes that stay free beside what is needed
# Tables are written anew in one transaction: of a large home of 0.1.0, database and log came to 1.7 times the database
# (docs/benchmarks.md).
GROWTH = 2
_PAGES = 4096  # at once


class Migration(Protocol):
    """What happens around a migration, inside its transaction: whatever either raises leaves the old schema."""

    def before(self, connection: Connection, revision: str, head: str) -> None:
        """Nothing has changed yet, and nobody else writes."""

    def after(self, connection: Connection) -> None:
        """All has changed, and nobody has seen it yet."""


class SafetyCopy:
    """What any command does that meets an older schema: keeps a copy of a file, and refuses a server's database."""

    def before(self, connection: Connection, revision: str, head: str) -> None:
        """Keep the copy, or say what to do."""
        url = connection.engine.url
        if connection.dialect.name != SQLITE:
            raise UserMistake(f"{shown(url)}：数据库的结构是 {revision}，这一版要 {head}：先运行 lantian upgrade")
        path = Path(url.database or "")
        kept = keep_copy(path, head)
        logger.warning("%s: schema %s becomes %s; as it was, it is kept as %s", path, revision, head, kept.name)

    def after(self, connection: Connection) -> None:
        """Nothing more: the schema's history is tested with every released version."""


def mark_of(path: Path) -> Path:
    """Beside a database that was moved elsewhere: where to."""
    return path.with_name(path.name + MOVED)


def refuse_moved(url: URL) -> None:
    """`UserMistake` for a file that was left behind by a move: two databases of one house would differ for ever."""
    if url.get_backend_name() != SQLITE or not url.database:
        return
    mark = mark_of(Path(url.database))
    try:
        there = mark.read_text(encoding="utf-8").strip()[:500]
    except FileNotFoundError:
        return
    shown_there = "".join(one if one.isprintable() else "?" for one in there)
    raise UserMistake(
        f"{shown(url)}：数据库已搬到 {shown_there}，这里是留下的旧的，不再打开。把环境变量 LANTIAN_DATABASE 设为搬到的"
        f"地址（如写在 /etc/lantian/environment）；确要回到这里的旧数据，先删去 {mark}"
    )


def keep_copy(path: Path, head: str) -> Path:
    """The database's file as it was last committed, safe under the name it returns; older copies are gone then.

    `UserMistake` where the disk has no room for it and for the migration; then nothing has changed.
    """
    refuse_narrow(path, copies=1)
    target = path.with_name(f"{path.name}{SUFFIX}{head}")
    part = target.with_name(f".{target.name}.part")
    try:
        _copy(path, part)
        part.rename(target)
        sync_folder(target.parent)
    except (OSError, sqlite3.Error) as wrong:
        raise UserMistake(f"{path}：升级前的副本写不成（{wrong}）；数据库没有改动") from None
    finally:
        part.unlink(missing_ok=True)
    for older in path.parent.glob(f"{path.name}{SUFFIX}*"):
        if older != target:
            older.unlink()
    return target


def refuse_narrow(path: Path, *, copies: int) -> None:
    """`UserMistake` where the disk has no room for so many copies of the database and for its migration."""
    needed = needed_beside(path, copies=copies)
    free = shutil.disk_usage(path.absolute().parent).free
    if free < needed:
        raise UserMistake(
            f"{path}：升级需要 {megabytes(needed)} 的空闲空间，现有 {megabytes(free)}；数据库没有改动，请先腾出空间"
        )


def needed_beside(path: Path, *, copies: int) -> int:
    """Bytes that a migration of this file may take for a while, with so many copies of it."""
    log = path.with_name(f"{path.name}-wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    return size * (copies + GROWTH) + SPARE


def _copy(path: Path, part: Path) -> None:
    """Page by page from what is committed, also while somebody holds the write lock."""
    before = path.stat()
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as copy:
        # It has no name yet: until it is synced as a whole below, nothing rests on it.
        copy.execute("PRAGMA synchronous=OFF")
        source.backup(copy, pages=_PAGES)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.chmod(before.st_mode & 0o7777)
    if os.geteuid() == 0:
        os.chown(part, before.st_uid, before.st_gid)
