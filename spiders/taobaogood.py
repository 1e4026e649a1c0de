"""The page of one good on Taobao or Tmall.

Seen 2026-02: the data stands in `__ICE_APP_CONTEXT__`, the same again in the document. The
forms before 2024 are known from code only. The seller's description is another document.
"""

from __future__ import annotations

import re
from typing import Any

from crawler.errors import PageChanged
from crawler.items import Kind
from spiders.found import Found
from spiders.reading import Document, Node, attr, clean, first, text_of
from spiders.script import literal
from spiders.state import at, first_text, members_at, objects_at, text_at

_STATE = re.compile(r"""=\s*(?=\{\s*["'A-Za-z])""")
_NUMBER = re.compile(r"[?&]id=(\d{5,20})")
_MARKS = ("__ICE_APP_CONTEXT__", "mainTitle--", "tb-main-title", "tb-detail-hd")
_TITLE = '[class^="mainTitle--"], h3.tb-main-title, .tb-detail-hd h1'
_SELLER = '[class^="shopName--"], .tb-shop-name a, a.slogo-shopname'
_PRICE = '[class^="highlightPrice--"], #J_StrPrice, .tm-price'


def address(number: str, *, is_tmall: bool = False) -> str:
    """The address of the good with this number."""
    host = "detail.tmall.com" if is_tmall else "item.taobao.com"
    return f"https://{host}/item.htm?id={number}"


def is_good(document: Document) -> bool:
    return any(mark in document.text for mark in _MARKS)


def add_good(found: Found, document: Document) -> None:
    """Add the good the page is about, from its state or, where that is missing, as rendered."""
    state = _state(document.text)
    if text_at(state, "item", "title"):
        _add_told(found, state)
        return
    title = first(document.root, _TITLE)
    if title is None:
        raise PageChanged("structure", "neither state nor title of a good")
    known = _NUMBER.search(document.url)
    shop = first(document.root, _SELLER)
    found.add(
        kind=Kind.PRODUCT,
        title=_shown(title),
        url=document.url,
        item_id=known[1] if known else "",
        seller=_shown(shop) if shop else "",
        price=text_of(first(document.root, _PRICE)),
    )


def _shown(node: Node) -> str:
    return attr(node, "title") or attr(node, "data-title") or text_of(node)


def _state(text: str) -> Any:
    """The first filled object in the script that sets the context, by whatever name it is called there."""
    mention = text.find("__ICE_APP_CONTEXT__")
    script = text.rfind("<script", 0, mention) if mention >= 0 else -1
    start = _STATE.search(text, script) if script >= 0 else None
    if start is None:
        return None
    try:
        loaded = members_at(literal(text, start.end())[0], "loaderData")
    except PageChanged:
        return None
    return next((part for part in (at(route, "data", "res") for route in loaded.values()) if part), None)


def _add_told(found: Found, state: Any) -> None:
    number = text_at(state, "item", "itemId")
    images = at(state, "item", "images")
    found.add(
        kind=Kind.PRODUCT,
        title=text_at(state, "item", "title"),
        text=_described(state),
        url=address(number, is_tmall=text_at(state, "seller", "sellerType") == "B") if number else found.base,
        item_id=number,
        seller=text_at(state, "seller", "shopName") or text_at(state, "seller", "sellerNick"),
        seller_id=text_at(state, "seller", "sellerId") or text_at(state, "seller", "userId"),
        price=_price(members_at(state, "componentsVO", "priceVO")),
        images=[image for image in images if isinstance(image, str)] if isinstance(images, list) else (),
    )


def _price(prices: dict[str, Any]) -> str:
    """Both prices with the words before them where there are two: 券后￥341 优惠前￥388."""
    printed = [
        text_at(prices, name, "priceTitle") + text_at(prices, name, "priceUnit") + text_at(prices, name, "priceText")
        for name in ("extraPrice", "price")
        if text_at(prices, name, "priceText")
    ]
    if len(printed) == 1:
        return printed[0].removeprefix(text_at(prices, "price", "priceTitle"))
    return " ".join(printed)


def _described(state: Any) -> str:
    """Subtitles, attributes and what can be chosen: sellers write offers into all of them."""
    parts = [first_text(line, "title", "text") for line in objects_at(state, "componentsVO", "titleVO", "subTitles")]
    attributes = members_at(state, "plusViewVO", "industryParamVO")
    for name in ("basicParamList", "enhanceParamList"):
        parts += [
            f"{text_at(one, 'propertyName')}：{text_at(one, 'valueName')}" for one in objects_at(attributes, name)
        ]
    for choice in objects_at(state, "skuBase", "props"):
        values = "、".join(filter(None, (text_at(value, "name") for value in objects_at(choice, "values"))))
        parts.append(f"{text_at(choice, 'name')}：{values}")
    return clean("；".join(filter(None, parts)))
