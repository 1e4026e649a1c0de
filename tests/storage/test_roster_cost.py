"""What a tick asks of the roster costs what is open, however much has ended before. Counted, not timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

import pytest
from roster_specimens import DAY, LEASE, MINUTE, NINE, WATCH, Office
from sqlalchemy import Engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from crawler.items import Outcome
from storage.db import open_database

GRAIN = 50  # instructions of SQLite's machine
ENDED = """
WITH RECURSIVE past(number) AS (SELECT 100 UNION ALL SELECT number + 1 FROM past WHERE number < :rows + 99)
INSERT INTO roster SELECT printf('%032x', number), 1, 1, 'sogou', '专利包过',
  strftime('%Y-%m-%d %H:%M:%f000', '2026-08-01', '-' || number || ' minutes'),
  strftime('%Y-%m-%d %H:%M:%f000', '2026-08-01', '-' || (number - 60) || ' minutes'),
  '', 'ended', '', 'holder', NULL, NULL, 1, NULL, NULL,
  strftime('%Y-%m-%d %H:%M:%f000', '2026-08-01', '-' || (number - 5) || ' minutes'), 'ok', '', '' FROM past
"""


class Counting:
    """Counts what a database does."""

    def __init__(self, engine: Engine) -> None:
        self.counted = 0
        event.listen(engine, "connect", self._connected)
        engine.dispose()

    def _connected(self, connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        connection.set_progress_handler(self._count, GRAIN)

    def _count(self) -> int:
        self.counted += 1
        return 0

    def of(self, act: Callable[[], object]) -> int:
        """Instructions of one act."""
        self.counted = 0
        act()
        return self.counted * GRAIN


def costs(path: Path, ended: int) -> dict[str, int]:
    """What each question and change costs in a roster with so many ended rows."""
    engine = open_database(path)
    office = Office(engine, replace(WATCH, budget=100))
    if ended:
        with engine.begin() as connection:
            connection.execute(text(ENDED), {"rows": ended})
    counting = Counting(engine)
    told = dict(steps(office, counting))
    engine.dispose()
    return told


def steps(office: Office, counting: Counting) -> list[tuple[str, int]]:
    """A morning: written, claimed, asked, ended; one crawl dies, one watch comes too late."""
    of, roster = counting.of, office.roster
    told = [("write", of(lambda: office.write(office.slots())))]
    told.append(("waiting", of(lambda: roster.waiting(NINE))))
    claims: list[str] = []
    told.append(("claim", of(lambda: claims.append(office.claim(platforms=["baidu"]).id))))
    told.append(("claimed", of(lambda: roster.claimed(claims[0]))))
    told.append(("beat", of(lambda: roster.beat(claims[0], NINE, LEASE))))
    run = roster.claimed(claims[0]).runs[0]
    office.rounds.finish_run(run.id, Outcome.OK, "", "", NINE)
    told.append(("settle", of(lambda: office.settle(NINE))))
    told.append(("expire", of(lambda: office.settle(NINE + 10 * MINUTE))))
    told.append(("pass", of(lambda: office.settle(NINE + 61 * MINUTE))))
    told.append(("nothing", of(lambda: office.settle(NINE + 62 * MINUTE))))
    told.append(("sweep", of(lambda: office.rounds.sweep(NINE + DAY))))
    told.append(("entries", of(lambda: roster.entries(NINE - DAY, NINE))))
    told.append(("page", of(lambda: roster.entries(NINE - DAY, NINE, after=office.slots()[0].key))))
    told.append(("tally", of(lambda: roster.tally(NINE - DAY, NINE))))
    told.append(("of a watch", of(lambda: roster.entries(NINE - DAY, NINE, watch_id=office.watch_id))))
    told.append(("written", of(office.watches.written)))
    return told


def test_what_has_ended_costs_a_tick_nothing(tmp_path: Path, is_torture: bool) -> None:
    ended = 1_000_000 if is_torture else 20_000
    empty, full = costs(tmp_path / "empty.db", 0), costs(tmp_path / "full.db", ended)
    assert empty.keys() == full.keys()
    assert {name: cost for name, cost in full.items() if cost > empty[name] + 10 * GRAIN} == {}
    assert 0 < sum(empty.values()) < ended


@pytest.mark.parametrize("index", ["ix_roster_open", "ix_roster_planned_at", "ix_runs_unended"])
def test_the_count_sees_a_missing_index(tmp_path: Path, index: str) -> None:
    engine = open_database(tmp_path / "lantian.db")
    office = Office(engine, WATCH)
    with engine.begin() as connection:
        connection.execute(text(ENDED), {"rows": 5000})
        connection.execute(text("INSERT INTO rounds VALUES ('r', '2026-08-01', '', '')"))
        connection.execute(
            text(
                "INSERT INTO runs SELECT key, 'r', platform, query, planned_at, planned_at, planned_at, 'ok', '', '',"
                " 0, 0, 0, 0, 0 FROM roster"
            )
        )
        connection.execute(text(f"DROP INDEX {index}"))
    asked = dict(steps(office, Counting(engine)))
    engine.dispose()
    assert max(asked.values()) > 5000
