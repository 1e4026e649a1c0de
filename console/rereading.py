"""Reads a listing again out of its captured bytes: what a row says leaves the house only if the page says it too."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

from scrapy.settings import Settings

from console.files import platform
from crawler.errors import EvidenceBroken, PageTrouble
from crawler.items import Capture, Finding, How, Listing, Page, Reading
from crawler.unpack import unpacked
from storage import warc
from storage.archive import FolderArchive
from storage.models import encodable
from storage.shapes import ExhibitDetail

TOLD = ("kind", "is_ad", "position", "title", "text", "url", "display_url", "seller", "price")


class Rereading:
    """Reads each page once, however many of its listings are asked about."""

    def __init__(self, archive: FolderArchive) -> None:
        self._archive = archive
        self._known: dict[tuple[str, str], Reading] = {}

    def check(self, detail: ExhibitDetail) -> None:
        """`EvidenceBroken` unless page and row agree on the listing, and the row's quotes stand in it."""
        told = detail.exhibit.listing
        seen = self._listing(detail)
        for name in TOLD:
            if getattr(told, name) != getattr(seen, name):
                raise EvidenceBroken(
                    f"证据项 {detail.exhibit.id}：从固定的网页重新读到的{_WORDS[name]}，与数据库中的不同，不能导出"
                )
        for finding in detail.exhibit.findings:
            if not _stands(finding, seen):
                raise EvidenceBroken(f"证据项 {detail.exhibit.id}：引文“{finding.quote}”不在固定的网页上，不能导出")

    def _listing(self, detail: ExhibitDetail) -> Listing:
        listings = self._reading(detail).listings
        position = detail.exhibit.listing.position
        if not 0 < position <= len(listings):
            raise EvidenceBroken(
                f"证据项 {detail.exhibit.id}：从固定的网页重新读不到第 {position} 条信息，不能导出"
            )  # fmt: skip
        seen = listings[position - 1]
        written = {one.name: encodable(getattr(seen, one.name)) for one in fields(seen) if one.name in TOLD}
        return replace(seen, **written)

    def _reading(self, detail: ExhibitDetail) -> Reading:
        platform_name, capture = detail.exhibit.listing.platform, detail.capture
        if (platform_name, capture.id) not in self._known:
            body = self._archive.produce(capture)
            headers = headers_of(self._archive, capture)
            try:
                page = _page(detail, body, headers)
            except PageTrouble as trouble:
                raise EvidenceBroken(f"证据项 {detail.exhibit.id}：固定的网页解不开（{trouble}），不能导出") from None
            self._known[platform_name, capture.id] = platform(platform_name)().read(page)
        return self._known[platform_name, capture.id]


def headers_of(archive: FolderArchive, capture: Capture) -> tuple[tuple[str, str], ...]:
    """The response's header lines as they were kept; none for what did not come over the wire."""
    record = warc.read_member(archive.member(capture.file, capture.offset, capture.length))
    lines = warc.payload_of(record).head.decode("latin-1").split("\r\n")[1:]
    return tuple((name, value) for name, colon, value in (line.partition(": ") for line in lines) if colon)


def _page(detail: ExhibitDetail, body: bytes, headers: tuple[tuple[str, str], ...]) -> Page:
    capture = detail.capture
    is_rendered = capture.how is How.BROWSER
    values = {name.lower(): value for name, value in headers}
    encodings = [value for name, value in headers if name.lower() == "content-encoding"]
    return Page(
        url=detail.page_url,
        requested_url=detail.requested_url,
        body=unpacked(body, encodings, _settings()),
        status=capture.status or 200,
        content_type=capture.mime if is_rendered else values.get("content-type", ""),
        query=detail.run.query,
        rendered=is_rendered,
    )


@cache
def _settings() -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    return settings


def _stands(finding: Finding, seen: Listing) -> bool:
    """What was read in a picture is held by the picture's own digest."""
    if finding.image:
        return True
    text: str = getattr(seen, finding.field)
    return text[finding.start : finding.end].startswith(finding.quote) and bool(finding.quote)


_WORDS = {
    "kind": "类型",
    "is_ad": "广告标志",
    "position": "位置",
    "title": "标题",
    "text": "正文",
    "url": "网址",
    "display_url": "显示网址",
    "seller": "卖家",
    "price": "价格",
}
