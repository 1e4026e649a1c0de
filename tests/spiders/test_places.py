"""Where a platform is asked from and for which device: what a spider says of itself is what it does."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawler.errors import UserMistake
from crawler.items import Outcome, Page
from crawler.watches import Device
from detectors.entities import find_entities
from spiders.base import PlatformSpider
from spiders.landing import Landing
from spiders.pinduoduo import Pinduoduo
from spiders.shenma import Shenma
from spiders.so360 import So360
from spiders.tieba import Tieba
from spiders.wuba import Wuba

PAGES = Path(__file__).parent / "pages" / "landing"
CAPITALS = (
    "北京 上海 天津 重庆 石家庄 太原 呼和浩特 沈阳 长春 哈尔滨 南京 杭州 合肥 福州 南昌 济南 郑州 武汉 长沙 广州 "
    "南宁 海口 成都 贵阳 昆明 拉萨 西安 兰州 西宁 银川 乌鲁木齐"
).split()
OF_THE_PLANS = "天津 安阳 新乡 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁".split()


def spiders() -> list[type[PlatformSpider]]:
    loader = SpiderLoader(Settings({"SPIDER_MODULES": ["spiders"]}))
    return [loader.load(name) for name in sorted(loader.list())]


@pytest.mark.parametrize("spider", spiders(), ids=lambda one: one.name)
def test_every_device_and_city_of_a_platform_has_an_address_on_its_own_hosts(spider: type[PlatformSpider]) -> None:
    query = "专利包授权" if spider.answers_words else "https://www.xinghe-ip.example/"
    for device in spider.devices:
        for place in ("", *spider.cities):
            url = spider(place=place, device=device).search_url(query, 1)
            assert urlsplit(url).hostname in spider.hosts or spider.hosts == ("*",)


def test_58_knows_every_capital_and_the_cities_of_the_plans() -> None:
    assert set(CAPITALS) | set(OF_THE_PLANS) <= set(Wuba.cities)
    assert len(set(Wuba.cities.values())) == len(Wuba.cities)
    hosts = {place: urlsplit(Wuba(place=place).search_url("专利", 1)).hostname for place in OF_THE_PLANS[:4]}
    assert hosts == {"天津": "tj.58.com", "安阳": "ay.58.com", "新乡": "xx.58.com", "太原": "ty.58.com"}


@pytest.mark.parametrize(
    ("spider", "told"),
    [
        (Wuba, {"place": "星河"}),
        (Tieba, {"place": "太原"}),
        (Wuba, {"device": "mobile"}),
        (Shenma, {"device": "desktop"}),
    ],
)
def test_place_or_device_that_is_not_there_is_refused(spider: type[PlatformSpider], told: dict[str, str]) -> None:
    with pytest.raises(UserMistake):
        spider(**told)  # type: ignore[arg-type]


def test_without_a_device_it_is_the_platforms_own() -> None:
    assert (Shenma().device, Pinduoduo().device, Tieba().device) == (Device.MOBILE, Device.MOBILE, Device.DESKTOP)
    for asked, spider, seen in (("", Shenma, "mobile"), ("desktop", Shenma, "mobile"), ("mobile", Tieba, "mobile")):
        settings = Settings({"LANTIAN_DEVICE": asked} if asked else {})
        spider.update_settings(settings)
        assert settings.get("LANTIAN_DEVICE") == seen


def test_device_stands_in_the_address_where_the_platform_has_two() -> None:
    hosts = [urlsplit(So360(device=device).search_url("专利", 1)).hostname for device in So360.devices]
    assert hosts == ["www.so.com", "m.so.com"]


# -- an address as a query ---------------------------------------------------------------------


def test_landing_asks_the_address_itself() -> None:
    url = "https://www.xinghe-ip.example/zl/?a=1&b=%D7%A8#x"
    assert Landing(runs={url: "1"}).first_url(url) == url


@pytest.mark.parametrize(
    ("queries", "asked"),
    [
        ("https://a.example/?x=1,2", ["https://a.example/?x=1,2"]),
        (
            "https://a.example/?x=1,2, http://b.example/，https://c.example/",
            ["https://a.example/?x=1,2", "http://b.example/", "https://c.example/"],
        ),
    ],
)
def test_an_address_may_have_commas(queries: str, asked: list[str]) -> None:
    assert list(Landing(queries=queries).runs) == asked
    assert list(Tieba(queries="专利,商标，版权").runs) == ["专利", "商标", "版权"]


@pytest.mark.parametrize(
    "query",
    [
        "专利包授权",
        "www.xinghe-ip.example",
        "ftp://xinghe.example/",
        "https://",
        "file:///etc/hosts",
        "https://www.baidu.com/baidu.php?url=abc",
        "http://m.baidu.com/baidu.php?url=abc",
        "https://www.baidu.com/link?url=abc",
        "https://www.sogou.com/bill_cpc?v=1",
        "https://cn.bing.com/aclk?ld=1",
        "https://e.tf.360.cn/search/eclk?p=1",
        "https://click.simba.taobao.com/cc_im?p=1",
        "https://legoclick.58.com/jump?target=1",
    ],
)
def test_landing_refuses_words_and_paid_links(query: str) -> None:
    with pytest.raises(UserMistake):
        Landing(runs={query: "1"})


def test_landing_says_where_it_ended() -> None:
    page = Page(
        url="https://www.xinghe-ip.example/new/",
        requested_url="http://old.xinghe-ip.example/",
        body="<title>专利</title><body>星河知产专利申请服务，欢迎来电咨询</body>".encode(),
    )
    reading = Landing().read(page)
    assert reading.outcome is Outcome.OK
    assert reading.listings[0].url == page.url
    assert reading.next_url is None


def test_whoever_stands_behind_a_landing_page_is_found_in_its_text() -> None:
    body = (PAGES / "agency.html").read_bytes()
    (listing,) = Landing().read(Page(url="https://www.xinghe-ip.example/zl/", body=body)).listings
    found = {(one.kind, one.value) for one in find_entities(listing.text, "text")}
    assert {("mobile", "13800000000"), ("qq", "10000001"), ("wechat", "xinghe_zl01")} <= found
    assert ("icp", "京ICP备12345678号-1") in found
    assert ("company", listing.seller) in found
    assert "13800000009" not in listing.text, "that number stands in a comment"


@pytest.mark.parametrize(
    ("foot", "owner"),
    [
        (
            "版权所有 © 2019-2026 示例星河知识产权代理有限公司 技术支持：示例建站网络有限公司",
            "示例星河知识产权代理有限公司",
        ),
        ("技术支持：示例建站网络有限公司 版权所有：示例远山商标代理有限公司", "示例远山商标代理有限公司"),
        ("示例远山商标代理有限公司 版权所有 津ICP备12345678号", "示例远山商标代理有限公司"),
        ("Copyright © 2026 All Rights Reserved. 示例南河专利事务所（普通合伙）", "示例南河专利事务所（普通合伙）"),
        ("版权所有<br>示例星河知识产权服务股份有限公司", "示例星河知识产权服务股份有限公司"),
        ("主办单位：示例星河（北京）知识产权代理有限公司天津分公司", "示例星河（北京）知识产权代理有限公司天津分公司"),
        ("备案主体：示例远山科技有限责任公司　京ICP备12345678号-1", "示例远山科技有限责任公司"),
        ("友情链接：示例别家有限公司", ""),
        ("技术支持：示例建站网络有限公司", ""),
        ("京ICP备12345678号", ""),
    ],
)
def test_whose_page_it_is(foot: str, owner: str) -> None:
    body = f"<title>专利</title><body><p>专利申请商标注册，欢迎来电咨询。</p><p>{foot}</p></body>"
    (listing,) = Landing().read(Page(url="https://a.example/", body=body.encode())).listings
    assert listing.seller == owner


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display : NONE !important">{}</p>',
        '<p style="visibility:hidden">{}</p>',
        '<p style="opacity:0">{}</p>',
        '<p style="font-size:0px">{}</p>',
        '<p style="text-indent:-9999px">{}</p>',
        '<p style="position:absolute;left:-5000px">{}</p>',
        '<p style="transform:translateX(-9999px)">{}</p>',
        '<p style="clip:rect(0,0,0,0)">{}</p>',
        '<p style="max-height:0;overflow:hidden">{}</p>',
        '<p style="color:#ffffff;background:white">{}</p>',
        '<div style="background-color:rgb(0,51,102)"><p style="color:#036">{}</p></div>',
        '<p style="color:transparent">{}</p>',
        '<p style="color:#fff">{}</p>',
        '<font color="white">{}</font>',
        "<p hidden>{}</p>",
        '<div aria-hidden="true"><p>{}</p></div>',
        "<!-- <p>{}</p> -->",
        "<dialog>{}</dialog>",
        "<noscript>{}</noscript>",
        "<template>{}</template>",
        '<style>.x .y{{display:none}}</style><div class="x"><p class="y">{}</p></div>',
        "<style>#x{{display:block}}p{{display:none}}</style><p>{}</p>",
    ],
)
def test_what_nobody_sees_is_no_part_of_the_text(hidden: str) -> None:
    body = f"<body>{hidden.format('不显示的词')}<h1>看得见的专利申请服务，欢迎来电</h1></body>"
    (listing,) = Landing().read(Page(url="https://a.example/", body=body.encode())).listings
    assert "不显示的词" not in listing.text
    assert "看得见的专利申请服务" in listing.text


@pytest.mark.parametrize(
    "shown",
    [
        '<p style="color:#fff;background:#000">{}</p>',
        '<div style="background:url(/a.jpg)"><p style="color:#fff">{}</p></div>',
        '<p style="text-indent:2em">{}</p>',
        '<p style="position:absolute;left:50%;margin-left:-600px">{}</p>',
        '<p style="overflow:hidden;height:300px">{}</p>',
        '<p style="max-height:0">{}</p>',
        '<style>p{{display:none}}.on{{display:block}}</style><p class="on">{}</p>',
        "<style>@media print{{p{{display:none}}}}</style><p>{}</p>",
        "<style>p{{color:#fff}}body{{background:url(/a.jpg)}}</style><p>{}</p>",
        '<input type="submit" value="{}">',
        "<style>#page{{display:none}}</style><div id='page'><p>{}</p><p>整页先藏起来，脚本跑完才显示，常见于大站</p>"
        + "<p>专利商标版权高新一站办理</p>" * 9
        + "</div>",
        "<style>body{{opacity:0;visibility:hidden}}</style><p>{}</p>",
        '<textarea placeholder="{}"></textarea>',
        "<details><summary>更多</summary>{}</details>",
        "<table><tr><td>{}</td></tr></table>",
    ],
)
def test_what_is_seen_is_read(shown: str) -> None:
    body = f"<body>{shown.format('看得见的词')}<h1>专利申请服务，欢迎来电咨询办理</h1></body>"
    (listing,) = Landing().read(Page(url="https://a.example/", body=body.encode())).listings
    assert "看得见的词" in listing.text


@pytest.mark.parametrize(
    ("title", "text", "said"),
    [
        ("提示", "您访问的网站尚未备案，请联系网站管理员", "blocked no_filing"),
        ("", "该域名暂未备案，根据工信部规定不能访问", "blocked no_filing"),
        ("", "很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。", "blocked risk"),
        ("", "该网站暂时无法进行访问", "blocked other_page"),
        ("Just a moment...", "Checking your browser before accessing", "blocked captcha"),
        ("", "正在进行人机识别，请稍候", "blocked captcha"),
        ("百度安全验证", "网络不给力，请稍后重试", "blocked captcha"),
        ("", "服务器繁忙，请稍后再试一次", "blocked other_page"),
        ("", "您的访问过于频繁，请稍后再试", "blocked rate_limit"),
        ("a.example", "The domain a.example may be for sale. Click here to inquire.", "gone parked"),
        ("", "此域名已被注册并可转让，联系购买", "gone parked"),
        ("", "网站已到期，请及时续费", "gone closed"),
        ("", "This Account has been suspended. Contact your hosting provider.", "gone closed"),
        ("404 Not Found", "nginx", "gone not_found"),
        ("", "Sorry, the page you requested was not found. Page not found", "gone not_found"),
        ("Index of /", "Index of /  Parent Directory", "changed unfinished"),
        ("", "网站正在建设中，敬请期待", "changed unfinished"),
        # what sounds like it and is an agent's own page
        ("远山网站建设中心", "远山网站建设中心，提供商标注册、专利申请服务，电话 010-60000000", "ok "),
        ("商标转让", "商标转让、域名注册、专利转让一站办理，电话 010-60000000", "ok "),
        ("专利通过率", "我所代理的专利通过审查的比例高，提供商标设计服务", "ok "),
        ("", "专利申请需要提交材料，完成验收后付款，欢迎联系示例星河", "ok "),
    ],
)
def test_what_stands_in_place_of_a_page_is_told_from_a_page(title: str, text: str, said: str) -> None:
    body = f"<html><head><title>{title}</title></head><body><p>{text}</p></body></html>"
    reading = Landing().read(Page(url="https://a.example/", body=body.encode()))
    assert f"{reading.outcome} {reading.reason}" == said
