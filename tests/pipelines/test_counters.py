"""No crawl is led into a paid counter by a redirect, by HTTP or in the browser; an unpaid one is gone through."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from crawling import HOST, RawServer, at, config_of, crawl, http, page
from proxying import Proxy
from scrapy.http import Request

from crawler.errors import Disallowed
from crawler.exits import Eyes
from crawler.tables import Place
from pipelines.admission import Admission
from pipelines.counters import Counters
from pipelines.paid import PaidLinks
from pipelines.permission import permission
from pipelines.room import Room
from storage.db import open_database
from storage.exhibits import ExhibitStore

COUNTER = "http://www.baidu.com/baidu.php?url=abc"
HOSTS = ("probe.example", "www.baidu.com", "click.simba.taobao.com")


def _answer(target: str) -> bytes:
    if target == "/robots.txt":
        return http("", status="404 Not Found")
    leads = {
        "/paid": COUNTER,
        "/spelled": "http://WWW.BAIDU.COM./%62aidu.php?url=abc",
        "/billed": "http://click.simba.taobao.com/cc",
        "/unpaid": "http://www.baidu.com/link?url=abc",
        "/link?url=abc": f"{HOST}/list",
    }
    if target == "/refresh":
        return http(f'<html><head><meta http-equiv="refresh" content="0;url={COUNTER}"></head><body>甲</body></html>')
    if target in leads:
        return http("", status="302 Found", Location=leads[target])
    return http(page("甲"))


def test_a_redirect_into_a_paid_counter_is_refused_before_its_host_is_asked_anything(tmp_path: Path) -> None:
    paths = ("/paid", "/spelled", "/billed", "/refresh")
    with RawServer(_answer) as server:
        crawled = crawl(config_of(tmp_path, *at(server, *HOSTS)), *(f"{HOST}{path}" for path in paths))
        assert {crawled.verdict(f"{HOST}{path}") for path in paths} == {("disallowed", "paid_link")}
        assert {hit.header("Host").lower() for hit in server.hits} == {"probe.example"}


def test_a_redirect_through_an_unpaid_one_is_followed(tmp_path: Path) -> None:
    with RawServer(_answer) as server:
        crawled = crawl(config_of(tmp_path, *at(server, *HOSTS)), f"{HOST}/unpaid")
        assert crawled.verdict(f"{HOST}/unpaid")[0] == "ok"


@pytest.mark.parametrize(
    ("url", "is_led", "reason"),
    [
        (COUNTER, False, "paid_link"),
        (COUNTER, True, "paid_link"),
        ("http://www.baidu.com/link?url=abc", False, "redirect_link"),
        ("http://www.baidu.com/link?url=abc", True, ""),
        ("http://www.xinghe.example/baidu.php", True, ""),
    ],
)
def test_what_a_request_may_be(url: str, is_led: bool, reason: str) -> None:
    asked = Counters().process_request(Request(url, meta={"redirect_times": 1} if is_led else {}))
    if not reason:
        return asyncio.run(asked)
    with pytest.raises(Disallowed) as refused:
        asyncio.run(asked)
    assert refused.value.reason == reason
    return None


class Told:
    """A page's session that only remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def ask(self, method: str, asked: dict[str, str] | None = None) -> dict[str, str]:
        self.asked.append((method, (asked or {}).get("requestId", "")))
        return {}

    def hear(self, event: str, told: object) -> None:
        """Nothing is told by itself."""

    def paused(self, told: object) -> None:
        """The recorder's part."""


@pytest.mark.parametrize(
    ("urls", "stopped"),
    [
        ([f"{HOST}/list", COUNTER], ["1"]),
        ([f"{HOST}/list", "http://www.baidu.com/link?url=abc", f"{HOST}/a"], []),
        ([COUNTER, "http://www.baidu.com/baidu.php?url=again", f"{HOST}/land"], []),
    ],
)
def test_the_browser_goes_through_a_paid_counter_only_when_it_was_sent_to_one(
    urls: list[str], stopped: list[str]
) -> None:
    session = Told()

    async def visit() -> None:
        admission = Admission(session, session, 99)  # type: ignore[arg-type]
        await admission.open("main")
        for number, url in enumerate(urls):
            told = {"requestId": str(number), "resourceType": "Document", "frameId": "main", "request": {"url": url}}
            admission._paused(told)
        # An advertisement's own frame is not the page.
        frame = {"requestId": "9", "resourceType": "Document", "frameId": "inner", "request": {"url": COUNTER}}
        admission._paused(frame)
        await asyncio.gather(*admission._deciding)

    asyncio.run(visit())
    assert [number for method, number in session.asked if method == "Fetch.failRequest"] == stopped
    assert ("Fetch.continueRequest", "9") in session.asked


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_robots_txt_is_asked_from_the_place_of_the_visit(tmp_path: Path, scheme: str) -> None:
    with Proxy(scheme) as proxy, RawServer(_answer) as server:
        config, place = config_of(tmp_path, *at(server, "probe.example")), Place(name="江城", proxy=proxy.url)
        store = ExhibitStore(open_database(config.database))
        told = asyncio.run(permission(config, store, "probe", f"{HOST}/list", place))
        assert (told.refusal, proxy.asked) == ("", [("127.0.0.1", server.port)])
        asyncio.run(permission(config, store, "probe", f"{HOST}/list"))
        assert len(proxy.asked) == 1, "without a place it is asked from here"
        store.engine.dispose()
        room = Room(config, Eyes(place=place))
        assert asyncio.run(PaidLinks(room)._is_allowed(f"{HOST}/click"))
        assert len(proxy.asked) == 2
        asyncio.run(room.close())
