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
