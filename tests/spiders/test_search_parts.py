"""What search engines' readers must tell apart: advertisements from the word, real addresses from wrapped ones."""

from __future__ import annotations

import base64

import pytest

from crawler.errors import UserMistake
from crawler.items import Page, Reading
from spiders.baidu import Baidu
from spiders.bing import Bing, real_address
from spiders.sogou import Sogou
from spiders.toutiao import Toutiao, landing

RESULT = (
    '<div class="result c-container" srcid="1599" tpl="se_com_default"><h3 class="t">'
    '<a href="http://www.baidu.com/link?url=x{n}">{title}</a></h3><div class="c-abstract">{text}</div>{more}</div>'
)


def baidu(inner: str, url: str = "https://www.baidu.com/s?wd=x") -> Reading:
    page = f'<html><body><div id="content_left">{inner}</div></body></html>'
    return Baidu().read(Page(url=url, body=page.encode()))


def result(number: int, title: str = "示例", text: str = "摘要", more: str = "") -> str:
    return RESULT.format(n=number, title=title, text=text, more=more)


@pytest.mark.parametrize(
    "mark",
    [
        '<span class="ec-tuiguang">广告</span>',
        '<span class="ec_tuiguang_pp"></span>',
        "<i data-tuiguang></i>",
        '<a data-landurl="https://a.example/">x</a>',
        '<a href="http://www.baidu.com/baidu.php?url=a">x</a>',
        '<a href="https://m.baidu.com/baidu.php?url=a">x</a>',
        '<a href="http://bzclk.baidu.com/adrc.php?t=1">x</a>',
        '<div cmatchid="225"></div>',
        '<div data-key="ad__3"></div>',
        '<div class="x fengchaoContainer_1"></div>',
        "<span> 广告 </span>",
        '<a class="m" href="http://e.baidu.com/">推广</a>',
        "<i>推广链接</i>",
    ],
)
def test_baidu_mark_of_payment(mark: str) -> None:
    reading = baidu(result(1) + result(2, more=mark) + result(3))
    assert [listing.is_ad for listing in reading.listings] == [False, True, False]
    unlisted = baidu(result(1) + f'<div class="q"><h3><a href="https://b.example/">示例</a></h3>{mark}</div>')
    assert [listing.is_ad for listing in unlisted.listings] == [False, True]


@pytest.mark.parametrize(
    "innocent",
    [
        {"title": "广告"},
        {"title": "<em>广告</em>"},
        {"text": "广告"},
        {"text": "<em>广告</em>"},
        {"more": '<a href="/s?wd=%E5%B9%BF%E5%91%8A">广告</a>'},
        {"more": "<span>广告投放</span>"},
        {"more": '<a href="https://a.example/?r=www.baidu.com/baidu.php?url=a">x</a>'},
    ],
)
def test_baidu_word_is_no_mark(innocent: dict[str, str]) -> None:
    assert [listing.is_ad for listing in baidu(result(1) + result(2, **innocent)).listings] == [False, False]


def test_baidu_advertisements_stand_in_page_order() -> None:
    paid = '<div class="EC_result"><h3><a href="http://www.baidu.com/baidu.php?url={0}">{0}</a></h3></div>'
    wrapped = f"<div>{paid.format('甲')}{paid.format('乙')}</div>"
    reading = baidu(wrapped + result(1) + paid.format("丙") + result(2))
    assert [listing.title for listing in reading.listings] == ["甲", "乙", "示例", "丙", "示例"]
    assert [listing.position for listing in reading.listings if listing.is_ad] == [1, 2, 4]
    assert all(listing.is_redirect for listing in reading.listings)


def test_baidu_one_container_of_several_advertisements() -> None:
    links = "".join(f'<div><h3><a href="https://{name}.example/">{name}</a></h3></div>' for name in "abc")
    reading = baidu(f'<div class="fengchaoContainer_1">{links}</div>' + result(1))
    assert [(listing.title, listing.is_ad) for listing in reading.listings] == [
        ("a", True),
        ("b", True),
        ("c", True),
        ("示例", False),
    ]


def test_baidu_card_that_is_one_link() -> None:
    card = '<a href="http://m.baidu.com/baidu.php?url=a"><b class="c-title-x">标题</b><p>包授权</p></a>'
    (listing,) = baidu(f'<div class="ec_wise_ad"><div>{card}</div></div>').listings
    assert (listing.title, listing.text, listing.is_ad) == ("标题", "包授权", True)


def test_baidu_empty_slot_is_no_advertisement() -> None:
    reading = baidu('<div class="ecom_pingzhuan"><style>x</style></div>' + result(1))
    assert ([listing.is_ad for listing in reading.listings], reading.lost) == ([False], 0)


def test_baidu_damaged_listing_is_lost_and_the_others_stay() -> None:
    damaged = RESULT.format(n=2, title="", text="摘要", more="")
    reading = baidu(result(1) + damaged + result(3))
    assert (len(reading.listings), reading.lost) == (2, 1)


def test_baidu_total_ignores_what_results_say() -> None:
    said = "百度为您找到相关结果约5个"
    assert baidu(result(1, title=said)).total is None
    assert baidu(f'<span class="nums">{said}</span>' + result(1)).total == 5


@pytest.mark.parametrize(
    "said", ['<div class="nors"><p>没有找到该URL</p></div>', '<div class="content_none">未找到相关结果</div>']
)
def test_baidu_says_itself_that_there_is_nothing(said: str) -> None:
    assert (baidu(said).outcome, baidu(said).reason) == ("empty", "no_result")
    assert baidu(said + result(1)).outcome == "ok"
    assert baidu("<p>没有找到</p>").outcome == "changed"


def test_baidu_captcha_words_in_a_result_are_no_wall() -> None:
    reading = baidu(result(1, title="百度安全验证怎么办", text="ppui-static-wap mkdjump 很抱歉，您要访问的页面不存在"))
    assert reading.outcome == "ok"


def test_baidu_tabs() -> None:
    assert "tn=news" not in Baidu().search_url("专利", 1)
    assert Baidu(tab="news").search_url("专利", 3).endswith("&tn=news&rsv_dl=ns_pc&word=%E4%B8%93%E5%88%A9&pn=20")
    with pytest.raises(UserMistake, match="tab must be web or news"):
        Baidu(tab="video")


def encoded(address: str) -> str:
    return base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (f"https://www.bing.com/ck/a?!&&p=1&u=a1{encoded('https://a.example/x?y=1')}&ntb=1", "https://a.example/x?y=1"),
        (f"https://cn.bing.com/aclk?ld=1&u={encoded('https%3a%2f%2fa.example%2fx')}", "https://a.example/x"),
        (f"/ck/a?u=a1{encoded('/search?q=1')}", ""),
        (f"https://www.bing.com/ck/a?u=a1{encoded('javascript:alert(1)')}", ""),
        ("https://www.bing.com/ck/a?u=a1====", ""),
        ("https://www.bing.com/ck/a?u=%ff%fe", ""),
        ("https://www.bing.com/ck/a", ""),
        (f"https://other.example/ck/a?u=a1{encoded('https://a.example/')}", ""),
    ],
)
def test_bing_counter_tells_the_address(link: str, address: str) -> None:
    assert real_address(link) == address


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://so.toutiao.com/search/jump?url=https%3A%2F%2Fa.example%2F&aid=1", "https://a.example/"),
        (
            "/search/jump?url=https%3A%2F%2Fsou.toutiao.com%2Fsearch%2Fjump%3Furl%3Dhttp%253A%252F%252Fa.example%252F",
            "http://a.example/",
        ),
        ("https://so.toutiao.com/search/jump?aid=1", "https://so.toutiao.com/search/jump?aid=1"),
        (
            "https://so.toutiao.com/search/jump?url=javascript%3A1",
            "https://so.toutiao.com/search/jump?url=javascript%3A1",
        ),
        (
            "https://a.example/search/jump?url=https%3A%2F%2Fb.example%2F",
            "https://a.example/search/jump?url=https%3A%2F%2Fb.example%2F",
        ),
    ],
)
def test_toutiao_jump_tells_the_address(link: str, address: str) -> None:
    assert landing(link) == address


def toutiao(inner: str) -> Reading:
    page = f"<html><body>{inner}</body></html>"
    return Toutiao().read(Page(url="https://so.toutiao.com/search?keyword=x", body=page.encode()))


@pytest.mark.parametrize(
    ("card", "is_ad"),
    [
        ("<i data-log-extra='{\"is_ad\":1}'></i>", True),
        ('<i data-log-extra=\'{"ad_id":"123"}\'></i>', True),
        ('<i data-log-extra=\'{"is_ad":0,"ad_id":"0","raw_ad_data":""}\'></i>', False),
        ("<span>广告</span>", True),
        ("<p>广告</p>", False),
    ],
)
def test_toutiao_marks_of_payment(card: str, is_ad: bool) -> None:
    (listing,) = toutiao(f'<div data-test-card-id="67-x"><div class="cs-header">{LINK}</div>{card}</div>').listings
    assert listing.is_ad is is_ad


def test_toutiao_link_through_the_cash_desk() -> None:
    link = '<a href="https://ad.toutiao.com/c?x=1">示例</a>'
    (listing,) = toutiao(CARD.format("67-x", link)).listings
    assert (listing.is_ad, listing.is_redirect) == (True, True)


CARD = '<div data-test-card-id="{0}"><div class="cs-header">{1}</div><p>文字</p></div>'
LINK = '<a href="/search/jump?url=https%3A%2F%2Fa.example%2F">示例</a>'


@pytest.mark.parametrize(
    ("card", "title", "count", "lost"),
    [
        ("67-toutiao_web", LINK, 2, 0),
        ("26-car", LINK, 2, 0),
        ("67-toutiao_web", "", 1, 1),
        ("undefined-default", "无链接", 1, 1),
        ("26-car", "", 1, 0),
        ("76-undefined", LINK, 1, 0),
        ("20-undefined", LINK, 1, 0),
        ("21-undefined", LINK, 1, 0),
        ("SearchFilter", LINK, 1, 0),
    ],
)
def test_toutiao_cards_that_are_results(card: str, title: str, count: int, lost: int) -> None:
    reading = toutiao(CARD.format("67-homepage", LINK) + CARD.format(card, title))
    assert (len(reading.listings), reading.lost) == (count, lost)


def sogou(inner: str, status: str) -> Reading:
    page = f'<html><body><div class="results">{inner}</div></body></html>{status}'
    return Sogou().read(Page(url="https://www.sogou.com/web?query=x", body=page.encode()))


BLOCK = '<div class="vrwrap"><h3 class="vr-title"><a href="{0}">示例</a></h3></div>'


@pytest.mark.parametrize(("stated", "outcome"), [(1, "changed"), (2, "ok"), (3, "ok"), (4, "ok"), (0, "changed")])
def test_sogou_own_count(stated: int, outcome: str) -> None:
    """Two organic blocks and a paid one: Sogou may or may not count what is paid for."""
    inner = BLOCK.format("/link?url=a") + BLOCK.format("/bill_cpc?v=1") + '<div class="vrwrap"><p>还搜了</p></div>'
    reading = sogou(inner, f"<!--STATUS total {stated} time 1 page 0 maxEnd 1 totalItems 1-->")
    assert reading.outcome == outcome
    assert [listing.is_ad for listing in reading.listings] == [False, True]


@pytest.mark.parametrize(("stated", "outcome"), [(1, "ok"), (2, "changed")])
def test_sogou_counts_more_than_we_read(stated: int, outcome: str) -> None:
    """A headline outside the blocks we know is what Sogou counts and we do not."""
    inner = BLOCK.format("/link?url=a") + '<div class="new"><h3><a href="/link?url=b">另一种卡片</a></h3></div>'
    reading = sogou(inner, f"<!--STATUS total {stated} time 1 page 0 maxEnd 1 totalItems 1-->")
    assert (reading.outcome, len(reading.listings)) == (outcome, 1)


def test_sogou_does_not_believe_an_earlier_comment() -> None:
    """A result may carry the words; only the last comment of the page is Sogou's."""
    inner = BLOCK.format("/link?url=a") + "<!--STATUS total 99 time 1 page-->"
    assert sogou(inner, "<!--STATUS total 1 time 1 page 0 maxEnd 1 totalItems 1-->").outcome == "ok"


def test_walls_by_address() -> None:
    page = b"<html><body><p>x</p></body></html>"
    assert Sogou().read(Page(url="http://www.sogou.com/antispider/?from=1", body=page)).reason == "captcha"
    assert Baidu().read(Page(url="https://wappass.baidu.com/static/captcha/?ak=1", body=page)).reason == "captcha"
    assert Bing().read(Page(url="https://www.bing.com/turing/captcha/challenge?q=1", body=page)).reason == "captcha"


def test_toutiao_script_challenge_needs_a_browser() -> None:
    page = b"<html><head></head><body><script>byted_acrawler; document.cookie='__ac_signature=1'</script></body></html>"
    reading = Toutiao().read(Page(url="https://so.toutiao.com/search?keyword=x", body=page))
    assert (reading.outcome, reading.reason) == ("changed", "needs_browser")
