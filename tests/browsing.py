"""A browser for a whole test module: started once, asked from plain tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from crawling import config_of, with_browser

from crawler.captures import Sought, Visit
from crawler.config import Config
from crawler.hosts import MappedHost
from crawler.tables import Browser as Settings
from pipelines.browser import Browser, BrowserTrouble, find_chromium

T = TypeVar("T")


class Desk:
    """One browser and the loop it lives in."""

    def __init__(self, config: Config, runner: asyncio.Runner) -> None:
        self.browser = Browser(config)
        self._runner = runner

    def visit(
        self, url: str, *quotes: str, is_ad: bool = False, query: str = "", labels: Iterable[str] = ("广告", "推广")
    ) -> Visit:
        sought = [Sought(exhibit="e1", quotes=quotes, is_ad=is_ad)] if quotes else []
        return self.wait(self.browser.visit(url, sought, query, tuple(labels)))

    def trouble(self, url: str) -> str:
        """Why the page could not be had."""
        with pytest.raises(BrowserTrouble) as told:
            self.visit(url)
        return str(told.value)

    def wait(self, coming: Awaitable[T]) -> T:
        async def came() -> T:
            return await coming

        return self._runner.run(came())


@contextmanager
def desk(home: Path, hosts: Iterable[MappedHost], **settings: float) -> Iterator[Desk]:
    """Skips the module where there is no Chromium."""
    config = with_browser(config_of(home, *hosts), pictures=True, **settings)
    try:
        find_chromium(Config(home=home, browser=Settings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")
    with asyncio.Runner() as runner:
        desk = Desk(config, runner)
        try:
            yield desk
        finally:
            runner.run(desk.browser.close())
