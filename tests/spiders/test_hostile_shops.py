"""Whatever is done to a page of a shop, reading it ends soon and says one outcome."""

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
from spiders.alibaba1688 import Alibaba1688
from spiders.base import PlatformSpider
from spiders.jd import Jd
from spiders.taobao import Taobao
from spiders.wuba import Wuba
from spiders.zbj import Zbj

PAGES = Path(__file__).parent / "pages"
SPIDERS: dict[str, type[PlatformSpider]] = {
    "taobao": Taobao,
    "jd": Jd,
    "zbj": Zbj,
    "wuba": Wuba,
    "alibaba1688": Alibaba1688,
}
FROZEN = sorted(path for name in SPIDERS for path in (PAGES / name).iterdir() if path.suffix in (".html", ".body"))
LIMIT = 4.0  # seconds of this process; honest pages take a hundredth
OTHER_VALUES = (
    b"null",
    b"7",
    b"-1e999",
    b"true",
    b"[]",
    b"{}",
    b'"\\ud800"',
    b'[{"a":[[]]}]',
    b"9" * 5000,
    b"undefined",
)
VALUE = re.compile(rb':\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null)')
NAME = re.compile(rb'class="[^"]*"|href="[^"]*"|data-[a-z]+="[^"]*"|logr="[^"]*"')


def page_at(path: Path) -> Page:
    return Page(body=path.read_bytes(), **tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8")))


def cuts(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(25):
        yield body[: chance.randrange(len(body))]


def damages(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(40):
        start = chance.randrange(len(body))
        piece = body[start : start + chance.randrange(1, 400)]
        other = chance.choice(
            (b"", piece + piece, piece[::-1], chance.randbytes(len(piece)), b"\x00", b"<", b'"', b"</")
        )
        yield body[:start] + other + body[start + len(piece) :]


def swaps(body: bytes, chance: random.Random) -> Iterator[bytes]:
    """Values of the page's state and attributes of its elements, exchanged for other kinds of thing."""
    for share in (0.02, 0.1, 0.4, 1.0) * 6:
        yield sometimes(VALUE, body, lambda: b":" + chance.choice(OTHER_VALUES), chance, share)
        yield sometimes(NAME, body, lambda: b"", chance, share)


def sometimes(
    what: re.Pattern[bytes], body: bytes, other: Callable[[], bytes], chance: random.Random, share: float
) -> bytes:
    return what.sub(lambda found: other() if chance.random() < share else found[0], body)


@pytest.mark.parametrize("harm", [cuts, damages, swaps])
@pytest.mark.parametrize("path", FROZEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_damaged_page_is_read_or_refused(path: Path, harm: Callable[[bytes, random.Random], Iterator[bytes]]) -> None:
    spider, page = SPIDERS[path.parent.name](), page_at(path)
    for body in harm(page.body, random.Random(f"{path.name} {harm.__name__}")):
        check(spider.read(replace(page, body=body)))


def check(reading: Reading) -> None:
    assert isinstance(reading, Reading)
    assert reading.reason or reading.outcome is Outcome.OK
    assert reading.listings or reading.outcome is not Outcome.OK
    assert [listing.position for listing in reading.listings] == list(range(1, len(reading.listings) + 1))
    for listing in reading.listings:
        assert listing.title
        assert listing.url.startswith(("http://", "https://"))
        assert len(listing.key) == 32


def nested(opening: str, leaf: str) -> str:
    return "<html><body>" + opening * 2_000 + leaf * 150_000 + "</body></html>"


def flat(element: str) -> str:
    return "<html><body>" + element * 10_000 + "</body></html>"


BULKY = [
    (Taobao, nested('<div class="item J_MouserOnverReq">', "<p>x</p>")),
    (Taobao, nested('<a class="doubleCardWrapper">', "<i>x</i>")),
    (Taobao, '<div id="mainsrp-p4pRight">J_MouserOnverReq' + nested("<li><ul>", "<p>x</p>") + "</div>"),
    (Taobao, "<script>g_page_config = " + '{"mods":{"itemlist":{"data":{"auctions":[' + '{"nid":{},' * 100_000),
    (Taobao, "<script>g_page_config = {" + '"auctions":[{"title":"a"},' + "x," * 300_000 + "]};</script>"),
    (Taobao, "x(" + "{" * 200_000),
    (Taobao, "<script>__ICE_APP_CONTEXT__ || {};var b = " + "{a:" * 200_000 + "</script>"),
    (Taobao, "__ICE_APP_CONTEXT__ || " * 60_000),
    (Jd, nested('<li class="gl-item"><div class="gl-i-wrap">', "<p>x</p>")),
    (Jd, flat('<li class="gl-item"><div class="gl-i-wrap"></div></li>')),
    (Jd, nested('<div data-sku="1" class="plugin_goodsCardWrapper">', "<p>x</p>")),
    (Jd, "<script>pageConfig " + "skuid: 'a' name: " * 60_000),
    (Jd, "<script>pageConfig skuid: 12345 name: '" + "\\" * 500_000),
    (Zbj, nested('<div class="serve-item">', "<p>x</p>")),
    (Zbj, nested('<div class="service-card-wrap"><div>', "<p>x</p>")),
    (Zbj, flat('<div class="serve-item"></div><b class="add-tag">广告</b>')),
    (Zbj, "<script>__NUXT__=(function(a){return {" + "resultList:[{" * 50_000 + "}(1))</script>"),
    (Zbj, "<script>__NUXT__=(function(" + "a," * 100_000 + "b){return {resultList:[{title:b}]}}(1))</script>"),
    (Wuba, nested('<li logr="1"><ul>', "<i>x</i>")),
    (Wuba, nested('<li class="house-cell"><ul class="list">', "<i>x</i>")),
    (Alibaba1688, nested('<a class="search-offer-wrapper"></a><div class="search-offer-wrapper">', "<i>x</i>")),
    (Alibaba1688, "<script>offerresultData = successDataCheck(" + '{"data":' * 100_000),
    (Wuba, flat('<li logr="z_1_1_12345678_"><h2><a href="/1.shtml">x</a></h2></li>')),
]


@pytest.mark.parametrize(("spider", "text"), BULKY, ids=lambda value: getattr(value, "name", ""))
def test_bulky_page_is_read_or_refused_soon(spider: type[PlatformSpider], text: str) -> None:
    page = Page(url=f"https://{spider.hosts[0]}/x?id=1", body=text.encode())
    start = time.process_time()
    check(spider().read(page))
    assert time.process_time() - start < LIMIT


@pytest.mark.parametrize("spider", SPIDERS.values())
@pytest.mark.parametrize("url", ["", "http://[", "javascript:1", "https://x/" + "a" * 5000])
def test_any_address_is_borne(spider: type[PlatformSpider], url: str) -> None:
    for path in (path for path in FROZEN if path.parent.name == spider.name):
        check(spider().read(replace(page_at(path), url=url)))
