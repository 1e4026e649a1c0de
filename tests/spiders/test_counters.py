"""Paid counters and redirectors: refused as a beginning in every spelling, by every spider, and nothing else is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawler.errors import UserMistake
from crawler.items import Kind, Listing, Outcome, Reading, Sightings
from spiders.baidu import Baidu
from spiders.base import PlatformSpider
from spiders.counters import Counter, counter_of, is_counter, is_paid

PAGES = Path(__file__).parent / "pages"
LOADER = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["spiders"]}))
NAMES = sorted(name for name in LOADER.list() if issubclass(LOADER.load(name), PlatformSpider))

PAID = [
    "https://www.baidu.com/baidu.php?url=abc",
    "https://m.baidu.com/baidu.php?url=abc",
    "http://bzclk.baidu.com/adrc.php?t=1",
    "https://www.baidu.com/adrc.php?t=1",
    "https://tieba.baidu.com/s/baidu.php?url=abc",
    "https://www.sogou.com/bill_cpc?v=1",
    "https://ctb.brand.sogou.com/x",
    "https://cn.bing.com/aclk?ld=1",
    "https://www.bing.com/aclick?ld=1",
    "https://e.tf.360.cn/search/eclk?p=1",
    "https://click.dsp.com/x",
    "https://m.sm.cn/ad?x=1",
    "https://click.simba.taobao.com/cc_im?p=1",
    "https://mclick.simba.taobao.com/cc_im?p=1",
    "https://redirect.simba.taobao.com/rd?c=un",
    "https://s.click.taobao.com/t?e=1",
    "https://dj.1688.com/ci_bb?a=1",
    "https://ccc-x.jd.com/dsp/nc?ext=1",
    "https://union-click.jd.com/jdc?d=1",
    "https://legoclick.58.com/jump?target=1",
    "https://jing.58.com/adJump?adType=1",
    "https://jump.zhineng.58.com/clk?target=1",
    "https://short.58.com/zd_p/abc/?target=1",
    "https://bj.58.com/shangbiaozhli/12345678901x.shtml?psid=1&legourl=abc",
    "https://ad.toutiao.com/x",
    "https://newclk.goofish.com/x",
    "https://adclick.yangkeduo.com/x",
    "https://detail.tmall.com/adclick.htm?x=1",
]
UNPAID = [
    "https://www.baidu.com/link?url=abc",
    "http://m.baidu.com/from=844b/bd_page_type=1/tc?src=1",
    "https://www.sogou.com/link?url=abc",
    "https://weixin.sogou.com/link?url=abc",
    "https://cn.bing.com/ck/a?!&&p=1",
    "https://www.so.com/link?m=1",
    "https://m.so.com/jump?u=1",
    "https://so.toutiao.com/search/jump?url=1",
    "https://link.zhihu.com/?target=1",
]
SPELLINGS = [
    "HTTPS://WWW.BAIDU.COM/BAIDU.PHP?url=abc",
    "https://www.Baidu.com/baidu.php",
    "https://www.baidu.com:443/baidu.php?url=abc",
    "https://www.baidu.com:8443/baidu.php?url=abc",
    "https://www.baidu.com:99999/baidu.php?url=abc",
    "https://www.baidu.com./baidu.php?url=abc",
    "https://www.baidu.com.:443/baidu.php?url=abc",
    "https://user@www.baidu.com/baidu.php?url=abc",
    "https://xinghe.example:x@www.baidu.com/baidu.php?url=abc",
    "https://www.baidu.com/%62aidu.php?url=abc",
    "https://www.baidu.com/baidu%2Ephp?url=abc",
    "https://www.baidu.com/%2562aidu.php?url=abc",
    "https://www.baidu.com//baidu.php?url=abc",
    "https://www.baidu.com/./baidu.php?url=abc",
    "https://www.baidu.com/s/../baidu.php?url=abc",
    "https://www.baidu.com/s/%2e%2e/baidu.php?url=abc",
    "https://www.baidu.com/baidu.php;a=1?url=abc",
    "https://www.baidu.com/baidu.php/?url=abc",
    "https://www.baidu.com/baidu.php#x",
    "https://www.baidu.com\\baidu.php?url=abc",
    "https:///www.baidu.com/baidu.php?url=abc",
    "https:\\\\www.baidu.com\\baidu.php",
    "https://xinghe.example\\@www.baidu.com/baidu.php",
    "https://ｗｗｗ．ｂａｉｄｕ．ｃｏｍ/baidu.php?url=abc",
    "https://www。baidu。com/baidu.php?url=abc",
    "https://www.b%61idu.com/baidu.php?url=abc",
    "https://www.bai\u00addu.com/baidu.php?url=abc",
    "https://www.baidu.com/bai\tdu.php?url=abc",
    " https://www.baidu.com/baidu.php?url=abc\n",
]
ORDINARY = [
    "https://www.baidu.com/s?wd=%E4%B8%93%E5%88%A9",
    "https://m.baidu.com/from=844b/s?word=1",
    "https://www.sogou.com/web?query=baidu.php",
    "https://www.so.com/s?q=link",
    "https://cn.bing.com/search?q=aclk",
    "https://m.sm.cn/s?q=1&page=2",
    "https://item.taobao.com/item.htm?id=1",
    "https://detail.tmall.com/item.htm?id=1",
    "https://detail.1688.com/offer/12345678.html",
    "https://item.jd.com/100000.html",
    "https://bj.58.com/shangbiaozhli/12345678901x.shtml",
    "https://tieba.baidu.com/p/123",
    "https://baike.baidu.com/item/click/123",
    "https://mobile.yangkeduo.com/goods.html?goods_id=1",
    "https://www.xinghe.example/baidu.php?url=abc",
    "https://www.xinghe.example/link?url=https://www.baidu.com/link?url=1",
    "https://www.xinghe.example/www.baidu.com/baidu.php?url=abc",
    "https://www.xinghe.example/aclk/bill_cpc/ck/a/jump?legourl=1",
    "https://click.xinghe.example/",
    "https://simba.taobao.com.xinghe.example/cc",
    "https://notbaidu.com/baidu.php",
    "https://www.baidu.com@xinghe.example/baidu.php",
    "https://[::1/",
    "专利代理",
]


@pytest.mark.parametrize("url", PAID)
def test_paid_counters_are_told(url: str) -> None:
    assert counter_of(url) is Counter.PAID


@pytest.mark.parametrize("url", UNPAID)
def test_redirectors_are_told_from_them(url: str) -> None:
    assert counter_of(url) is Counter.UNPAID
    assert is_counter(url)
    assert not is_paid(url)


@pytest.mark.parametrize("url", SPELLINGS)
def test_no_spelling_hides_a_counter(url: str) -> None:
    assert is_paid(url)


@pytest.mark.parametrize("url", ORDINARY)
def test_other_addresses_are_free_whatever_words_they_have(url: str) -> None:
    assert counter_of(url) is None


def test_every_redirect_that_a_known_page_shows_is_one_and_no_other_address_is() -> None:
    """What spiders mark on frozen pages, and what may not be opened, are the same addresses."""
    shown = [one for file in PAGES.glob("*/*.json") for one in json.loads(file.read_text())["listings"]]
    assert sum(one["is_redirect"] for one in shown) > 20
    assert [one["url"] for one in shown if one["is_redirect"] != is_counter(one["url"])] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_spider_begins_at_one(name: str) -> None:
    spider = LOADER.load(name)
    begun = spider()
    for url in (*PAID, *UNPAID, *(one for one in SPELLINGS if one.startswith(("http://", "https://")))):
        with pytest.raises(UserMistake):
            begun.first_url(url)
    ordinary = "https://www.xinghe.example/baidu.php?url=abc"
    assert begun.first_url(ordinary) == ordinary
    if spider.answers_words:
        assert begun.first_url("专利 link baidu.php") == begun.search_url("专利 link baidu.php", 1)


def test_a_run_planned_with_one_ends_so_and_the_others_go_on() -> None:
    async def started() -> list[object]:
        spider = Baidu(runs={PAID[0]: "1", UNPAID[0]: "2", "专利": "3"})
        return [one async for one in spider.start()]

    paid, unpaid, asked = asyncio.run(started())
    assert isinstance(paid, Sightings)
    assert isinstance(unpaid, Sightings)
    assert isinstance(asked, Request)
    assert [(one.run, one.reading.outcome, one.reading.reason, one.is_last) for one in (paid, unpaid)] == [
        ("1", Outcome.DISALLOWED, "paid_link", True),
        ("2", Outcome.DISALLOWED, "redirect_link", True),
    ]
    assert asked.url.startswith("https://www.baidu.com/s?")


@pytest.mark.parametrize(
    ("url", "goes_on"), [("https://www.baidu.com/s?wd=1&pn=10", True), (PAID[0], False), (UNPAID[0], False)]
)
def test_no_page_leads_on_to_one(url: str, goes_on: bool) -> None:
    listing = Listing(platform="baidu", kind=Kind.RESULT, position=1, title="甲", url="https://xinghe.example/")
    reading = Reading(outcome=Outcome.OK, listings=(listing,), next_url=url)
    assert Baidu(pages=2)._has_more(reading, 1, frozenset("k")) is goes_on
