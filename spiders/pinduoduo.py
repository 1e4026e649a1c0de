"""Pinduoduo: searches and single goods of its mobile pages, the only ones on the web. Known from code only.

What a page shows stands in `window.rawData`. To whom it distrusts, Pinduoduo sends that with an empty list and no
word about it; only a page that says itself that nothing was found is an empty one.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from crawler.watches import Device
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.reading import Document, first, text_of
from spiders.script import literal, plain
from spiders.state import at, count_of, first_text, members_at, objects_at, text_at
from spiders.walls import Wall

_STATE = re.compile(r"\brawData\s{0,9}=\s{0,9}(?=\{)")
_NEXT = 'script#__NEXT_DATA__[type="application/json"]'
_NOTHING = re.compile(r"(?:没有?找到|未找到|暂无).{0,30}(?:商品|结果)")
_LISTS = (
    ("stores", "store", "data", "ssrListData", "list"),
    ("store", "data", "ssrListData", "list"),
    ("props", "pageProps", "data", "ssrResult", "ssrListData", "list"),
    ("props", "pageProps", "data", "ssrListData", "list"),
    ("items",),
)
_GOODS = (("store", "initDataObj"), ("stores", "store", "initDataObj"), ("initDataObj",))
_GONE_WORDS = ("商品已下架", "商品不存在", "商品已失效")


class Pinduoduo(PlatformSpider):
    name = "pinduoduo"
    label = "拼多多"
    hosts = ("mobile.yangkeduo.com", "mobile.pinduoduo.com")
    page_size = 20
    devices = (Device.MOBILE,)
    evidence = {
        "results": "code only",
        "item": "code only",
        "ads": "code only",
        "login": "code only",
        "captcha": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=LoginRequired, reason="login_wall", marks=("/login.html",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("/psnl_verification.html",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("psnl_verification",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("安全验证",), within="title"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("VerifyAuthToken", "verify_auth_token")),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("/login.html?from=",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("手机登录", "验证码")),
        *(Wall(trouble=PageGone, reason="not_found", marks=(word,)) for word in _GONE_WORDS),
    )

    def search_url(self, query: str, page_number: int) -> str:
        """Further pages come to its own scripts alone, so the first is all there is."""
        return f"https://mobile.yangkeduo.com/search_result.html?search_key={quote(query)}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        state = _state(document)
        for goods in _listed(state):
            if isinstance(goods, dict):
                _add_listed(found, goods)
            else:
                found.lost += 1
        one = next(filter(None, (members_at(state, *path) for path in _GOODS)), {})
        if not found.listings and first_text(members_at(one, "goods"), "goodsName", "goods_name"):
            _add_good(found, document, one)
        if not found.listings and not found.lost:
            _refuse_nothing(document, state)
        return found.reading()


def _state(document: Document) -> Any:
    if document.is_json:
        return document.json
    start = _STATE.search(document.text)
    if start is not None:
        return literal(document.text, start.end())[0]
    script = first(document.root, _NEXT) if "__NEXT_DATA__" in document.text else None
    return literal(script.text() or "", 0)[0] if script is not None else None


def _listed(state: Any) -> list[Any]:
    lists = (at(state, *path) for path in _LISTS)
    return next((listed for listed in lists if isinstance(listed, list) and listed), [])


def _add_listed(found: Found, goods: dict[str, Any]) -> None:
    told = members_at(goods, "item_data", "goods_model") or goods
    number = first_text(told, "goodsID", "goods_id", "goodsId")
    found.add(
        kind=Kind.PRODUCT,
        is_ad=_is_paid(told) or _is_paid(goods),
        title=plain(first_text(told, "goodsName", "goods_name")),
        url=_address(number) if number else "",
        item_id=number,
        seller=first_text(told, "mallName", "mall_name"),
        seller_id=first_text(told, "mallID", "mallId", "mall_id"),
        price=_price(told),
        images=[first_text(told, "hdThumbUrl", "hd_thumb_url", "thumbUrl", "thumb_url", "imgUrl", "image_url")],
    )


def _is_paid(goods: dict[str, Any]) -> bool:
    """Pinduoduo has several words for it; a label that a person reads is one of them."""
    if any(at(goods, name) in (True, 1, "1", "true") for name in ("isAd", "is_ad", "isAdvert")):
        return True
    if members_at(goods, "ad") or members_at(goods, "adInfo"):
        return True
    labels = (first_text(tag, "text", "content", "name") for tag in objects_at(goods, "tagList"))
    return any(label in ("广告", "推广") for label in labels)


def _price(goods: dict[str, Any]) -> str:
    """As printed where that is told; else in whole fen."""
    printed = text_at(goods, "priceInfo")
    if printed:
        return printed if printed.startswith(("¥", "￥")) else f"¥{printed}"
    fen = count_of(first_text(goods, "price", "minGroupPrice", "minOnSaleGroupPrice"))
    return "" if fen is None else f"¥{fen // 100}.{fen % 100:02}"


def _add_good(found: Found, document: Document, told: dict[str, Any]) -> None:
    goods, mall = members_at(told, "goods"), members_at(told, "mall")
    number = first_text(goods, "goodsID", "goodsId", "goods_id")
    pictures = [*objects_at(goods, "topGallery"), *objects_at(goods, "detailGallery")]
    lines = [f"{text_at(one, 'key')}：{_values(one)}" for one in objects_at(goods, "goodsProperty")]
    found.add(
        kind=Kind.PRODUCT,
        title=plain(first_text(goods, "goodsName", "goods_name")),
        text="；".join([*filter(None, (first_text(goods, "goodsDesc", "shareDesc"),)), *lines]),
        url=_address(number) if number else document.url,
        item_id=number,
        seller=first_text(mall, "mallName", "mall_name"),
        seller_id=first_text(mall, "mallID", "mallId", "mall_id"),
        price=_price(goods),
        images=[text_at(one, "url") for one in pictures],
    )


def _values(line: dict[str, Any]) -> str:
    values = at(line, "values")
    return "、".join(one for one in values if isinstance(one, str)) if isinstance(values, list) else ""


def _address(number: str) -> str:
    return f"https://mobile.yangkeduo.com/goods.html?goods_id={number}"


def _refuse_nothing(document: Document, state: Any) -> None:
    if document.is_json:
        return
    said = _NOTHING.search(text_of(first(document.root, "body"))[:2000])
    if said:
        raise PageEmpty("no_result", said[0][:80])
    if state is None and first(document.root, "#main,#root,#app") is not None:
        raise PageChanged("needs_browser", "a frame without state")
    if state is not None and "/search_result.html" in document.url:
        raise PageBlocked("filtered", "a list without goods and no word about it")
