"""What the parts of one crawl share: opened once, closed last, and the browser shared by a whole process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crawling import Probe, config_of
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawler.config import Config
from pipelines.room import Room


def crawler(config: Config) -> Crawler:
    return Crawler(Probe, Settings({"LANTIAN_CONFIG": config}))


def test_a_crawl_has_one_room_and_another_crawl_another(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    one, two = crawler(config), crawler(config)
    assert Room.of(one) is Room.of(one)
    assert Room.of(one) is not Room.of(two)
    assert Room.of(one).archive is Room.of(one).archive


def test_the_browser_stays_until_its_last_user_leaves(tmp_path: Path) -> None:
    async def lives() -> None:
        first, second, other = (
            Room(config_of(tmp_path / "a")),
            Room(config_of(tmp_path / "a")),
            Room(config_of(tmp_path)),
        )
        browser = first.browser
        assert second.browser is browser
        assert other.browser is not browser
        await first.close()
        assert second.browser is browser
        assert Room(config_of(tmp_path / "a")).browser is browser
        await second.close()
        await other.close()

    asyncio.run(lives())


def test_a_room_that_was_never_used_makes_nothing(tmp_path: Path) -> None:
    asyncio.run(Room(Config(home=tmp_path / "home")).close())
    assert not (tmp_path / "home").exists()
