"""Xianyu (www.goofish.com): searches and single goods. Known from code only.

A search arrives as a shell; rendered, its goods are cards whose class names end in a changing hash. Where nothing
was found the page says so and shows other goods below: those are recommendations and no results.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.punish import FAMILY_WALLS
from spiders.reading import Document, Node, attr, first, text_of
from spiders.script import plain
from spiders.state import at, count_at, first_text, members_at, objects_at, text_at
from spiders.walls import Wall

# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_CARDS = 'a[class*="feeds-item-wrap"]:not([class*="feeds-item-wrap"] *)'
_NOTHING = '[class*="empty-text-notfound"],[class*="empty-text"]'
_NUMBER = re.compile(r"[?&]id=(\d{6,20})")
_LABELLED = "span,div,p,em,i"
_LABELS = frozenset(("广告", "推广"))


class Xianyu(PlatformSpider):
    name = "xianyu"
    label = "闲鱼"
    hosts = ("www.goofish.com", "h5.m.goofish.com")
    page_size = 30
    evidence = {
        "results": "code only",
        "item": "code only",
        "ads": "code only",
        "captcha": "captured 2026-07 (of 1688, whose wall it shares)",
        "empty": "code only",
    }
    walls = (
        *FAMILY_WALLS,
        Wall(trouble=PageBlocked, reason="risk", marks=("非法访问",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("//passport.goofish.com/",), within="url"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("FAIL_SYS_TOKEN_EMPTY",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("passport.goofish.com/mini_login.htm",)),
        Wall(trouble=PageGone, reason="not_found", marks=("FAIL_BIZ_ITEM_DEL_NOT_FOUND",)),
        Wall(trouble=PageGone, reason="not_found", marks=("您要看的宝贝不存在",)),
        Wall(trouble=PageGone, reason="not_found", marks=("宝贝不存在或已被删除",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        """Further pages come to its own scripts alone, so the first is all there is."""
        return f"https://www.goofish.com/search?q={quote(query)}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        if document.is_json:
            return _read_answer(found, document.json)
        root = document.root
        if said := text_of(first(root, _NOTHING)):
            if "没有找到" in said or "没找到" in said:
                raise PageEmpty("no_result", said[:80])
            raise PageChanged("structure", f"a notice we do not know: {said[:80]}")
        for card in root.css(_CARDS) if "feeds-item-wrap" in document.text else ():
            _add_card(found, card)
        if not found.listings and not found.lost:
            _add_good(found, document)
        if not found.listings and not found.lost and first(root, "#ice-container,#root,#app") is not None:
            raise PageChanged("needs_browser", "a shell without goods")
        return found.reading()


def _add_card(found: Found, card: Node) -> None:
    href = attr(card, "href")
    known = _NUMBER.search(href)
    titled = first(card, '[class*="row1-wrap-title"]')
    price = first(card, '[class*="price-wrap"],[class*="row3-wrap-price"]')
    found.add(
        kind=Kind.PRODUCT,
        is_ad=any(text_of(part) in _LABELS for part in card.css(_LABELLED)[:60]),
        title=attr(titled, "title") or text_of(first(card, '[class*="main-title"]')) or text_of(titled),
        url=_address(known[1]) if known else href,
        item_id=known[1] if known else "",
        price=_printed(price),
        images=[attr(first(card, "img"), "src")],
    )


def _printed(price: Node | None) -> str:
    """Sign, number and the rest of it, without how many want it."""
    if price is None:
        return ""
    parts = price.css('[class*="sign--"],[class*="number--"],[class*="decimal--"],[class*="magnitude--"]')
    told = "".join(map(text_of, parts)) or text_of(price)
    return f"¥{told}" if told[:1].isdigit() else told


def _add_good(found: Found, document: Document) -> None:
    """The page of one good, as rendered."""
    root = document.root
    text = first(root, '[class*="item-main-info"] [class*="desc--"],[class*="main--"] [class*="desc--"]')
    known = _NUMBER.search(document.url)
    if text is None or known is None or "/item" not in document.url:
        return
    said = text_of(text)
    found.add(
        kind=Kind.PRODUCT,
        title=said[:60],
        text=said,
        url=_address(known[1]),
        item_id=known[1],
        seller=text_of(first(root, '[class*="item-user-info-nick"]')),
        price=_printed(
            first(root, '[class*="item-main-info"] [class*="price--"],[class*="value--"] [class*="price--"]')
        ),
        images=[attr(image, "src") for image in root.css('[class*="carouselItem"] img')[:30]],
    )


def _read_answer(found: Found, state: Any) -> Reading:
    """What the shell's scripts are answered: a list or one good."""
    for entry in objects_at(state, "data", "resultList"):
        _add_answered(found, members_at(entry, "data", "item", "main"))
    good = members_at(state, "data", "itemDO")
    if good:
        _add_told(found, good, members_at(state, "data", "sellerDO"))
    fields = members_at(state, "data", "resultInfo", "searchResControlFields")
    total = count_at(fields, "numFound")
    if not found.listings and not found.lost and at(fields, "hasItems") is False and not total:
        raise PageEmpty("no_result", "the answer says that it has none")
    return found.reading(total=total)


def _add_answered(found: Found, main: dict[str, Any]) -> None:
    told, asked = members_at(main, "exContent"), members_at(main, "clickParam", "args")
    number = text_at(told, "itemId") or first_text(asked, "id", "item_id")
    if not told or not number:
        return  # choices and other cards between the goods
    price = "".join(text_at(part, "text") for part in objects_at(told, "price"))
    found.add(
        kind=Kind.PRODUCT,
        is_ad=at(told, "isAliMaMaAD") in (True, "true"),
        title=plain(text_at(told, "title") or text_at(told, "detailParams", "title")),
        url=_address(number),
        item_id=number,
        seller=first_text(told, "userNickName", "userNick") or text_at(told, "detailParams", "userNick"),
        seller_id=text_at(asked, "seller_id"),
        price=price.removeprefix("当前价"),
        images=[text_at(told, "picUrl")],
    )


def _add_told(found: Found, good: dict[str, Any], seller: dict[str, Any]) -> None:
    number, text = text_at(good, "itemId"), text_at(good, "desc")
    price = first_text(good, "soldPrice", "price")
    found.add(
        kind=Kind.PRODUCT,
        title=plain(text_at(good, "title") or text[:60]),
        text=text,
        url=_address(number) if number else "",
        item_id=number,
        seller=first_text(seller, "nick", "uniqueName"),
        seller_id=first_text(seller, "sellerId", "userId"),
        price=f"¥{price}" if price[:1].isdigit() else price,
        images=[text_at(one, "url") for one in objects_at(good, "imageInfos")],
    )


def _address(number: str) -> str:
    return f"https://www.goofish.com/item?id={number}"
