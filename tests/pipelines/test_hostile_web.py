"""A web that means us harm, as a whole: each trick has its outcome and reason, memory stays flat, and nobody is led
into the inner network, neither the downloader nor the browser."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from crawling import HOST, RawServer, at, config_of, http, page, with_browser

from crawler.config import Config
from crawler.errors import PageBlocked
from crawler.tables import Browser as BrowserSettings
from pipelines.browser import Browser, BrowserTrouble, find_chromium
from spiders.walls import Wall

ROOT = Path(__file__).parent.parent.parent
NO_ROBOTS = http("", status="404 Not Found")
GBK = """<!doctype html><html><head><meta charset=gb2312></head><body>
<a class="row" href="/x">专利包授权</a></body></html>"""


@cache
def bomb() -> bytes:
    """200 MB of nothing."""
    return gzip.compress(bytes(200 << 20), compresslevel=1, mtime=0)


@cache
def bomb_of_bombs() -> bytes:
    return gzip.compress(bomb(), mtime=0)


def dripping() -> Iterator[bytes]:
    """A body that never ends and never stops coming."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"
    while True:
        time.sleep(0.05)
        yield b" "


def dripping_head() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        time.sleep(0.05)
        yield b"X: y\r\n"


def redirect(where: str) -> bytes:
    return http("<p>", status="302 Found", Location=where)


def tricks(inner: int) -> dict[str, Callable[[int], bytes | Iterator[bytes]]]:
    """What stands under each first part of a path, by the number behind it."""
    return {
        "robots.txt": lambda _: http("User-agent: *\nDisallow: /forbidden\n"),
        "captcha": lambda _: http("<html><head><title>安全验证</title></head><body>请拖动滑块</body></html>"),
        "repeated": lambda number: http(page("甲", following=f"/repeated/{number + 1}")),
        "endless": lambda number: http(page(f"第{number}页", following=f"/endless/{number + 1}")),
        "circle": lambda _: redirect("/circle"),
        "spiral": lambda number: redirect(f"/spiral/{number + 1}"),
        "loris": lambda _: dripping(),
        "loris-head": lambda _: dripping_head(),
        "bomb": lambda _: http(bomb(), Content_Encoding="gzip"),
        "bomb-of-bombs": lambda _: http(bomb_of_bombs(), Content_Encoding="gzip, gzip"),
        "charset": lambda _: http(GBK.encode("gb18030"), Content_Type="text/html; charset=utf-16"),
        "links": lambda _: http(page(*(f"第{one}条" for one in range(10_000)))),
        "forbidden": lambda _: http(page("甲")),
        "to-loopback": lambda _: redirect(f"http://127.0.0.1:{inner}/"),
        "to-metadata": lambda _: redirect("http://169.254.169.254/latest/meta-data/"),
        "to-name": lambda _: redirect(f"http://localhost:{inner}/"),
        "to-file": lambda _: redirect("file:///etc/passwd"),
    }


def hostile_web(inner: int) -> RawServer:
    answers = tricks(inner)
    bomb_of_bombs()  # made before anybody waits for it

    def answer(target: str) -> bytes | Iterator[bytes]:
        name, _, number = target.strip("/").partition("/")
        return answers[name](int(number or 1))

    return RawServer(answer)


EXPECTED = {
    "captcha": ("blocked", "captcha"),
    "repeated": ("ok", ""),
    "endless": ("ok", ""),
    "circle": ("error", "redirect_loop"),
    "spiral": ("error", "redirect_loop"),
    "loris": ("unreachable", "timeout"),
    "loris-head": ("unreachable", "timeout"),
    "bomb": ("error", "too_large"),
    "bomb-of-bombs": ("error", "too_large"),
    "charset": ("ok", ""),
    "links": ("ok", ""),
    "forbidden": ("disallowed", "robots"),
    "to-loopback": ("unreachable", "private_address"),
    "to-metadata": ("unreachable", "private_address"),
    "to-name": ("unreachable", "private_address"),
    "to-file": ("changed", "no_marker"),  # never followed: what stands there is read, and is nothing
}

NEVER_ENDING = ("loris", "loris-head")

CHILD = """
import json, resource, sys
from pathlib import Path
sys.path[:0] = ["tests", "tests/pipelines"]
from crawling import HOST, MappedHost, Probe, config_of, crawl
from test_hostile_web import NEVER_ENDING, WALLS

class Victim(Probe):
    name = "victim"
    walls = WALLS

mapped = MappedHost(host="probe.example", address="127.0.0.1", port=int(sys.argv[2]))
for number, names in enumerate(json.load(sys.stdin)):
    patience = 1.5 if names[0] in NEVER_ENDING else 60.0
    config = config_of(Path(sys.argv[1]) / str(number), mapped, delay=0.02, timeout=patience)
    found = crawl(config, *(f"{HOST}/{name}" for name in names), spider=Victim, pages=5)
    told = {name: [*found.verdict(f"{HOST}/{name}"), found.run(f"{HOST}/{name}").pages] for name in names}
    bugs, peak = found.stats.get("lantian/bugs", 0), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"told": told, "bugs": bugs, "peak": peak}))
"""
WALLS = (Wall(trouble=PageBlocked, reason="captcha", marks=("安全验证",), within="title"),)


@dataclass(frozen=True)
class Crawled:
    """Each trick's outcome, reason and pages; the most memory of the whole process so far, in MiB."""

    told: dict[str, tuple[str, str, int]]
    peak: float


def crawled(home: Path, port: int, *crawls: list[str]) -> list[Crawled]:
    """One crawl after the other in one process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home), str(port)],
        check=False, cwd=ROOT, input=json.dumps(crawls), capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"told"')]
    assert [one["bugs"] for one in found] == [0] * len(crawls)
    return [Crawled({name: tuple(told) for name, told in one["told"].items()}, one["peak"] / 1024) for one in found]


def test_the_downloader_is_led_nowhere_and_names_every_trick(tmp_path: Path, *, is_torture: bool) -> None:
    quick = [name for name in EXPECTED if name not in NEVER_ENDING]
    again = [name for name in quick if name != "captcha"]  # a second wall would end the rest
    again = [f"{name}/{number}" for name in again for number in range(1, 40 if is_torture else 5)]
    with RawServer(lambda _: http(page("内网"))) as inner, hostile_web(inner.port) as web:
        slow, plain, once, often = crawled(tmp_path, web.port, list(NEVER_ENDING), ["repeated", "links"], quick, again)
        assert inner.connections == 0
        assert not any(target.startswith("/forbidden") for target in web.targets)
    assert {name: told[:2] for name, told in (slow.told | once.told).items()} == EXPECTED
    assert once.told["repeated"][2] == 2, "a page that shows nothing new ends the run"
    assert once.told["endless"][2] == 5, "no deeper than asked"
    wanted = {name: EXPECTED[name.split("/")[0]] for name in again}
    assert {name: told[:2] for name, told in often.told.items()} == wanted
    # What one page may be opened to, not what a bomb holds; and as much for hundreds of pages as for one of each.
    assert once.peak - plain.peak < 150
    assert often.peak < once.peak * 1.15


# -- the browser -----------------------------------------------------------------------------------

LURES = """<!doctype html><html><head>
<link rel=preconnect href="http://127.0.0.1:{port}"><link rel=preload as=script href="http://localhost:{port}/a.js">
<link rel=stylesheet href="http://2130706433:{port}/a.css"><script src="http://127.1:{port}/b.js"></script></head><body>
<img src="http://127.0.0.1:{port}/c.png"><iframe src="http://[::1]:{port}/"></iframe><iframe src="/hop"></iframe>
<iframe src="file:///etc/passwd"></iframe><img src="/hop"><object data="http://0:{port}/"></object>
<video src="http://inner.localhost:{port}/v"></video>
<form action="http://127.0.0.1:{port}/f" method=post></form><script>
for (const one of ["http://127.0.0.1:{port}/x", "http://169.254.169.254/latest/", "/hop", "file:///etc/passwd"]) {{
  fetch(one, {{mode: "no-cors"}}).catch(() => 0); try {{ navigator.sendBeacon(one); }} catch {{}}
}}
try {{ new WebSocket("ws://127.0.0.1:{port}/"); }} catch {{}}
try {{ new EventSource("http://127.0.0.1:{port}/"); }} catch {{}}
try {{ new Worker(URL.createObjectURL(new Blob([`fetch("http://127.0.0.1:{port}/w")`]))); }} catch {{}}
try {{ navigator.serviceWorker.register("/hop"); }} catch {{}}
try {{ new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{port}"}}]}}).createOffer(); }} catch {{}}
open("http://127.0.0.1:{port}/popup"); document.title = "全部试过";
</script></body></html>"""


@pytest.fixture
def _chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


@pytest.mark.usefixtures("_chromium")
def test_the_browser_is_led_nowhere(tmp_path: Path) -> None:
    async def visited(config: Config) -> list[str]:
        browser, told = Browser(config), []
        try:
            for path in ("lures", "hop", "meta", "script", "metadata", "file"):
                try:
                    told.append((await browser.visit(f"{HOST}/{path}")).title)
                except BrowserTrouble as trouble:
                    told.append(f"! {trouble}")
        finally:
            await browser.close()
        return told

    with RawServer(lambda _: http(page("内网"))) as inner:
        away = f"http://127.0.0.1:{inner.port}/"
        pages = {
            "/lures": http(LURES.format(port=inner.port)),
            "/hop": http("", status="302 Found", Location=away),
            "/meta": http(f"<title>留在这里</title><meta http-equiv=refresh content='0; url={away}'>"),
            "/script": http(f"<title>留在这里</title><script>location = '{away}'</script>"),
            "/metadata": http("", status="302 Found", Location="http://169.254.169.254/latest/meta-data/"),
            "/file": http("", status="302 Found", Location="file:///etc/passwd"),
        }
        with RawServer(lambda target: pages.get(target, NO_ROBOTS)) as web:
            config = with_browser(config_of(tmp_path, *at(web, "probe.example")), pictures=True, timeout=20.0)
            told = asyncio.run(visited(config))
        assert inner.connections == 0
    assert told[0] == "全部试过"
    assert all("内网" not in one and "root:" not in one for one in told)
    assert [one[:1] for one in told[1:2]] == ["!"]
