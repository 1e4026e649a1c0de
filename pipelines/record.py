"""Writes a page down in one transaction, after its captures are safely on disk."""

from __future__ import annotations

import os
from pathlib import Path

from scrapy.crawler import Crawler

from crawler import clock
from crawler.items import Exhibits
from pipelines.room import Room
from spiders.base import PlatformSpider
from storage.shapes import PlannedRun


class Record:
    """Archive first, database second, acknowledgement last: a crash in between loses nothing
    that was acknowledged and repeats nothing that was recorded."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        self._ack = crawler.settings.get("LANTIAN_ACK")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Record:
        return cls(crawler)

    def open_spider(self) -> None:
        spider = self._crawler.spider
        if isinstance(spider, PlatformSpider):
            for query, run in spider.runs.items():
                planned = PlannedRun(id=run, platform=spider.name, query=query, planned_at=clock.now())
                self._room.store.ensure_run(planned)
                self._room.store.start_run(run, clock.now())

    def process_item(self, item: Exhibits) -> Exhibits:
        self._room.archive.sync()
        self._room.store.record(item)
        if self._ack:
            _acknowledge(Path(self._ack), [exhibit.id for exhibit in item.exhibits])
        return item


def _acknowledge(path: Path, ids: list[str]) -> None:
    """Append the ids, a line each, and let them reach the disk before anything else happens."""
    if not ids:
        return
    is_new = not path.exists()
    with path.open("a", encoding="utf-8") as ack:
        ack.write("".join(f"{one}\n" for one in ids))
        ack.flush()
        os.fsync(ack.fileno())
    if is_new:
        _reach_disk(path.parent)


def _reach_disk(folder: Path) -> None:
    """A new file's name is safe only when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
