"""The patrol's clock: what is due runs here, a clock that jumps is noticed, and a signal ends a wait."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger

from console.clockwork import LONGEST, Clockwork, Wakes

HOUR = timedelta(hours=1)


class Hands:
    """The wall's clock, which somebody puts forward or back, and the steady one, which nobody can."""

    def __init__(self) -> None:
        self.put = timedelta(0)
        self.steady = 0.0
        self._begun = datetime.now(UTC)

    def wall(self) -> datetime:
        return self._begun + timedelta(seconds=self.steady) + self.put

    def mark(self) -> float:
        return self.steady


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def works(hands: Hands) -> Iterator[Clockwork]:
    made = Clockwork(hands.wall, hands.mark)
    made.start()
    yield made
    made.shutdown()


def test_what_is_due_runs_at_once_and_then_at_its_time(works: Clockwork) -> None:
    calls: list[int] = []
    works.every(3600, "tick", lambda: calls.append(1))
    assert 0 < works.run_due() <= LONGEST
    assert calls == [1]
    works.run_due()
    assert calls == [1]
    works.hurry("tick")
    works.run_due()
    assert calls == [1, 1]


def test_nothing_to_do_is_looked_at_now_and_then(works: Clockwork) -> None:
    assert works.run_due() == LONGEST


def test_what_a_job_raises_is_raised(works: Clockwork) -> None:
    def breaks() -> None:
        raise RuntimeError("a bug of ours")

    works.every(3600, "tick", breaks)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        works.run_due()
    works.run_due()  # said once


def test_time_that_passes_is_no_jump(works: Clockwork, hands: Hands) -> None:
    hands.steady += 7200.0
    assert works.jumped() == timedelta(0)
    hands.put += timedelta(seconds=1)
    assert works.jumped() == timedelta(0)


@pytest.mark.parametrize("put", [HOUR, -HOUR, timedelta(days=400)], ids=str)
def test_a_jump_is_told_once(works: Clockwork, hands: Hands, put: timedelta) -> None:
    hands.put += put
    hands.steady += 30.0
    assert works.jumped() == put
    assert works.jumped() == timedelta(0)


def test_a_clock_put_back_does_not_stop_what_is_done_every_minute(hands: Hands) -> None:
    hands.put = 2 * HOUR  # the clock is ahead when the patrol starts
    works = Clockwork(hands.wall, hands.mark)
    works.start()
    calls: list[int] = []
    works.every(60, "tick", lambda: calls.append(1))
    works.run_due()
    assert calls == []  # by the true clock it is not due for two hours
    hands.put = timedelta(0)
    assert works.jumped() == -2 * HOUR
    works.run_due()
    assert calls == [1]
    works.shutdown()


def test_a_clock_put_far_ahead_makes_one_turn_of_many(works: Clockwork, hands: Hands) -> None:
    calls: list[int] = []
    works.every(0.001, "tick", lambda: calls.append(1))
    works.run_due()
    works.run_due()
    assert len(calls) <= 2


def test_what_is_daily_waits_for_its_hour_after_a_jump(works: Clockwork, hands: Hands) -> None:
    calls: list[int] = []
    soon = hands.wall() + 12 * HOUR
    works.daily(CronTrigger(hour=soon.hour, minute=soon.minute, timezone=UTC), "day", lambda: calls.append(1))
    hands.put = timedelta(days=1)
    assert works.jumped() == timedelta(days=1)
    works.run_due()
    assert calls == []
    assert works.get_job("day").next_run_time > hands.wall()


@pytest.mark.parametrize(("number", "stops"), [(signal.SIGTERM, 1), (signal.SIGINT, 1), (signal.SIGCHLD, 0)], ids=str)
def test_a_signal_ends_a_wait_also_one_that_begins_later(number: signal.Signals, stops: int) -> None:
    wakes = Wakes()
    with wakes.heard():
        os.kill(os.getpid(), number)
        wakes.wait(600)
        assert wakes.stops == stops
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
