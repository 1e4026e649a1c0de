"""Tieba's advertisements: in its scripts, as data and as an HTML string, and in labelled rows of its lists.

A script is read, never run, and the links of the ads are never opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from crawler.errors import PageTrouble
from spiders.reading import Node, attr, clean, first, fragment, text_of
from spiders.script import literal
from spiders.state import at, first_text, host_of, objects_at, split, text_at

MAX_ADS = 100
MAX_CLIMB = 32  # an honest label stands a few elements deep in its row
MAX_BETWEEN = 20  # style, script and the text between them
MAX_AD = 64 * 1024  # characters; the longest seen has 9,000

_AD = re.compile(r"""["']adData["']\s{0,20}:\s{0,20}(?=\{)""")
_CLASS_NAME = re.compile(r"""["']className["']\s{0,20}:\s{0,20}["']([\w-]{1,80})["']""")
_ASYNC_HTML = re.compile(r"""["']asyncHTML["']\s{0,20}:\s{0,20}(?=["'])""")
_PLACE = re.compile(r":eq\((\d{1,4})\)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptAd:
    """An advertisement as a script of the page carries it; `before` counts the unpinned threads above it."""

    class_name: str
    item_id: str
    url: str
    title: str
    text: str
    seller: str
    image: str
    before: int | None

    @property
    def identity(self) -> str:
        """Some pages write each ad twice, and one of the two into the list itself."""
        return self.item_id or self.url or self.class_name


def script_ads(text: str) -> tuple[list[ScriptAd], int]:
    """Every ad the scripts in `text` carry, repetitions among them, and how many could not be read."""
    ads: list[ScriptAd] = []
    start, lost = -1, 0
    for _ in range(MAX_ADS):
        start = text.find("adData", start + 1)
        if start < 0:
            break
        told = _AD.match(text, start - 1)
        if told is None:
            continue
        try:
            ads.append(_script_ad(text[told.end() : told.end() + MAX_AD]))
        except PageTrouble:
            lost += 1
    return ads, lost


def paired(rows: list[Node], labelled: set[int], ads: list[ScriptAd]) -> dict[int, ScriptAd]:
    """The ad that belongs to each row which shows one.

    Tieba names a CSS class in the script and on the row. Where the script names none, it
    stands in the row or between it and the next, or at least has the row's title.
    """
    classes = {ad.class_name: ad for ad in reversed(ads) if ad.class_name}
    titles = {clean(ad.title): ad for ad in reversed(ads) if ad.title}
    found: dict[int, ScriptAd] = {}
    for row in rows:
        named = (classes[name] for name in attr(row, "class").split() if name in classes)
        ad = next(named, None)
        if ad is None and row.mem_id in labelled:
            ad = _adjacent(row) or titles.get(row_title(row))
        if ad is not None:
            found[row.mem_id] = ad
    return found


def row_title(row: Node) -> str:
    title = first(row, ".ti_title,.threadlist_title a")
    return attr(title, "title") or text_of(title)


def _adjacent(row: Node) -> ScriptAd | None:
    """The ad in the first script that tells of one, within the row or after it and before the next."""
    scripts = row.css("script")
    part = row.next
    for _ in range(MAX_BETWEEN):
        if part is None or part.tag == "li":
            break
        scripts += part.css("script") if part.tag != "-text" else []
        part = part.next
    told = next((script.text() for script in scripts if "adData" in script.text()), "")
    return next(iter(script_ads(told)[0]), None)


def _script_ad(code: str) -> ScriptAd:
    told, end = literal(code)
    rest = code[end:].partition("adData")[0]
    name, markup = _CLASS_NAME.search(rest), _ASYNC_HTML.search(rest)
    html = literal(rest, markup.end())[0] if markup else ""
    shown = fragment(html) if html else None
    goods = at(told, "good_info") or next(iter(objects_at(told, "goods_info")), {})
    title = first(shown, ".threadlist_title a,.ti_title,a[title]") if shown else None
    place = _PLACE.search(text_at(told, "locator")[-40:])
    return ScriptAd(
        class_name=name[1] if name else "",
        item_id=text_at(told, "id"),
        url=text_at(told, "url") or first_text(goods, "adurl", "thread_url"),
        title=attr(title, "title") or text_of(title) or first_text(goods, "thread_title"),
        text=_text(shown, goods),
        seller=first_text(goods, "user_name"),
        image=first_text(goods, "thread_pic"),
        before=int(place[1]) + (text_at(told, "load_type") == "after") if place else None,
    )


def _text(shown: Node | None, goods: dict[str, Any]) -> str:
    abstract = text_of(first(shown, ".threadlist_abs")) if shown is not None else ""
    return abstract or first_text(goods, "thread_content", "sub_title")


def rows_of(marked: list[Node]) -> tuple[list[Node], set[int]]:
    """The list items in page order, and which of them carry a label that says 广告 and nothing else."""
    rows: dict[int, Node] = {}
    labelled: set[int] = set()
    for node in marked:
        row = node if node.tag == "li" else _labelled_row(node)
        if row is None:
            continue
        if row.mem_id != node.mem_id:
            labelled.add(row.mem_id)
        rows.setdefault(row.mem_id, row)
    return list(rows.values()), labelled


def _labelled_row(label: Node) -> Node | None:
    """The list item that a label of payment stands in; None when it is no such label."""
    if attr(label, "title") != "广告" and text_of(label) != "广告":
        return None
    row: Node | None = label
    for _ in range(MAX_CLIMB):
        row = row.parent if row is not None else None
        if row is None or row.tag == "li":
            return row
    return None


def is_redirect(url: str) -> bool:
    return host_of(url).endswith("baidu.com") and split(url).path.endswith("/baidu.php")
