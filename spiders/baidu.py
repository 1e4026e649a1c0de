"""Baidu on the desktop: the web tab and the news tab, paid and organic results.

Seen 2018-12 to 2025-12. No page with an advertisement has been captured: every mark of payment
below is known from code only. Baidu's redirects are kept as they are and never followed.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from crawler.errors import PageBlocked, PageEmpty, PageGone, UserMistake
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, Block, Layout, beside_title, shown_address, without_labels, worded_link
from spiders.found import Found
from spiders.reading import Document, Node, attr, block_text_of, first, text_of
from spiders.walls import Wall

_PAID_LINK = re.compile(
    r"(?:https?:)?//(?:(?:www|m)\.baidu\.com/baidu\.php|bzclk\.baidu\.com/|[\w.]*baidu\.com/adrc\.php)|/baidu\.php\?"
)
_REDIRECT = re.compile(r"(?:https?:)?//(?:www|m)\.baidu\.com/(?:link|from|baidu\.php)|/(?:link|baidu\.php)\?")
# Baidu fills `mu` of a panel that leads nowhere with an address of its own making.
_NOWHERE = re.compile(r"https?://(?:nourl\.ubs|[\d]+\.[\w-]+)\.baidu\.com")
_TOTAL = re.compile(r"约?\s*([\d,，]{1,20})\s*[个条篇]")
_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:[/:?.…].*)?$", re.ASCII)
_ICONS = re.compile("[\ue000-\uf8ff]")
_LABELS = 'a[class*="tuiguang"],span[class*="tuiguang"]'
_BADGES = ".c-text,.OP_LOG_LINK,[class*=tuiguang]"
_SNIPPET = '[aria-label^="摘要"],[class*="content-right_"],.c-abstract,.c-summary'
_SITE = '[aria-label^="新闻来源"],[class*="siteLink_"],.c-showurl'
_AD_LINKS = 'a[href*="baidu.php?"],a[href*="bzclk.baidu.com"],a[href*="adrc.php"]'
_AD_MARKS = (
    "[data-tuiguang],[class*=ec-tuiguang],[class*=ec_tuiguang],[class*=ecfc-tuiguang],[data-landurl],[cmatchid],"
    '[data-cmatchid],[data-key^="ad__"],[class*=fengchaoContainer],.EC_result,.ec_wise_ad,.ec_youxuan_card,'
    ".ecom_pingzhuan"
)


def _is_paid(mark: Node) -> bool:
    link = attr(mark, "href").strip()
    return not link or "data-landurl" in mark.attributes or _PAID_LINK.match(link) is not None


LAYOUT = Layout(
    # An organic result of 2024 nests a second .c-container, which has no tpl.
    listed="#content_left .c-container[tpl],#content_left .result[id],#content_left .result-op[srcid]",
    marks=f"{_AD_LINKS},{_AD_MARKS}",
    heading="h3",
    said='[class*="content-right_"],.c-abstract,em',
    columns=frozenset(("content_left", "content_right", "results", "page-bd")),
    is_paid=_is_paid,
)


class Baidu(PlatformSpider):
    name = "baidu"
    label = "百度"
    hosts = ("www.baidu.com", "m.baidu.com")
    page_size = 10
    ad_labels = tuple(sorted(LABELS))
    is_search_engine = True
    evidence = {
        "results": "captured 2024-09",
        "news": "captured 2025-12",
        "total": "captured 2025-12",
        "pager": "captured 2025-12",
        "captcha": "captured 2026-03",
        "gone": "captured 2018",
        "ads": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("百度安全验证",), within="title"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("wappass.baidu.com/static/captcha",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("ppui-static-wap", "mkdjump")),
        Wall(trouble=PageBlocked, reason="captcha", marks=("wappass.baidu.com/static/captcha",)),
        Wall(trouble=PageGone, reason="page_not_exist", marks=("很抱歉，您要访问的页面不存在",)),
        Wall(trouble=PageGone, reason="page_not_exist", marks=("页面不存在_百度搜索",), within="title"),
    )

    def __init__(self, *args: Any, tab: str = "web", **kwargs: Any) -> None:
        """`tab` is web or news."""
        super().__init__(*args, **kwargs)
        if tab not in ("web", "news"):
            raise UserMistake(f"tab must be web or news, not {tab!r}")
        self.tab = tab

    def search_url(self, query: str, page_number: int) -> str:
        offset = (page_number - 1) * 10
        if self.tab == "news":
            return f"https://www.baidu.com/s?rtt=1&bsst=1&cl=2&tn=news&rsv_dl=ns_pc&word={quote(query)}&pn={offset}"
        return f"https://www.baidu.com/s?wd={quote(query)}&pn={offset}&ie=utf-8"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        organic = Kind.ARTICLE if _is_news(document) else Kind.RESULT
        for block in LAYOUT.blocks(document):
            _read(found, block, organic)
        nothing = first(document.root, ".content_none,.nors")
        if not found.listings and not found.lost and nothing is not None:
            said = text_of(nothing)
            if "没有找到" in said or "未找到" in said:
                raise PageEmpty("no_result", said[:80])
        return found.reading(total=_total(document), next_url=_next_link(document))


def _is_news(document: Document) -> bool:
    return "tn=news" in document.url or document.title.startswith("百度资讯搜索")


def _read(found: Found, block: Block, organic: Kind) -> None:
    """Add what the block shows, unless it is a slot without content or a panel that leads nowhere."""
    node = block.node
    heading = first(node, "h3")
    # Related searches, and the parts of a person's or a work's panel, have no heading and no
    # address. An officer looks for offers: what leads nowhere and names nobody is none.
    if heading is None and not block.is_paid and _is_panel(node):
        return
    # Baidu's own 官方 badge is a second link in the same heading.
    link = worded_link(node if heading is None else heading)
    title, titled = _title(node, heading, link)
    if block.is_paid and link is None and not title:
        return
    url, is_redirect = _address(node, link, is_paid=block.is_paid)
    site = _only(node, _SITE)
    if block.is_paid:
        site = without_labels(first(node, _SITE) or shown_address(node))
    is_address = _ADDRESS.match(site) is not None
    found.add(
        kind=Kind.AD if block.is_paid else organic,
        title=title,
        url=url,
        is_ad=block.is_paid,
        is_redirect=is_redirect,
        text=_text(node, title, titled, is_paid=block.is_paid),
        display_url=site.split()[0] if is_address else "",
        seller="" if is_address else site,
        images=[attr(image, "src") for image in node.css("img[src]")],
    )


def _is_panel(node: Node) -> bool:
    if "result-op" not in attr(node, "class"):
        return False
    return attr(node, "tpl") == "recommend_list" or _NOWHERE.match(attr(node, "mu") or "//") is not None


def _title(node: Node, heading: Node | None, link: Node | None) -> tuple[str, Node | None]:
    """The title and the element that is nothing else."""
    if link is None and heading is not None and not attr(heading.css_first("a"), "href"):
        # Without a link the heading itself is the title; Baidu's calculator leaves it blank.
        named = _without_badges(heading)
        return (named, heading) if named else (_first_words(node) if _is_own_card(node) else "", None)
    if link is None:
        return "", None
    inner = first(link, '[class*="title"]') if heading is None else None  # one link around a whole card
    return (_without_badges(link), link) if inner is None else (text_of(inner), inner)


def _is_own_card(node: Node) -> bool:
    return "result-op" in attr(node, "class")


def _without_badges(node: Node) -> str:
    title = text_of(node)
    for badge in node.css(_BADGES):
        title = title.removesuffix(text_of(badge)).rstrip()
    return _ICONS.sub("", title)


def _first_words(node: Node) -> str:
    return next(filter(None, block_text_of(node).split("\n")), "")


def _address(node: Node, link: Node | None, *, is_paid: bool) -> tuple[str, bool]:
    """The real address if the page carries it, else Baidu's redirect and that it is one."""
    if is_paid:
        landing = attr(first(node, "[data-landurl]"), "data-landurl").strip()
        if landing.startswith(("http://", "https://")):
            return landing, False
    real = attr(node, "mu").strip()
    if real.startswith(("http://", "https://")) and "//nourl." not in real and not _is_redirect(real):
        return real, False
    href = attr(link, "href").strip()
    return href, _is_redirect(href)


def _is_redirect(url: str) -> bool:
    return _REDIRECT.match(url) is not None or _PAID_LINK.match(url) is not None


def _text(node: Node, title: str, titled: Node | None, *, is_paid: bool) -> str:
    """The snippet; of a card and of an advertisement everything below the title, for claims hide in sublinks."""
    snippet = "" if is_paid else _only(node, _SNIPPET)
    if not snippet:
        snippet = beside_title(node, titled, LAYOUT.said, f"{_SITE},{_LABELS},h3 .c-text")
        snippet = snippet if titled is not None else snippet.removeprefix(title).lstrip()
    return _ICONS.sub("", snippet)


def _only(node: Node, css: str) -> str:
    """The text of the first match; "" when a card of many parts has several, none of which speaks for it."""
    found = node.css(css)
    if not found or (_is_own_card(node) and len({text_of(part) for part in found}) > 1):
        return ""
    return text_of(found[0])


def _total(document: Document) -> int | None:
    stated = _TOTAL.search(text_of(first(document.root, '.nums,[class*="hint_"]')))
    return int(re.sub(r"\D", "", stated[1]) or 0) if stated else None


def _next_link(document: Document) -> str | None:
    following = (link for link in document.root.css("#page a[href]") if text_of(link).startswith("下一页"))
    return attr(next(following, None), "href") or None
