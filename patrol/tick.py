"""One look at the clock: settle what has ended, write down what has become due, offer what may begin.

The moment is an argument. Each step is a transaction of its own, and each can be taken again: a tick that dies
anywhere leaves nothing half done, and the next one finds what it left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine as Database

from crawler.tables import Patrol, Recheck
from crawler.watches import Slot, WatchVersion
from patrol.calendar import Calendar, load_calendar
from patrol.engines import Engine
from patrol.plan import planned
from patrol.recheck import write_due
from storage.roster import Roster
from storage.roster_shapes import Settled
from storage.watches import Watches, Written

Plan = Callable[[datetime, datetime], Iterator[Slot]]


class PatrolStore:
    """What a patrol works on: watches, roster and calendar of one database, under the `[patrol]` settings.

    `recheck_days` is when what was written about is looked at again.
    """

    def __init__(self, database: Database, settings: Patrol, recheck_days: Sequence[int] = Recheck().days) -> None:
        self.database = database
        self.recheck_days = recheck_days
        self.settings = settings
        self.watches = Watches(database)
        self.roster = Roster(database)

    def calendar(self) -> Calendar:
        """The calendar as it is known now; somebody may have imported a notice since the last tick."""
        return load_calendar(self.database)

    def settle(self, now: datetime, held: str = "") -> Settled:
        """Settle under the settings' lease and tries: at each tick, and when a crawl has ended."""
        return self.roster.settle(now, self.settings.lease, self.settings.tries, held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What one tick did: rows written, what settling did, runs that may begin and how many of them were taken."""

    settled: Settled
    written: int
    waiting: int
    taken: int


def tick(store: PatrolStore, engine: Engine, now: datetime, held: str = "") -> Ticked:
    """One look at the clock. What could have begun while nobody looked is written as missed.

    With `held`, a reason as a word, nothing begins, and what can no longer begin is missed for that reason.
    """
    engine.tend(now)
    # Before anything is written: how far the watches were written tells how long nobody looked.
    settled = store.settle(now, held)
    written = write_down(store, now) + write_due(store.database, store.recheck_days, now)
    waiting = store.roster.waiting(now)
    taken = engine.offer(waiting, now) if waiting and not held else 0
    return Ticked(settled=settled, written=written, waiting=sum(one.rows for one in waiting), taken=taken)


def write_down(store: PatrolStore, now: datetime) -> int:
    """Every slot that has become due since the last time goes into the roster; returns how many are new."""
    behind = [one for one in store.watches.written() if one.until < now]
    if not behind:
        return 0
    held: dict[int, list[WatchVersion]] = {one.watch_id: [] for one in behind}
    for version in store.watches.versions(min(one.until for one in behind), now):
        if version.watch_id in held:
            held[version.watch_id].append(version)
    calendar = store.calendar()
    return sum(_write_watch(store, one, partial(planned, held[one.watch_id], days=calendar), now) for one in behind)


def _write_watch(store: PatrolStore, watch: Written, plan: Plan, now: datetime) -> int:
    """One watch up to now, a day at a time."""
    idle = now - timedelta(seconds=store.settings.lease / 2)
    new = 0
    for since, until in _days(watch.until, now):
        slots = tuple(plan(since, until))
        # A stretch in which nothing is due comes to the same planned again: it costs a write only now and then.
        if slots or since < idle:
            new += store.roster.write(watch.watch_id, slots, until, now, watch.newest)
    return new


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(since, until] in stretches of a day at most, so that what is written at once stays small."""
    while since < until:
        end = min(since + timedelta(days=1), until)
        yield since, end
        since = end
