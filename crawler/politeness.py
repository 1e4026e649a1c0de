"""robots.txt, obeyed to the letter unless a named person signed an override.

RFC 9309: a missing robots.txt allows everything, a server that fails to give it allows
nothing. A refusal names the very line that forbids, so that a person can judge it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import load_object

from crawler.config import Config
from crawler.errors import Disallowed, Unreachable
from crawler.transport import connector

ROBOT = "lantian"
MAX_ROBOTS = 512 * 1024  # RFC 9309 asks crawlers to read at least 500 KiB of it


@dataclass(frozen=True, slots=True)
class Robots:
    """One host's robots.txt. `text` is "" when there is none; `failed` says why it could not be had."""

    text: str = ""
    failed: str = ""

    def refusal(self, url: str, robot: str = ROBOT) -> str:
        """The line that forbids `url` to `robot`, or "" when nothing does."""
        if self.failed:
            return f"robots.txt could not be read: {self.failed}"
        if Protego.parse(self.text).can_fetch(url, robot):
            return ""
        return _matching_line(self.text, url, robot)


def _matching_line(text: str, url: str, robot: str) -> str:
    """The longest Disallow that alone, in a group of its own, would forbid the address."""
    matching = [
        line for line in _own_rules(text, robot) if not Protego.parse(f"User-agent: *\n{line}\n").can_fetch(url, robot)
    ]
    return max(matching, key=len, default="robots.txt")


def _own_rules(text: str, robot: str) -> list[str]:
    """The Disallow lines of the group that speaks to `robot`, or of the group for everybody."""
    groups: dict[str, list[str]] = {}
    agents: list[str] = []
    in_rules = False
    for line in text.splitlines():
        name, _, value = line.split("#", 1)[0].partition(":")
        word = name.strip().lower()
        if word == "user-agent":
            agents = [value.strip().lower()] if in_rules else [*agents, value.strip().lower()]
            in_rules = False
        elif word in ("disallow", "allow"):
            in_rules = True
            for agent in agents:
                groups.setdefault(agent, []).append(line.split("#", 1)[0].strip())
    own = groups.get(robot.lower()) or groups.get("*") or []
    return [line for line in own if line.lower().startswith("disallow")]


class RobotsMiddleware:
    """Asks each host for robots.txt once a crawl and raises `Disallowed` where it forbids.

    The setting `ROBOTS_OVERRIDES` names a function that maps platforms to who signed what;
    such a request goes out with the signature and the line in `meta["override"]`.
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
        if refusal and not signed:
            raise Disallowed("robots", refusal)
        if refusal:
            request.meta["override"] = f"{signed}: {refusal}"

    async def _fetch(self, origin: str, cause: Request) -> Robots:
        """Network failure is the cause's own failure: the host is unreachable, not forbidding."""
        request = Request(
            f"{origin}/robots.txt",
            callback=NO_CALLBACK,
            priority=1000,
            meta={"is_robots": True, "run": cause.meta.get("run", ""), "requested_url": f"{origin}/robots.txt"},
        )
        engine = self._crawler.engine
        if engine is None:
            raise RuntimeError("a request before the engine was made")
        response = await engine.download_async(request)
        return robots_of(response.status, response.body[:MAX_ROBOTS])


async def survey(config: Config, urls: Mapping[str, str]) -> dict[str, str]:
    """What robots.txt says about each platform's search address: the forbidding line, "" for
    none. `urls` maps platforms to addresses. A host that cannot be reached is not in the answer.
    """
    said: dict[str, str] = {}
    timeout = aiohttp.ClientTimeout(total=config.crawl.timeout)
    async with aiohttp.ClientSession(
        connector=connector(config.hosts), timeout=timeout, headers={"User-Agent": config.user_agent()}
    ) as session:

        async def ask(platform: str, url: str) -> None:
            try:
                async with session.get("{0.scheme}://{0.netloc}/robots.txt".format(urlsplit(url))) as answer:
                    said[platform] = robots_of(answer.status, await answer.content.read(MAX_ROBOTS)).refusal(url)
            except (aiohttp.ClientError, TimeoutError, Unreachable):
                return

        await asyncio.gather(*(ask(platform, url) for platform, url in urls.items()))
    return said


def robots_of(status: int, body: bytes) -> Robots:
    """RFC 9309 §2.3.1: 4xx means no rules, 5xx (and being told to wait) means all is forbidden."""
    if status >= 500 or status == 429:
        return Robots(failed=f"HTTP {status}")
    return Robots() if status >= 400 else Robots(text=body.decode("utf-8", "replace"))
