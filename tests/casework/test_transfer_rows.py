"""Packages taken in, on both databases: from whom a named person trusted, whole, once, and noted where they changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people_specimens import someone
from sqlalchemy import Engine, text
from storage_specimens import database_of
from transfer_specimens import KEY, LEAD, MANIFEST_TOLD, package

from casework.acting import Acting, Grant
from casework.transfer.manifest import Manifest
from casework.transfer.package import Package, fingerprint, read_package
from casework.transfer.receiving import Received, distrust, receive, sender_of, trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.leads import WorkedLeads
from storage.cases.transfers import Transfers
from storage.db import open_database

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
MARK = fingerprint(KEY.public_key().public_bytes_raw().hex())
on_each = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_of(request, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def acting(engine: Engine) -> Acting:
    return someone(engine, "示例全能", Grant.EXAMINER, Grant.ADMIN)


def packed(folder: Path, **changes: object) -> Package:
    manifest: Manifest = replace(MANIFEST_TOLD, **changes)  # type: ignore[arg-type]
    return read_package(package(folder, manifest))


@on_each
def test_a_package_is_taken_in_once_and_noted_when_it_changed(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    first = packed(tmp_path, due="2026-12-01", leads=(LEAD, replace(LEAD, origin="X2026-00002", platform="<x>")))
    with pytest.raises(UserMistake, match="没有确认过"):
        receive(engine, first, acting, NOW)
    assert trust(engine, "示例市局", MARK, acting, NOW) == MARK
    assert sender_of(engine, first) == "示例市局"
    taken = receive(engine, first, acting, NOW, "甲区")
    assert (len(taken.new), taken.changed, taken.known) == (2, (), 0)
    here = WorkedLeads(engine).named(taken.new[0])
    assert (here.office, here.district, here.platform) == ("示例市局", "甲区", "taobao")
    assert here.due_at == datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
    assert WorkedLeads(engine).named(taken.new[1]).platform == ""
    assert receive(engine, first, acting, NOW) == Received(is_new=False, known=2)
    second = packed(tmp_path, leads=(LEAD, replace(LEAD, origin="X2026-00002", title="改过", categories=("x",))))
    assert receive(engine, second, acting, NOW) == Received(is_new=True, changed=(taken.new[1],), known=1)
    assert "改过" in WorkedLeads(engine).named(taken.new[1]).note
    assert [one.leads for one in Transfers(engine).transfers("in", 0, 9)] == [taken.new, taken.new]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM leads")).scalar_one() == 2


@on_each
def test_trust_is_a_signed_act_and_is_taken_back(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    one = packed(tmp_path)
    trust(engine, "示例市局", MARK, acting, NOW)
    with engine.begin() as connection:
        connection.execute(text("UPDATE transfers SET entry = 1"))
    with pytest.raises(EvidenceBroken):
        sender_of(engine, one)
    assert distrust(engine, MARK, "令牌丢失", acting, NOW).office == "示例市局"
    with pytest.raises(UserMistake, match="没有确认过"):
        sender_of(engine, one)
    with pytest.raises(UserMistake, match="已声明不再信任"):
        trust(engine, "示例市局", MARK, acting, NOW)
    with pytest.raises(UserMistake, match="没有信任过"):
        distrust(engine, MARK, "再说一次", acting, NOW)


def test_rights_and_words_are_asked_for(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    viewer = someone(engine, "示例查看", Grant.VIEWER)
    one = packed(tmp_path)
    for act in (
        lambda: trust(engine, "示例市局", MARK, viewer, NOW),
        lambda: distrust(engine, MARK, "x", viewer, NOW),
        lambda: receive(engine, one, viewer, NOW),
    ):
        with pytest.raises(UserMistake, match="权限"):
            act()
    for office, mark, why in ((" ", MARK, "单位名称"), ("示例局", "ab", "64 位"), ("示例局", MARK[:-1] + "g", "64 位")):
        with pytest.raises(UserMistake, match=why):
            trust(engine, office, mark, acting, NOW)
    with pytest.raises(UserMistake, match="要写明理由"):
        distrust(engine, MARK, " ", acting, NOW)
