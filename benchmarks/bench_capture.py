"""Complete captures a minute against Playwright's own full-page picture of the same page, and memory after many of them.

A capture is everything: picture, document, text, MHTML, every message with its body, kept and synced.
`--long` measures memory at 50 and 300 captures instead of 30 and 120.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import Page, ViewportSize, async_playwright

from crawler.captures import Sought, Surroundings
from crawler.config import Config
from crawler.hosts import MappedHost
from crawler.tables import Browser as Settings
from crawler.tables import Crawl
from pipelines.browser import Browser
from pipelines.chromium import find_chromium, resident
from storage.archive import FolderArchive
from storage.visits import keep_visit

IMAGES, SIDE = 20, 600
CAPTURES, ROUNDS = 8, 3
SHORT, LONG, WINDOW = (30, 120), (50, 300), 10
URL = "http://probe.example/s"
SOUGHT = (Sought(exhibit="e1", quotes=("星河知产", "全额退款"), is_ad=True),)
SURROUNDINGS = Surroundings(
    machine="", system="", python="", tools=(), proxies=(), hosts_file="", hosts_entries=(), resolvers=(), dns=()
)


def pictures() -> list[bytes]:
    """Pictures of about 63 kB, as soft and as noisy as photographs of goods."""
    return [_picture(np.random.default_rng(number)) for number in range(IMAGES)]


def _picture(chance: np.random.Generator) -> bytes:
    image = Image.new("RGB", (SIDE, SIDE), tuple(int(one) for one in chance.integers(120, 255, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, radius = (int(one) for one in chance.integers(0, SIDE, 3) // (1, 1, 6))
        place = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(place, fill=tuple(int(one) for one in chance.integers(0, 255, 3)))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(3)), dtype="int16")
    noisy = np.clip(soft + chance.normal(0, 5, (SIDE, SIDE, 1)).astype("int16"), 0, 255).astype("uint8")
    target = BytesIO()
    Image.fromarray(noisy).save(target, "JPEG", quality=84)
    return target.getvalue()


def page() -> str:
    """A grid of goods, 1280 pixels wide and about 2,300 high."""
    rows = "".join(
        f'<div style="float:left;width:300px;height:440px;margin:4px"><img src="/{number}.jpg" width=300 height=300>'
        f'<br><a href="/shop/{number}">星河知产 专利代理 {number}</a><p>示例文字，全额退款。</p><span>广告</span></div>'
        for number in range(IMAGES)
    )
    return f'<!doctype html><meta charset="utf-8"><title>虚构</title><input value="专利代理"><br>{rows}'


def serve(told: multiprocessing.Queue[int]) -> None:
    """In a process of its own, as any server is."""
    served = {f"/{number}.jpg": ("image/jpeg", body) for number, body in enumerate(pictures())}
    served["/s"] = ("text/html; charset=utf-8", page().encode())

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, body = served.get(self.path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    told.put(server.server_address[1])
    server.serve_forever()


@contextmanager
def served() -> Iterator[int]:
    told: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(told,), daemon=True)
    server.start()
    try:
        yield told.get()
    finally:
        server.terminate()
        server.join()


def config(home: Path, port: int, pages: int) -> Config:
    mapped = MappedHost(host="probe.example", address="127.0.0.1", port=port)
    return Config(
        home=home, crawl=Crawl(delay=0.0), browser=Settings(as_root=True, pages=pages), hosts={mapped.host: mapped}
    )


async def each(count: int, at_once: int, one: Callable[[], Awaitable[None]]) -> float:
    """Captures a minute."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await one()

    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return count / (time.monotonic() - began) * 60


async def ours(home: Path, port: int, pages: int) -> float:
    browser = Browser(config(home, port, pages))
    with FolderArchive(home / "archive", tool="lantian benchmark") as archive:

        async def capture() -> None:
            visit = await browser.visit(URL, SOUGHT, "专利代理", ("广告",))
            if visit.troubles or len(visit.messages) < IMAGES or len(visit.frame.places) < 2:
                raise RuntimeError(f"not a complete capture: {visit.troubles}")
            keep_visit(archive, visit, SURROUNDINGS)
            archive.sync()

        try:
            await capture()
            return await each(CAPTURES, pages, capture)
        finally:
            await browser.close()


async def theirs(home: Path, port: int, pages: int, *, is_shared: bool) -> float:
    """The same page in Playwright as it comes: loaded, and its full-page PNG. Nothing else, and nothing kept.

    Either in a context a page, so that pages know nothing of each other as ours do, or in tabs used again.
    """
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=find_chromium(config(home, port, pages)), chromium_sandbox=False
        )
        screen: ViewportSize = {"width": 1280, "height": 900}
        free = asyncio.Queue[Page]()
        for _ in range(pages):
            free.put_nowait(await chromium.new_page(viewport=screen))

        async def photograph(tab: Page) -> None:
            await tab.goto(f"http://127.0.0.1:{port}/s")
            await tab.screenshot(full_page=True)

        async def capture() -> None:
            if is_shared:
                tab = await free.get()
                await photograph(tab)
                free.put_nowait(tab)
            else:
                context = await chromium.new_context(viewport=screen)
                await photograph(await context.new_page())
                await context.close()

        await capture()
        found = await each(CAPTURES, pages, capture)
        await chromium.close()
        return found


async def memory(home: Path, port: int, counts: tuple[int, int]) -> list[int]:
    """The most megabytes that all processes had for themselves during the ten captures up to each count."""
    browser, found = Browser(config(home, port, 1)), []
    with FolderArchive(home / "archive", tool="lantian benchmark") as archive:
        for _ in range(max(counts)):
            visit = await browser.visit(URL, SOUGHT, "专利代理", ("广告",))
            keep_visit(archive, visit, SURROUNDINGS)
            found.append(resident(os.getpid()) >> 20)
        await browser.close()
    return [max(found[count - WINDOW : count]) for count in counts]


def main() -> None:
    counts = LONG if "--long" in sys.argv[1:] else SHORT
    with served() as port, tempfile.TemporaryDirectory() as scratch:
        for pages in (1, 2):
            compared(Path(scratch), port, pages)
        first, last = asyncio.run(memory(Path(scratch), port, counts))
        name = f"MB at {counts[1]} captures against {counts[0]}"
        told(name, last, first, last / first, "≤ 1.15")


def compared(home: Path, port: int, pages: int) -> None:
    rounds = [
        (
            asyncio.run(ours(home, port, pages)),
            asyncio.run(theirs(home, port, pages, is_shared=False)),
            asyncio.run(theirs(home, port, pages, is_shared=True)),
        )
        for _ in range(ROUNDS)
    ]
    for number, what, goal in ((1, "a context a page", "≥ 1.5"), (2, "a tab used again", "")):
        value = statistics.median(one[0] for one in rounds)
        baseline = statistics.median(one[number] for one in rounds)
        ratio = statistics.median(one[0] / one[number] for one in rounds)
        told(f"complete captures a minute, {pages} at once, against PNG alone in {what}", value, baseline, ratio, goal)


def told(name: str, value: float, baseline: float, ratio: float, goal: str) -> None:
    figure = {"name": name, "value": round(value, 1), "baseline": round(baseline, 1), "ratio": round(ratio, 2)}
    print(json.dumps({**figure, "goal": goal}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
