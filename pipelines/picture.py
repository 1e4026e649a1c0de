"""Visits the page on which something was flagged, at once: sellers take pages down.

It opens the page on which the listing stood; the advertiser's paid link is another matter
(`pipelines.paid`). A visit that fails never loses the capture; the exhibit then says why it has no picture.
A re-check (LANTIAN_VISIT_ALL) visits what was flagged and what is gone alike.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from scrapy.crawler import Crawler

from crawler import clock
from crawler.items import Exhibit, Exhibits, Outcome
from pipelines.bring import NotBrought, bring
from pipelines.due import is_due
from pipelines.locating import Wanted
from pipelines.paid import PaidLinks
from pipelines.room import Room
from pipelines.shown import failed, showings, sought
from spiders.base import PlatformSpider
from storage.holds import Holds

logger = logging.getLogger(__name__)

SEEN = (Outcome.OK, Outcome.EMPTY, Outcome.GONE)


class Picture:
    """One visit a page, and for each flagged exhibit on it what its picture is worth."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        self._paid = PaidLinks(self._room)
        self._visits_all = crawler.settings.getbool("LANTIAN_VISIT_ALL")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Picture:
        return cls(crawler)

    async def process_item(self, item: Exhibits) -> Exhibits:
        flagged = [one for one in item.exhibits if one.findings]
        settings = self._room.config.browser
        shows_all = self._shows_all(item)
        if not settings.pictures or not (flagged or shows_all):
            return item
        is_due = shows_all or await self._is_due(flagged)
        exhibits = await self._visited(item) if is_due else item
        if not settings.paid_links:
            return exhibits
        return replace(exhibits, openings=await self._paid.opened(flagged, item.sightings.run))

    def _shows_all(self, seen: Exhibits) -> bool:
        """A re-check shows what it found, and that there is nothing more; a wall shows neither."""
        return self._visits_all and seen.sightings.reading.outcome in SEEN

    async def _is_due(self, flagged: Sequence[Exhibit]) -> bool:
        """Asked in the thread that records, so that whatever was recorded before is known."""
        keys, store, now = [one.listing.key for one in flagged], self._room.store, clock.now()
        return await self._room.written(
            lambda: is_due(flagged, store.last_pictures(keys), Holds(store.engine).on_hold(keys), now)
        )

    async def _visited(self, exhibits: Exhibits) -> Exhibits:
        spider, seen = self._crawler.spider, exhibits.sightings
        if not isinstance(spider, PlatformSpider):
            raise TypeError(f"{spider!r} reads no pages")
        wanted = Wanted(sought=sought(exhibits.exhibits), query=seen.query, labels=spider.ad_labels)
        try:
            visit, capture = await bring(self._room, seen.url, wanted, seen.override)
        except NotBrought as trouble:
            logger.warning("no picture of %s: %s", seen.url, trouble)
            return replace(exhibits, showings=failed(exhibits.exhibits, trouble.reason, str(trouble)))
        return replace(exhibits, visit=capture, showings=showings(exhibits.exhibits, visit, spider, seen.query))
