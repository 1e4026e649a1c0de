"""Puts what the installation decides (home, rate, host map) into Scrapy's settings at start."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler.config import Config
from crawler.discretion import error_name
from crawler.watches import Device

LONGEST_DELAY = 60.0  # seconds between two requests to a host, however slow it is


class Installation:
    """A Scrapy add-on. `-s` on the command line wins over what the home's lantian.toml says."""

    def update_settings(self, settings: BaseSettings) -> None:
        config: Config = settings.get("LANTIAN_CONFIG") or Config.load()
        settings.set("LANTIAN_CONFIG", config, priority="addon")
        config.place(settings.get("LANTIAN_PLACE", ""))  # a name the office does not have is refused before anything
        device = Device(settings.get("LANTIAN_DEVICE") or Device.DESKTOP)
        settings.set("USER_AGENT", config.user_agent(device), priority="addon")
        settings.set("DOWNLOAD_DELAY", config.crawl.delay, priority="addon")
        # A delay of 0 is for servers of our own: what they can bear is not to be found out by waiting.
        settings.set("AUTOTHROTTLE_ENABLED", config.crawl.throttle and config.crawl.delay > 0, priority="addon")
        settings.set("AUTOTHROTTLE_START_DELAY", config.crawl.delay, priority="addon")
        settings.set("AUTOTHROTTLE_MAX_DELAY", max(LONGEST_DELAY, config.crawl.delay), priority="addon")
        settings.set("DOWNLOAD_TIMEOUT", config.crawl.timeout, priority="addon")
        settings.set("RETRY_TIMES", config.crawl.retries, priority="addon")
        # Scrapy builds a log record per item at DEBUG even where nobody reads it.
        logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])
        logging.getLogger("alembic").setLevel(logging.WARNING)


class QuietItems(LogFormatter):
    """Log lines about a page's item name the page; they never print listings or contacts, nor what an error quotes."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        # None is Scrapy's documented way to say nothing; its annotation forgot it.
        return None  # type: ignore[return-value]

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return {
            "level": logging.ERROR,
            "msg": "%(spider)s: page lost between reading and recording: %(what)s",
            "args": {"spider": spider.name, "what": error_name(exception)},
        }
