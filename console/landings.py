"""The advertisers' own pages of a round: opened when its platforms are done, a bounded number, each with an outcome.

It opens what a result page itself names, never a paid or redirecting link, and no real host for an invented page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from tldextract import TLDExtract

from console.files import platforms
from crawler import clock
from crawler.addresses import is_inside
from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE
from pipelines.verdict import run_ended
from spiders.counters import is_counter
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.landings import PLATFORM, Landings
from storage.shapes import PlannedRun


class LandingsAfter:
    """The crawl of landing pages that begins when the last of these crawls closes."""

    def __init__(
        self,
        reactor: AsyncCrawlerProcess,
        crawls: Collection[Crawler],
        runs: Sequence[str],
        tell: Callable[[str], None],
    ) -> None:
        """`runs` are those whose exhibits are looked through; `tell` hears of every opening that ends."""
        self._reactor, self._runs, self._tell = reactor, runs, tell
        self._open = set(crawls)
        self._crawler: Crawler | None = None
        for crawler in crawls:
            crawler.signals.connect(self._closed, signals.spider_closed)

    def _closed(self, spider: Spider) -> None:
        self._open.discard(spider.crawler)
        # A crawl that is being stopped has let go of its flag: what is stopped begins nothing new.
        if self._open or self._crawler is not None or not spider.crawler.crawling:
            return
        if runs := self._planned():
            self._crawler = self._reactor.create_crawler(PLATFORM)
            self._crawler.signals.connect(self._tell, run_ended, weak=False)
            self._reactor.crawl(self._crawler, runs={run.query: run.id for run in runs}, pages=1)

    def _planned(self) -> Sequence[PlannedRun]:
        config: Config = self._reactor.settings["LANTIAN_CONFIG"]
        if not config.crawl.landings or not self._runs:
            return ()
        store = ExhibitStore(open_database(config.database))
        try:
            round_id = store.run(self._runs[0]).round
            wanted = partial(_is_wanted, config)
            landings = Landings(store.engine, config.patrol.lease)
            return landings.plan(round_id, self._runs, wanted, config.crawl.landings, clock.now())
        finally:
            store.engine.dispose()

    def exit_code(self) -> int:
        """A page that could not be seen is no fault of the round's; bugs of ours and broken evidence are."""
        stats: Mapping[str, object] = self._crawler.stats.get_stats() if self._crawler and self._crawler.stats else {}
        if stats.get("lantian/broken"):
            return EXIT_EVIDENCE
        return EXIT_BUG if stats.get("lantian/bugs") else EXIT_DONE


def _is_wanted(config: Config, url: str, is_specimen: bool) -> bool:
    """Not a page of a platform's own, and for an invented page only a host that LANTIAN_HOSTS names."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or is_counter(url) or is_inside(url, config.hosts):
        return False
    if _domain(host) in _own_domains():
        return False
    return not is_specimen or host in config.hosts


def _domain(host: str) -> str:
    """What one owner registered, the whole host where that cannot be told: a platform's other hosts are its own too."""
    return _suffixes()(host).top_domain_under_public_suffix or host


@cache
def _suffixes() -> TLDExtract:
    """By the list that the library brings along: it asks nobody and keeps nothing."""
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def _own_domains() -> set[str]:
    return {_domain(host) for spider in platforms().values() if spider.answers_words for host in spider.hosts}
