"""Watches gone through without asking anybody: the rows are the plan, and the home is good for nothing else after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import clock
from crawler.errors import EXIT_DONE, EXIT_USAGE
from storage.db import open_database
from storage.marks import is_simulation
from storage.rounds import Rounds
from storage.shapes import PlannedRun
from tests.console.conftest import Ran

Here = Callable[..., Ran]


@pytest.fixture
def watched(here: Here) -> Here:
    """A home with one watch."""
    named = ("watch", "add", "每小时", "--by", "张三（虚构）", "--platforms", "jd,baidu", "--query", "专利包过")
    assert here(*named, "--schedule", "5 * * * *").code == EXIT_DONE
    return here


def test_the_rows_of_a_simulation_are_those_of_the_plan(watched: Here, tmp_path: Path) -> None:
    ran = watched("patrol", "--simulate", "1", "--seed", "4", "--json")
    assert ran.code == EXIT_DONE
    [told] = ran.lines
    assert told["planned"] == told["rows"] == sum(told["outcomes"].values())
    assert "open" not in told["outcomes"]
    span = ("--from", told["since"], "--to", told["until"], "--json")
    plan, rows = watched("watch", "plan", *span).lines, watched("roster", *span).lines
    assert Counter(one["key"] for one in plan) == Counter(one["key"] for one in rows)
    assert len(rows) == told["rows"]
    assert {one["state"] for one in rows} == {"ended"}
    engine = open_database(tmp_path / "home" / "lantian.db")
    assert is_simulation(engine)
    engine.dispose()


def test_people_are_told_in_words(watched: Here) -> None:
    ran = watched("patrol", "--simulate", "1")
    assert (ran.code, ran.out) == (EXIT_DONE, "")
    assert "：计划 " in ran.err


def test_what_cannot_be_simulated_is_refused(watched: Here, tmp_path: Path) -> None:
    engine = open_database(tmp_path / "home" / "lantian.db")
    now = clock.now()
    store = Rounds(engine)
    store.plan(store.begin_round(now, "t", ""), [PlannedRun(id="r", platform="jd", query="专利", planned_at=now)])
    ran = watched("patrol", "--simulate", "1")
    assert ran.code == EXIT_USAGE
    assert "不能用来模拟" in ran.err
    assert not is_simulation(engine)
    engine.dispose()


def test_without_a_watch_there_is_nothing_to_simulate(here: Here) -> None:
    ran = here("patrol", "--simulate", "1")
    assert ran.code == EXIT_USAGE
    assert "还没有巡查任务" in ran.err
