"""Tmall: searches of its own and the pages of its goods, which are built like Taobao's. Lists are known from code only.

Until about 2022 a list is rendered as goods in `#J_ItemList`; since then a search ends on Taobao's pages and
is read as those are. A good's number is known even where its link is a paid one.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from crawler.errors import PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from spiders.found import Found
from spiders.paging import with_parameter
from spiders.punish import FAMILY_WALLS
from spiders.reading import Document, Node, attr, first, text_of
from spiders.taobao import Taobao
from spiders.taobaogood import address
from spiders.walls import Wall

STEP = 60
# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_CARDS = "div.product[data-id]:not(div.product *),#J_ItemList div.product:not(div.product *):not([data-id])"
_PAID = ".simba.taobao.com/"
_NUMBER = re.compile(r"[?&]id=(\d{5,20})")
_OWNER = re.compile(r"\buser_(?:number_)?id=(\d{4,20})")
_NOTHING = re.compile(r"(?:没有?找到|未找到).{0,60}(?:商品|宝贝)")
_TOTAL = re.compile(r"共\s*(\d{1,12})\s*件")
_START = re.compile(r"[?&]s=(\d{1,6})(?:&|$)")


class Tmall(Taobao):
    name = "tmall"
    label = "天猫"
    hosts = ("list.tmall.com", "detail.tmall.com", "detail.tmall.hk")
    page_size = STEP
    evidence = {
        "results": "code only",
        "ads": "code only",
        "pager": "code only",
        "empty": "code only",
        "item": "captured 2026-02 (of Taobao, whose form it shares)",
        "captcha": "captured 2026-07 (of 1688, whose wall it shares)",
    }
    walls = (
        *FAMILY_WALLS,
        Wall(trouble=PageGone, reason="not_found", marks=("/noitem.htm",), within="url"),
        Wall(trouble=PageGone, reason="not_found", marks=("您查看的商品不存在",)),
        Wall(trouble=PageGone, reason="not_found", marks=("很抱歉，您查看的", "不存在")),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("main-search/pc-search",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("srp_hole_page_bgImg",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("tbpc-pc-detail",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("商品详情页",), within="title"),
    )

    def search_url(self, query: str, page_number: int) -> str:
        words, start = quote(query.encode("gb18030")), (page_number - 1) * STEP
        return f"https://list.tmall.com/search_product.htm?q={words}&s={start}"

    def read_document(self, document: Document) -> Reading:
        if document.is_json or "J_ItemList" not in document.text:
            return super().read_document(document)
        found = Found(self.name, document)
        root = document.root
        for card in root.css(_CARDS):
            _add_card(found, card)
        if not found.listings and not found.lost:
            said = _NOTHING.search(text_of(first(root, ".searchTip,#J_EmptyTip,.noresult,.no-result"))[:400])
            if said:
                raise PageEmpty("no_result", said[0][:80])
        total = _TOTAL.search(text_of(first(root, ".ui-page-skip,.searchTip,.j_ResultsNumber,.crumbTitle")))
        return found.reading(total=int(total[1]) if total else None, next_url=_next_url(document))


def _add_card(found: Found, card: Node) -> None:
    link = first(card, ".productTitle a[href],.product-title a[href]")
    href = attr(link, "href").strip()
    known = _NUMBER.search(href)
    number = attr(card, "data-id")
    number = number if number.isascii() and number.isdigit() else (known[1] if known else "")
    shop = first(card, ".productShop-name,.productShop a")
    owner = _OWNER.search(attr(shop, "href")) or _OWNER.search(href)
    picture = first(card, "img")
    is_paid = _PAID in href
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_paid,
        is_redirect=is_paid and not number,
        title=attr(link, "title") or text_of(link),
        url=address(number, is_tmall=True) if number and (is_paid or not href) else href,
        item_id=number,
        seller=text_of(shop),
        seller_id=owner[1] if owner else "",
        price=text_of(first(card, ".productPrice em")),
        images=[attr(picture, "data-ks-lazyload") or attr(picture, "src")],
    )


def _next_url(document: Document) -> str:
    following = first(document.root, "a.ui-page-next[href],.ui-page-s-next[href]")
    if following is None:
        return ""
    start = _START.search(attr(following, "href"))
    return with_parameter(document.url, "s", start[1]) if start else attr(following, "href")
