"""What `lantian archive` tells whoever may not see contacts or casework: nothing of either, by marks or by names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from people_specimens import token_of
from sqlalchemy import Engine, insert
from storage_specimens import T0

from casework.acting import Grant
from console.archive.snippets import places
from storage.db import open_database
from storage.searching.shapes import Field, Filters, Query, Term
from storage.tables.search import PageText
from tests.console.archive_specimens import offer, record
from tests.console.conftest import Ran

PHONE = "13800000000"
HIDDEN = "138******00"
Here = Callable[..., Ran]


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    engine = open_database(made_home / "lantian.db")
    yield engine
    engine.dispose()


def asked(*words: str) -> Query:
    return Query(terms=tuple(Term(text=one) for one in words), without=(), fields=frozenset(Field), filters=Filters())


# -- marks in what is hidden -----------------------------------------------------------------------


@pytest.mark.parametrize("word", [*"02345679", "00", "80", "0000", "38000", "*"])
def test_a_part_of_a_hidden_number_is_not_marked(word: str) -> None:
    for text, shown in (
        (f"电话{PHONE}。", f"电话{HIDDEN}。"),
        ("电话138*0000*0000。", "电话138********00。"),  # its own marks part nothing
    ):
        spans = places(text, shown, asked(word))
        assert all("*" not in shown[start:end] for start, end in spans), spans


def test_parts_that_lie_side_by_side_are_no_whole() -> None:
    assert places(f"电话{PHONE}", f"电话{HIDDEN}", asked("0", "000")) == [(11, 13)]


def test_a_hidden_number_is_marked_as_a_whole() -> None:
    assert places(f"电话{PHONE}。", f"电话{HIDDEN}。", asked(PHONE)) == [(2, 13)]
    assert places(f"电话{PHONE}。", f"电话{HIDDEN}。", asked("电话", "138")) == [(0, 5)]
    assert places("包授权2024", "包授权2024", asked("0")) == [(4, 5)]


def test_places_in_what_is_hidden_take_no_mark_from_others() -> None:
    text = f"{PHONE} " * 3 + "0" + " 0" * 18
    shown = f"{HIDDEN} " * 3 + "0" + " 0" * 18
    assert places(text, shown, asked("0")) == places(shown, shown, asked("0"))


def test_no_digit_of_a_hidden_phone_is_told(here: Here, engine: Engine) -> None:
    record(engine, "r1", [offer("1", f"包授权 {PHONE}", f"联系 138-0000-0000 {PHONE}")])
    page = {"url": "https://a.example/", "platform": "taobao", "taken_at": T0}
    with engine.begin() as connection:
        connection.execute(insert(PageText).values(capture_id="capture-r1-1", text=f"包授权 {PHONE}", **page))
    assert here("archive", "save", "一", "0", "--literal", "--by", "示例甲").code == 0
    record(engine, "r2", [offer("2", f"又一个 {PHONE}")])
    token_of(engine, "示例甲", Grant.VIEWER)
    for words in (("search", "0", "--literal", "--pages"), ("saved", "一")):
        out = "".join(here("archive", *words).out.split())
        assert "【00】" in out
        assert {len(row) for row in re.findall(r"\*+", out)} <= {6, 8}
        assert not re.search(r"【[^】]*\*", out)


# -- saved searches --------------------------------------------------------------------------------


def test_saved_searches_by_casework_are_for_those_who_may_count_it(
    here: Here, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(engine, "r1", [offer("1", "包授权")], flagged=["1"])
    for name, words in (
        ("公开", ()),
        ("在办", ("--state", "new")),
        ("失效", ("--state", "new", "--platform", "taobao")),
    ):
        assert here("archive", "save", name, "包", *words, "--by", "示例甲").code == 0
    with engine.begin() as connection:
        gone = "UPDATE saved_searches SET asked = replace(asked, 'taobao', 'gone') WHERE name = '失效'"
        connection.exec_driver_sql(gone)
    record(engine, "r2", [offer("2", "包授权")])
    may = {
        who: token_of(engine, who, Grant.VIEWER, districts=of) for who, of in (("示例乙", ()), ("示例丙", ("示例区",)))
    }
    for token, told in ((None, 1), (may["示例丙"], 1), (may["示例乙"], 3)):
        if token:
            monkeypatch.setenv("LANTIAN_TOKEN", token)
        as_json, table = here("archive", "saved", "--json"), here("archive", "saved")
        assert len([json.loads(line) for line in as_json.out.splitlines()]) == told
        assert ("另有 2 个" in as_json.err and "另有 2 个" in table.err) is (told == 1)
        for said in (as_json.out, as_json.err, table.out, table.err):
            assert told == 3 or not ("在办" in said or "失效" in said)
