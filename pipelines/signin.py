"""A window in which a person signs in at a platform, by hand. Nothing is typed here, and nothing that is typed is read.

The window goes out through the same gate as every page. What is taken home is what the platform gave the browser:
its cookies and what it stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from crawler.config import Config
from crawler.exits import Eyes
from pipelines.browser import BrowserTrouble, Engine, Error
from pipelines.devtools import UNEXPECTED
from pipelines.gate import Gate

PATIENCE = 1800.0  # seconds a person has
LOOKS = 1.0  # seconds between two looks at the cookies, for whoever closes the whole browser
LOADING = 60.0
MOST = 1 << 30  # bytes that may come in: a person looks around


async def sign_in(config: Config, url: str, said_done: Callable[[], Awaitable[None]], eyes: Eyes) -> Any:
    """The browser's storage state when the person has closed the window, or `said_done`. Raises `BrowserTrouble`."""
    engine = Engine(config, eyes)
    gate = Gate(config.hosts, MOST)
    try:
        await engine.start()
        async with asyncio.timeout(PATIENCE), engine.context(await gate.open()) as context:
            return await _signed(context, url, said_done)
    except TimeoutError:
        raise BrowserTrouble(f"{PATIENCE / 60:g} 分钟内没有登录完") from None
    except (Error, OSError, RuntimeError, *UNEXPECTED) as wrong:
        raise BrowserTrouble(f"{type(wrong).__name__}: {str(wrong).partition(chr(10))[0]}") from wrong
    finally:
        await engine.stop()
        await gate.close()


async def _signed(context: Any, url: str, said_done: Callable[[], Awaitable[None]]) -> Any:
    page, closed = await context.new_page(), asyncio.Event()
    page.on("close", lambda _: closed.set())
    context.on("close", lambda _: closed.set())
    known: list[Any] = []
    watch = asyncio.ensure_future(_watched(context, known))
    ends = [asyncio.ensure_future(said_done()), asyncio.ensure_future(closed.wait())]
    try:
        await page.goto(url, wait_until="commit", timeout=LOADING * 1000)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return await _state(context, known)
    finally:
        for one in (watch, *ends):
            one.cancel()


async def _watched(context: Any, known: list[Any]) -> None:
    """The cookies as they are now, in case the browser is gone when it is asked."""
    while True:
        known[:] = await context.cookies()
        await asyncio.sleep(LOOKS)


async def _state(context: Any, known: list[Any]) -> Any:
    try:
        return await asyncio.wait_for(context.storage_state(), LOADING)
    except (Error, OSError, RuntimeError, *UNEXPECTED):
        return {"cookies": list(known), "origins": []}
