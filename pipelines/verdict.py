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
from crawler.items import Exhibits, Outcome, Reading
from pipelines.room import Room
from spiders.base import PlatformSpider


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a run ended."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""


def judged(readings: Sequence[Reading]) -> Judgement:
    """The outcome of a run from its pages, in order."""
    if not readings:
        return Judgement(Outcome.ERROR, "interrupted", "the run ended before any page was recorded")
    for reading in readings:
        if not reading.outcome.is_clean:
            return Judgement(reading.outcome, reading.reason, reading.detail)
    lost = sum(reading.lost for reading in readings)
    if lost:
        return Judgement(Outcome.CHANGED, "lost_listings", f"{lost} listings without a title or a URL")
    if any(reading.outcome is Outcome.OK for reading in readings):
        return Judgement(Outcome.OK)
    return Judgement(Outcome.EMPTY, readings[0].reason, readings[0].detail)


class Verdict:
    """Watches what reaches the record, ends each run when its last page is there, and leaves
    the crawl's exit facts in the stats: `lantian/outcomes/<outcome>`, `lantian/bugs`, `lantian/broken`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        self._readings: dict[str, list[Reading]] = {}
        self._open: set[str] = set()

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
            self._open = set(spider.runs.values())

    def item_scraped(self, item: Exhibits) -> None:
        seen = item.sightings
        self._readings.setdefault(seen.run, []).append(seen.reading)
        if seen.is_last:
            self._end(seen.run, judged(self._readings[seen.run]))

    def item_error(self, failure: Failure) -> None:
        self._count("broken" if isinstance(failure.value, EvidenceBroken) else "bugs")

    def spider_error(self) -> None:
        self._count("bugs")

    async def spider_closed(self) -> None:
        """A run still open here lost a page on the way to the record, or was stopped."""
        for run in sorted(self._open):
            readings = self._readings.get(run, ())
            known = judged(readings)
            detail = known.detail if not readings else f"a page after page {len(readings)} was lost"
            self._end(run, Judgement(Outcome.ERROR, "interrupted", detail))
        await self._room.close()

    def _end(self, run: str, judgement: Judgement) -> None:
        self._open.discard(run)
        self._room.store.finish_run(run, judgement.outcome, judgement.reason, judgement.detail, clock.now())
        self._count(f"outcomes/{judgement.outcome}")
        self._crawler.signals.send_catch_log(run_ended, run=run)

    def _count(self, what: str) -> None:
        if self._crawler.stats:
            self._crawler.stats.inc_value(f"lantian/{what}")


run_ended = object()
"""Signal: `run` has its outcome in the database. For progress shown to a person."""
