"""An advertiser's own page: what is asked, what is seen of it, whose it is, and what stands in place of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.errors import UserMistake
from crawler.items import Outcome, Page
from detectors.entities import find_entities
from spiders.landing import Landing
from spiders.tieba import Tieba

PAGES = Path(__file__).parent / "pages" / "landing"


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
        "<style>.w{{color:#fff}}</style><p class=w>{}</p>",
        "<style>.w{{color:#fff}}.in{{background:white}}</style><div class=in><p class=w>{}</p></div>",
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
        "<style>.w{{color:#fff}}.b{{background:#036}}</style><div class=b><p class=w>{}</p></div>",
        "<style>.w{{color:#fff}}.b:hover p{{background:#036}}</style><p class=w>{}</p>",
        "<style>.w{{color:#fff}}@media screen{{.b{{background:#036}}}}</style><div class=b><p class=w>{}</p></div>",
        '<link rel="stylesheet" href="/a.css"><p style="color:#fff">{}</p>',
        '<img src="/banner.jpg"><div style="position:absolute"><p style="color:#fff">{}</p></div>',
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
