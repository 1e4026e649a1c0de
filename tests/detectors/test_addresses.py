"""Addresses are one whatever their spelling, and what is none stays none."""

from __future__ import annotations

import pytest

from detectors.addresses import DEEPEST, address_mark, address_marks, normal_address

SAME = [
    "xinghe.example/shop/1",
    "http://xinghe.example/shop/1",
    "https://www.xinghe.example/shop/1/",
    "HTTPS://WWW.Xinghe.Example:443/Shop/1",
    "//xinghe.example/shop//1",
    "ｈｔｔｐｓ：／／ｘｉｎｇｈｅ．ｅｘａｍｐｌｅ／shop／1",
    "xinghe。example/shop/1",
    "https://xinghe.example/%73hop/1#top",
    "https://xinghe.example/%2573hop/1",
    "https://xinghe.example/shop/1?utm_source=x&spm=a.1",
    "  xinghe.example/shop/1  ",
]


@pytest.mark.parametrize("spelling", SAME)
def test_one_address_has_one_form(spelling: str) -> None:
    assert normal_address(spelling) == "xinghe.example/shop/1"


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("https://item.example/item.htm?spm=a&id=12&b=1", "item.example/item.htm?b=1&id=12"),
        ("http://xinghe.example:8080/", "xinghe.example:8080"),
        ("http://10.0.0.1/a", "10.0.0.1/a"),
        ("http://xn--fiq228c.example/", "中文.example"),
        ("中文.example/%E5%8C%85", "中文.example/包"),
    ],
)
def test_what_says_what_is_there_stays(spelling: str, normal: str) -> None:
    assert normal_address(spelling) == normal
    assert normal_address(normal if not normal[0].isdigit() else f"http://{normal}") == normal


@pytest.mark.parametrize(
    "words",
    [
        "",
        "包授权",
        "1.5",
        "138.0000.0000",
        "a.b",
        "a@b.example",
        "http://",
        "http://me@xinghe.example/",
        "x" * 3000,
        "。",
    ],
)
def test_what_is_none_has_no_form(words: str) -> None:
    assert normal_address(words) == ""


def test_a_text_is_found_by_what_it_names_and_what_lies_above() -> None:
    marks = address_marks(
        ["官网www.xinghe.example/a/b，邮箱a@mail.example。价1.5万"], ["https://item.shop.example/1?id=2"]
    )
    there = (
        "xinghe.example/a/b", "xinghe.example/a", "xinghe.example",
        "item.shop.example/1?id=2", "item.shop.example/1", "item.shop.example", "shop.example",
    )  # fmt: skip
    for one in there:
        assert address_mark(normal_address(one)) in marks, one
    for one in ("mail.example", "ghe.example", "example.com", "xinghe.example/b"):
        assert address_mark(normal_address(one)) not in marks, one
    assert len(marks) == len(there)


def test_no_text_gives_marks_without_end() -> None:
    many = " ".join(f"http://{'a.' * 8}example/{'b/' * 200}{number}" for number in range(500))
    assert len(address_marks([many], [])) <= 20 * (2 * DEEPEST + 3)


def test_marks_of_addresses_are_none_of_near_duplicates() -> None:
    assert all(1 << 62 <= one < 1 << 63 for one in address_marks([], ["xinghe.example/a"]))
