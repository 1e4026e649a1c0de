"""One turn after another on each host, whoever loads from it: a crawl, a second crawl, the browser, another machine.

Scrapy's own delay knows only its own crawl; a platform sees one visitor, so the promise is kept here. What has been
promised to whom stands in a ledger; this file knows no database and counts by whatever clock the ledger has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

BURST = 80  # what a page may ask of one host at once, connections and requests each
PACE = 0.1  # seconds between two of those that come after them
NEVER = float("-inf")


class Turns(Protocol):
    """The ledger of turns. `delay` is what must lie between two turns of a host, in seconds, above 0."""

    def reserve(self, host: str, delay: float) -> float:
        """Take the next place before `host`; seconds until its moment. At 0 the turn has begun."""
        ...

    def begin(self, host: str, delay: float) -> float:
        """Begin a turn whose moment has come; 0 when it has begun, else the seconds that are missing still."""
        ...

    def rest(self, host: str, seconds: float) -> None:
        """The next turn that is reserved comes no sooner than in so many seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who stands before one host, in seconds of one clock: when the next newcomer's moment is, when the last turn
    really began, and when the ledger was last looked at."""

    free_at: float
    begun_at: float
    looked_at: float

    @classmethod
    def at(cls, now: float) -> Line:
        """Nobody stands there, and nobody has."""
        return cls(free_at=now, begun_at=NEVER, looked_at=now)

    def _looked(self, now: float) -> Line:
        """A clock that was put back says nothing about how long we waited: the line is as long as it last was."""
        lost = max(self.looked_at - now, 0.0)
        return Line(free_at=self.free_at - lost, begun_at=min(self.begun_at, now), looked_at=now)

    def reserved(self, delay: float, now: float) -> tuple[Line, float]:
        """With one more in the line, and how long that one waits."""
        line = self._looked(now)
        start = max(now, line.free_at, line.begun_at + delay)
        begun = now if start <= now else line.begun_at
        return replace(line, free_at=start + delay, begun_at=begun), start - now

    def begun(self, delay: float, now: float) -> tuple[Line, float]:
        """With a turn begun now, unless the one before it began too late for that: then how long to wait still."""
        line = self._looked(now)
        missing = line.begun_at + delay - now
        if missing > 0:
            return line, missing
        return replace(line, begun_at=now, free_at=max(line.free_at, now + delay)), 0.0

    def rested(self, seconds: float, now: float) -> Line:
        line = self._looked(now)
        return replace(line, free_at=max(line.free_at, now + seconds))


class Alone:
    """The ledger of a process that shares its hosts with no other."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    def reserve(self, host: str, delay: float) -> float:
        now = time.monotonic()
        self._lines[host], wait = self._lines.get(host, Line.at(now)).reserved(delay, now)
        return wait

    def begin(self, host: str, delay: float) -> float:
        now = time.monotonic()
        self._lines[host], missing = self._lines.get(host, Line.at(now)).begun(delay, now)
        return missing

    def rest(self, host: str, seconds: float) -> None:
        now = time.monotonic()
        self._lines[host] = self._lines.get(host, Line.at(now)).rested(seconds, now)


ALONE = Alone()


async def turn(host: str, delay: float, turns: Turns = ALONE) -> None:
    """Wait until `delay` seconds have passed since the last turn on `host` began, by everyone of this ledger.

    The ledger is asked again after waiting: who woke up late has moved those behind. Without a delay it is not asked.
    """
    if delay <= 0:
        return
    wait = turns.reserve(host, delay)
    while wait > 0:
        await asyncio.sleep(wait)
        wait = turns.begin(host, delay)


def rest(host: str, delay: float, requests: int, turns: Turns = ALONE) -> None:
    """After a visit that asked this often: the next turn on `host` comes the later, the more it was."""
    if delay > 0:
        turns.rest(host, delay * requests / BURST)


class Burst:
    """Turns of one visit: `free` of them on a host at once, those after them `delay` seconds apart."""

    def __init__(self, free: int, delay: float) -> None:
        self._free = free
        self._delay = delay
        self._taken: dict[str, int] = {}
        self._next_at: dict[str, float] = {}

    @property
    def taken(self) -> Mapping[str, int]:
        """The turns that each host had."""
        return self._taken

    async def turn(self, host: str) -> None:
        self._taken[host] = self._taken.get(host, 0) + 1
        if self._taken[host] <= self._free:
            return
        now = time.monotonic()
        start = max(now, self._next_at.get(host, now))
        self._next_at[host] = start + self._delay
        await asyncio.sleep(start - now)
