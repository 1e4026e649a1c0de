"""The language of the search: what words and filters mean, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.archive.query import LONGEST, MOST_TERMS, Chosen, parsed
from crawler.errors import UserMistake
from detectors.addresses import address_mark
from storage.searching.shapes import Field, Query, Term

PHONE = "13800000000"


def asked(words: str, **chosen: str | bool) -> Query:
    return parsed(words, Chosen(**chosen))


def texts(words: str) -> list[str]:
    return [term.text for term in asked(words).terms]


# -- words -----------------------------------------------------------------------------------------


def test_the_language() -> None:
    query = asked('包授权 -公告 "绿色 通道" CN20* -"内部 渠道" -CN19*')
    assert query.terms == (Term(text="包授权"), Term(text="绿色 通道"), Term(text="CN20", is_prefix=True))
    assert query.without == (Term(text="公告"), Term(text="内部 渠道"), Term(text="CN19", is_prefix=True))
    assert query.fields == frozenset(Field)


@pytest.mark.parametrize(
    "text", ["%", "_", "-", "*", "👍🏽", "é", "'", "(", "^", "a%b", "权。", "５", "”", "12'", 'a"b"']
)
def test_a_word_stands_as_it_is(text: str) -> None:
    assert texts(text) == [text]


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("包　授权", ["包", "授权"]),
        ("“绿色 通道”", ["绿色 通道"]),
        ('"12"" 屏"', ['12" 屏']),
        ("- 包", ["-", "包"]),
        ("包\n授\t权", ["包", "授", "权"]),
        ('"138-0000-0000"', ["138-0000-0000"]),
    ],
)
def test_blanks_part_words_and_quotes_hold_them_together(words: str, terms: list[str]) -> None:
    assert texts(words) == terms


@pytest.mark.parametrize("words", ["包 授", ' "', "-公告", "包*", "138-0000-0000", "“", "  "])
def test_literally_everything_is_a_character(words: str) -> None:
    assert asked(words, is_literal=True).terms == (Term(text=words),)


@pytest.mark.parametrize(
    "words", ['"包授权', '包授权"', "“包授权", '-"包', '""', '-""', "“”", "", "   ", "包" * (LONGEST + 1)]
)
def test_what_is_no_question_is_refused(words: str) -> None:
    with pytest.raises(UserMistake):
        asked(words)


def test_too_many_words_are_refused() -> None:
    assert len(asked(" ".join(f"词{number}" for number in range(MOST_TERMS))).terms) == MOST_TERMS
    with pytest.raises(UserMistake, match="最多"):
        asked(" ".join(f"词{number}" for number in range(MOST_TERMS + 1)))


def test_half_a_surrogate_pair_is_looked_for_as_it_was_written_down() -> None:
    assert texts("a\udc80") == ["a\ufffd"]


# -- what words name -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        PHONE,
        "138-0000-0000",
        "138 0000 0000",
        "１３８００００００００",
        "一三八零零零零零零零零",
        "+86 138 0000 0000",
        "电话：138 0000 0000",
        "手机 138.0000.0000",
        "TEL13800000000",
        "13800ooooo0",
        "微信同号 13800000000",
    ],
)
def test_a_phone_is_one_in_any_spelling(words: str) -> None:
    (term,) = asked(words).terms
    assert term.text == words
    assert term.entities == (("", PHONE),)
    assert {PHONE, "138-0000-0000", "138 0000 0000"} <= set(term.spellings)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("vx: Abc_123", "abc_123"),
        ("微信 abc_123", "abc_123"),
        ("Abc_123", "abc_123"),
        ("QQ：12345678", "12345678"),
        ("扣扣 1 2 3 4 5 6 7 8", "12345678"),
        ("99001", "99001"),
        ("九九零零一", "99001"),
        ("机构代码 99001", "99001"),
        ("91410100 MA00 0000 00", "91410100MA00000000"),
        ("a@b.example", "a@b.example"),
        ("0371-65000000", "037165000000"),
    ],
)
def test_what_is_named_is_looked_for_in_its_normal_form(words: str, value: str) -> None:
    (term,) = asked(words).terms
    assert ("", value) in term.entities


def test_firms_and_filings_have_normal_forms() -> None:
    (firm,) = asked("示例知識產權代理有限公司").terms
    assert firm.entities == (("company", "示例知识产权代理有限公司"),)
    (filing,) = asked("豫ICP备2026000001号").terms
    assert filing.entities == (("icp", "豫ICP备2026000001号"),)


def test_words_beside_a_number_stay_words() -> None:
    query = asked("包授权 138 0000 0000 加急 -vx:abc_123 abc_124")
    assert [term.text for term in query.terms] == ["包授权", "138 0000 0000", "加急", "abc_124"]
    assert [term.entities for term in query.terms] == [(), (("", PHONE),), (), (("", "abc_124"),)]
    assert query.without == (Term(text="vx:abc_123", entities=(("", "abc_123"),)),)


@pytest.mark.parametrize(
    "words", ["包授权13800000000", "微信", "qq", "v", "1234", "包授权", '"13800000000"', "1380000*"]
)
def test_what_names_nothing_by_itself_is_only_a_word(words: str) -> None:
    (term,) = asked(words).terms
    assert (term.entities, term.marks) == ((), ())


@pytest.mark.parametrize("words", ["https://www.xinghe.example/A/", "xinghe.example/a", "HTTP://xinghe.example/a#b"])
def test_an_address_is_one_in_any_spelling(words: str) -> None:
    assert asked(words).terms == (Term(text=words, marks=(address_mark("xinghe.example/a"),)),)


# -- filters ---------------------------------------------------------------------------------------


def test_filters_by_id_or_by_what_people_say() -> None:
    query = asked(
        "", fields="title,正文", platforms="taobao，百度", kinds="商品,ad", categories="包授权,green_channel",
        states="待认领,none", places="示例市", first="2026-03-01", last="2026-03-31",
    )  # fmt: skip
    assert query.fields == {Field.TITLE, Field.TEXT}
    filters = query.filters
    assert filters.platforms == {"taobao", "baidu"}
    assert filters.kinds == {"product", "ad"}
    assert filters.categories == {"guaranteed_grant", "green_channel"}
    assert filters.states == {"new", ""}
    assert filters.places == {"示例市"}
    assert filters.first == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert filters.last == datetime(2026, 3, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"platforms": "taobao,没有"}, "--platform 没有 没有"),
        ({"kinds": "x"}, "product（商品）"),
        ({"categories": "x"}, "guaranteed_grant（包授权）"),
        ({"rules": "x"}, "--rule"),
        ({"states": "x"}, "--state"),
        ({"fields": "x"}, "title（标题）"),
        ({"first": "2026-3"}, "2026-01-31"),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "之后"),
        ({"places": ","}, "没有检索词"),
    ],
)
def test_what_there_is_not_is_said(chosen: dict[str, str], told: str) -> None:
    with pytest.raises(UserMistake, match=told):
        asked("", **chosen)


def test_a_landline_is_looked_for_in_the_parts_people_write() -> None:
    for typed, parted in (
        ("400 000 0000", ("400-000-0000", "400 0000 000")),
        ("021-20000000", ("02120000000", "021 20000000")),
        ("0371 20000000", ("037120000000", "0371-20000000")),
    ):
        (term,) = parsed(typed, Chosen()).terms
        assert set(parted) <= set(term.spellings), typed
