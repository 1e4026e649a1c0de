"""What `lantian archive` tells whoever may not see contacts or casework: nothing of either, by marks or by names."""

from __future__ import annotations

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
