"""A home that is patrolled by the real process: its watches, what its roster says, and what the patrol has said."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from crawler import clock
from crawler.watches import Watch, WatchQuery
from storage.db import open_database
from storage.roster import Roster
from storage.roster_shapes import Entry
from storage.watches import Watches

ROOT = Path(__file__).parent.parent
PATROL = "[patrol]\ntick = 0.5\nlease = 6.0\ntries = 2\nmegabytes = 3000\n"
PATIENCE = 300.0  # seconds that a condition may take to come true
HOUR = timedelta(hours=1)
MOMENT = "%M %H * * *"
PATROLLING = ("-m", "console.patrolling")
# The same patrol with crawls of our own: the last argument is their program.
WITH_CHILDREN = """
import sys
from console.patrolling import patrol
from crawler.config import Config
child = (sys.executable, "-c", sys.argv[1], str(__import__("os").getpid()))
sys.exit(patrol(Config.load(), is_once="--once" in sys.argv, as_json=True, argv=child))
"""
WAITS = """
import os, sys, time
from patrol.descent import end_with
end_with(int(sys.argv[1]))
while not os.path.exists(os.path.join(os.environ["LANTIAN_HOME"], "go")):
    time.sleep(0.02)
"""
CRAWLS = """
import sys, time
from patrol.descent import end_with
from crawler import clock
from crawler.config import Config
from crawler.items import Outcome
from storage.db import open_database
from storage.roster import Roster
from storage.rounds import Rounds
if not end_with(int(sys.argv[1])):
    sys.exit(3)
database = open_database(Config.load().database)
for run in Roster(database).claimed(sys.argv[2]).runs:
    Rounds(database).open_runs([run], clock.now())
    time.sleep(0.02)
    Rounds(database).finish_run(run.id, Outcome.OK, "", "", clock.now())
"""


def until(holds: Callable[[], Any]) -> Any:
    """Wait for what must come true, and return it."""
    limit = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.05)
    return found


@dataclass
class Going:
    """A patrol that goes on, and what it has said as JSON."""

    started: subprocess.Popen[str]
    said: Path

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = self.said.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [one for one in found if one["event"] == name]

    def wait_for(self, name: str, number: int = 1) -> dict[str, Any]:
        def come() -> bool:
            assert self.started.poll() is None, self.said.with_suffix(".err").read_text(encoding="utf-8")
            return len(self.events(name)) >= number

        until(come)
        return self.events(name)[number - 1]

    def stop(self) -> int:
        self.started.send_signal(signal.SIGTERM)
        return self.started.wait(PATIENCE)


@dataclass
class Home:
    """A home with watches, and what its roster says."""

    path: Path

    def watch(self, name: str, schedule: str, *queries: str, since: datetime, grace: int = 360) -> None:
        watch = Watch(
            name=name, platforms=("jd",), queries=tuple(WatchQuery(words=one) for one in queries), schedule=schedule,
            grace=grace,
        )  # fmt: skip
        database = open_database(self.path / "lantian.db")
        Watches(database).add(watch, "测试员", since)
        database.dispose()

    def due(self, *queries: str) -> None:
        """A watch whose one planned time was ten minutes ago."""
        now = clock.now()
        then = (now - timedelta(minutes=10)).astimezone(clock.SHANGHAI)
        self.watch("示例", then.strftime(MOMENT), *queries, since=now - HOUR)

    def rows(self) -> tuple[Entry, ...]:
        database = open_database(self.path / "lantian.db")
        now = clock.now()
        found = Roster(database).entries(now - timedelta(days=3), now + timedelta(days=3))
        database.dispose()
        return found

    def runs(self) -> list[tuple[str, str]]:
        with sqlite3.connect(self.path / "lantian.db") as database:
            found = database.execute("SELECT outcome, reason FROM runs ORDER BY outcome, reason").fetchall()
        database.close()
        return found

    @contextmanager
    def patrol(
        self, hosts: Path | str = "", *flags: str, program: Sequence[str] = PATROLLING, **environ: str
    ) -> Iterator[Going]:
        told = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path.parent),
            "LANTIAN_HOME": str(self.path),
            "LANG": "C.UTF-8",
            "LANTIAN_HOSTS": str(hosts),
        }
        said = self.path.parent / f"said{time.monotonic_ns()}.out"
        command = [sys.executable, *program, "--json", *flags]
        with said.open("w") as out, said.with_suffix(".err").open("w") as err:
            started = subprocess.Popen(command, cwd=ROOT, env=told | environ, stdout=out, stderr=err, text=True)
        try:
            yield Going(started, said)
        finally:
            started.kill()
            started.wait()


def is_gone(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
