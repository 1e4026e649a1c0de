"""A patrol whose crawls are made up: the same ticks and the same rows, with a clock and ends that follow from a seed.

It asks no host and reads no clock. The home it runs in is marked, and can never be sealed nor really crawled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import TypeVar

from sqlalchemy import Engine as Database

from crawler.items import Outcome
from crawler.tables import Patrol
from patrol.engines import Engine
from patrol.tick import PatrolStore, Ticked, tick
from storage.marks import mark_simulation
from storage.roster_shapes import OVER_LIMIT, Claimed, Snapshot, Waiting, Wanted
from storage.rounds import Rounds
from storage.shapes import PlannedRun

Drawn = TypeVar("Drawn")
HOLDER = "simulation"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SNAPSHOT = Snapshot(tool="lantian/simulation", settings='{"simulation":true}', words="simulation")


class Fate(StrEnum):
    """What becomes of a crawl: it comes to its end, dies seen or unseen, grows too large, or stands still and wakes."""

    ENDS = "ends"
    DIES = "dies"
    VANISHES = "vanishes"
    SWELLS = "swells"
    SLEEPS = "sleeps"


# How often in a hundred crawls, and in a hundred runs of a platform that is well.
FATES = {Fate.DIES: 5, Fate.VANISHES: 7, Fate.SWELLS: 4, Fate.SLEEPS: 4, Fate.ENDS: 80}
ENDS = {
    (Outcome.EMPTY, "none_found"): 12,
    (Outcome.BLOCKED, "captcha"): 4,
    (Outcome.LOGIN, "login_page"): 2,
    (Outcome.CHANGED, "no_list"): 2,
    (Outcome.UNREACHABLE, "timeout"): 2,
    (Outcome.OK, ""): 78,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """From when until when no patrol runs; its crawls die with it."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From when until when every run of a platform ends alike."""

    platform: str
    since: datetime
    until: datetime
    outcome: Outcome = Outcome.UNREACHABLE
    reason: str = "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """When the machine's clock jumps, and by how much: ahead, or back."""

    at: datetime
    by: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens from `since` to `until`, all in true time; the machine's clock is apart from it by its jumps.

    `step` seconds lie between two ticks, a run takes about `pace` seconds. With `ends_all` nothing more becomes due
    at the end, but what is due still has its time, until every row has ended.
    """

    seed: int
    since: datetime
    until: datetime
    step: float = 300.0
    pace: float = 20.0
    settings: Patrol = field(default_factory=Patrol)
    stops: tuple[Stop, ...] = ()
    outages: tuple[Outage, ...] = ()
    jumps: tuple[Jump, ...] = ()
    ends_all: bool = False

    @property
    def steps(self) -> int:
        """How many ticks there are, those included in which no patrol runs."""
        return int((self.until - self.since).total_seconds() // self.step)

    def moment(self, number: int) -> datetime:
        """The true time of a step."""
        return self.since + timedelta(seconds=number * self.step)

    def clock(self, number: int) -> datetime:
        """What the machine's clock shows at a step."""
        moment = self.moment(number)
        return moment + sum((one.by for one in self.jumps if one.at <= moment), timedelta())

    def is_stopped(self, number: int) -> bool:
        """Whether no patrol runs at a step."""
        return any(one.since <= self.moment(number) < one.until for one in self.stops)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tick of a simulation: its number, the machine's clock, and what it did."""

    number: int
    now: datetime
    ticked: Ticked


def simulate(database: Database, scenario: Scenario, first: int = 0) -> Iterator[Step]:
    """Tick by tick from step `first` on: whoever stops taking steps, or dies, goes on from there another time."""
    mark_simulation(database, scenario.clock(first))
    store = PatrolStore(database, scenario.settings)
    engine = SimulatedEngine(store, scenario)
    for number in range(first, scenario.steps):
        if scenario.is_stopped(number):
            engine = SimulatedEngine(store, scenario)
            continue
        yield engine.step(number, tick)
    number = max(first, scenario.steps)
    while scenario.ends_all and store.roster.has_open():
        yield engine.step(number, _serve)
        number += 1


def _serve(store: PatrolStore, engine: Engine, now: datetime) -> Ticked:
    """A tick that writes nothing down."""
    engine.tend(now)
    settled = store.settle(now)
    waiting = store.roster.waiting(now)
    taken = engine.offer(waiting, now) if waiting else 0
    return Ticked(settled=settled, written=0, waiting=sum(one.rows for one in waiting), taken=taken)


def troubled(seed: int, since: datetime, days: int, platforms: Sequence[str], settings: Patrol) -> Scenario:
    """Some days in which much goes wrong: each platform once, the patrol thrice, the clock ahead and back."""
    span = days * DAY

    def moment(what: str) -> datetime:
        return since + _chance(f"{seed} {what}") * span

    def stretch(what: str) -> tuple[datetime, datetime]:
        return moment(what), moment(what) + (1 + 20 * _chance(f"{seed} {what} long")) * HOUR

    stops = [stretch(f"stop {number}") for number in range(3)]
    outages = [(name, *stretch(f"outage {name}")) for name in platforms]
    jumps = [(moment("ahead"), 3 * HOUR), (moment("back"), -HOUR), (moment("a day back"), -DAY)]
    return Scenario(
        seed=seed,
        since=since,
        until=since + span,
        settings=settings,
        stops=tuple(Stop(since=at, until=until) for at, until in stops),
        outages=tuple(Outage(platform=name, since=at, until=until) for name, at, until in outages),
        jumps=tuple(sorted((Jump(at=at, by=by) for at, by in jumps), key=lambda one: one.at)),
        ends_all=True,
    )


@dataclass(slots=True, kw_only=True)
class _Crawl:
    """A made-up crawl: which run ends how many seconds after its beginning, and when its fate is met."""

    claimed: Claimed
    fate: Fate
    met: float
    ends: list[tuple[float, PlannedRun]]
    age: float = 0.0


class SimulatedEngine:
    """Crawls that ask nobody. `moment` is the true time of the tick that calls: what lasts goes by it, since no
    crawl grows older because a clock jumped."""

    def __init__(self, store: PatrolStore, scenario: Scenario) -> None:
        self.moment = scenario.since
        self._store = store
        self._scenario = scenario
        self._rounds = Rounds(store.database)
        self._crawls: list[_Crawl] = []

    def step(self, number: int, look: Callable[[PatrolStore, Engine, datetime], Ticked]) -> Step:
        """Look at the machine's clock once."""
        self.moment, now = self._scenario.moment(number), self._scenario.clock(number)
        return Step(number=number, now=now, ticked=look(self._store, self, now))

    def tend(self, now: datetime) -> None:
        """Let every crawl grow older by one step."""
        for crawl in self._crawls:
            crawl.age += self._scenario.step
            if crawl.fate is Fate.ENDS or crawl.age < crawl.met:
                self._live(crawl, now)
            else:
                self._meet_fate(crawl, now)
        self._crawls = [one for one in self._crawls if one.ends]

    def offer(self, waiting: Sequence[Waiting], now: datetime) -> int:
        """Begin as many crawls as there are places, one for each watch version."""
        taken = 0
        for watch_id, version in dict.fromkeys((one.watch_id, one.version) for one in waiting):
            if len(self._crawls) >= self._scenario.settings.children:
                break
            wanted = Wanted(watch_id=watch_id, version=version)
            claimed = self._store.roster.claim(wanted, HOLDER, now, self._scenario.settings.lease, SNAPSHOT)
            if claimed.runs:
                self._crawls.append(_begun(claimed, self._scenario))
                self._rounds.open_runs(claimed.runs, now)
            taken += len(claimed.runs)
        return taken

    def _live(self, crawl: _Crawl, now: datetime) -> None:
        self._end_due(crawl, now)
        if crawl.ends:
            self._store.roster.beat(crawl.claimed.id, now, self._scenario.settings.lease)
        else:
            self._store.settle(now)

    def _meet_fate(self, crawl: _Crawl, now: datetime) -> None:
        if crawl.fate is Fate.SLEEPS:
            if crawl.age > crawl.met + 3 * self._scenario.settings.lease:
                self._end_due(crawl, now)  # far too late, as a machine that wakes does
            return
        if crawl.fate is Fate.SWELLS:
            self._store.roster.give_up(crawl.claimed.id, now, OVER_LIMIT, "killed at its memory limit")
        elif crawl.fate is Fate.DIES:
            self._store.roster.let_go(crawl.claimed.id, now)
        crawl.ends.clear()

    def _end_due(self, crawl: _Crawl, now: datetime) -> None:
        for _, run in (one for one in crawl.ends if one[0] <= crawl.age):
            outcome, reason = self._outcome(run)
            self._rounds.finish_run(run.id, outcome, reason, "", now)
        crawl.ends = [one for one in crawl.ends if one[0] > crawl.age]

    def _outcome(self, run: PlannedRun) -> tuple[Outcome, str]:
        for outage in self._scenario.outages:
            if outage.platform == run.platform and outage.since <= self.moment < outage.until:
                return outage.outcome, outage.reason
        return _drawn(ENDS, f"{self._scenario.seed} end {run.id}")


def _begun(claimed: Claimed, scenario: Scenario) -> _Crawl:
    """A crawl of these runs: one after the other on each platform, the platforms beside each other."""
    name = f"{scenario.seed} {claimed.runs[0].id}"
    ends: list[tuple[float, PlannedRun]] = []
    for platform in dict.fromkeys(run.platform for run in claimed.runs):
        runs = [run for run in claimed.runs if run.platform == platform]
        spans = (scenario.pace * (0.5 + _chance(f"{name} pace {run.id}")) for run in runs)
        ends += zip(accumulate(spans), runs, strict=True)
    fate, last = _drawn(FATES, f"{name} fate"), max(end for end, _ in ends)
    return _Crawl(claimed=claimed, fate=fate, met=last * _chance(f"{name} met"), ends=ends)


def _drawn(shares: dict[Drawn, int], name: str) -> Drawn:
    """One of these by its share in a hundred."""
    place = _chance(name) * 100
    return next(one for one, end in zip(shares, accumulate(shares.values()), strict=True) if place < end)


def _chance(name: str) -> float:
    """A number from 0 up to 1 that follows from the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48
