"""`lantian actor …` as people use it: who may, what they see, and what stands in the audit log after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from actor_specimens import appear, appearance, mobile
from people_specimens import token_of
from registry_specimens import AGENCY, COLUMNS, TRADEMARK, table, written
from sqlalchemy import Engine
from test_actor_reads import held

from casework.acting import Grant
from storage.audit import AuditLog
from storage.db import open_database
from storage.registers.store import Provenance, Registries
from tests.console.conftest import Ran

Run = Callable[..., Ran]
PHONE, WECHAT = ("mobile", mobile(1)), ("wechat", "xinghe_zc01")
DRAWN = date(2026, 8, 1).isoformat()


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    """Three shops of whom two show one phone, one of them in its name, and a fourth by itself."""
    engine = open_database(made_home / "lantian.db")
    appear(
        engine,
        replace(appearance("一", [PHONE, WECHAT]), name="找xinghe_zc01办理"),
        appearance("二", [PHONE], platform="jd"),
        appearance("三", [WECHAT], platform="zbj"),
        appearance("\u202e\x1b[31m<script>" + "示" * 10_000),
    )
    yield engine
    engine.dispose()


@pytest.fixture
def acts_as(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def proves(name: str, *grants: Grant) -> None:
        monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, name, *grants))

    return proves


def test_an_examiner_joins_and_splits_and_every_act_is_signed(
    here: Run, engine: Engine, acts_as: Callable[..., None]
) -> None:
    acts_as("示例甲", Grant.EXAMINER)
    listed = here("actor", "list", "--json").lines
    assert [(one["number"], one["is_gang"], one["counts"]["identities"]) for one in listed] == [
        ("ZT-000004", False, 1),
        ("ZT-000001", True, 3),
    ]
    assert [one["number"] for one in here("actor", "list", "--gang", "--json").lines] == ["ZT-000001"]
    assert here("actor", "join", "1", "4").code == 2
    joined = here("actor", "join", "1", "ZT-000004", "--reason", "同一办公室", "--json").lines[0]
    assert joined == {"join": 3, "actor": "ZT-000001", "joined": ["ZT-000001", "ZT-000004"]}
    assert here("actor", "show", "4", "--json").lines[0]["counts"]["identities"] == 4
    assert here("actor", "split", "3", "--reason", "不是", "--json").lines[0]["parted"] == ["ZT-000004"]
    assert "已由 示例甲 撤销" in here("actor", "split", "3", "--reason", "不是").err
    assert here("actor", "split", "2", "--reason", "误读", "--json").lines[0]["parted"] == ["ZT-000003"]
    assert here("actor", "split", "99", "--reason", "误读").code == 2
    entries = [one for one in AuditLog(engine).entries() if one.act in ("actor_join", "join_undone")]
    assert [(one.who, one.act, one.subject) for one in entries] == [
        ("示例甲", "actor_join", "ZT-000001"),
        ("示例甲", "join_undone", "3"),
        ("示例甲", "join_undone", "2"),
    ]
    assert all("signature" in json.loads(one.detail) for one in entries)


def test_who_has_no_right_or_no_credential_changes_nothing(
    here: Run, acts_as: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    acts_as("示例乙", Grant.VIEWER)
    for words in (
        ("join", "1", "4"),
        ("split", "1"),
        ("match", "1", "--none"),
        ("match", "--all"),
        ("kind", "1", "unlicensed"),
    ):
        ran = here("actor", *words, "--reason", "示例")
        assert (ran.code, "权限" in ran.err) == (2, True), words
    monkeypatch.delenv("LANTIAN_TOKEN")
    assert here("actor", "join", "1", "4", "--reason", "示例", "--by", "示例甲").code == 2
    assert here("actor", "show", "1").code == 2


@pytest.mark.parametrize("sees", [False, True])
def test_contacts_are_shown_to_whom_they_may(
    here: Run, acts_as: Callable[..., None], tmp_path: Path, sees: bool
) -> None:
    acts_as("示例丙", Grant.VIEWER, *([Grant.CONTACTS] if sees else []))
    told = [
        *(here("actor", *words).out for words in (("show", "1"), ("show", "1", "--json"), ("list", "--json"))),
        *(here("actor", *words).out for words in (("graph", "1"), ("graph", "1", "--json"))),
    ]
    for name in ("a.svg", "a.json", "a.dot"):
        assert here("actor", "graph", "1", "--out", tmp_path / name).code == 0
        told.append((tmp_path / name).read_text(encoding="utf-8"))
    for text in told:
        assert ("xinghe_zc01" in text) is sees
        assert sees or mobile(1) not in text
    shown = here("actor", "show", "1", "--json").lines[0]
    assert {one["kind"]: one["value"] for one in shown["joins"]} == (
        {"mobile": mobile(1), "wechat": "xinghe_zc01"} if sees else {"mobile": "138****01", "wechat": "xin****01"}
    )
    assert [len(one["exhibits"]) for one in shown["joins"]] == [2, 2]


def test_the_history_is_told(here: Run, engine: Engine, acts_as: Callable[..., None]) -> None:
    held(engine, 1)
    acts_as("示例丁", Grant.VIEWER)
    shown = here("actor", "show", "1", "--json").lines[0]
    assert shown["is_repeater"]
    assert [one["measure"] for one in shown["history"]["letters"]] == ["删除"]
    text = here("actor", "show", "1").out
    for words in (
        "团伙：",
        "累犯：",
        "线索复发 1 次",
        "答复 删除，其后又出现",
        "发函之后又有 1 条新线索",
        "案件 C-1 办理中",
    ):
        assert words in text
    assert [one["number"] for one in here("actor", "list", "--repeat", "--json").lines] == ["ZT-000001"]


def test_a_district_sees_its_own(here: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    held(engine, 1)
    for district, numbers in (("示例区", ["ZT-000001"]), ("别区", [])):
        token = token_of(engine, f"示例{district}人", Grant.EXAMINER, districts=(district,))
        monkeypatch.setenv("LANTIAN_TOKEN", token)
        assert [one["number"] for one in here("actor", "list", "--json").lines] == numbers
        assert [one["number"] for one in here("actor", "list", "--gang", "--json").lines] == numbers
        for words in (("show", "1"), ("graph", "1"), ("kind", "1", "--undo", "--reason", "示例")):
            ran = here("actor", *words)
            assert ("没有主体 1" in ran.err) is (not numbers), words
        assert ("没有主体 1" in here("lead", "list", "--actor", "1").err) is (not numbers)


def test_a_hostile_name_is_shown_and_obeyed_by_nobody(here: Run, acts_as: Callable[..., None], tmp_path: Path) -> None:
    acts_as("示例戊", Grant.VIEWER)
    for words in (("list",), ("show", "4"), ("graph", "4")):
        ran = here("actor", *words)
        assert ran.code == 0
        assert not {"\x1b", "\u202e"} & set(ran.out)
    assert here("actor", "graph", "4", "--out", tmp_path / "a.svg", "--json").lines[0]["out"].endswith("a.svg")
    assert "<script" not in (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert here("actor", "graph", "4", "--out", tmp_path / "a.png").code == 2
    assert here("actor", "graph", "4", "--out", tmp_path / "none" / "a.svg").code == 2


def test_match_and_kind_are_a_persons_and_are_taken_back(
    here: Run, engine: Engine, acts_as: Callable[..., None], tmp_path: Path
) -> None:
    acts_as("示例己", Grant.REVIEWER)
    assert here("actor", "match", "--all", "--json").lines == [{"asked": 0}]
    assert "尚未与登记册比对" in here("actor", "show", "1").out
    columns, rows = (*COLUMNS, "省份"), (AGENCY, TRADEMARK)
    path = written(tmp_path, table(*((*row, *[""] * (11 - len(row)), "北京") for row in rows), columns=columns))
    Registries(engine).load(path, Provenance(at=datetime(2026, 8, 2, tzinfo=UTC), as_of=DRAWN))
    assert here("actor", "match", "--all", "--json").lines == [{"asked": 2}]
    assert f"未在导入登记册（截至 {DRAWN}）中匹配；未匹配不等于无资质" in here("actor", "show", "1").out
    assert here("actor", "match", "1", "--agency", "88888", "--reason", "示例").code == 2
    assert here("actor", "match", "1", "--agency", "99001").code == 2
    assert here("actor", "match", "1", "--agency", "99001", "--none", "--reason", "示例").code == 2
    assert here("actor", "match", "1", "--agency", "99001", "--reason", "执照照片", "--json").code == 0
    shown = here("actor", "show", "1", "--json").lines[0]
    assert (shown["agency"], shown["kind"], shown["office"]) == (AGENCY[1], "patent_agency", "北京市知识产权局")
    assert [(one["act"], one["who"], one["reason"]) for one in shown["said"]] == [("actor_match", "示例己", "执照照片")]
    assert here("actor", "match", "1", "--undo", "--reason", "错了", "--json").lines[0]["agency"] == ""
    assert here("actor", "kind", "1", "licensed", "--reason", "示例").code == 2
    assert here("actor", "kind", "1", "unlicensed", "--reason", "官方系统未查到").code == 0
    shown = here("actor", "show", "1", "--json").lines[0]
    assert (shown["kind"], shown["is_confirmed"]) == ("unlicensed", True)
    assert here("actor", "kind", "1", "--undo", "--reason", "查到了", "--json").lines[0]["kind"] == ""
    assert here("actor", "show", "1", "--json").lines[0]["kind"] == "unknown"
