"""Seals while a crawl goes on and when it is over, so that what was kept soon stands in the chain.

It never makes a page wait, and loses none: a seal that fails is said, the captures are safe, the next seal takes them.
"""

from __future__ import annotations

import asyncio
import logging
from weakref import WeakValueDictionary

from scrapy import signals
from scrapy.crawler import Crawler
from sqlalchemy.exc import OperationalError

from crawler import clock
from crawler.config import TOOL
from crawler.errors import EvidenceBroken
from detectors.rule import rules_digest
from pipelines.room import Room
from storage.db import open_database
from storage.handover import is_worker
from storage.seal import Sealer

logger = logging.getLogger(__name__)


class Tally:
    """The responses kept since the last seal, of all crawls of this process that share a home."""

    def __init__(self) -> None:
        self.kept = 0


_tallies: WeakValueDictionary[str, Tally] = WeakValueDictionary()


class Sealing:
    """Every `[seal] every` responses a manifest is written in the room's writer thread; a crawl that no round
    began (LANTIAN_IN_ROUND) seals once more when its archive is closed.

    Exit facts in the stats: `lantian/broken` when evidence does not come back, `lantian/unsealed` when the disk
    refused the last seal.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        home = str(self._room.config.home)
        self._tally = _tallies.setdefault(home, Tally())
        self._running: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Sealing:
        sealing = cls(crawler)
        if is_worker(sealing._room.config.home):
            return sealing  # the chain is another machine's
        crawler.signals.connect(sealing.response_received, signals.response_received)
        crawler.signals.connect(sealing.spider_closed, signals.spider_closed)
        crawler.signals.connect(sealing.engine_stopped, signals.engine_stopped)
        return sealing

    def response_received(self) -> None:
        self._tally.kept += 1
        if self._tally.kept >= self._room.config.seal.every and self._running is None:
            self._tally.kept = 0
            self._running = asyncio.ensure_future(self._seal_meanwhile())

    async def _seal_meanwhile(self) -> None:
        """In the room's writer thread: pages are read meanwhile, and their records wait for the same disk."""
        await self._room.written(lambda: self._seal(is_last=False))
        self._running = None

    async def spider_closed(self) -> None:
        """The room's writer thread closes with the crawl: nothing is left in it."""
        if self._running is not None:
            await self._running

    async def engine_stopped(self) -> None:
        """The room is closed, so every file has its final name."""
        if not self._crawler.settings.getbool("LANTIAN_IN_ROUND"):
            await asyncio.get_running_loop().run_in_executor(None, lambda: self._seal(is_last=True))

    def _seal(self, *, is_last: bool) -> None:
        """What fails here is in the stats: Scrapy only logs what a signal's receiver raises."""
        failure = "bugs"
        try:
            failure = self._sealed(waits=is_last)
        except EvidenceBroken:
            logger.exception("not sealed, evidence is broken")
            failure = "broken"
        except (OSError, OperationalError) as wrong:
            logger.warning("not sealed: %s", wrong)
            # The last seal takes what this one could not.
            failure = "unsealed" if is_last else ""
        finally:
            if failure and self._crawler.stats:
                self._crawler.stats.inc_value(f"lantian/{failure}")

    def _sealed(self, *, waits: bool) -> str:
        """Seal; returns what to count, nothing when all is well. On the way nobody waits for another who seals."""
        config = self._room.config
        engine = open_database(config.database)
        try:
            sealer = Sealer(config.archive, engine, tool=TOOL, demand=config.demand)
            sealed = sealer.seal(rules_digest(), clock.now(), waits=waits)
        finally:
            engine.dispose()
        logger.info("sealed %d records, manifest %06d %s", sealed.leaves, sealed.number, sealed.sha256)
        for trouble in sealed.troubles:
            logger.error("sealing: %s", trouble)
        return "broken" if sealed.troubles else ""
