"""Xiaohongshu: one note, and the cards of a search, a feed or a person's page.

Seen 2026-02: a note page read without login, its note in `window.__INITIAL_STATE__` (with bare
`undefined`). Search results come by a signed request and mostly to members only: the cards and
the walls are known from code only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.reading import Document, Node, attr, block_text_of, first, text_of
from spiders.script import literal
from spiders.state import at, at_most, first_text, members_at, objects_at, split, text_at
from spiders.walls import Wall

HOME = "https://www.xiaohongshu.com"
LABELS = ("广告", "赞助", "推广")

_LISTS = re.compile(r'"(?:feeds|notes)"\s{0,20}:\s{0,20}(?=\[)')
_NOTES = re.compile(r'"noteDetailMap"\s{0,20}:\s{0,20}(?=\{)')
_TOPIC = re.compile(r"\[话题\]#?")
_NOTE_ID = re.compile(r"/(?:explore|discovery/item|search_result|user/profile/\w{1,40})/(\w{8,40})")
_EMPTY = ".search-empty,.empty-container,.no-result,.empty-text"


class Xiaohongshu(PlatformSpider):
    name = "xiaohongshu"
    label = "小红书"
    hosts = ("www.xiaohongshu.com",)
    page_size = 20
    ad_labels = LABELS
    evidence = {
        "results": "captured 2026-02",
        "search": "code only",
        "ads": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("/website-login/captcha",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("verifyUuid=",), within="url"),
        Wall(trouble=PageBlocked, reason="risk", marks=("/website-login/error",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("安全验证",), within="title"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("/website-login/captcha?",)),
        # A note asked for without its token says so too: nobody knows then whether it is gone.
        Wall(trouble=PageBlocked, reason="not_viewable", marks=("error_code=300031",), within="url"),
        Wall(trouble=PageBlocked, reason="not_viewable", marks=("当前笔记暂时无法浏览",)),
        Wall(trouble=PageBlocked, reason="not_viewable", marks=("请打开小红书App扫码查看",)),
        Wall(trouble=PageGone, reason="deleted", marks=("你访问的页面不见了",), within="title"),
        Wall(trouble=PageGone, reason="deleted", marks=("笔记不存在",)),
        Wall(trouble=PageGone, reason="deleted", marks=("笔记已被删除",)),
        Wall(trouble=PageGone, reason="deleted", marks=("因违规已被删除",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("/login",), within="url"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("登录后查看搜索结果",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=('class="login-container',)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        # Further results come by scrolling: there is only one page to ask for.
        return f"{HOME}/search_result?keyword={quote(query)}&source=web_search_result_notes"

    def read_document(self, document: Document) -> Reading:
        start = document.text.find("__INITIAL_STATE__")
        stated = document.text[start:] if start >= 0 else ""
        trouble = PageChanged("no_marker", "neither a note nor cards on this page")
        found = Found(self.name, document)
        try:
            _add_stated(found, stated)
        except PageChanged as met:
            trouble = met
        if not found.listings:
            lost = found.lost
            found = _shown(self.name, document)
            found.lost = max(found.lost, lost) if not found.listings else found.lost
        if found.listings or found.lost:
            return found.reading()
        if any("没有找到相关" in text_of(box) for box in document.root.css(_EMPTY)[:20]):
            raise PageEmpty("no_result", "the search says that nothing was found")
        if stated and not document.page.rendered:
            raise PageChanged("needs_browser", "a state without a single note")
        raise trouble


def _add_stated(found: Found, stated: str) -> None:
    """The opened notes; on a page that opens none, the cards of its lists."""
    for number, note in _notes(stated):
        _add_note(found, number, note)
    if not found.listings:
        for number, card in _cards(stated):
            _add_card(found, number, card)


def _notes(stated: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The notes that the page opens, by number. Only their part of the state is read."""
    found = _NOTES.search(stated)
    told = literal(stated, found.end())[0] if found else None
    for number, opened in members_at(told).items():
        note = members_at(opened, "note")
        if note:
            yield number, note


def _cards(stated: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cards of every list in the state, each once; queries and other guests among them are no cards."""
    seen: set[str] = set()
    end = 0
    for _ in range(20):
        found = _LISTS.search(stated, end)
        if found is None:
            return
        told, end = literal(stated, found.end())
        for entry in _flat(told):
            number = first_text(entry, "id", "noteId") or text_at(entry, "noteCard", "noteId")
            if isinstance(at(entry, "noteCard"), dict) and number not in seen:
                seen.add(number)
                yield number, entry


def _flat(told: Any) -> Iterator[Any]:
    for entry in told if isinstance(told, list) else []:
        if isinstance(entry, list):
            yield from entry
        else:
            yield entry


def _add_note(found: Found, number: str, note: dict[str, Any]) -> None:
    number = text_at(note, "noteId") or number
    text = _TOPIC.sub("", text_at(note, "desc"))
    found.add(
        kind=Kind.POST,
        title=text_at(note, "title") or text.strip().partition("\n")[0][:60] or text_at(note, "user", "nickname"),
        url=_address(number, text_at(note, "xsecToken")),
        text=text,
        seller=first_text(members_at(note, "user"), "nickname", "nickName"),
        seller_id=text_at(note, "user", "userId"),
        item_id=number,
        images=[_picture(image) for image in objects_at(note, "imageList")],
    )


def _add_card(found: Found, number: str, entry: dict[str, Any]) -> None:
    card = members_at(entry, "noteCard")
    person = members_at(card, "user")
    seller = first_text(person, "nickname", "nickName")
    is_ad = "ad" in text_at(entry, "modelType").split("_") or bool(at(card, "adsInfo") or at(entry, "adsInfo"))
    found.add(
        kind=Kind.AD if is_ad else Kind.POST,
        is_ad=is_ad,
        # A card without a title shows a picture and the author's name, nothing else.
        title=first_text(card, "displayTitle", "title") or seller,
        url=_address(number, text_at(entry, "xsecToken") or text_at(card, "xsecToken")),
        seller=seller,
        seller_id=first_text(person, "userId", "user_id"),
        item_id=number,
        images=[_picture(members_at(card, "cover"))],
    )


def _address(number: str, token: str) -> str:
    """Without its token a note is not shown, so the token belongs to the address though it changes."""
    if not number:
        return ""
    return f"{HOME}/explore/{number}" + (f"?xsec_token={quote(token, safe='')}" if token else "")


def _picture(image: dict[str, Any]) -> str:
    listed = next(iter(objects_at(image, "infoList")), {})
    return first_text(image, "urlDefault", "url", "urlPre") or text_at(listed, "url")


# -- the elements, for pages whose state is missing or still empty ---------------------------


def _shown(platform: str, document: Document) -> Found:
    found = Found(platform, document)
    body = first(document.root, "#detail-desc")
    title = first(document.root, "#detail-title")
    if body is not None or title is not None:
        person = first(document.root, ".author-wrapper a[href*='/user/profile/']")
        text = block_text_of(body)
        found.add(
            kind=Kind.POST,
            title=text_of(title) or text.partition("\n")[0][:60],
            url=document.url,
            text=text,
            seller=text_of(first(document.root, ".author-wrapper .username")),
            seller_id=split(attr(person, "href")).path.rpartition("/")[2],
            item_id=_note_id(document.url),
            images=[attr(image, "src") for image in document.root.css(".swiper-slide img,.note-slider-img")],
        )
        return found
    for card in at_most(document.root.css("section.note-item,div.note-item")):
        _add_shown_card(found, card)
    return found


def _add_shown_card(found: Found, card: Node) -> None:
    link = first(card, "a.cover[href]") or first(card, 'a[href*="/explore/"],a[href*="/search_result/"]')
    if link is None:
        return  # a box of related queries among the notes
    person = first(card, ".author .name,.author-wrapper .name,.name")
    is_ad = any(text_of(label) in LABELS for label in card.css('[class*="tag"],[class*="label"]')[:20])
    home = first(card, 'a[href*="/user/profile/"].author,a.author,.author-wrapper a[href*="/user/profile/"]')
    found.add(
        kind=Kind.AD if is_ad else Kind.POST,
        is_ad=is_ad,
        title=text_of(first(card, ".title")) or text_of(person),
        url=attr(link, "href"),
        seller=text_of(person),
        seller_id=split(attr(home, "href")).path.rpartition("/")[2],
        item_id=_note_id(attr(link, "href")),
        images=[attr(first(card, "img"), "src")],
    )


def _note_id(url: str) -> str:
    found = _NOTE_ID.search(url)
    return found[1] if found else ""
