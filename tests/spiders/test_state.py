"""Long texts keep their paragraphs apart, and JSON of any shape reads as what is there or nothing."""

from __future__ import annotations

import pytest

from crawler.errors import PageBroken, PageChanged
from spiders.reading import block_text_of, fragment
from spiders.state import at, at_most, count_at, count_of, first_text, host_of, members_at, objects_at, split, text_at


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>包授权</p><p>不过退款</p>", "包授权\n不过退款"),
        ("第一行<br>第二行<br/><br>第三行", "第一行\n第二行\n第三行"),
        ("<p>绿<em>色</em><b>通</b>道</p>", "绿色通道"),
        ("<ul><li>甲<ul><li>乙</li></ul></li><li>丙</li></ul>", "甲\n乙\n丙"),
        ("<table><tr><td>价</td><td>500</td></tr></table>", "价\n500"),
        ("<div><p>看得见</p><p style='display:none'>看不见</p><noscript>也看不见</noscript></div>", "看得见"),
        ("<h2>题</h2>文<!-- 注 --><section>段</section>尾", "题\n文\n段\n尾"),
        ("  多   个\u00a0空白 ", "多 个 空白"),
        ("", ""),
    ],
)
def test_block_text_keeps_paragraphs_apart(html: str, text: str) -> None:
    assert block_text_of(fragment(html)) == text


def test_block_text_of_nothing() -> None:
    assert block_text_of(None) == ""


def test_a_fragment_is_refused_like_a_page() -> None:
    with pytest.raises(PageBroken, match="too_deep"):
        fragment("<div>" * 100_000)
    assert block_text_of(fragment("半\ud800个字")) == "半\ufffd个字"


STATE = {"a": {"b": "文", "n": 7, "t": True, "f": 1.5, "list": [{"x": 1}, 2, None, {"x": 3}], "huge": 10**5000}}


def test_what_stands_there_is_read() -> None:
    assert at(STATE, "a", "b") == text_at(STATE, "a", "b") == "文"
    assert text_at(STATE, "a", "n") == "7"
    assert objects_at(STATE, "a", "list") == [{"x": 1}, {"x": 3}]
    assert members_at(STATE, "a", "list") == {}
    assert count_at(STATE, "a", "n") == 7
    assert first_text(STATE["a"], "none", "f", "n", "b") == "7"


@pytest.mark.parametrize("path", [("x",), ("a", "t"), ("a", "f"), ("a", "huge"), ("a", "b", "c"), ("a", "list", "x")])
def test_what_is_of_another_kind_reads_as_nothing(path: tuple[str, ...]) -> None:
    assert text_at(STATE, *path) == ""
    assert objects_at(STATE, *path) == []
    assert count_at(STATE, *path) is None


@pytest.mark.parametrize("root", [None, [], "x", 3, True])
def test_a_root_of_another_kind_reads_as_nothing(root: object) -> None:
    assert text_at(root, "a") == ""
    assert members_at(root, "a") == {}


@pytest.mark.parametrize(
    ("text", "count"), [("12", 12), ("0", 0), ("", None), ("-1", None), ("１２", None), ("9" * 5000, None)]
)
def test_counts_are_plain_digits(text: str, count: int | None) -> None:
    assert count_of(text) == count


def test_addresses_that_are_none() -> None:
    assert host_of("http://[::1") == split("http://[::1").path == ""
    assert host_of("https://a.example/b") == "a.example"


def test_a_thousand_cards_are_enough() -> None:
    node = fragment("<p>x</p>")
    assert len(at_most([node] * 1000)) == 1000
    with pytest.raises(PageChanged, match="1001 cards"):
        at_most([node] * 1001)
