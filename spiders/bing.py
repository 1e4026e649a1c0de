"""Bing (cn.bing.com and www.bing.com), paid and organic results.

Seen 2026-07, trimmed by the person who saved it. Advertisements, wrapped links, the pager and
the page without results are known from code only. Bing's click counters carry the real address
in their own query, so it is read out of them; nothing is ever asked of the network.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

from crawler.errors import PageBlocked, PageEmpty
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.blocks import LABELS, Block, Layout, beside_title, worded_link
from spiders.found import Found
from spiders.reading import Document, Node, absolute, attr, first, text_of
from spiders.walls import Wall

_COUNTER = re.compile(r"(?:(?:https?:)?//(?:[\w-]+\.)*bing\.com)?/(?:ck/a|aclk|aclick|alink/link)\b")
_PAID_LINK = re.compile(r"(?:(?:https?:)?//(?:[\w-]+\.)*bing\.com)?/(?:aclk|aclick)\b")
_NUMBER = re.compile(r"\d[\d,，.]{0,20}")
_SNIPPET = ".b_caption p,p.b_algoSlug,[class*=b_lineclamp],.b_paractl,.b_snippet"
_SITE = ".b_adSlug,.b_attribution,cite,.tptt"
_SLUG = ".algoSlug_icon"


def _is_paid(mark: Node) -> bool:
    link = attr(mark, "href").strip()
    return not link or _PAID_LINK.match(link) is not None


LAYOUT = Layout(
    listed="li.b_algo",
    marks='.sb_add,li.b_ad,li[class*="b_adTop"],li[class*="b_adBottom"],li[class*="b_adMiddle"],.b_adSlug,a[href*="/aclk"],a[href*="/aclick"]',
    heading="h2",
    said=f"{_SNIPPET},strong",
    columns=frozenset(("b_results", "b_context", "b_content")),
    is_paid=_is_paid,
)


class Bing(PlatformSpider):
    name = "bing"
    label = "必应"
    hosts = ("cn.bing.com", "www.bing.com")
    page_size = 10
    ad_labels = tuple(sorted(LABELS))
    is_search_engine = True
    evidence = {
        "results": "captured 2026-07",
        "ads": "code only",
        "empty": "code only",
        "pager": "code only",
        "total": "code only",
        "captcha": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("/turing/captcha",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("/turing/captcha/",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("challenges.cloudflare.com/turnstile",)),
    )

    def search_url(self, query: str, page_number: int) -> str:
        return f"https://cn.bing.com/search?q={quote(query)}&first={(page_number - 1) * 10 + 1}"

    def read_document(self, document: Document) -> Reading:
        root = document.root
        found = Found(self.name, document)
        for block in LAYOUT.blocks(document):
            _read(found, block)
        nothing = first(root, "#b_results .b_no")
        if not found.listings and not found.lost and nothing is not None:
            raise PageEmpty("no_result", text_of(nothing)[:80])
        return found.reading(total=_total(root), next_url=_next_link(root))


def _read(found: Found, block: Block) -> None:
    node = block.node
    heading = first(node, "h2")
    link = worded_link(node if heading is None else heading)
    titled = link if link is not None else heading
    title = text_of(titled)
    if block.is_paid and link is None and not title:
        return
    url = attr(link, "href").strip()
    real = real_address(url)
    found.add(
        kind=Kind.AD if block.is_paid else Kind.RESULT,
        title=title,
        url=real or url,
        is_ad=block.is_paid,
        is_redirect=not real and _COUNTER.match(url) is not None,
        text=_text(node, titled, is_paid=block.is_paid),
        display_url=text_of(first(node, "cite")),
        seller=text_of(first(node, ".tptt")),
        images=_images(node),
    )


def real_address(link: str) -> str:
    """Where a click counter leads: `u` is base64 of the address, with `a1` before it on /ck/a. "" if unknown."""
    if _COUNTER.match(link) is None:
        return ""
    try:
        told = parse_qs(urlsplit(link).query, max_num_fields=100).get("u", [""])[0]
        plain = told.removeprefix("a1")
        address = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except (ValueError, binascii.Error):
        return ""
    address = address if "://" in address[:10] else unquote(address)
    return absolute("", address)


def _text(node: Node, titled: Node | None, *, is_paid: bool) -> str:
    """The snippet without Bing's own word 网页 before it; of an advertisement everything below the title."""
    if not is_paid:
        snippet = first(node, _SNIPPET)
        if snippet is not None:
            slug = text_of(first(snippet, _SLUG))
            return text_of(snippet).removeprefix(slug).strip()
    return beside_title(node, titled, LAYOUT.said, _SITE)


def _images(node: Node) -> list[str]:
    """Pictures, and the site icons that a script sets later."""
    pictures = [attr(image, "src") for image in node.css("img[src]")]
    return pictures + [attr(image, "data-src") for image in node.css("[data-src]")]


def _total(root: Node) -> int | None:
    """`约 1,230 个结果` or `1-10 of 1,230 results`: the largest number is the count."""
    numbers = [re.sub(r"\D", "", number) for number in _NUMBER.findall(text_of(first(root, ".sb_count")))]
    return max((int(number) for number in numbers if number), default=None)


def _next_link(root: Node) -> str | None:
    return attr(first(root, 'a.sb_pagN[href],.b_pag a[title="下一页"],.b_pag a[title="Next page"]'), "href") or None
