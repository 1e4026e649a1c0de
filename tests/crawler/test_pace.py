"""The line before a host: nobody comes too soon, nobody waits for a clock."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from crawler.pace import Alone, Line, turn


def stand(line: Line, delay: float, now: float, newcomers: int) -> tuple[Line, list[float]]:
    waits = []
    for _ in range(newcomers):
        line, wait = line.reserved(delay, now)
        waits.append(wait)
    return line, waits


def test_each_newcomer_stands_behind_the_others() -> None:
    _, waits = stand(Line.at(100.0), 3.0, 100.0, 4)
    assert waits == [0.0, 3.0, 6.0, 9.0]


def test_a_host_that_was_left_alone_long_enough_is_free() -> None:
    line, _ = stand(Line.at(100.0), 3.0, 100.0, 2)
    assert stand(line, 3.0, 106.0, 1)[1] == [0.0]


def test_who_wakes_late_moves_those_behind() -> None:
    line, waits = stand(Line.at(0.0), 3.0, 0.0, 3)
    assert waits == [0.0, 3.0, 6.0]
    line, missing = line.begun(3.0, 5.0)
    assert missing == 0.0
    line, missing = line.begun(3.0, 6.0)
    assert missing == 2.0, "the second began at 5, so the third may at 8"
    line, missing = line.begun(3.0, 8.0)
    assert missing == 0.0
    assert stand(line, 3.0, 9.0, 1)[1] == [2.0], "and whoever comes then, at 11"


@pytest.mark.parametrize("back", [0.5, 3600.0, 1e9])
def test_a_clock_put_back_blocks_nobody_for_longer_than_the_line_is(back: float) -> None:
    line, _ = stand(Line.at(2e9), 3.0, 2e9, 3)
    line, (wait,) = stand(line, 3.0, 2e9 - back, 1)
    assert wait <= 9.0
    line, missing = line.begun(3.0, 2e9 - back)
    assert missing <= 3.0
    assert line.begun(3.0, 2e9 - back + 3.0)[1] == 0.0


def test_a_rest_is_before_the_next_newcomer() -> None:
    line = Line.at(0.0).rested(10.0, 0.0)
    assert stand(line, 3.0, 1.0, 2)[1] == [9.0, 12.0]
    assert stand(line, 3.0, 20.0, 1)[1] == [0.0]


@pytest.mark.parametrize("seed", range(20))
def test_no_two_turns_lie_closer_than_the_delay_however_late_they_wake(seed: int) -> None:
    random = Random(seed)
    line, began = Line.at(0.0), []
    waiting: list[float] = []
    now = 0.0
    for _ in range(300):
        now += random.choice((0.0, 0.1, 1.0, 4.0))
        if random.random() < 0.4:
            line, wait = line.reserved(2.0, now)
            waiting, began = (waiting, [*began, now]) if not wait else ([*waiting, now + wait], began)
        for due in sorted(one for one in waiting if one <= now and random.random() < 0.7):
            waiting.remove(due)
            line, missing = line.begun(2.0, now)
            waiting, began = (waiting, [*began, now]) if not missing else ([*waiting, now + missing], began)
    assert len(began) > 20
    assert min(later - earlier for earlier, later in pairwise(began)) >= 2.0 - 1e-9


async def _never(turns: Refuses) -> None:
    await turn("free.example", 0.0, turns)


class Refuses(Alone):
    """A ledger that may not be asked."""

    def reserve(self, host: str, delay: float) -> float:
        raise AssertionError("asked")


def test_without_a_delay_the_ledger_is_not_asked() -> None:
    step = _never(Refuses())
    with pytest.raises(StopIteration):
        step.send(None)
    with pytest.raises(AssertionError, match="asked"):
        turn("slow.example", 1.0, Refuses()).send(None)
