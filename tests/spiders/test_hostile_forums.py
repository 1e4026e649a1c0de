"""Damaged and malicious pages of tieba, zhihu, xiaohongshu and weixin: one reading each, never an error, soon."""

from __future__ import annotations

import importlib
import json
import random
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.items import Outcome, Page, Reading
from spiders.base import PlatformSpider

PAGES = Path(__file__).parent / "pages"
NAMES = ("tieba", "zhihu", "xiaohongshu", "weixin")
FROZEN = [path for name in NAMES for path in sorted((PAGES / name).glob("*")) if path.suffix in (".html", ".body")]
SLOW = 10.0  # seconds of this process; the same pages read in milliseconds when nothing goes wrong


def spider_of(name: str) -> PlatformSpider:
    spider: PlatformSpider = getattr(importlib.import_module(f"spiders.{name}"), name.capitalize())()
    return spider


def page_at(path: Path) -> Page:
    return Page(body=path.read_bytes(), **tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8")))


def read(name: str, page: Page) -> Reading:
    started = time.process_time()
    reading = spider_of(name).read(page)
    assert time.process_time() - started < SLOW
    assert isinstance(reading, Reading)
    assert reading.outcome is Outcome.OK or reading.reason
    assert all(listing.title and listing.url for listing in reading.listings)
    # The database and the WARC take UTF-8 only.
    json.dumps(
        [listing.title + listing.text + listing.url for listing in reading.listings], ensure_ascii=False
    ).encode()
    return reading


def cuts(body: bytes) -> Iterator[bytes]:
    step = max(len(body) // 60, 1)
    for end in range(0, len(body), step):
        yield body[:end]
        yield body[end:]


def mutations(body: bytes, rng: random.Random) -> Iterator[bytes]:
    for _ in range(40):
        start = rng.randrange(len(body))
        end = min(start + rng.randrange(1, 200), len(body))
        yield body[:start] + body[end:]
        yield body[:start] + body[start:end] * rng.randrange(2, 6) + body[end:]
        yield body[:start] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 20))) + body[end:]
        mark = rng.choice(
            [b'"', b"'", b"<", b">", b"{", b"}", b"[", b"]", b"\\", b"<!--", b"-->", b"</script>", b"\x00"]
        )
        yield body[:start] + mark + body[start:]


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_any_cut_has_a_reading(path: Path) -> None:
    page = page_at(path)
    for body in cuts(page.body):
        read(path.parent.name, replace(page, body=body))


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_any_damage_has_a_reading(path: Path) -> None:
    page = page_at(path)
    for body in mutations(page.body, random.Random(path.name)):
        read(path.parent.name, replace(page, body=body))


STRANGE = (None, True, 0, -1, 1.5, 10**60, "", "x", "\ud800", [], {}, [[]], [None, 1, "x", {}], {"id": {}}, {"": []})


def with_strangers(value: object) -> Iterator[object]:
    """`value` with each of its parts in turn replaced by something of another kind."""
    yield from STRANGE
    if isinstance(value, dict):
        for key, part in value.items():
            for other in with_strangers(part):
                yield value | {key: other}
            yield {name: rest for name, rest in value.items() if name != key}
    elif isinstance(value, list):
        for index, part in enumerate(value):
            for other in with_strangers(part):
                yield [*value[:index], other, *value[index + 1 :]]


JSON_BODIES = [path for path in FROZEN if path.suffix == ".body"]
JSON_STATES = (
    ("zhihu/question.html", '<script id="js-initialData" type="text/json">', "</script>"),
    ("zhihu/article.html", '<script id="js-initialData" type="text/json">', "</script>"),
    ("xiaohongshu/search.html", "window.__INITIAL_STATE__=", "</script>"),
    ("xiaohongshu/note.html", "window.__INITIAL_STATE__=", "</script>"),
    ("tieba/mobile.html", "'adData': ", ",  /*"),
    ("tieba/list.html", "'adData': ", ",           /*"),
)


@pytest.mark.parametrize("path", JSON_BODIES, ids=lambda path: path.name)
def test_json_of_any_shape_has_a_reading(path: Path) -> None:
    page = page_at(path)
    for told in with_strangers(json.loads(page.body)):
        read(path.parent.name, replace(page, body=json.dumps(told).encode()))


@pytest.mark.parametrize(("name", "before", "after"), JSON_STATES, ids=lambda part: part if "/" in part else "")
def test_state_of_any_shape_has_a_reading(name: str, before: str, after: str) -> None:
    page = page_at(PAGES / name)
    text = page.body.decode()
    start = text.index(before) + len(before)
    end = text.index(after, start)
    state = json.loads(text[start:end].replace("undefined", "null"))
    for told in with_strangers(state):
        body = text[:start] + json.dumps(told).replace("</", "<\\/") + text[end:]
        read(name.partition("/")[0], replace(page, body=body.encode()))


def test_one_damaged_thread_loses_no_other() -> None:
    page = page_at(PAGES / "tieba/list.html")
    whole = read("tieba", page)
    body = page.body.replace(b'href="/p/6100000012" title="', b'hrof="" titel="').replace(b"data-tid='6100000012'", b"")
    reading = read("tieba", replace(page, body=body))
    assert (len(reading.listings), reading.lost) == (len(whole.listings) - 1, 1)


def test_one_damaged_script_ad_is_lost_and_counted() -> None:
    page = page_at(PAGES / "tieba/list.html")
    reading = read("tieba", replace(page, body=page.body.replace(b"'adData': {", b"'adData': {!broken! ", 1)))
    assert reading.lost == 1
    assert sum(listing.is_ad for listing in reading.listings) == 1
    assert sum(not listing.is_ad for listing in reading.listings) == 4


def test_a_cut_list_keeps_what_was_read_but_is_not_seen() -> None:
    page = page_at(PAGES / "tieba/rendered.html")
    reading = read("tieba", replace(page, body=page.body[: page.body.index(b"6100000013")]))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, "truncated")
    assert len(reading.listings) >= 3


def test_words_of_a_wall_in_a_good_page_are_no_wall() -> None:
    page = page_at(PAGES / "weixin/article.html")
    body = page.body.replace("三个月下证".encode(), "环境异常 验证 访问过于频繁 该内容已被发布者删除".encode())
    assert read("weixin", replace(page, body=body)).outcome is Outcome.OK
    page = page_at(PAGES / "tieba/list.html")
    body = page.body.replace("第一次申请".encode(), "很抱歉，该贴已被删除 百度安全验证".encode())
    assert read("tieba", replace(page, body=body)).outcome is Outcome.OK


def test_the_word_advertisement_alone_marks_nothing() -> None:
    page = page_at(PAGES / "tieba/list.html")
    body = page.body.replace("实用新型多久能下证？".encode(), "广告".encode())
    ads = [listing for listing in read("tieba", replace(page, body=body)).listings if listing.is_ad]
    assert len(ads) == 2


DEEP = 60_000
BOMBS = {
    "comments": b'<html><body><code class="pagelet_html"><!--' * 20_000,
    "open pagelets": b'<code class="pagelet_html" ' * 40_000,
    "threads": b'<ul><li class="j_thread_list"><a class="j_th_tit" href="/p/1" title="x">x</a>' * 30_000,
    "labels": b'<div class="label_text">' * 4_000 + "广告".encode() * 10_000,
    "floors": b'<div class="l_post" data-field="{">' * 900 + b"x" * 100_000,
    "ads": b"'adData': {" * 200_000,
    "open strings": b'\'adData\': {"url": "' * 100_000,
    "answers": b'<div class="zm-item-answer"><div class="zm-editable-content">' * 900 + b"x" * 100_000,
    "cards": b'<div class="ContentItem Pc-feedAd-new">' * 4_000,
    "state": b'<html><script id="js-initialData">' + b'{"a":' * DEEP + b"</script></html>",
    "notes": b'<html><script>window.__INITIAL_STATE__={"noteDetailMap":' + b'{"a":' * DEEP + b"</script></html>",
    "feeds": b"<html><script>window.__INITIAL_STATE__={" + b'"feeds":[' * DEEP + b"</script></html>",
    "feeds of numbers": b'<html><script>__INITIAL_STATE__={"feeds":[' + b"9" * 200_000 + b"]}</script></html>",
    "json": b'{"data":' + b"[" * DEEP,
    "big number": b'{"title":"x","content":"y","id":' + b"9" * 10_000 + b"}",
    "fragment": json.dumps({"title": "x", "content": "<div>" * 100_000, "slug": 1}).encode(),
    "surrogate": b'{"title":"\\ud800x","content":"<p>\\udfff</p>","slug":1,"url":"/a/1"}',
    "titles": b"<title>" * 100_000,
    "body": b'<html><body><div id="js_content">' + b"<p>x" * 200_000,
    "list": b'<ul class="news-list">' + b"<li><h3><a href=x>" * 3_000,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_defused(name: str, bomb: str) -> None:
    spider = spider_of(name)
    read(name, Page(url=spider.search_url("x", 1), body=BOMBS[bomb]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("url", ["http://[::1", "https://x/p/", "ftp://x", "", "https://www.zhihu.com//question//"])
def test_a_bad_address_of_the_page_is_survived(name: str, url: str) -> None:
    for path in (path for path in FROZEN if path.parent.name == name):
        read(name, replace(page_at(path), url=url))


def test_a_surrogate_is_replaced_not_raised() -> None:
    reading = read("zhihu", Page(url="https://zhuanlan.zhihu.com/api/columns/a/posts/1", body=BOMBS["surrogate"]))
    assert [listing.title for listing in reading.listings] == ["\ufffdx"]
