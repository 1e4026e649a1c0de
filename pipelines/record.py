"""Writes a page down in one transaction, after its captures are safely on disk; its pictures are queued in the same."""

from __future__ import annotations

import os
from pathlib import Path

from scrapy.crawler import Crawler

from crawler import clock
from crawler.errors import UserMistake
from crawler.items import Exhibits
from detectors.likeness import signature
from pipelines.room import Room
from pipelines.wanted import wanted_pictures
from spiders.base import PlatformSpider
from storage.care_shapes import Likeness
from storage.shapes import PlannedRun


class Record:
    """Archive first, database second, acknowledgement last: a crash in between loses nothing
    that was acknowledged and repeats nothing that was recorded."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._room = Room.of(crawler)
        self._ack = crawler.settings.get("LANTIAN_ACK")
        if self._ack:
            _open(Path(self._ack))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Record:
        return cls(crawler)

    def open_spider(self) -> None:
        spider = self._crawler.spider
        if isinstance(spider, PlatformSpider):
            now = clock.now()
            planned = [
                PlannedRun(id=run, platform=spider.name, query=query, planned_at=now)
                for query, run in spider.runs.items()
            ]
            self._room.store.open_runs(planned, now)

    async def process_item(self, item: Exhibits) -> Exhibits:
        await self._room.written(lambda: self._write(item))
        return item

    def _write(self, exhibits: Exhibits) -> None:
        self._room.archive.sync()
        wanted = wanted_pictures(exhibits) if self._room.config.pictures.read else ()
        likenesses = [
            Likeness(exhibit=one.id, signature=signature(one.listing)) for one in exhibits.exhibits if one.findings
        ]
        self._room.store.record(exhibits, wanted, likenesses)
        if self._ack:
            _acknowledge(Path(self._ack), [exhibit.id for exhibit in exhibits.exhibits])


def _open(path: Path) -> None:
    """The file for acknowledgements is there before anything is to be acknowledged, or the crawl does not begin."""
    try:
        path.open("a", encoding="utf-8").close()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # a new file's name is safe only when its folder is
        finally:
            os.close(folder)
    except OSError as wrong:
        raise UserMistake(f"{path}: 不能在这里写确认文件：{wrong.strerror}") from None


def _acknowledge(path: Path, ids: list[str]) -> None:
    """Append the ids, a line each, and let them reach the disk before anything else happens."""
    if not ids:
        return
    with path.open("a", encoding="utf-8") as ack:
        ack.write("".join(f"{one}\n" for one in ids))
        ack.flush()
        os.fsync(ack.fileno())
