"""One visit of a page: loaded, looked over, held still, and taken home whole.

What cannot be had is said in the visit's troubles; a page that cannot be had at all raises
`BrowserTrouble`. Nothing here outlasts its time.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import urlsplit

from crawler import clock, pace
from crawler.captures import Chain
from crawler.tables import Browser as Limits
from pipelines.admission import ADDRESSES, Admission
from pipelines.devtools import UNEXPECTED, BrowserTrouble, Session, Told, World
from pipelines.gate import LISTED, Gate
from pipelines.hops import is_web
from pipelines.network import Recorder

logger = logging.getLogger(__name__)

WIDTH, HEIGHT, TALLEST = 1280, 900, 12_000  # pixels
NARROW = 412  # pixels of a telephone
MAX_DOM = 32 * 1024 * 1024  # bytes of a document, and of its text
LOADING, SETTLING = 0.5, 0.1  # of the whole time: until a page says that it is loaded, until its requests fall silent
SILENCE = 0.15  # seconds without a report that count as silence
LOOKS = 0.02  # seconds between two looks whether something has come
SCREEN = 0.06  # seconds a screen is shown while the page is scrolled through
PART = 12.0  # seconds the picture or the MHTML may take
# An element may bear the name of a document's property and hide it: the accessors are taken from the prototype.
OWN = "((name) => Object.getOwnPropertyDescriptor(Document.prototype, name).get.call(document))"
TITLE = f"{OWN}('title').slice(0, 300)"
SIZE = f"({OWN}('documentElement')?.outerHTML ?? '').length"
TEXT = f"{OWN}('body')?.innerText ?? {OWN}('documentElement')?.textContent ?? ''"
DOWN = f"{OWN}('scrollingElement')?.scrollHeight ?? 0"


class Visiting:
    """One page while it is visited. `load` first; then what is wanted of it."""

    def __init__(self, session: Session, gate: Gate, limits: Limits, width: int = WIDTH) -> None:
        self.troubles: list[tuple[str, str]] = []
        self.steps: list[tuple[datetime, str]] = []
        self.world = World(session)
        self.recorder = Recorder(session, limits.megabytes << 20, limits.requests)
        self._admission = Admission(session, self.recorder, limits.requests)
        self._session = session
        self._gate = gate
        self._limits = limits
        self._width = width
        self._frame = ""
        self._is_loading = True
        self.arrivals = 0

    async def load(self, url: str) -> None:
        """Open the page and wait until it has come to rest. Raises `BrowserTrouble` if it does not come at all."""
        await self._session.ask("Page.enable")
        self._frame = (await self._session.ask("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        self._session.hear("Page.frameStartedLoading", self._started)
        self._session.hear("Page.frameStoppedLoading", self._stopped)
        self._session.hear("Page.frameNavigated", self._arrived)
        await self.recorder.listen(self._frame)
        await self._admission.open(self._frame)
        self.step("打开页面")
        came = await self._session.ask("Page.navigate", {"url": url})
        if came.get("isDownload"):
            raise BrowserTrouble(f"{url}: a download, not a page")
        if came.get("errorText"):
            raise BrowserTrouble(f"{url}: {came['errorText']}")
        if not await _until(lambda: not self._is_loading, self._limits.timeout * LOADING):
            self.troubles.append(("load", "unfinished"))
            self._is_loading = False
        await self.settle()

    def _started(self, told: Told) -> None:
        if told["frameId"] == self._frame:
            self._is_loading = True

    def _stopped(self, told: Told) -> None:
        if told["frameId"] == self._frame:
            self._is_loading = False

    def _arrived(self, told: Told) -> None:
        if told["frame"]["id"] == self._frame:
            self.arrivals += 1

    async def settle(self) -> None:
        """Wait until the page's own requests fall silent; a page that never does is taken as it is."""
        patience = self._limits.timeout * SETTLING
        await _until(lambda: not self._is_loading and self.recorder.is_quiet(SILENCE, patience), patience)

    def step(self, words: str) -> None:
        self.steps.append((clock.now(), words))

    async def scroll_through(self) -> None:
        """Show every screen once, for what loads only when it is seen, and go back to the top."""
        await self.world.enter(self._frame)
        top, end = 0, HEIGHT
        while top < min(end, TALLEST):
            end = await self.world.value(f"(scrollTo({{top: {top}, behavior: 'instant'}}), {DOWN})")
            await asyncio.sleep(SCREEN)
            top += HEIGHT
        await self.world.value("scrollTo({top: 0, behavior: 'instant'})")
        self.step("自上而下滚动浏览一遍，返回顶部")
        await self.settle()

    async def hold(self) -> None:
        """Stop the page's scripts and movements, so that all that is taken is of one state; it may not leave either."""
        self._admission.hold()
        await self._session.ask("Emulation.setScriptExecutionDisabled", {"value": True})
        await self._session.ask("Animation.enable")
        await self._session.ask("Animation.setPlaybackRate", {"playbackRate": 0})
        await self.world.enter(self._frame)

    async def release(self) -> None:
        """Let the page that took its place run, and come to rest."""
        self._admission.release()
        await self._session.ask("Emulation.setScriptExecutionDisabled", {"value": False})
        await self.settle()

    # -- what is taken -------------------------------------------------------------------------

    async def address(self) -> str:
        frame = (await self._session.ask("Page.getFrameTree"))["frameTree"]["frame"]
        return str(frame["url"]) + str(frame.get("urlFragment", ""))

    async def dom(self) -> bytes:
        """The document as it stands, UTF-8."""
        size = int(await self.world.value(SIZE))
        if size > MAX_DOM:
            raise BrowserTrouble(f"rendered document of {size} characters")
        root = (await self._session.ask("DOM.getDocument", {"depth": 0}))["root"]["nodeId"]
        html = (await self._session.ask("DOM.getOuterHTML", {"nodeId": root}))["outerHTML"]
        dom = str(html).encode("utf-8", "replace")
        if len(dom) > MAX_DOM:
            raise BrowserTrouble(f"rendered document of {len(dom)} bytes")
        return dom

    async def text(self) -> bytes:
        """What stands on the page to be read, as a browser copies it."""
        text = str(await self.world.value(TEXT)).encode("utf-8", "replace")
        if len(text) <= MAX_DOM:
            return text
        self.troubles.append(("text", f"cut at {MAX_DOM} of {len(text)} bytes"))
        return text[:MAX_DOM].decode("utf-8", "ignore").encode()

    async def mhtml(self) -> bytes:
        told = await self._session.ask("Page.captureSnapshot", {"format": "mhtml"})
        body = str(told["data"]).encode("utf-8", "replace")
        if len(body) > self._limits.megabytes << 20:
            raise BrowserTrouble("too_large")
        return body

    async def picture(self) -> bytes:
        """The full page as PNG, at most `TALLEST` pixels high."""
        size = (await self._session.ask("Page.getLayoutMetrics"))["cssContentSize"]
        height = max(1, min(size["height"], TALLEST))
        if size["height"] > TALLEST:
            self.troubles.append(("picture", f"cut at {TALLEST} of {int(size['height'])} pixels"))
        clip = {"x": 0, "y": 0, "width": self._width, "height": height, "scale": 1}
        # Pixel for pixel the same PNG as Playwright's own, for a third of the time.
        asked = {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": True, "clip": clip}
        return base64.b64decode((await self._session.ask("Page.captureScreenshot", asked))["data"])

    async def certificates(self, url: str) -> tuple[Chain, ...]:
        """The chain of the page's own server, as it was shown to the browser; without one the trouble is said."""
        parts = urlsplit(url)
        if parts.scheme != "https":
            return ()
        try:
            async with asyncio.timeout(PART):
                asked = {"origin": f"{parts.scheme}://{parts.netloc}"}
                told = await self._session.ask("Network.getCertificate", asked)
            shown = tuple(base64.b64decode(one) for one in told["tableNames"])
        except (BrowserTrouble, TimeoutError, *UNEXPECTED) as trouble:
            self.troubles.append(("certificates", str(trouble) or "timeout"))
            return ()
        if not shown:
            self.troubles.append(("certificates", "none were shown"))
            return ()
        return (Chain(host=parts.hostname or "", certificates=shown),)

    async def part(self, name: str, taken: Awaitable[bytes]) -> bytes:
        """A part the visit can do without: nothing, and its trouble said, when it cannot be had."""
        try:
            async with asyncio.timeout(PART):
                return await taken
        except (BrowserTrouble, TimeoutError, *UNEXPECTED) as trouble:
            self.troubles.append((name, str(trouble) or "timeout"))
            return b""

    def limits_met(self) -> None:
        """Say which limits cut the page short."""
        if self._admission.refused:
            self.troubles.append(("requests", f"{self._admission.refused} beyond {self._limits.requests}"))
        if self._admission.is_restless:
            self.troubles.append(("load", f"held after {ADDRESSES} addresses"))
        if self._gate.is_full:
            self.troubles.append(("bytes", f"more than {self._limits.megabytes} MB"))
        if self._gate.unlisted:
            self.troubles.append(("refused", f"{self._gate.unlisted} beyond {LISTED}"))
        # A worker's own worker is loaded where nobody tells us of it; the gate lets it out all the same.
        untold = [one for one in self._session.workers if is_web(one) and not self.recorder.knows(one)]
        self.troubles += [*self.recorder.cuts, *(("worker", f"{one} was not told of") for one in untold)]

    def rest(self, delay: float, turns: pace.Turns) -> None:
        """Leave the hosts alone for as long as what was asked of them comes to."""
        for host, requests in self._admission.asked.items():
            pace.rest(urlsplit(f"//{host}").hostname or "", delay, requests, turns)

    def close(self) -> None:
        self._admission.close()
        self.recorder.close()


async def _until(is_so: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= end:
            return False
        await asyncio.sleep(LOOKS)
    return True
