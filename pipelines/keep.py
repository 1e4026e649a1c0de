"""Every response is in the archive before anyone reads it: walls, redirects and empty pages too.

This middleware stands nearest to the downloader, above decompression, so what it keeps is the
entity as it came. See docs/decisions/0003-what-raw-means.md.
"""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler import clock
from crawler.captures import Exchange
from crawler.errors import NotKept
from crawler.items import Capture
from crawler.transport import is_specimen
from pipelines.render import Rendered
from pipelines.room import Room
from storage.visits import keep_page


class KeepMiddleware:
    """Puts the capture of the newest response into `request.meta["capture"]`."""

    def __init__(self, crawler: Crawler) -> None:
        self._room = Room.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepMiddleware:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        try:
            request.meta["capture"] = self._kept(request, response)
        except OSError as wrong:
            raise NotKept("not_kept", str(wrong)) from wrong
        return response

    def _kept(self, request: Request, response: Response) -> Capture:
        if request.meta.get("in_browser"):
            rendered: Rendered = request.meta.pop("rendered")
            return keep_page(self._room.archive, rendered.visit, rendered.surroundings)
        return self._room.archive.keep(
            Exchange(
                url=response.url,
                method=request.method,
                request_headers=request.meta["sent_headers"],
                request_body=request.body,
                status=response.status,
                reason=request.meta["status_reason"],
                protocol=response.protocol or "HTTP/1.1",
                response_headers=request.meta["raw_headers"],
                response_body=response.body,
                ip_address=str(response.ip_address or ""),
                fetched_at=clock.now(),
                is_specimen=is_specimen(response.url, self._room.config.hosts),
                override=request.meta.get("override", ""),
                exit=request.meta.get("exit", ""),
                profile=request.meta.get("profile", ""),
            )
        )
