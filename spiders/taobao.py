"""Taobao and Tmall: searches, and the pages of single goods.

Seen 2018: a search whose list stands in `g_page_config`, rendered as a grid of goods beside
a rail of paid ones. Seen 2026: searches that arrive as an empty shell, and goods whose data
stands in `__ICE_APP_CONTEXT__`. A good's number is known even where its link is a paid one,
so its own address is given and the paid link is never needed.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any, ClassVar
from urllib.parse import quote

from crawler.errors import PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.paging import with_parameter
from spiders.punish import FAMILY_WALLS
from spiders.reading import Document, Node, attr, clean, first, text_of
from spiders.script import elements, literal, plain
from spiders.state import at, count_at, first_text, members_at, objects_at, text_at
from spiders.taobaogood import add_good, address, is_good
from spiders.walls import Wall

STEP = 44
# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_GRID = "div.item.J_MouserOnverReq:not(.J_MouserOnverReq *)"
_CARDS = '[class*="doubleCardWrapper"]:not([class*="doubleCardWrapper"] *)'
_RAILS = ("#mainsrp-p4pRight li:not(li li)", "#mainsrp-p4pBottom li:not(li li)")
_PAID = ".simba.taobao.com/"
_CONFIG = re.compile(r"g_page_config\s*=\s*(?=\{)")
_AUCTIONS = re.compile(r'"auctions"\s*:\s*(?=\[)')
_PADDED = re.compile(r"\s*[\w.$]{1,60}\s*\(\s*(?=\{)")
_OWNER = re.compile(r"\buser_number_id=(\d{4,20})")
_NUMBER = re.compile(r"[?&]id=(\d{5,20})")


class Taobao(PlatformSpider):
    name = "taobao"
    label = "淘宝"
    hosts: ClassVar[tuple[str, ...]] = ("s.taobao.com", "item.taobao.com")
    page_size = STEP
    ad_labels = ("广告", "掌柜热卖")
    evidence = {
        "results": "captured 2018-07",
        "ads": "captured 2018-07 (rail); code only in the list",
        "pager": "captured 2018-07",
        "item": "captured 2026-02",
        "shell": "captured 2026-04",
        "captcha": "captured 2026-07",
        "rendered list 2024": "code only",
        "empty": "code only",
    }
    walls: ClassVar[tuple[Wall, ...]] = (
        *FAMILY_WALLS,
        Wall(trouble=PageGone, reason="not_found", marks=("/noitem.htm",), within="url"),
        Wall(trouble=PageGone, reason="not_found", marks=("您查看的宝贝不存在",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("main-search/pc-search",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("srp_hole_page_bgImg",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("商品详情页",), within="title"),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("tbpc-pc-detail",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        start = (page_number - 1) * STEP
        return f"https://s.taobao.com/search?q={quote(query)}&page={page_number}&s={start}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        state = _answer(document)
        if state is not None:
            return _read_state(found, document, state)
        config = _CONFIG.search(document.text)
        if config or "J_MouserOnverReq" in document.text:
            return _read_search(found, document, config.end() if config else -1)
        if is_good(document):
            add_good(found, document)
        elif "doubleCardWrapper" in document.text:
            for card in document.root.css(_CARDS):
                _add_card(found, card)
        return found.reading()


def _answer(document: Document) -> Any:
    """The state when the body is an answer to a script, bare or padded with a call; else None."""
    if document.is_json:
        return document.json
    padded = _PADDED.match(document.text)
    return literal(document.text, padded.end())[0] if padded else None


def _read_state(found: Found, document: Document, state: Any) -> Reading:
    for good in objects_at(state, "data", "itemsArray"):
        _add_answered(found, good)
    if found.listings or found.lost:
        return found.reading()
    return _finish(found, document, members_at(state, "mods"), auctions_lost=0)


def _read_search(found: Found, document: Document, start: int) -> Reading:
    mods, lost = _mods(document.text, start)
    for entry in document.root.css(_GRID) if "J_MouserOnverReq" in document.text else ():
        _add_entry(found, entry)
    return _finish(found, document, mods, auctions_lost=lost)


def _finish(found: Found, document: Document, mods: dict[str, Any], *, auctions_lost: int) -> Reading:
    """What was rendered is what a person saw; the state speaks for what was not."""
    if not found.listings:
        found.lost += auctions_lost
        _add_auctions(found, at(mods, "itemlist", "data", "auctions"))
    ads = _ads(mods)
    rail = _rail(document, ads)
    for ad in rail or ads.values():
        _add_ad(found, ad)
    if not found.listings and _says_nothing(document, mods):
        raise PageEmpty("no_result", "the page shows its notice of no result")
    pager = members_at(mods, "pager", "data")
    return found.reading(total=count_at(pager, "totalCount"), next_url=_next_url(document, pager))


def _mods(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The modules of the page's state; of a damaged state at least the list, and how much of it is lost."""
    if start < 0:
        return {}, 0
    try:
        return members_at(literal(text, start)[0], "mods"), 0
    except PageChanged:
        auctions = _AUCTIONS.search(text, start)
        if auctions is None:
            raise
    values, lost = elements(text, auctions.end())
    return {"itemlist": {"data": {"auctions": values}}}, lost


def _add_auctions(found: Found, auctions: Any) -> None:
    for auction in auctions if isinstance(auctions, list) else ():
        if isinstance(auction, dict):
            _add_auction(found, auction)
        else:
            found.lost += 1


def _add_auction(found: Found, auction: dict[str, Any]) -> None:
    number, link = text_at(auction, "nid"), text_at(auction, "detail_url")
    is_paid = _PAID in link
    raw = plain(text_at(auction, "raw_title"))
    title = plain(text_at(auction, "title")) or raw
    price = text_at(auction, "view_price")
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_paid or text_at(auction, "p4p") not in ("", "0"),
        is_redirect=is_paid and not number,
        title=title,
        text=_besides(title, raw),
        url=address(number, is_tmall=at(auction, "shopcard", "isTmall") is True) if is_paid and number else link,
        item_id=number,
        seller=text_at(auction, "nick"),
        seller_id=text_at(auction, "user_id"),
        price=f"¥{price}" if price else "",
        images=[text_at(auction, "pic_url")],
    )


def _besides(title: str, other: str) -> str:
    """The other title of a good where it says something else."""
    return other if clean(other) != clean(title) else ""


def _add_entry(found: Found, entry: Node) -> None:
    """A good of the rendered grid."""
    link = first(entry, ".title a")
    number, href = attr(link, "data-nid"), attr(link, "href")
    is_paid = _PAID in href
    is_tmall = is_paid and first(entry, ".icon-service-tianmao") is not None
    shop, picture = first(entry, "a.shopname"), first(entry, "img.img")
    owner = _OWNER.search(attr(shop, "href"))
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_paid,
        is_redirect=is_paid and not number,
        title=text_of(link),
        url=address(number, is_tmall=is_tmall) if is_paid and number else href,
        item_id=number,
        seller=text_of(shop),
        seller_id=attr(shop, "data-userid") or (owner[1] if owner else ""),
        price=text_of(first(entry, ".price")),
        images=[attr(picture, "data-src") or attr(picture, "src")],
    )


def _add_card(found: Found, card: Node) -> None:
    """A good of the list that is rendered since 2024; class names end in a changing hash."""
    link = card if card.tag == "a" else first(card, "a[href]")
    href = attr(link, "href")
    known = _NUMBER.search(href)
    number = attr(card, "id").removeprefix("item_id_") or (known[1] if known else "")
    number = number if number.isascii() and number.isdigit() else ""
    is_paid = _PAID in href
    price = text_of(first(card, '[class*="priceInt"]')) + text_of(first(card, '[class*="priceFloat"]'))
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_paid,
        is_redirect=is_paid and not number,
        title=text_of(first(card, '[class*="Title--title"]') or first(card, '[class^="title--"]')),
        url=address(number) if is_paid and number else href,
        item_id=number,
        seller=text_of(first(card, '[class*="shopNameText"]') or first(card, '[class*="shopName--"]')),
        price=f"¥{price}" if price else "",
        images=[attr(first(card, "img"), "src")],
    )


def _add_answered(found: Found, good: dict[str, Any]) -> None:
    """A good of the answer that the 2024 shell asks for."""
    link = text_at(good, "auctionURL") or text_at(good, "clickUrl")
    number = text_at(good, "item_id")
    price = text_at(good, "priceShow", "price") or text_at(good, "price")
    is_paid = _PAID in link
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_paid or text_at(good, "isP4p") == "true",
        is_redirect=is_paid and not number,
        title=plain(text_at(good, "title")),
        url=address(number) if number and (is_paid or not link) else link,
        item_id=number,
        seller=text_at(good, "shopInfo", "title") or text_at(good, "nick"),
        price=f"¥{price}" if price else "",
        images=[text_at(good, "pic_path")],
    )


def _ads(mods: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The paid goods 掌柜热卖 by their paid link, those of the rail before those at the bottom."""
    try:
        told = json.loads(text_at(mods, "p4p", "data", "p4pdata") or "null")
    except (ValueError, RecursionError):
        return {}
    ads: dict[str, dict[str, Any]] = {}
    for place in ("right", "bottom"):
        groups = members_at(told, place, "data")
        for name in groups:
            ads |= {html.unescape(text_at(ad, "EURL")): ad for ad in objects_at(groups, name) if text_at(ad, "EURL")}
    return ads


def _rail(document: Document, ads: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The rendered paid goods, each as the state knows it or as far as it can be read."""
    if document.is_json or "mainsrp-p4p" not in document.text:
        return []
    shown: dict[str, dict[str, Any]] = {}
    for entry in (entry for css in _RAILS for entry in document.root.css(css)):
        link = first(entry, 'a[href*=".simba.taobao.com/"]')
        href = attr(link, "href")
        if href and href not in shown:
            title = attr(link, "title") or text_of(first(entry, 'a[class$="-red"]')) or text_of(link)
            shown[href] = ads.get(href) or {"TITLE": title, "EURL": href}
    return list(shown.values())


def _add_ad(found: Found, ad: dict[str, Any]) -> None:
    number, price = text_at(ad, "RESOURCEID"), text_at(ad, "SALEPRICE")
    link = address(number, is_tmall=text_at(ad, "ISMALL") == "1") if number else ""
    title, full = plain(first_text(ad, "TITLE", "ADGTITLE")), plain(text_at(ad, "ADGTITLE"))
    found.add(
        kind=Kind.PRODUCT,
        is_ad=True,
        is_redirect=not link,
        title=title,
        text=_besides(title, full),
        url=link or html.unescape(text_at(ad, "EURL")),
        item_id=number,
        seller=first_text(ad, "SHOPNAME", "WANGWANGID"),
        seller_id=text_at(ad, "SELLERID"),
        price=f"¥{price}" if price else "",
        images=[text_at(ad, "TBGOODSLINK")],
    )


def _says_nothing(document: Document, mods: dict[str, Any]) -> bool:
    if text_at(mods, "noresult", "status") == "show":
        return True
    return "mainsrp-noresult" in document.text and bool(text_of(first(document.root, "#mainsrp-noresult")))


def _next_url(document: Document, pager: dict[str, Any]) -> str:
    page, pages = count_at(pager, "currentPage"), count_at(pager, "totalPage")
    if page and pages is not None:
        start = str(page * (count_at(pager, "pageSize") or STEP)) if page < pages else ""
    elif "srp_bottom_pagedown" in document.text:
        start = attr(first(document.root, 'a[trace="srp_bottom_pagedown"]'), "data-value")
    else:
        start = ""
    return with_parameter(document.url, "s", start) if start else ""
