"""Planned runs, crawled in this process: one Scrapy crawl a platform, one outcome a run, their pictures beside them.

It plans nothing and seals nothing: a round and the crawl of a claim do that, each in its own way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from console.files import platform
from console.landings import LandingsAfter
from console.output import say
from console.picture_words import office_shapes
from console.pictures import PicturesBeside, say_pictures
from console.showings import say_showings
from crawler.commands.crawl import exit_code
from crawler.config import Config
from crawler.errors import EXIT_BUG, EXIT_NOT_CLEAN, UserMistake, graver
from crawler.logs import CRAWLS, log_to
from crawler.watches import Device
from pipelines.judge import packaged_screen
from pipelines.sessions import opened_session
from pipelines.verdict import run_ended
from storage.exhibits import ExhibitStore
from storage.landings import PLATFORM as LANDING
from storage.registry import StoredRegistry
from storage.shapes import PlannedRun, RunRow

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How runs are asked: so many `pages` deep, on which device, and from where.

    `city` stands in the platforms' addresses; `exit` names the `[[place]]` through which requests go out. With
    `visits_all` the browser takes every page home, whatever was found on it.
    """

    pages: int
    device: Device = Device.DESKTOP
    city: str = ""
    exit: str = ""
    ack: Path | None = None
    visits_all: bool = False


def known_rules(config: Config) -> list[tuple[str, str]]:
    """The rules that are judged by; the crawls take the very same screen."""
    return [(rule.id, rule.digest) for rule in packaged_screen(StoredRegistry.current(config.database)).rules]


def crawl_runs(
    config: Config, store: ExhibitStore, plan: Sequence[PlannedRun], manner: Manner, tell: Callable[[RunRow], None]
) -> int:
    """Ask every run and call `tell` as each ends; returns the exit code. Once a process: the reactor runs once.

    A platform is asked each query once.
    """
    _say_closed_profiles(config, plan)
    shapes = office_shapes(config)
    log_to(config, CRAWLS)

    def ended(run: str) -> None:
        row = store.run(run)
        log_end(logger, row)
        tell(row)

    reactor = AsyncCrawlerProcess(_settings(config, manner))
    crawlers = _begun(reactor, plan, manner, ended)
    pictures = PicturesBeside(reactor, crawlers if config.pictures.read else {}, shapes)
    searched = [run.id for run in plan if run.platform != LANDING]
    landings = LandingsAfter(reactor, crawlers, searched, ended)
    with pictures:
        reactor.start()
    return graver(_exit(reactor, list(crawlers)), pictures.exit_code(), landings.exit_code())


def _say_closed_profiles(config: Config, plan: Sequence[PlannedRun]) -> None:
    """A login that cannot be used is said before anything is asked: the platforms will want one."""
    for name in dict.fromkeys(run.platform for run in plan):
        try:
            opened_session(config, name)
        except UserMistake as wrong:
            say(f"{wrong}；这一次不带登录状态")


def log_end(log: logging.Logger, row: RunRow) -> None:
    """A run's end in a log: its query stays in the ledger, where those who may see it find it by the run."""
    told = {"run": row.id, "platform": row.platform, "outcome": row.outcome, "reason": row.reason}
    log.info("run %s on %s: %s %s", row.id, row.platform, row.outcome, row.reason, extra=told)


def say_seen(store: ExhibitStore, plan: Sequence[PlannedRun]) -> None:
    """What the pages' and the listings' pictures of these runs came to."""
    runs = [run.id for run in plan]
    say_showings(store.showing_counts(runs))
    say_pictures(store, runs)


def _begun(
    reactor: AsyncCrawlerProcess, plan: Sequence[PlannedRun], manner: Manner, ended: Callable[[str], None]
) -> dict[Crawler, asyncio.Task[None]]:
    """One crawl a platform; each asks its own queries."""
    crawlers = {}
    for name in dict.fromkeys(run.platform for run in plan):
        runs = {run.query: run.id for run in plan if run.platform == name}
        crawler = reactor.create_crawler(name)
        crawler.signals.connect(ended, run_ended, weak=False)
        devices = platform(name).devices  # a round asks for no device; claims for one that is not there end before
        device = manner.device if manner.device in devices else devices[0]
        told = {"runs": runs, "pages": manner.pages, "place": manner.city, "device": device}
        crawlers[crawler] = reactor.crawl(crawler, **told)
    return crawlers


def _settings(config: Config, manner: Manner) -> Settings:
    # Not get_project_settings(): it looks for scrapy.cfg where the person happens to stand.
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("LANTIAN_CONFIG", config, priority="cmdline")
    settings.set("LANTIAN_IN_ROUND", value=True, priority="cmdline")
    settings.set("LANTIAN_PLACE", manner.exit, priority="cmdline")
    settings.set("LANTIAN_DEVICE", manner.device.value, priority="cmdline")
    settings.set("LANTIAN_VISIT_ALL", manner.visits_all, priority="cmdline")
    settings.set("LOG_INSTALL_ROOT_HANDLER", value=False, priority="cmdline")  # `log_to` has put ours there
    if manner.ack is not None:
        settings.set("LANTIAN_ACK", str(manner.ack.absolute()), priority="cmdline")
    return settings


def _exit(reactor: AsyncCrawlerProcess, crawlers: Sequence[Crawler]) -> int:
    stats = [(crawler, crawler.stats.get_stats() if crawler.stats else {}) for crawler in crawlers]
    # One that a second signal tore down has no outcomes and no reason to finish: that is no bug of ours.
    torn = [crawler for crawler, told in stats if "finish_reason" not in told and "start_time" in told]
    codes = {EXIT_NOT_CLEAN if crawler in torn else exit_code(told) for crawler, told in stats}
    if reactor.bootstrap_failed:
        codes.add(EXIT_BUG)
    return graver(*codes)
