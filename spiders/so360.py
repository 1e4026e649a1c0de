"""360 search (www.so.com and m.so.com), paid and organic results. Known from code and descriptions only.

Real addresses stand beside the click counters: `data-mdurl` at a result, `e-landurl` at an advertisement,
`data-pcurl` on the mobile page. The machine's own answer and its list of sources are no results.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

from crawler.errors import PageBlocked, PageEmpty
from crawler.items import Kind, Reading
from crawler.watches import Device
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, Block, Layout, beside_title, shown_address, upwards, without_labels, worded_link
from spiders.found import Found
from spiders.reading import Document, Node, absolute, attr, block_text_of, first, text_of
from spiders.walls import Wall

_PAID_LINK = re.compile(r"(?:https?:)?//(?:e\.tf\.360\.cn/search/|click\.dsp\.com/)")
_REDIRECT = re.compile(
    r"(?:(?:https?:)?//(?:www|m)\.so\.com)?/(?:link|jump)\b|(?:https?:)?//(?:e\.tf\.360\.cn|click\.dsp\.com)/"
)
_TOTAL = re.compile(r"约?\s*([\d,，]{1,20})\s*个")
_NOTHING = re.compile(r"(?:抱歉|很抱歉)[，,]\s*(?:未|没有)找到.{0,120}?相关.{0,4}(?:网页|结果)")
_NOTICES = "#no-result,.no-result,.noresult,.so-no-result,#tips,.mso-url2link"
_SNIPPET = ".res-desc,.res-list-summary,.res-rich,.res-comm-con,.summary"
_SITE = ".res-linkinfo cite,.g-linkinfo cite,cite"
_ANSWER = '[id^="js-mh-ai"],[id*="ai_common_agent"],[class*="mh-ai"]'
_HEADING = "h3,li > a.e_haosou_fw_bg_title"


def _is_paid(mark: Node) -> bool:
    link = attr(mark, "href").strip()
    return not link or bool(attr(mark, "e-landurl")) or _PAID_LINK.match(link) is not None


LAYOUT = Layout(
    listed=".res-list",
    marks=(
        '[id^="e_idea"],ul[data-so-biz-monitor-so-display],.spread,.e-buss,.res-mediav,a[e-landurl],'
        'a[href*="e.tf.360.cn/search/"],a[href*="click.dsp.com/"]'
    ),
    heading=_HEADING,
    said=f"{_SNIPPET},em",
    columns=frozenset(("main", "side", "container", "warper", "wrapper")),
    is_paid=_is_paid,
)


class So360(PlatformSpider):
    name = "so360"
    label = "360搜索"
    hosts = ("www.so.com", "m.so.com")
    page_size = 10
    ad_labels = tuple(sorted(LABELS))
    is_search_engine = True
    devices = (Device.DESKTOP, Device.MOBILE)
    evidence = {
        "results": "code only",
        "ads": "code only",
        "mobile": "code only",
        "pager": "code only",
        "total": "code only",
        "captcha": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("//qcaptcha.so.com/",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("qcaptcha.so.com",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("安全验证",), within="title"),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("系统检测到您操作过于频繁",)),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("访问异常",), within="title"),
    )

    def search_url(self, query: str, page_number: int) -> str:
        host = "m.so.com" if self.device is Device.MOBILE else "www.so.com"
        return f"https://{host}/s?q={quote(query)}&pn={page_number}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        root = document.root
        answers = {node.mem_id for node in root.css(_ANSWER)}
        for block in LAYOUT.blocks(document):
            if not answers or not _is_answer(block.node, answers):
                _read(found, block)
        if not found.listings and not found.lost:
            _refuse_nothing(root)
        return found.reading(total=_total(root), next_url=_next_link(root))


def _is_answer(node: Node, answers: set[int]) -> bool:
    """It stands in the machine's answer, or holds it: that answer quotes pages, it does not list them."""
    if any(part.mem_id in answers for part in upwards(node)):
        return True
    return first(node, _ANSWER) is not None


def _read(found: Found, block: Block) -> None:
    node = block.node
    heading = first(node, _HEADING)
    if heading is None and not block.is_paid:
        return
    link = heading if heading is not None and heading.tag == "a" else worded_link(node if heading is None else heading)
    titled = link if link is not None else heading
    title = text_of(titled)
    if block.is_paid and not title and link is None:
        return
    href = attr(link, "href").strip()
    real = _real_address(node, link, href)
    line = first(node, _SITE)
    if line is None and block.is_paid:
        line = shown_address(node)
    found.add(
        kind=Kind.AD if block.is_paid else Kind.RESULT,
        title=title,
        url=real or href,
        is_ad=block.is_paid,
        is_redirect=not real and _REDIRECT.match(href) is not None,
        text=_text(node, titled, is_paid=block.is_paid),
        display_url=without_labels(line),
        images=[attr(image, "data-src") or attr(image, "src") for image in node.css("img")],
    )


def _real_address(node: Node, link: Node | None, href: str) -> str:
    """Where a counter leads, as far as the page says it; "" if it does not."""
    told = attr(link, "data-mdurl") or attr(link, "e-landurl") or attr(node, "data-pcurl")
    if not told and _REDIRECT.match(href):
        told = attr(first(node, "a[data-mdurl]"), "data-mdurl")
    if not told and "/jump?" in href:
        try:
            told = parse_qs(urlsplit(href).query, max_num_fields=100).get("u", [""])[0]
        except ValueError:
            told = ""
    address = absolute("", told)
    return "" if _REDIRECT.match(address) else address


def _text(node: Node, titled: Node | None, *, is_paid: bool) -> str:
    """The snippet; of an advertisement everything below the title, for claims hide in sublinks."""
    snippet = "" if is_paid else text_of(first(node, _SNIPPET))
    return snippet or beside_title(node, titled, LAYOUT.said, _SITE)


def _refuse_nothing(root: Node) -> None:
    for notice in (*root.css(_NOTICES)[:20], *root.css("#main")[:1]):
        said = _NOTHING.search(" ".join(block_text_of(notice)[:2000].split()))
        if said:
            raise PageEmpty("no_result", said[0][:80])


def _total(root: Node) -> int | None:
    stated = _TOTAL.search(text_of(first(root, ".nums,#main .res-total,.result-total")))
    return int(re.sub(r"\D", "", stated[1]) or 0) if stated else None


def _next_link(root: Node) -> str:
    following = first(root, "a#snext[href]")
    if following is None:
        links = root.css("#page a[href]")[:40]
        following = next((link for link in links if text_of(link).startswith("下一页")), None)
    return attr(following, "href")
