"""The archive, the ledger and the browser that the parts of one crawl share, opened once and closed last."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from crawler import clock
from crawler.config import TOOL, Config
from crawler.exits import HERE, Eyes
from crawler.watches import Device
from pipelines.browser import Browser
from pipelines.restraint import Restrained
from pipelines.sessions import session_for
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.handover import announce, is_worker, open_elsewhere
from storage.registry import StoredRegistry
from storage.turns import CoolDowns, StoredTurns

T = TypeVar("T")

_rooms: WeakKeyDictionary[Crawler, Room] = WeakKeyDictionary()
_browsers: dict[tuple[str, Eyes], tuple[Browser, set[Room]]] = {}


class Room:
    """What one crawl keeps in and writes to. Parts are opened when first needed."""

    def __init__(self, config: Config, eyes: Eyes = HERE) -> None:
        self.config = config
        self.eyes = eyes

    @classmethod
    def of(cls, crawler: Crawler) -> Room:
        """The room of this crawl."""
        if crawler not in _rooms:
            config: Config = crawler.settings["LANTIAN_CONFIG"]
            place = config.place(crawler.settings.get("LANTIAN_PLACE", ""))
            device = Device(crawler.settings.get("LANTIAN_DEVICE") or Device.DESKTOP)
            session = session_for(config, str(crawler.spidercls.name))
            _rooms[crawler] = cls(config, Eyes(place=place, device=device, session=session))
        return _rooms[crawler]

    @cached_property
    def archive(self) -> FolderArchive:
        there = open_elsewhere(self.config)
        if is_worker(self.config.home):
            return FolderArchive(self.config.archive, tool=TOOL, elsewhere=there, begins=self._announce)
        return FolderArchive(self.config.archive, tool=TOOL, elsewhere=there)

    def _announce(self, file: str) -> None:
        announce(self.store.engine, file, socket.gethostname(), clock.now())

    @cached_property
    def store(self) -> ExhibitStore:
        return ExhibitStore(open_database(self.config.database))

    @cached_property
    def turns(self) -> Restrained:
        """The turns on hosts, with everybody who shares the database."""
        return Restrained(StoredTurns(self.config.home, self.store.engine), CoolDowns(self.store.engine))

    @cached_property
    def registry(self) -> StoredRegistry | None:
        """The registry as it is when first asked for: one crawl goes by one version."""
        self.store  # noqa: B018 - opens the database, which brings it to this code's schema
        return StoredRegistry.current(self.config.database)

    @cached_property
    def browser(self) -> Browser:
        """One Chromium for all crawls of this process that share a home and its eyes: it is the costly part."""
        key = (str(self.config.home), self.eyes)
        browser, users = _browsers.setdefault(key, (Browser(self.config, self.turns, self.eyes), set()))
        users.add(self)
        return browser

    @cached_property
    def _writer(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")

    async def written(self, write: Callable[[], T]) -> T:
        """What `write` returns, done in the one thread of this room that waits for the disk.

        One thread keeps the order; meanwhile the next page is read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writer, write)

    async def close(self) -> None:
        """Close whatever was opened; the archive's file gets its final name here."""
        try:
            if "_writer" in self.__dict__:
                self._writer.shutdown()
            if "archive" in self.__dict__:
                self.archive.close()
        finally:
            if "store" in self.__dict__:
                self.store.engine.dispose()
            if "turns" in self.__dict__:
                self.turns.close()
            if "browser" in self.__dict__:
                await self._leave_browser()

    async def _leave_browser(self) -> None:
        key = (str(self.config.home), self.eyes)
        _, users = _browsers[key]
        users.discard(self)
        if not users:
            del _browsers[key]
            await self.browser.close()


def signed_overrides(crawler: Crawler) -> dict[str, str]:
    """Which signature opens which platform, in words that go into the record of every request it lets out.

    Records leave the house in packages, so they have the number of its row: no name, and no reason.
    """
    return {one.platform: f"override {one.number}" for one in Room.of(crawler).store.overrides()}


def turns(crawler: Crawler) -> Restrained:
    """The ledger by which this crawl keeps its distance on every host."""
    return Room.of(crawler).turns
