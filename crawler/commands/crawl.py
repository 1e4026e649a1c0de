"""`scrapy crawl`, with an exit code that tells the truth.

Scrapy's own exits 0 when every item was lost. Ours: 0 done · 1 our bug · 2 usage, or not sealed · 3 a run
was not ok/empty · 4 evidence broken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

from scrapy import Spider
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader

from crawler.config import Config
from crawler.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_EVIDENCE,
    EXIT_NOT_CLEAN,
    EXIT_USAGE,
    EvidenceBroken,
    UserMistake,
)

NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
CLEAN = ("lantian/outcomes/ok", "lantian/outcomes/empty")


def exit_code(stats: Mapping[str, Any]) -> int:
    """What a finished crawl's stats come to."""
    outcomes = {name for name in stats if name.startswith("lantian/outcomes/")}
    if stats.get("lantian/broken"):
        return EXIT_EVIDENCE
    if stats.get("lantian/bugs") or not outcomes:
        return EXIT_BUG
    if stats.get("lantian/unsealed"):
        return EXIT_USAGE
    return EXIT_DONE if outcomes <= set(CLEAN) else EXIT_NOT_CLEAN


class Command(ScrapyCrawl):
    """Run one platform's spider: `scrapy crawl baidu -a queries=专利包授权,发明人挂名 -a pages=3`."""

    requires_crawler_process = False  # a mistake is answered before Scrapy sets itself up and says so

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self._check(args, opts)
            self.exitcode = self._crawled(args[0], opts)
        except UserMistake as mistake:
            print(f"scrapy crawl: {mistake}", file=sys.stderr)
            self.exitcode = EXIT_USAGE
        except EvidenceBroken as broken:
            print(f"scrapy crawl: {broken}", file=sys.stderr)
            self.exitcode = EXIT_EVIDENCE

    def _crawled(self, name: str, opts: argparse.Namespace) -> int:
        """Run the crawl to its end. Raises what kept it from beginning."""
        reactor = AsyncCrawlerProcess(self._settings())
        crawler = reactor.create_crawler(name)
        crawl = reactor.crawl(crawler, **opts.spargs)
        reactor.start()
        if not crawl.done() or crawl.cancelled():
            return EXIT_NOT_CLEAN  # a signal ended it before its runs could end
        if wrong := crawl.exception():
            raise wrong
        return exit_code(crawler.stats.get_stats() if crawler.stats else {})

    def _settings(self) -> Settings:
        if self.settings is None:
            raise RuntimeError("scrapy gave the command no settings")
        return self.settings

    def _check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Everything a person can get wrong, before anything is started."""
        if len(args) != 1:
            raise UserMistake("name one spider; `scrapy list` shows them")
        Config.load()
        loader = get_spider_loader(self._settings())
        if args[0] not in loader.list():
            raise UserMistake(f"no spider named {args[0]!r}; `scrapy list` shows them")
        spider = loader.load(args[0])
        known = options(spider)
        unknown = sorted(opts.spargs.keys() - known)
        if unknown:
            raise UserMistake(f"{args[0]} knows no -a {unknown[0]}; it knows {', '.join(sorted(known))}")
        if not getattr(spider(**opts.spargs), "runs", None):
            raise UserMistake("nothing to ask: give -a queries=专利包授权,发明人挂名")


def options(spider: type[Spider]) -> set[str]:
    """What `-a` may say to this spider: the named arguments of its classes, but for those of programs."""
    makers = [vars(one)["__init__"] for one in spider.__mro__ if "__init__" in vars(one) and one is not object]
    named = {name for maker in makers for name, one in signature(maker).parameters.items() if one.kind in NAMED}
    return named - {"self", "name", "runs"}
