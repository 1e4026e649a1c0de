"""All rows go from one database to another, either way, whole or not at all; the source stays as it is."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Engine, Integer, LargeBinary, Table, event, func, insert, select, text
from sqlalchemy.types import JSON, BigInteger, Double
from storage_specimens import T0
from test_archive import ROOT

from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, AuditLog
from storage.db import HEAD, open_database, schema_of, writing
from storage.exhibits import ExhibitStore
from storage.models import Base, ExhibitRow, Moment
from storage.upkeep import moving
from storage.upkeep.moving import all_tables, move, refuse_target, rows_in

HOMES = Path(__file__).parent / "homes"
ROWS = 3
ODD = ("包授权 \U0001f600\n", "100%_'\"\\N \\. \t", "")
Opened = Callable[[Any], Engine]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens databases, and lets go of them after the test."""
    engines: list[Engine] = []

    def open_one(place: Any) -> Engine:
        engines.append(open_database(place))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.dispose()


@pytest.fixture
def source(tmp_path: Path, opened: Opened) -> Engine:
    """A file with some rows in every table."""
    engine = opened(tmp_path / "lantian.db")
    with writing(engine).begin() as connection:
        for table in all_tables():
            connection.execute(insert(table), [made(table, number) for number in range(1, ROWS + 1)])
    return engine


def made(table: Table, number: int) -> dict[str, Any]:
    """A row of this table that points to the row of this number wherever it points."""
    return {column.name: value_of(column, table, number) for column in table.columns}


def value_of(column: Any, table: Table, number: int) -> Any:
    if column.foreign_keys:
        (to,) = {key.column for key in column.foreign_keys}
        return value_of(to, to.table, number)
    if isinstance(column.type, Moment):
        return T0 + timedelta(microseconds=number)
    plain = {
        Boolean: number % 2 == 0,
        BigInteger: number + (1 << 40),
        Integer: number * 7,
        Double: number / 7,
        LargeBinary: bytes(range(256)) * number,
        JSON: [ODD[number % 3], {"b": number / 3, "a": [None, True]}],
    }
    found = [value for kind, value in plain.items() if isinstance(column.type, kind)]
    return found[0] if found else f"{table.name} {column.name} {number} {ODD[number % 3]}"


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in all_tables()
        }


def test_all_rows_go_over_and_come_back(
    source: Engine, new_database: Callable[..., str], tmp_path: Path, opened: Opened
) -> None:
    before, told = everything(source), []
    assert {len(rows) for rows in before.values()} == {ROWS}
    refuse_target(tmp_path / "lantian.db", address := new_database())
    there = opened(address)
    sent = move(source, there, told.append)
    assert sum(told) == 2 * rows_in(source) == 2 * ROWS * len(all_tables())
    assert everything(there) == everything(source) == before
    back = opened(tmp_path / "back.db")
    assert move(there, back, told.append) == sent, "one digest on all three"
    assert everything(back) == before


def test_new_rows_are_numbered_behind_those_that_came(source: Engine, migrated_database: str, opened: Opened) -> None:
    there = opened(migrated_database)
    move(source, there, lambda number: None)
    with there.begin() as connection:
        for table in all_tables():
            if table.autoincrement_column is not None:
                last = connection.execute(select(func.max(table.autoincrement_column))).scalar_one()
                counter = func.pg_get_serial_sequence(table.name, table.autoincrement_column.name)
                assert connection.execute(select(func.nextval(counter))).scalar_one() == last + 1, table.name
        connection.rollback()


def test_nothing_of_ours_is_forgotten() -> None:
    named = {table.name for table in all_tables()}
    left = set(Base.metadata.tables) - named
    assert left
    assert {name.partition("_")[0] for name in left} == {"search"}
    assert {"saved_searches", "page_texts", "audit"} <= named


def test_what_a_server_does_not_take_is_mended_and_counted(
    source: Engine, migrated_database: str, opened: Opened
) -> None:
    with closing(sqlite3.connect(str(source.url.database))) as plain:
        plain.execute("UPDATE exhibits SET title = 'a' || char(0) || 'b' WHERE id = 7")
        plain.commit()
    there = opened(migrated_database)
    mended = {one.table: one.mended for one in move(source, there, lambda number: None) if one.mended}
    with there.connect() as connection:
        assert connection.scalar(select(ExhibitRow.title).where(ExhibitRow.id == 7)) == "a\ufffdb"
    assert mended == {"exhibits": 1}


def test_a_chained_row_that_would_have_to_be_mended_is_not_moved(
    tmp_path: Path, migrated_database: str, opened: Opened
) -> None:
    source = opened(tmp_path / "lantian.db")
    with closing(sqlite3.connect(tmp_path / "lantian.db")) as plain:
        row = (1, "2026-01-01 00:00:00.000000", "a\0b", "x", "y", "{}", "", "z")
        plain.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        plain.commit()
    there = opened(migrated_database)
    with pytest.raises(EvidenceBroken, match="audit"):
        move(source, there, lambda number: None)
    assert rows_in(there) == 0


def test_a_row_that_the_server_refuses_is_said_in_one_line(
    source: Engine, migrated_database: str, opened: Opened
) -> None:
    with closing(sqlite3.connect(str(source.url.database))) as plain:
        plain.execute("UPDATE exhibits SET position = 1 << 40, title = '包授权' WHERE id = 7")
        plain.commit()
    there = opened(migrated_database)
    with pytest.raises(UserMistake, match=r"exhibits 没有写成.*out of range") as refused:
        move(source, there, lambda number: None)
    assert "包授权" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert rows_in(there) == 0


def test_a_target_that_holds_something_is_refused(source: Engine, migrated_database: str, opened: Opened) -> None:
    there = opened(migrated_database)
    AuditLog(there).add(Act(who="王一", act="test", subject="", at=T0))
    with pytest.raises(UserMistake, match="不是空的数据库（audit"):
        move(source, there, lambda number: None)
    assert rows_in(there) == 1


def test_strange_tables_and_older_schemas_are_refused(
    source: Engine, new_database: Callable[..., str], tmp_path: Path, opened: Opened
) -> None:
    address = new_database()
    there = opened(address)
    with pytest.raises(UserMistake, match="就是现在的数据库"):
        refuse_target(address, address)
    with source.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    with pytest.raises(UserMistake, match=r"不认识的表.*theirs"):
        move(source, there, lambda number: None)
    shutil.copyfile(HOMES / "0.4.0" / "lantian.db", tmp_path / "old.db")
    with pytest.raises(UserMistake, match="先运行 lantian upgrade"):
        refuse_target(tmp_path / "old.db", address)
    with pytest.raises(UserMistake, match="不是空的数据库"):
        refuse_target(address, tmp_path / "old.db")
    assert schema_of(tmp_path / "old.db") == "0016"


def test_a_row_that_came_over_differently_takes_everything_back(
    source: Engine, migrated_database: str, opened: Opened
) -> None:
    there = opened(migrated_database)

    def spoil(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT audit."):
            cursor.connection.cursor().execute("UPDATE rounds SET tool = 'x' WHERE id LIKE '%1%'")

    event.listen(there, "before_cursor_execute", spoil)
    with pytest.raises(EvidenceBroken, match="rounds：搬过去的 3 行与原来的 3 行不符"):
        move(source, there, lambda number: None)
    event.remove(there, "before_cursor_execute", spoil)
    assert rows_in(there) == 0


def test_killed_in_the_middle_the_target_is_empty_and_the_move_begins_anew(
    source: Engine, migrated_database: str, opened: Opened
) -> None:
    script = (
        "import os, sys\nfrom storage.db import open_database\nfrom storage.upkeep.moving import move\n"
        "seen = []\n"
        "def tell(number):\n    seen.append(number)\n    if len(seen) == 60: os.kill(os.getpid(), 9)\n"
        "move(open_database(sys.argv[1]), open_database(sys.argv[2]), tell)\n"
    )
    argv = [sys.executable, "-c", script, str(source.url.database), migrated_database]
    before = everything(source)
    assert subprocess.run(argv, cwd=ROOT, check=False, timeout=300).returncode == -9
    there = opened(migrated_database)
    assert rows_in(there) == 0
    move(source, there, lambda number: None)
    assert everything(there) == before


def test_a_disk_that_fills_up_leaves_the_target_empty(source: Engine, tmp_path: Path, opened: Opened) -> None:
    opened(tmp_path / "there.db")
    with writing(source).begin() as connection:
        row = made(Base.metadata.tables["rounds"], 1)
        connection.execute(
            insert(Base.metadata.tables["rounds"]), [row | {"id": f"r{n}", "tool": "x" * 9000} for n in range(600)]
        )
    script = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))\n"
        "from storage.db import open_database\nfrom storage.upkeep.moving import move\n"
        "move(open_database(sys.argv[1]), open_database(sys.argv[2]), lambda number: None)\n"
    )
    argv = [sys.executable, "-c", script, str(source.url.database), str(tmp_path / "there.db")]
    ended = subprocess.run(argv, cwd=ROOT, check=False, timeout=300, capture_output=True, text=True)
    assert (ended.returncode, "OperationalError" in ended.stderr) == (1, True)
    assert rows_in(opened(tmp_path / "there.db")) == 0


def test_nobody_writes_to_the_source_meanwhile(source: Engine, migrated_database: str, opened: Opened) -> None:
    there, refused = opened(migrated_database), []

    def tell(number: int) -> None:
        with closing(sqlite3.connect(str(source.url.database), timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as wrong:
                refused.append(str(wrong))

    move(source, there, tell)
    assert set(refused) == {"database is locked"}


def test_no_more_rows_than_some_are_in_memory(
    tmp_path: Path, migrated_database: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "AT_ONCE", 10)
    source, there = opened(tmp_path / "lantian.db"), opened(migrated_database)
    store = ExhibitStore(source)
    for number in range(55):
        store.begin_round(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number), "t", "")
    told: list[int] = []
    move(source, there, told.append)
    assert (max(told), sum(told)) == (10, 110)
    assert schema_of(migrated_database) == HEAD
