"""An advertiser's own page, at any address: one listing that says what a visitor reads and who stands behind it.

It reads what is visible, foot included, and keeps the unseen apart. It never takes a parked domain, a
provider's notice or a shell without text for somebody's page, and opens no link that is paid for or leads elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from crawler.errors import PageChanged, PageTrouble, UserMistake
from crawler.items import Kind, Reading
from crawler.watches import Device
from spiders.base import PlatformSpider
from spiders.counters import refuse_counter
from spiders.found import Found
from spiders.nobody import trouble_with
from spiders.owner import owner_of
from spiders.reading import Document, Node, absolute, attr, clean, first, text_of
from spiders.state import host_of, split
from spiders.surface import Surface, surface_of

FEW = 8  # characters; with fewer there is no page to speak of
MAX_IMAGES = 60
MAX_CONTACTS = 200
ANY = "*"
_CALLED = (
    ("电话", re.compile(r"^(?:tel|sms):\s*(\+?[\d-]{7,20})")),
    ("邮箱", re.compile(r"^mailto:\s*([\w.+-]{1,60}@[\w.-]{3,80})")),
    ("QQ", re.compile(r"[?&]uin=([1-9]\d{4,11})\b")),
)


class Landing(PlatformSpider):
    """`hosts` is any: there is no paging that could leave a host."""

    name = "landing"
    label = "落地页"
    hosts = (ANY,)
    page_size = 1
    answers_words = False
    owns_page = True
    devices = (Device.DESKTOP, Device.MOBILE)
    evidence = {
        "results": "any page; no real one is kept here",
        "ads": "none: a page of one's own has no results",
        "parked": "code only",
        "interception": "code only",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for query in self.runs:
            self.search_url(query, 1)

    def search_url(self, query: str, page_number: int) -> str:
        """The address itself, for that is what is asked here."""
        if split(query).scheme not in ("http", "https") or not host_of(query):
            raise UserMistake(f"landing wants addresses, not {query!r}")
        refuse_counter(query)
        return query

    def read_document(self, document: Document) -> Reading:
        if document.is_json:
            raise PageChanged("no_marker", "an answer for programs, not a page for people")
        surface = surface_of(document)
        trouble: PageTrouble | None = trouble_with(document, surface.shown)
        if trouble is not None:
            raise trouble
        if len(surface.shown) < FEW or document.page.status >= 400:
            raise PageChanged("no_text", f"{len(surface.shown)} characters to read")
        return _read(self.name, document, surface)


def _read(platform: str, document: Document, surface: Surface) -> Reading:
    root = document.root
    address = _address(document)
    found = Found(platform, document)
    found.add(
        kind=Kind.RESULT,
        title=_title(document, surface),
        url=address,
        text=f"{surface.shown}\n{_contacts(root, surface.shown)}",
        seller=owner_of(root, surface.shown),
        seller_id=host_of(address),
        display_url=_stated(document),
        images=_images(root),
    )
    return found.reading(detail=f"unseen: {surface.unseen}" if surface.unseen else "")


def _contacts(root: Node, shown: str) -> str:
    """What its links call, write to or chat with, where that is not written on the page besides."""
    found: dict[str, str] = {}
    for link in root.css('a[href^="tel:"],a[href^="mailto:"],a[href*="uin="],a[href^="sms:"]')[:MAX_CONTACTS]:
        for word, pattern in _CALLED:
            called = pattern.search(unquote(attr(link, "href"))[:300])
            if called and called[1] not in shown:
                found[called[1]] = word
    return " ".join(f"{word}：{called}" for called, word in found.items())


def _title(document: Document, surface: Surface) -> str:
    """What the tab says; else the first heading, else the first line."""
    told = text_of(first(document.root, "title")) or document.title
    heading = text_of(first(document.root, "h1,h2"))
    return (told or heading or surface.shown.split("\n", 1)[0])[:300]


def _stated(document: Document) -> str:
    """The address by which the page itself wants to be known, "" when it says none."""
    link = attr(first(document.root, 'link[rel="canonical"]'), "href")
    return absolute(document.url, link or attr(first(document.root, 'meta[property="og:url"]'), "content"))


def _address(document: Document) -> str:
    """The page's address without fragment; as the page states it where only the parameters differ.

    Parameters of a click change at every visit. A page may state whatever it likes, so no other page is believed.
    """
    stated, own = split(_stated(document)), split(document.url)
    if stated.netloc and (stated.hostname, stated.path or "/") == (own.hostname, own.path or "/"):
        return stated._replace(scheme=own.scheme, fragment="").geturl()
    return own._replace(fragment="").geturl()


def _images(root: Node) -> Iterator[str]:
    """Pictures as they are shown, also those that a script loads when they come into sight."""
    for image in root.css("img")[:MAX_IMAGES]:
        names = ("data-src", "data-original", "data-lazy-src", "src")
        yield next(filter(None, (clean(attr(image, name)) for name in names)), "")
