"""`lantian patrol` as it runs: its own process, crawls of a specimen web, deaths, a clock that jumps."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from patrolled_home import CRAWLS, HOUR, PATIENCE, PATROL, WAITS, WITH_CHILDREN, Home, is_gone, until

from console.following import main as follow_main
from console.patrolling import main
from crawler import clock
from crawler.items import Outcome
from crawler.tables import Patrol
from crawler.watches import Claim
from patrol.tick import PatrolStore, write_down
from storage.db import open_database
from storage.marks import mark_simulation
from storage.verify import verify
from tests.console.conftest import ROOT, Ran
from tests.console.test_files import goods
from tests.console.test_rounds import GUILTY, INNOCENT, QUICK, WALL, WEB

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

HANGS = WEB.replace('file = "goods.html"', "hang = true").replace('file = "wall.html"', "hang = true")
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir(exist_ok=True)
    (path / "lantian.toml").write_text(QUICK + PATROL, encoding="utf-8")
    return Home(path)


def test_what_is_due_is_looked_at_once_sealed_and_told(lantian: Run, here: Run, serve: Serve, home: Home) -> None:
    hosts = str(serve({"goods.html": goods(GUILTY, INNOCENT), "wall.html": WALL}, WEB))
    home.due("专利", "商标")
    ran = lantian("patrol", "--once", "--json", LANTIAN_HOSTS=hosts)
    assert ran.code == 3, ran.err
    events = [one["event"] for one in ran.lines]
    assert (events.count("begun"), events.count("ended")) == (1, 1)
    assert "开始查 2 项" in ran.err

    rows = {row.query: row for row in home.rows()}
    assert {name: (row.outcome, row.reason, row.state) for name, row in rows.items()} == {
        "专利": (Outcome.OK, "", Claim.ENDED),
        "商标": (Outcome.BLOCKED, "rate_limit", Claim.ENDED),
    }
    assert all(row.attempts == 1 and row.snapshot and row.run for row in rows.values())
    assert verify(home.path).ok
    assert [lead["title"] for lead in here("leads", "--json").lines] == [GUILTY]
    assert {row["query"]: row["outcome"] for row in here("coverage", "--json").lines} == {
        "专利": "ok",
        "商标": "blocked",
    }
    with home.patrol(hosts, "--once") as again:
        assert again.started.wait(PATIENCE) == 0
        assert again.said.read_text() == ""


def test_the_roster_is_listed_by_day_platform_and_state(here: Run, home: Home) -> None:
    now = clock.now()
    home.watch("每小时", "5 * * * *", "专利", "商标", since=now - 5 * HOUR, grace=10)
    database = open_database(home.path / "lantian.db")
    write_down(PatrolStore(database, Patrol()), now)
    database.dispose()
    wanted = ("roster", "--from", (now - 6 * HOUR).isoformat(), "--to", now.isoformat(), "--json")
    told = here(*wanted).lines
    assert len(told) in (10, 12)
    assert {(one["watch"], one["platform"]) for one in told} == {("每小时", "jd")}
    ended = here(*wanted, "--state", "ended").lines
    assert ended == [one for one in told if one["state"] == "ended"]
    assert {(one["outcome"], one["reason"]) for one in ended} == {("missed", "not_running")}
    paged = here(*wanted, "--limit", "3").lines
    paged += here(*wanted, "--after", paged[-1]["key"]).lines
    assert paged == told
    assert here(*wanted, "--platform", "baidu").lines == []
    assert here(*wanted, "--watch", "没有").code == 2
    assert here("roster", "--from", "2026-11-21", "--to", "2026-11-20").code == 2
    spoken = here("roster", "--from", (now - 6 * HOUR).isoformat(), "--to", now.isoformat(), "--limit", "3")
    assert "漏查" in spoken.out
    assert "--after" in spoken.err


def test_a_second_patrol_and_a_home_that_only_simulates_are_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANTIAN_HOME", str(home.path))
    with (home.path / "patrol.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main([]) == 2
    assert "另有一个 lantian patrol" in capsys.readouterr().err
    database = open_database(home.path / "lantian.db")
    mark_simulation(database, clock.now())
    database.dispose()
    assert main(["--once"]) == 2
    assert "模拟" in capsys.readouterr().err


def test_asked_to_stop_it_says_so_and_has_not_failed(home: Home) -> None:
    with home.patrol() as going:
        going.wait_for("started")
        assert going.stop() == 0
        assert going.events("stopping")[0]["is_busy"] is False
        said = going.said.with_suffix(".err").read_text(encoding="utf-8")
        assert "不再开始新的巡查" in said
        assert "已停止" in said


def test_whoever_dies_every_run_ends_in_one_outcome(serve: Serve, home: Home) -> None:
    hosts = serve({}, HANGS)
    (home.path / "lantian.toml").write_text(QUICK.replace("60.0", "600.0") + PATROL, encoding="utf-8")
    home.due("专利", "商标")
    log = home.path / "lantian.log"
    with home.patrol(hosts) as going:
        os.kill(going.wait_for("begun")["pid"], signal.SIGKILL)
        assert going.wait_for("ended")["code"] == -signal.SIGKILL
        second = going.wait_for("begun", 2)
        until(lambda: log.exists() and "Spider opened" in log.read_text(encoding="utf-8"))
        going.started.kill()
        going.started.wait()
        until(lambda: is_gone(second["pid"]))
    rows = home.rows()
    assert {(row.state, row.attempts) for row in rows} == {(Claim.CLAIMED, 2)}
    until(lambda: all(row.lease_until < clock.now() for row in rows))
    with home.patrol("", "--once") as after:
        assert after.started.wait(PATIENCE) == 3
        assert [one["lapsed"] for one in after.events("ticked")] == [2]
    ended = [(row.state, row.outcome, row.reason) for row in home.rows()]
    assert ended == [(Claim.ENDED, Outcome.MISSED, "lease_expired")] * 2
    assert home.runs() == [("missed", "interrupted")] * 4


def test_what_passed_while_nobody_looked_is_no_clean_end(home: Home) -> None:
    now = clock.now()
    home.watch("每小时", (now - HOUR / 2).strftime("%M * * * *"), "专利", since=now - 3 * HOUR, grace=1)
    with home.patrol("", "--once") as once:
        assert once.started.wait(PATIENCE) == 3
    assert {(row.outcome, row.reason) for row in home.rows()} == {(Outcome.MISSED, "not_running")}
    with home.patrol("", "--once") as again:
        assert again.started.wait(PATIENCE) == 0


def test_a_child_beside_the_crawls_that_fails_is_told_and_counts(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = """
import sys
from console import patrolling
from console.patrol_told import Teller
from crawler.config import Config
from patrol.tick import PatrolStore
from storage.db import open_database
patrolling.FOLLOWING = (sys.executable, "-m", "console.nowhere")
config = Config.load()
tell = Teller(config, as_json=True)
going = patrolling.Patrolling(config, PatrolStore(open_database(config.database), config.patrol), tell)
going._tick, going._guarded = going._follow, lambda work: work() is None
sys.exit(going.once())
"""
    with home.patrol(program=("-c", program)) as going:
        assert going.started.wait(PATIENCE) == 1
    assert [(one["what"], one["code"]) for one in going.events("beside")] == [("console.nowhere", 1)]
    monkeypatch.setenv("LANTIAN_HOME", str(home.path))
    (home.path / "lantian.db").unlink(missing_ok=True)
    (home.path / "lantian.db").mkdir()
    assert follow_main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_with_a_broker_once_only_offers_and_says_so(home: Home, redis_url: str) -> None:
    home.due("专利")
    with home.patrol("", "--once", LANTIAN_BROKER="redis://127.0.0.1:1/0") as away:
        assert away.started.wait(PATIENCE) == 2
        assert ["不可达" in one["words"] for one in away.events("broker")] == [True]
    with home.patrol("", "--once", LANTIAN_BROKER=redis_url) as once:
        assert once.started.wait(PATIENCE) == 0
        assert ["不等它们查完" in one["words"] for one in once.events("broker")] == [True]
    assert [row.state for row in home.rows()] == [Claim.PLANNED]


def test_asked_to_stop_it_gives_crawls_time_to_end(home: Home) -> None:
    home.due("专利")
    with home.patrol(program=("-c", WITH_CHILDREN, WAITS)) as going:
        going.wait_for("begun")
        going.started.send_signal(signal.SIGTERM)
        assert going.wait_for("stopping")["is_busy"] is True
        (home.path / "go").touch()
        assert going.started.wait(PATIENCE) == 0
        assert [one["code"] for one in going.events("ended")] == [0]


def test_asked_twice_it_stops_at_once_and_loses_nothing(home: Home) -> None:
    home.due("专利")
    with home.patrol(program=("-c", WITH_CHILDREN, WAITS)) as going:
        child = going.wait_for("begun")["pid"]
        going.started.send_signal(signal.SIGINT)
        going.wait_for("stopping")
        going.started.send_signal(signal.SIGINT)
        assert going.started.wait(PATIENCE) == 0
        assert [(one["code"], one["has_left"]) for one in going.events("ended")] == [(-signal.SIGKILL, True)]
        until(lambda: is_gone(child))
    assert [row.state for row in home.rows()] == [Claim.PLANNED]


def test_killed_again_and_again_it_does_everything_once(home: Home, is_torture: bool) -> None:
    """Patrol or crawl, whichever chance takes, at any moment; at last every run has one outcome, and one good look."""
    chance = random.Random(5)
    kills, queries = (100, 400) if is_torture else (3, 60)
    # Whoever lives keeps its lease, also on a machine that is too busy to say so every second.
    lease = 0.5 if is_torture else 4.0
    (home.path / "lantian.toml").write_text(f"[patrol]\ntick = 0.1\nlease = {lease}\ntries = 1000\n", encoding="utf-8")
    home.due(*(f"专利 {number}" for number in range(queries)))
    crawls = ("-c", WITH_CHILDREN, CRAWLS)
    for _ in range(kills):
        with home.patrol(program=crawls) as going:
            if chance.random() < 0.5:
                going.wait_for("started")
            elif chance.random() < 0.5 and any(row.state is not Claim.ENDED for row in home.rows()):
                with suppress(ProcessLookupError):
                    os.kill(going.wait_for("begun")["pid"], signal.SIGKILL)
            time.sleep(chance.random() * 0.5)
    with home.patrol(program=crawls) as going:
        until(lambda: all(row.state is Claim.ENDED for row in home.rows()))
        assert going.stop() == 0
    rows = home.rows()
    assert len(rows) == queries
    assert {(row.outcome, row.reason) for row in rows} == {(Outcome.OK, "")}
    runs = home.runs()
    assert runs.count(("ok", "")) == queries
    assert set(runs) <= {("ok", ""), ("missed", "interrupted")}
    assert len(runs) == sum(row.attempts for row in rows)


def test_the_process_that_goes_on_loads_nothing_that_crawls_need(home: Home) -> None:
    home.due("专利")
    program = """
import json, sys
from console.patrolling import patrol
from crawler.config import Config
code = patrol(Config.load(), is_once=True, as_json=False, argv=(sys.executable, "-c", "pass"))
print(json.dumps([code, sorted(sys.modules)]))
"""
    told = {"PATH": os.environ["PATH"], "HOME": str(home.path.parent), "LANTIAN_HOME": str(home.path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=told, capture_output=True, text=True, check=True
    )
    code, loaded = json.loads(ran.stdout)
    assert code == 3
    assert [row.attempts for row in home.rows()] == [2]  # it did start crawls, which ended nothing
    assert "各项已查" not in ran.stderr
    assert ran.stderr.count("结束，有的没有查") == 2
    heavy = {"scrapy", "twisted", "jieba", "playwright", "onnxruntime", "numpy", "spiders", "pipelines", "typer"}
    assert "patrol.children" in loaded
    assert heavy & {name.partition(".")[0] for name in loaded} == set()


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime (apt: faketime) is not installed")
def test_planned_times_come_and_the_clock_jumps(serve: Serve, home: Home, tmp_path: Path) -> None:
    """The real patrol with a clock that we put: an hour's time comes, seven hours are gone, three come back."""
    hosts = serve({"goods.html": goods(GUILTY, INNOCENT), "wall.html": WALL}, WEB)
    now = clock.now()
    hour = (now + HOUR).replace(minute=0, second=0, microsecond=0)
    home.watch("每小时", "0 * * * *", "专利", since=hour - HOUR + timedelta(seconds=1), grace=30)
    hands = tmp_path / "hands"

    def put(moment: datetime) -> None:
        beside = tmp_path / "hands.new"
        beside.write_text(f"{(moment - clock.now()).total_seconds():+.0f}\n")
        beside.rename(hands)

    put(hour - timedelta(seconds=2))
    fake = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(hands), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
    with home.patrol(hosts, **fake) as going:
        assert going.wait_for("ended")["code"] == 0
        put(hour + 7 * HOUR + timedelta(minutes=5))
        assert going.wait_for("jumped")["seconds"] > 6 * 3600
        assert going.wait_for("ended", 2)["code"] == 0
        put(hour + 4 * HOUR)
        assert going.wait_for("jumped", 2)["seconds"] < -2 * 3600
        put(hour + 7 * HOUR + timedelta(minutes=20))
        going.wait_for("jumped", 3)
        assert going.stop() == 0
    planned = {row.planned_at: (row.outcome, row.reason, row.attempts) for row in home.rows()}
    seen, away = (Outcome.OK, "", 1), (Outcome.MISSED, "not_running", 0)
    assert planned == {hour: seen, **{hour + n * HOUR: away for n in range(1, 7)}, hour + 7 * HOUR: seen}
    assert len(home.rows()) == 8
    assert home.runs() == [("ok", "")] * 2
