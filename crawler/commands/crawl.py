"""`scrapy crawl`, with an exit code that tells the truth.

Scrapy's own exits 0 when every item was lost. Ours: 0 done · 1 our bug · 2 usage · 3 a run
was not ok/empty · 4 evidence broken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler

from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE, EXIT_NOT_CLEAN, EXIT_USAGE, UserMistake

CLEAN = ("lantian/outcomes/ok", "lantian/outcomes/empty")


def exit_code(stats: Mapping[str, Any]) -> int:
    """What a finished crawl's stats come to."""
    outcomes = {name for name in stats if name.startswith("lantian/outcomes/")}
    if stats.get("lantian/broken"):
        return EXIT_EVIDENCE
    if stats.get("lantian/bugs") or not outcomes:
        return EXIT_BUG
    return EXIT_DONE if outcomes <= set(CLEAN) else EXIT_NOT_CLEAN


class Command(ScrapyCrawl):
    """Run one platform's spider: `scrapy crawl baidu -a queries=专利包授权,发明人挂名 -a pages=3`."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self._check(args, opts)
        except UserMistake as mistake:
            print(f"scrapy crawl: {mistake}", file=sys.stderr)
            self.exitcode = EXIT_USAGE
            return
        if self.crawler_process is None:
            raise RuntimeError("scrapy gave the command no process")
        crawler: Crawler = self._create_crawler(args[0])
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        failed = self.crawler_process.bootstrap_failed or crawler.stats is None
        self.exitcode = EXIT_BUG if failed else exit_code(crawler.stats.get_stats())

    def _check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Everything a person can get wrong, before anything is started."""
        if len(args) != 1:
            raise UserMistake("name one spider; `scrapy list` shows them")
        Config.load()
        loader = self.crawler_process.spider_loader if self.crawler_process else None
        if loader is None or args[0] not in loader.list():
            raise UserMistake(f"no spider named {args[0]!r}; `scrapy list` shows them")
        spider = loader.load(args[0])(**opts.spargs)
        if not getattr(spider, "runs", None):
            raise UserMistake("nothing to ask: give -a queries=专利包授权,发明人挂名")
