"""Opens a body's content encoding, within the size limit, and names the body that cannot be opened."""

from __future__ import annotations

import traceback
import zlib

import brotli
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.settings import Settings
from scrapy.statscollectors import DummyStatsCollector

from crawler.errors import PageBroken

ACCEPTED = b"gzip, deflate, br"


class Unpack:
    """Scrapy's decompression, whose failures would otherwise pass for failures of the network."""

    def __init__(self, crawler: Crawler) -> None:
        self._scrapys = HttpCompressionMiddleware(crawler=crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Unpack:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        try:
            return self._scrapys.process_response(request, response)
        except IgnoreRequest as wrong:
            _let_go(wrong)
            raise PageBroken("too_large", str(wrong)) from wrong
        except (zlib.error, brotli.error, EOFError, OSError) as wrong:
            _let_go(wrong)
            encoding = response.headers.get("Content-Encoding") or b""
            raise PageBroken("bad_encoding", f"{encoding.decode('latin-1')}: {wrong}") from wrong


def _let_go(wrong: BaseException) -> None:
    """An error keeps what its functions held, here as much of a bomb as may be opened, for as long as it is told."""
    cause: BaseException | None = wrong
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__


def unpacked(body: bytes, encodings: list[str], settings: Settings) -> bytes:
    """The body of a kept response as its spider was given it. Raises `PageBroken`."""
    if not encodings:
        return body
    address = "https://kept.invalid/"
    kept = Response(address, headers={"Content-Encoding": encodings}, body=body)
    crawler = Crawler(Spider, settings)
    crawler.stats = DummyStatsCollector(crawler)
    opened = Unpack(crawler).process_response(Request(address), kept)
    if not isinstance(opened, Response):
        raise PageBroken("bad_encoding", "、".join(encodings))
    return opened.body
