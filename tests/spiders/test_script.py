"""Values in scripts are read as JavaScript would have them, never run, and in linear time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from crawler.errors import PageChanged
from spiders.nuxt import call_list, call_state
from spiders.script import assigned, elements, literal, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, true, null]}', {"a": [1, 2.5, True, None]}),
        (
            "{a:1,'b':\"x\",c:!0,d:!1,e:void 0,f:undefined,}",
            {"a": 1, "b": "x", "c": True, "d": False, "e": None, "f": None},
        ),
        (r"'\u4e13\x41\n\'\u{1F600}\ud83d\ude00'", "专A\n'😀😀"),
        ("[0x1F, .5, -3, 1e3, 2.]", [31, 0.5, -3, 1000.0, 2.0]),
        (
            "{a: new Date(12), b: Array(2), c: call(1, {x: 2}), d: window.location.href}",
            {"a": None, "b": [None, None], "c": None, "d": None},
        ),
        ("/* note */ [1, // one\n 2]", [1, 2]),
        ("`back\\`tick`", "back`tick"),
        ("{1: 2, true: 3}", {"1": 2, "true": 3}),
    ],
)
def test_literal(text: str, value: Any) -> None:
    assert literal(text + " trailing();")[0] == value


def test_literal_says_where_it_ends() -> None:
    assert literal("x = {a:1}; y", 4) == ({"a": 1}, 9)
    assert literal('x = {"a":1}; y', 4) == ({"a": 1}, 11)


@pytest.mark.parametrize(
    "text",
    ["", "}", "{a", "{a:1", "[1", "'open", "{a 1}", "(1)", "{a: 1 + 1}", "[" * 300 + "a" + "]" * 300],
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(PageChanged):
        literal(text)


def test_digits_beyond_what_python_converts_are_no_error() -> None:
    assert literal("{a:" + "9" * 6000 + "}")[0]["a"] > 1e308


def test_assigned() -> None:
    assert assigned("var x == 1; x = {a: 'b'}", "x") == {"a": "b"}
    assert assigned('{"state": [1]}', "state") == [1]
    with pytest.raises(PageChanged):
        assigned("state: go()", "state")


def test_one_damaged_element_does_not_lose_the_others() -> None:
    text = 'x=[{"a":1},{"a" 2},{a:"}],["},go();,n,{"a":/x/}]'
    # `go();` is code, `"a" 2` and a regular expression are no literals.
    assert elements(text, 2, names={"n": {"a": 9}}) == ([{"a": 1}, {"a": "}],["}, {"a": 9}], 3)
    assert elements('[{"a":"b"},{a:n}]', 0, names={"n": "c"}) == ([{"a": "b"}, {"a": "c"}], 0)
    assert elements("[]", 0) == ([], 0)
    for text in ("[1", "['a]", '["\\"]'):
        with pytest.raises(PageChanged):
            elements(text, 0)


STATE = """window.__NUXT__=(function(a,b,c,d){c.name="第二";c.tags=d;d[1]="x";
return {one:a,list:[],deep:{list:[{n:b},c,{n:"}}(1,2,3,4)"}]},
s:"}(",ok:!0}}("first","y}(z",{},Array(2)));</script><script>}(9)"""


def test_state_passed_as_arguments() -> None:
    value = call_state(STATE, STATE.index("("))
    assert value["one"] == "first"
    assert value["deep"]["list"] == [{"n": "y}(z"}, {"name": "第二", "tags": [None, "x"]}, {"n": "}}(1,2,3,4)"}]
    assert value["s"] == "}("
    assert value["ok"] is True


def test_only_the_list_of_a_state() -> None:
    listed = call_list(STATE, STATE.index("("), "list")
    assert listed is not None
    assert listed.values == call_state(STATE, STATE.index("("))["deep"]["list"]
    assert listed.lost == 0
    assert call_list(STATE, STATE.index("("), "absent") is None


ARGUED = '{l:[{s:a,"t":1}],n:b,p:{total:b}}'


@pytest.mark.parametrize(
    "state",
    [
        f'(function(a,b){{return {ARGUED}}}("店",7));',
        f'(function(a,b){{return {ARGUED}}})("店",7);',
        f'(function(a,b){{return {ARGUED};}} \n ( "店" , 7 ) )',
        f'( function (a,b) {{"use strict"; return ({ARGUED}) }}) ("店",7)',
        f'!function(a,b){{return {ARGUED}}}("店",7)',
        f'((a,b)=>({ARGUED}))("店",7)',
        f'((a, b) => {{ return {ARGUED} }})("店", 7);',
        f'(a=>{{var b=7;return {ARGUED}}})("店")',
        f'(function(a){{var c={{}},d,b;b=7;c.x=b;return {ARGUED}}}("店"))',
        f'(function(){{const a="店";let b=7;return {ARGUED}}})()',
        ARGUED.replace("a", '"店"', 1).replace("b", "7") + ";",
    ],
)
def test_every_way_to_write_a_state(state: str) -> None:
    text = f"__N__={state}</script><script>}}(9)"
    expected = {"l": [{"s": "店", "t": 1}], "n": 7, "p": {"total": 7}}
    if "total:7" in state:
        expected["p"] = {"total": 7}
    assert call_state(text, 6) == expected
    listed = call_list(text, 6, "l")
    assert listed is not None
    assert (listed.values, listed.lost, listed.beside) == (expected["l"], 0, {"n": 7, "p": {"total": 7}})


def test_what_stands_beside_a_list() -> None:
    text = '(function(a){return {x:[{total:9}],total:a,"kw":"b",l:[],page:{n:1},f:go()+1,later:2}}(0))'
    listed = call_list(text, 0, "l")
    assert listed is not None
    assert (listed.values, listed.beside) == ([], {"x": [{"total": 9}], "total": 0, "kw": "b", "page": {"n": 1}})
    text = '{s:{a:")",page:{total:0},"l":[]}}'
    listed = call_list(text, 0, "l")
    assert listed is not None
    assert listed.beside == {"a": ")", "page": {"total": 0}}


@pytest.mark.parametrize(
    "state",
    [
        "",
        "(",
        "(function(){})",
        "(function(a){return {}}",
        "(function(a){run()}(1))",
        "(function(a){return {x:a}}(1",
        "(a+({}))(1)",
    ],
)
def test_a_state_that_is_none_is_refused(state: str) -> None:
    with pytest.raises(PageChanged):
        call_state(state, 0)
    if "run" not in state:
        with pytest.raises(PageChanged):
            call_list(state, 0, "x")


def test_assignments_reach_only_what_the_page_bound() -> None:
    text = "(function(a){a.b.c=1;x.y=2;a[99999999]=1;return {l:[a]}}({}))"
    assert call_state(text, 0) == {"l": [{"99999999": 1}]}
    text = "(function(a){a.self=a;return {l:[a,{k:1}]}}({}))"
    listed = call_list(text, 0, "l")
    assert listed is not None
    assert listed.values[1] == {"k": 1}


def test_plain_text_of_marked_up_titles() -> None:
    assert plain("<hl>专利</hl>代理 &amp; 1<2 <b class='x'>商标</b>") == "专利代理 & 1<2 商标"


HOSTILE: list[tuple[str, Callable[[], Any]]] = [
    ("open string", lambda: literal("{a:'" + "x" * 3_000_000)),
    ("escaped quotes", lambda: literal("{a:" + "\\'" * 1_000_000)),
    ("open comment", lambda: literal("/*" + "*" * 3_000_000)),
    ("spaces", lambda: literal("{" + " " * 3_000_000 + "?")),
    ("dots", lambda: literal("{a:" + "b." * 1_000_000 + "?")),
    ("digits", lambda: literal("{a:" + "1" * 1_000_000 + "}")),
    ("deep", lambda: literal("[" * 1_000_000)),
    ("open brackets", lambda: elements("[" * 1_000_000, 0)),
    ("quotes outside strings", lambda: elements("[" + "\\'" * 500_000, 0)),
    ("calls everywhere", lambda: call_list("(function(a){" + "}(1," * 250_000, 0, "x")),
    ("lists in lists", lambda: call_list("(function(a){return {" + "x:[" * 200_000 + "}}(1))", 0, "x")),
    ("lists in strings", lambda: call_list("(function(a){return {" + 'x:["' * 200_000 + "}}(1))", 0, "x")),
    (
        "a long name mentioned often",
        lambda: call_list("(function(a){return {x:[" + "{t:a}," * 20_000 + "]}}('" + "z" * 500_000 + "'))", 0, "x"),
    ),
    ("assignments", lambda: call_state("(function(a){" + "a.b=1;" * 200_000 + "return {}}({}))", 0)),
    ("declarations", lambda: call_state("(function(a){" + "var a," * 200_000 + "return {}}({}))", 0)),
    ("brackets before a call", lambda: call_list("(function(a){" + "}" + ")" * 1_000_000 + "x", 0, "x")),
    ("arrows", lambda: call_list("(" + "a=>(" * 500_000, 0, "x")),
    ("beside", lambda: call_list("{" + "x:[],y:{" * 100_000, 0, "x")),
    ("markup", lambda: plain("<a " * 500_000)),
]


@pytest.mark.parametrize("read", [read for _, read in HOSTILE], ids=[name for name, _ in HOSTILE])
def test_hostile_scripts_are_read_or_refused_in_linear_time(read: Callable[[], Any]) -> None:
    start = time.process_time()
    with contextlib.suppress(PageChanged):
        read()
    assert time.process_time() - start < 20
