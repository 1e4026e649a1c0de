"""The same reading over what a person saved: HTML, SingleFile, MHTML, WARC, WACZ, a screenshot.

It tells by the bytes what a file is, and by the address which platform's spider reads it. No spider of its own: it
asks nothing of the network, and believes nothing a file says of its time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from crawler.errors import UserMistake
from crawler.items import Kind, Listing, Outcome, Page, Reading
from crawler.saved import LONGEST_URL, RENDERED, Form, Saved, SavedPage
from spiders.base import PlatformSpider
from spiders.savedhtml import looks_like_mhtml, open_html, open_mhtml
from spiders.savedwacz import open_wacz
from spiders.savedwarc import GZIP, open_warc

FALLBACK = "landing"  # reads a page of no platform we know
PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
TITLE = "（截图）"
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|div|table|script|meta|title)\b", re.I)
_PROBE = "lantianxunchalantian"


def open_saved(raw: bytes) -> Saved:
    """The file's pages. Raises `UserMistake`, one line, for what is broken, hostile or not known."""
    if not raw:
        raise UserMistake("是空文件")
    if picture := picture_type(raw):
        return Saved(form=Form.PICTURE, pages=(SavedPage(body=raw, content_type=picture),))
    if raw.startswith((b"PK\3\4", b"PK\5\6")):
        return open_wacz(raw)
    if raw.startswith((GZIP, b"WARC/")):
        return open_warc(raw)
    if looks_like_mhtml(raw[:8192]):
        return open_mhtml(raw)
    if _MARKUP.search(raw[: 1 << 16].replace(b"\0", b"")):
        return open_html(raw)
    raise UserMistake("认不出格式：能导入 HTML、SingleFile、MHTML、WARC、WACZ 和 PNG、JPEG、WebP 截图")


def picture_type(raw: bytes) -> str:
    """The type of a picture by its first bytes, "" for what is none."""
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in PICTURES if raw.startswith(magic)), "")


def is_address(url: str) -> bool:
    """Whether it can be the address of a page."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and len(url) <= LONGEST_URL and not any(unicodedata.category(one)[0] in "CZ" for one in url)


def platform_of(url: str, spiders: Mapping[str, type[PlatformSpider]]) -> str:
    """The platform on whose hosts the address is, `FALLBACK` for any other; "" where there is no address."""
    if not is_address(url):
        return ""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return next((name for name, spider in spiders.items() if host in spider.hosts), FALLBACK)


def query_of(spider: PlatformSpider, url: str) -> str:
    """The query that an address of this platform asks, as the platform writes it; the address where it asks none."""
    if spider.name == FALLBACK or not is_address(url):
        return url
    asked, probe = urlsplit(url), urlsplit(spider.search_url(_PROBE, 1))
    names = [name for name, value in parse_qsl(probe.query) if _PROBE in value]
    if asked.hostname not in spider.hosts or asked.path.rstrip("/") != probe.path.rstrip("/"):
        return url
    for encoding in ("utf-8", "gb18030"):
        said = dict(parse_qsl(asked.query, encoding=encoding))
        words = next((said[name] for name in names if name in said), "").strip()
        if words and "\N{REPLACEMENT CHARACTER}" not in words:
            return words
    return url


def read_saved(spider: PlatformSpider, form: Form, page: SavedPage, query: str, words: str | None = None) -> Reading:
    """Exactly one reading, as of a page that was crawled; of a screenshot one listing, judged by what it shows.

    `words` are those of a screenshot, `None` as long as nobody has looked for any.
    """
    if form is Form.PICTURE:
        return _picture_reading(str(spider.name), page.url, words)
    return spider.read(
        Page(
            url=page.url,
            requested_url=page.url,
            body=page.body,
            status=page.status,
            content_type=page.content_type,
            query=query,
            rendered=form in RENDERED,
        )
    )


def _picture_reading(platform: str, url: str, words: str | None) -> Reading:
    """A screenshot is one listing, since nobody knows where in it one ends. Where nothing can be read it shows none."""
    if words is not None and not any(unicodedata.category(one)[0] in "LN" for one in words):
        return Reading(outcome=Outcome.CHANGED, reason="no_text", detail="no words were recognised in the screenshot")
    listing = Listing(platform=platform, kind=Kind.RESULT, position=1, title=TITLE, url=url, images=(url,))
    return Reading(outcome=Outcome.OK, listings=(listing,))
