"""What the roster costs: rows a CPU second written, claimed and settled; a tick over a million ended rows and over none.

Beside each, raw sqlite3 executemany of the same number of rows with the same columns, into a table with the same
indexes, in one transaction: what the database itself asks for. A settled row is one whose run has ended; to end that
run is the crawl's part, and not in it.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text, update

from crawler.watches import Slot, Watch, WatchQuery
from storage.db import open_database
from storage.models import Run
from storage.roster import Roster
from storage.roster_shapes import Snapshot, Wanted
from storage.watches import Watches

PLATFORMS, QUERIES = 10, 1000
ROWS = PLATFORMS * QUERIES
PAST = 1_000_000
ROUNDS = 3
NINE = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
LEASE, TRIES = 600.0, 2
ENDED = """
WITH RECURSIVE past(number) AS (SELECT 100 UNION ALL SELECT number + 1 FROM past WHERE number < :rows + 99)
INSERT INTO roster SELECT printf('%032x', number), 1, 1, 'platform0', 'q',
  strftime('%Y-%m-%d %H:%M:%f000', '2026-08-01', '-' || number || ' minutes'),
  strftime('%Y-%m-%d %H:%M:%f000', '2026-08-01', '-' || (number - 60) || ' minutes'),
  '', 'ended', '', '', NULL, NULL, 1, NULL, NULL,
  strftime('%Y-%m-%d %H:%M:%f000', '2026-08-01', '-' || (number - 5) || ' minutes'), 'ok', '', '' FROM past
"""


def watch(name: str) -> Watch:
    """Every query on every platform."""
    return Watch(
        name=name,
        platforms=tuple(f"platform{number}" for number in range(PLATFORMS)),
        queries=tuple(WatchQuery(words=f"查询{number}") for number in range(QUERIES)),
        schedule="0 9 * * *",
    )


def slots(number: int) -> list[Slot]:
    """One planned time of that watch."""
    one = watch("w")
    latest = NINE + timedelta(hours=6)
    return [
        Slot(watch_id=number, version=1, platform=platform, query=query.words, planned_at=NINE, latest=latest)
        for platform in one.platforms
        for query in one.queries
    ]


def took(work: Callable[[], object]) -> float:
    """CPU seconds: how long the disk takes to sync, and who else is on the machine, is in neither."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def ours(folder: Path) -> dict[str, float]:
    """CPU seconds of writing, claiming and settling ROWS rows."""
    engine = open_database(folder / "lantian.db")
    roster, number = Roster(engine), Watches(engine).add(watch("w"), "benchmark", NINE - timedelta(hours=1))
    planned = slots(number)
    wanted, snapshot = Wanted(watch_id=number, version=1), Snapshot(tool="benchmark", settings="{}")
    told = {"write": took(lambda: roster.write(number, planned, NINE, NINE))}
    told["claim"] = took(lambda: roster.claim(wanted, "benchmark", NINE, LEASE, snapshot))
    with engine.begin() as connection:
        connection.execute(update(Run).values(outcome="ok", ended_at=NINE))
    told["settle"] = took(lambda: roster.settle(NINE, LEASE, TRIES))
    engine.dispose()
    return told


def raw(folder: Path) -> dict[str, float]:
    """CPU seconds of sqlite3 alone: inserting such rows, and changing all of them twice over by their keys."""
    open_database(folder / "lantian.db").dispose()
    connection = sqlite3.connect(folder / "lantian.db")
    connection.execute("PRAGMA synchronous=FULL")
    moment = "2026-08-03 01:00:00.000000"
    rows = [
        (slot.key, 1, 1, slot.platform, slot.query, moment, moment, "", "planned", "", "", 0, "", "")
        for slot in slots(1)
    ]
    insert = (
        "INSERT INTO roster (key, watch_id, version, platform, query, planned_at, latest, assumed, state, claim, holder,"
        " attempts, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    runs = "INSERT INTO runs (id, platform, query, planned_at, reason, detail, pages, listings, lost, captures) VALUES"
    claim = "UPDATE roster SET state = 'claimed', claim = 'c', lease_until = ?, run_id = ? WHERE key = ?"
    end = "UPDATE roster SET state = 'ended', lease_until = NULL, outcome = 'ok', ended_at = ? WHERE key = ?"

    def claimed() -> None:
        asked = [(row[0], row[3], row[4], moment) for row in rows]
        connection.executemany(f"{runs} (?, ?, ?, ?, '', '', 0, 0, 0, 0)", asked)
        connection.executemany(claim, [(moment, row[0], row[0]) for row in rows])

    def committed(work: Callable[[], object]) -> Callable[[], None]:
        def both() -> None:
            work()
            connection.commit()

        return both

    told = {
        "write": took(committed(lambda: connection.executemany(insert, rows))),
        "claim": took(committed(claimed)),
        "settle": took(committed(lambda: connection.executemany(end, [(moment, row[0]) for row in rows]))),
    }
    connection.close()
    return told


def ticked(engine: Engine) -> float:
    """Milliseconds of what a tick asks of the roster while nothing is due: settling, and what waits."""
    roster = Roster(engine)
    spent = [took(lambda: (roster.settle(NINE, LEASE, TRIES), roster.waiting(NINE))) for _ in range(50)]
    return statistics.mean(spent) * 1000


def idle() -> tuple[float, float]:
    """The same over a million ended rows and over none."""
    told = []
    for past in (PAST, 0):
        with tempfile.TemporaryDirectory() as folder:
            engine = open_database(Path(folder) / "lantian.db")
            Watches(engine).add(watch("w"), "benchmark", NINE)
            if past:
                with engine.begin() as connection:
                    connection.execute(text(ENDED), {"rows": past})
            told.append(ticked(engine))
            engine.dispose()
    return told[0], told[1]


def measured(work: Callable[[Path], dict[str, float]]) -> dict[str, float]:
    """Rows a CPU second of each step, the median of several homes."""
    found = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            found.append(work(Path(folder)))
    return {name: ROWS / statistics.median(one[name] for one in found) for name in found[0]}


def told(name: str, value: float, baseline: float, note: str) -> None:
    figures = {"value": round(value, 2), "baseline": round(baseline, 2), "ratio": round(value / baseline, 2)}
    print(json.dumps({"name": name, **figures, "goal": "", "note": note}, ensure_ascii=False), flush=True)


def main() -> None:
    here, database = measured(ours), measured(raw)
    for name in here:
        told(
            f"roster {name}, rows/CPU-s",
            here[name],
            database[name],
            f"{ROWS} rows in one transaction, sqlite3 executemany",
        )
    full, empty = idle()
    told("roster, tick with nothing due, CPU-ms", full, empty, f"{PAST} ended rows; the baseline is an empty roster")


if __name__ == "__main__":
    main()
