"""What a crawl judges by: this version's rules, and the registry its home goes by when it begins."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from crawling import Probe, config_of
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawler.agencies import Agency
from crawler.config import Config
from pipelines.judge import Judge, packaged_screen
from pipelines.room import Room
from storage.db import open_database
from storage.registers.store import Provenance, Registries

LIST = "类型,机构名称,机构代码,状态\n专利代理机构,{name},99001,在业\n"


def crawler(config: Config) -> Crawler:
    return Crawler(Probe, Settings({"LANTIAN_CONFIG": config}))


def imported(config: Config, folder: Path, name: str) -> None:
    path = folder / "registry.csv"
    path.write_text(LIST.format(name=name), encoding="utf-8")
    engine = open_database(config.database)
    Registries(engine).load(path, Provenance(at=datetime(2026, 11, 20, tzinfo=UTC)))
    engine.dispose()


def found(room: Room, name: str) -> Agency | None:
    return room.registry.find(name) if room.registry else None


def test_a_home_without_a_list_is_judged_without_one(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    assert Room(config).registry is None
    assert isinstance(Judge.from_crawler(crawler(config)), Judge)


def test_a_crawl_goes_by_the_list_its_home_had_when_it_began(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    imported(config, tmp_path, "星河知识产权代理有限公司")
    first = Room(config)
    assert found(first, "星河知识产权代理有限公司")
    imported(config, tmp_path, "远山专利代理事务所")
    assert not found(first, "远山专利代理事务所"), "a list that comes during a crawl changes nothing in it"
    assert found(Room(config), "远山专利代理事务所")
    assert not found(Room(config), "星河知识产权代理有限公司")


def test_crawls_of_one_list_share_their_rules_and_another_list_has_others(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    imported(config, tmp_path, "星河知识产权代理有限公司")
    screen = packaged_screen(Room(config).registry)
    assert packaged_screen(Room(config).registry) is screen
    assert Judge.from_crawler(crawler(config))._screen is screen
    imported(config, tmp_path, "远山专利代理事务所")
    assert packaged_screen(Room(config).registry) is not screen
    assert packaged_screen() is not screen
