"""A month of 6 platforms × 40 queries in which much goes wrong: the rows are the plan, and each has one outcome."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from month import (
    BEGUN,
    BY,
    DAY,
    HOUR,
    PLATFORMS,
    SMALL,
    STATES,
    WATCHES,
    copied,
    crashing,
    furnished,
    leases,
    month,
    opened,
    patrolled,
    reckon,
    slots,
)
from sqlalchemy import Engine, text

from patrol.simulation import Jump, Scenario, Stop, simulate
from storage.roster import Roster
from storage.roster_shapes import Tally
from storage.watches import Watches

SECONDS = 120  # longer than any child takes, however busy the machine


@pytest.fixture(scope="module")
def server() -> multiprocessing.context.ForkServerContext:
    """Children that begin at once, out of a process that has loaded what they need and no more."""
    context = multiprocessing.get_context("forkserver")
    # Not "month" itself: the server does not look where only the tests do (python/cpython#117378).
    context.set_forkserver_preload(["patrol.simulation"])
    return context


DOUBLED = (
    "INSERT INTO runs SELECT 'doubled', NULL, platform, query, planned_at, started_at, ended_at, outcome, '', '', 0, 0,"
    " 0, NULL, 0 FROM runs LIMIT 1"
)


def paused(engine: Engine, now: object) -> None:
    """The office's month is over: what is due has some hours left, and nothing more becomes due."""
    watches = Watches(engine)
    for one in watches.current():
        if not one.watch.is_paused:
            watches.change(one.watch_id, replace(one.watch, is_paused=True), BY, now)


def ended(engine: Engine, scenario: Scenario) -> Counter[str]:
    """Let everything come to its end after the scenario, and reckon."""
    end = scenario.clock(scenario.steps)
    paused(engine, end)
    after = replace(scenario, since=end, until=end + DAY, stops=(), outages=(), jumps=())
    for step in simulate(engine, after):
        leases(engine, step.now)
    return reckon(engine, end + DAY)


def test_a_month_is_accounted_for_to_the_row(tmp_path: Path) -> None:
    furnished(tmp_path / "lantian.db")
    scenario = month(seed=7)
    with opened(tmp_path / "lantian.db") as engine:
        watches = Watches(engine)
        for step in simulate(engine, scenario):
            leases(engine, step.now)
            if step.number % 300 == 299:  # somebody changes his mind, by the clock as it stands
                one = watches.current()[step.number // 300 % len(WATCHES)]
                watches.change(one.watch_id, replace(one.watch, depth=step.number), "李四（虚构）", step.now)
        told = ended(engine, scenario)
        plan = slots(engine, scenario.until)
    pairs = {(slot.platform, slot.query) for slot in plan}
    days = {(slot.planned_at + 8 * HOUR).date().isoformat() for slot in plan}
    assert len(pairs) == len(PLATFORMS) * 40
    assert {"2025-09-28", "2025-10-01", "2025-10-06"} <= days, "a Sunday that was worked, and holidays as key dates"
    assert told.total() > 6000
    assert {"ok", "empty none_found", "blocked captcha", "unreachable timeout"} <= set(told)
    missed = {"missed not_running", "missed budget", "missed over_limit", "missed not_claimed", "missed lease_expired"}
    assert missed <= set(told), "all that can go wrong did"


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM roster WHERE key = (SELECT min(key) FROM roster)",
        "UPDATE roster SET key = 'another' WHERE key = (SELECT min(key) FROM roster)",
        "UPDATE roster SET planned_at = '2025-09-21 01:10:00.000000' WHERE key = (SELECT min(key) FROM roster)",
        "UPDATE roster SET state = 'claimed' WHERE key = (SELECT max(key) FROM roster)",
        "UPDATE roster SET outcome = 'blocked' WHERE key = (SELECT min(key) FROM roster WHERE outcome = 'ok')",
        "UPDATE roster SET attempts = attempts + 1 WHERE key = (SELECT min(key) FROM roster WHERE outcome = 'ok')",
        "UPDATE roster SET lease_until = planned_at WHERE key = (SELECT min(key) FROM roster)",
        "UPDATE runs SET outcome = NULL WHERE id = (SELECT run_id FROM roster WHERE outcome = 'missed' AND attempts)",
        DOUBLED,
    ],
    ids="lost renamed moved held told attempt leased under_way doubled".split(),
)
def test_the_reckoning_sees_what_is_wrong(spoilt: Path, spoil: str) -> None:
    with opened(spoilt) as engine:
        reckon(engine, BEGUN + 30 * DAY)
        with engine.begin() as connection:
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
            assert connection.execute(text(spoil)).rowcount == 1
            connection.execute(text("PRAGMA defer_foreign_keys=OFF"))
        with pytest.raises(AssertionError):
            reckon(engine, BEGUN + 30 * DAY)


@pytest.fixture(scope="module")
def reckoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home after some days, all in order: with runs that ended, and one that was missed after an attempt."""
    path = tmp_path_factory.mktemp("reckoned") / "lantian.db"
    furnished(path, SMALL)
    scenario = month(seed=3, days=7)
    with opened(path) as engine:
        for _ in simulate(engine, scenario):
            pass
        told = ended(engine, scenario)
        assert {"ok", "missed lease_expired"} <= set(told)
    return path


@pytest.fixture
def spoilt(reckoned: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copied(reckoned, tmp_path / "lantian.db")


def test_leases_beyond_their_time_are_seen(spoilt: Path) -> None:
    with opened(spoilt) as engine:
        leases(engine, BEGUN)
        with engine.begin() as connection:
            connection.execute(text("UPDATE roster SET state = 'claimed', lease_until = '2025-09-20 01:00:00.000000'"))
        for now in (BEGUN + 9 * HOUR, BEGUN):
            with pytest.raises(AssertionError, match="claimed until"):
                leases(engine, now)


# -- killed --------------------------------------------------------------------------------------------


def test_a_patrol_killed_again_and_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path, is_torture: bool, server: multiprocessing.context.ForkServerContext
) -> None:
    kills, days, watches = (200, 30, WATCHES) if is_torture else (12, 6, (*SMALL, WATCHES[2]))
    path, scenario, chance = tmp_path / "lantian.db", month(seed=11, days=days, step=1200.0), random.Random(5)
    furnished(path, watches)
    step = done = 0
    while done < kills:
        told, tells = server.Pipe(duplex=False)
        child = server.Process(target=patrolled, args=(path, scenario, step, tells))
        child.start()
        tells.close()
        commits = chance.randint(1, 60)
        while commits and told.poll(SECONDS):
            try:
                word = told.recv_bytes()
            except EOFError:
                break
            commits -= word == b"commit"
            step = step if word == b"commit" else int(word) + 1
        assert not commits, f"the month was over after {done} kills"
        child.kill()
        child.join()
        assert child.exitcode == -9
        told.close()
        done += 1
        step += chance.randint(0, 4)
    with opened(path) as engine:
        for one in simulate(engine, scenario, step):
            leases(engine, one.now)
        told_ends = ended(engine, scenario)
    assert told_ends.total() == sum(told_ends.values()) > 200
    assert told_ends["ok"] > 100


@pytest.fixture
def short() -> Scenario:
    """One morning of small watches: written, claimed, asked over several ticks, ended."""
    morning = replace(month(seed=1, days=1, step=3600.0), since=BEGUN + 8 * HOUR, until=BEGUN + 14 * HOUR)
    return replace(morning, stops=(), jumps=(), pace=2400.0)


def crashes(
    folder: Path, scenario: Scenario, server: multiprocessing.context.ForkServerContext
) -> Iterator[tuple[str, Counter[str]]]:
    """Die before the first commit, before the second one, and so on to the last; what each was in, and what came."""
    furnished(folder / "new.db", SMALL)
    for commit in range(1, 1000):
        path = copied(folder / "new.db", folder / f"{commit}.db")
        told, tells = server.Pipe(duplex=False)
        child = server.Process(target=crashing, args=(path, scenario, commit, tells))
        child.start()
        tells.close()
        assert told.poll(SECONDS)
        doing = told.recv_bytes().decode()
        child.join(SECONDS)
        assert child.exitcode == (9 if doing else 0)
        with opened(path) as engine:
            for step in simulate(engine, scenario):
                leases(engine, step.now)
            yield doing, ended(engine, scenario)
        if not doing:
            return


def test_death_in_any_state_leaves_one_outcome(
    tmp_path: Path, short: Scenario, is_torture: bool, server: multiprocessing.context.ForkServerContext
) -> None:
    """Each commit is a state: whoever dies before it, dies after the one before. The patrol after it begins anew."""
    seen: Counter[str] = Counter()
    # In the first one a crawl dies, one grows too large, and one comes to its end.
    for seed in (27, 1, 2, 3, 11, 23, 26) if is_torture else (27,):
        for doing, told in crashes(tmp_path / f"{seed}", replace(short, seed=seed), server):
            assert told.total() == 5
            seen[doing] += 1
    assert set(STATES) <= set(seen)
    assert seen["finish_run"] >= 4


# -- at random -----------------------------------------------------------------------------------------


def test_whatever_happens_in_whatever_order(tmp_path: Path, is_torture: bool) -> None:
    """Stops, jumps of any length and changes at random moments, from a seed."""
    furnished(tmp_path / "new.db", SMALL)
    for seed in range(150 if is_torture else 4):
        chance = random.Random(seed)
        copied(tmp_path / "new.db", tmp_path / f"{seed}.db")
        jumped = sorted(chance.uniform(0, 60) for _ in range(4))
        lengths = [timedelta(hours=chance.uniform(-30, 12)) for _ in jumped]
        stops = [BEGUN + chance.uniform(0, 70) * HOUR for _ in range(3)]
        scenario = replace(
            month(seed=seed, days=4, step=chance.choice((600.0, 1200.0, 2700.0))),
            pace=chance.choice((20.0, 700.0, 3000.0)),
            stops=tuple(Stop(since=at, until=at + chance.uniform(0, 9) * HOUR) for at in stops),
            jumps=tuple(Jump(at=BEGUN + at * HOUR, by=by) for at, by in zip(jumped, lengths, strict=True)),
        )
        with opened(tmp_path / f"{seed}.db") as engine:
            watches = Watches(engine)
            for step in simulate(engine, scenario):
                leases(engine, step.now)
                if chance.random() < 0.02:
                    one = chance.choice(watches.current())
                    changed = replace(one.watch, is_paused=chance.random() < 0.4, budget=chance.choice((0, 2)))
                    watches.change(one.watch_id, changed, BY, step.now)
            # The clock may have ended days behind what it once was: let it come to its own.
            end = max(one.until for one in watches.written())
            late = replace(scenario, since=max(end, scenario.clock(scenario.steps)), stops=(), outages=(), jumps=())
            ended(engine, replace(late, until=late.since))


# -- beside each other ---------------------------------------------------------------------------------


def test_two_patrols_of_one_database_share_and_double_nothing(tmp_path: Path) -> None:
    furnished(tmp_path / "lantian.db", (*SMALL, WATCHES[1]))
    scenario = month(seed=21, days=5)
    with opened(tmp_path / "lantian.db") as engine:
        took = [0, 0]
        for steps in zip(simulate(engine, scenario), simulate(engine, scenario), strict=True):
            took = [sofar + step.ticked.taken for sofar, step in zip(took, steps, strict=True)]
        assert all(took), "both had something to do"
        ended(engine, scenario)


def test_the_same_month_on_another_database_has_the_same_rows(tmp_path: Path, migrated_database: str) -> None:
    scenario, told = month(seed=3, days=4), []
    for place in (tmp_path / "lantian.db", migrated_database):
        furnished(place, SMALL)
        with opened(place) as engine:
            for step in simulate(engine, scenario):
                leases(engine, step.now)
            told.append((ended(engine, scenario), tallied(engine)))
    assert told[0] == told[1]


def tallied(engine: Engine) -> tuple[Tally, ...]:
    """How many ended how, as the database counts them."""
    return Roster(engine).tally(BEGUN, BEGUN + 30 * DAY)
