"""Contacts do not survive masking, however they are spelled; the rest of the text does."""

from __future__ import annotations

import random

import pytest

from casework.masking import CONTACTS, masked, masked_in_place, masked_quote, masked_quote_in_place, masked_value
from detectors.entities import find_entities

SPELLINGS = (
    "13800000000",
    "+86 138-0000-0000",
    "１３８ ００００ ００００",
    "①③⑧00000000",
    "1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣",
    "一三八〇〇〇〇〇〇〇〇",
    "壹叁捌零零零零零零零零",
    "l38OOOO0000",
    "1 3 8 * 0 0 0 0 * 0 0 0 0",
    "010-60000000",
    "400-000-0000",
    "加微信：xinghe_zc01",
    "薇❤ xinghe2026",
    "VX xinghe-ip",
    "微信：13800000000",
    "QQ：12345678",
    "扣扣 1 2 3 4 5 6 7 8",
    "企鹅：一二三四五六七八",
    "ip@xinghe.example",
    "ip艾特xinghe点example",
    "手机13800000000一对一",
    "二13800000000",
    "TEL13800000000",
    "abc１３８００００００００",
    "QQ12345678两天内",
)


def contacts(text: str) -> list[str]:
    return [one.value for one in find_entities(text, "") if one.kind in CONTACTS]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_contact_is_hidden_and_the_words_around_it_stay(spelling: str) -> None:
    hidden = masked(f"专利包授权，{spelling}，不成退款")
    assert "****" in hidden
    assert hidden.startswith("专利包授权，")
    assert hidden.endswith("，不成退款")
    assert not contacts(hidden)
    assert masked(hidden) == hidden


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_hidden_in_its_place_a_contact_moves_nothing(spelling: str) -> None:
    text = f"专利包授权，{spelling}，不成退款"
    hidden = masked_in_place(text)
    assert len(hidden) == len(text)
    assert hidden != text
    assert (hidden[:6], hidden[-5:]) == (text[:6], text[-5:])
    assert not contacts(hidden)
    assert masked_in_place(hidden) == hidden
    assert masked_quote_in_place("0000321 包授权 1390000") == "00****1 包授权 13****0"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("电话13800000000", "电话138****00"),
        ("QQ：12345678", "QQ：12****8"),
        ("QQ：12345", "QQ：1****"),
        ("微信：abcdef", "微信：a****"),
        ("邮箱 ip@xinghe.example", "邮箱 ip@x****le"),
    ],
)
def test_the_ends_stay(text: str, hidden: str) -> None:
    assert masked(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "",
        "价格 1980 元",
        "京ICP备00000000号-1",
        "北京示例知识产权代理有限公司",
        "机构代码 99001",
        "www.xinghepatent.example",
    ],
)
def test_what_leads_to_no_person_stays(text: str) -> None:
    assert masked(text) == text


def test_what_was_named_once_is_hidden_where_it_stands_alone() -> None:
    assert "xinghe_zc01" not in masked("微信：xinghe_zc01。搜 Xinghe_ZC01 即可").lower()
    assert masked("搜 xinghe_zc01", ["xinghe_zc01"]) == "搜 xin****01"


def test_a_quote_cut_within_a_number_shows_no_more_of_it() -> None:
    assert masked_quote("包授权 电话1380000") == "包授权 电话13****0"
    assert masked_quote("00000000 包授权") == "00****0 包授权"


def test_a_value_is_hidden_by_its_kind() -> None:
    assert masked_value("mobile", "13800000000") == "138****00"
    assert masked_value("icp", "京ICP备00000000号") == "京ICP备00000000号"


def test_a_long_list_is_hidden_to_its_end() -> None:
    hidden = masked("电话13800000000，微信xinghe_zc01；" * 700)
    assert not contacts(hidden)
    assert "0000" not in hidden


@pytest.mark.parametrize("seed", range(60))
def test_no_contact_survives_whatever_stands_beside_it(seed: int) -> None:
    chance = random.Random(seed)
    beside = (
        "",
        " ",
        "，",
        "*",
        "1",
        "-",
        "微信",
        "QQ",
        "a",
        "专利",
        "\u202e",
        "号",
        "\n",
        "0",
        ".",
        "@",
        "点com",
        "\0",
        "𝟏",
    )
    text = "".join(chance.choice(beside) + chance.choice(SPELLINGS) for _ in range(chance.randrange(1, 14)))
    values = contacts(text)
    hidden = masked(text)
    assert not contacts(hidden)
    assert not [value for value in values if value in hidden]
    assert masked(hidden) == hidden
