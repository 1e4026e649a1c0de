"""Every exhibit meets every rule; findings and entities travel on with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Self

from scrapy.crawler import Crawler

from crawler.items import Exhibit, Exhibits
from detectors.screen import Screen, load_screen
from pipelines.room import Room
from storage.registry import StoredRegistry


@cache
def packaged_screen(registry: StoredRegistry | None = None) -> Screen:
    """The rules that came with this version; loading them costs a second, so once a process and registry."""
    return load_screen(registry)


class Judge:
    """Exhibits without findings to exhibits with them."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """By the rules of this version and the registry that the home goes by when the crawl begins."""
        return cls(packaged_screen(Room.of(crawler).registry))

    def process_item(self, item: Exhibits) -> Exhibits:
        return replace(item, exhibits=tuple(self._judged(exhibit) for exhibit in item.exhibits))

    def _judged(self, exhibit: Exhibit) -> Exhibit:
        findings = self._screen.judge(exhibit.listing)
        if not findings:
            return exhibit
        return replace(exhibit, findings=findings, entities=self._screen.entities(exhibit.listing))
