"""Reads a listing again out of its captured bytes: what a row says leaves the house only if the page says it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import unquote_to_bytes, urldefrag, urlsplit

from scrapy.settings import Settings

from crawler.errors import EvidenceBroken, PageTrouble
from crawler.items import Capture, How, Listing, Page, Reading
from crawler.saved import Form, SavedPage
from crawler.unpack import unpacked
from patrol.platforms import spider_of
from pipelines.tie import exhibit_id
from spiders.base import MAX_PAGES, PlatformSpider
from spiders.imported import read_saved
from storage import warc
from storage.archive import FolderArchive
from storage.models import encodable
from storage.shapes import ExhibitDetail

TOLD = ("kind", "is_ad", "position", "title", "text", "url", "display_url", "seller", "seller_id", "item_id", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A page read again: its spider, what that reads, and of it the listing that was asked about."""

    spider: PlatformSpider
    reading: Reading
    listing: Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What rows say of one exhibit, and of the page that it was read from."""

    exhibit: str
    listing: Listing
    capture: Capture
    seen_at: datetime
    page_url: str
    requested_url: str
    query: str


class Rereading:
    """Reads each page once, however many of its listings are asked about."""

    def __init__(self, archive: FolderArchive) -> None:
        self._archive = archive
        self._known: dict[tuple[str, str], Reading] = {}

    def check(self, detail: ExhibitDetail, redirects: Sequence[Capture] = ()) -> Reread:
        """`EvidenceBroken` unless page and row agree on the listing and on what was asked. `redirects` led to it."""
        said = _said(detail)
        spider = spider_for(said)
        refuse_other_page(said)
        _check_asked(detail, spider, redirects)
        known = (spider.name, detail.capture.id)
        if known not in self._known:
            self._known[known] = read_again(said, spider, self._archive.record(detail.capture))
        reading = self._known[known]
        return Reread(spider=spider, reading=reading, listing=agreed(said, reading))

    def picture(self, capture: Capture) -> bytes:
        """A kept picture of a listing as it was read: without its content encoding."""
        body, headers = self._archive.produce(capture), headers_of(self._archive, capture)
        try:
            return _decoded(body, headers)
        except PageTrouble as trouble:
            raise EvidenceBroken(f"固定 {capture.id}：图片解不开（{trouble}），不能导出") from None


def spider_for(said: Said) -> PlatformSpider:
    """The spider of the listing's platform; what no spider reads cannot be read again."""
    found = spider_of(said.listing.platform)
    if found is None:
        raise EvidenceBroken(f"证据项 {said.exhibit}：没有名为 {said.listing.platform!r} 的平台，不能导出")
    return found()


def read_again(said: Said, spider: PlatformSpider, record: warc.Record) -> Reading:
    """What the spider makes of the record of the page, now; `EvidenceBroken` where it cannot be unpacked."""
    payload = warc.payload_of(record)
    if said.capture.how is How.IMPORTED:
        return _imported(said, spider, record)
    try:
        return spider.read(_page(said, payload.body, _headers(payload)))
    except PageTrouble as trouble:
        raise EvidenceBroken(f"证据项 {said.exhibit}：固定的网页解不开（{trouble}），不能导出") from None


def agreed(said: Said, reading: Reading) -> Listing:
    """The listing that the row is of, as the page has it; `EvidenceBroken` says in what the row says otherwise."""
    told, name = said.listing, f"证据项 {said.exhibit}"
    if not 0 < told.position <= len(reading.listings):
        raise EvidenceBroken(f"{name}：从固定的网页重新读不到第 {told.position} 条信息，不能导出")
    seen = reading.listings[told.position - 1]
    for field in TOLD:
        if getattr(told, field) != encodable(getattr(seen, field)):
            raise EvidenceBroken(f"{name}：从固定的网页重新读到的{_WORDS[field]}，与数据库中的不同，不能导出")
    if said.exhibit != exhibit_id(said.capture.id, seen.position, seen.key):
        raise EvidenceBroken(f"{name}：编号不是这份网页上这条信息的，不能导出")
    return seen


def refuse_other_page(said: Said) -> None:
    """`EvidenceBroken` unless address and time of the rows are those of the capture."""
    name, is_its_own = f"证据项 {said.exhibit}", said.capture.how in (How.HTTP, How.IMPORTED)
    if not said.page_url or (is_its_own and bare(said.page_url) != bare(said.capture.url)):
        raise EvidenceBroken(f"{name}：数据库中的网址不是固定的网页的，不能导出")
    if said.seen_at != said.capture.taken_at:
        raise EvidenceBroken(f"{name}：数据库中的看见时间不是固定的时间，不能导出")


def _said(detail: ExhibitDetail) -> Said:
    return Said(
        exhibit=detail.exhibit.id,
        listing=detail.exhibit.listing,
        capture=detail.capture,
        seen_at=detail.seen_at,
        page_url=detail.page_url,
        requested_url=detail.requested_url,
        query=detail.run.query,
    )


def _imported(said: Said, spider: PlatformSpider, record: warc.Record) -> Reading:
    """A page that a person brought in, by what its record says of its form."""
    form, status = record.field("Lantian-Saved-As"), record.field("Lantian-Claimed-Status") or "200"
    body = warc.payload_of(record).body
    page = SavedPage(body=body, content_type=said.capture.mime, url=said.page_url, status=int(status))
    return read_saved(spider, Form(form), page, said.query)


def _check_asked(detail: ExhibitDetail, spider: PlatformSpider, redirects: Sequence[Capture]) -> None:
    """Query and page number are rows; the address that was asked and led to the page is in its records."""
    name, query, number = f"证据项 {detail.exhibit.id}", detail.run.query, detail.page_number
    asked, got = detail.requested_url, detail.capture.url
    is_bound = bare(asked) == bare(got) or bool(redirects)
    if detail.capture.how is How.IMPORTED:
        return  # who brought it in said what was asked: it is a claim like the address
    # A page that sends on by itself (meta refresh) leaves no redirect: then both addresses must ask for it.
    if not is_bound and not _asks(asked, query):
        raise EvidenceBroken(f"{name}：数据库中请求的网址到不了固定的网页，不能导出")
    if not any(_asks(url, query) for url in ((asked, got) if is_bound else (got,))):
        raise EvidenceBroken(f"{name}：固定的网址中没有数据库中的查询词“{query}”，不能导出")
    asked_as = {bare(spider.search_url(query, page)): page for page in range(MAX_PAGES, 0, -1)}
    if is_bound and asked_as.get(bare(asked), number) != number and len(set(asked_as.values())) > 1:
        raise EvidenceBroken(f"{name}：所请求的不是第 {number} 页，不能导出")


def _asks(url: str, query: str) -> bool:
    """Whether one of the address's parameters is the query, in either of the encodings that platforms use.

    A query that is an address asks for that page itself.
    """
    if query.startswith(("http://", "https://")):
        return bare(url) == bare(query)
    parts = urlsplit(url).query.replace("+", "%20").split("&")
    values = [unquote_to_bytes(part.partition("=")[2]) for part in parts]
    return any(value.decode(encoding, "replace") == query for value in values for encoding in ("utf-8", "gb18030"))


def bare(url: str) -> str:
    """The address as records have it."""
    return warc.uri(urldefrag(url).url)


def headers_of(archive: FolderArchive, capture: Capture) -> tuple[tuple[str, str], ...]:
    """The response's header lines as they were kept; none for what did not come over the wire."""
    record = warc.read_member(archive.member(capture.file, capture.offset, capture.length))
    return _headers(warc.payload_of(record))


def _headers(payload: warc.Payload) -> tuple[tuple[str, str], ...]:
    lines = payload.head.decode("latin-1").split("\r\n")[1:]
    return tuple((name, value) for name, colon, value in (line.partition(": ") for line in lines) if colon)


def _page(said: Said, body: bytes, headers: tuple[tuple[str, str], ...]) -> Page:
    capture = said.capture
    is_rendered = capture.how is How.BROWSER
    values = {name.lower(): value for name, value in headers}
    return Page(
        url=said.page_url,
        requested_url=said.requested_url,
        body=_decoded(body, headers),
        status=capture.status or 200,
        content_type=capture.mime if is_rendered else values.get("content-type", ""),
        query=said.query,
        rendered=is_rendered,
    )


def _decoded(body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    encodings = [value for name, value in headers if name.lower() == "content-encoding"]
    return unpacked(body, encodings, _settings())


@cache
def _settings() -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    return settings


_WORDS = {
    "kind": "类型",
    "is_ad": "广告标志",
    "position": "位置",
    "title": "标题",
    "text": "正文",
    "url": "网址",
    "display_url": "显示网址",
    "seller": "卖家",
    "seller_id": "卖家编号",
    "item_id": "商品编号",
    "price": "价格",
}
