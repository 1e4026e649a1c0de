"""An invented month of an office: its watches, what goes wrong, and a reckoning of rows against the plan, to the row.

The reckoning reads the tables themselves and plans anew from watches and calendar alone.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Engine, event, select
from sqlalchemy.pool import ConnectionPoolEntry

from crawler.items import Outcome
from crawler.tables import Patrol
from crawler.watches import Days, Slot, Watch, WatchQuery
from patrol.calendar import load_calendar
from patrol.plan import planned
from patrol.simulation import Jump, Outage, Scenario, Stop, simulate
from storage.db import open_database
from storage.models import Run
from storage.roster_shapes import run_id
from storage.tables.patrol import RosterRow
from storage.watches import Watches

BEGUN = datetime(2025, 9, 19, 16, 0, tzinfo=UTC)  # midnight in Shanghai; 国庆 and 中秋 lie in the month
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLATFORMS = ("baidu", "sogou", "so360", "taobao", "jd", "wuba")
PATROL = Patrol(children=1, lease=3600.0, tries=2)
BY = "张三（虚构）"
STATES = ("write", "claim", "open_runs", "finish_run", "beat", "settle", "let_go", "give_up")


def watch(name: str, queries: int, schedule: str, platforms: tuple[str, ...] = PLATFORMS) -> Watch:
    """So many queries on every platform."""
    words = tuple(WatchQuery(words=f"{name}查询{number}") for number in range(queries))
    return Watch(name=name, platforms=platforms, queries=words, schedule=schedule, grace=180)


# Together every one of 40 queries on every one of 6 platforms.
WATCHES = (
    replace(watch("甲", 20, "10 9 * * *"), days=Days.WORKDAYS, key_schedule="30 15 * * *"),
    replace(watch("乙", 12, "0 20 * * *"), window="19:00-23:30"),
    replace(watch("丙", 8, "40 2,13 * * 1-5"), key_schedule="50 15 * * *", grace=60, budget=110),
)
SMALL = (watch("小", 2, "0 9 * * *", ("baidu", "jd")), watch("微", 1, "30 9 * * *", ("baidu",)))


@contextmanager
def opened(place: Path | str) -> Iterator[Engine]:
    """The database. SQLite does not sync its commits here: a process that is killed loses nothing by that."""
    engine = open_database(place)
    if isinstance(place, Path):
        event.listen(engine, "connect", _unsynced)
        engine.dispose()
    yield engine
    engine.dispose()


def _unsynced(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def furnished(place: Path | str, watches: tuple[Watch, ...] = WATCHES) -> None:
    """A new home with these watches."""
    with opened(place) as engine:
        for one in watches:
            Watches(engine).add(one, BY, BEGUN)


def copied(path: Path, to: Path) -> Path:
    """A copy of a home's database that nobody has open."""
    to.parent.mkdir(exist_ok=True)
    to.write_bytes(path.read_bytes())
    return to


def month(seed: int, days: int = 30, step: float = 1800.0) -> Scenario:
    """A month with outages, nights without a patrol, and a clock that jumps ahead and back."""
    chance = random.Random(seed)

    def moment(first: float = 0.5, last: float = days - 2) -> datetime:
        return BEGUN + chance.uniform(first, last) * DAY

    stops = [moment() for _ in range(4)]
    troubles = [moment() for _ in range(6)]
    ends = ((Outcome.UNREACHABLE, "timeout"), (Outcome.BLOCKED, "captcha"), (Outcome.LOGIN, "login_page"))
    outages = []
    for at in troubles:
        outcome, reason = chance.choice(ends)
        until = at + chance.uniform(2, 40) * HOUR
        name = chance.choice(PLATFORMS)
        outages.append(Outage(platform=name, since=at, until=until, outcome=outcome, reason=reason))
    return Scenario(
        seed=seed,
        since=BEGUN,
        until=BEGUN + days * DAY,
        step=step,
        pace=240.0,
        settings=PATROL,
        stops=tuple(Stop(since=at, until=at + chance.uniform(1, 30) * HOUR) for at in stops),
        outages=tuple(outages),
        jumps=tuple(jumps(moment(0.5, days / 3), moment(days / 3, days - 3))),
    )


def jumps(first: datetime, second: datetime) -> Iterator[Jump]:
    """Three hours ahead, an hour back, a day back; each is set right later, as time servers do."""
    for at, by in ((first, 3 * HOUR), (first + 10 * HOUR, -HOUR), (second, -DAY)):
        yield Jump(at=at, by=by)
        yield Jump(at=at + 30 * HOUR, by=-by)


def slots(engine: Engine, until: datetime) -> list[Slot]:
    """The plan from watches and calendar alone."""
    since = BEGUN - DAY
    return list(planned(Watches(engine).versions(since, until), since, until, load_calendar(engine)))


def reckon(engine: Engine, until: datetime) -> Counter[str]:
    """Hold every row against the plan up to `until`, and every run against its row; how many rows ended how."""
    with engine.connect() as connection:
        rows = connection.execute(select(*RosterRow.__table__.columns)).all()
        runs = {run.id: run for run in connection.execute(select(*Run.__table__.columns))}
    plan = slots(engine, until)
    assert Counter(_facts(slot) for slot in plan) == Counter(_facts(row) for row in rows), "rows and plan are the same"
    for row in rows:
        assert row.state == "ended", f"{row} has not ended"
        assert row.ended_at is not None
        assert row.lease_until is None
        assert Outcome(row.outcome) is not Outcome.MISSED or row.reason
        if row.outcome != Outcome.MISSED:
            run = runs[row.run_id]
            assert (run.outcome, run.reason, run.detail) == (row.outcome, row.reason, row.detail)
        assert row.run_id == (run_id(row.key, row.attempts) if row.attempts else None)
        assert row.attempts <= PATROL.tries
    attempts = Counter(run_id(row.key, number + 1) for row in rows for number in range(row.attempts))
    assert attempts == Counter(runs.keys()), "one run an attempt, and none besides"
    assert all(run.outcome for run in runs.values()), "no run is under way"
    return Counter(f"{row.outcome} {row.reason}".strip() for row in rows)


def _facts(one: Any) -> tuple[object, ...]:
    return (one.key, one.watch_id, one.version, one.platform, one.query, one.planned_at, one.latest, one.assumed)


def leases(engine: Engine, now: datetime) -> None:
    """After a tick nothing is claimed beyond its lease, nor for longer than a lease."""
    longest = now + timedelta(seconds=PATROL.lease)
    with engine.connect() as connection:
        held = select(RosterRow.lease_until, RosterRow.state).where(RosterRow.lease_until.is_not(None))
        for row in connection.execute(held):
            assert row.state == "claimed"
            assert now < row.lease_until <= longest, f"claimed until {row.lease_until} at {now}"


def patrolled(path: Path, scenario: Scenario, first: int, told: Connection) -> None:
    """In a process of its own: tick on from a step, and tell of every commit and every step taken."""
    with opened(path) as engine:
        event.listen(engine, "commit", lambda _: told.send_bytes(b"commit"))
        for step in simulate(engine, scenario, first):
            told.send_bytes(b"%d" % step.number)
    told.close()


def crashing(path: Path, scenario: Scenario, commit: int, told: Connection) -> None:
    """In a process of its own: the same, and die before that commit, without a word to anybody but what it was in."""
    left = [commit]

    def count_down(_: object) -> None:
        left[0] -= 1
        if not left[0]:
            told.send_bytes(_doing().encode())
            os._exit(9)

    with opened(path) as engine:
        event.listen(engine, "commit", count_down)
        for _ in simulate(engine, scenario):
            pass
    told.send_bytes(b"")


def _doing() -> str:
    """Which of the states the stack is in."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name in STATES:
            return frame.f_code.co_name
    return "other"
