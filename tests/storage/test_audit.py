"""The audit log is appended to and nothing else; whoever changes it behind its back is found."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from storage_specimens import T0

from storage.audit import Act, AuditLog, add_on
from storage.db import open_database, writing


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "lantian.db")
    yield engine
    engine.dispose()


def act(number: int = 1, **detail: str | int) -> Act:
    return Act(who="王芳", act="sign", subject=f"平台 {number}", at=T0 + timedelta(seconds=number), detail=detail)


def filled(engine: Engine, count: int = 5) -> AuditLog:
    log = AuditLog(engine)
    for number in range(1, count + 1):
        log.add(act(number, reason=f"第{number}次"))
    return log


def test_entries_are_chained_from_the_first(engine: Engine) -> None:
    log = AuditLog(engine)
    assert (log.head().count, log.head().digest, log.check()) == (0, "", 0)
    filled(engine, 3)
    first, second, third = log.entries()
    assert [one.id for one in (first, second, third)] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == ("", first.digest, second.digest)
    assert (log.head().count, log.head().digest) == (3, third.digest)
    assert log.check() == 0


def test_the_digest_is_what_the_documents_say(engine: Engine) -> None:
    (entry,) = filled(engine, 1).entries()
    told = {
        "act": "sign",
        "at": "2026-08-01T02:30:16.123456Z",
        "detail": '{"reason":"第1次"}',
        "id": 1,
        "previous": "",
        "subject": "平台 1",
        "who": "王芳",
    }
    raw = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    assert entry.digest == hashlib.sha256(raw.encode()).hexdigest()


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET who = '别人'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 5"]
)
def test_the_database_itself_refuses_to_change_an_entry(engine: Engine, change: str) -> None:
    log = filled(engine)
    with pytest.raises(DBAPIError, match="only appended to"), engine.begin() as connection:
        connection.execute(text(change))
    assert log.check() == 0
    assert log.head().count == 5


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("UPDATE audit SET who = '别人' WHERE id = 3", 3),
        ("UPDATE audit SET at = '2020-01-01 00:00:00' WHERE id = 2", 2),
        ("UPDATE audit SET detail = '{}' WHERE id = 1", 1),
        ("UPDATE audit SET digest = 'ab' WHERE id = 4", 4),
        ("UPDATE audit SET previous = '' WHERE id = 4", 4),
        ("DELETE FROM audit WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 1),
        ("UPDATE audit SET id = id + 1 WHERE id = 5", 5),
    ],
)
def test_a_change_behind_its_back_is_found(engine: Engine, change: str, first: int) -> None:
    log = filled(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(change))
    assert log.check() == first


def test_an_act_and_its_entry_are_one_commit(engine: Engine) -> None:
    log = AuditLog(engine)
    connection = writing(engine).connect()
    transaction = connection.begin()
    add_on(connection, act())
    transaction.rollback()
    connection.close()
    assert log.head().count == 0
    with writing(engine).begin() as connection:
        add_on(connection, act(1))
        add_on(connection, act(2))
    assert (log.head().count, log.check()) == (2, 0)


def test_two_who_write_at_once_do_not_fork_it(engine: Engine) -> None:
    def write() -> None:
        for number in range(20):
            AuditLog(engine).add(act(number))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert (AuditLog(engine).head().count, AuditLog(engine).check()) == (80, 0)


def test_hostile_words_are_kept_as_words(engine: Engine) -> None:
    log = AuditLog(engine)
    log.add(Act(who="\ud800\x00\n", act="sign", subject='","previous":"', at=T0, detail={"a\n": "\udfff", "n": 1}))
    (entry,) = log.entries()
    assert (entry.who, entry.subject) == ("\ufffd\x00\n", '","previous":"')
    assert json.loads(entry.detail) == {"a\n": "\ufffd", "n": 1}
    assert log.check() == 0


def test_a_long_log_is_read_in_portions(engine: Engine) -> None:
    log = filled(engine, 7)
    assert [one.id for one in log.entries(after=2, limit=3)] == [3, 4, 5]


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="time zone"):
        AuditLog(engine).add(Act(who="王芳", act="sign", subject="x", at=T0.replace(tzinfo=None)))
    assert AuditLog(engine).head().count == 0
