"""A Celery worker whose crawls are simulated: `worker DATABASE BROKER HOME` and `ask DATABASE LOG PID CLAIM`.

What a crawl would do to the database is done, through storage, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from crawler import clock  # noqa: E402
from crawler.items import Outcome  # noqa: E402
from crawler.tables import Patrol  # noqa: E402
from crawler.watches import WatchVersion  # noqa: E402
from storage.db import open_database  # noqa: E402
from storage.exhibits import ExhibitStore  # noqa: E402
from storage.roster import Roster  # noqa: E402
from storage.roster_shapes import Snapshot  # noqa: E402

LEASE = 6.0
SETTINGS = Patrol(lease=LEASE, tries=9, minutes=5.0)
TAKES = 0.03  # seconds a query


def settings_of(_: WatchVersion) -> Snapshot:
    return Snapshot(tool="t", settings="{}", words="pages=1 delay=0")


def worker(database: str, broker: str, home: Path) -> None:
    from patrol.broker import application
    from patrol.children import Means
    from patrol.tick import PatrolStore
    from patrol.workers import Workplace, employ

    log = home / "acts"

    def means() -> Means:
        argv = (sys.executable, __file__, "ask", database, str(log), str(os.getpid()))
        return Means(argv=argv, log=home / "log", holder=home.name, snapshot=settings_of)

    app = application(broker, SETTINGS)
    store = PatrolStore(open_database(database), SETTINGS)
    store.database.dispose()
    place = Workplace(
        store=lambda: PatrolStore(open_database(database), SETTINGS), means=means, now=clock.now, looks=0.1
    )
    employ(app, place)
    app.Worker(
        hostname=f"{home.name}@test",
        concurrency=1,
        pool_cls="prefork",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    ).start()


def ask(database: str, log: Path, parent: int, claim: str) -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # as a real crawl ends with its worker
    if os.getppid() != parent:
        return
    store = ExhibitStore(open_database(database))
    roster = Roster(store.engine)
    with log.open("a") as told:
        for run in roster.claimed(claim).runs:
            store.open_runs([run], clock.now())
            time.sleep(TAKES)
            store.finish_run(run.id, Outcome.OK, "", "", clock.now())
            told.write(f"{run.platform} {run.query}\n")
            told.flush()
    roster.settle(clock.now(), SETTINGS.lease, SETTINGS.tries)
    store.engine.dispose()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        worker(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        ask(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
