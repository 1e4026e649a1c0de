"""Renders a page whose list only appears when its scripts run, in place of downloading it.

A spider asks for it by `meta["in_browser"]`, after the plain download was `changed
needs_browser`. Without a browser the page keeps that outcome, with the reason in words.
"""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Request

from crawler.errors import PageChanged
from pipelines.browser import BrowserTrouble
from pipelines.room import Room


class RenderMiddleware:
    """Answers a request marked `in_browser` with the rendered document instead of a download."""

    def __init__(self, crawler: Crawler) -> None:
        self._room = Room.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RenderMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> HtmlResponse | None:
        if not request.meta.get("in_browser"):
            return None
        try:
            url, dom, status = await self._room.browser.render(request.url)
        except BrowserTrouble as trouble:
            raise PageChanged("needs_browser", str(trouble)) from trouble
        return HtmlResponse(
            url, status=status, body=dom, encoding="utf-8", headers={"Content-Type": "text/html; charset=utf-8"}
        )
