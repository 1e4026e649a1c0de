"""`read` in MB/s per platform, against BeautifulSoup with lxml selecting the same fields.

Pages are the frozen pages of the tests, the good one of each platform and layout whose list
stands in its elements; where a list lives in a script, BeautifulSoup finds the script and
parses it as we do. Interleaved, median of seven, per CPU second.
"""

from __future__ import annotations

import json
import re
import statistics
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Comment

from console.files import platforms
from crawler.items import Outcome, Page

PAGES = Path(__file__).parent.parent / "tests" / "spiders" / "pages"
ROUNDS = 7
SECONDS = 0.15  # a turn measures at least this long
GOAL = 5.0


@dataclass(frozen=True, slots=True)
class Cards:
    """Where BeautifulSoup finds a platform's cards and, in each, the fields we read."""

    card: str
    fields: tuple[str, ...]
    in_comments: bool = False


SELECTED = {
    "baidu": Cards(
        "#content_left .c-container[tpl]",
        ("h3 a", ".c-abstract, [class*=content-right]", ".c-showurl", "img", "[data-tools]"),
    ),
    "sogou": Cards(".results > div", ("h3 a", ".fz-mid, .ft", ".citeurl, cite", "img")),
    "bing": Cards("#b_results > li", ("h2 a", ".b_caption p", ".b_attribution cite")),
    "toutiao": Cards("[data-test-card-id]", ("a", "[class*=title]", "[class*=summary]", "[class*=source]", "script")),
    "jd": Cards(
        "li.gl-item", (".p-name a", ".p-name em", ".p-price strong", ".p-shop a", ".p-img img", ".promo-words")
    ),
    "taobao": Cards(".J_MouserOnverReq", (".row-2 a", ".g_price strong", ".shopname", ".location", ".deal-cnt", "img")),
    "zbj": Cards(".serve-item", (".serve-name", ".price", ".shop-info", "img", ".add-tag")),
    "wuba": Cards("li[logr], li.house-cell", ("h2 a", ".jjr", ".icon-zhiding", "img", ".money")),
    "tieba": Cards("li.j_thread_list", ("a.j_th_tit", ".threadlist_abs", ".frs-author-name", "img"), in_comments=True),
    "zhihu": Cards(".zm-item-answer", (".zm-editable-content", ".author-link", "time")),
    "xiaohongshu": Cards("body", ("#detail-title", "#detail-desc", ".username", "img")),
    "weixin": Cards("body", ("#activity-name", "#js_content", "#js_name")),
}
STATE = re.compile(r"__INITIAL_STATE__|g_page_config|__ICE_APP_CONTEXT__|__NUXT__|js-initialData")


def soup_read(body: bytes, cards: Cards) -> int:
    """What a spider over BeautifulSoup would do; returns how many texts it found."""
    soup = BeautifulSoup(body, "lxml")
    if cards.in_comments:
        hidden = soup.find_all(string=lambda text: isinstance(text, Comment) and "<li" in text)
        soup = BeautifulSoup("".join(hidden), "lxml") if hidden else soup
    found = 0
    for card in soup.select(cards.card):
        for field in cards.fields:
            for node in card.select(field)[:1]:
                found += bool(node.get_text() or node.attrs)
    return found


def per_call(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    calls, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        call()
        calls += 1
    return (time.process_time() - start) / calls


def good_pages(name: str) -> list[tuple[Path, Page]]:
    pages = []
    for path in sorted((PAGES / name).glob("*.html")):
        golden = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if golden["outcome"] == Outcome.OK:
            told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
            pages.append((path, Page(body=path.read_bytes(), **told)))
    return pages


def figure(name: str, page: Page, label: str) -> dict[str, object]:
    spider, cards = platforms()[name](), SELECTED[name]
    turns = [
        (per_call(lambda: spider.read(page)), per_call(lambda: soup_read(page.body, cards))) for _ in range(ROUNDS)
    ]
    ours, theirs = (statistics.median(turn[at] for turn in turns) for at in (0, 1))
    size = len(page.body) / 1e6
    state = ", list in the page's state" if STATE.search(page.body.decode("utf-8", "replace")) else ""
    return {
        "name": f"read {label}, MB/CPU-s",
        "value": round(size / ours, 1),
        "baseline": round(size / theirs, 1),
        "ratio": round(theirs / ours, 1),
        "goal": f"≥ {GOAL:g}",
        "note": f"{len(page.body) / 1000:.0f} kB{state}",
    }


def main() -> None:
    for name in platforms():
        for path, page in good_pages(name):
            print(json.dumps(figure(name, page, f"{name}/{path.stem}"), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
