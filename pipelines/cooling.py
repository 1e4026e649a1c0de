"""A host that refused us is left alone for a while, by everyone who shares the database.

The first refusal makes us slower, the second in a row ends our asking. Queries whose turn falls into that time
end as blocked, by name, without a request: nobody tries his way round a wall.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler import clock
from crawler.items import Exhibits, Outcome
from pipelines.restraint import REASON
from pipelines.room import Room
from storage.turns import CoolDowns

logger = logging.getLogger(__name__)

PATIENCE = 2  # refusals in a row after which a host is left alone
SLOWER = 5.0  # times the usual delay after the first
LONGEST = timedelta(days=1)


class Cooling:
    """Downloader middleware that hears how every page of a crawl was read, and says which host is to be left alone.

    `[crawl] cooldown` seconds the first time, twice as long each time the host refuses again soon after; 0 switches
    it off, and a delay of 0, which is for servers of our own. A `Retry-After` that comes with 429 is obeyed at once.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._room = Room.of(crawler)
        self._refusals: dict[str, int] = {}
        settings = self._room.config.crawl
        self._cooldown = timedelta(seconds=settings.cooldown if settings.delay > 0 else 0)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Cooling:
        cooling = cls(crawler)
        crawler.signals.connect(cooling.item_scraped, signals.item_scraped)
        return cooling

    def process_response(self, request: Request, response: Response) -> Response:
        if self._cooldown and response.status == 429:
            told = (response.headers.get("Retry-After") or b"").decode("latin-1")
            if wait := asked_for(told, clock.now()):
                self._cool(_host(request.url), wait, "HTTP 429, Retry-After")
        return response

    def item_scraped(self, item: Exhibits) -> None:
        """One page was read and recorded: refused, or not."""
        seen = item.sightings
        host = _host(seen.requested_url)
        if not self._cooldown or seen.reading.reason == REASON:
            return
        if seen.reading.outcome is not Outcome.BLOCKED:
            self._refusals.pop(host, None)
            return
        self._refusals[host] = self._refusals.get(host, 0) + 1
        if self._refusals[host] < PATIENCE:
            self._room.turns.rest(host, self._room.config.crawl.delay * SLOWER)
        elif not CoolDowns(self._room.store.engine).cooling(host, clock.now()):  # else it was on its way already
            self._cool(host, self._how_long(host), f"{seen.reading.reason} {seen.reading.detail}"[:200].strip())

    def _how_long(self, host: str) -> timedelta:
        """Twice as long as the last time, if that has not been over for longer than it lasted."""
        last, now = CoolDowns(self._room.store.engine).last(host), clock.now()
        if last is None or last.since > now or now - last.until > last.until - last.since:
            return self._cooldown
        return max(2 * (last.until - last.since), self._cooldown)

    def _cool(self, host: str, wait: timedelta, reason: str) -> None:
        now = clock.now()
        until = now + min(wait, LONGEST)
        logger.warning("%s refused us (%s): left alone until %s", host, reason, until.isoformat(timespec="seconds"))
        CoolDowns(self._room.store.engine).cool(host, until, reason, now)


def asked_for(retry_after: str, now: datetime) -> timedelta:
    """What a `Retry-After` asks for, in either of its forms (RFC 9110 §10.2.3); nothing for what is neither."""
    if retry_after.strip().isascii() and retry_after.strip().isdecimal():
        return min(timedelta(seconds=min(int(retry_after[:10]), 10**6)), LONGEST)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta()
    return max(moment - now, timedelta()) if moment.tzinfo else timedelta()


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")
