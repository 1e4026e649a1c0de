"""The crawl of the pictures that wait to be read, beside the platforms' crawls in the same process.

It goes the way of every page: robots.txt, address guard, pace of the host, and the bytes are kept
before they are read. No platform's crawl waits for it: hosts that are being crawled are left alone
until their crawls are done, and after all are done it has so many seconds more. What is left waits
for the next round.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler import clock
from crawler.errors import PictureRefused
from crawler.items import Capture
from crawler.pictures import Fate, PictureText
from crawler.transport import is_specimen
from detectors.images import MAX_BYTES
from detectors.likeness import signature
from detectors.picture_verdict import judge_picture, picture_entities
from detectors.pictures import engine_name
from detectors.shapes import Shape
from pipelines.judge import packaged_screen
from pipelines.late import LateVisits
from pipelines.ocr import DIED, Desk
from pipelines.room import Room
from spiders.base import PlatformSpider
from spiders.failures import trouble_of
from storage.picture_shapes import PictureEnd, Shown, Waiting

AT_ONCE = 8  # pictures on their way or being read
LOOK_AGAIN = 0.2  # seconds
LOOKING_SHARE = 20  # a long queue is asked so much more seldom than asking takes
GIVEN_UP_AFTER = timedelta(days=30)
LONGEST_DETAIL = 300  # characters
SKIPPED = ("too_small",)  # reasons that mean there was nothing to read

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of one address in this round: a text, or the reason why there is none."""

    text: PictureText | None = None
    reason: str = ""
    detail: str = ""
    capture: Capture | None = None
    sha256: str = ""

    @property
    def fate(self) -> Fate:
        if self.text is not None:
            return Fate.READ
        return Fate.SKIPPED if self.reason in SKIPPED else Fate.FAILED


class PictureCrawl(scrapy.Spider):
    """Works off the queue of pictures. It is no platform: `scrapy list` does not know it."""

    name = "pictures"
    custom_settings = {
        "ITEM_PIPELINES": {},
        "DOWNLOAD_MAXSIZE": MAX_BYTES,
        "METAREFRESH_ENABLED": False,
        "RETRY_ENABLED": False,  # the next page that shows it asks again
        "DEFAULT_REQUEST_HEADERS": {"Accept": "image/webp,image/png,image/jpeg,image/gif;q=0.9,*/*;q=0.5"},
    }

    def __init__(
        self,
        crawls: Sequence[asyncio.Task[None]] = (),
        crawled_hosts: Collection[str] = (),
        shapes: Sequence[Shape] = (),
        platforms: Mapping[str, type[PlatformSpider]] | None = None,
        **kwargs: Any,
    ) -> None:
        """`crawls` are those of the `platforms`, on `crawled_hosts`; `shapes` come from the office."""
        super().__init__(**kwargs)
        self._platforms = platforms or {}
        self._crawls, self._crawled_hosts, self._shapes = crawls, frozenset(crawled_hosts), shapes
        self._going: dict[str, str] = {}  # address to the host it is being loaded from, "" once it came
        self._loaded: dict[str, Loaded] = {}
        self._begun = 0
        self._ends_at = self._looks_at = 0.0
        self._queue: list[Waiting] = []
        self._desk = Desk()
        self._turn = asyncio.Lock()  # bytes that came twice at once are read once
        self._deadly: dict[str, PictureRefused] = {}  # what cost a reader is not given to another

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> PictureCrawl:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider._room = Room.of(crawler)
        spider._late = LateVisits(spider._room, spider._platforms)
        return spider

    _room: Room
    _late: LateVisits

    async def start(self) -> AsyncIterator[Any]:
        now, store = clock.now(), self._room.store
        await self._room.written(lambda: store.expire_pictures(now - GIVEN_UP_AFTER, now))
        while not self._is_late():
            is_end = self._are_done() and not self._going
            if is_end:
                self._looks_at = 0.0
            found = await self._waiting()
            for waiting in found:
                if request := await self._asked(waiting):
                    yield request
            if is_end and not found:
                break
            await asyncio.sleep(LOOK_AGAIN)
        await self._settle_known()
        await self._late.make(lambda: not self.crawler.crawling)

    def closed(self, reason: str) -> None:
        self._desk.close()

    # -- what to load next ---------------------------------------------------------------------

    def _are_done(self) -> bool:
        return all(crawl.done() for crawl in self._crawls)

    def _is_late(self) -> bool:
        """Whether the seconds that were left after the crawls have passed."""
        if not self._are_done():
            return False
        now = asyncio.get_running_loop().time()
        self._ends_at = self._ends_at or now + self._room.config.pictures.seconds
        return now >= self._ends_at

    def _is_over(self) -> bool:
        """Whether what comes now is left to the next round: it is late, or the crawl is being stopped."""
        return self._is_late() or not self.crawler.crawling

    async def _waiting(self) -> list[Waiting]:
        """Addresses whose turn it is: one a host, none of a host that is being crawled."""
        free = min(self._room.config.pictures.per_round - self._begun, AT_ONCE - len(self._going))
        if free <= 0:
            return []
        await self._look()
        busy = set(self._going.values()) | (set() if self._are_done() else self._crawled_hosts)
        chosen: dict[str, Waiting] = {}
        for waiting in self._queue:
            host = urlsplit(waiting.url).hostname or ""
            if host not in busy and not self._is_known(waiting.url):
                chosen.setdefault(host, waiting)
        return list(chosen.values())[:free]

    def _is_known(self, url: str) -> bool:
        return url in self._going or url in self._loaded

    async def _look(self) -> None:
        """Ask the database again, unless that was just done or would take a large part of the time."""
        now = asyncio.get_running_loop().time()
        if now < self._looks_at:
            return
        known, left = {*self._going, *self._loaded}, self._room.config.pictures.per_round - self._begun
        self._queue = list(await self._room.written(lambda: self._room.store.waiting(left, besides=known)))
        after = asyncio.get_running_loop().time()
        self._looks_at = after + LOOKING_SHARE * (after - now)

    async def _asked(self, waiting: Waiting) -> Request | None:
        """The request for a picture. Pictures of invented pages are never asked of real hosts."""
        self._begun += 1
        if waiting.is_specimen and not is_specimen(waiting.url, self._room.config.hosts):
            await self._settle(waiting.url, Loaded(reason="outside_specimen"))
            return None
        try:
            request = Request(waiting.url, callback=self.arrived, errback=self.failed, dont_filter=True)
        except ValueError as wrong:
            await self._settle(waiting.url, Loaded(reason="bad_address", detail=str(wrong)))
            return None
        timeout = min(self._room.config.crawl.timeout, max(1.0, self._room.config.pictures.seconds))
        request.meta.update(picture=waiting.url, run="", requested_url=waiting.url, download_timeout=timeout)
        self._going[waiting.url] = urlsplit(waiting.url).hostname or ""
        return request

    # -- what came ------------------------------------------------------------------------------

    async def arrived(self, response: Response) -> None:
        """Scrapy's callback: read what was kept, unless it came too late for this round."""
        url = response.meta["picture"]
        self._going[url] = ""  # the host is free for its next picture
        try:
            if not self._is_over():
                await self._settle(url, await self._opened(response))
        finally:
            del self._going[url]

    async def failed(self, failure: Failure) -> None:
        """Scrapy's errback: no picture came, and the reason is kept."""
        url = failure.request.meta["picture"]  # type: ignore[attr-defined]
        trouble = trouble_of(failure.value)
        try:
            if not self._is_over():
                await self._settle(url, Loaded(reason=trouble.reason, detail=trouble.detail))
        finally:
            del self._going[url]

    async def _opened(self, response: Response) -> Loaded:
        capture: Capture = response.meta["capture"]
        sha256 = hashlib.sha256(response.body).hexdigest()
        if response.status >= 400:
            return Loaded(reason=f"http_{response.status}", capture=capture)
        if "dataloss" in response.flags:
            return Loaded(reason="truncated", detail="the connection broke off", capture=capture)
        try:
            return Loaded(text=await self._read(response.body, sha256), capture=capture, sha256=sha256)
        except PictureRefused as refused:
            return Loaded(reason=refused.reason, detail=refused.detail, capture=capture, sha256=sha256)

    async def _read(self, body: bytes, sha256: str) -> PictureText:
        """From memory when these bytes were read before; the same picture stands in fifty listings."""
        store, engine = self._room.store, engine_name()
        async with self._turn:
            if sha256 in self._deadly:
                raise self._deadly[sha256]
            known = await self._room.written(lambda: store.picture_text(sha256, engine))
            if known is not None:
                return known
            try:
                text = await self._desk.read(body)
            except PictureRefused as refused:
                if refused.reason == DIED:
                    self._deadly[sha256] = refused
                raise
            await self._room.written(lambda: store.keep_picture_text(sha256, engine, text, clock.now()))
            return text

    # -- what it comes to ------------------------------------------------------------------------

    async def _settle(self, url: str, loaded: Loaded) -> None:
        """End this picture in every exhibit that waits for it: the archive first, then one transaction."""
        self._loaded[url] = loaded
        store, ends = self._room.store, []
        for shown in await self._room.written(lambda: store.shown(url)):
            ends.append(self._end(shown, loaded))
            await asyncio.sleep(0)  # judging fifty listings in one go would keep the crawls waiting
        if loaded.capture:
            self._room.archive.sync()
        await self._room.written(lambda: store.end_pictures(ends))
        self._late.ask(ends)
        if self.crawler.stats:
            self.crawler.stats.inc_value(f"lantian/pictures/{loaded.fate}")

    def _end(self, shown: Shown, loaded: Loaded) -> PictureEnd:
        end = PictureEnd(
            row=shown.row,
            fate=loaded.fate,
            at=clock.now(),
            reason=loaded.reason,
            detail=loaded.detail[:LONGEST_DETAIL],
            capture=loaded.capture,
            sha256=loaded.sha256,
        )
        if loaded.text is None:
            return end
        screen = packaged_screen(self._room.registry)
        findings = judge_picture(screen, shown.listing, loaded.text, loaded.sha256, self._shapes)
        if not findings:
            return end
        entities = picture_entities(screen, shown.listing, loaded.text)
        if not shown.is_flagged:
            entities += screen.entities(shown.listing)
        return replace(end, findings=findings, entities=entities, signature=signature(shown.listing))

    async def _settle_known(self) -> None:
        """Pages recorded later may show a picture that was loaded before."""
        store = self._room.store
        for url in await self._room.written(lambda: store.still_waiting(list(self._loaded))):
            await self._settle(url, self._loaded[url])
