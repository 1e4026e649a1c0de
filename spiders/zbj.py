"""zbj.com (猪八戒): searches for services.

Seen 2025-12: a rendered list, and below it a block that says of itself 广告. Seen 2026-02:
no list in the document, only in the page's state, whose names of fields are partly guessed.
What else pays for its place in the main list is not labelled there, so it is not told apart.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any
from urllib.parse import quote

from crawler.errors import LoginRequired, PageChanged, PageEmpty
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.nuxt import StateList, call_list
from spiders.reading import Document, Node, attr, first, text_of
from spiders.script import plain
from spiders.state import at, count_at, first_text, text_at
from spiders.walls import Wall

_CITIES = ("beijing", "shanghai", "guangzhou", "shenzhen", "tianjin", "chongqing", "chengdu", "hangzhou", "taiyuan")
# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_CARD = "div.serve-item:not(.serve-item *)"
_OLD_CARD = "div.service-card-wrap > div:not(.service-card-wrap .service-card-wrap *)"
_STATE = re.compile(r"""__NUXT__["']?\s*\]?\s*=(?![=>])\s*""")
_TOTAL = re.compile(r"total(?:Count|Num|Number|Size|Records?|Results?)?$", re.I)
_SERVICE = re.compile(r"zbj\.com/(?:[\w/]{0,40}/)?(?:fw/|sid-)(\d{3,20})")
_SELLER = re.compile(r"-(\d{4,20})$")
_PAGE = re.compile(r"[?&]p=(\d{1,6})")
_NAMED = re.compile(r"(?!.{0,40}(?:shop|city|prov|categ|brand|user|nick|tag|label)).{0,40}(?:title|subject|name)", re.I)
_TITLES = ("title", "subject", "serviceName", "serveName", "serviceTitle", "name")
_NUMBERS = ("serviceId", "serveId", "id")
_SHOPS = ("shopName", "shopname", "brandName", "companyName")
_SHOP_NUMBERS = ("userId", "shopUserId", "shopId")
_PRICES = ("priceStr", "priceText", "showPrice", "price", "amount", "minPrice")
_PICTURES = ("imgUrl", "picUrl", "img", "image", "cover", "coverUrl", "mainPic")
MAX_TEXT = 1_000
MAX_CLIMB = 4
MAX_LABELS = 100
MAX_STATES = 5


class Zbj(PlatformSpider):
    name = "zbj"
    label = "猪八戒网"
    hosts = ("www.zbj.com", *(f"{city}.zbj.com" for city in _CITIES))
    page_size = 60
    evidence = {
        "results": "captured 2025-12",
        "ads": "captured 2025-12 (labelled block); code only in the list",
        "pager": "captured 2025-12",
        "state": "described 2026-02; fields besides shopName code only",
        "empty": "code only (state)",
    }
    walls = (
        Wall(trouble=LoginRequired, reason="login_wall", marks=("//login.zbj.com/",), within="url"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("//account.zbj.com/",), within="url"),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"https://www.zbj.com/fw/?k={quote(query)}&p={page_number}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        cards = _cards(document)
        paid = _paid(document) if "add-tag" in document.text else set()
        listed = None
        if all(card.mem_id in paid for card in cards):
            listed = _add_state(found, document, is_alone=not cards)
        for card in cards:
            _add_card(found, card, is_ad=card.mem_id in paid)
        total = _total(listed)
        if not found.listings and not found.lost:
            if listed is not None and not listed.values and total == 0:
                raise PageEmpty("no_result", "the state has an empty list and counts 0")
            if 'id="__nuxt"' in document.text:
                raise PageChanged("needs_browser", "an application without list and without state")
        return found.reading(total=total, next_url=_next_url(document))


def _cards(document: Document) -> list[Node]:
    if "serve-item" in document.text:
        cards = document.root.css(_CARD)
        if cards:
            return cards
    return document.root.css(_OLD_CARD) if "service-card-wrap" in document.text else []


def _paid(document: Document) -> set[int]:
    """The cards of every block, or the one card, that carries the label 广告."""
    paid: set[int] = set()
    for label in document.root.css(".add-tag")[:MAX_LABELS]:
        if text_of(label) != "广告":
            continue
        block, climbed = label.parent, 0
        while block is not None and climbed < MAX_CLIMB and not _holds_cards(block):
            block, climbed = block.parent, climbed + 1
        if block is not None and _holds_cards(block) and first(block, ".search-result-list-service") is None:
            paid |= {block.mem_id, *(card.mem_id for card in block.css(_CARD))}
    return paid


def _holds_cards(block: Node) -> bool:
    return "serve-item" in attr(block, "class").split() or first(block, _CARD) is not None


def _add_card(found: Found, card: Node, *, is_ad: bool) -> None:
    name = first(card, ".serve-name") or first(card, ".name-pic-box a")
    tracked = attr(card, "data-href") or attr(name, "data-href")
    url = attr(first(card, "a[href]"), "href")
    url = url if _SERVICE.search(url) else tracked or attr(name, "href")
    number = _SERVICE.search(url)
    seller = _SELLER.search(attr(name, "data-linkid"))
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_ad or "hasad" in attr(name, "class").split() or "fr=tgt" in tracked,
        title=text_of(name),
        url=url,
        item_id=number[1] if number else "",
        seller=text_of(first(card, ".shop-info")),
        seller_id=seller[1] if seller else "",
        price=text_of(first(card, ".price")),
        images=[attr(first(card, "img"), "src")],
    )


def _add_state(found: Found, document: Document, *, is_alone: bool) -> StateList | None:
    """The list that is only in the state; there may be other states, of header and footer, beside it."""
    listed: StateList | None = None
    trouble: PageChanged | None = None
    for state in islice(_STATE.finditer(document.text), MAX_STATES):
        try:
            told = call_list(document.text, state.end(), "resultList")
        except PageChanged as met:
            trouble = trouble or met
            continue
        listed = told or listed
        if told is not None and (told.values or told.lost):
            break
    if listed is None:
        if trouble is not None and is_alone:
            raise trouble
        return None
    found.lost += listed.lost
    for service in listed.values:
        if isinstance(service, dict):
            _add_service(found, _flat(service))
        else:
            found.lost += 1
    return listed


def _total(listed: StateList | None) -> int | None:
    """The count beside the list, or in an object beside it, such as a pager."""
    if listed is None:
        return None
    parts = [listed.beside, *(part for part in listed.beside.values() if isinstance(part, dict))]
    counts = (count_at(part, name) for part in parts for name in part if _TOTAL.match(name))
    return next((count for count in counts if count is not None), None)


def _flat(service: dict[str, Any]) -> dict[str, Any]:
    """The fields of a service with those of its parts, such as its shop, which give way to its own."""
    parts = [part for part in service.values() if isinstance(part, dict)]
    return {name: value for part in parts for name, value in part.items()} | service


def _add_service(found: Found, service: dict[str, Any]) -> None:
    url, number = _address(service)
    found.add(
        kind=Kind.PRODUCT,
        is_ad="fr=tgt" in url or at(service, "isAd") in (True, 1, "1"),
        title=plain(_title(service)[:MAX_TEXT]),
        url=url,
        item_id=number,
        seller=plain(first_text(service, *_SHOPS)[:MAX_TEXT]),
        seller_id=first_text(service, *_SHOP_NUMBERS),
        price=_price(service),
        images=[first_text(service, *_PICTURES)],
    )


def _title(service: dict[str, Any]) -> str:
    """The service's name; else the text in which the search word is marked, or the longest called a name."""
    named = first_text(service, *_TITLES)
    if named:
        return named
    texts = {name: value for name, value in service.items() if isinstance(value, str)}
    marked = next((value for value in texts.values() if "<hl>" in value), "")
    return marked or max((value for name, value in texts.items() if _NAMED.match(name)), key=len, default="")


def _address(service: dict[str, Any]) -> tuple[str, str]:
    """The service's address wherever it stands, else the one that belongs to its number."""
    for value in service.values():
        found = _SERVICE.search(value[:MAX_TEXT]) if isinstance(value, str) else None
        if found and value.startswith(("http", "//")):
            return value, found[1]
    number = first_text(service, *_NUMBERS)
    if not number.isascii() or not number.isdigit():
        return "", ""
    return f"https://www.zbj.com/fw/{number}.html", number


def _price(service: dict[str, Any]) -> str:
    for name in _PRICES:
        value = service.get(name)
        amount = f"{value:g}" if isinstance(value, float) else text_at(service, name)
        if amount:
            return amount if not amount[0].isdigit() else f"¥{amount}"
    return ""


def _next_url(document: Document) -> str:
    """On the last page the arrow leads back to the same page."""
    if "el-icon-arrow-right" not in document.text or "page-num" not in document.text:
        return ""
    arrow = first(document.root, "a.li-page:has(.el-icon-arrow-right)")
    href = attr(arrow, "href")
    following = _PAGE.search(href)
    shown = text_of(first(document.root, ".page-num a.active"))
    current = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 7 else 0
    return href if following and int(following[1]) > current else ""
