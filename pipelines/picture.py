"""A picture of the page on which something was flagged, taken at once: sellers take pages down.

It opens the page on which the listing stood, never the advertiser's paid link. A picture that
fails never loses the capture; the exhibit then has none and says so.
"""

from __future__ import annotations

import logging

from scrapy.crawler import Crawler

from crawler.items import Exhibits
from pipelines.browser import BrowserTrouble
from pipelines.room import Room

logger = logging.getLogger(__name__)


class Picture:
    """One picture a page, shared by all exhibits of that page."""

    def __init__(self, crawler: Crawler) -> None:
        self._room = Room.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Picture:
        return cls(crawler)

    async def process_item(self, item: Exhibits) -> Exhibits:
        if not any(exhibit.findings for exhibit in item.exhibits) or not self._room.browser.takes_pictures:
            return item
        try:
            self._room.archive.keep_snapshot(await self._room.browser.picture(item.sightings.url))
        except (BrowserTrouble, OSError) as trouble:
            logger.warning("no picture of %s: %s", item.sightings.url, trouble)
            return item
        return item
