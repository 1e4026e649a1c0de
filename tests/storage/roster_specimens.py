"""An invented watch, its slots, and a roster on a new database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from crawler.watches import Slot, Watch, WatchQuery
from storage.roster import Roster
from storage.roster_shapes import Claimed, Entry, Settled, Snapshot, Wanted
from storage.rounds import Rounds
from storage.watches import Watches

NINE = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)  # nine in the morning of a Monday in Shanghai
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE, TRIES = 600.0, 2
SNAPSHOT = Snapshot(tool="lantian/test", settings='{"pages":3}', words="pages=3 delay=3")
WATCH = Watch(
    name="日常巡查",
    platforms=("sogou", "baidu"),
    queries=(WatchQuery(words="专利包过"), WatchQuery(words="代写专利")),
    schedule="0 9 * * *",
    grace=60,
)


@dataclass
class Office:
    """An office with one watch: what it does at a moment, in few words."""

    engine: Engine
    watch: Watch = WATCH

    def __post_init__(self) -> None:
        self.watches, self.roster, self.rounds = Watches(self.engine), Roster(self.engine), Rounds(self.engine)
        self.watch_id = self.watches.add(self.watch, "张三（虚构）", NINE - HOUR)

    def slots(self, at: datetime = NINE, version: int = 1, grace: int = 60) -> list[Slot]:
        """What the watch plans at a moment, in its own order."""
        one = Slot(
            watch_id=self.watch_id,
            version=version,
            platform="",
            query="",
            planned_at=at,
            latest=at + grace * MINUTE,
        )
        pairs = [(platform, query.words) for platform in self.watch.platforms for query in self.watch.queries]
        return [replace(one, platform=platform, query=query) for platform, query in pairs]

    def write(self, slots: Sequence[Slot], now: datetime = NINE) -> int:
        return self.roster.write(self.watch_id, slots, now, now)

    def claim(
        self, now: datetime = NINE, *, limit: int = 0, version: int = 1, platforms: Sequence[str] = ()
    ) -> Claimed:
        wanted = Wanted(watch_id=self.watch_id, version=version, platforms=tuple(platforms), limit=limit)
        return self.roster.claim(wanted, "holder", now, LEASE, SNAPSHOT)

    def settle(self, now: datetime, tries: int = TRIES) -> Settled:
        return self.roster.settle(now, LEASE, tries)

    def entries(self) -> tuple[Entry, ...]:
        """Every row, by time, then as the watch has them."""
        return every_entry(self.roster, self.watch)


def every_entry(roster: Roster, watch: Watch = WATCH) -> tuple[Entry, ...]:
    """All rows of a roster, by time, then in the watch's order."""
    found: list[Entry] = []
    after = ""
    while page := roster.entries(NINE - 10_000 * DAY, NINE + 10_000 * DAY, after=after):
        found += page
        after = page[-1].key
    order = {query.words: place for place, query in enumerate(watch.queries)}
    places = {name: place for place, name in enumerate(watch.platforms)}

    def place(one: Entry) -> tuple[datetime, int, int, str]:
        return one.planned_at, places.get(one.platform, 99), order.get(one.query, 99), one.query

    return tuple(sorted(found, key=place))
