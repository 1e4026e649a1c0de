"""A simulation follows from its seed, and from nothing else; it runs in no home that ever looked at anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from month import BEGUN, HOUR, SMALL, furnished, month, opened
from sqlalchemy import Engine, text

from crawler.errors import UserMistake
from patrol.simulation import ENDS, FATES, Fate, Scenario, _chance, _drawn, simulate
from storage.marks import is_simulation
from storage.rounds import Rounds

SCENARIO = replace(month(seed=2, days=3), stops=(), jumps=())


def rows(engine: Engine) -> list[tuple[object, ...]]:
    columns = "key, state, attempts, outcome, reason, run_id, ended_at"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM roster ORDER BY key"))]


def simulated(path: Path, scenario: Scenario, *cuts: int) -> list[tuple[object, ...]]:
    """All rows after the scenario; at each cut somebody else goes on."""
    furnished(path, SMALL)
    with opened(path) as engine:
        first = 0
        for cut in (*cuts, scenario.steps):
            for _ in islice(simulate(engine, scenario, first), cut - first):
                pass
            first = cut
        assert is_simulation(engine)
        return rows(engine)


def test_the_same_seed_is_the_same_month(tmp_path: Path) -> None:
    one = simulated(tmp_path / "1.db", SCENARIO)
    assert len(one) == 15
    assert simulated(tmp_path / "2.db", SCENARIO) == one
    assert simulated(tmp_path / "3.db", replace(SCENARIO, seed=3)) != one


def test_somebody_else_may_go_on_where_nothing_is_under_way(tmp_path: Path) -> None:
    assert simulated(tmp_path / "1.db", SCENARIO, 1, 12, 60) == simulated(tmp_path / "2.db", SCENARIO)


def test_a_home_that_looked_at_anything_is_refused(tmp_path: Path) -> None:
    furnished(tmp_path / "lantian.db", SMALL)
    with opened(tmp_path / "lantian.db") as engine:
        store = Rounds(engine)
        store.plan(store.begin_round(BEGUN, "t", ""), [])
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO runs SELECT 'r', id, 'jd', '专利', started_at, NULL, NULL, NULL, '', '', 0, 0, 0, 0, 0"
                    " FROM rounds"
                )
            )
        with pytest.raises(UserMistake, match="不能用来模拟"):
            next(simulate(engine, SCENARIO))
        assert rows(engine) == []


def test_every_fate_and_every_end_is_met_as_often_as_said() -> None:
    assert set(FATES) == set(Fate)
    for shares in (FATES, ENDS):
        assert sum(shares.values()) == 100
        drawn = Counter(_drawn(shares, f"{number}") for number in range(4000))
        assert all(abs(drawn[one] / 40 - share) < 3 for one, share in shares.items())


def test_chance_follows_from_its_name() -> None:
    assert _chance("a") == _chance("a") != _chance("b")
    assert all(0 <= _chance(f"{number}") < 1 for number in range(1000))


def test_the_machines_clock_is_apart_from_true_time_by_its_jumps() -> None:
    scenario = month(seed=2)
    offsets = {scenario.clock(number) - scenario.moment(number) for number in range(scenario.steps)}
    assert {offset / HOUR for offset in offsets} >= {0.0, 3.0, 2.0, -24.0}
    assert scenario.clock(scenario.steps) == scenario.until, "it is set right in the end"
