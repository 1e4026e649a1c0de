"""The only file that drives a browser: renders a page whose list needs scripts, and visits one for its evidence.

It opens no paid link, keeps no cookies between pages and reaches the network only through
`pipelines.gate`. Without a Chromium it says so once and the round goes on without pictures.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, CDPSession, Error, Page, Playwright, async_playwright

from crawler.captures import Sought, Visit
from crawler.config import Config
from crawler.errors import PageBlocked
from crawler.exits import HERE, Eyes
from crawler.pace import ALONE, Turns, turn
from crawler.watches import Device
from pipelines.chromium import QUIET, find_chromium, parent_of, pinned_keys, resident
from pipelines.devtools import UNEXPECTED, BrowserTrouble, Told
from pipelines.gate import Gate
from pipelines.locating import Wanted
from pipelines.taking import located, render, take_home
from pipelines.visiting import HEIGHT, NARROW, WIDTH, Visiting

__all__ = ["Browser", "BrowserTrouble", "Engine", "Error", "find_chromium"]

logger = logging.getLogger(__name__)

CLOSING = 5.0  # seconds a page or a browser gets to close before it is given up
MEMORY = 2 << 30  # bytes a browser and its driver may have for themselves
WATCHED = 1.0  # seconds between two looks at them


class Browser:
    """The browser of one crawl, started when first needed; as many pages at once as the settings say."""

    def __init__(self, config: Config, turns: Turns = ALONE, eyes: Eyes = HERE) -> None:
        self._config = config
        self._eyes = eyes
        self._turns = turns
        self._free = asyncio.Semaphore(config.browser.pages)
        self._starting = asyncio.Lock()
        self._engine: Engine | None = None
        self._missing = ""
        self.version = "chromium"

    @property
    def takes_pictures(self) -> bool:
        return self._config.browser.pictures and not self._missing

    async def render(self, url: str) -> Visit:
        """The document after its scripts ran, with all that was loaded for it; no picture, no text."""
        async with self._opened(url) as (visiting, gate):
            visit = await render(visiting, url)
            return replace(located(visit, gate, self._config.hosts), browser=self.version)

    async def visit(
        self, url: str, sought: Sequence[Sought] = (), query: str = "", ad_labels: Sequence[str] = ()
    ) -> Visit:
        """Everything one look at the page gives. Raises `BrowserTrouble` when the page cannot be had at all."""
        wanted = Wanted(sought=tuple(sought), query=query, labels=tuple(ad_labels))
        async with self._opened(url) as (visiting, gate):
            visit = await take_home(visiting, url, wanted)
            return replace(located(visit, gate, self._config.hosts), browser=self.version)

    async def close(self) -> None:
        for _ in range(self._config.browser.pages):
            await self._free.acquire()
        try:
            if self._engine is not None:
                await self._engine.stop()
                self._engine = None
        finally:
            for _ in range(self._config.browser.pages):
                self._free.release()

    @asynccontextmanager
    async def _opened(self, url: str) -> AsyncIterator[tuple[Visiting, Gate]]:
        async with self._free, self._lent() as engine:
            try:
                await turn(urlsplit(url).hostname or "", self._config.crawl.delay, self._turns)
                async with asyncio.timeout(self._config.browser.timeout), engine.page() as (session, gate):
                    visiting = Visiting(session, gate, self._config.browser, engine.width)
                    try:
                        yield visiting, gate
                    finally:
                        visiting.rest(self._config.crawl.delay, self._turns)
                        visiting.close()
            except (Error, OSError, PageBlocked, *UNEXPECTED) as wrong:
                first = str(wrong).partition("\n")[0]
                raise BrowserTrouble(f"{type(wrong).__name__}: {first}") from wrong

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Engine]:
        """A browser that is not worn out; one that is ends when its last page has left it."""
        engine = await self._ready()
        engine.pages_open += 1
        try:
            yield engine
        finally:
            engine.pages_open -= 1
            engine.is_tired = engine.is_tired or engine.served >= self._config.browser.recycle
            if engine.is_tired:
                if self._engine is engine:
                    self._engine = None
                if not engine.pages_open:
                    await engine.stop()

    async def _ready(self) -> Engine:
        async with self._starting:
            if self._missing:
                raise BrowserTrouble(self._missing)
            if self._engine is not None and not self._engine.is_alive:
                old, self._engine = self._engine, None
                await old.stop()
            if self._engine is None:
                engine = Engine(self._config, self._eyes)
                try:
                    self.version = await engine.start()
                except (BrowserTrouble, Error, OSError, RuntimeError, *UNEXPECTED) as wrong:
                    self._missing = str(wrong).partition("\n")[0]
                    await engine.stop()
                    logger.warning("no browser, going on without: %s", self._missing)
                    raise BrowserTrouble(self._missing) from wrong
                self._engine = engine
            return self._engine


class Engine:
    """One Chromium process with its driver."""

    def __init__(self, config: Config, eyes: Eyes) -> None:
        self.pages_open = 0
        self.served = 0
        self.is_tired = False
        self.most_memory = MEMORY
        self.width = NARROW if eyes.device is Device.MOBILE else WIDTH
        self._config = config
        self._eyes = eyes
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._driver = 0

    @property
    def is_alive(self) -> bool:
        return self._chromium is not None and self._chromium.is_connected()

    async def start(self) -> str:
        """Start it; returns its name and version."""
        path = find_chromium(self._config)
        arguments = [*QUIET, *await asyncio.to_thread(pinned_keys, self._config.hosts)]
        self._playwright = await async_playwright().start()
        self._chromium = await self._playwright.chromium.launch(
            executable_path=path,
            args=arguments,
            chromium_sandbox=os.geteuid() != 0,
            headless=not self._eyes.is_shown,
            # A page opens no other of its own accord, as with any browser; the driver would allow it.
            ignore_default_args=["--disable-popup-blocking"],
            # Whatever is not a page's goes nowhere: nobody listens there.
            proxy={"server": "socks5://127.0.0.1:9", "bypass": "<-loopback>"},
        )
        self._driver = await self._driver_of(self._chromium)
        return f"chromium/{self._chromium.version}"

    async def _driver_of(self, chromium: Chromium) -> int:
        """The process that started the browser's own."""
        session = await chromium.new_browser_cdp_session()
        told = await session.send("SystemInfo.getProcessInfo")
        await session.detach()
        own = next(one["id"] for one in told["processInfo"] if one["type"] == "browser")
        return parent_of(own)

    @asynccontextmanager
    async def page(self) -> AsyncIterator[tuple[PageSession, Gate]]:
        """A page with a gate of its own, in a context of its own: nothing is shared with another."""
        gate = Gate(self._config.hosts, self._config.browser.megabytes << 20, self._eyes.place)
        self.served += 1
        try:
            async with self.context(await gate.open()) as context:
                page = await context.new_page()
                session = PageSession(await context.new_cdp_session(page))
                session.guard(page)
                watch = asyncio.ensure_future(self._watch(session))
                watch.add_done_callback(lambda ended: self._watched(ended, session))
                try:
                    yield session, gate
                finally:
                    watch.cancel()
        finally:
            await gate.close()

    async def _watch(self, session: PageSession) -> None:
        """End a page under which the browser grows beyond all measure, and then the browser."""
        while True:
            if await asyncio.to_thread(self.memory) > self.most_memory:
                self.is_tired = True
                return session.lose(f"the browser needed more than {self.most_memory >> 20} MB")
            await asyncio.sleep(WATCHED)

    def _watched(self, watch: asyncio.Task[None], session: PageSession) -> None:
        """A page that nobody watches could take all there is."""
        if not watch.cancelled() and (wrong := watch.exception()):
            logger.error("the browser's memory cannot be watched: %r", wrong)
            self.is_tired = True
            session.lose("the browser's memory could not be watched")

    def memory(self) -> int:
        """Bytes that the browser and its driver have for themselves."""
        return resident(self._driver)

    @asynccontextmanager
    async def context(self, gate: str) -> AsyncIterator[BrowserContext]:
        """A page that does not let go takes its browser with it."""
        if self._chromium is None:
            raise BrowserTrouble("the browser was not started")
        context = await self._chromium.new_context(
            viewport={"width": self.width, "height": HEIGHT},
            is_mobile=self._eyes.device is Device.MOBILE,
            has_touch=self._eyes.device is Device.MOBILE,
            user_agent=self._config.user_agent(self._eyes.device),
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            service_workers="block",
            accept_downloads=False,
            storage_state=self._eyes.session.storage_state() if self._eyes.session else None,
            # Without the bypass entry a browser goes straight to loopback addresses.
            proxy={"server": gate, "bypass": "<-loopback>"},
        )
        try:
            yield context
        finally:
            try:
                async with asyncio.timeout(CLOSING):
                    await context.close()
            except (Error, OSError):
                self.is_tired = True

    async def stop(self) -> None:
        """End the browser and its driver, whatever state they are in."""
        chromium, playwright = self._chromium, self._playwright
        self._chromium = self._playwright = None
        try:
            async with asyncio.timeout(CLOSING):
                if chromium is not None:
                    await chromium.close()
        except (Error, TimeoutError) as wrong:
            logger.debug("the browser did not close by itself: %s", wrong)
        if playwright is not None:
            await playwright.stop()


class PageSession:
    """Questions to one page that end when the page does."""

    def __init__(self, protocol: CDPSession) -> None:
        self.workers: list[str] = []
        self._protocol = protocol
        self._lost: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._reason = ""

    def guard(self, page: Page) -> None:
        """Close what the page opens, and know when it is gone."""
        page.on("worker", lambda worker: self.workers.append(worker.url))
        page.on("popup", lambda popup: asyncio.ensure_future(popup.close()))
        page.on("crash", lambda _: self.lose("the page crashed"))
        page.on("close", lambda _: self.lose("the page closed itself"))

    def lose(self, reason: str) -> None:
        """The page is given up, whatever it is being asked."""
        if not self._lost.done():
            self._reason = reason
            self._lost.set_result({})

    async def ask(self, method: str, asked: Told | None = None) -> Told:
        answer: asyncio.Future[Told] = asyncio.ensure_future(self._protocol.send(method, asked or {}))
        # Whoever asked may have gone when the answer, or none, comes at last.
        answer.add_done_callback(lambda late: late.cancelled() or late.exception())
        try:
            await asyncio.wait((answer, self._lost), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise BrowserTrouble(self._reason)
            return answer.result()
        except Error as wrong:
            raise BrowserTrouble(f"{method}: {str(wrong).partition(chr(10))[0]}") from wrong
        finally:
            answer.cancel()

    def hear(self, event: str, told: Callable[[Told], None]) -> None:
        self._protocol.on(event, told)
