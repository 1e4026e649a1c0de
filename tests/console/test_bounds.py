"""What keeps a home from filling its disk, and its logs from telling of anybody: with the real processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from patrolled_home import PATIENCE, PATROL, Home

from crawler.items import Outcome
from crawler.watches import Claim
from tests.console.conftest import Ran
from tests.console.test_files import goods
from tests.console.test_rounds import QUICK, WALL, WEB

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

FULL = "[disk]\nfree_megabytes = 1000000000\n"
PHONE, WECHAT, SHOP = "13800000000", "vx_lan888", "示例甲代理"
HOSTILE = f"发明专利包授权 {SHOP} 电话{PHONE} 加微信{WECHAT} \x1b[2J 不过全额退款"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir(exist_ok=True)
    (path / "lantian.toml").write_text(QUICK + PATROL, encoding="utf-8")
    return Home(path)


def set_more(home: Home, more: str) -> None:
    (home.path / "lantian.toml").write_text(QUICK + PATROL + more, encoding="utf-8")


def test_a_round_on_a_full_disk_asks_nobody_and_says_what_was_missed(here: Run, home: Home, tmp_path: Path) -> None:
    set_more(home, FULL)
    queries = tmp_path / "queries.txt"
    queries.write_text("专利\n商标\n", encoding="utf-8")
    ran = here("round", "--queries", queries, "--spiders", "jd", "--json")
    assert ran.code == 3
    assert [(one["outcome"], one["reason"], one["captures"]) for one in ran.lines] == [("missed", "disk_full", 0)] * 2
    assert "free_megabytes" in ran.err
    told = here("coverage", "--json").lines
    assert {(one["outcome"], one["reason"]) for one in told} == {("missed", "disk_full")}


def test_a_patrol_on_a_full_disk_begins_nothing_and_waits(home: Home) -> None:
    set_more(home, FULL)
    home.due("专利")
    with home.patrol("", "--once") as going:
        assert going.started.wait(PATIENCE) != 0
        (trouble,) = going.events("troubled")
        assert "free_megabytes" in trouble["why"]
        assert going.events("begun") == []
    assert [(row.state, row.attempts, row.outcome) for row in home.rows()] == [(Claim.PLANNED, 0, None)]


def test_logs_as_text_repeat_nobodys_words(serve: Serve, home: Home) -> None:
    hosts = str(serve({"goods.html": goods(HOSTILE, SHOP), "wall.html": WALL}, WEB))
    home.due("专利", "商标")
    with home.patrol(hosts, "--once") as going:
        assert going.started.wait(PATIENCE) == 3
    crawls, patrol = ((home.path / one).read_text(encoding="utf-8") for one in ("lantian.log", "patrol.log"))
    assert "Spider opened" in crawls
    assert "event=begun claim=" in patrol
    for text in (crawls, patrol):
        assert [one for one in (PHONE, WECHAT, SHOP, "专利", "商标", "%E4", "keyword", "\x1b") if one in text] == []


def test_logs_as_json_tell_of_runs_and_of_nobody(serve: Serve, home: Home) -> None:
    hosts = str(serve({"goods.html": goods(HOSTILE, SHOP), "wall.html": WALL}, WEB))
    set_more(home, '[log]\nformat = "json"\n')
    home.due("专利", "商标")
    with home.patrol(hosts, "--once") as going:
        assert going.started.wait(PATIENCE) == 3
        journal = going.said.with_suffix(".err").read_text(encoding="utf-8")
    assert {row.outcome for row in home.rows()} == {Outcome.OK, Outcome.BLOCKED}
    crawls, patrol = ((home.path / one).read_text(encoding="utf-8") for one in ("lantian.log", "patrol.log"))
    for text in (crawls, patrol, journal):
        lines = [json.loads(line) for line in text.splitlines()]
        assert all({"time", "level", "logger", "event", "pid"} <= one.keys() for one in lines)
        assert [one for one in (PHONE, WECHAT, SHOP, "专利", "商标", "%E4", "keyword") if one in text] == []
        assert "\x1b" not in text
    ended = [one for one in map(json.loads, crawls.splitlines()) if "outcome" in one]
    assert sorted((one["platform"], one["outcome"], one.get("reason")) for one in ended) == [
        ("jd", "blocked", "rate_limit"),
        ("jd", "ok", None),
    ]
    assert {one["run"] for one in ended} == {row.run for row in home.rows()}
    events = [one["event"] for one in map(json.loads, journal.splitlines())]
    assert {"begun", "ended"} <= set(events)
