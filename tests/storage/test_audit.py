"""The audit log is appended to and nothing else; whoever changes it behind its back is found."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from storage_specimens import T0, first_wrong

from crawler.errors import UserMistake
from storage.audit import Act, AuditLog, add_on
from storage.care_shapes import Rejudging
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.registers.store import Provenance, Registries
from storage.shapes import Override


def act(number: int = 1, **detail: str | int) -> Act:
    return Act(who="王芳", act="sign", subject=f"平台 {number}", at=T0 + timedelta(seconds=number), detail=detail)


def filled(engine: Engine, count: int = 5) -> AuditLog:
    log = AuditLog(engine)
    for number in range(1, count + 1):
        log.add(act(number, reason=f"第{number}次"))
    return log


def test_entries_are_chained_from_the_first(engine: Engine) -> None:
    log = AuditLog(engine)
    assert (log.head().count, log.head().digest, first_wrong(log)) == (0, "", 0)
    filled(engine, 3)
    first, second, third = log.entries()
    assert [one.id for one in (first, second, third)] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == ("", first.digest, second.digest)
    assert (log.head().count, log.head().digest) == (3, third.digest)
    assert first_wrong(log) == 0


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
    assert first_wrong(log) == 0
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
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        connection.execute(text(change))
    assert first_wrong(log) == first


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
    assert (log.head().count, first_wrong(log)) == (2, 0)


def test_two_who_write_at_once_do_not_fork_it(engine: Engine) -> None:
    def write() -> None:
        for number in range(20):
            AuditLog(engine).add(act(number))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert (AuditLog(engine).head().count, first_wrong(AuditLog(engine))) == (80, 0)


def test_hostile_words_are_kept_as_words(engine: Engine) -> None:
    log = AuditLog(engine)
    log.add(Act(who="\ud800\x00\n", act="sign", subject='","previous":"', at=T0, detail={"a\n": "\udfff", "n": 1}))
    (entry,) = log.entries()
    assert (entry.who, entry.subject) == ("\ufffd\ufffd\n", '","previous":"')
    assert json.loads(entry.detail) == {"a\n": "\ufffd", "n": 1}
    assert first_wrong(log) == 0


def test_a_long_log_is_read_in_portions(engine: Engine) -> None:
    log = filled(engine, 7)
    assert [one.id for one in log.entries(after=2, limit=3)] == [3, 4, 5]


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="time zone"):
        AuditLog(engine).add(Act(who="王芳", act="sign", subject="x", at=T0.replace(tzinfo=None)))
    assert AuditLog(engine).head().count == 0


# -- what is entered -------------------------------------------------------------------------------


def entered(engine: Engine) -> list[tuple[str, str, str]]:
    return [(one.who, one.act, one.subject) for one in AuditLog(engine).entries()]


def test_signing_an_override_is_entered(engine: Engine) -> None:
    signed = Override(platform="baidu", person="王芳", reason="专项检查", signed_at=T0)
    ExhibitStore(engine).sign_override(signed)
    (entry,) = AuditLog(engine).entries()
    assert (entry.who, entry.act, entry.subject, entry.at) == ("王芳", "override", "baidu", T0)
    assert json.loads(entry.detail) == {"reason": "专项检查"}


def test_importing_a_registry_and_going_by_another_are_entered_once(engine: Engine, tmp_path: Path) -> None:
    registries = Registries(engine)
    for number in (1, 2):
        path = tmp_path / f"{number}.csv"
        path.write_text(
            f"name,code,kind,status\n星河知产{number}号代理有限公司,1000{number},patent_agency,active\n", "utf-8"
        )
        registries.load(path, Provenance(at=T0, by="王芳"))
        registries.load(path, Provenance(at=T0, by="王芳"))
    registries.use(1, T0, "李伟")
    registries.use(1, T0, "李伟")
    imports = [("王芳", "registry_import", "registry 1"), ("王芳", "registry_import", "registry 2")]
    assert entered(engine) == [*imports, ("李伟", "registry_use", "registry 1")]
    with pytest.raises(UserMistake):
        registries.use(9, T0, "李伟")
    assert AuditLog(engine).head().count == 3


def test_judging_again_is_entered_at_both_ends(engine: Engine) -> None:
    store = ExhibitStore(engine)
    number = store.begin_rejudgement(
        Rejudging(at=T0, by="王芳", tool="lantian/0.3.0", rules_digest="ab" * 32, asked="")
    )
    store.end_rejudgement(number, T0)
    assert entered(engine) == [("王芳", "rescreen", "1"), ("王芳", "rescreened", "1")]
    assert json.loads(AuditLog(engine).entries()[1].detail) == {"changed": 0, "seen": 0}
