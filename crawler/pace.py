"""One turn after another on each host, whoever loads from it: a crawl, a second crawl, the browser.

Scrapy's own delay knows only its own crawl; a platform sees one visitor, so the promise is kept here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

BURST = 80  # what a page may ask of one host at once, connections and requests each
PACE = 0.1  # seconds between two of those that come after them

_free_at: dict[str, float] = {}


async def turn(host: str, delay: float) -> None:
    """Wait until `delay` seconds have passed since the last turn on `host` in this process began."""
    now = time.monotonic()
    start = max(now, _free_at.get(host, now))
    _free_at[host] = start + delay
    if start > now:
        await asyncio.sleep(start - now)


def rest(host: str, delay: float, requests: int) -> None:
    """After a visit that asked this often: the next turn on `host` comes the later, the more it was."""
    until = time.monotonic() + delay * requests / BURST
    _free_at[host] = max(_free_at.get(host, until), until)


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
