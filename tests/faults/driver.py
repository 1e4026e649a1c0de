"""A round without a web: invented pages go through the real archive, record, acknowledgement and seal.

Run as a program by the fault tests, so that it can be killed, starved of disk and traced. It begins as
a round does, with recovery and the sweep, and says on its last line what it could not do.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from dataclasses import replace
from pathlib import Path

from scrapy.crawler import Crawler
from scrapy.settings import Settings
from sqlalchemy.exc import DatabaseError
from storage_specimens import exchange, finding, listing

from crawler import clock
from crawler import settings as project
from crawler.config import Config
from crawler.errors import LantianError
from crawler.items import Exhibits, Outcome, Reading, Sightings
from pipelines.record import Record
from pipelines.room import TOOL, Room
from pipelines.tie import Tie
from spiders.taobao import Taobao
from storage.recovery import recover
from storage.seal import Sealer
from storage.shapes import PlannedRun

TROUBLES = (OSError, DatabaseError, LantianError)
SEAL_EVERY = 3  # pages
LISTINGS = 4  # a page, the first of them flagged


def body_of(url: str) -> bytes:
    """The page that stands at an address: anyone can tell whether it is whole."""
    return f"<html><title>{url}</title>".encode() + url.encode() * 40


class Round:
    """One run of so many pages in a home."""

    def __init__(self, home: Path, ack: Path) -> None:
        settings = Settings()
        settings.setmodule(project, priority="project")
        settings.set("LANTIAN_CONFIG", Config(home=home), priority="cmdline")
        settings.set("LANTIAN_ACK", str(ack), priority="cmdline")
        crawler = Crawler(Taobao, settings)
        self.room = Room.of(crawler)
        self.record = Record.from_crawler(crawler)
        self.run = uuid.uuid4().hex
        self.query = f"包授权 {self.run}"
        self.troubles: list[str] = []

    def tried(self, step: object, *given: object) -> object:
        """What the step returns; what it could not do is noted, as a round notes it."""
        try:
            return step(*given)
        except TROUBLES as wrong:
            self.troubles.append(f"{getattr(step, '__name__', step)}: {type(wrong).__name__}: {wrong}"[:200])
            return ""

    def begin(self) -> None:
        now, store = clock.now(), self.room.store
        recover(self.room.config.archive)
        store.sweep(now)
        planned = [PlannedRun(id=self.run, platform="taobao", query=self.query, planned_at=now)]
        store.plan(store.begin_round(now, TOOL, "faults"), planned)
        store.open_runs(planned, now)

    def seal(self) -> None:
        self.room.archive.sync()
        Sealer(self.room.config.archive, self.room.store.engine, tool=TOOL, demand="sealed").seal("", clock.now())

    def page(self, number: int) -> None:
        url = f"https://s.taobao.example/{self.run}/{number}"
        capture = self.room.archive.keep(replace(exchange(body_of(url)), url=url, fetched_at=clock.now()))
        listings = tuple(replace(listing(f"{one}"), position=one) for one in range(1, LISTINGS + 1))
        seen = Sightings(
            run=self.run,
            platform="taobao",
            query=self.query,
            page_number=number,
            requested_url=url,
            url=url,
            seen_at=clock.now(),
            reading=Reading(outcome=Outcome.OK, listings=listings),
            capture=capture,
        )
        tied = Tie().process_item(seen)
        first, *others = tied.exhibits
        judged = Exhibits(sightings=seen, exhibits=(replace(first, findings=(finding(),)), *others))
        self.record._write(judged)

    def whole(self, pages: int) -> None:
        self.begin()
        for number in range(1, pages + 1):
            self.tried(self.page, number)
            if number % SEAL_EVERY == 0:
                self.tried(self.seal)
        self.tried(self.room.store.finish_run, self.run, Outcome.OK, "", "", clock.now())
        self.tried(self.seal)
        self.tried(asyncio.run, self.room.close())


def main(home: str, ack: str, pages: str) -> int:
    """0 all went well, 3 some page or seal was refused, 1 it could not even begin."""
    try:
        work = Round(Path(home), Path(ack))
        work.whole(int(pages))
    except TROUBLES as wrong:
        print(f"could not begin: {type(wrong).__name__}: {wrong}"[:200])
        return 1
    print("\n".join(work.troubles) or "well")
    return 3 if work.troubles else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
