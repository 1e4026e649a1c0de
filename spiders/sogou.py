"""Sogou, paid and organic results.

Seen 2022-03. The page ends with `<!--STATUS total 11 …-->`: when Sogou counts fewer blocks than
we do, or more and headlines stand outside of the blocks we know, the page has changed. Sogou
counting more while nothing on the page is left unread is a page that somebody has cut down:
what is left of it was read, and calling it unread would tell nobody anything. No page with an
advertisement has been captured; that paid links go through bill_cpc is known from code only.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

from crawler.errors import PageBlocked, PageChanged, PageEmpty
from crawler.items import Kind, Outcome, Reading
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, Block, Layout, beside_title, shown_address, upwards, without_labels, worded_link
from spiders.found import Found
from spiders.reading import Document, Node, attr, first, text_of
from spiders.walls import Wall

_PAID_LINK = re.compile(r"(?:(?:https?:)?//(?:[\w-]+\.)?sogou\.com)?/bill_cpc|(?:https?:)?//ctb\.brand\.sogou\.com/")
_REDIRECT = re.compile(
    r"(?:(?:https?:)?//(?:[\w-]+\.)?sogou\.com)?/(?:link|bill_cpc)\b|(?:https?:)?//ctb\.brand\.sogou"
)
_STATUS = re.compile(r"<!--STATUS total (\d{1,9}) time ")
_TOTAL = re.compile(r"([\d,，]{1,20})\s*条")
_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:[/:?.…].*)?$", re.ASCII)
_DATE = re.compile(r"[\d年月日:./-]+$|\d+\s*(?:分钟|小时|天|个月|年)前$|昨天|前天")
_SNIPPET = ".space-txt,.star-wiki,.str_info,.str-text-info,.ft"
_HEADLINES = ".results h2,.results h3,.results h4,#main h2,#main h3,#main h4"
_SITE = ".citeurl,.fb cite,cite"


def _is_paid(mark: Node) -> bool:
    link = attr(mark, "href").strip()
    return not link or _PAID_LINK.match(link) is not None


def _layout(scope: str) -> Layout:
    return Layout(
        listed=f"{scope}.vrwrap,{scope}.rb",
        marks='a[href*="bill_cpc"],a[href*="ctb.brand.sogou.com"],.biz_rb',
        heading="h3",
        said=f"{_SNIPPET},em",
        columns=frozenset(("main", "right", "left", "promotion_adv_container")),
        is_paid=_is_paid,
    )


IN_RESULTS, ANYWHERE = _layout(".results "), _layout("")


class Sogou(PlatformSpider):
    name = "sogou"
    label = "搜狗"
    hosts = ("www.sogou.com", "weixin.sogou.com")
    page_size = 10
    ad_labels = tuple(sorted(LABELS))
    is_search_engine = True
    evidence = {
        "results": "captured 2022-03",
        "total": "captured 2022-03",
        "pager": "captured 2022-03",
        "ads": "code only",
        "captcha": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("/antispider",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("此验证码用于确认这些请求是您的正常行为",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("antispider", "VerifyCode")),
        Wall(trouble=PageBlocked, reason="captcha", marks=("antispider", "seccode")),
        Wall(trouble=PageBlocked, reason="captcha", marks=("请依次点击",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"https://www.sogou.com/web?query={quote(query)}&page={page_number}&ie=utf8"

    def read_document(self, document: Document) -> Reading:
        root = document.root
        found = Found(self.name, document)
        blocks = (IN_RESULTS if first(root, ".results") is not None else ANYWHERE).blocks(document)
        for block in blocks:
            _read(found, block)
        if not found.listings and not found.lost:
            _refuse_nothing(root)
        reading = found.reading(total=_total(root), next_url=_next_link(root))
        mismatch = _mismatch(document, blocks)
        if mismatch is None:
            return reading
        if not reading.listings:
            raise mismatch
        # What was read is kept for a person to look at, but the page does not count as seen.
        return replace(reading, outcome=Outcome.CHANGED, reason=mismatch.reason, detail=mismatch.detail)


def _read(found: Found, block: Block) -> None:
    """Add what the block shows. Recommendation boxes, which have no heading, are no results."""
    node = block.node
    heading = first(node, "h3")
    if heading is None and not block.is_paid:
        return
    link = worded_link(node if heading is None else heading)
    titled = link if link is not None else heading
    title = text_of(titled)
    real = attr(first(node, "[data-url]"), "data-url").strip()
    is_real = real.startswith(("http://", "https://"))
    url = real if is_real else attr(link, "href").strip()
    line = first(node, _SITE)
    if line is None and block.is_paid:
        line = shown_address(node)
    seller, address = _site(without_labels(line))
    found.add(
        kind=Kind.AD if block.is_paid else Kind.RESULT,
        title=title,
        url=url,
        is_ad=block.is_paid,
        is_redirect=_REDIRECT.match(url) is not None,
        text=_text(node, titled, is_paid=block.is_paid),
        display_url=address,
        seller=seller,
        images=[attr(image, "src") for image in node.css("img[src]")],
    )


def _text(node: Node, titled: Node | None, *, is_paid: bool) -> str:
    """The snippet; of an advertisement everything below the title, for claims hide in sublinks."""
    snippet = "" if is_paid else text_of(first(node, _SNIPPET))
    return snippet or beside_title(node, titled, ANYWHERE.said, _SITE)


def _site(line: str) -> tuple[str, str]:
    """Name and address out of a line such as `微博 - weibo.com/u... - 2021-12-28`."""
    parts = [part for part in re.split(r"\s+-\s*|\s*-\s+", line) if part and not _DATE.match(part)]
    address = next((part for part in parts if _ADDRESS.match(part)), "")
    return next((part for part in parts if part != address), ""), address


def _mismatch(document: Document, blocks: list[Block]) -> PageChanged | None:
    """Sogou counts every block of its list, recommendation boxes among them.

    Whether it counts advertisements is not known, so both counts are accepted. A count above
    ours needs a headline that we passed over: pages that were trimmed keep the old count.
    """
    at = document.text.rfind("<!--STATUS total ")
    stated = _STATUS.match(document.text, at) if at >= 0 else None
    if stated is None:
        return None
    organic = sum(not block.is_paid for block in blocks)
    counted = int(stated[1])
    if organic <= counted and (counted <= len(blocks) or (blocks and not _has_unread(document.root, blocks))):
        return None
    return PageChanged("count_mismatch", f"Sogou counts {counted} blocks, we see {len(blocks)}")


def _has_unread(root: Node, blocks: list[Block]) -> bool:
    """A headline of the list that stands in no block."""
    known = {block.node.mem_id for block in blocks}
    headlines = (heading for heading in root.css(_HEADLINES) if worded_link(heading) is not None)
    return any(known.isdisjoint(part.mem_id for part in upwards(headline)) for headline in headlines)


def _refuse_nothing(root: Node) -> None:
    nothing = first(root, "#noresult_part1_container,.b404-box,.no-result,.noresult")
    said = text_of(nothing)
    if any(word in said for word in ("暂无", "没有找到", "未找到")):
        raise PageEmpty("no_result", said[:80])


def _total(root: Node) -> int | None:
    stated = _TOTAL.search(text_of(first(root, ".num-tips,.search-info,.result-number")))
    return int(re.sub(r"\D", "", stated[1]) or 0) if stated else None


def _next_link(root: Node) -> str | None:
    following = first(root, "#sogou_next[href]")
    if following is None:
        links = root.css("#pagebar_container a[href]")
        following = next((link for link in links if text_of(link).startswith("下一页")), None)
    return attr(following, "href") or None
