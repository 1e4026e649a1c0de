"""The database is made, kept and refused as the schema's history says."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, create_engine, event, text
from sqlalchemy.engine import Engine
from storage_specimens import T0
from test_archive import ROOT

from crawler.errors import UserMistake
from storage.db import HEAD, MIGRATIONS, _prepare_sqlite, open_database, writing
from storage.exhibits import ExhibitStore
from storage.models import Base, Round
from storage.tables import (
    actors,
    alarms,
    backups,
    care,
    credentials,
    fixity,
    hand,
    keeping,
    leads,
    letters,
    patrol,
    people,
    pictures,
    rechecks,
    registry,
    reports,
    sealing,
    search,
    showings,
    supervision,
    workers,
)

# Tables are in the metadata once their modules are imported.
TABLES = (
    actors,
    alarms,
    backups,
    care,
    credentials,
    fixity,
    hand,
    keeping,
    leads,
    letters,
    patrol,
    people,
    pictures,
    rechecks,
    registry,
    reports,
    sealing,
    search,
    showings,
    supervision,
    workers,
)


def schema(engine: Engine) -> dict[str, list[str]]:
    """Every table and index as the parts of its SQL, without spacing and quotes."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        plain = {row.name: re.sub(r"[\s\"]+", "", row.sql).removesuffix(")") for row in rows}
    return {name: sorted(re.split(r",(?![a-z_,]+\))", sql)) for name, sql in plain.items() if name != "alembic_version"}


def test_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    migrated = open_database(tmp_path / "migrated.db")
    modelled = create_engine(f"sqlite:///{tmp_path / 'modelled.db'}")
    Base.metadata.create_all(modelled)
    assert schema(migrated) == schema(modelled)
    with migrated.connect() as connection:
        compared = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(compared, Base.metadata) == []
        Base.metadata.tables["rounds"].append_column(Column("drift", Integer))
        try:
            assert compare_metadata(compared, Base.metadata), "drift is seen"
        finally:
            Base.metadata.tables["rounds"]._columns.remove(Base.metadata.tables["rounds"].c.drift)
    migrated.dispose()
    modelled.dispose()


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    with engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.parametrize("form", ["path", "text", "url"])
def test_place_may_be_a_path_or_a_url(tmp_path: Path, form: str) -> None:
    path = tmp_path / "new folder %41" / "lantian.db"
    path.parent.mkdir()
    place = {"path": path, "text": str(path), "url": f"sqlite:///{path}".replace("%", "%25")}[form]
    if form == "url":
        path.parent.rmdir()
        path = tmp_path / "lantian.db"
        place = f"sqlite:///{path}"
    open_database(place).dispose()
    assert path.exists()


def test_folder_of_a_new_home_is_made(tmp_path: Path) -> None:
    open_database(tmp_path / "a" / "b" / "lantian.db").dispose()
    assert (tmp_path / "a" / "b" / "lantian.db").exists()


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    ExhibitStore(engine).begin_round(T0, "t", "")
    before = schema(engine)
    engine.dispose()
    again = open_database(tmp_path / "lantian.db")
    assert schema(again) == before
    with again.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM rounds")) == 1
    again.dispose()


def test_newer_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "lantian.db"
    open_database(path).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UserMistake, match=rf"更新的版本.*0999.*{HEAD}"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_foreign_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "foreign.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()
    with pytest.raises(UserMistake, match="不是蓝天巡查的"):
        open_database(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_what_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("包授权 " * 1000, encoding="utf-8")
    (tmp_path / "folder.db").mkdir()
    for place, why in (
        (tmp_path / "text.db", "不是数据库"),
        (tmp_path / "folder.db", "打不开"),
        (tmp_path / "text.db" / "under.db", "不能建立"),
        ("no://user:secret@where", "要以 sqlite:// 或 postgresql:// 开头"),
        ("postgresql+psycopg2://user:secret@where/lantian", "要以 sqlite:// 或 postgresql:// 开头"),
        ("://", "要以 sqlite:// 或 postgresql:// 开头"),
    ):
        with pytest.raises(UserMistake, match=why) as refused:
            open_database(place)
        assert "\n" not in str(refused.value)
        assert "secret" not in str(refused.value)


def test_interrupted_upgrade_leaves_nothing(tmp_path: Path) -> None:
    """Killed inside the first migration, the file is as it was; the next opening makes it whole."""
    script = (
        "import os, sqlite3, sys\n"
        "from sqlalchemy import event\n"
        "from sqlalchemy.engine import Engine\n"
        "@event.listens_for(Engine, 'before_cursor_execute')\n"
        "def die(connection, cursor, statement, *rest):\n"
        "    if 'CREATE TABLE findings' in statement.replace('\\n', ''): os.kill(os.getpid(), 9)\n"
        "from storage.db import HEAD, open_database\n"
        "open_database(sys.argv[1])\n"
    )
    path = tmp_path / "lantian.db"
    killed = subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    engine = open_database(path)
    assert "findings" in schema(engine)
    engine.dispose()


def test_many_may_open_a_new_database_at_one_instant(tmp_path: Path) -> None:
    """The first turns it to WAL, and SQLite tells the others at once that it is busy, whatever its timeout says."""
    together = threading.Barrier(6)

    def open_all() -> None:
        for number in range(100):
            together.wait(300)
            engine = create_engine(f"sqlite:///{tmp_path / str(number)}.db")
            event.listen(engine, "connect", _prepare_sqlite)
            engine.connect().close()
            engine.dispose()

    with ThreadPoolExecutor(6) as threads:
        for opened in [threads.submit(open_all) for _ in range(6)]:
            opened.result()


def test_side_by_side_openings_make_one_schema(tmp_path: Path) -> None:
    script = "import sys; from storage.db import HEAD, open_database; open_database(sys.argv[1]).dispose()"
    path = tmp_path / "lantian.db"
    children = [subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT) for _ in range(4)]
    assert [child.wait(timeout=300) for child in children] == [0, 0, 0, 0]


def test_writer_takes_its_lock_at_once(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    other = sqlite3.connect(tmp_path / "lantian.db", timeout=0)
    with writing(engine).begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    with engine.begin():
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    other.close()
    engine.dispose()


def test_foreign_keys_are_seen_to_hold(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    with pytest.raises(Exception, match="FOREIGN KEY"), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO pages"
                " (run_id, number, requested_url, url, outcome, reason, detail, listings, lost, seen_at)"
                " VALUES ('none', 1, '', '', 'ok', '', '', 0, 0, '2026-08-01 00:00:00.000000')"
            )
        )
    engine.dispose()


def test_moments_are_stored_as_utc_text(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    ExhibitStore(engine).begin_round(T0, "t", "")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT started_at FROM rounds")) == "2026-08-01 02:30:15.123456"
        assert connection.scalar(Round.__table__.select().with_only_columns(Round.started_at)) == T0
    engine.dispose()
