"""Shenma (m.sm.cn), the search of UC and Quark: mobile pages only. Known from code and descriptions only.

A result is a card `sc`; what it is made of stands beside it as JSON, `s-data-…`. Cards are read as a person
sees them; where none is drawn, from the JSON. Of advertisements only the label is known.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from crawler.errors import PageBlocked, PageChanged, PageEmpty
from crawler.items import Kind, Reading
from crawler.watches import Device
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, Block, Layout, beside_title, worded_link
from spiders.found import Found
from spiders.paging import with_parameter
from spiders.punish import FAMILY_WALLS
from spiders.reading import Document, Node, absolute, attr, first, text_of
from spiders.script import plain
from spiders.state import first_text, host_of, members_at, split, text_at
from spiders.walls import Wall

MAX_JSON = 200_000  # characters of one card
_HEADING = ".qk-title-text,.qk-title,h2,h3"
_SNIPPET = ".qk-paragraph-text,.qk-paragraph,.sc-summary,p"
_SITE = ".qk-source-text,.qk-source,cite"
_NOTICES = ".empty,.no-result,.noresult,.sc-no-result"
_NOTHING = re.compile(
    r"(?:没有找到|未找到|没找到|暂无).{0,60}(?:结果|内容|网页)|(?:结果|内容|网页).{0,6}(?:为空|不存在)"
)
_PAGE = re.compile(r"[?&]page=(\d{1,4})(?:&|$)")


LAYOUT = Layout(
    listed='[class*="sc_structure_template"],.sc_natural_result,.ali_row',
    marks="",
    heading=_HEADING,
    said=f"{_SNIPPET},em",
    columns=frozenset(("results", "page", "container", "app")),
)


class Shenma(PlatformSpider):
    name = "shenma"
    label = "神马搜索"
    hosts = ("m.sm.cn", "yz.m.sm.cn")
    page_size = 10
    ad_labels = tuple(sorted(LABELS))
    is_search_engine = True
    devices = (Device.MOBILE,)
    evidence = {
        "results": "code only",
        "ads": "code only (the label alone; its counters are not known)",
        "pager": "code only",
        "captcha": "code only",
        "empty": "code only",
    }
    walls = (
        *FAMILY_WALLS,
        Wall(trouble=PageBlocked, reason="captcha", marks=('"action":"captcha"', '"url"')),
        Wall(trouble=PageBlocked, reason="captcha", marks=('"action": "captcha"', '"url"')),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("访问过于频繁",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"https://m.sm.cn/s?q={quote(query)}&page={page_number}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        root = document.root
        for block in LAYOUT.blocks(document):
            _read(found, block)
        told = _told(root) if not found.listings else []
        for card in told:
            _add_told(found, card)
        if not found.listings and not found.lost:
            _refuse_nothing(root)
            if first(root, "#app,#root") is not None and not text_of(root.css_first("body")):
                raise PageChanged("needs_browser", "a frame without anything to read in it")
            if told:
                raise PageChanged("structure", f"{len(told)} cards, none of which is a result")
        return found.reading(next_url=_next_url(document, len(found.listings)))


def _read(found: Found, block: Block) -> None:
    """Add what the card shows. Suggestions lead to another search and are no results."""
    node = block.node
    heading = first(node, _HEADING)
    link = _link(node, heading)
    if heading is None or link is None:
        return
    href = attr(link, "href").strip()
    if not block.is_paid and (_is_own_search(href) or not absolute(found.base, href)):
        return
    real = absolute("", text_at(_json(attr(node, "data-reco")), "norm_url"))
    found.add(
        kind=Kind.AD if block.is_paid else Kind.RESULT,
        title=text_of(heading),
        url=real or href,
        is_ad=block.is_paid,
        is_redirect=not real and block.is_paid and _is_own(absolute(found.base, href)),
        text=_text(node, heading, is_paid=block.is_paid),
        display_url=text_of(first(node, _SITE)),
        images=[attr(image, "data-src") or attr(image, "src") for image in node.css("img")],
    )


def _link(node: Node, heading: Node | None) -> Node | None:
    """The link of the heading: in it, around it, or the card's first."""
    around = heading
    for _ in range(4):
        if around is None or around.mem_id == node.mem_id:
            break
        if around.tag == "a" and attr(around, "href"):
            return around
        around = around.parent
    return (first(heading, "a[href]") if heading is not None else None) or worded_link(node)


def _text(node: Node, heading: Node, *, is_paid: bool) -> str:
    snippet = "" if is_paid else text_of(first(node, _SNIPPET))
    return snippet or beside_title(node, heading, LAYOUT.said, _SITE)


def _told(root: Node) -> list[dict[str, Any]]:
    """What the page says of its cards to its own scripts."""
    scripts = root.css('script[type="application/json"][id^="s-data-"]')[:100]
    cards = (_json(script.text() or "") for script in scripts)
    return [card for card in cards if isinstance(card, dict)]


def _add_told(found: Found, card: dict[str, Any]) -> None:
    told = members_at(card, "data", "initialData")
    title = first_text(told, "title", "ARTICLE_TITLE") or _content(told, "titleProps", "title")
    ways = (
        ("url",),
        ("sourceProps", "dest_url"),
        ("titleProps", "dest_url"),
        ("source", "dest_url"),
        ("nuProps", "ru"),
    )
    url = next(filter(None, (text_at(told, *way) for way in ways)), "")
    if not url or not title or _is_own_search(url):
        return
    is_paid = re.fullmatch(r"ads?(?:_.*)?", text_at(card, "extraData", "sc")) is not None
    found.add(
        kind=Kind.AD if is_paid else Kind.RESULT,
        title=plain(title),
        url=url,
        is_ad=is_paid,
        is_redirect=is_paid and _is_own(url),
        text=plain(first_text(told, "desc", "text") or _content(told, "summaryProps", "summary")),
        display_url=text_at(told, "sourceProps", "source"),
    )


def _content(told: dict[str, Any], *names: str) -> str:
    return next(filter(None, (text_at(told, name, "content") for name in names)), "")


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text[:MAX_JSON] == text else None
    except (ValueError, RecursionError):
        return None


def _is_own_search(href: str) -> bool:
    parts = split(href)
    return (not parts.netloc or _is_own(href)) and parts.path in ("/s", "s")


def _is_own(url: str) -> bool:
    host = host_of(url)
    return host == "sm.cn" or host.endswith((".sm.cn", ".uc.cn"))


def _refuse_nothing(root: Node) -> None:
    for notice in root.css(_NOTICES)[:20]:
        said = _NOTHING.search(text_of(notice)[:400])
        if said:
            raise PageEmpty("no_result", said[0][:80])


def _next_url(document: Document, shown: int) -> str:
    """The page goes on as it is scrolled; what has nothing new on its next page ends there."""
    if not shown or split(document.url).path != "/s":
        return ""
    page = _PAGE.search(document.url)
    return with_parameter(document.url, "page", str(int(page[1]) + 1 if page else 2))
