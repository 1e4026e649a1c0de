"""Renders a page whose list only appears when its scripts run, in place of downloading it.

A spider asks for it by `meta["in_browser"]`, after the plain download was `changed
needs_browser`. Without a browser the page keeps that outcome, with the reason in words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Request

from crawler.captures import Surroundings, Visit
from crawler.errors import PageChanged
from pipelines.browser import BrowserTrouble
from pipelines.room import Room
from pipelines.sessions import told
from pipelines.surroundings import look


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What stands behind a rendered response, until it is kept."""

    visit: Visit
    surroundings: Surroundings


class RenderMiddleware:
    """Answers a request marked `in_browser` with the rendered document instead of a download.

    `meta["rendered"]` then has all that was loaded for it, for whoever keeps it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._room = Room.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RenderMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> HtmlResponse | None:
        if not request.meta.get("in_browser"):
            return None
        surroundings = await look(self._room.config, urlsplit(request.url).hostname or "", self._room.eyes)
        try:
            visit = await self._room.browser.render(request.url)
        except BrowserTrouble as trouble:
            raise PageChanged("needs_browser", str(trouble)) from trouble
        visit = replace(visit, override=request.meta.get("override", ""))
        visit = told(visit, self._room.eyes.session)
        request.meta["rendered"] = Rendered(visit=visit, surroundings=surroundings)
        kind = {"Content-Type": "text/html; charset=utf-8"}
        return HtmlResponse(visit.url, status=visit.status or 200, body=visit.dom, encoding="utf-8", headers=kind)
