"""JD: searches, and the pages of single goods.

Seen 2016: a raw list of `li.gl-item`. Since 2025 the search wants a login and renders cards
with hashed class names, known from code only, as are the labels of paid goods. Seen 2026:
goods whose name stands in the script literal `pageConfig.product`; their shop is loaded later.
JD answers a good it does not show us with its home page, at the same address.

A seller has two numbers, of the vendor and of the shop, which are equal for JD's own goods only.
The shop's is taken wherever a page carries it, in lists (`data-shopid`) as on the pages of goods
(`shopId`), so that one shop keeps one identity; the vendor's only where no other stands.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.paging import with_parameter
from spiders.reading import Document, Node, attr, clean, first, text_of
from spiders.script import literal
from spiders.walls import Wall

# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_ENTRIES = "li.gl-item:not(.gl-item *)"
_CARDS = '[data-sku][class*="goodsCardWrapper"]:not([data-sku] *)'
_CLICK = "ccc-x.jd.com/"
_PICTURES = "https://img10.360buyimg.com/n1/"
_SKU = re.compile(r"""\bskuid["']?\s*:\s*["']?(\d{3,20})""")
_NAME = re.compile(r"""(?<![\w$.])["']?name["']?\s*:\s*(?=["'])""")
_SRC = re.compile(r"""(?<![\w$.])["']?src["']?\s*:\s*(?=["'])""")
_SHOP = re.compile(r"""(?<![\w$.])["']?shopId["']?\s*:\s*["']?(\d{2,20})""")
_VENDOR = re.compile(r"""(?<![\w$.])["']?venderId["']?\s*:\s*["']?(\d{2,20})""")
_TITLE = re.compile(r"^(?:【[^】]{0,200}】)?(.{1,400}?)【(?:行情|图片|价格)")
_ADDRESS = re.compile(r"/(\d{3,20})\.html")
_COUNT = re.compile(r"""result_count\s*:\s*["'](\d{1,12})["']""")
_SHOWN = re.compile(r"^\d{1,12}$")
NEAR = 50_000  # the fields of a good stand together


class Jd(PlatformSpider):
    name = "jd"
    label = "京东"
    hosts = ("search.jd.com", "item.jd.com", "item.m.jd.com")
    page_size = 60
    evidence = {
        "results": "captured 2016-05",
        "rendered cards 2025": "code only",
        "ads": "code only",
        "pager": "captured 2016-05",
        "item": "captured 2026-03",
        "rate limit": "captured 2025-12",
        "login": "captured 2026-03",
        "home page": "captured 2026-07",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=LoginRequired, reason="login_wall", marks=("//passport.jd.com/",), within="url"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("//plogin.m.jd.com/",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("/risk_handler",), within="url"),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("由于访问频繁导致无法搜索",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("京东验证",), within="title"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("JDR_shields",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("cfe.m.jd.com/privatedomain/risk_handler",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("京东-欢迎登录",), within="title"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("mplogin/prod",)),
        Wall(trouble=PageBlocked, reason="other_page", marks=("京东(JD.COM)-正品低价",), within="title"),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("/main_search/",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("/pc_item_components",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"https://search.jd.com/Search?keyword={quote(query)}&enc=utf-8&page={2 * page_number - 1}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        if "gl-item" in document.text:
            for entry in document.root.css(_ENTRIES):
                _add_entry(found, entry)
        elif "goodsCardWrapper" in document.text:
            for card in document.root.css(_CARDS):
                _add_card(found, card)
        elif "pageConfig" in document.text and "商品搜索" not in document.title:
            _add_good(found, document)
        if not found.listings and not found.lost and _says_nothing(document):
            raise PageEmpty("no_result", "the page shows its notice of no result")
        return found.reading(total=_total(document), next_url=_next_url(document))


def _add_entry(found: Found, entry: Node) -> None:
    """A card of the list until 2024. One without its inner part is a placeholder, not a loss."""
    inside = first(entry, ".gl-i-wrap, .tab-content-item")
    if inside is None:
        return
    link = first(inside, ".p-name a")
    href = attr(link, "href")
    is_redirect = _CLICK in href
    sku = attr(entry, "data-sku")
    strong = first(inside, ".p-price strong")
    shop = first(inside, ".p-shop")
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_redirect or _CLICK in attr(link, "onclick") or text_of(first(inside, ".p-promo-flag")) == "广告",
        is_redirect=is_redirect and not sku,
        title=_title(link),
        text=text_of(first(inside, ".promo-words")),
        url=_address(sku) if is_redirect and sku else href,
        item_id=sku,
        seller=text_of(first(shop, "a")) if shop else "",
        seller_id=_number(inside, "data-shopid") or _number(inside, "data-venid"),
        price=_printed(text_of(strong), attr(strong, "data-price")),
        images=[_picture(first(inside, ".p-img img"))],
    )


def _number(inside: Node, name: str) -> str:
    """The number in the first such attribute that has one; 0 stands for none."""
    numbers = (attr(part, name) for part in inside.css(f"[{name}]"))
    return next((number for number in numbers if number.strip("0")), "")


def _title(link: Node | None) -> str:
    """The name as it is read, without the labels JD puts before it inside the same element."""
    if link is None:
        return ""
    whole = first(link, "em") or link
    title = text_of(whole)
    for label in whole.css('[class^="p-tag"]'):
        title = title.removeprefix(text_of(label)).lstrip()
    return title or attr(link, "title")


def _picture(picture: Node | None) -> str:
    """Where the picture is, or will be once its place is scrolled to."""
    waiting = attr(picture, "data-lazy-img")
    return waiting if "/" in waiting else attr(picture, "src")


def _add_card(found: Found, card: Node) -> None:
    sku = attr(card, "data-sku")
    link = first(card, 'a[href*="item.jd.com"]')
    named = first(card, '[class*="_goods_title_container"]') or first(card, '[class*="_text_"][title]')
    whole = first(named, "[title]") if named else None
    found.add(
        kind=Kind.PRODUCT,
        is_ad=first(card, 'a[href*="ccc-x.jd.com/"]') is not None,
        title=attr(whole, "title") or attr(named, "title") or text_of(named),
        url=_address(sku) if sku else attr(link, "href"),
        item_id=sku,
        seller=text_of(first(card, '[class*="_name_"]')),
        price=text_of(first(card, '[class*="_price_"]')),
        images=[attr(first(card, "img"), "src")],
    )


def _add_good(found: Found, document: Document) -> None:
    """The good the page is about. Its literal is read field by field: it is not always a literal throughout."""
    sku = _SKU.search(document.text, document.text.find("pageConfig"))
    start = sku.start() if sku else len(document.text)
    told = _told(document.text, _NAME, start) or _from_tab(document.title)
    title = told or text_of(first(document.root, ".sku-name"))
    if not title:
        return
    known = sku or _ADDRESS.search(document.url)
    shop = _SHOP.search(document.text, start, start + NEAR) or _VENDOR.search(document.text, start, start + NEAR)
    picture = _told(document.text, _SRC, start)
    found.add(
        kind=Kind.PRODUCT,
        title=title,
        url=_address(known[1]) if known else document.url,
        item_id=known[1] if known else "",
        seller=text_of(first(document.root, ".J-hove-wrap .name a")) if "J-hove-wrap" in document.text else "",
        seller_id=shop[1] if shop else "",
        price=_final_price(document),
        images=[_PICTURES + picture] if picture.startswith("jfs/") else [],
    )


def _told(text: str, field: re.Pattern[str], start: int) -> str:
    found = field.search(text, start, start + NEAR)
    if found is None:
        return ""
    try:
        value = literal(text, found.end())[0]
    except PageChanged:
        return ""
    return value if isinstance(value, str) else ""


def _from_tab(title: str) -> str:
    found = _TITLE.match(title)
    return clean(found[1]) if found else ""


def _final_price(document: Document) -> str:
    final = first(document.root, "#J_FinalPrice")
    price = text_of(first(final, ".price") if final else None)
    if price:
        return _printed(text_of(first(final, ".symbol") if final else None), price)
    return text_of(first(document.root, '.p-price .price, [class*="J-p-"]'))


def _printed(sign: str, amount: str) -> str:
    """The list prints the price by script in some years; then only the sign stands there."""
    return sign if any(character.isdigit() for character in sign) else sign + amount


def _address(sku: str) -> str:
    return f"https://item.jd.com/{sku}.html"


def _says_nothing(document: Document) -> bool:
    if "没有找到" not in document.text:
        return False
    notice = text_of(first(document.root, ".ns-content, .check-error, .notice-search"))
    return "没有找到" in notice


def _total(document: Document) -> int | None:
    found = _COUNT.search(document.text, document.text.find("result_count"))
    if found:
        return int(found[1])
    if "J_resCount" not in document.text:
        return None
    shown = text_of(first(document.root, "#J_resCount"))
    return int(shown) if _SHOWN.match(shown) else None


def _next_url(document: Document) -> str:
    """JD counts half pages: the third page is `page=5`."""
    if "J_topPage" not in document.text:
        return ""
    place = [text_of(first(document.root, f"#J_topPage .fp-text {tag}")) for tag in ("b", "i")]
    if not all(_SHOWN.match(number) for number in place) or int(place[0]) >= int(place[1]):
        return ""
    return with_parameter(document.url, "page", str(2 * int(place[0]) + 1))
