"""Keeps every crawl from paid counters and redirectors: before robots.txt is asked, and again at each redirect."""

from __future__ import annotations

from scrapy.http import Request

from spiders.counters import is_counter, is_paid, refusal_of


class Counters:
    """Raises `Disallowed` for a request that begins at a counter, and for a redirect that leads to a paid one."""

    async def process_request(self, request: Request) -> None:
        is_led = bool(request.meta.get("redirect_times"))
        if is_paid(request.url) or (not is_led and is_counter(request.url)):
            raise refusal_of(request.url)
