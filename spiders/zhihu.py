"""Zhihu: the answers of a question, articles, and search results.

Seen 2015: the old question page and the JSON of one column post. The modern layout, its state
in `script#js-initialData`, its search and the v4 API are known from code only. Most pages are
shown to members only; nobody logs in here.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty, PageGone, PageTrouble
from crawler.items import Kind, Reading
from spiders.answers import HOME, pictures, read_api, read_state, state_of
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, labels_in
from spiders.found import Found
from spiders.reading import Document, Node, attr, block_text_of, first, text_of
from spiders.state import at_most, count_of, host_of, split, text_at
from spiders.walls import Wall

_CARDS = ".ContentItem,.Post-Main,.Pc-feedAd-container,.Pc-feedAd-new,.Pc-word,.TopstoryItem--advertCard"
_ADS = frozenset(("Pc-feedAd-container", "Pc-feedAd-new", "Pc-word", "TopstoryItem--advertCard"))


class Zhihu(PlatformSpider):
    name = "zhihu"
    label = "知乎"
    hosts = ("www.zhihu.com", "zhuanlan.zhihu.com")
    page_size = 20
    ad_labels = tuple(sorted(LABELS))
    evidence = {
        "results": "captured 2015-09",
        "column post": "captured 2015-09",
        "modern state": "code only",
        "search": "code only",
        "ads": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("/account/unhuman",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("安全验证",), within="title"),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("您当前请求存在异常", "暂时限制本次访问")),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("网络环境存在异常", "验证")),
        Wall(trouble=PageGone, reason="deleted", marks=("没有知识存在的荒原",)),
        Wall(trouble=PageGone, reason="deleted", marks=("404 - 知乎",), within="title"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("/signin",), within="url"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("/signup",), within="url"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("SignFlow",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("SignContainer",)),
        # The page is only a script that computes a cookie; a browser gets past it by itself.
        Wall(trouble=PageChanged, reason="needs_browser", marks=("zh-zse-ck",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"{HOME}/search?type=content&q={quote(query)}&offset={(page_number - 1) * self.page_size}"

    def read_document(self, document: Document) -> Reading:
        if document.is_json:
            return read_api(self.name, document)
        trouble: PageTrouble = PageChanged("no_marker", "neither answers, articles nor results on this page")
        readings: list[Reading] = []
        try:
            readings.append(read_state(self.name, document, state_of(document)))
        except PageTrouble as met:
            trouble = met
        if not (readings and readings[0].listings and "/p/" in document.url):
            readings += _shown(self.name, document)
        best = max(readings, key=lambda reading: len(reading.listings), default=None)
        if best is not None and (best.listings or best.lost):
            return best
        _refuse_unshown(document)
        raise trouble


def _shown(platform: str, document: Document) -> list[Reading]:
    """What the elements of the page show, in its modern and its old layout."""
    cards, old = _outermost(document.root), at_most(document.root.css(".zm-item-answer"))
    return [
        *([_carded(platform, document, cards)] if cards else []),
        *([_old_question(platform, document, old)] if old else []),
    ]


def _outermost(root: Node) -> list[Node]:
    """Cards in page order. An ad's box holds boxes of its own, which are no cards again."""
    cards: list[Node] = []
    inside: set[int] = set()
    for card in root.css(_CARDS):
        if card.mem_id not in inside:
            cards.append(card)
            if _ADS & set(attr(card, "class").split()):
                inside.update(part.mem_id for part in card.css(_CARDS))
    return at_most(cards)


def _carded(platform: str, document: Document, cards: list[Node]) -> Reading:
    found = Found(platform, document)
    heading = text_of(first(document.root, ".QuestionHeader-title,.Post-Title"))
    for card in cards:
        if _ADS & set(attr(card, "class").split()):
            _add_ad(found, card)
        else:
            _add_card(found, card, heading)
    return found.reading()


def _add_ad(found: Found, card: Node) -> None:
    link = first(card, "a[href]")
    title = first(card, '[class*="title" i]')
    brand = first(card, '[class*="brand" i]')
    body = first(card, '[class*="content" i],[class*="desc" i]')
    url = _target(attr(link, "href"))
    found.add(
        kind=Kind.AD,
        is_ad=True,
        is_redirect=host_of(url).endswith("zhihu.com"),
        title=text_of(title or link),
        url=url,
        text=block_text_of(body, [part for part in (title, brand, *labels_in(card)) if part is not None]),
        seller=text_of(brand),
    )


def _target(url: str) -> str:
    """Zhihu's own jump carries the address it leads to."""
    if host_of(url) == "link.zhihu.com":
        return parse_qs(url.partition("?")[2][:8000]).get("target", [url])[0]
    return url


def _add_card(found: Found, card: Node, heading: str) -> None:
    link = first(card, ".ContentItem-title a[href]")
    told = _zop(card)
    address = attr(link, "href") or attr(first(card, 'meta[itemprop="url"]'), "content")
    person = first(card, ".AuthorInfo .UserLink-link,a.UserLink-link")
    is_article = "/p/" in address or text_at(told, "type") in ("article", "Post")
    is_post = "Post-Main" in attr(card, "class").split()
    found.add(
        kind=Kind.ARTICLE if is_article or is_post else Kind.POST,
        title=text_of(first(card, ".ContentItem-title")) or heading or text_at(told, "title"),
        url=address or (found.base if is_post else ""),
        text=block_text_of(first(card, ".RichText,.RichContent-inner,.RichContent")),
        seller=attr(first(card, '.AuthorInfo meta[itemprop="name"]'), "content")
        or text_of(person)
        or text_at(told, "authorName"),
        seller_id=attr(person, "href").rstrip("/").rpartition("/")[2],
        item_id=text_at(told, "itemId"),
        images=pictures(first(card, ".RichText")),
    )


def _zop(card: Node) -> Any:
    try:
        return json.loads(attr(card, "data-zop") or attr(first(card, "[data-zop]"), "data-zop") or "{}")
    except (ValueError, RecursionError):
        return {}


def _refuse_unshown(document: Document) -> None:
    """Nothing was read: the search itself says so, or its results are still to be drawn by scripts."""
    if any("暂无搜索结果" in text_of(box) for box in document.root.css('[class*="Empty"],.SearchNoContent')):
        raise PageEmpty("no_result", "the search says that nothing was found")
    if first(document.root, "script#js-initialData") is not None and split(document.url).path.startswith("/search"):
        raise PageChanged("needs_browser", "a search page without results in its state")


# -- the page of 2015 ----------------------------------------------------------------------


def _old_question(platform: str, document: Document, answers: list[Node]) -> Reading:
    found = Found(platform, document)
    title = text_of(first(document.root, "#zh-question-title .zm-item-title,.zm-item-title"))
    for answer in answers:
        person = first(answer, ".zm-item-answer-author-wrap a[href]:not(.zm-item-link-avatar),a.author-link")
        name = person or first(answer, ".zm-item-answer-author-wrap,.answer-head .name")
        body = first(answer, ".zm-item-rich-text .zm-editable-content,.zm-editable-content")
        found.add(
            kind=Kind.POST,
            title=title,
            url=attr(first(answer, "a.answer-date-link"), "href") or attr(first(answer, "link[itemprop=url]"), "href"),
            text=block_text_of(body),
            seller=text_of(name),
            seller_id=attr(person, "href").rstrip("/").rpartition("/")[2],
            item_id=attr(answer, "data-atoken"),
            images=pictures(body),
        )
    total = count_of(attr(first(document.root, "#zh-question-answer-num"), "data-num"))
    return found.reading(total=total)
