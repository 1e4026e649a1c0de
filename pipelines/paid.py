"""Opens a flagged advertisement's own link, where the office has switched that on: once in thirty days, and counted.

Every opening costs the advertiser money, so none is a matter of routine. What the redirecting host's
robots.txt forbids is not opened, whoever signed for the platform.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from crawler import clock
from crawler.captures import PaidOpening
from crawler.errors import PageBlocked
from crawler.items import Exhibit
from crawler.pace import turn
from crawler.politeness import survey
from pipelines.bring import NotBrought, bring
from pipelines.room import Room

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(days=30)


class PaidLinks:
    """The paid links of one crawl's pages."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def opened(self, flagged: Iterable[Exhibit], run: str) -> tuple[PaidOpening, ...]:
        """Open the links of the advertisements among these exhibits that are due; how each ended."""
        paid = {one.listing.key: one.listing.url for one in flagged if one.listing.is_ad and one.listing.is_redirect}
        openings = [await self._opened(key, url, run) for key, url in paid.items()]
        return tuple(one for one in openings if one.number)

    async def _opened(self, key: str, url: str, run: str) -> PaidOpening:
        """Number 0 where the link was opened lately."""
        store, now = self._room.store, clock.now()
        number = await self._room.written(lambda: store.begin_opening(key, run, now, now - AGAIN_AFTER))
        if not number:
            return PaidOpening(number=0, outcome="")
        try:
            if not await self._is_allowed(url):
                return PaidOpening(number=number, outcome="disallowed")
            _, capture = await bring(self._room, url)
        except (NotBrought, PageBlocked) as trouble:
            logger.warning("the paid link %s was not opened: %s", url, trouble)
            return PaidOpening(number=number, outcome=trouble.reason)
        return PaidOpening(number=number, outcome="opened", visit=capture)

    async def _is_allowed(self, url: str) -> bool:
        """A robots.txt that cannot be had allows nothing here."""
        await turn(urlsplit(url).hostname or "", self._room.config.crawl.delay, self._room.turns)
        said = await survey(self._room.config, {"": url}, self._room.eyes.place)
        refusal = said.get("", "robots.txt could not be read")
        if refusal:
            logger.info("the paid link %s stays closed: %s", url, refusal)
        return not refusal
