"""`lantian archive search|facets|reindex` as people type them: what is found, shown, hidden and refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from people_specimens import token_of
from sqlalchemy import Engine, insert, text
from storage_specimens import T0

from casework.acting import Grant
from console.archive import searching
from crawler.items import Kind
from storage.db import open_database
from storage.tables.search import PageText
from tests.console.archive_specimens import offer, record
from tests.console.conftest import ROOT, Ran

PHONE = "13800000000"
Here = Callable[..., Ran]


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    engine = open_database(made_home / "lantian.db")
    yield engine
    engine.dispose()


def found(here: Here, *words: str) -> list[str]:
    ran = here("archive", "search", "--json", *words)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)["ids"]


def told(here: Here, *words: str) -> dict[str, Any]:
    ran = here("archive", *words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


# -- what is found ---------------------------------------------------------------------------------


def test_words_find_what_stands_there_newest_first(here: Here, engine: Engine) -> None:
    ids = record(
        engine,
        "r1",
        [
            offer("1", "专利包授权", "走绿色通道"),
            offer("2", "警惕包授权公告"),
            offer("3", "商标注册", "专利 CN2026 abc%d_e"),
            offer("4", "XCN2026"),
        ],
    )
    one, two, three, four = ids
    assert found(here, "包授权") == [two, one]
    assert found(here, "授权 -公告") == [one]
    assert found(here, "--", "-包授权") == [four, three]
    assert found(here, "专利 绿色") == [one]
    assert found(here, '"利包授"') == [one]
    assert found(here, "cn20*") == [three]
    assert found(here, "cn20") == [four, three]
    assert found(here, "%d_") == [three]
    assert found(here, "利 C", "--literal") == [three]
    assert found(here, "专利", "--in", "text") == [three]
    assert found(here, "没有这个词") == []


SPELLINGS = [
    PHONE,
    "138-0000-0000",
    "138 0000 0000",
    "１３８００００００００",
    "一三八零零零零零零零零",
    "电话：13800000000",
]


ABROAD = ["0086 13800000000", "008613800000000", "(+86)138-0000-0000", "+86 138 0000 0000"]


@pytest.mark.parametrize("typed", [*SPELLINGS, "TEL13800000000", *ABROAD])
def test_a_phone_is_found_in_any_spelling(here: Here, engine: Engine, typed: str) -> None:
    offers = [offer(str(number), f"专利代办{number}", f"请联系 {words} 王某") for number, words in enumerate(SPELLINGS)]
    ids = record(engine, "r1", [*offers, offer("x", "TEL13800000000"), offer("y", "电话 13800000001")])
    assert found(here, typed) == ids[6::-1]
    assert found(here, f"专利 {typed}") == ids[5::-1]


@pytest.mark.parametrize(
    "typed", ["vx:abc_123", "微信 Abc_123", "abc_123", "ａｂｃ＿１２３", "+v abc_123", "绿泡泡abc_123"]
)
def test_an_account_is_found_in_any_spelling(here: Here, engine: Engine, typed: str) -> None:
    ids = record(
        engine,
        "r1",
        [
            offer("1", "加微信abc_123"),
            offer("2", "vx：ABC_123 咨询"),
            offer("3", "薇信ａｂｃ＿１２３"),
            offer("4", "vx abd_123"),
        ],
    )
    assert found(here, typed) == ids[2::-1]


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("https://www.shop.example/a/1/", [0, 1, 2, 3]),
        ("shop.example/a/1", [0, 1, 2, 3]),
        ("http://SHOP.example/%61/1?utm_source=x", [0, 1, 2, 3]),
        ("www.shop.example", [0, 1, 2, 3, 4]),
        ("shop.example/b", [4]),
        ("hop.example/a", [2]),  # it stands in a text
    ],
)
def test_an_address_is_found_in_any_spelling(here: Here, engine: Engine, typed: str, places: list[int]) -> None:
    ids = record(
        engine,
        "r1",
        [
            offer("1", "一", url="http://www.shop.example/a/1?spm=1"),
            offer("2", "二", display_url="shop.example/a/1/"),
            offer("3", "三", "官网 HTTPS://shop.example/a/1，欢迎"),
            offer("4", "四", url="https://shop.example/%61/1#x"),
            offer("5", "五", url="https://shop.example/b"),
            offer("6", "六", url="https://othershop.example/a/1"),
        ],
    )
    assert sorted(found(here, typed)) == sorted(ids[place] for place in places)


def test_filters_narrow_and_need_no_word(here: Here, engine: Engine) -> None:
    one, two = record(engine, "r1", [offer("1", "包授权一"), offer("2", "包授权二", kind=Kind.SHOP)], flagged=["1"])
    assert found(here, "--category", "包授权") == [one]
    assert found(here, "--kind", "店铺") == [two]
    assert found(here, "包授权", "--platform", "淘宝", "--from", "2026-08-01", "--to", "2026-08-01") == [two, one]
    assert found(here, "--to", "2026-07-31") == []
    assert found(here, "--platform", "baidu") == []
    assert found(here, "--state", "none") == [two, one]


def test_pages_go_on_where_the_last_ended(here: Here, engine: Engine) -> None:
    ids = record(engine, "r1", [offer(str(number), f"包授权 {number}") for number in range(5)])[::-1]
    first = told(here, "search", "包授权", "--limit", "2")
    assert (first["total"], first["ids"], first["next"]) == (5, ids[:2], ids[1])
    record(engine, "r2", [offer("9", "包授权 新")])
    second = told(here, "search", "包授权", "--limit", "3", "--before", first["next"])
    assert (second["total"], second["ids"], second["next"]) == (6, ids[2:], None)


def test_details_are_told_where_they_are_asked_for(here: Here, engine: Engine) -> None:
    (one,) = record(engine, "r1", [offer("1", "包授权", "电话 13800000000")], flagged=["1"])
    assert "hits" not in told(here, "search", "包授权")
    (hit,) = told(here, "search", "包授权", "--details")["hits"]
    assert (hit["exhibit"], hit["listing"]["title"], hit["categories"]) == (one, "包授权", ["guaranteed_grant"])
    assert ["mobile", PHONE] in hit["entities"]


def test_details_of_too_many_are_refused(here: Here, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    record(engine, "r1", [offer(str(number), "包授权") for number in range(4)])
    monkeypatch.setattr(searching, "MOST_DETAILED", 3)
    ran = here("archive", "search", "包", "--details", "--json")
    assert ran.code == 2
    assert "最多 3 条，这里有 4 条" in ran.err
    assert len(told(here, "search", "包", "--details", "--limit", "3")["hits"]) == 3


# -- what is shown ---------------------------------------------------------------------------------


def test_words_are_marked_in_what_stands_around_them(here: Here, engine: Engine) -> None:
    (one,) = record(
        engine,
        "r1",
        [offer("1", "专利\x1b[31m包授权\u202e", "很长的开头" * 30 + "说联系一三八零零零零零零零零谢谢")],
        flagged=["1"],
    )
    ran = here("archive", "search", "包授权 138-0000-0000")
    assert ran.code == 0
    plain = "".join(ran.out.split())
    assert "【包授权】" in plain
    assert "说联系【一三八零零零零零零零零】谢谢" in plain
    assert f"证据项{one}" in plain
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "共 1 个证据项" in ran.err
    assert "淘宝 1" in ran.err


def test_more_than_a_screenful_is_said(here: Here, engine: Engine) -> None:
    ids = record(engine, "r1", [offer(str(number), f"包授权 {number}") for number in range(22)])
    ran = here("archive", "search", "包授权")
    assert f"--before {ids[2]}" in ran.err
    assert here("archive", "search", "包授权", "--before", ids[2]).out.count("【包授权】") == 2


def test_facets_count_what_is_found(here: Here, engine: Engine) -> None:
    record(
        engine,
        "r1",
        [offer("1", "包授权一"), offer("2", "包授权二", kind=Kind.SHOP), offer("3", "商标")],
        flagged=["1"],
    )
    facets = told(here, "facets", "包授权")
    assert facets["total"] == 2
    assert {one["label"]: one["number"] for one in facets["facets"]["kind"]} == {"商品": 1, "店铺": 1}
    assert [(one["value"], one["label"]) for one in facets["facets"]["platform"]] == [("taobao", "淘宝")]
    assert [(one["value"], one["number"]) for one in facets["facets"]["month"]] == [("2026-08", 2)]
    shown = here("archive", "facets", "包授权")
    assert "█" in shown.out
    assert "店铺" in shown.out


# -- what is hidden --------------------------------------------------------------------------------


def test_ids_of_digits_alone_are_no_contacts(here: Here, engine: Engine) -> None:
    record(engine, "r1", [offer("1", "包授权", f"电话 {PHONE}")])
    with engine.begin() as connection:
        connection.execute(text("UPDATE exhibits SET public_id = '13800000000138000000'"))
    token_of(engine, "示例甲", Grant.VIEWER)
    answer = told(here, "search", "包", "--details", "--limit", "1")
    assert answer["ids"] == ["13800000000138000000"] == [one["exhibit"] for one in answer["hits"]]
    assert answer["masked"]


def test_contacts_and_casework_are_for_those_who_may_see_them(
    here: Here, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = record(engine, "r1", [offer("1", "包授权", f"电话 {PHONE} 微信 abc_12345")], flagged=["1"])
    tokens = {
        "viewer": token_of(engine, "示例甲", Grant.VIEWER),
        "contacts": token_of(engine, "示例乙", Grant.VIEWER, Grant.CONTACTS),
        "district": token_of(engine, "示例丙", Grant.VIEWER, districts=("示例区",)),
    }
    for who, may_see, may_count in ((None, False, False), ("viewer", False, True), ("contacts", True, True)):
        if who:
            monkeypatch.setenv("LANTIAN_TOKEN", tokens[who])
        ran = here("archive", "search", PHONE)
        as_json = here("archive", "search", PHONE, "--json", "--details")
        assert json.loads(as_json.out)["ids"] == [one]
        for out in (ran.out, as_json.out):
            assert (PHONE in out) is may_see
            assert ("abc_12345" in out) is may_see
        assert json.loads(as_json.out)["masked"] is not may_see
        assert here("archive", "search", "包", "--state", "new").code == (0 if may_count else 2)
        facets = json.loads(here("archive", "facets", "包", "--json").out)["facets"]
        assert ("state" in facets) is may_count
        assert ("actor" in facets) is may_count
    monkeypatch.setenv("LANTIAN_TOKEN", tokens["district"])
    assert here("archive", "search", "包", "--state", "new").code == 2
    monkeypatch.setenv("LANTIAN_TOKEN", "lantian-nobody")
    assert here("archive", "search", "包").code == 2


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "没有检索词"),
        (("包", "--platform", "没有"), "--platform"),
        (("包", "--actor", "没有"), "没有主体"),
        (('"包',), "引号没有成对"),
        (("包", "--before", "00000000"), "没有证据项"),
        (("包", "--from", "昨天"), "2026-01-31"),
    ],
)
def test_a_mistake_is_one_line(here: Here, engine: Engine, words: tuple[str, ...], said: str) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    ran = here("archive", "search", *words)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_home_without_anything_is_a_mistake(here: Here) -> None:
    ran = here("archive", "search", "包")
    assert ran.code == 2
    assert "还没有数据" in ran.err


def test_a_home_in_which_nothing_was_seen_has_nothing(here: Here, engine: Engine) -> None:
    assert told(here, "search", "包") == {"total": 0, "ids": [], "next": None, "pages": {"total": 0, "ids": []}}
    assert told(here, "facets", "包")["total"] == 0
    assert told(here, "reindex")["indexed"] == 0


# -- whole pages -----------------------------------------------------------------------------------


def test_whole_pages_are_told_apart(here: Here, engine: Engine) -> None:
    record(engine, "r1", [offer("1", "包授权")])
    page = {"url": "https://a.example/?tel=13800000000", "platform": "taobao", "taken_at": T0}
    with engine.begin() as connection:
        connection.execute(
            insert(PageText).values(capture_id="capture-r1-1", text="第一行\x1b\n绿色通道 电话 138-0000-0000", **page)
        )
    assert told(here, "search", "绿色通道") == {
        "total": 0, "ids": [], "next": None, "pages": {"total": 1, "ids": ["capture-r1-1"]},
    }  # fmt: skip
    assert told(here, "search", "绿色通道", "--limit", "1")["pages"]["ids"] == ["capture-r1-1"]
    assert "--pages" in here("archive", "search", "绿色通道").err
    shown = here("archive", "search", "绿色通道", "--pages")
    assert "【绿色通道】" in shown.out
    assert "\x1b" not in shown.out
    token_of(engine, "示例甲", Grant.VIEWER)
    masked = here("archive", "search", "绿色通道", "--pages").out
    assert "【绿色通道】" in masked
    assert "0000" not in masked


# -- a full disk -----------------------------------------------------------------------------------

FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
from console.cli import main
main()
"""


def test_a_full_disk_hinders_no_question(here: Here, engine: Engine, made_home: Path) -> None:
    ids = record(engine, "r1", [offer("1", "包授权")])
    assert found(here, "包授权") == ids
    for run in range(4):
        record(engine, f"f{run}", [offer(f"{run}-{number}", "包授权 " + "字" * 3000) for number in range(30)])
    engine.dispose()
    told_home = {"LANTIAN_HOME": str(made_home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", FULL, "archive", "search", "包授权", "--json"]
    ran = subprocess.run(command, cwd=ROOT, env=told_home, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "检索落后 120 个证据项" in ran.stderr
    assert json.loads(ran.stdout)["ids"] == ids
    assert len(found(here, "包授权")) == 121


# -- the index -------------------------------------------------------------------------------------


def test_the_index_is_checked_and_made_again(here: Here, engine: Engine) -> None:
    ids = record(engine, "r1", [offer(str(number), f"包授权 {number}") for number in range(5)], flagged=["1"])
    assert told(here, "reindex")["indexed"] == 5
    assert told(here, "reindex", "--check")["drift"] == []
    with engine.begin() as connection:
        connection.execute(text("UPDATE exhibits SET title = '不再一样' WHERE id = 1"))
    ran = here("archive", "reindex", "--check", "--json")
    assert ran.code == 3
    assert "lantian archive reindex" in ran.err
    assert {one["exhibit"] for one in json.loads(ran.out)["drift"]} == {1}
    assert told(here, "reindex")["indexed"] == 5
    assert here("archive", "reindex", "--check").code == 0
    assert found(here, "包授权") == ids[:0:-1]
    assert found(here, "不再一样") == ids[:1]
