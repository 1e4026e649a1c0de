"""Saved searches as people leave them: asked of what is new, told in numbers, and signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people_specimens import token_of
from sqlalchemy import Engine, text

from casework.acting import Grant
from console.archive.saved import ask_saved
from console.following import follow
from console.notifying import digest_words, grave_words
from crawler.config import Config
from patrol.notify import figures
from storage.audit import AuditLog
from storage.db import open_database
from storage.notices import Kind, Notices
from storage.saved import SavedSearches
from tests.console.archive_specimens import offer, record
from tests.console.conftest import Ran

PHONE = "13800000000"
NOW = datetime(2026, 8, 2, 1, 0, tzinfo=UTC)
Here = Callable[..., Ran]


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    engine = open_database(made_home / "lantian.db")
    yield engine
    engine.dispose()


def test_what_is_new_is_found_once(here: Here, engine: Engine, made_home: Path) -> None:
    record(engine, "r1", [offer("1", "包授权 旧")])
    ran = here("archive", "save", "包授权盯梢", "包授权 -公告", "--platform", "taobao", "--by", "示例甲", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["total"] == 1
    new = record(engine, "r2", [offer("2", "包授权 新"), offer("3", "包授权 公告"), offer("4", "别的")])
    config = Config(home=made_home)
    assert ask_saved(config, engine, NOW) == 1
    assert ask_saved(config, engine, NOW) == 0
    (listed,) = here("archive", "saved", "--json").lines
    assert (listed["name"], listed["found"], listed["asked"]) == ("包授权盯梢", 1, {"platforms": "taobao"})
    (shown,) = here("archive", "saved", "包授权盯梢", "--json").lines
    assert shown["ids"] == new[:1]
    out = here("archive", "saved", "包授权盯梢")
    assert "【包授权】" in out.out
    assert "旧" not in out.out
    assert "包授权盯梢" in here("archive", "saved").out


def test_saving_and_ending_are_acts(here: Here, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例甲", Grant.VIEWER))
    assert here("archive", "save", "一号", "包授权").code == 0
    assert here("archive", "save", "一号", "包授权").code == 2
    assert here("archive", "unsave", "一号").code == 0
    assert here("archive", "unsave", "一号").code == 2
    monkeypatch.delenv("LANTIAN_TOKEN")
    assert here("archive", "save", "二号", "包授权", "--by", "示例甲").code == 2
    acts = [one for one in AuditLog(engine).entries(0) if one.act.startswith("search_")]
    assert [(one.who, one.act) for one in acts] == [("示例甲", "search_saved"), ("示例甲", "search_ended")]
    assert all("signature" in json.loads(one.detail) for one in acts)


def test_nobody_saves_namelessly_before_there_are_users(here: Here, engine: Engine) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    ran = here("archive", "save", "一号", "包授权")
    assert ran.code == 2
    assert "--by" in ran.err


def test_a_question_that_is_none_is_not_saved(here: Here, engine: Engine) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    assert here("archive", "save", "一号", '"包', "--by", "示例甲").code == 2
    assert here("archive", "save", "一号", "--by", "示例甲").code == 2
    assert here("archive", "saved").err.startswith("没有存下的检索")


def test_one_that_cannot_be_asked_any_more_hinders_no_other(
    here: Here, engine: Engine, made_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    here("archive", "save", "坏", "包授权", "--category", "包授权", "--by", "示例甲")
    here("archive", "save", "好", "包授权", "--by", "示例甲")
    with engine.begin() as connection:
        connection.execute(text("UPDATE saved_searches SET asked = '[[\"categories\", \"gone\"]]' WHERE name = '坏'"))
    record(engine, "r2", [offer("2", "包授权")])
    assert ask_saved(Config(home=made_home), engine, NOW) == 1
    assert "不能再问" in capsys.readouterr().err
    assert {one.name: one.found for one in SavedSearches(engine).saved()} == {"坏": 0, "好": 1}


def test_messages_count_and_say_nothing_else(here: Here, engine: Engine, made_home: Path) -> None:
    record(engine, "r1", [offer("1", "别的")])
    here("archive", "save", f"电话{PHONE}", PHONE, "--by", "示例甲")
    here("archive", "save", "示例某店", "包授权", "--by", "示例甲")
    record(engine, "r2", [offer("2", "包授权", f"电话 {PHONE}"), offer("3", "包授权")])
    follow(Config(home=made_home), engine, NOW)
    told = figures(engine, NOW, is_digest=True)
    for words in (digest_words(told), grave_words(told)):
        assert "存下的检索有 2 个找到新的，共 3 个证据项" in words
        assert PHONE not in words
        assert "示例某店" not in words
    assert "lantian archive saved" in grave_words(told)
    Notices(engine).write("digest 2026-08-02", Kind.DIGEST, digest_words(told), told.known, NOW)
    assert figures(engine, NOW, is_digest=True).finds.exhibits == 0
    assert "存下的检索" not in digest_words(figures(engine, NOW, is_digest=True))


def test_names_and_words_of_searches_are_masked_too(
    here: Here, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    here("archive", "save", f"电话{PHONE}", PHONE, "--by", "示例甲")
    viewer, contacts = token_of(engine, "示例甲", Grant.VIEWER), token_of(engine, "示例乙", Grant.CONTACTS)
    for token, may_see in ((viewer, False), (contacts, True)):
        monkeypatch.setenv("LANTIAN_TOKEN", token)
        for ran in (here("archive", "saved"), here("archive", "saved", "--json")):
            assert (PHONE in ran.out) is may_see
