"""WeChat: one article of an official account, and Sogou's search that finds them.

Seen 2026-02: an article cut off inside its head. Its body, the pages that stand in for an
article and Sogou's list are known from code only. Sogou's links are encrypted redirects.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.reading import Document, Node, attr, block_text_of, first, text_of
from spiders.state import at_most, count_of, host_of, split
from spiders.walls import Wall

SEARCH = "https://weixin.sogou.com/weixin"

_DIGITS = re.compile(r"\d[\d,]{0,20}")
_BIZ = re.compile(r"""\bvar\s{1,9}biz\s{0,9}=\s{0,9}(?:["']{2}\s{0,9}\|\|\s{0,9})?["']([\w=]{4,40})["']""")
_SHORT = re.compile(r"^/s/([\w-]{6,80})")


class Weixin(PlatformSpider):
    name = "weixin"
    label = "微信公众号"
    hosts = ("mp.weixin.qq.com", "weixin.sogou.com")
    page_size = 10
    is_search_engine = True
    evidence = {
        "results": "code only",
        "article head": "captured 2026-02",
        "article body": "code only",
        "ads": "code only",
        "empty": "captured 2026",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("/antispider",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("此验证码用于确认这些请求是您的正常行为",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("seccodeImage",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("wappoc_appmsgcaptcha",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("环境异常", "验证")),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("访问过于频繁",)),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("操作频繁",)),
        Wall(trouble=PageGone, reason="deleted", marks=("内容已被发布者删除",)),
        Wall(trouble=PageGone, reason="deleted", marks=("内容已被删除",)),
        Wall(trouble=PageGone, reason="violation", marks=("内容因违规无法查看",)),
        Wall(trouble=PageGone, reason="violation", marks=("内容因违规已删除",)),
        Wall(trouble=PageGone, reason="violation", marks=("内容被投诉",)),
        Wall(trouble=PageGone, reason="account_closed", marks=("号已被屏蔽",)),
        Wall(trouble=PageGone, reason="account_closed", marks=("号已注销",)),
        Wall(trouble=PageGone, reason="account_closed", marks=("公众号已被封禁",)),
        Wall(trouble=PageGone, reason="migrated", marks=("公众号已迁移",)),
        Wall(trouble=PageGone, reason="expired", marks=("链接已过期",)),
        Wall(trouble=LoginRequired, reason="result_cap", marks=("登录后查看更多",)),
        Wall(trouble=PageBlocked, reason="filtered", marks=("noresult_frontbl_container",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"{SEARCH}?type=2&query={quote(query)}&ie=utf8&page={page_number}"

    def read_document(self, document: Document) -> Reading:
        root = document.root
        cards = at_most(root.css("ul.news-list > li,ul.news-list2 > li"))
        if cards:
            return _search_results(self.name, document, cards)
        if first(root, "#noresult_part1_container") is not None:
            raise PageEmpty("no_result", "Sogou's own box for no result")
        body = first(root, "#js_content,.rich_media_content")
        has_head = bool(_meta(root, "og:title")) and first(root, ".weui-msg,.weui_msg,.global_error_msg") is None
        if body is None and (document.is_truncated or not has_head):
            raise PageChanged("no_marker", "neither an article nor Sogou's list")
        return _article(self.name, document, body)


def _meta(root: Node, name: str) -> str:
    return attr(first(root, f'meta[property="{name}"]'), "content")


def _article(platform: str, document: Document, body: Node | None) -> Reading:
    """The article; one that consists of pictures or a film has no body but says its words in the head."""
    root = document.root
    found = Found(platform, document)
    url = _meta(root, "og:url") or document.url
    images = body.css("img[data-src],img[src]") if body is not None else []
    account = _BIZ.search(document.text)
    found.add(
        kind=Kind.ARTICLE,
        title=text_of(first(root, "#activity-name,.rich_media_title")) or _meta(root, "og:title"),
        url=url,
        text=block_text_of(body) or _meta(root, "og:description"),
        seller=text_of(first(root, "#js_name,.profile_nickname,.wx_follow_nickname"))
        or _meta(root, "og:article:author"),
        seller_id=account[1] if account else "",
        item_id=_article_id(url),
        images=[attr(image, "data-src") or attr(image, "src") for image in images] or [_meta(root, "og:image")],
    )
    return found.reading()


def _article_id(url: str) -> str:
    """The short name, or the numbers of account, sending and place; the signature beside them changes."""
    parts = split(url)
    short = _SHORT.match(parts.path)
    if not host_of(url).endswith("weixin.qq.com"):
        return ""
    if short:
        return short[1]
    asked = dict(part.partition("=")[::2] for part in parts.query[:2000].split("&"))
    names = ("__biz", "mid", "idx")
    return "/".join(asked[name] for name in names) if all(name in asked for name in names) else ""


def _search_results(platform: str, document: Document, cards: list[Node]) -> Reading:
    found = Found(platform, document)
    for card in cards:
        _add_account(found, card) if first(card, "p.tit") is not None else _add_article(found, card)
    stated = _DIGITS.search(text_of(first(document.root, ".p-fy .mun,.mun,#scd_num")))
    total = count_of(stated[0].replace(",", "")) if stated else None
    return found.reading(total=total, next_url=attr(first(document.root, "a#sogou_next"), "href"))


def _add_article(found: Found, card: Node) -> None:
    link = first(card, '.txt-box h3 a,h3 a,a[id*="_title_"]')
    url = attr(link, "href")
    found.add(
        kind=Kind.ARTICLE,
        title=text_of(link),
        url=url,
        is_redirect=not host_of(url).endswith("weixin.qq.com"),
        text=text_of(first(card, "p.txt-info")),
        seller=text_of(first(card, ".s-p .all-time-y2,.s-p a.account,a.account")),
        item_id=_article_id(url) or attr(card, "d"),
        images=[attr(image, "src") for image in card.css(".img-box img")],
    )


def _add_account(found: Found, card: Node) -> None:
    link = first(card, "p.tit a")
    url = attr(link, "href")
    number = text_of(first(card, ".info label"))
    found.add(
        kind=Kind.SHOP,
        title=text_of(link),
        url=url,
        is_redirect=not host_of(url).endswith("weixin.qq.com"),
        text=text_of(first(card, "dl dd")),
        seller=text_of(link),
        seller_id=number,
        item_id=number,
        images=[attr(image, "src") for image in card.css(".img-box img")],
    )
