"""Whether a patrol may believe its clock when more than a day is gone since anything was written down.

It may be a standstill, or a clock that is wrong: a source of time decides, and without one a little patience, in which
a machine that has just started sets its clock. It never holds back what is due for long.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake

LONG = timedelta(days=1)
WRONG = 3600.0  # seconds our clock may be off a source before nothing is written down by it
SLIGHTLY = 60.0  # seconds it may be off when what it once wrote is set right
GOOD_FOR = 300.0  # seconds an answer is used again
PATIENCE = 60.0  # seconds the sources have to answer
CHECK = (sys.executable, "-m", "console.clockcheck")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a source of time said: seconds to be added to our clock."""

    source: str
    offset: float


class Doubts:
    """What is thought of the clock. `patience` is in seconds of the steady clock, which nobody puts."""

    def __init__(
        self, patience: float, ask: Callable[[], Told | None], steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience, self._ask, self._steady = patience, ask, steady
        self._since: tuple[float, datetime] | None = None
        self._answer: tuple[float, Told | None] | None = None
        self.is_waiting = False

    def held(self, written: Sequence[datetime], now: datetime) -> str:
        """Why nothing may be written down now; empty where the clock is believed. `written` is of each watch."""
        last = min(written, default=now)
        self.is_waiting = False
        if now - last <= LONG:
            self._since = self._answer = None
            return ""
        gone = f"上次写到 {clock.in_shanghai(last)[:16]}，现在的时钟是 {clock.in_shanghai(now)[:10]}"
        told = self._asked()
        if told is not None:
            how = f"快了 {timedelta(seconds=round(-told.offset))}" if told.offset < 0 else f"慢了 {told.offset:.0f} 秒"
            is_wrong = abs(told.offset) > WRONG
            return f"{gone}，而它比 {told.source} {how}：校准以前什么也不写" if is_wrong else ""
        return self._patiently(gone, now)

    def _patiently(self, gone: str, now: datetime) -> str:
        mark = self._steady()
        if self._since is None or abs((now - self._since[1]).total_seconds() - (mark - self._since[0])) > PATIENCE:
            self._since = (mark, now)  # also a clock that was put meanwhile
        self.is_waiting = mark - self._since[0] < self._patience
        return f"{gone}：停了这么久，还是时钟错了？先等 {self._patience:g} 秒" if self.is_waiting else ""

    def _asked(self) -> Told | None:
        mark = self._steady()
        if self._answer is None or mark - self._answer[0] > GOOD_FOR:
            self._answer = (mark, self._ask())
        return self._answer[1]


def ask_sources(config: Config) -> Told | None:
    """What the first of `[clock] sources` says that answers; `None` without any."""
    if not config.clock.sources:
        return None
    try:
        ran = subprocess.run(CHECK, capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S603 - ours
        told = json.loads(ran.stdout)
    except (subprocess.SubprocessError, ValueError):
        return None
    return None if told["offset"] is None else Told(source=told["source"], offset=told["offset"])


def refuse_wrong_clock(config: Config) -> None:
    """`UserMistake` where a source of time says that our clock is wrong now."""
    told = ask_sources(config)
    if told is not None and abs(told.offset) > SLIGHTLY:
        raise UserMistake(f"现在的时钟与 {told.source} 相差 {abs(told.offset):.0f} 秒；先校准时钟")


def written_ahead(written: Sequence[datetime], now: datetime) -> str:
    """That watches are written far into the future, in words; empty where they are not."""
    until = max(written, default=now)
    if until - now <= LONG:
        return ""
    return (
        f"名册已写到 {clock.in_shanghai(until)[:16]}，现在的时钟是 {clock.in_shanghai(now)[:10]}，其间什么也不排："
        "时钟曾经快了就用 lantian watch put-back 改回；若是现在慢了，先校准时钟"
    )
