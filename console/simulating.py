"""What a home's watches would come to: some days from now on with made-up crawls and troubles, in a home of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from console.output import OUTCOME_WORDS, print_json, progress, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.items import Outcome
from patrol.calendar import load_calendar
from patrol.plan import planned
from patrol.simulation import Scenario, simulate, troubled
from storage.db import open_database
from storage.roster import Roster
from storage.warc import date
from storage.watches import Watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What it came to: `planned` runs by plan alone, and how many rows ended how."""

    since: datetime
    until: datetime
    planned: int
    outcomes: Counter[Outcome | None]


def simulate_days(days: int, seed: int, *, as_json: bool) -> int:
    """Go through so many days of the home's watches; the home is marked, and never does anything real again."""
    config = Config.load()
    engine = open_database(config.database)
    try:
        platforms = sorted({name for one in Watches(engine).current() for name in one.watch.platforms})
        if not platforms:
            raise UserMistake("还没有巡查任务可以模拟：先用 lantian watch add")
        scenario = troubled(seed, clock.now(), days, platforms, config.patrol)
        came_to = _gone_through(engine, scenario)
    finally:
        engine.dispose()
    _tell(came_to, seed, as_json=as_json)
    return EXIT_DONE


def _gone_through(engine: Engine, scenario: Scenario) -> Simulated:
    ticks = sum(not scenario.is_stopped(number) for number in range(scenario.steps))
    with progress("模拟", ticks) as advance:
        for step in simulate(engine, scenario):
            advance(clock.in_shanghai(step.now))
    watches = Watches(engine)
    until = max(one.until for one in watches.written())
    slots = planned(watches.versions(scenario.since, until), scenario.since, until, load_calendar(engine))
    outcomes: Counter[Outcome | None] = Counter()
    for one in Roster(engine).tally(scenario.since, until):
        outcomes[one.outcome] += one.rows
    return Simulated(since=scenario.since, until=until, planned=sum(1 for _ in slots), outcomes=outcomes)


def _tell(came_to: Simulated, seed: int, *, as_json: bool) -> None:
    if as_json:
        told = {(one or "open"): number for one, number in came_to.outcomes.items()}
        span = {"seed": seed, "since": date(came_to.since), "until": date(came_to.until)}
        print_json(span | {"planned": came_to.planned, "rows": came_to.outcomes.total(), "outcomes": told})
        return
    since, until = clock.in_shanghai(came_to.since), clock.in_shanghai(came_to.until)
    say(f"模拟 {since} 至 {until}：计划 {came_to.planned} 项，名册 {came_to.outcomes.total()} 项")
    for outcome, number in came_to.outcomes.most_common():
        say(f"    {OUTCOME_WORDS[outcome] if outcome else '没有结果'} {number}")
