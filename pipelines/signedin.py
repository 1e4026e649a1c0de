"""Requests of a platform at which the office is signed in: its cookies go to the platform's hosts, and nowhere else.

A profile that is found signed out is paused at once, and the platform is asked nothing more in this crawl.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request

from crawler import clock
from crawler.errors import LoginRequired
from crawler.items import Outcome
from pipelines.room import Room
from pipelines.verdict import run_ended
from spiders.base import PlatformSpider
from storage.profiles import Profiles

logger = logging.getLogger(__name__)


class SignedIn:
    """Gives each request the cookies of its own address, and takes away those it inherited from another.

    `meta["profile"]` then says which profile; for a page in the browser, that the browser has one.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        self._session = self._room.eyes.session
        self._is_out = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SignedIn:
        signed = cls(crawler)
        crawler.signals.connect(signed.ended, run_ended)
        return signed

    def process_request(self, request: Request) -> None:
        request.headers.pop("Cookie", None)
        request.meta.pop("profile", None)
        session = self._session
        if session is None or request.meta.get("is_robots") or not self._is_its_own(request.url):
            return
        if self._is_out:
            raise LoginRequired("signed_out", f"{session.told} is paused: a person must sign in again")
        cookies = session.header(request.url, clock.now().timestamp())
        if request.meta.get("in_browser"):
            request.meta["profile"] = session.told
        elif cookies:
            request.headers["Cookie"] = cookies
            request.meta["profile"] = session.told

    def _is_its_own(self, url: str) -> bool:
        spider = self._crawler.spider
        return isinstance(spider, PlatformSpider) and urlsplit(url).hostname in spider.hosts

    def ended(self, run: str) -> None:
        """A run that met a login although it went signed in: the account is signed out."""
        if self._session is None or self._is_out:
            return
        ended = self._room.store.run(run)
        if ended.outcome is Outcome.LOGIN:
            self._is_out = True
            profiles = Profiles(self._room.store.engine, self._room.config.home)
            profiles.pause(self._session.number, f"run {run}: {ended.reason}", clock.now())
            logger.warning("%s is signed out and paused", self._session.told)
