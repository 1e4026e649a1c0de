"""Baidu Tieba: the threads of a forum, the floors of a thread, and the ads that scripts put among them.

Seen 2018-10 to 2020-10. The PC page as sent hides its list inside HTML comments in
`<code class="pagelet_html">`; a browser unwraps them. Ads are no list items there but an HTML
string in a script; on the mobile list they are, and only their link is in a script. Those links
lead through baidu.php and are never opened. Thread pages and the post search are known from
code only.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, unquote_plus

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from crawler.watches import Device
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.paging import with_parameter
from spiders.reading import Document, Node, absolute, attr, block_text_of, first, fragment, text_of
from spiders.script import literal
from spiders.state import at_most, count_at, count_of, text_at
from spiders.tiebaads import ScriptAd, is_redirect, paired, row_title, rows_of, script_ads
from spiders.walls import Wall

PAGE_SIZE = 50
HOME = "https://tieba.baidu.com"

_PAGELET = re.compile(r"""<code\b[^>]{0,300}\bpagelet_html\b[^>]{0,300}>\s{0,200}<!--""")
_PAGELET_END = re.compile(r"-->\s{0,200}</code>")
_LISTS = ("j_thread_list", "l_post", "s_post", "frs_list_pager", "l_reply_num", "red_text", "core_title_txt")
_USER = re.compile(r"[?&]un=([^&#]{1,300})")
_PORTRAIT = re.compile(r"[?&]id=([^&#]{1,300})")
_POST = re.compile(r"[?&]pid=(\d{1,20})")
_THREAD = re.compile(r"/p/(\d{1,20})")
_ROWS = "li.j_thread_list,li.tl_top,li.tl_shadow,.label_text,.label_text_tag,span[title='广告'],i[title='广告']"


class Tieba(PlatformSpider):
    name = "tieba"
    label = "百度贴吧"
    hosts = ("tieba.baidu.com",)
    page_size = PAGE_SIZE
    devices = (Device.DESKTOP, Device.MOBILE)
    evidence = {
        "results": "captured 2020-10",
        "mobile": "captured 2018-10 and 2020-02",
        "ads": "captured 2020-02",
        "pager": "captured 2020-10",
        "thread page": "code only",
        "post search": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("wappass.baidu.com",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("百度安全验证",), within="title"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("wappass.baidu.com/static/captcha",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("seccaptcha.baidu.com",)),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("passport.baidu.com",), within="url"),
        Wall(trouble=PageGone, reason="deleted", marks=("贴已被删除",)),
        Wall(trouble=PageGone, reason="deleted", marks=("您的贴子已被系统删除",)),
        Wall(trouble=PageGone, reason="hidden", marks=("您访问的贴子被隐藏",)),
        Wall(trouble=PageGone, reason="merged", marks=("该吧被合并", "无法显示")),
        Wall(trouble=PageGone, reason="forum_closed", marks=("根据相关法律法规和政策", "本吧暂不开放")),
        Wall(trouble=PageGone, reason="not_found", marks=("贴吧404",), within="title"),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"{HOME}/f?kw={quote(query)}&ie=utf-8&pn={(page_number - 1) * PAGE_SIZE}"

    def read_document(self, document: Document) -> Reading:
        root = _unwrapped(document)
        if root.css_first("div.l_post") is not None:
            return _Thread(self.name, document, root).reading()
        if root.css_first("div.s_post") is not None:
            return _search_results(self.name, document, root)
        rows = at_most(root.css(_ROWS))
        if rows:
            return _Forum(self.name, document, root, rows).reading()
        if first(root, ".search_noresult") is not None:
            raise PageEmpty("no_result", "the search says that nothing was found")
        raise PageChanged("no_marker", "neither threads nor floors on this page")


def _unwrapped(document: Document) -> Node:
    """The lists from inside their comments, or the document itself when it carries none there."""
    text, parts, end = document.text, [], 0
    while found := _PAGELET.search(text, end):
        stop = _PAGELET_END.search(text, found.end())
        end = stop.end() if stop else len(text)
        part = text[found.end() : stop.start() if stop else len(text)]
        if any(mark in part for mark in _LISTS):
            parts.append(part)
    if parts:
        root = fragment("".join(parts))
        if root.css_first("li.j_thread_list,div.l_post,div.s_post") is not None:
            return root
    return document.root


class _Forum:
    """One page of a forum's threads, PC or mobile, with the ads in the places the page gives them."""

    def __init__(self, platform: str, document: Document, root: Node, marked: list[Node]) -> None:
        self.document, self.root = document, root
        self.found = Found(platform, document)
        ads, self.found.lost = script_ads(document.text)
        self.rows, self.labelled = rows_of(marked)
        self.in_rows = paired(self.rows, self.labelled, ads)
        shown = {ad.identity for ad in self.in_rows.values()}
        self.ads: dict[str, ScriptAd] = {}
        for ad in ads:
            if ad.identity not in shown:
                self.ads.setdefault(ad.identity, ad)

    def reading(self) -> Reading:
        shown = 0
        for row in self.rows:
            classes = attr(row, "class").split()
            ad = self.in_rows.get(row.mem_id)
            if ad or row.mem_id in self.labelled:
                self._add_row_ad(row, ad)
                continue
            is_pinned = "thread_top" in classes or "tl_top" in classes
            if not is_pinned:
                self._add_script_ads(shown)
                shown += 1
            self._add_thread(row)
        self._add_script_ads(None)
        total = count_of(text_of(first(self.root, ".th_footer_l .red_text")))
        return self.found.reading(total=total, next_url=self._next_url())

    def _add_script_ads(self, shown: int | None) -> None:
        """The ads that stand after `shown` unpinned threads; all that remain for None."""
        for name, ad in list(self.ads.items()):
            if shown is None or ad.before == shown:
                self._add_ad(self.ads.pop(name))

    def _add_ad(self, ad: ScriptAd) -> None:
        self.found.add(
            kind=Kind.AD,
            is_ad=True,
            is_redirect=is_redirect(ad.url),
            title=ad.title,
            url=ad.url,
            text=ad.text,
            seller=ad.seller,
            item_id=ad.item_id,
            images=(ad.image,),
        )

    def _add_row_ad(self, row: Node, ad: ScriptAd | None) -> None:
        link = first(row, ".threadlist_title a,a.j_click_stats,a[href]")
        url = absolute(self.found.base, attr(link, "href")) or (ad.url if ad else "")
        self.found.add(
            kind=Kind.AD,
            is_ad=True,
            is_redirect=is_redirect(url),
            title=row_title(row) or (ad.title if ad else ""),
            url=url,
            text=text_of(first(row, ".threadlist_abs,.panel_title")) or (ad.text if ad else ""),
            seller=text_of(first(row, ".ti_author")) or (ad.seller if ad else ""),
            item_id=ad.item_id if ad else "",
            images=_images(row),
        )

    def _add_thread(self, row: Node) -> None:
        link = first(row, 'a.j_th_tit,a.j_common,a[href*="/p/"]')
        thread = attr(row, "data-tid") or _thread_id(attr(link, "href"))
        author = first(row, ".tb_icon_author,.ti_author")
        person = first(row, ".tb_icon_author .frs-author-name,.ti_author_time")
        self.found.add(
            kind=Kind.POST,
            title=_thread_title(row, link),
            url=f"/p/{thread}" if thread else attr(link, "href"),
            text=text_of(first(row, ".threadlist_abs")),
            seller=attr(author, "title").partition(":")[2] or text_of(author),
            seller_id=_person_id(attr(person, "href") or attr(person, "data-url")),
            item_id=thread,
            images=_images(row),
        )

    def _next_url(self) -> str:
        pager = first(self.root, "#frs_list_pager a.next")
        return attr(pager, "href") or _mobile_next(self.document)


def _thread_title(row: Node, link: Node | None) -> str:
    """The title without the badges 置顶 and 精 that stand beside it; PC links have it whole as attribute."""
    whole = attr(link, "title")
    if whole:
        return whole
    spans = row.css(".ti_title span:not(.ti_title_icon)")
    return "".join(map(text_of, spans)) or text_of(first(row, ".ti_title") or link)


def _thread_id(url: str) -> str:
    found = _THREAD.search(url)
    return found[1] if found else ""


def _person_id(url: str) -> str:
    """The user name in a link to someone's home; the portrait's number for those who have no name."""
    name = _USER.search(url) or _PORTRAIT.search(url)
    return unquote_plus(name[1]) if name else ""


def _images(row: Node) -> list[str]:
    """The pictures themselves: what stands in `src` is a placeholder until somebody scrolls there."""
    pictures = row.css("img.threadlist_pic,img.j_media_thumb_holder,img.BDE_Image")
    names = ("bpic", "data-original", "data-url", "src")
    return [next(filter(None, (attr(picture, name) for name in names)), "") for picture in pictures]


def _mobile_next(document: Document) -> str:
    """The mobile list states its place in the script that loads more of it."""
    text = document.text
    start = text.find('"current_page"')
    start = text.rfind("{", max(start - 500, 0), start) if start >= 0 else -1
    if start < 0:
        return ""
    state = literal(text[start : start + 2000])[0]
    current, pages, size = (count_at(state, name) for name in ("current_page", "total_page", "page_size"))
    if not current or not pages or not size or current >= pages:
        return ""
    return with_parameter(document.url, "pn", str(current * size))


class _Thread:
    """The floors of one thread. The first floor is the thread: it has the thread's own identity."""

    def __init__(self, platform: str, document: Document, root: Node) -> None:
        self.document, self.root = document, root
        self.found = Found(platform, document)
        heading = first(root, ".core_title_txt")
        self.title = attr(heading, "title") or text_of(heading) or document.title.partition("_")[0]
        self.thread = _thread_id(document.url)

    def reading(self) -> Reading:
        for floor in at_most(self.root.css("div.l_post")):
            self._add_floor(floor)
        replies = first(self.root, ".l_reply_num span.red,.l_reply_num span")
        following = next((a for a in self.root.css(".l_pager a") if text_of(a) == "下一页"), None)
        total = count_of(text_of(replies))
        return self.found.reading(total=total, next_url=attr(following, "href"))

    def _add_floor(self, floor: Node) -> None:
        told = _data_field(floor)
        body = first(floor, ".d_post_content")
        post = text_at(told, "content", "post_id") or attr(floor, "data-pid") or attr(body, "id").rpartition("_")[2]
        labels = [label for label in floor.css(".label_text") if text_of(label) == "广告"]
        is_ad = bool(labels)
        is_thread = text_at(told, "content", "post_no") == "1"
        person = first(floor, "a.p_author_name")
        self.found.add(
            kind=Kind.AD if is_ad else Kind.POST,
            is_ad=is_ad,
            title=self.title,
            url=f"/p/{self.thread}" + ("" if is_thread else f"?pid={post}#{post}") if self.thread and post else "",
            text=block_text_of(body, labels),
            seller=text_of(person),
            seller_id=text_at(told, "author", "user_name") or _person_id(attr(person, "href")),
            item_id=self.thread if is_thread else post,
            images=_images(floor),
        )


def _data_field(floor: Node) -> Any:
    """What a floor tells scripts about itself; nothing of it is needed that the floor does not show too."""
    try:
        return json.loads(attr(floor, "data-field") or "{}")
    except (ValueError, RecursionError):
        return {}


def _search_results(platform: str, document: Document, root: Node) -> Reading:
    found = Found(platform, document)
    for post in at_most(root.css("div.s_post")):
        link = first(post, ".p_title a")
        url = attr(link, "href")
        floor = _POST.search(url)
        person = first(post, 'a[href*="/home/main"]')
        found.add(
            kind=Kind.POST,
            title=text_of(link),
            url=url,
            text=text_of(first(post, ".p_content")),
            seller=text_of(person),
            seller_id=_person_id(attr(person, "href")),
            item_id=floor[1] if floor else _thread_id(url),
        )
    return found.reading(next_url=attr(first(root, ".pager-search a.next"), "href"))
