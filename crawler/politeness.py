"""robots.txt, obeyed to the letter unless a named person signed an override.

RFC 9309: a missing robots.txt allows everything, a server that fails to give it allows
nothing. A refusal names the very line that forbids, so that a person can judge it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp
from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import load_object

from crawler.config import Config
from crawler.errors import Disallowed, Unreachable
from crawler.tables import Place
from crawler.transport import connector

ROBOT = "lantian"
MAX_ROBOTS = 512 * 1024  # RFC 9309 asks crawlers to read at least 500 KiB of it
MAX_SUSPECTS = 30  # lines that are tried as the forbidding one


@dataclass(frozen=True, slots=True)
class Robots:
    """One host's robots.txt. `text` is "" when there is none; `failed` says why it could not be had."""

    text: str = ""
    failed: str = ""

    def refusal(self, url: str, robot: str = ROBOT) -> str:
        """The line that forbids `url` to `robot`, or "" when nothing does."""
        if self.failed:
            return f"robots.txt could not be read: {self.failed}"
        return "" if _parsed(self.text).can_fetch(url, robot) else _matching_line(self.text, url, robot)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Protego:
    return Protego.parse(text)


def _matching_line(text: str, url: str, robot: str) -> str:
    """The longest Disallow that forbids the address to `robot` when no other line does.

    Protego alone decides which group speaks to us and which rule is stronger; this only asks
    it again with all other suspects taken away.
    """
    lines = text.splitlines()
    alone = {number: rule for number, line in enumerate(lines) if (rule := _rule(line)) and _forbids(rule, url)}
    for number in sorted(alone, key=lambda number: len(alone[number]), reverse=True)[:MAX_SUSPECTS]:
        others = alone.keys() - {number}
        rest = "\n".join("" if place in others else line for place, line in enumerate(lines))
        if not Protego.parse(rest).can_fetch(url, robot):
            return alone[number]
    return "robots.txt"


def _rule(line: str) -> str:
    rule = line.split("#", 1)[0].strip()
    return rule if rule[:2].lower() == "di" else ""


def _forbids(rule: str, url: str) -> bool:
    return not Protego.parse(f"User-agent: *\n{rule}\n").can_fetch(url, ROBOT)


class RobotsMiddleware:
    """Asks each host for robots.txt once a crawl and raises `Disallowed` where it forbids.

    The setting `ROBOTS_OVERRIDES` names a function that maps platforms to the numbers of signatures;
    such a request goes out with the number and the line in `meta["override"]`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._overrides: dict[str, str] = load_object(crawler.settings["ROBOTS_OVERRIDES"])(crawler)
        self._asked: dict[str, asyncio.Task[Robots]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots"):
            return
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        if origin not in self._asked:
            self._asked[origin] = asyncio.ensure_future(self._fetch(origin, request))
        robots = await asyncio.shield(self._asked[origin])
        refusal = robots.refusal(request.url)
        spider = self._crawler.spider
        signed = self._overrides.get(spider.name if spider else "")
        request.meta.pop("override", None)  # a redirect inherits it, its host may not forbid
        if refusal and not signed:
            raise Disallowed("robots", refusal)
        if refusal:
            request.meta["override"] = f"{signed}: {refusal}"

    async def _fetch(self, origin: str, cause: Request) -> Robots:
        """Network failure is the cause's own failure: the host is unreachable, not forbidding."""
        request = Request(  # its own redirects are followed, each under the same guard
            f"{origin}/robots.txt",
            callback=NO_CALLBACK,
            priority=1000,
            meta={"is_robots": True, "run": cause.meta.get("run", ""), "requested_url": f"{origin}/robots.txt"},
        )
        engine = self._crawler.engine
        if engine is None:
            raise RuntimeError("a request before the engine was made")
        response = await engine.download_async(request)
        return robots_of(response.status, response.body)


async def survey(config: Config, urls: Mapping[str, str], place: Place | None = None) -> dict[str, str]:
    """What robots.txt says about each platform's search address: the forbidding line, "" for
    none. `urls` maps platforms to addresses. A host that cannot be reached is not in the answer.

    It is asked from the `place` from which the page itself would be: a server may tell each another thing.
    """
    said: dict[str, str] = {}
    timeout = aiohttp.ClientTimeout(total=config.crawl.timeout)
    async with aiohttp.ClientSession(
        connector=connector(config.hosts, place), timeout=timeout, headers={"User-Agent": config.user_agent()}
    ) as session:

        async def ask(platform: str, url: str) -> None:
            try:
                async with session.get("{0.scheme}://{0.netloc}/robots.txt".format(urlsplit(url))) as answer:
                    said[platform] = robots_of(answer.status, await _beginning(answer)).refusal(url)
            except (aiohttp.ClientError, TimeoutError, Unreachable):
                return

        await asyncio.gather(*(ask(platform, url) for platform, url in urls.items()))
    return said


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Enough of the body for `robots_of`, and no more."""
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ROBOTS:
            break
    return body


def robots_of(status: int, body: bytes) -> Robots:
    """RFC 9309 §2.3.1: 4xx means no rules, 5xx (and being told to wait) means all is forbidden."""
    if status >= 500 or status == 429:
        return Robots(failed=f"HTTP {status}")
    if status >= 400:
        return Robots()
    if len(body) > MAX_ROBOTS:
        # Half a line could forbid more than the whole one: `Disallow: /` of `Disallow: /private`.
        body = body[:MAX_ROBOTS].rpartition(b"\n")[0]
    return Robots(text=body.decode("utf-8-sig", "replace"))
