"""The browser looks from a place, and as a telephone does, when it is told to."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from crawling import HOST, RawServer, at, config_of, http, with_browser
from proxying import Proxy

from crawler.captures import Visit
from crawler.config import Config
from crawler.exits import HERE, Eyes
from crawler.tables import Browser as BrowserSettings
from crawler.tables import Place
from crawler.watches import Device
from pipelines.browser import Browser, BrowserTrouble, find_chromium
from pipelines.surroundings import look

PAGE = (
    "<!doctype html><html><head><meta name=viewport content='width=device-width'></head>"
    "<body><p id=said></p><script>said.textContent ="
    " `${innerWidth} ${navigator.maxTouchPoints > 0} ${navigator.userAgent}`</script></body></html>"
)


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


def visited(config: Config, eyes: Eyes) -> Visit:
    async def visit() -> Visit:
        browser = Browser(config, eyes=eyes)
        try:
            return await browser.visit(f"{HOST}/list")
        finally:
            await browser.close()

    return asyncio.run(visit())


def width_of(png: bytes) -> int:
    return int(struct.unpack("!I", png[16:20])[0])


@pytest.mark.parametrize(
    ("device", "said", "width"), [(Device.DESKTOP, "1280 false", 1280), (Device.MOBILE, "412 true", 412)]
)
def test_a_page_is_seen_as_on_the_device(tmp_path: Path, device: Device, said: str, width: int) -> None:
    with RawServer(lambda _: http(PAGE)) as server:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), pictures=True)
        seen = visited(config, Eyes(device=device))
        assert server.hits[0].header("User-Agent") == config.user_agent(device)
    assert f"{said} {config.user_agent(device)}" in seen.text.decode()
    assert width_of(seen.picture) == width


def test_a_page_is_asked_for_through_the_places_proxy_and_the_facts_say_so(tmp_path: Path) -> None:
    with RawServer(lambda _: http(PAGE)) as server, Proxy("socks5") as proxy:
        config = with_browser(config_of(tmp_path, *at(server, "probe.example")), pictures=True)
        eyes = Eyes(place=Place(name="江城", proxy=proxy.url))
        assert "1280" in visited(replace(config, places=(Place(name="江城", proxy=proxy.url),)), eyes).text.decode()
        assert set(proxy.asked) == {("127.0.0.1", server.port)}
        assert asyncio.run(look(config, "probe.example", eyes)).exit == f"江城 via {proxy.url}"
        assert asyncio.run(look(config, "probe.example", HERE)).exit == ""
