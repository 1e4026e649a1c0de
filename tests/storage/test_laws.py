"""Confirmations of a version and delegations, on both databases: written once, signed, ended and never deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from people_specimens import someone
from sqlalchemy import Engine
from storage_specimens import on_both

from casework.acting import Grant
from crawler.errors import UserMistake
from storage.audit import AuditLog
from storage.cases.laws import Laws, NewDelegation

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
GIVEN = NewDelegation(
    number="示知委〔2026〕1号",
    kind="delegation",
    giver="示例省知识产权局",
    scope=("约谈", "责令限期改正"),
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
)


@on_both
def test_a_confirmation_is_of_one_version_and_one_person(engine: Engine) -> None:
    laws, legal = Laws(engine), someone(engine, "示例法制", Grant.LEGAL)
    other = someone(engine, "示例二号", Grant.LEGAL)
    assert laws.confirmations() == {}
    first = laws.confirm("AD-四", "a" * 64, "国家法律法规数据库", NOW, legal.sign)
    again = laws.confirm("AD-四", "a" * 64, "别处", NOW, other.sign)
    assert again == first
    assert laws.confirmations() == {("AD-四", "a" * 64): "示例法制"}
    later = laws.confirm("AD-四", "b" * 64, "国家法律法规数据库", NOW, other.sign)
    assert [one.id for one in laws.confirmed()] == [later.id, first.id]
    entry = AuditLog(engine).entries(after=first.entry - 1, limit=1)[0]
    assert (entry.act, entry.subject, entry.who) == ("law_confirm", "AD-四", "示例法制")
    assert "a" * 64 in entry.detail
    assert "signature" in entry.detail


@on_both
def test_a_delegation_is_kept_and_ended(engine: Engine) -> None:
    laws, admin = Laws(engine), someone(engine, "示例管理", Grant.ADMIN)
    kept = laws.add_delegation(GIVEN, NOW, admin.sign)
    assert (kept.number, kept.scope, kept.first, kept.last) == (GIVEN.number, GIVEN.scope, GIVEN.first, GIVEN.last)
    assert (kept.added_by, kept.ended_at) == ("示例管理", None)
    with pytest.raises(UserMistake, match="已经登记"):
        laws.add_delegation(GIVEN, NOW, admin.sign)
    second = laws.add_delegation(replace(GIVEN, number="示知委〔2026〕2号", last=date(2026, 2, 1)), NOW, admin.sign)
    assert laws.delegations(date(2026, 11, 20)) == (second, kept)
    ended = laws.end_delegation(kept.number, "收回", NOW, admin.sign)
    assert (ended.ended_at, ended.ended_by) == (NOW, "示例管理")
    assert laws.delegations(date(2026, 11, 20)) == (second,)
    assert {one.number for one in laws.delegations()} == {kept.number, second.number}
    with pytest.raises(UserMistake, match="已经终止"):
        laws.end_delegation(kept.number, "再次", NOW, admin.sign)
    with pytest.raises(UserMistake, match="没有登记"):
        laws.delegation("没有〔2026〕9号")
    acts = [one.detail for one in AuditLog(engine).entries() if one.act == "delegation"]
    assert len(acts) == 3
