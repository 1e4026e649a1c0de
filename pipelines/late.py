"""Visits the pages on which something was found in a listing's picture only, when the pictures have been read.

It asks the same as `pipelines.picture` does at once, and makes no more visits in a round than it says. What it does
not get to is written down with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from crawler import clock
from crawler.captures import BrowserCapture, Showing
from crawler.errors import PageTrouble
from pipelines.bring import NotBrought, bring
from pipelines.due import is_due
from pipelines.locating import Wanted
from pipelines.permission import permission
from pipelines.room import Room
from pipelines.shown import failed, showings, sought
from spiders.base import PlatformSpider
from storage.holds import Holds
from storage.picture_shapes import PictureEnd
from storage.showing_shapes import FlaggedPage

logger = logging.getLogger(__name__)

PAGES = 40  # visits in one round


class LateVisits:
    """The visits that a round's pictures ask for. `platforms` are those whose pages can be read, by name."""

    def __init__(self, room: Room, platforms: Mapping[str, type[PlatformSpider]]) -> None:
        self._room, self._platforms = room, platforms
        self._rows: list[int] = []

    def ask(self, ends: Sequence[PictureEnd]) -> None:
        """Remember what was found in these pictures."""
        self._rows += [end.row for end in ends if end.findings]

    async def make(self, is_over: Callable[[], bool]) -> None:
        """Visit what was asked for, while it is not over."""
        if not self._room.config.browser.pictures or not self._rows:
            return
        store, left = self._room.store, PAGES
        for page in await self._room.written(lambda: store.pages_of_pictures(self._rows)):
            if page.platform not in self._platforms or not await self._is_due(page):
                continue
            if is_over():
                await self._leave(page, "round_over", "the round ended before this page's turn")
            elif not left:
                await self._leave(page, "too_many", f"{PAGES} pages were visited in this round")
            else:
                left -= 1
                await self._visit(page, self._platforms[page.platform]())

    async def _is_due(self, page: FlaggedPage) -> bool:
        keys, store, now = [one.listing.key for one in page.unshown], self._room.store, clock.now()
        return await self._room.written(
            lambda: is_due(page.unshown, store.last_pictures(keys), Holds(store.engine).on_hold(keys), now)
        )

    async def _visit(self, page: FlaggedPage, spider: PlatformSpider) -> None:
        wanted = Wanted(sought=sought(page.exhibits), query=page.query, labels=spider.ad_labels)
        try:
            here = self._room.eyes.place
            allowed = await permission(self._room.config, self._room.store, page.platform, page.url, here)
            visit, capture = await bring(self._room, page.url, wanted, allowed.override)
            found = showings(page.exhibits, visit, spider, page.query)
        except (NotBrought, PageTrouble) as trouble:
            await self._leave(page, trouble.reason, str(trouble))
        else:
            await self._write(page, capture, found)

    async def _leave(self, page: FlaggedPage, reason: str, detail: str) -> None:
        """No visit came about: the exhibits say why. They are asked for again when they are seen again."""
        logger.warning("no picture of %s: %s", page.url, detail)
        await self._write(page, None, failed(page.exhibits, reason, detail))

    async def _write(self, page: FlaggedPage, capture: BrowserCapture | None, found: Sequence[Showing]) -> None:
        new = [one for one in found if one.exhibit not in page.shown]
        self._room.archive.sync()
        await self._room.written(lambda: self._room.store.add_showings(page, capture, new))
