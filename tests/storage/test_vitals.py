"""How a home is, by its rows: right on both databases, and never by reading all of them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from people_specimens import someone
from sqlalchemy import Engine, event, insert, text
from storage_specimens import T0

from casework.acting import Grant
from crawler.items import Outcome
from storage.exhibits import ExhibitStore
from storage.tables.backups import BackupRow
from storage.tables.fixity import FixityRow
from storage.tables.sealing import SealRow
from storage.upkeep.vitals import database_bytes, grown, integrity, leads_by_state, runs_since, vitals

HOUR = timedelta(hours=1)


def seal(number: int, leaves: int = 3, **changes: Any) -> dict[str, Any]:
    told = {"number": number, "kind": "records", "sha256": f"{number:064d}", "sm3": "", "previous": "", "sealed_at": T0}
    told |= {"leaves": leaves, "rules": "", "audit_count": 0, "audit_head": "", "demand": "sealed"}
    return told | changes


def backup(**changes: Any) -> dict[str, Any]:
    told = {"at": T0, "place": "x", "files": 1, "bytes": 1, "exhibits": 0, "head": "", "made_by": "王一", "entry": 1}
    return told | {"tested_at": None, "trouble": ""} | changes


def write(engine: Engine, table: Any, *rows: dict[str, Any]) -> None:
    with engine.begin() as connection:
        for row in rows:
            connection.execute(insert(table).values(row))


def test_an_empty_home_has_nothing(engine: Engine) -> None:
    told = vitals(engine)
    assert (told.exhibits, told.sealed, told.newest_seal, told.round_at, told.backup_at) == (0, 0, None, None, None)
    assert (told.watches, told.tasks, told.users, told.reviewers, told.overrides) == (0, 0, 0, 0, 0)
    assert leads_by_state(engine) == {}
    assert runs_since(engine, T0) == {}
    assert integrity(engine, in_full=True) == ""
    assert database_bytes(engine) > 100_000


def test_runs_seals_and_backups_are_told(planned: ExhibitStore) -> None:
    engine = planned.engine
    planned.finish_run("run-1", Outcome.BLOCKED, "captcha", "", T0 + HOUR)
    write(engine, SealRow, seal(1), seal(2, 4, stamped_at=T0), seal(3, 9, kind="expiry"))
    write(engine, BackupRow, backup(tested_at=T0, at=T0), backup(at=T0 + HOUR, trouble="没有通过"))
    write(engine, FixityRow, {"file": "a", "from_": 0, "checked_at": T0, "broken": ""})
    told = vitals(engine)
    assert (told.sealed, told.unstamped, told.newest_seal) == (7, 2, (3, f"{3:064d}"))
    assert (told.round_at, told.run_ended_at, told.read_at) == (T0, T0 + HOUR, T0)
    assert (told.backup_at, told.backup_trouble) == (T0, "没有通过"), "one that was not tested does not count"
    assert (told.tasks, told.task_since) == (1, T0 + HOUR)
    assert runs_since(engine, T0) == {("taobao", "blocked"): 1}
    assert runs_since(engine, T0 + HOUR) == {}


def test_a_reviewer_counts_when_the_grant_is_in_force(engine: Engine) -> None:
    someone(engine, "示例甲", Grant.REVIEWER, Grant.EXAMINER)
    someone(engine, "示例乙", Grant.EXAMINER)
    told = vitals(engine)
    assert (told.users, told.reviewers) == (4, 1)


@pytest.fixture
def asked(engine: Engine) -> list[tuple[str, Any]]:
    """Every statement that was executed, with its parameters."""
    found: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: found.append((told[2], told[3])))
    return found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_question_reads_what_grows_row_by_row(engine: Engine, asked: list[tuple[str, Any]]) -> None:
    vitals(engine)
    leads_by_state(engine)
    runs_since(engine, T0)
    questions = [one for one in asked if one[0].startswith("SELECT")]
    assert len(questions) > 12
    for query, values in questions:
        with engine.connect() as connection:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)]
        for table in ("exhibits", "runs", "rounds", "captures", "leads", "fixity", "roster"):
            walked = [one for one in plan if one.startswith(f"SCAN {table}") and "USING" not in one]
            assert walked == [], query


def test_a_table_that_is_walked_would_be_seen(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            plan = connection.execute(text("EXPLAIN QUERY PLAN SELECT count(*) FROM runs WHERE detail = 'x'")).all()
        assert plan[0][3].startswith("SCAN runs")
        assert "USING" not in plan[0][3]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_that_was_written_over_is_found(engine: Engine, tmp_path: Path) -> None:
    path = Path(engine.url.database or "")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        root = connection.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'runs'")).scalar_one()
        size = connection.execute(text("PRAGMA page_size")).scalar_one()
    engine.dispose()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * 100)
    assert integrity(engine, in_full=False) != ""


def test_a_folder_is_measured_with_what_is_new_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "old").write_bytes(b"x" * 5)
    os.utime(tmp_path / "old", (T0.timestamp() - 10, T0.timestamp() - 10))
    (tmp_path / "deep" / "er" / "new").write_bytes(b"x" * 7)
    (tmp_path / "link").symlink_to(tmp_path)
    told = grown(tmp_path, T0)
    assert (told.files, told.new_bytes >= 7) == (3, True)
    assert told.bytes >= 12
    assert grown(tmp_path / "none", T0).files == 0
