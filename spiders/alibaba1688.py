"""1688: searches for offers. Known from code only, but for its wall, captured 2026-07.

Until about 2023 the page says its list in `window.data.offerresultData`; since then it is
rendered from answers to its scripts, as cards. An offer's number is known even where its
link is a paid one, so its own address is given.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from crawler.errors import PageChanged, PageEmpty
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.paging import with_parameter
from spiders.punish import FAMILY_WALLS
from spiders.reading import Document, Node, attr, first, text_of
from spiders.script import literal, plain
from spiders.state import at, count_at, first_text, members_at, text_at

_STATE = re.compile(r"offerresultData\s*=\s*(?:successDataCheck\s*\(\s*)?(?=\{)")
_PADDED = re.compile(r"\s*[\w.$]{1,60}\s*\(\s*(?=\{)")
# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_CARDS = "a.search-offer-wrapper:not(.search-offer-wrapper *), a.search-offer-item:not(.search-offer-wrapper)"
_NUMBER = re.compile(r"(?:/offer/|[?&]offerId=)(\d{5,20})")
_KEYED = re.compile(r"_(\d{9,20})$")
_PAGE = re.compile(r"[?&]beginPage=(\d{1,4})(?:&|$)")
_LISTS = (
    ("data", "offerList"),
    ("data", "data", "offerList"),
    ("data", "OFFER", "items"),
    ("data", "data", "OFFER", "items"),
    ("offerV2Showed", "offerList"),
)


class Alibaba1688(PlatformSpider):
    name = "alibaba1688"
    label = "1688"
    hosts = ("s.1688.com",)
    page_size = 60
    evidence = {
        "results": "code only",
        "ads": "code only",
        "pager": "code only",
        "empty": "code only",
        "captcha": "captured 2026-07",
    }
    walls = FAMILY_WALLS

    def search_url(self, query: str, page_number: int) -> str:
        words = quote(query.encode("gb18030"))
        return f"https://s.1688.com/selloffer/offer_search.htm?keywords={words}&beginPage={page_number}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        state = _state(document)
        for offer in _offers(state):
            if isinstance(offer, dict):
                _add_offer(found, offer)
            else:
                found.lost += 1
        if not found.listings and "search-offer-" in document.text and not document.is_json:
            for card in document.root.css(_CARDS):
                _add_card(found, card)
        total = count_at(state, "data", "totalCount")
        if not found.listings and not found.lost and total == 0:
            raise PageEmpty("no_result", "the page counts 0 offers")
        if state is None and not found.listings and "/offer_search.htm" in document.url:
            raise PageChanged("needs_browser", "a search without list and without state")
        return found.reading(total=total, next_url=_next_url(document, state))


def _state(document: Document) -> Any:
    if document.is_json:
        return document.json
    start = _PADDED.match(document.text) or _STATE.search(document.text)
    return literal(document.text, start.end())[0] if start else None


def _offers(state: Any) -> list[Any]:
    lists = (at(state, *path) for path in _LISTS)
    return next((offers for offers in lists if isinstance(offers, list) and offers), [])


def _add_offer(found: Found, offer: dict[str, Any]) -> None:
    told = members_at(offer, "information")
    number = first_text(offer, "id", "offerId")
    link = text_at(told, "detailUrl") or first_text(offer, "linkUrl", "detailUrl")
    price = (
        text_at(offer, "tradePrice", "offerPrice", "valueString")
        or text_at(offer, "tradePrice", "offerPrice", "priceInfo", "price")
        or text_at(offer, "priceInfo", "price")
    )
    title = first_text(told, "subject", "simpleSubject", "brief") or first_text(offer, "title", "subject")
    found.add(
        kind=Kind.PRODUCT,
        is_ad=at(offer, "isP4P") in (True, "true", 1, "1"),
        is_redirect=not number and not _NUMBER.search(link),
        title=plain(title),
        url=_address(number) if number else link,
        item_id=number,
        seller=text_at(offer, "company", "name") or text_at(offer, "shop", "text") or text_at(offer, "companyName"),
        price=price if not price[:1].isdigit() else f"¥{price}",
        images=[text_at(offer, "image", "imgUrl") or first_text(offer, "offerPicUrl", "odPicUrl")],
    )


def _add_card(found: Found, card: Node) -> None:
    href, key = attr(card, "href"), attr(card, "data-renderkey")
    known = _NUMBER.search(href) or _KEYED.search(key)
    number = known[1] if known else ""
    is_paid = "_p_isad@1" in attr(card, "data-aplus-report") or "_p4p_" in key or "tracelog=p4p" in href
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_paid,
        is_redirect=not number,
        title=text_of(first(card, ".title-text") or first(card, ".offer-title")),
        url=_address(number) if number else href,
        item_id=number,
        price=text_of(first(card, ".price-item")),
        images=[attr(first(card, "img"), "src")],
    )


def _address(number: str) -> str:
    return f"https://detail.1688.com/offer/{number}.html"


def _next_url(document: Document, state: Any) -> str:
    pages = count_at(state, "data", "pageCount")
    shown = _PAGE.search(document.url)
    page = int(shown[1]) if shown else 1
    return with_parameter(document.url, "beginPage", str(page + 1)) if pages is not None and page < pages else ""
