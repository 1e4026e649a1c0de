"""Versions of the registry: written whole or not at all, kept, chosen, asked by index and from any thread."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from registry_specimens import AGENCY, BRANCH, COLUMNS, FIRM, NOON, PERSON, ROWS, TRADEMARK, table, written
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from storage_specimens import on_sqlite

from crawler.agencies import BRANCH_OF, FORMER_NAME, RegistryView
from crawler.errors import RegistryInvalid, UserMistake
from storage.db import open_database, writing
from storage.registers.store import Provenance, Registries
from storage.registry import CsvRegistry, StoredRegistry, reading

SAID = Provenance(at=NOON, as_of="2026-11-01", source="测试来源", by="测试员")
NAMES = (
    *(row[1] for row in ROWS),
    "星河知识产权代理有限公司南京分公司",
    "旧星河所",
    "银河专利事务所上海分所",
    "示例北京专利代理事务所",
    "测试甲",
    "无此机构",
    "",
    "星" * 9999,
    "\ud800",
)
CODES = ("99001", "99002", "99777", "91990000MA00000019", "91350100M000100Y43", "", "北京", "9" * 999)


@pytest.fixture
def registries(engine: Engine) -> Registries:
    return Registries(engine)


def rows_of(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        tables = ("versions", "uses", "entries", "names")
        return {name: connection.execute(text(f"SELECT count(*) FROM registry_{name}")).scalar_one() for name in tables}


def test_an_import_is_a_version_and_the_one_in_use(tmp_path: Path, registries: Registries, database: Path) -> None:
    assert StoredRegistry.current(database) is None
    imported = registries.load(written(tmp_path, table(*ROWS)), SAID)
    version = imported.version
    assert (imported.is_new, version.id, version.is_current, version.rows) == (True, 1, True, 5)
    assert (version.as_of, version.source, version.imported_by) == ("2026-11-01", "测试来源", "测试员")
    assert version.imported_at == NOON
    assert ("patent_agency", "吊销", 1) in version.counts
    assert registries.versions() == (version,)
    current = StoredRegistry.current(database)
    assert current is not None
    assert (current.version, current.as_of) == (1, "2026-11-01")


def test_stored_and_read_registry_answer_alike(tmp_path: Path, registries: Registries, database: Path) -> None:
    path = written(tmp_path, table(("商标代理机构", *AGENCY[1:]), *ROWS))
    registries.load(path, SAID)
    stored, read = StoredRegistry.current(database), CsvRegistry.load(path)
    assert stored is not None
    views: tuple[RegistryView, RegistryView] = (stored, read)
    assert [views[0].find(name) for name in NAMES] == [views[1].find(name) for name in NAMES]
    assert [views[0].find_code(code) for code in CODES] == [views[1].find_code(code) for code in CODES]
    assert [found.found_as for name in NAMES if (found := stored.find(name))] == [
        "", "", "", "", BRANCH_OF, FORMER_NAME, BRANCH_OF, "",
    ]  # fmt: skip


def test_the_same_file_makes_no_second_version(tmp_path: Path, engine: Engine, registries: Registries) -> None:
    path = written(tmp_path, table(*ROWS))
    registries.load(path, SAID)
    before = rows_of(engine)
    again = registries.load(path, Provenance(at=NOON + timedelta(days=9), as_of="2026-11-10"))
    assert (again.is_new, again.version.id, again.version.as_of) == (False, 1, "2026-11-01")
    assert rows_of(engine) == before
    assert registries.load(written(tmp_path, table(*ROWS) + "\n"), SAID).is_new, "one byte more is another file"


def test_the_same_file_imported_at_once_by_two_is_one_version(tmp_path: Path, database: Path, engine: Engine) -> None:
    path, begun = written(tmp_path, table(*ROWS)), []

    def another_first(_: Connection) -> None:
        # The first look whether the file is known has just ended.
        if not begun:
            begun.append(True)
            another = open_database(database)
            assert Registries(another).load(path, SAID).is_new
            another.dispose()

    event.listen(engine, "rollback", another_first)
    second = Registries(engine).load(path, SAID)
    assert begun
    assert (second.is_new, second.version.id) == (False, 1)
    assert rows_of(engine)["entries"] == len(ROWS)


@pytest.mark.parametrize("is_trial", [False, True])
def test_a_wrong_row_leaves_nothing(tmp_path: Path, engine: Engine, registries: Registries, is_trial: bool) -> None:
    rows = [("商标代理机构", f"第{at}商标所", "", "", "", "在业") for at in range(6000)]
    with pytest.raises(RegistryInvalid):
        registries.load(written(tmp_path, table(*rows, rows[0])), SAID, is_trial=is_trial)
    assert rows_of(engine) == {"versions": 0, "uses": 0, "entries": 0, "names": 0}


def test_a_trial_writes_nothing_and_tells_the_same(tmp_path: Path, engine: Engine, registries: Registries) -> None:
    tried = registries.load(written(tmp_path, table(*ROWS)), SAID, is_trial=True)
    assert (tried.is_new, tried.version.id, tried.version.is_current, tried.told.rows) == (True, 0, False, 5)
    assert rows_of(engine)["versions"] == 0


@on_sqlite
def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path, engine: Engine, registries: Registries) -> None:
    registries.load(written(tmp_path, table(AGENCY)), SAID)
    before = rows_of(engine)

    def full(*told: object) -> None:
        if str(told[2]).startswith("INSERT INTO registry_uses"):
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(engine, "before_cursor_execute", full)
    with pytest.raises(OperationalError, match="full"):
        registries.load(written(tmp_path, table(*ROWS)), SAID)
    assert rows_of(engine) == before


def test_versions_are_kept_and_may_be_gone_back_to(tmp_path: Path, registries: Registries, database: Path) -> None:
    registries.load(written(tmp_path, table(AGENCY)), SAID)
    registries.load(written(tmp_path, table(FIRM)), SAID)
    second = StoredRegistry.current(database)
    assert registries.use(1, NOON, "测试员").is_current
    first = StoredRegistry.current(database)
    assert first is not None
    assert second is not None
    assert first.find(AGENCY[1])
    assert not first.find(FIRM[1])
    assert second.find(FIRM[1]), "who holds a version keeps it"
    assert [one.is_current for one in registries.versions()] == [True, False]
    registries.load(written(tmp_path, table(AGENCY, FIRM)), SAID)
    assert [one.is_current for one in registries.versions()] == [False, False, True], "the newest import is in use"
    with pytest.raises(UserMistake, match="没有名录版本 9"):
        registries.use(9, NOON, "")


def test_using_what_is_in_use_writes_nothing(tmp_path: Path, engine: Engine, registries: Registries) -> None:
    registries.load(written(tmp_path, table(AGENCY)), SAID)
    before = rows_of(engine)
    registries.use(1, NOON, "")
    assert rows_of(engine) == before


def test_a_list_that_shrank_is_said(tmp_path: Path, registries: Registries) -> None:
    many = [("商标代理机构", f"第{at}商标所", "", "", "", "在业") for at in range(10)]
    registries.load(written(tmp_path, table(AGENCY, *many)), SAID)
    assert registries.load(written(tmp_path, table(AGENCY, *many[:4])), SAID).shrunk == (("tm_agency", 10, 4),)
    assert registries.load(written(tmp_path, table(AGENCY, *many[:3])), SAID).shrunk == ()


@on_sqlite
def test_of_a_person_the_database_holds_four_digits(tmp_path: Path, registries: Registries, database: Path) -> None:
    columns = (*COLUMNS[:-1], "证件号码")
    person = (*PERSON[:9], "9912345", "110101199003070310")
    registries.load(written(tmp_path, table(AGENCY, person, columns=columns)), SAID)
    raw = b"".join(path.read_bytes() for path in database.parent.glob("lantian.db*"))
    assert "测试甲".encode() in raw
    assert b"9912345" not in raw
    assert b"110101199003070310" not in raw


def test_an_answer_holds_the_entry_or_persons_or_near_ones(tmp_path: Path, registries: Registries) -> None:
    with pytest.raises(UserMistake, match="还没有导入名录"):
        registries.ask("星河")
    registries.load(written(tmp_path, table(*ROWS)), SAID)
    exact = registries.ask("99001")
    assert exact.entry is not None
    assert exact.near == ()
    near = registries.ask("南京星河专利事务所")
    assert (near.entry, [one.name for one in near.near]) == (None, [AGENCY[1], BRANCH[1]])
    person = registries.ask("测试甲")
    assert (person.entry, [one.last_four for one in person.persons], person.near) == (None, ["2345"], ())
    nothing = registries.ask("%_'\"")
    assert (nothing.entry, nothing.persons, nothing.near) == (None, (), ())
    assert registries.ask(TRADEMARK[1]).entry is not None


@on_sqlite
def test_no_question_scans(tmp_path: Path, engine: Engine, registries: Registries) -> None:
    registries.load(written(tmp_path, table(*ROWS)), SAID)
    asked: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    for word in ("99001", "91990000MA00000019", "无此机构上海分公司", "星河"):
        registries.ask(word)
    plans = []
    with sqlite3.connect(str(engine.url.database)) as connection:
        for statement, values in asked:
            if "registry_entries" in statement:
                plans += [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    connection.close()
    assert len(plans) > 8
    assert [plan for plan in plans if "SCAN" in plan] == []
    assert {index for plan in plans for index in plan.split() if index.startswith("ix_")} == {
        "ix_registry_entries_code",
        "ix_registry_entries_credit_code",
        "ix_registry_names_norm",
    }


def test_any_thread_may_ask_while_another_writes(
    tmp_path: Path, engine: Engine, registries: Registries, database: Path
) -> None:
    registries.load(written(tmp_path, table(*ROWS)), SAID)
    current = StoredRegistry.current(database)
    assert current is not None
    found: list[bool] = []

    def ask() -> None:
        found.extend(current.find(f"星河知识产权代理有限公司第{at}分公司") is not None for at in range(50))

    with writing(engine).begin():
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert found == [True] * 200


def test_a_crawl_never_waits_for_a_list_that_is_refused(tmp_path: Path, engine: Engine, registries: Registries) -> None:
    """While somebody else holds the write lock a list is checked and refused, or tried, all the same."""
    with writing(engine).begin():
        assert registries.load(written(tmp_path, table(*ROWS)), SAID, is_trial=True).told.rows == 5
        with pytest.raises(RegistryInvalid):
            registries.load(written(tmp_path, table(AGENCY, AGENCY)), SAID)


def test_a_stored_registry_cannot_write(tmp_path: Path, registries: Registries, database: Path) -> None:
    registries.load(written(tmp_path, table(*ROWS)), SAID)
    engine = reading(database)
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
        connection.execute(text("DELETE FROM registry_names"))
    engine.dispose()


def test_one_version_of_one_home_is_one_registry(tmp_path: Path, registries: Registries, database: Path) -> None:
    registries.load(written(tmp_path, table(AGENCY)), SAID)
    one, same = StoredRegistry.current(database), StoredRegistry.current(database)
    registries.load(written(tmp_path, table(FIRM)), SAID)
    other = StoredRegistry.current(database)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
