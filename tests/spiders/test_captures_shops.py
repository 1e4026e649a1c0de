"""The captures of Taobao, JD, zbj, 58.com and 1688 read as their provenance says.

The captures lie beside the project and are never copied into it; without them this file skips.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.items import Listing, Outcome, Page, Reading
from spiders.alibaba1688 import Alibaba1688
from spiders.base import PlatformSpider
from spiders.jd import Jd
from spiders.taobao import Taobao
from spiders.wuba import Wuba
from spiders.zbj import Zbj

TAOBAO = "https://s.taobao.com/search?q=x&s=0"
# (spider, capture, address, outcome, reason, listings that are no ads, ads)
CAPTURES = [
    # 36 goods and 12 recommendations in the grid; beside it 16 distinct paid links of the rail, which we count as
    # ads because a person sees them. Five more stand only in the state, their place says 加载中: not counted.
    (Taobao, "taobao/search-ipad-2018-07.html", TAOBAO, "ok", "", 48, 16),
    (Taobao, "taobao/search-shell-2026-04.html", TAOBAO, "changed", "needs_browser", 0, 0),
    (Taobao, "taobao/item-musemoon-2026-02.html", "https://item.taobao.com/item.htm?id=1", "ok", "", 1, 0),
    (
        Taobao,
        "taobao/item-mobile-shell-2026-02.html",
        "https://h5.m.taobao.com/x?id=1",
        "changed",
        "needs_browser",
        0,
        0,
    ),
    (Taobao, "blocked/1688-punish-2026-07.html", "https://m.1688.com/offer/1.html", "blocked", "captcha", 0, 0),
    (Alibaba1688, "blocked/1688-punish-2026-07.html", "https://m.1688.com/offer/1.html", "blocked", "captcha", 0, 0),
    (Jd, "jd/search-123-2016-05.html", "https://search.jd.com/Search?keyword=123", "ok", "", 60, 0),
    (Jd, "jd/item-dreame-2026-03.html", "https://item.jd.com/1.html", "ok", "", 1, 0),
    (Jd, "blocked/jd-search-ratelimited-2025-12.html", "https://search.jd.com/Search", "blocked", "rate_limit", 0, 0),
    (Jd, "blocked/jd-home-instead-of-item-2026-07.html", "https://item.jd.com/1.html", "blocked", "other_page", 0, 0),
    # The provenance counts 70 with the labelled block of 10 among them.
    (Zbj, "zbj/search-saas-2025-12.html", "https://www.zbj.com/fw/?k=saas", "ok", "", 60, 10),
    # The provenance counts the 60 pinned entries and calls them all. The same list goes on with 59 entries that have
    # an empty `logr`, no 顶 and links of their own: a person sees them, so leaving them out would be a silent loss.
    (Wuba, "58/ershoufang-changping-2019-11.html", "https://bj.58.com/changping/ershoufang/", "ok", "", 59, 60),
    # 60 entries carry the pin, 40 more only a link whose click is billed. Both are paid for, so both are ads: an
    # officer asks who pays, and nothing of ours may open a billed link in the belief that it is an ordinary one.
    (Wuba, "58/chuzu-tianjin-2020-10.html", "https://tj.58.com/chuzu/", "ok", "", 35, 100),
]


def read(shared: Path, spider: type[PlatformSpider], capture: str, url: str) -> Reading:
    return spider().read(Page(url=url, body=(shared / "pages" / capture).read_bytes()))


@pytest.mark.parametrize("expected", CAPTURES, ids=lambda row: f"{row[0].name} {row[1]}")
def test_capture_reads_as_its_provenance_says(shared: Path, expected: tuple[Any, ...]) -> None:
    spider, capture, url, outcome, reason, plain, ads = expected
    reading = read(shared, spider, capture, url)
    assert (reading.outcome, reading.reason) == (Outcome(outcome), reason), reading.detail
    assert sum(not listing.is_ad for listing in reading.listings) == plain
    assert sum(listing.is_ad for listing in reading.listings) == ads
    assert reading.lost == 0
    assert [listing.position for listing in reading.listings] == list(range(1, plain + ads + 1))
    for listing in reading.listings:
        assert urlsplit(listing.url).scheme in ("http", "https")
        assert listing.title == " ".join(listing.title.split())
        assert not listing.title.endswith(("官方", "广告", "自营", "天猫"))


def having(listings: tuple[Listing, ...], field: str) -> int:
    return sum(bool(getattr(listing, field)) for listing in listings)


def test_taobao_search(shared: Path) -> None:
    reading = read(shared, Taobao, "taobao/search-ipad-2018-07.html", TAOBAO)
    assert (reading.total, reading.next_url) == (407246, "https://s.taobao.com/search?q=x&s=44")
    for field, count in (("seller", 64), ("seller_id", 64), ("item_id", 64), ("price", 63), ("images", 64)):
        assert having(reading.listings, field) == count, field
    assert not any("simba" in listing.url for listing in reading.listings), "the state tells every good's own number"
    assert having(reading.listings, "text") == 16


def test_taobao_good_is_read_although_its_page_holds_a_challenged_call(shared: Path) -> None:
    [good] = read(shared, Taobao, "taobao/item-musemoon-2026-02.html", "https://item.taobao.com/item.htm?id=1").listings
    assert (good.item_id, good.url) == (
        "1021732889355",
        "https://item.taobao.com/item.htm?id=1021732889355",
    )
    assert good.seller
    assert "341" in good.price
    assert len(good.images) == 5


def test_taobao_state_and_grid_agree(shared: Path) -> None:
    body = (shared / "pages" / "taobao/search-ipad-2018-07.html").read_bytes()
    shown = Taobao().read(Page(url=TAOBAO, body=body))
    told = Taobao().read(Page(url=TAOBAO, body=body.replace(b"J_MouserOnverReq", b"J_").replace(b"p4pRight", b"")))
    goods = [listing for listing in told.listings if not listing.is_ad]
    assert len(goods) == 36
    assert sum(listing.is_ad for listing in told.listings) == 21, "the rail and the bottom, as the state has them"
    for listing, same in zip(goods, shown.listings, strict=False):
        assert (listing.key, listing.title, listing.price) == (same.key, same.title, same.price)


def test_jd(shared: Path) -> None:
    reading = read(shared, Jd, "jd/search-123-2016-05.html", "https://search.jd.com/Search?keyword=123&page=1")
    assert (reading.total, reading.next_url) == (41811, "https://search.jd.com/Search?keyword=123&page=3")
    assert having(reading.listings, "price") == having(reading.listings, "images") == 60
    [good] = read(shared, Jd, "jd/item-dreame-2026-03.html", "https://item.jd.com/1.html").listings
    assert (good.item_id, good.price) == ("100313528034", "￥5998.45")
    assert good.title.endswith("RLX72DE")


def test_zbj(shared: Path) -> None:
    reading = read(shared, Zbj, "zbj/search-saas-2025-12.html", "https://www.zbj.com/fw/?k=saas")
    assert all(listing.is_ad == (listing.position > 60) for listing in reading.listings)
    for field in ("seller", "seller_id", "item_id", "price", "images"):
        assert having(reading.listings, field) == 70, field
    assert not any("hl>" in listing.title for listing in reading.listings)
    assert reading.next_url
    assert "p=2" in reading.next_url


def test_wuba(shared: Path) -> None:
    reading = read(shared, Wuba, "58/ershoufang-changping-2019-11.html", "https://bj.58.com/changping/ershoufang/")
    assert having(reading.listings, "is_redirect") == 60
    assert having(reading.listings, "price") == having(reading.listings, "seller") == 119
    assert len({listing.key for listing in reading.listings}) == 118, (
        "one home is pinned and listed again: one identity"
    )
    reading = read(shared, Wuba, "58/chuzu-tianjin-2020-10.html", "https://tj.58.com/chuzu/")
    assert reading.next_url == "https://tj.58.com/chuzu/pn2/"
    assert not any("legoclick" in listing.url or listing.is_redirect for listing in reading.listings)
    assert having(reading.listings, "price") == 0, "all of them are drawn with another font's digits"
    assert having(reading.listings, "seller") == 123


def test_where_each_shop_is_asked() -> None:
    assert Wuba(place="太原").search_url("专利", 2).startswith("https://ty.58.com/shangbiaozhli/pn2/?key=%E4")
    assert Alibaba1688().search_url("专利", 3).endswith("keywords=%D7%A8%C0%FB&beginPage=3"), "1688 reads GBK"
    assert Jd().search_url("专利", 3).endswith("&page=5"), "JD counts half pages"
    assert Taobao().search_url("专利", 2).endswith("&s=44")
    for spider in (Taobao, Jd, Zbj, Wuba, Alibaba1688):
        assert urlsplit(spider().search_url("专利", 1)).hostname in spider.hosts
