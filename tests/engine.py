"""A search engine of ours for tests of visits: its spider, and pages as it would answer them."""

from __future__ import annotations

from urllib.parse import quote

from crawling import HOST, Probe

from crawler.errors import PageBlocked
from crawler.items import Kind, Reading
from spiders.found import Found
from spiders.reading import Document, attr, first, text_of
from spiders.walls import Wall

QUERY = "专利包授权"
QUOTE = "包授权"
OFFER = "专利包授权，不授权全额退款"
CAPTCHA = "<!doctype html><html><body><p>请完成验证</p></body></html>"
STYLE = (
    "body{font:20px sans-serif}a{color:#00c}p{margin:4px}i{font-style:normal}"
    ".gone{display:none}.row{margin:20px;min-height:90px}"
)


class Engine(Probe):
    """`.row` is a result with its address; `data-ad` is on what was paid for, which leads through a redirect."""

    name = "engine"
    ad_labels = ("广告", "推广")
    is_search_engine = True
    kind = Kind.RESULT
    walls = (Wall(trouble=PageBlocked, reason="captcha", marks=("请完成验证",)),)

    def search_url(self, query: str, page_number: int) -> str:
        return f"{HOST}/s?q={quote(query)}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        for row in document.root.css(".row"):
            link, is_ad = first(row, "a"), "data-ad" in row.attributes
            found.add(
                kind=Kind.AD if is_ad else self.kind,
                title=text_of(link),
                url=attr(link, "href"),
                is_ad=is_ad,
                is_redirect=is_ad,
                text=text_of(first(row, "p")),
                display_url=text_of(first(row, "cite")),
                images=[attr(image, "src") for image in row.css("img")],
            )
        return found.reading()


class Shop(Engine):
    """The same page, but nobody searches the web there."""

    is_search_engine = False
    kind = Kind.PRODUCT


def row(title: str, *, href: str = "/r?1", text: str = "", site: str = "xinghe.example", ad: bool = True) -> str:
    """One result; an advertisement has its label."""
    mark, label = ("data-ad", "<i>广告</i>") if ad else ("", "")
    return f'<div class="row" {mark}><a href="{href}">{title}</a><p>{text}</p><cite>{site}</cite> {label}</div>'


def document(*rows: str, query: str = QUERY) -> str:
    """A page of results, with the field that shows what was asked for."""
    field = f'<form><input name="q" value="{query}" size="40"></form>'
    head = f"<head><title>虚构</title><style>{STYLE}</style></head>"
    return f"<!doctype html><html>{head}<body>{field}{''.join(rows)}</body></html>"
