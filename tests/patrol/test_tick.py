"""One look at the clock: what becomes due is written, what may begin is offered, what died before is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from month import BY, opened, watch
from sqlalchemy import event

from crawler.items import Outcome
from crawler.tables import Patrol
from crawler.watches import Claim
from patrol.tick import PatrolStore, tick
from storage.roster_shapes import DISK_FULL, Claimed, Entry, Settled, Snapshot, Waiting, Wanted
from storage.rounds import Rounds

EIGHT = datetime(2026, 8, 3, 0, 0, tzinfo=UTC)  # eight in the morning of a Monday in Shanghai
NINE = EIGHT + timedelta(hours=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAILY = replace(watch("日常", 2, "0 9 * * *", ("sogou", "baidu")), grace=60)
SNAPSHOT = Snapshot(tool="lantian/test", settings="{}")


@dataclass
class Office:
    """Takes what it is offered as long as it has room, and says so while it lives."""

    store: PatrolStore
    room: int = 9
    offered: list[tuple[Waiting, ...]] = field(default_factory=list)
    claims: list[Claimed] = field(default_factory=list)

    def tend(self, now: datetime) -> None:
        for claim in self.claims:
            self.store.roster.beat(claim.id, now, self.store.settings.lease)

    def offer(self, waiting: Sequence[Waiting], now: datetime) -> int:
        self.offered.append(tuple(waiting))
        taken = 0
        for one in waiting[: self.room]:
            wanted = Wanted(watch_id=one.watch_id, version=one.version, platforms=(one.platform,))
            self.claims.append(self.store.roster.claim(wanted, "office", now, self.store.settings.lease, SNAPSHOT))
            taken += len(self.claims[-1].runs)
        return taken


class Died(BaseException):
    """What nobody catches."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PatrolStore]:
    with opened(tmp_path / "lantian.db") as engine:
        yield PatrolStore(engine, Patrol(lease=600.0))


def rows(store: PatrolStore) -> tuple[Entry, ...]:
    return store.roster.entries(EIGHT - 900 * DAY, EIGHT + 900 * DAY)


def test_what_is_due_is_written_and_offered(store: PatrolStore) -> None:
    store.watches.add(DAILY, BY, EIGHT)
    office = Office(store)
    before = tick(store, office, NINE - MINUTE)
    assert (before.written, before.waiting, before.taken, office.offered) == (0, 0, 0, [])
    at_nine = tick(store, office, NINE)
    assert (at_nine.written, at_nine.waiting, at_nine.taken) == (4, 4, 4)
    assert [(one.platform, one.rows, one.since) for one in office.offered[0]] == [
        ("baidu", 2, NINE),
        ("sogou", 2, NINE),
    ]
    for claim in office.claims:
        for run in claim.runs:
            Rounds(store.database).finish_run(run.id, Outcome.OK, "", "", NINE + MINUTE)
    after = tick(store, office, NINE + 2 * MINUTE)
    assert (after.settled, after.written, after.waiting) == (Settled(ended=4), 0, 0)


def test_whose_turn_is_oldest_is_offered_first(store: PatrolStore) -> None:
    store.watches.add(replace(DAILY, name="后", schedule="30 9 * * *"), BY, EIGHT)
    store.watches.add(DAILY, BY, EIGHT)
    office = Office(store, room=0)
    tick(store, office, NINE + 40 * MINUTE)
    assert [one.since for one in office.offered[0]] == [NINE, NINE, NINE + 30 * MINUTE, NINE + 30 * MINUTE]


def test_a_clock_that_jumps_ahead_takes_no_lease_from_the_living(store: PatrolStore) -> None:
    store.watches.add(DAILY, BY, EIGHT)
    office = Office(store)
    tick(store, office, NINE)
    assert tick(store, office, NINE + 3 * HOUR).settled == Settled()
    assert {row.state for row in rows(store)} == {Claim.CLAIMED}
    office.claims.pop()
    assert tick(store, office, NINE + 6 * HOUR).settled == Settled(lapsed=2), "and from the dead it does"


def test_a_clock_that_jumps_back_writes_nothing_twice(store: PatrolStore) -> None:
    store.watches.add(replace(DAILY, schedule="*/5 * * * *", grace=4), BY, EIGHT)
    office = Office(store, room=0)
    written = [tick(store, office, EIGHT + offset).written for offset in (HOUR, -DAY, HOUR, HOUR + 5 * MINUTE)]
    assert written == [48, 0, 0, 4]


def test_days_without_a_patrol_are_written_when_it_comes_back(store: PatrolStore) -> None:
    store.watches.add(DAILY, BY, EIGHT)
    office = Office(store)
    tick(store, office, NINE)
    told = tick(store, Office(store), NINE + 20 * DAY + HOUR / 2)
    assert (told.written, told.taken, told.settled) == (80, 4, Settled(lapsed=4))
    reasons = [row.reason for row in rows(store)]
    assert reasons == ["lease_expired"] * 4 + ["not_running"] * 76 + [""] * 4


def test_while_nothing_may_begin_it_is_written_and_its_time_may_pass(store: PatrolStore) -> None:
    store.watches.add(DAILY, BY, EIGHT)
    office = Office(store)
    full = tick(store, office, NINE, DISK_FULL)
    assert (full.written, full.waiting, full.taken, office.offered) == (4, 4, 0, [])
    tick(store, office, NINE + HOUR - MINUTE, DISK_FULL)
    told = tick(store, office, NINE + HOUR + 2 * MINUTE, DISK_FULL)
    assert told.settled == Settled(passed=4)
    assert {(row.outcome, row.reason) for row in rows(store)} == {(Outcome.MISSED, "disk_full")}
    assert tick(store, office, NINE + DAY).taken == 4, "and with room it goes on"


def test_a_paused_watch_plans_nothing_from_then_on(store: PatrolStore) -> None:
    number = store.watches.add(DAILY, BY, EIGHT)
    office = Office(store, room=0)
    store.watches.change(number, replace(DAILY, is_paused=True), BY, NINE + MINUTE)
    assert tick(store, office, NINE + 2 * DAY).written == 4, "what was due before is"
    store.watches.change(number, DAILY, BY, NINE + 2 * DAY + MINUTE)
    assert tick(store, office, NINE + 3 * DAY).written == 4


def test_where_nothing_is_due_hardly_anything_is_written(store: PatrolStore) -> None:
    store.watches.add(DAILY, BY, NINE)
    commits = []
    event.listen(store.database, "commit", lambda _: commits.append(1))
    until = set()
    for seconds in range(0, 3600, 30):
        tick(store, Office(store), NINE + timedelta(seconds=seconds))
        until.add(store.watches.written()[0].until)
    assert len(until) <= 12, "every five minutes, which is half a lease"
    assert len(commits) <= 120 + 12
    # Who looked so lately was not away.
    assert rows(store) == ()


def test_a_change_between_planning_and_writing_waits_for_the_next_tick(store: PatrolStore) -> None:
    number = store.watches.add(DAILY, BY, EIGHT)
    calendar, office = store.calendar, Office(store, room=0)

    def meanwhile() -> object:
        store.watches.change(number, replace(DAILY, is_paused=True), BY, NINE - MINUTE)
        return calendar()

    store.calendar = meanwhile  # type: ignore[method-assign,assignment]
    assert tick(store, office, NINE).written == 0
    store.calendar = calendar  # type: ignore[method-assign]
    assert tick(store, office, NINE + MINUTE).written == 0
    assert rows(store) == (), "what the watch wants by then is what stands"


@pytest.mark.parametrize("step", ["settle", "written", "write", "waiting", "claim"])
def test_a_tick_that_dies_leaves_nothing_half_done(
    store: PatrolStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store.watches.add(DAILY, BY, EIGHT)
    store.watches.add(replace(DAILY, name="又"), BY, EIGHT)
    part = store.watches if step == "written" else store.roster
    real: Callable[..., object] = getattr(part, step)

    def dying(*given: object) -> object:
        real(*given)
        raise Died

    monkeypatch.setattr(part, step, dying)
    with pytest.raises(Died):
        tick(store, Office(store), NINE)
    monkeypatch.undo()
    office = Office(store)
    tick(store, office, NINE + 20 * MINUTE)
    tick(store, office, NINE + 21 * MINUTE)
    assert len(rows(store)) == 8
    assert {row.state for row in rows(store)} == {Claim.CLAIMED}
    assert {row.attempts for row in rows(store)} == ({1, 2} if step == "claim" else {1})
