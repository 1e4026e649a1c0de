"""The crawl of a claim: what has ended stays so, what cannot be asked says so, and crawls work beside each other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.asking import _manner, ask_claim
from console.homelocks import among_crawls, between_crawls, only_pictures, only_shelving
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.tables import Crawl, Place
from crawler.watches import Device, Slot, Watch, WatchQuery
from patrol.snapshots import snapshot
from patrol.tick import PatrolStore
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.roster_shapes import Claimed, Wanted
from storage.verify import verify
from tests.console.conftest import ROOT
from tests.console.test_files import goods
from tests.console.test_rounds import GUILTY, INNOCENT, QUICK, WALL, WEB

Serve = Callable[[dict[str, str], str], Path]
CITY = """
[[page]]
host = "sh.58.com"
path = "/shangbiaozhli/pn1/?key=专利"
file = "wall.html"
"""
WATCH = Watch(name="甲", platforms=("jd",), queries=(WatchQuery(words="专利"),), schedule="0 9 * * *")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lantian.toml").write_text(QUICK, encoding="utf-8")
    return Config.load({"LANTIAN_HOME": str(home)})


def claimed(store: PatrolStore, config: Config, watch: Watch, lease: float = 3600.0) -> Claimed:
    """A claim of everything the watch asks, planned for now."""
    now = clock.now()
    watch_id = store.watches.add(watch, "测试员", now - timedelta(hours=1))
    slots = [
        Slot(
            watch_id=watch_id, version=1, platform=name, query=one.words, planned_at=now,
            latest=now + timedelta(hours=6),
        )
        for name in watch.platforms
        for one in watch.queries
    ]  # fmt: skip
    store.roster.write(watch_id, slots, now, now)
    settings = snapshot(store.watches.version(watch_id, 1), config, "test", "0")
    return store.roster.claim(Wanted(watch_id=watch_id, version=1), "test", now, lease, settings)


def asking(config: Config, claim: str, hosts: Path) -> subprocess.Popen[str]:
    told = {
        "PATH": os.environ["PATH"],
        "HOME": str(config.home.parent),
        "LANTIAN_HOME": str(config.home),
        "LANG": "C.UTF-8",
        "LANTIAN_HOSTS": str(hosts),
    }
    command = [sys.executable, "-m", "console.asking", claim]
    return subprocess.Popen(command, cwd=ROOT, env=told, stderr=subprocess.PIPE, text=True)


def test_claims_are_asked_beside_each_other_and_only_what_is_open_of_them(
    config: Config, serve: Serve, tmp_path: Path
) -> None:
    hosts = serve({"goods.html": goods(GUILTY, INNOCENT), "wall.html": WALL}, WEB + CITY)
    database = open_database(config.database)
    store = PatrolStore(database, config.patrol)
    first = replace(WATCH, platforms=("jd", "nowhere"), queries=(WatchQuery(words="专利"), WatchQuery(words="商标")))
    mine = claimed(store, config, first)
    done = next(run for run in mine.runs if (run.platform, run.query) == ("jd", "商标"))
    ExhibitStore(database).finish_run(done.id, Outcome.EMPTY, "no_result", "", clock.now())
    other = claimed(store, config, replace(WATCH, name="乙", platforms=("wuba",), place="上海"))
    going = [asking(config, one.id, hosts) for one in (mine, other)]
    said = [one.communicate(timeout=300)[1] for one in going]
    assert [one.returncode for one in going] == [3, 3], said
    now = clock.now()
    rows = store.roster.entries(now - timedelta(days=1), now)
    database.dispose()
    assert {(row.platform, row.query): (row.outcome, row.reason) for row in rows} == {
        ("jd", "专利"): (Outcome.OK, ""),
        ("jd", "商标"): (Outcome.EMPTY, "no_result"),
        ("nowhere", "专利"): (Outcome.ERROR, "not_askable"),
        ("nowhere", "商标"): (Outcome.ERROR, "not_askable"),
        ("wuba", "专利"): (Outcome.CHANGED, "no_marker"),  # the address of Shanghai was asked, and served
    }
    assert verify(config.home).ok


def test_a_claim_of_which_nothing_is_open_is_refused(config: Config) -> None:
    with pytest.raises(UserMistake, match="没有待办的认领"):
        ask_claim(config, "none")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, {"pages": 3, "city": "", "exit": "", "device": Device.DESKTOP}),
        ({"depth": 7}, {"pages": 7}),
        ({"depth": 5000}, {"pages": 50}),
        ({"place": "上海"}, {"city": "上海", "exit": ""}),
        ({"place": "太原出口"}, {"city": "", "exit": "太原出口"}),
        ({"device": Device.MOBILE}, {"device": Device.MOBILE}),
    ],
)
def test_a_watch_says_how_it_is_asked(config: Config, changes: dict[str, Any], told: dict[str, Any]) -> None:
    here = replace(config, places=(Place(name="太原出口", proxy="http://127.0.0.1:1"),), crawl=Crawl(pages=3))
    manner = _manner(here, replace(WATCH, **changes))
    assert {name: getattr(manner, name) for name in told} == told


def test_what_moves_files_runs_beside_no_crawl(tmp_path: Path) -> None:
    refused = pytest.raises(UserMistake, match="正在按计划巡查")
    with among_crawls(tmp_path), among_crawls(tmp_path), refused, between_crawls(tmp_path):
        pass
    with between_crawls(tmp_path), pytest.raises(UserMistake, match="另有一轮"), between_crawls(tmp_path):
        pass
    with only_shelving(tmp_path):
        pass


def test_one_of_several_works_off_the_pictures(tmp_path: Path) -> None:
    with only_pictures(Config(home=tmp_path)) as first, only_pictures(Config(home=tmp_path)) as second:
        assert (first, second) == (True, False)
    with only_pictures(Config(home=tmp_path)) as again:
        assert again
