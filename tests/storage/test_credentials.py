"""Credentials and grants as rows, and the audit log looked up, on either database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from people_specimens import BEGUN, FOUNDER, entrant, founders, someone
from sqlalchemy import Engine
from storage_specimens import T0

from casework.acting import Grant
from casework.granting import ask, disable, reset, revoke, scope
from casework.trust import Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, AuditLog
from storage.cases.audit_reading import AuditWanted, chosen, newest_sealed
from storage.cases.credentials import credential_on, credentials_of, grant_on, grants_on
from storage.people import People


def test_what_people_gave_each_other_comes_back_as_it_was(engine: Engine) -> None:
    wang = someone(engine, "王一", Grant.EXAMINER, Grant.CONTACTS, districts=("示例区",))
    people, (first, second) = People(engine), founders(engine)
    reset(people, first, entrant("王一", "", password="lin-yi 2027 新口令"), BEGUN)
    revoke(people, second, "王一", Grant.CONTACTS, BEGUN)
    with engine.connect() as connection:
        password, token = credentials_of(connection, wang.person.id)[:2]
        assert (password.kind, token.kind, token.label, token.id) == ("password", "token", "测试", wang.credential)
        assert credential_on(connection, token.id) == token
        assert credential_on(connection, 4711) is None
        rows = grants_on(connection, wang.person.id)
        assert [(one.grant, bool(one.confirmed_at), bool(one.ended_at)) for one in rows] == [
            ("examiner", True, False),
            ("contacts", True, True),
            ("password", False, False),
        ]
        assert rows[-1].credential == credentials_of(connection, wang.person.id)[-1].id
        assert [one.id for one in grants_on(connection, after=rows[0].id, limit=1)] == [rows[1].id]
        with pytest.raises(UserMistake, match="没有第 4711 号"):
            grant_on(connection, 4711)
    assert wang.districts == ("示例区",)
    assert Trust(engine).verify_all().is_whole


def test_a_proof_is_the_same_on_either_database(engine: Engine) -> None:
    wang = someone(engine, "王一", Grant.REVIEWER)
    act = Act(who="", act="lead_approve", subject="线索 1", at=T0, detail={"decision": 3, "更": ["甲", "乙"]})
    AuditLog(engine).add(wang.sign(act))
    entry = AuditLog(engine).head().count
    proven = Trust(engine).proven(entry, "lead_approve", "线索 1", Grant.REVIEWER)
    assert (proven.name, proven.at, proven.detail["更"]) == ("王一", T0, ["甲", "乙"])
    with pytest.raises(EvidenceBroken):
        Trust(engine).proven(entry, "lead_approve", "线索 1", Grant.ADMIN)
    disable(People(engine), founders(engine)[0], "王一", T0)
    assert Trust(engine).proven(entry, "lead_approve", "线索 1", Grant.REVIEWER).name == "王一"
    with pytest.raises(UserMistake, match="已停用"):
        ask(People(engine), founders(engine)[0], "王一", Grant.EXAMINER, T0)
    with pytest.raises(UserMistake, match="已停用"):
        scope(People(engine), founders(engine)[0], "王一", (), T0)


def filled(engine: Engine, count: int = 12) -> None:
    log = AuditLog(engine)
    for number in range(count):
        who, act = ("甲", "乙")[number % 2], ("hold", "export", "hold")[number % 3]
        log.add(Act(who=who, act=act, subject=f"物 {number % 4}", at=T0 + timedelta(days=number // 2)))


def numbers(engine: Engine, **wanted: object) -> list[int]:
    return [one.id for one in chosen(engine, AuditWanted(**wanted))]  # type: ignore[arg-type]


def test_the_log_is_looked_up_by_what_who_when_the_newest_first(engine: Engine) -> None:
    filled(engine)
    assert numbers(engine, limit=3) == [12, 11, 10]
    assert numbers(engine, below=10, limit=2) == [9, 8]
    assert numbers(engine, act="export") == [11, 8, 5, 2]
    assert numbers(engine, who="乙", subject="物 1") == [10, 6, 2]
    assert numbers(engine, subject="没有") == []
    day = timedelta(days=1)
    assert numbers(engine, first=T0 + 2 * day, before=T0 + 4 * day) == [8, 7, 6, 5]
    assert numbers(engine, first=T0 + 99 * day) == []
    assert numbers(engine, before=T0) == []
    assert numbers(engine, first=T0 - day, who="甲", act="hold", limit=2) == [9, 7]


def test_where_nothing_is_sealed_there_is_no_head_to_compare_with(tmp_path: Path) -> None:
    assert newest_sealed(tmp_path) is None
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "000003.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EvidenceBroken):
        newest_sealed(tmp_path)


def test_the_founder_is_told_in_the_log(engine: Engine) -> None:
    founders(engine)
    assert [one.who for one in chosen(engine, AuditWanted(act="grant_founded"))] == [FOUNDER]
