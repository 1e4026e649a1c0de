"""The only file that drives a browser: renders a page whose list needs scripts, and photographs one.

It opens no paid link, keeps no cookies between pages and reaches the network only through
`pipelines.gate`. Without a Chromium it says so once and the round goes on without pictures.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright

from crawler import clock
from crawler.config import Config
from crawler.errors import LantianError
from crawler.hosts import MappedHost
from crawler.items import How, Snapshot
from crawler.pace import turn
from crawler.transport import is_specimen
from pipelines.gate import Gate

logger = logging.getLogger(__name__)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT, TALLEST = 1280, 900, 12_000  # pixels
MAX_DOM = 32 * 1024 * 1024
SETTLE = 3.0  # seconds a page's own requests get to fall silent
CLOSING = 5.0  # seconds a page or a browser gets to close before it is given up
QUIET = [
    "--dns-prefetch-disable",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-gpu",
]


class BrowserTrouble(LantianError):
    """The browser could not be had or did not give what was asked for."""


def find_chromium(config: Config) -> str:
    """The path of a Chromium: the setting, the usual names, or Playwright's own download.

    Raises `BrowserTrouble` with the reason in words a person can act on.
    """
    if os.geteuid() == 0 and not config.browser.as_root:
        raise BrowserTrouble("以 root 运行时浏览器没有沙箱；确需如此请设 LANTIAN_BROWSER_AS_ROOT=1")
    if config.browser.path:
        if not os.access(config.browser.path, os.X_OK):
            raise BrowserTrouble(f"设置的浏览器不能运行：{config.browser.path}")
        return config.browser.path
    named = [path for name in NAMES if (path := shutil.which(name))]
    cache = Path.home() / ".cache" / "ms-playwright"
    own = sorted(str(path) for path in cache.glob("chromium-*/chrome-linux*/chrome"))
    for path in named + own[::-1]:
        return path
    raise BrowserTrouble("没有找到 Chromium（可用 make setup 安装，或在 lantian.toml 的 [browser] path 中指定）")


class Browser:
    """One Chromium for one crawl, started when first needed, one page at a time."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._hosts = config.hosts
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._gate = Gate(config.hosts)
        self._lock = asyncio.Lock()
        self._missing = ""
        self.version = "chromium"

    @property
    def takes_pictures(self) -> bool:
        return self._config.browser.pictures and not self._missing

    async def render(self, url: str) -> tuple[str, bytes, int]:
        """The final address, the document after its scripts ran (UTF-8) and the HTTP status."""
        async with self._page(url) as (page, status):
            dom = (await page.content()).encode("utf-8", "replace")
            if len(dom) > MAX_DOM:
                raise BrowserTrouble(f"{url}: rendered document of {len(dom)} bytes")
            return page.url, dom, status

    async def picture(self, url: str) -> Snapshot:
        """A full-page PNG, at most `TALLEST` pixels high."""
        async with self._page(url) as (page, _):
            session = await page.context.new_cdp_session(page)
            size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(size["height"], TALLEST), "scale": 1}
            # Pixel for pixel the same PNG as page.screenshot(), for a third of the time.
            asked = {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": True, "clip": clip}
            shot = await session.send("Page.captureScreenshot", asked)
            return Snapshot(
                url=page.url,
                how=How.PICTURE,
                mime="image/png",
                body=base64.b64decode(shot["data"]),
                taken_at=clock.now(),
                tool=self.version,
                is_specimen=is_specimen(page.url, self._hosts),
            )

    async def close(self) -> None:
        async with self._lock:
            await self._stop()

    @asynccontextmanager
    async def _page(self, url: str) -> AsyncIterator[tuple[Page, int]]:
        async with self._lock:
            chromium = await self._started()
            await turn(urlsplit(url).hostname or "", self._config.crawl.delay)
            try:
                async with asyncio.timeout(self._config.browser.timeout), self._context(chromium) as context:
                    page = await context.new_page()
                    response = await page.goto(url, wait_until="load", timeout=0)
                    await _settle(page)
                    yield page, response.status if response else 200
            except (Error, TimeoutError) as wrong:
                first = str(wrong).partition("\n")[0]
                raise BrowserTrouble(f"{type(wrong).__name__}: {first}") from wrong

    @asynccontextmanager
    async def _context(self, chromium: Chromium) -> AsyncIterator[BrowserContext]:
        """Nothing is shared between pages, and a page that does not let go takes its browser with it."""
        context = await chromium.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            user_agent=self._config.user_agent(),
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            service_workers="block",
            accept_downloads=False,
        )
        try:
            yield context
        finally:
            try:
                async with asyncio.timeout(CLOSING):
                    await context.close()
            except (Error, TimeoutError):
                await self._stop()

    async def _started(self) -> Chromium:
        if self._missing:
            raise BrowserTrouble(self._missing)
        if self._chromium is not None and not self._chromium.is_connected():
            await self._stop()
        if self._chromium is None:
            try:
                self._chromium = await self._launched()
            except (BrowserTrouble, Error, OSError) as wrong:
                self._missing = str(wrong).partition("\n")[0]
                await self._stop()
                logger.warning("no browser, going on without: %s", self._missing)
                raise BrowserTrouble(self._missing) from wrong
        return self._chromium

    async def _launched(self) -> Chromium:
        path = find_chromium(self._config)
        arguments = [*QUIET, *await asyncio.to_thread(pinned_keys, self._hosts)]
        self._playwright = await async_playwright().start()
        chromium = await self._playwright.chromium.launch(
            executable_path=path,
            args=arguments,
            chromium_sandbox=os.geteuid() != 0,
            # Without the bypass entry a browser goes straight to loopback addresses.
            proxy={"server": await self._gate.open(), "bypass": "<-loopback>"},
        )
        self.version = f"chromium/{chromium.version}"
        return chromium

    async def _stop(self) -> None:
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
        await self._gate.close()


async def _settle(page: Page) -> None:
    """Wait until the page's own requests fall silent; a page that never does is taken as it is."""
    try:
        await page.wait_for_load_state("networkidle", timeout=SETTLE * 1000)
    except Error:
        logger.debug("%s never fell silent", page.url)


def pinned_keys(hosts: Mapping[str, MappedHost]) -> list[str]:
    """Chromium's option to accept, of all unknown certificates, exactly the keys verified here."""
    pins = sorted({pin for one in hosts.values() if one.ca for pin in _verified_key(one)})
    return [f"--ignore-certificate-errors-spki-list={','.join(pins)}"] if pins else []


def _verified_key(host: MappedHost) -> list[str]:
    """The digest of the server's key after a handshake against the host's own authority.

    Chromium knows no extra authority without a system store; it is told the one key that
    was checked here instead. A server that fails the check gets no pin and no page.
    """
    context = ssl.create_default_context(cafile=host.ca)
    try:
        with (
            socket.create_connection((host.address, host.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=host.host) as secure,
        ):
            certificate = secure.getpeercert(binary_form=True)
    except (OSError, ssl.SSLError) as wrong:
        logger.warning("%s: no verified certificate: %s", host.host, wrong)
        return []
    key = x509.load_der_x509_certificate(certificate or b"").public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")]
