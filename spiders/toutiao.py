"""Toutiao's search (so.toutiao.com), cards as they are drawn and, where none is drawn, as page state.

Seen 2026-06. Both forms of card are read: the mark `data-test-card-id` inside a .result-content
and on it. No card with an advertisement has been captured: those marks are known from code only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from crawler.errors import PageBlocked, PageChanged, PageEmpty
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, beside_title, labels, upwards
from spiders.found import Found
from spiders.reading import Document, Node, attr, first, fragment, text_of
from spiders.state import at, first_text, members_at, text_at
from spiders.walls import Wall

# Parts of the page (search bar, filter, bottom bar), the hot list, related searches, the captcha.
_NO_RESULT = re.compile(r"(?:[A-Z]\w*|(?:20|21|71|76)-.*)$")
_WEB_CARD = re.compile(r"67-|undefined-default")
_JUMP = re.compile(r"(?:(?:https?:)?//(?:so|sou|www|m)\.toutiao\.com)?/search/jump\?")
_PAID_LINK = re.compile(r"(?:https?:)?//(?:ad\.toutiao\.com|[\w.-]*\.?oceanengine\.com|[\w-]*\.?pangolin[\w.-]*)/")
_PAID_FLAG = re.compile(r'"(?:is_ad|is_ads)":\s*(?:1|true|"1")|"(?:ad_id|raw_ad_data)":\s*"?[1-9{]')
_ARTICLE = re.compile(r"https?://(?:www\.|m\.)?toutiao\.com/(?:a|i|w/|w/a|article/|group/|video/)(\d{6,20})\b")
_RESULT_ID = re.compile(r'"search_result_id":\s*"?(-?\d{4,20})\b')
_PAGE = re.compile(r"[?&]page_num=(\d{1,6})\b")
_MAX_JUMPS = 8
_HEADING = ".cs-header,h1,h2,h3"
_SNIPPET = ".cs-text:not(.cs-header),.cs-summary,.cs-abstract"
_SOURCE = ".cs-source-content .text-ellipsis .text-ellipsis,.cs-source-content .text-ellipsis,.cs-source .text-ellipsis"
_SAID = f"{_SNIPPET},em"


class Toutiao(PlatformSpider):
    name = "toutiao"
    label = "今日头条搜索"
    hosts = ("so.toutiao.com", "sou.toutiao.com")
    page_size = 10
    ad_labels = tuple(sorted(LABELS))
    is_search_engine = True
    evidence = {
        "results": "captured 2026-06",
        "pager": "captured 2026-06",
        "captcha": "captured 2026-06",
        "state": "captured 2026-06",
        "ads": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=('"decision_conf"', "verify")),
        Wall(trouble=PageBlocked, reason="captcha", marks=("验证码中间页",), within="title"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("verifycenter/captcha",)),
        Wall(trouble=PageChanged, reason="needs_browser", marks=("byted_acrawler", "__ac_signature")),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return (
            f"https://so.toutiao.com/search?keyword={quote(query)}&pd=synthesis&source=input&dvpf=pc"
            f"&page_num={page_number - 1}"
        )

    def read_document(self, document: Document) -> Reading:
        root = document.root
        found = Found(self.name, document)
        cards = list(_cards(root))
        labelled = _labelled(document, cards)
        for card in cards:
            _read_card(found, card, is_labelled=card.mem_id in labelled)
        if not found.listings and not found.lost:
            for script in sorted(root.css("script[data-druid-card-data-id]"), key=_place):
                _read_state(found, script.text())
        if not found.listings and not found.lost:
            _refuse_nothing(root)
        return found.reading(next_url=_next_link(document))


def _cards(root: Node) -> Iterator[Node]:
    """The cards that are results. The id stands on the card or on the .result-content around it."""
    seen: set[int] = set()
    for card in root.css("[data-test-card-id]"):
        inside = any(part.mem_id in seen for part in upwards(card))
        if not inside and not _NO_RESULT.match(attr(card, "data-test-card-id")):
            seen.add(card.mem_id)
            yield card


def _labelled(document: Document, cards: list[Node]) -> set[int]:
    """The cards in which a label says 广告."""
    known = {card.mem_id for card in cards}
    above = (part.mem_id for label in labels(document, _SAID) for part in upwards(label))
    return known.intersection(above)


def _read_card(found: Found, card: Node, *, is_labelled: bool) -> None:
    heading = first(card, _HEADING)
    link = _title_link(card, heading)
    titled = link if link is not None else heading
    title = text_of(titled)
    href = attr(link, "href")
    url = landing(href)
    logged = _logged(card)
    is_ad = is_labelled or _PAID_LINK.match(href) is not None or _PAID_FLAG.search(logged) is not None
    # Cards of verticals are as many as Toutiao has ideas: those without a headline of their own are
    # no results. A web or article card without one is a result that we have lost.
    is_web = _WEB_CARD.match(attr(card, "data-test-card-id")) is not None and bool(text_of(card))
    if not is_web and (link is None or not title or (heading is None and not is_ad)):
        return
    found.add(
        kind=Kind.AD if is_ad else Kind.RESULT,
        title=title,
        url=url,
        is_ad=is_ad,
        is_redirect=_JUMP.match(url) is not None or _PAID_LINK.match(url) is not None,
        text=_text(card, titled, is_ad=is_ad),
        seller=text_of(first(card, _SOURCE)),
        item_id=_item_id(_RESULT_ID.search(logged), url),
        images=[attr(image, "src") for image in card.css("img[src]")],
    )


def _title_link(card: Node, heading: Node | None) -> Node | None:
    """The heading's link, whatever it says; without a heading the first link with words."""
    if heading is not None:
        return first(heading, "a[href]")
    return next((link for link in card.css("a[href]") if text_of(link)), None)


def _logged(card: Node) -> str:
    """What the page tells Toutiao's own statistics about the card, as JSON."""
    return attr(card, "data-log-extra") or attr(first(card, "[data-log-extra]"), "data-log-extra")


def _text(card: Node, titled: Node | None, *, is_ad: bool) -> str:
    snippet = "" if is_ad else text_of(first(card, _SNIPPET))
    return snippet or beside_title(card, titled, _SAID, _SOURCE)


def landing(link: str) -> str:
    """The address behind Toutiao's jumps, which may be nested; the jump itself where it names none."""
    for _ in range(_MAX_JUMPS):
        if _JUMP.match(link) is None:
            return link
        try:
            inner = parse_qs(urlsplit(link).query, max_num_fields=100).get("url", [""])[0]
        except ValueError:
            return link
        if not inner.startswith(("http://", "https://", "//", "/search/jump?")):
            return link
        link = inner
    return link


def _item_id(told: re.Match[str] | None, url: str) -> str:
    """Toutiao's number of the result: some addresses carry the number of the search, which changes at every load."""
    known = told or _ARTICLE.match(url)
    return known[1] if known else ""


def _place(script: Node) -> int:
    """The scripts of cards stand in any order; their ids end in the place of the card."""
    place = attr(script, "data-druid-card-data-id").rpartition("-")[2]
    return int(place) if place.isascii() and place.isdigit() and len(place) < 9 else 0


def _read_state(found: Found, script: str) -> None:
    """Add the result that a script carries, for a page whose cards are drawn in the browser."""
    try:
        card: Any = at(json.loads(script), "data")
    except (ValueError, RecursionError):
        found.lost += 1
        return
    if _NO_RESULT.match(text_at(card, "template_key")) or not members_at(card, "display"):
        return
    shown = members_at(card, "emphasized") or members_at(card, "display", "emphasized")
    title = text_at(shown, "title") or first_text(card, "title", "name")
    url = landing(first_text(card, "open_url", "url", "article_url", "share_url"))
    is_ad = _PAID_FLAG.search(script) is not None
    found.add(
        kind=Kind.AD if is_ad else Kind.RESULT,
        title=_plain(title),
        url=url,
        is_ad=is_ad,
        is_redirect=_JUMP.match(url) is not None or _PAID_LINK.match(url) is not None,
        text=_plain(text_at(shown, "summary") or text_at(card, "abstract")),
        seller=_plain(_source(card)),
        item_id=first_text(card, "id_str", "group_id", "id"),
    )


def _source(card: Any) -> str:
    named = text_at(card, "display", "source", "text") or text_at(card, "emphasized", "source")
    return named or first_text(card, "source", "media_name", "host")


def _plain(html: str) -> str:
    """Text that carries highlight tags and entities, without them."""
    return text_of(fragment(html)) if "<" in html or "&" in html else html


def _refuse_nothing(root: Node) -> None:
    for said in root.css(".cs-no-result,[class*=no-result],[class*=noResult],[class*=empty]"):
        words = text_of(said)
        if any(word in words for word in ("没有找到", "未找到", "暂无")):
            raise PageEmpty("no_result", words[:80])


def _next_link(document: Document) -> str | None:
    """The pager's arrow; a pager of mere numbers leads on by the link to the number after this page's."""
    links = document.root.css('a[href*="page_num="]')
    arrow = next((link for link in reversed(links) if text_of(link).startswith("下一页")), None)
    if arrow is not None:
        return attr(arrow, "href")
    shown = next((link for link in reversed(links) if attr(link, "aria-selected") == "true"), None)
    current = _page(attr(shown, "href")) if shown is not None else max(_page(document.url), 0)
    return next((attr(link, "href") for link in reversed(links) if _page(attr(link, "href")) == current + 1), None)


def _page(url: str) -> int:
    """Toutiao counts pages from 0; -1 for an address that names none."""
    found = _PAGE.search(url)
    return int(found[1]) if found else -1
