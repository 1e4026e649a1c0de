"""`read` in MB/s per platform, against BeautifulSoup with lxml selecting the same fields.

Each page is a frozen page of the tests, one layout a platform, made as large as a real one:
its own cards repeated to the number of a full page, then the frame of menus and scripts that
real pages carry. Interleaved, median of five, per CPU second.
"""

from __future__ import annotations

import copy
import json
import statistics
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup

from console.files import platforms
from crawler.items import Page

PAGES = Path(__file__).parent.parent / "tests" / "spiders" / "pages"
SIZE = 200_000  # bytes
ROUNDS = 5
SECONDS = 0.2  # a turn measures at least this long
GOAL = 5
# Of our captures one has 26 tags a kilobyte, most have 3 to 12: the rest of a real page is scripts.
FRAME = (
    "<script>"
    + "(function(){var state={};for(var i=0;i<9;i++){state['k'+i]=function(a){return a&&a.b?a.b.c:null}}})();"
    "window.later=window.later||[];window.later.push({name:'frame',version:'1.0.0',debug:false});"
    * 12
    + '</script><div class="frame-nav clearfix" data-spm="a21bo.1" style="margin:0 auto"><ul class="nav-list">'
    '<li class="nav-item"><a href="https://www.specimen.example/list?cat=1&amp;from=frame" target="_blank">样本目录</a>'
    '</li><li class="nav-item"><span class="nav-text">样本说明</span></li></ul></div>'
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A frozen page, where BeautifulSoup finds its cards and, in each, the fields we read."""

    page: str
    card: str
    fields: tuple[str, ...]
    grows: bool = True


LAYOUTS = {
    "alibaba1688": Layout("search-cards", "a.search-offer-item", (".title-text", ".offer-price-row", "img")),
    "baidu": Layout(
        "web-old", "#content_left .c-container[tpl]", ("h3 a", ".c-abstract", ".c-showurl", "img", "[data-tools]")
    ),
    "bing": Layout("results", "#b_results > li", ("h2 a", ".b_caption p", ".b_attribution cite", "img")),
    "jd": Layout(
        "search-2016",
        "li.gl-item",
        (".p-name a", ".p-name em", ".p-price strong", ".p-shop a", ".p-img img", ".promo-words"),
    ),
    "sogou": Layout("results", ".results > div", ("h3 a", ".fz-mid", ".citeurl", "img")),
    "taobao": Layout(
        "search-grid-2018",
        ".J_MouserOnverReq",
        (".row-2 a", ".g_price strong", ".shopname", ".location", ".deal-cnt", "img"),
    ),
    "tieba": Layout("rendered", "li.j_thread_list", ("a.j_th_tit", ".threadlist_abs", ".frs-author-name", "img")),
    "toutiao": Layout(
        "cards-outside", "[data-test-card-id]", ("a", "[class*=title]", "[class*=summary]", "[class*=source]", "script")
    ),
    "weixin": Layout("article", "#js_content p", ("span", "img")),
    "wuba": Layout("pinned-2019", "li[logr]", ("h2 a", ".jjrinfo", ".icon-zhiding", "img", ".price", ".baseinfo")),
    "xiaohongshu": Layout("note", "body", ("#detail-title", "#detail-desc", ".username", "img"), grows=False),
    "zbj": Layout("list-2025-12", ".serve-item", (".serve-name", ".price", ".shop-info", "img", ".add-tag")),
    "zhihu": Layout("question-old", ".zm-item-answer", (".zm-editable-content", ".author-link", "time", "img")),
}


def grown(html: str, layout: Layout, listings: int) -> str:
    """The page at `SIZE` with about so many listings: its cards repeated, then a frame around them."""
    soup = BeautifulSoup(html, "lxml")
    cards = soup.select(layout.card)
    for place in range(listings - len(cards) if layout.grows else 0):
        cards[-1].insert_after(copy.copy(cards[place % len(cards)]))
    whole = str(soup)
    return whole.replace("</body>", FRAME * ((SIZE - len(whole.encode())) // len(FRAME.encode())) + "</body>", 1)


def soup_read(body: bytes, layout: Layout) -> int:
    """What a spider over BeautifulSoup would do; returns how many fields it found."""
    soup = BeautifulSoup(body, "lxml")
    found = 0
    for card in soup.select(layout.card):
        for field in layout.fields:
            node = card.select_one(field)
            found += bool(node and (node.get_text() or node.attrs))
    return found


def per_call(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    calls, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        call()
        calls += 1
    return (time.process_time() - start) / calls


def figure(name: str, layout: Layout) -> dict[str, object]:
    path = PAGES / name / f"{layout.page}.html"
    told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    spider = platforms()[name]()
    body = grown(path.read_text(encoding="utf-8"), layout, spider.page_size).encode()
    page = Page(body=body, **told)
    read = len(spider.read(page).listings)
    turns = [
        (per_call(lambda: spider.read(page)), per_call(lambda: soup_read(page.body, layout))) for _ in range(ROUNDS)
    ]
    ours, theirs = (statistics.median(turn[at] for turn in turns) for at in (0, 1))
    size = len(page.body) / 1e6
    return {
        "name": f"read {name}, MB/CPU-s",
        "value": round(size / ours, 1),
        "baseline": round(size / theirs, 1),
        "ratio": round(theirs / ours, 1),
        "goal": f"≥ {GOAL}",
        "note": f"{layout.page}, {size * 1000:.0f} kB, {read} listings",
    }


def main() -> None:
    for name, layout in LAYOUTS.items():
        print(json.dumps(figure(name, layout), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
