"""Whatever is done to a page of a stranger, or of a platform known from code only, reading it ends soon."""

from __future__ import annotations

import random
import re
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.items import Outcome, Page, Reading
from spiders.base import PlatformSpider
from spiders.landing import Landing
from spiders.pinduoduo import Pinduoduo
from spiders.shenma import Shenma
from spiders.so360 import So360
from spiders.tmall import Tmall
from spiders.xianyu import Xianyu

PAGES = Path(__file__).parent / "pages"
SPIDERS: dict[str, type[PlatformSpider]] = {one.name: one for one in (Landing, So360, Shenma, Tmall, Pinduoduo, Xianyu)}
FROZEN = sorted(path for name in SPIDERS for path in (PAGES / name).iterdir() if path.suffix in (".html", ".body"))
LIMIT = 8.0  # seconds of this process; honest pages take a hundredth
VALUE = re.compile(rb':\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null)')
NAME = re.compile(rb'class="[^"]*"|href="[^"]*"|style="[^"]*"|data-[a-z]+="[^"]*"')
OTHER_VALUES = (b"null", b"7", b"-1e999", b"true", b"[]", b"{}", b'"\\ud800"', b'[{"a":[[]]}]', b"9" * 5000)


def page_at(path: Path) -> Page:
    return Page(body=path.read_bytes(), **tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8")))


def cuts(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(5):
        yield body[: chance.randrange(len(body))]


def damages(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(8):
        start = chance.randrange(len(body))
        piece = body[start : start + chance.randrange(1, 400)]
        other = chance.choice((b"", piece + piece, piece[::-1], chance.randbytes(len(piece)), b"\x00", b"<", b'"'))
        yield body[:start] + other + body[start + len(piece) :]


def swaps(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for share in (0.05, 0.3, 1.0):
        for what, other in ((VALUE, b":" + chance.choice(OTHER_VALUES)), (NAME, b"")):
            yield what.sub(lambda found, other=other: other if chance.random() < share else found[0], body)  # noqa: B023


def check(reading: Reading) -> None:
    assert isinstance(reading, Reading)
    assert reading.reason or reading.outcome is Outcome.OK
    assert reading.listings or reading.outcome is not Outcome.OK
    assert [listing.position for listing in reading.listings] == list(range(1, len(reading.listings) + 1))
    for listing in reading.listings:
        assert listing.title
        assert listing.url.startswith(("http://", "https://"))
        assert len(listing.key) == 32


@pytest.mark.parametrize("harm", [cuts, damages, swaps])
@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_damaged_page_is_read_or_refused(path: Path, harm: Callable[[bytes, random.Random], Iterator[bytes]]) -> None:
    spider, page = SPIDERS[path.parent.name](), page_at(path)
    for body in harm(page.body, random.Random(f"{path.name} {harm.__name__}")):
        check(spider.read(replace(page, body=body)))


def nested(opening: str, leaf: str) -> str:
    return "<html><body>" + opening * 1_000 + leaf * 10_000 + "</body></html>"


def flat(element: str, before: str = "") -> str:
    return f"<html>{before}<body>" + element * 3_000 + "</body></html>"


RULES = "<style>" + "".join(f".a{number} .b,div > .c{number}{{display:none;color:#fff}}" for number in range(4_000))
BULKY = [
    (Landing, nested('<div style="color:#fff;background:#000">', "<p>字</p>")),
    (Landing, flat('<p style="display:none">字</p><p class="a1">字</p>', RULES + "</style>")),
    (Landing, "<style>" + ".a{" * 100_000),
    (Landing, "<style>" + "div " * 100_000 + "{display:none}</style><body>" + "字" * 50),
    (Landing, "<html><body>" + "<!-- <b>字</b> -->" * 10_000 + "</body></html>"),
    (Landing, "<html><body><!--" + "<div>" * 100_000 + "--></body></html>"),
    (Landing, "<html><body>" + "版权所有" * 100_000 + "</body></html>"),
    (Landing, "<html><body>" + "<p>版权所有 © 有限公司有限公司</p>" * 10_000 + "</body></html>"),
    (Landing, "<html><body>" + "星河" * 100_000 + "有限公司</body></html>"),
    (Landing, flat('<a href="tel:13800000000">字</a><img data-src="/1.jpg">')),
    (Landing, "<title>" + "404 " * 100_000 + "</title>"),
    (Landing, "<html><body>" + "域名" * 300 + "</body></html>"),
    (Landing, '<html><body style="' + "color:#fff;" * 100_000 + '">字</body></html>'),
    (Landing, flat('<form><input type="submit" value="字"></form>')),
    (So360, nested('<li class="res-list"><ul>', "<p>x</p>")),
    (So360, flat('<li class="res-list"><h3><a href="/x">x</a></h3><span>广告</span></li>')),
    (So360, nested('<div id="e_idea_pp">', '<h3><a e-landurl="https://a.example/" href="/x">x</a></h3>')),
    (So360, flat('<div class="mh-ai"><li class="res-list"><h3><a href="/x">x</a></h3></li></div>')),
    (So360, '<div class="no-result">' + "抱歉，未找到" * 100_000 + "</div>"),
    (Shenma, nested('<div class="sc_structure_template_normal">', "<h3>x</h3>")),
    (Shenma, flat('<div class="sc_structure_template_normal"><a href="https://a.example/"><h3>x</h3></a></div>')),
    (Shenma, '<script type="application/json" id="s-data-1">' + '{"data":' * 100_000 + "</script>"),
    (Shenma, '<script type="application/json" id="s-data-1">{"data":{}}</script>' * 5_000),
    (Tmall, nested('<div class="product" data-id="1">', "<p>J_ItemList</p>")),
    (Tmall, flat('<div class="product" data-id="1"><p class="productTitle"><a href="/">J_ItemList</a></p></div>')),
    (Pinduoduo, "<script>window.rawData=" + '{"stores":' * 100_000),
    (Pinduoduo, '<script>window.rawData={"items":[' + '{"goodsID":1},' * 10_000 + "]};</script>"),
    (Pinduoduo, "rawData = " * 100_000),
    (Xianyu, nested('<a class="feeds-item-wrap--x" href="/item?id=100000001">', "<i>广告</i>")),
    (Xianyu, flat('<a class="feeds-item-wrap--x" href="/item?id=100000001" title="x"><i>广告</i></a>')),
    (Xianyu, '{"data":{"resultList":[' + '{"data":{"item":{"main":{"exContent":{"itemId":1}}}}},' * 10_000 + "{}]}}"),
]


@pytest.mark.parametrize(("spider", "text"), BULKY, ids=lambda value: getattr(value, "name", ""))
def test_bulky_page_is_read_or_refused_soon(spider: type[PlatformSpider], text: str) -> None:
    url = "https://www.goofish.com/item?id=100000001" if spider is Xianyu else f"https://{spider.name}.example/x"
    start = time.process_time()
    check(spider().read(Page(url=url, body=text.encode())))
    assert time.process_time() - start < LIMIT


@pytest.mark.parametrize("spider", SPIDERS.values())
@pytest.mark.parametrize("url", ["", "http://[", "javascript:1", "https://x/" + "a" * 5000])
def test_any_address_is_borne(spider: type[PlatformSpider], url: str) -> None:
    for path in (path for path in FROZEN if path.parent.name == spider.name):
        check(spider().read(replace(page_at(path), url=url)))
