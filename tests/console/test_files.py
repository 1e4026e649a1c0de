"""`lantian read`, `lantian screen` and `lantian spiders` on files good and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import Ran

Run = Callable[..., Ran]
URL = "https://search.jd.com/Search?keyword=%E4%B8%93%E5%88%A9"
CARD = (
    '<li class="gl-item" data-sku="{sku}"><div class="gl-i-wrap"><div class="p-name">'
    '<a href="//item.jd.com/{sku}.html"><em>{title}</em></a></div></div></li>'
)
READ_KEYS = {
    "kind",
    "is_ad",
    "position",
    "title",
    "text",
    "url",
    "display_url",
    "seller",
    "seller_id",
    "price",
    "images",
}


def goods(*titles: str) -> str:
    cards = "".join(CARD.format(sku=1000 + place, title=title) for place, title in enumerate(titles))
    return f'<!DOCTYPE html><html><body><div id="J_goodsList"><ul>{cards}</ul></div></body></html>'


def test_spiders_list_is_one_name_a_line(lantian: Run) -> None:
    ran = lantian("spiders", "list")
    assert ran.code == 0
    assert {
        "baidu",
        "sogou",
        "toutiao",
        "bing",
        "taobao",
        "jd",
        "zbj",
        "wuba",
        "tieba",
        "zhihu",
        "xiaohongshu",
        "weixin",
    } <= set(ran.out.split())


def test_read_tells_outcome_and_listings_as_json(lantian: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(goods("专利申请代理", "商标注册代理"), encoding="utf-8")
    ran = lantian("read", "jd", page, "--url", URL, "--query", "专利", "--json")
    told = json.loads(ran.out)
    assert ran.code == 0
    assert {"outcome", "reason", "total", "next_url", "listings"} <= set(told)
    assert told["outcome"] == "ok"
    assert [one["title"] for one in told["listings"]] == ["专利申请代理", "商标注册代理"]
    assert [one["position"] for one in told["listings"]] == [1, 2]
    assert set(told["listings"][0]) >= READ_KEYS


def test_a_lost_listing_is_no_clean_reading(lantian: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(goods("专利申请代理", ""), encoding="utf-8")
    ran = lantian("read", "jd", page, "--url", URL, "--json")
    assert json.loads(ran.out)["lost"] == 1
    assert ran.code == 3


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (b"", "error", "empty"),
        (b"   \n", "error", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "error", "binary"),
        (bytes(range(128, 256)) * 40, "error", "undecodable"),
        (b'<html><body><li class="gl-item">' + b"<div>" * 60_000, "error", "too_deep"),
        (b"<html><head><title>x</title><script>var a = {", "error", "truncated"),
        (b"x" * (33 * 1024 * 1024), "error", "too_large"),
        ("<html><body>今天天气很好</body></html>".encode(), "changed", "no_marker"),
        ("<html><body>今天天气很好</body></html>".encode("utf-16"), "changed", "no_marker"),
        (b'{"a": [', "error", "truncated"),
    ],
    ids=["nothing", "blank", "picture", "noise", "deep", "cut", "huge", "stranger", "utf16", "json"],
)
def test_a_bad_page_has_an_outcome_a_reason_and_a_line(
    lantian: Run, tmp_path: Path, body: bytes, outcome: str, reason: str
) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(body)
    ran = lantian("read", "jd", page, "--url", URL, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["outcome"], told["reason"]) == (3, outcome, reason)
    spoken = lantian("read", "jd", page, "--url", URL)
    assert spoken.code == 3
    assert reason in spoken.err
    assert "Traceback" not in spoken.err
    assert len(spoken.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("read", "nosuch", __file__, "--url", URL),
        ("read", "jd", "/nonexistent.html", "--url", URL),
        ("read", "jd", str(Path(__file__).parent), "--url", URL),
        ("read", "jd", __file__, "--url", "not a url"),
        ("read", "jd", __file__, "--url", "file:///etc/passwd"),
        ("read", "jd", __file__, "--url", "http://[bad"),
        ("screen", "/nonexistent.jsonl"),
        ("screen", __file__),
        ("leads",),
        ("show", "abcdef"),
        ("coverage",),
        ("round", "--spiders", "nosuch"),
        ("round", "--queries", "/nonexistent.txt"),
        ("round", "--pages", "99"),
        ("override", "sign", "nosuch", "--person", "测试员", "--reason", "测试"),
        ("override", "sign", "jd", "--person", " ", "--reason", "测试"),
        ("demo", "--specimen", "/nonexistent"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(lantian: Run, arguments: tuple[str, ...]) -> None:
    ran = lantian(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.strip().splitlines()) == 1
    assert ran.err.startswith("lantian: ")


def test_usage_errors_exit_2(lantian: Run) -> None:
    for arguments in (("nosuch",), ("read",), ("read", "jd"), ("leads", "--limit", "0")):
        ran = lantian(*arguments)
        assert ran.code == 2
        assert "Traceback" not in ran.err


def test_screen_answers_every_line_in_order(lantian: Run, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "", "title": "发明专利包授权 不过全额退款", "kind": "product", "platform": "jd"},
        {"id": 2, "text": "市知识产权局严厉打击“包授权”等违法招揽行为。", "kind": "news"},
        {"id": "c", "text": "换行\u2028与半个代理对 \ud800 都不碍事"},
    ]
    texts = tmp_path / "texts.jsonl"
    texts.write_text(
        "".join(json.dumps(row) + "\n" for row in rows[:2]) + "\n" + json.dumps(rows[2]) + "\n", encoding="utf-8"
    )
    ran = lantian("screen", texts)
    assert ran.code == 0
    assert [line["id"] for line in ran.lines] == ["a", 2, "c"]
    assert [bool(line["findings"]) for line in ran.lines] == [True, False, False]
    finding = ran.lines[0]["findings"][0]
    assert rows[0]["title"][finding["start"] : finding["end"]] == finding["quote"]  # type: ignore[index]
    assert finding["category"] == "guaranteed_grant"


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "[]",
        '{"text": "no id"}',
        '{"id": "x"}',
        '{"id": "x", "text": 5}',
        '{"id": null, "text": ""}',
        '{"id": true, "text": ""}',
        '{"id": "x", "text": []}',
        '{"id": "x", "text": 0}',
        "[" * 9999,
    ],
)
def test_screen_names_the_bad_line_and_prints_nothing(lantian: Run, tmp_path: Path, bad: str) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"id": "good", "text": "专利包授权"}\n' + bad + "\n", encoding="utf-8")
    ran = lantian("screen", texts)
    assert (ran.code, ran.out) == (2, "")
    assert "第 2 行" in ran.err


def test_a_title_is_shown_as_it_reads_whatever_markup_it_looks_like(lantian: Run, tmp_path: Path) -> None:
    saved = tmp_path / "page.html"
    saved.write_text(goods("[red]专利[/red] 申请"), encoding="utf-8")
    ran = lantian("read", "jd", saved, "--url", URL)
    assert "[red]专利[/red] 申请" in ran.out
    assert "\\[" not in ran.out
