"""Crawls for tests: a loopback server that answers raw bytes, and a spider that asks for any address."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from empty_home import laid
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from crawler import settings as project
from crawler.config import Config
from crawler.errors import PageChanged, PageEmpty
from crawler.hosts import MappedHost
from crawler.items import Kind, Reading
from crawler.tables import Browser, Crawl
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.reading import Document, attr, first, text_of
from spiders.walls import Wall
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.rounds import pages_on
from storage.shapes import PageRow, RunRow

PATIENCE = 300.0  # seconds; a loaded machine is slow, and nothing here waits that long on another


@dataclass
class Hit:
    """One request as it reached the server."""

    head: bytes

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    def header(self, name: str) -> str:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b": ")
            if key.decode().lower() == name.lower():
                return value.decode()
        return ""


class RawServer:
    """Answers every request on 127.0.0.1 with the bytes `answer(target)` gives, and remembers who came.

    `connections` counts connections, also those that never sent a request. An answer of
    `None` never comes; one that ends with `CUT` is followed by a reset instead of an end; one in
    pieces is sent as they come.
    """

    CUT = b"\0CUT\0"

    def __init__(self, answer: Callable[[str], bytes | Iterator[bytes] | None]) -> None:
        self.answer = answer
        self.hits: list[Hit] = []
        self.connections = 0
        self._stop = threading.Event()
        self._channels: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads[0].join(PATIENCE)
        for channel in self._channels:
            with suppress(OSError):  # it has ended already
                channel.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(5)
        self._listener.close()

    @property
    def targets(self) -> list[str]:
        return [hit.target for hit in self.hits]

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                channel, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._channels.append(channel)
            thread = threading.Thread(target=self._serve, args=(channel,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, channel: socket.socket) -> None:
        with channel:
            channel.settimeout(PATIENCE)
            head = b""
            try:
                while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):
                    more = channel.recv(65536)
                    if not more:
                        return
                    head += more
                if head.startswith(b"\x16"):
                    channel.sendall(http("plain only", status="400 Bad Request"))
                    return
                self.hits.append(Hit(head))
                answer = self.answer(self.hits[-1].target)
                if answer is None:
                    self._stop.wait(PATIENCE)
                    return
                if not isinstance(answer, bytes):
                    for piece in answer:
                        channel.sendall(piece)
                        if self._stop.is_set():
                            return
                    return
                channel.sendall(answer.removesuffix(self.CUT))
                if answer.endswith(self.CUT):
                    time.sleep(0.1)  # a reset would overtake the bytes that are still on their way
                    channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                return


def http(body: bytes | str, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; `Content_Length="9"` replaces the true length."""
    body = body.encode() if isinstance(body, str) else body
    told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def page(*titles: str, following: str = "", extra: str = "") -> str:
    """A page as `Probe` reads it; without titles it says itself that there is nothing."""
    rows = "".join(f'<a class="row" href="/item/{title}">{title}</a>' for title in titles) or "<p>没有结果</p>"
    link = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return f"<!doctype html><html><head><title>虚构</title></head><body>{rows}{link}{extra}</body></html>"


HOST = "http://probe.example"


class Probe(PlatformSpider):
    """A platform of ours: the query is the address; rows are `a.row`, the next page is `a.next`."""

    name = "probe"
    label = "虚构平台"
    hosts = ("probe.example", "other.example")
    page_size = 1
    evidence = {"results": "invented", "ads": "invented"}
    walls = (Wall(trouble=PageEmpty, reason="never", marks=("/never-a-page",), within="url"),)

    def search_url(self, query: str, page_number: int) -> str:
        return query

    def read_document(self, document: Document) -> Reading:
        if "没有结果" in document.text:
            raise PageEmpty("says_none", "没有结果")
        found = Found(self.name, document)
        for row in document.root.css("a.row"):
            found.add(kind=Kind.RESULT, title=text_of(row), url=attr(row, "href"))
        if "needs a browser" in document.text:
            raise PageChanged("needs_browser", "the list is built by a script")
        return found.reading(next_url=attr(first(document.root, "a.next"), "href"))


@dataclass
class Crawled:
    """What a crawl left behind."""

    config: Config
    crawler: Crawler
    runs: dict[str, str]
    store: ExhibitStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = ExhibitStore(open_database(self.config.database))

    def run(self, query: str) -> RunRow:
        return self.store.run(self.runs[query])

    def verdict(self, query: str) -> tuple[str, str]:
        run = self.run(query)
        return str(run.outcome), run.reason

    def page(self, query: str, number: int = 1) -> PageRow:
        with self.store.engine.connect() as connection:
            return pages_on(connection, self.runs[query])[number - 1]

    @property
    def stats(self) -> Mapping[str, Any]:
        return self.crawler.stats.get_stats()

    def archive(self) -> FolderArchive:
        return FolderArchive(self.config.archive, tool="test")


def config_of(home: Path, *mapped: MappedHost, delay: float = 0.0, timeout: float = 60.0) -> Config:
    laid(home / "lantian.db")
    return Config(
        home=home,
        crawl=Crawl(delay=delay, timeout=timeout, retries=0),
        browser=Browser(pictures=False, as_root=True),
        hosts={one.host: one for one in mapped},
    )


def at(server: RawServer, *hosts: str) -> list[MappedHost]:
    return [MappedHost(host=host, address="127.0.0.1", port=server.port) for host in hosts]


def crawl(
    config: Config, *queries: str, spider: type[PlatformSpider] = Probe, pages: int = 1, **settings: Any
) -> Crawled:
    """Crawl in this process, without a reactor, through the whole of the project's settings."""
    runs = {query: uuid.uuid4().hex for query in queries}
    chosen = Settings({"LANTIAN_CONFIG": config}, priority="cmdline")
    chosen.setmodule(project)
    chosen.set("TWISTED_REACTOR_ENABLED", value=False, priority="cmdline")
    chosen.set("ASYNCIO_EVENT_LOOP", None, priority="cmdline")
    for name, value in settings.items():
        chosen.set(name, value, priority="cmdline")

    async def run() -> Crawler:
        runner = AsyncCrawlerRunner(chosen)
        crawler = runner.create_crawler(spider)
        await runner.crawl(crawler, runs=runs, pages=pages)
        return crawler

    return Crawled(config=config, crawler=asyncio.run(run()), runs=runs)


def with_browser(config: Config, **changes: Any) -> Config:
    return replace(config, browser=replace(config.browser, **changes))


def crawled(home: Path, answers: Mapping[str, bytes], *paths: str, pages: int = 3, **settings: Any) -> Crawled:
    """The crawl of `paths` on `HOST`, whose answers these are; everything else there is a 404."""
    none = http("", status="404 Not Found")
    with RawServer(lambda target: answers.get(target, none)) as server:
        config = config_of(home, *at(server, "probe.example"))
        return crawl(config, *(HOST + path for path in paths), pages=pages, **settings)
