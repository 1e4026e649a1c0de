"""What `lantian patrol` costs while nothing is due: CPU seconds an hour, and memory; prints JSON lines.

The real process over a home with 20 watches of 6 platforms and 40 queries, whose times are all at another hour. It
ticks sixty times as often as by default, so that a minute has as many ticks as an hour; beside it APScheduler alone
with a job that does nothing, as often.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from crawler import clock
from crawler.tables import Patrol
from crawler.watches import Watch, WatchQuery
from storage.db import open_database
from storage.watches import Watches

ROOT = Path(__file__).parent.parent
WATCHES, QUERIES = 20, 40
PLATFORMS = ("baidu", "sogou", "so360", "bing", "taobao", "tieba")
TICK = Patrol().tick / 60
SECONDS = 60
WARM = 10  # ticks before it is measured
ALONE = """
import sys
from apscheduler.schedulers.blocking import BlockingScheduler
scheduler = BlockingScheduler(timezone="UTC")
scheduler.add_job(lambda: None, "interval", seconds=float(sys.argv[1]))
print("{}", flush=True)
scheduler.start()
"""
TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1 << 20


def write_home(home: Path) -> None:
    """Watches whose next times are twelve hours away."""
    now = clock.now()
    then = now.astimezone(clock.SHANGHAI) + timedelta(hours=12)
    database = open_database(home / "lantian.db")
    queries = tuple(WatchQuery(words=f"专利代理 {number}") for number in range(QUERIES))
    for number in range(WATCHES):
        watch = Watch(
            name=f"示例 {number}", platforms=PLATFORMS, queries=queries, schedule=f"{number} {then.hour} * * *"
        )
        Watches(database).add(watch, "测试员", now)
    database.dispose()
    (home / "lantian.toml").write_text(f"[patrol]\ntick = {TICK}\n", encoding="utf-8")


def measured(command: list[str], home: Path) -> tuple[float, float]:
    """CPU seconds of a minute, and resident megabytes at its end."""
    told = {"PATH": os.environ["PATH"], "HOME": str(home), "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}  # noqa: TID251
    with subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as going:
        assert going.stdout is not None  # noqa: S101
        going.stdout.readline()
        time.sleep(WARM * TICK)
        before = _cpu(going.pid)
        time.sleep(SECONDS)
        spent, held = _cpu(going.pid) - before, _resident(going.pid)
        going.kill()
    return spent, held


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_home(Path(folder))
        ours, held = measured([sys.executable, "-m", "console.patrolling", "--json"], Path(folder))
        alone, least = measured([sys.executable, "-c", ALONE, str(TICK)], Path(folder))
    told = (
        f"{WATCHES} watches of {len(PLATFORMS)} × {QUERIES} queries, nothing due, 120 ticks; beside APScheduler alone"
    )
    figures = (
        ("patrol, idle, CPU-s/h", ours, alone, "< 36 (1 %)"),
        ("patrol, idle, resident MB", held, least, "< 150"),
    )
    for name, value, baseline, goal in figures:
        ratio = round(value / baseline, 1) if baseline else "—"
        row = {"name": name, "value": round(value, 2), "baseline": round(baseline, 2), "ratio": ratio}
        print(json.dumps(row | {"goal": goal, "note": told}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
