"""What every platform's spider shares: it asks each query, pages on, and refuses to be silent.

A spider's file says where to look and how to read; this file turns whatever happens, good
or bad, into exactly one `Reading` a page. It never logs in, never solves a captcha and never
opens a paid or redirecting link.
"""

from __future__ import annotations

import re
import uuid
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler import clock
from crawler.errors import PageBlocked, PageBroken, PageChanged, PageGone, PageTrouble, Unreachable, UserMistake
from crawler.items import Capture, Outcome, Page, Reading, Sightings
from crawler.watches import Device
from spiders.counters import is_counter, refusal_of, refuse_counter
from spiders.failures import trouble_of
from spiders.reading import Document
from spiders.walls import Wall

MAX_PAGES = 50


class PlatformSpider(scrapy.Spider):
    """One platform. Subclasses give the class attributes, `search_url` and `read_document`.

    `label` is the platform's Chinese name. `hosts` are the host names whose pages it follows.
    `page_size` is the number of listings on a full page, for the rot alarms. `evidence` says
    per feature on what the reading rests: "captured <when>" or "code only". `ad_labels` are the words
    by which the platform marks an advertisement to its visitors; on a search engine's page an
    advertisement is one only together with its label and the query. `devices` are those whose pages it can ask for
    and read, `cities` the places that stand in its addresses, by their Chinese names. `answers_words` is false
    where only addresses can be asked. `owns_page` says that a page is one listing as a whole.
    """

    label: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]
    page_size: ClassVar[int]
    walls: ClassVar[tuple[Wall, ...]] = ()
    evidence: ClassVar[dict[str, str]]
    ad_labels: ClassVar[tuple[str, ...]] = ("广告",)
    is_search_engine: ClassVar[bool] = False
    answers_words: ClassVar[bool] = True
    owns_page: ClassVar[bool] = False
    devices: ClassVar[tuple[Device, ...]] = (Device.DESKTOP,)
    cities: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init__(
        self,
        queries: str = "",
        pages: str | int = 1,
        runs: dict[str, str] | None = None,
        place: str = "",
        device: str = "",
        **kwargs: Any,
    ) -> None:
        """`queries` are separated by commas, addresses by commas before the next; `runs` gives each query its run id.

        Without `runs` the ids are new; without `device` it is the platform's own first one.
        """
        super().__init__(**kwargs)
        device = device or self.devices[0]
        if device not in self.devices:
            raise UserMistake(f"{self.name} knows no {device} pages")
        if place and place not in self.cities:
            raise UserMistake(f"{self.name} has no addresses for {place!r}")
        self.place, self.device = place, Device(device)
        comma = "[,，](?=\\s*https?://)" if queries.lstrip().startswith(("http://", "https://")) else "[,，]"
        asked = [query.strip() for query in re.split(comma, queries) if query.strip()]
        if not str(pages).isdecimal() or not 1 <= int(pages) <= MAX_PAGES:
            raise UserMistake(f"pages must be a whole number from 1 to {MAX_PAGES}, not {pages!r}")
        self.pages = int(pages)
        self.runs = runs or {query: uuid.uuid4().hex for query in asked}

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """A platform that has no page for the crawl's device is visited with its own."""
        super().update_settings(settings)
        if settings.get("LANTIAN_DEVICE") not in cls.devices:
            settings.set("LANTIAN_DEVICE", cls.devices[0].value, priority="cmdline")

    # -- where to look ---------------------------------------------------------------------

    @abstractmethod
    def search_url(self, query: str, page_number: int) -> str:
        """The address of a page of results; pages count from 1."""

    @abstractmethod
    def read_document(self, document: Document) -> Reading:
        """The listings of a sane document. Pure: same document, same reading.

        Raises `PageTrouble` where the page is known not to be what was asked for, or where
        its structure is a surprise.
        """

    # -- how to read -----------------------------------------------------------------------

    def read(self, page: Page) -> Reading:
        """Exactly one reading for any bytes whatever. Pure, and never raises for the page's sake."""
        try:
            return self._understand(page)
        except PageTrouble as trouble:
            return Reading(outcome=trouble.outcome, reason=trouble.reason, detail=trouble.detail)

    def _understand(self, page: Page) -> Reading:
        document = self._opened(page)
        cause: PageTrouble = PageChanged("no_marker", "nothing we know of stands on this page")
        lost = 0
        try:
            reading = self.read_document(document)
            if reading.listings or reading.outcome is Outcome.EMPTY:
                return _if_whole(document, reading)
            lost = reading.lost
        except PageTrouble as trouble:
            cause = trouble
        if lost:
            cause = PageChanged("all_lost", f"{lost} listings without a title or a URL")
        self._explain(document, cause)
        return Reading(outcome=cause.outcome, reason=cause.reason, detail=cause.detail, lost=lost)

    def _opened(self, page: Page) -> Document:
        try:
            return Document(page)
        except PageBroken:
            _refuse_status(page.status)
            raise

    def _explain(self, document: Document, cause: PageTrouble) -> None:
        """Nothing was read: raise for the most telling reason why, if there is one."""
        for wall in self.walls:
            if wall.stands_in(document):
                raise wall.trouble(wall.reason, f"{wall.within}: {' … '.join(wall.marks)}")
        if isinstance(cause, PageChanged):
            _refuse_status(document.page.status)
            if document.is_json:
                _ = document.json  # raises when it breaks off
            if document.is_truncated:
                raise _broken_off(document)

    # -- the round -------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        for query in self.runs:
            try:
                url = self.first_url(query)
            except UserMistake:
                if not is_counter(query):
                    raise
                yield self._closed(query)
            else:
                yield self._request(url, query, 1, frozenset())

    def first_url(self, query: str) -> str:
        """Where a run begins: a query that is an address is that page itself. `UserMistake` for one of a counter."""
        url = query if query.startswith(("http://", "https://")) else self.search_url(query, 1)
        refuse_counter(url)
        return url

    def _closed(self, query: str) -> Sightings:
        """A run that was planned with a counter's address ends with that; the others go on."""
        trouble, request = refusal_of(query), self._request(query, query, 1, frozenset())
        reading = Reading(outcome=trouble.outcome, reason=trouble.reason, detail=trouble.detail)
        return self._sightings(reading, query, request=request, is_last=True)

    def _request(
        self, url: str, query: str, page_number: int, seen: frozenset[str], *, in_browser: bool = False
    ) -> Request:
        return Request(
            url,
            callback=self.parse,
            errback=self.failed,
            dont_filter=True,
            cb_kwargs={"query": query, "page_number": page_number, "seen": seen},
            meta={"run": self.runs[query], "requested_url": url, "in_browser": in_browser},
        )

    def parse(
        self, response: Response, query: str, page_number: int, seen: frozenset[str]
    ) -> Iterator[Sightings | Request]:
        """Scrapy's callback: the page's sightings, then the next page if there is more to see."""
        meta = response.meta
        page = Page(
            url=response.url,
            body=response.body,
            status=response.status,
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
            requested_url=meta["requested_url"],
            query=query,
            rendered=meta["in_browser"],
        )
        reading = self.read(page)
        if "dataloss" in response.flags:
            reading = replace(reading, outcome=Outcome.ERROR, reason="truncated", detail="the connection broke off")
        if reading.reason == "needs_browser" and not page.rendered:
            again = self._request(page.requested_url, query, page_number, seen, in_browser=True)
            again.meta["capture"] = meta.get("capture")  # without a browser this is what there is
            yield again
            return
        keys = frozenset(listing.key for listing in reading.listings)
        following = reading.next_url if self._has_more(reading, page_number, keys - seen) else None
        yield self._sightings(reading, response.url, request=response.request, is_last=following is None)
        if following:
            yield self._request(following, query, page_number + 1, seen | keys)

    def failed(self, failure: Failure) -> Iterator[Sightings]:
        """Scrapy's errback: no page came, which is an outcome too."""
        request: Request = failure.request  # type: ignore[attr-defined]
        trouble = self._known_wall(request) or trouble_of(failure.value)
        reading = Reading(outcome=trouble.outcome, reason=trouble.reason, detail=trouble.detail)
        yield self._sightings(reading, request.url, request=request, is_last=True)

    def _known_wall(self, request: Request) -> PageTrouble | None:
        """A redirect that led to a wall's own address says more than what stopped us there."""
        if not request.meta.get("redirect_urls"):
            return None
        standing = (wall for wall in self.walls if wall.within == "url")
        return next(
            (wall.trouble(wall.reason, request.url) for wall in standing if wall.is_written_in(request.url)), None
        )

    def _has_more(self, reading: Reading, page_number: int, unseen: frozenset[str]) -> bool:
        """Platforms answer a page past the end with the last one again: nothing new ends a run."""
        following = reading.next_url or ""
        is_ours = urlsplit(following).hostname in self.hosts and not is_counter(following)
        return reading.outcome is Outcome.OK and page_number < self.pages and bool(unseen) and is_ours

    def _sightings(self, reading: Reading, url: str, *, request: Request | None, is_last: bool) -> Sightings:
        if request is None:
            raise ValueError("a response without its request")
        meta, told = request.meta, request.cb_kwargs
        capture: Capture | None = meta.get("capture")
        return Sightings(
            run=meta["run"],
            platform=self.name,
            query=told["query"],
            page_number=told["page_number"],
            requested_url=meta["requested_url"],
            url=url,
            seen_at=capture.taken_at if capture else clock.now(),
            reading=reading,
            capture=capture,
            is_last=is_last,
            override=meta.get("override", ""),
        )


def _if_whole(document: Document, reading: Reading) -> Reading:
    """What was read of a document that breaks off stays, but the page does not count as seen."""
    if not document.is_truncated:
        return reading
    trouble = _broken_off(document)
    return replace(reading, outcome=trouble.outcome, reason=trouble.reason, detail=trouble.detail)


def _broken_off(document: Document) -> PageBroken:
    return PageBroken("truncated", f"ends after {len(document.page.body)} bytes without an end tag")


def _refuse_status(status: int) -> None:
    """What a server's own status says about a page on which nothing could be read."""
    if status in (404, 410):
        raise PageGone(f"http_{status}")
    if status >= 500:
        raise Unreachable(f"http_{status}")
    if status >= 400:
        raise PageBlocked(f"http_{status}")
