"""Did this run see what it should have seen? Every run ends in exactly one outcome.

Blocked is never clean: one page that could not be read decides the run, and listings that
were lost between page and record fail it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from crawler import clock
from crawler.errors import EvidenceBroken
from crawler.items import Exhibits, Outcome, Reading, Sightings
from pipelines.room import Room
from spiders.base import PlatformSpider


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a run ended."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""


def judged(readings: Sequence[Reading]) -> Judgement:
    """The outcome of a run from its pages, in order; there is at least one."""
    for reading in readings:
        if not reading.outcome.is_clean:
            return Judgement(reading.outcome, reading.reason, reading.detail)
    lost = sum(reading.lost for reading in readings)
    if lost:
        return Judgement(Outcome.CHANGED, "lost_listings", f"{lost} listings without a title or a URL")
    if any(reading.outcome is Outcome.OK for reading in readings):
        return Judgement(Outcome.OK)
    return Judgement(Outcome.EMPTY, readings[0].reason, readings[0].detail)


class Watch:
    """What is known of one run while it goes on."""

    def __init__(self) -> None:
        self.readings: dict[int, Reading] = {}
        self.lost: dict[int, str] = {}
        self.last = 0

    @property
    def is_whole(self) -> bool:
        """Pages arrive as their pictures get ready, so the last page need not be the last to arrive."""
        return bool(self.last) and len(self.readings) + len(self.lost) >= self.last

    def judgement(self) -> Judgement:
        for number, why in sorted(self.lost.items()):
            return Judgement(Outcome.ERROR, "lost_page", f"page {number}: {why}")
        if not self.is_whole:
            return Judgement(Outcome.ERROR, "interrupted", f"stopped after {len(self.readings)} recorded pages")
        return judged([self.readings[number] for number in sorted(self.readings)])


class Verdict:
    """Watches what reaches the record, ends each run when its last page is there, and leaves
    the crawl's exit facts in the stats: `lantian/outcomes/<outcome>`, `lantian/bugs`, `lantian/broken`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        self._open: dict[str, Watch] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Verdict:
        verdict = cls(crawler)
        connect = crawler.signals.connect
        connect(verdict.spider_opened, signals.spider_opened)
        connect(verdict.item_scraped, signals.item_scraped)
        connect(verdict.item_error, signals.item_error)
        connect(verdict.spider_error, signals.spider_error)
        connect(verdict.spider_closed, signals.spider_closed)
        return verdict

    def spider_opened(self, spider: Spider) -> None:
        if isinstance(spider, PlatformSpider):
            self._open = {run: Watch() for run in spider.runs.values()}

    async def item_scraped(self, item: Exhibits) -> None:
        self._open[item.sightings.run].readings[item.sightings.page_number] = item.sightings.reading
        await self._arrived(item.sightings)

    async def item_error(self, item: Sightings, failure: Failure) -> None:
        wrong = failure.value
        self._count("broken" if isinstance(wrong, EvidenceBroken) else "bugs")
        self._open[item.run].lost[item.page_number] = f"{type(wrong).__name__}: {wrong}"
        await self._arrived(item)

    def spider_error(self) -> None:
        self._count("bugs")

    async def spider_closed(self) -> None:
        """A run still open here lost a page before the record, or was stopped."""
        try:
            for run in sorted(self._open):
                await self._end(run)
        finally:
            if self._open:
                self._count("bugs")
            await self._close_room()

    async def _close_room(self) -> None:
        try:
            await self._room.close()
        except OSError:
            # Scrapy only logs what a signal's receiver raises; the exit code must not forget it.
            self._count("bugs")
            raise

    async def _arrived(self, sightings: Sightings) -> None:
        watch = self._open[sightings.run]
        if sightings.is_last:
            watch.last = sightings.page_number
        if watch.is_whole:
            await self._end(sightings.run)

    async def _end(self, run: str) -> None:
        end, now = self._open[run].judgement(), clock.now()
        finish = self._room.store.finish_run
        await self._room.written(lambda: finish(run, end.outcome, end.reason, end.detail, now))
        # Only what the database confirmed counts: a run that stays open here is a bug of ours.
        del self._open[run]
        self._count(f"outcomes/{end.outcome}")
        self._crawler.signals.send_catch_log(run_ended, run=run)

    def _count(self, what: str) -> None:
        if self._crawler.stats:
            self._crawler.stats.inc_value(f"lantian/{what}")


run_ended = object()
"""Signal: `run` has its outcome in the database. For progress shown to a person."""
