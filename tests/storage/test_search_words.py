"""The index of words finds what LIKE finds, for any part of any text, on either database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from search_specimens import START, Seen, indexed, sow, sow_exhibits
from sqlalchemy import Connection, Engine, Text, func, literal, or_, select
from sqlalchemy.dialects.postgresql import dialect as postgres
from storage_specimens import on_both, on_sqlite

from storage.db import writing
from storage.models import EntityRow, ExhibitRow
from storage.searching.documents import Document
from storage.searching.grams import phrase, words
from storage.searching.shapes import Field
from storage.searching.words import words_of

MOST = 10**9
BODY = frozenset({Field.TITLE, Field.TEXT})
SUBSTRINGS = 200
ODD = (
    "专利包授权，不成功退款！加微信 示例abc",
    "100%通过_率 50% _ \\% \\_ !%",
    "引号\"双\"和'单'，``反``，NEAR(专利 授权, 2) AND OR NOT *^:{}+-",
    "emoji 😀👨‍👩‍👧 旗🇨🇳 肤👍🏽 专利",
    "e\u0301 é e ñ n\u0303 Å A\u030a ﬁ ß ẞ İ ı K",
    "\ue000\ue001\ue07f\ue080\ue0a5\ue100\ue140\ue1ff\ue200\ue201\ue3ff\ue400\uf8ff\U0010fffd",
    "第一行\n第二行\r\n\t制表\u3000全角\u00a0不断\u2028行\u200b零宽\ufeff",
    "a\0b\0\0c\x01\x02\x7f\x1f 半\ud800个\udfff代理",
    "ABCxyz AbC ＡＢｃ ÀÉ àé ΑΒ αβ Привет ПРИВЕТ",
    "x",
    " ",
    "\n",
    "",
    "x \ue001 \x01",
    "\U00020000\U0002a6d6𠮷野家",
    "aaaaaaaaaa",
    "专专专利利利",
)


@pytest.fixture
def sown(engine: Engine) -> Engine:
    """Drawn exhibits and odd ones, indexed."""
    sow(engine, seed=3, number=200, step=3)
    made = Seen(row=0, listing="listing-1", platform="taobao", kind="ad", place="", seen_at=START, title="", text="")
    odd = [replace(made, row=1000 + at, title=title, text=text) for at, (title, text) in enumerate(_pairs())]
    sow_exhibits(engine, odd)
    indexed(engine)
    return engine


def _pairs() -> Iterator[tuple[str, str]]:
    for at, text in enumerate(ODD):
        yield ODD[at - 1], text


def _like(connection: Connection, text: str, *columns: object) -> set[int]:
    """What the database's own LIKE finds, letters A to Z folded."""
    pattern = "%" + "".join(f"!{one}" if one in "!%_" else one for one in text) + "%"
    if connection.dialect.name == postgres.name:
        asked = func.lower(literal(pattern, Text).collate("C"))
        stands = [func.lower(column.collate("C")).like(asked, escape="!") for column in columns]  # type: ignore[attr-defined]
    else:
        stands = [column.like(pattern, escape="!") for column in columns]  # type: ignore[attr-defined]
    row = EntityRow.exhibit_id if columns[0] is EntityRow.value else ExhibitRow.id
    return set(connection.execute(select(row).where(or_(*stands))).scalars())


def _parts(connection: Connection) -> Iterator[str]:
    """Parts of 1 to 6 characters of what stands in the rows, wherever a word begins or ends."""
    chance = random.Random(20)
    texts = [text for row in connection.execute(select(ExhibitRow.title, ExhibitRow.text)) for text in row if text]
    odd = [text for row in connection.execute(select(ExhibitRow.text).where(ExhibitRow.id >= 1000)) for text in row]
    for number in range(SUBSTRINGS):
        text = chance.choice([one for one in odd if one] if number % 2 else texts)
        length = min(chance.randint(1, 6), len(text))
        start = chance.randint(0, len(text) - length)
        yield text[start : start + length]
    yield from "%_'\"*^ \n-\ue001\ue07f\ue080\ue1ff\ue200x"
    yield from ("没有这样的字", "利专专利", "\ue100\ue140", "b\ufffd", "aaaaaaaaaaa", "NEAR", "AND", "a\u0301")


@on_both
def test_any_part_of_a_text_is_found_where_like_finds_it(sown: Engine) -> None:
    found = 0
    with sown.connect() as connection:
        index = words_of(connection)
        for part in [*_parts(connection)]:
            expected = _like(connection, part, ExhibitRow.title, ExhibitRow.text)
            rows = index.matching(part, BODY, 0, MOST)
            assert rows.tolist() == sorted(expected), ascii(part)
            found += bool(expected)
            named = index.matching(part, frozenset({Field.ENTITY}), 0, MOST).tolist()
            assert named == sorted(_like(connection, part, EntityRow.value)), ascii(part)
    assert found > SUBSTRINGS


@on_both
def test_a_field_alone_is_asked_alone(sown: Engine) -> None:
    with sown.connect() as connection:
        index = words_of(connection)
        for part in ("包", "授权", "Abc", "绿色通道"):
            for field, column in ((Field.TITLE, ExhibitRow.title), (Field.TEXT, ExhibitRow.text)):
                rows = index.matching(part, frozenset({field}), 0, MOST).tolist()
                assert rows == sorted(_like(connection, part, column)) != []
        assert index.matching("包", frozenset(), 0, MOST).size == 0


@on_both
def test_only_the_range_is_answered(sown: Engine) -> None:
    with sown.connect() as connection:
        index = words_of(connection)
        everything = index.matching("包", frozenset(Field), 0, MOST)
        for first, last in ((0, 50), (51, 260), (7, 7), (200, MOST), (5, 4), (400, 999)):
            expected = everything[(everything >= first) & (everything <= last)]
            assert np.array_equal(index.matching("包", frozenset(Field), first, last), expected)
            assert np.array_equal(index.matching("包", frozenset(Field), first, last), np.unique(expected))


@on_both
def test_nothing_is_not_asked_for(sown: Engine) -> None:
    with sown.connect() as connection, pytest.raises(ValueError, match="nothing is everywhere"):
        words_of(connection).matching("", BODY, 0, MOST)


@on_both
def test_texts_of_one_field_do_not_run_into_each_other(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        index = words_of(connection)
        index.begin()
        index.write([Document(number=3, pictures=("包授", "权利"), entities=("138", "000"))])
        assert index.matching("授权", frozenset(Field), 0, 9).size == 0
        assert index.matching("80", frozenset(Field), 0, 9).size == 0
        assert index.matching("权利", frozenset(Field), 0, 9).tolist() == [1]
        assert index.numbers(0, 9).tolist() == [3]


@on_both
def test_a_number_finds_those_it_was_given_to(engine: Engine) -> None:
    exact = 1 << 62 | 7
    with writing(engine).begin() as connection:
        index = words_of(connection)
        index.begin()
        several = [
            Document(number=2 * row, title="x", given=given)
            for row, given in ((1, (5, 6)), (2, (6, exact)), (40_000, (5, exact + 1)))
        ]
        index.write(several)
        assert index.near((5,), 0, MOST).tolist() == [1, 40_000]
        assert index.near((exact, 5), 2, MOST).tolist() == [2, 40_000]
        assert index.near((), 0, MOST).size == index.near((7,), 0, MOST).size == 0
        index.forget(several[:2])
        assert index.near((5, 6, exact), 0, MOST).tolist() == [40_000]
        assert index.matching("x", BODY, 0, MOST).tolist() == [40_000]


@on_sqlite
def test_no_two_texts_become_the_same_words(engine: Engine) -> None:
    """Everything SQLite's tokenizer would cut at, or that stands for it, is a character of its own."""
    with writing(engine).begin() as connection:
        index = words_of(connection)
        index.begin()
        letters = [chr(code) for code in (*range(1, 256), *range(0xE000, 0xE500))]
        index.write([Document(number=2 * at, text=f"z{letter}z") for at, letter in enumerate(letters)])
        for at, letter in enumerate(letters):
            same = [other for other, one in enumerate(letters) if _folded(one) == _folded(letter)]
            if letter not in "zZ":
                assert index.matching(letter, BODY, 0, MOST).tolist() == same, hex(ord(letter))
                assert index.matching(f"{letter}z", BODY, 0, MOST).tolist() == same, hex(ord(letter))
            assert at in same


def _folded(letter: str) -> str:
    return letter.lower() if letter.isascii() else letter


def test_words_are_pairs_and_the_end_is_marked() -> None:
    assert words("") == ""
    assert words("Aa") == "aa a\ue1ff"
    assert phrase("x") == '"x" *'
    assert phrase("包授权") == '"包授 授权"'
