"""One turn after another on each host, whoever loads from it: a crawl, a second crawl, the browser.

Scrapy's own delay knows only its own crawl; a platform sees one visitor, so the promise is kept here.
"""

from __future__ import annotations

import asyncio
import time

_free_at: dict[str, float] = {}


async def turn(host: str, delay: float) -> None:
    """Wait until `delay` seconds have passed since the last turn on `host` in this process began."""
    now = time.monotonic()
    start = max(now, _free_at.get(host, now))
    _free_at[host] = start + delay
    if start > now:
        await asyncio.sleep(start - now)


class Burst:
    """Turns of one visit: `free` of them on a host at once, those after them `delay` seconds apart."""

    def __init__(self, free: int, delay: float) -> None:
        self._free = free
        self._delay = delay
        self._taken: dict[str, int] = {}
        self._next_at: dict[str, float] = {}

    async def turn(self, host: str) -> None:
        self._taken[host] = self._taken.get(host, 0) + 1
        if self._taken[host] <= self._free:
            return
        now = time.monotonic()
        start = max(now, self._next_at.get(host, now))
        self._next_at[host] = start + self._delay
        await asyncio.sleep(start - now)
