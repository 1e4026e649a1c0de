"""Before a migration the database is copied, or refused; whatever goes wrong then, the old one is whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from test_archive import ROOT

from crawler.errors import EvidenceBroken, UserMistake
from storage.db import HEAD, open_database, schema_of
from storage.upkeep.copies import SafetyCopy, keep_copy, needed_beside

HOMES = Path(__file__).parent / "homes"
OPEN = "import sys; from storage.db import open_database; open_database(sys.argv[1]).dispose()"
UNSHARE = ["unshare", "-m", "sh", "-c"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The database of a home of 0.1.0."""
    path = tmp_path / "home" / "lantian.db"
    path.parent.mkdir()
    shutil.copyfile(HOMES / "0.1.0" / "lantian.db", path)
    return path


def copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.before-{HEAD}")


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(connection.iterdump())


def left(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()} - {"lantian.db-wal", "lantian.db-shm"}


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_an_older_schema_is_copied_before_it_changes(old: Path) -> None:
    before = dump(old)
    old.chmod(0o640)
    open_database(old).dispose()
    assert dump(copy_of(old)) == before
    assert copy_of(old).stat().st_mode & 0o7777 == 0o640
    assert left(old) == {"lantian.db", copy_of(old).name}
    assert (schema_of(copy_of(old)), schema_of(old)) == ("0001", HEAD)


def test_what_is_only_in_the_log_is_in_the_copy(old: Path) -> None:
    with closing(sqlite3.connect(old)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE rounds SET tool = '示例'")
        writer.commit()
        open_database(old).dispose()
    with closing(sqlite3.connect(copy_of(old))) as copy:
        assert set(copy.execute("SELECT tool FROM rounds")) == {("示例",)}


def test_a_new_database_and_one_at_our_schema_need_none(tmp_path: Path) -> None:
    path = tmp_path / "home" / "lantian.db"
    for _ in range(2):
        open_database(path).dispose()
        assert left(path) == {"lantian.db"}


def test_only_the_newest_copy_stays(old: Path) -> None:
    older = old.with_name("lantian.db.before-0007")
    older.write_bytes(b"older")
    open_database(old).dispose()
    assert not older.exists()
    assert copy_of(old).exists()


def test_the_copy_put_back_goes_on(old: Path) -> None:
    open_database(old).dispose()
    before = dump(old)
    copy_of(old).replace(old)
    open_database(old).dispose()
    assert dump(old) == before


def test_whoever_finds_it_wrong_before_the_commit_leaves_the_old_schema(old: Path) -> None:
    class Suspicious(SafetyCopy):
        def after(self, connection: object) -> None:
            raise EvidenceBroken("seen")

    before = dump(old)
    with pytest.raises(EvidenceBroken, match="seen"):
        open_database(old, Suspicious())
    assert dump(old) == before


def test_killed_in_the_middle_the_old_schema_is_whole(old: Path) -> None:
    script = (
        "import os, sys\nfrom sqlalchemy import event\nfrom sqlalchemy.engine import Engine\n"
        "@event.listens_for(Engine, 'before_cursor_execute')\n"
        "def die(connection, cursor, statement, *rest):\n"
        "    if 'CREATE TABLE search_marks' in statement.replace('\\n', ''): os.kill(os.getpid(), 9)\n"
    )
    before = dump(old)
    assert run(script + OPEN, old).returncode == -9
    assert dump(old) == before
    open_database(old).dispose()
    assert schema_of(old) == HEAD
    assert dump(copy_of(old)) == before


# -- disks that are full ---------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["copy", "migration"])
def test_a_file_that_may_not_grow_leaves_the_old_schema_whole(old: Path, limit: str) -> None:
    before = dump(old)
    size = old.stat().st_size // 2 if limit == "copy" else old.stat().st_size + 4096
    bound = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    said = run(bound + OPEN, old)
    assert said.returncode == 1
    assert "数据库没有改动" in said.stderr.splitlines()[-1]
    assert left(old) == {"lantian.db"} | ({copy_of(old).name} if limit == "migration" else set())
    assert dump(old) == before
    open_database(old).dispose()
    assert schema_of(old) == HEAD


def test_a_disk_without_room_is_said_before_anything_is_done(tmp_path: Path, old: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = needed_beside(old, copies=1) - (1 << 20)
    mount = f"mount -t tmpfs -o size={size} tmpfs {disk} && cp {old} {disk}"
    opened = f"'{sys.executable}' -c '{OPEN}' {disk}/lantian.db"
    after = f"ls -A {disk}; cmp {old} {disk}/lantian.db || exit 9"
    argv = [*UNSHARE, f"{mount} && {opened}; code=$?; {after}; exit $code"]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if "unshare" in ended.stderr or "mount" in ended.stderr:
        pytest.skip("no mount namespace may be made here")
    assert ended.returncode == 1
    assert "升级需要" in ended.stderr
    assert ended.stdout.split() == ["lantian.db"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(old: Path) -> None:
    old.parent.chmod(0o500)
    try:
        with pytest.raises(UserMistake, match="副本写不成"):
            keep_copy(old, HEAD)
    finally:
        old.parent.chmod(0o700)


# -- a server --------------------------------------------------------------------------------------


def test_a_servers_older_database_waits_for_an_upgrade(migrated_database: str) -> None:
    def ask(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(migrated_database, autocommit=True) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload]

    ask("UPDATE alembic_version SET version_num = '0022' RETURNING 1")
    with pytest.raises(UserMistake, match="先运行 lantian upgrade"):
        open_database(migrated_database)
    assert ask("SELECT version_num FROM alembic_version") == [("0022",)]
    assert schema_of(migrated_database) == "0022"
