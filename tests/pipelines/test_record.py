"""A page is written down once, and acknowledged only after that is on the disk."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from crawling import HOST, crawled, http, page
from scrapy.crawler import Crawler
from sqlalchemy import func, select

from crawler.commands.crawl import exit_code
from crawler.errors import EXIT_BUG, EXIT_DONE
from crawler.items import Exhibits
from pipelines.record import Record
from storage.models import ExhibitRow, PageRecord


class Twice:
    """Sends every page on to the record a second time, as a crawl that was resumed would."""

    def __init__(self, crawler: Crawler) -> None:
        self.record = Record.from_crawler(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Twice:
        return cls(crawler)

    async def process_item(self, item: Exhibits) -> Exhibits:
        return await self.record.process_item(item)


def test_the_same_page_recorded_twice_counts_once(tmp_path: Path) -> None:
    parts = {"pipelines.tie.Tie": 100, "pipelines.record.Record": 300, Twice: 400}
    found = crawled(tmp_path, {"/s": http(page("a", "b", "a"))}, "/s", ITEM_PIPELINES=parts)
    with found.store.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(ExhibitRow)).scalar_one() == 3
        assert connection.execute(select(func.count()).select_from(PageRecord)).scalar_one() == 1
    assert (found.run(f"{HOST}/s").pages, found.run(f"{HOST}/s").listings) == (1, 3)


class Witness:
    """Looks at the acknowledgements at the moment a page has been recorded."""

    def __init__(self, crawler: Crawler) -> None:
        self.ack, self.config = Path(crawler.settings["LANTIAN_ACK"]), crawler.settings["LANTIAN_CONFIG"]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Witness:
        return cls(crawler)


class Before(Witness):
    def process_item(self, item: Exhibits) -> Exhibits:
        said = self.ack.read_text().split() if self.ack.exists() else []
        assert not {exhibit.id for exhibit in item.exhibits} & set(said)
        return item


class After(Witness):
    def process_item(self, item: Exhibits) -> Exhibits:
        with sqlite3.connect(self.config.database) as other:
            stored = {row[0] for row in other.execute("SELECT public_id FROM exhibits")}
        other.close()
        assert {exhibit.id for exhibit in item.exhibits} <= set(self.ack.read_text().split()) <= stored
        return item


def test_an_exhibit_is_acknowledged_after_it_was_committed(tmp_path: Path) -> None:
    ack = tmp_path / "acknowledged"
    parts = {"pipelines.tie.Tie": 100, Before: 250, "pipelines.record.Record": 300, After: 400}
    answers = {"/1": http(page("a", "b", following="/2")), "/2": http(page("c")), "/none": http(page())}
    found = crawled(tmp_path, answers, "/1", "/none", ITEM_PIPELINES=parts, LANTIAN_ACK=str(ack))
    assert found.verdict(f"{HOST}/1") == ("ok", "")
    assert exit_code(found.stats) == EXIT_DONE
    assert len(ack.read_text().splitlines()) == 3


def test_a_record_that_fails_is_never_acknowledged(tmp_path: Path) -> None:
    class Failing(Record):
        async def process_item(self, item: Exhibits) -> Exhibits:
            return await super().process_item(replace(item, sightings=replace(item.sightings, run="no such run")))

    ack = tmp_path / "acknowledged"
    parts = {"pipelines.tie.Tie": 100, Failing: 300}
    found = crawled(tmp_path, {"/s": http(page("a"))}, "/s", ITEM_PIPELINES=parts, LANTIAN_ACK=str(ack))
    assert ack.read_text() == ""
    assert found.verdict(f"{HOST}/s") == ("error", "lost_page")
    assert exit_code(found.stats) == EXIT_BUG


def test_exhibit_ids_follow_from_capture_place_and_listing(tmp_path: Path) -> None:
    found = crawled(tmp_path, {"/s": http(page("a", "a"))}, "/s")
    with found.store.engine.connect() as connection:
        ids = connection.execute(select(ExhibitRow.public_id)).scalars().all()
    assert len(set(ids)) == 2
    assert all(len(one) == 20 for one in ids)
