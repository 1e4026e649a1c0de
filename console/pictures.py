"""The pictures of a round: the crawl that works off their queue beside the others, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from console.files import platform
from console.homelocks import only_pictures
from console.picture_words import say_counts
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE
from detectors.shapes import Shape
from pipelines.pictures import PictureCrawl
from storage.exhibits import ExhibitStore


class PicturesBeside:
    """The crawl of pictures beside those of the platforms. It begins when the first page is written down or the
    first crawl has ended, and ends by itself some time after the last. One process has it, of all.
    """

    def __init__(
        self, reactor: AsyncCrawlerProcess, crawls: Mapping[Crawler, asyncio.Task[None]], shapes: Sequence[Shape]
    ) -> None:
        self._reactor, self._crawls, self._shapes = reactor, crawls, shapes
        self._crawler: Crawler | None = None
        self._queue = ExitStack()
        for crawler in crawls:
            crawler.signals.connect(self._begin, signals.item_scraped)
            crawler.signals.connect(self._begin, signals.spider_closed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.close()

    def _begin(self, spider: Spider) -> None:
        # A crawl that is being stopped has let go of its flag: what is stopped begins nothing new.
        if self._crawler is not None or not spider.crawler.crawling:
            return
        if not self._queue.enter_context(only_pictures(spider.settings["LANTIAN_CONFIG"])):
            return  # asked again at the next page
        hosts = {host for one in self._crawls for host in platform(one.spidercls.name).hosts}
        self._crawler = self._reactor.create_crawler(PictureCrawl)
        crawls = list(self._crawls.values())
        known = {name: platform(name) for name in (one.spidercls.name for one in self._crawls)}
        self._reactor.crawl(self._crawler, crawls=crawls, crawled_hosts=hosts, shapes=self._shapes, platforms=known)

    def exit_code(self) -> int:
        """Pictures that cannot be read are no fault of a round's; bugs of ours and broken evidence are."""
        stats = self._crawler.stats.get_stats() if self._crawler and self._crawler.stats else {}
        if stats.get("lantian/broken"):
            return EXIT_EVIDENCE
        return EXIT_BUG if stats.get("lantian/bugs") else EXIT_DONE


def say_pictures(store: ExhibitStore, runs: Sequence[str]) -> None:
    """One line over the pictures of these runs, none when they had none."""
    say_counts(store.picture_counts(runs), store.pictures_waiting())
