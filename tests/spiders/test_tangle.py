"""What would keep the parser busy for minutes is refused before it; what is merely long or sloppy is not."""

from __future__ import annotations

import pytest

from crawler.errors import PageBroken
from crawler.items import Page
from spiders.reading import Document
from spiders.tangle import FEW, MAX_ATTRIBUTES, refuse_tangle

MANY = 60_000
NAMES = " ".join(f"a{number}" for number in range(MAX_ATTRIBUTES + 1))

BOMBS = {
    "open elements": "<div>" * MANY,
    "closed by others' tags": "<div></x>" * MANY,
    "closed in a comment": "<div><!--</div>-->" * MANY,
    "closed after an abrupt comment": "<div><!--></x>" * MANY,
    "closed in a bogus comment": "<div><!x</div>" * MANY,
    "closed in a value": '<div a="</div>">' * MANY,
    "closed in a script": "<div><script></div></script>" * MANY,
    "closed beyond a table": "<div><table></div></table>" * MANY,
    "closed in a select": "<div><select></div></select>" * MANY,
    "closed in CDATA": "<svg><![CDATA[></svg>]]>" * MANY,
    "a span across a block": "<span><div></span>" * MANY,
    "a form across a block": "<form><div></form>" * MANY,
    "a row that is none": "<tbody><div></tbody>" * MANY,
    "hidden behind a title": "<svg><title>" + "<div>" * MANY,
    "hidden behind a false script": "<textarea><script></textarea>" + "<div>" * MANY,
    "deep and then wide": "<div>" * 4_900 + "<i></i>" * 2 * MANY,
    "rewritten in each paragraph": "".join(f"<font color={n}>" for n in range(1_900)) + "<p>x" * MANY,
    "left open in each block": "".join(f"<div><font color={n}></div>" for n in range(20_000)) + "<p>x" * MANY,
    "one giant tag": f"<div {NAMES}>",
    "a giant tag with > in its values": "<div " + " ".join(f'a{n}=">"' for n in range(MAX_ATTRIBUTES + 1)) + ">",
    "a giant tag in a false script": "<svg><script><div " + NAMES * 11 + ">",
    "too many tags": "<b></b>" * 600_000,
}
HONEST = {
    "a million words": "<p>专利代理</p>" * 100_000,
    "unclosed paragraphs": "<p>专利代理<br>" * MANY,
    "unclosed cells": "<table>" + "<tr><td><b>专利<td><font color=red>代理</font>" * MANY + "</table>",
    "unclosed list": "<ul>" + "<li><a href=/1>专利" * MANY + "</ul>",
    "unclosed links": "".join(f"<li><a href=/{n}>专利" for n in range(MANY)),
    "vector pictures": "<div><svg><g><path d=1/><path d=2></g></svg></div>" * MANY,
    "a script that compares": "<script>for(i=0;i<n;i++)" + " a + b / c" * 400 + "</script>" + "<b>x</b>" * FEW,
    "a script that writes": "<script>" + 's += "<div>";' * 900 + "</script>" + "<div>x</div>" * MANY,
    "a long inline picture": '<img src="data:' + "a b/ " * 200_000 + '">',
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_the_parser_sees_it(text: str) -> None:
    with pytest.raises(PageBroken) as refusal:
        refuse_tangle(text)
    assert refusal.value.reason in ("too_deep", "too_large")


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST.keys())
def test_long_or_sloppy_markup_is_let_through(text: str) -> None:
    refuse_tangle(text)


def test_a_bomb_is_refused_in_whatever_encoding_it_comes() -> None:
    body = ("<html><body>" + "<div></x>" * MANY).encode("utf-16")
    with pytest.raises(PageBroken):
        _ = Document(Page(url="https://a.example/", requested_url="https://a.example/", query="", body=body)).tree
