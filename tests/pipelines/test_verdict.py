"""Every run ends in exactly one outcome, whatever happens to its pages, and the exit code tells it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from crawling import HOST, Probe, crawled, http, page
from scrapy.crawler import Crawler

from crawler import settings as project
from crawler.commands.crawl import exit_code
from crawler.errors import EXIT_BUG, EXIT_DONE, EXIT_EVIDENCE, EXIT_NOT_CLEAN
from crawler.items import Exhibits, Outcome, Page, Reading, Sightings
from pipelines.room import Room
from pipelines.verdict import Judgement, judged, run_ended
from spiders.base import PlatformSpider

OK, EMPTY = Reading(outcome=Outcome.OK), Reading(outcome=Outcome.EMPTY, reason="says_none", detail="没有结果")
BLOCKED = Reading(outcome=Outcome.BLOCKED, reason="captcha", detail="text: 安全验证")
GONE = Reading(outcome=Outcome.GONE, reason="http_404")


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ([OK], Judgement(Outcome.OK)),
        ([OK, OK], Judgement(Outcome.OK)),
        ([OK, EMPTY], Judgement(Outcome.OK)),
        ([EMPTY], Judgement(Outcome.EMPTY, "says_none", "没有结果")),
        ([OK, BLOCKED], Judgement(Outcome.BLOCKED, "captcha", "text: 安全验证")),
        ([BLOCKED, OK], Judgement(Outcome.BLOCKED, "captcha", "text: 安全验证")),
        ([OK, GONE, BLOCKED], Judgement(Outcome.GONE, "http_404")),
        (
            [OK, replace(OK, lost=2), replace(OK, lost=1)],
            Judgement(Outcome.CHANGED, "lost_listings", "3 listings without a title or a URL"),
        ),
        ([replace(EMPTY, lost=1)], Judgement(Outcome.CHANGED, "lost_listings", "1 listings without a title or a URL")),
        ([replace(OK, lost=1), BLOCKED], Judgement(Outcome.BLOCKED, "captcha", "text: 安全验证")),
    ],
)
def test_one_page_that_was_not_seen_decides_the_run(readings: list[Reading], verdict: Judgement) -> None:
    assert judged(readings) == verdict


@pytest.mark.parametrize(
    ("stats", "code"),
    [
        ({"lantian/outcomes/ok": 2, "lantian/outcomes/empty": 1}, EXIT_DONE),
        ({"lantian/outcomes/ok": 2, "lantian/outcomes/blocked": 1}, EXIT_NOT_CLEAN),
        ({"lantian/outcomes/missed": 1}, EXIT_NOT_CLEAN),
        ({"lantian/outcomes/ok": 2, "lantian/bugs": 1}, EXIT_BUG),
        ({}, EXIT_BUG),
        ({"lantian/outcomes/ok": 2, "lantian/bugs": 1, "lantian/broken": 1}, EXIT_EVIDENCE),
    ],
)
def test_the_exit_code_tells_the_worst(stats: dict[str, int], code: int) -> None:
    assert exit_code(stats) == code


# -- in a crawl ----------------------------------------------------------------------------------


def test_every_run_ends_once_in_its_own_outcome(tmp_path: Path) -> None:
    lost = '<a class="row">没有地址</a>'
    answers = {
        "/ok": http(page("a", "b", following="/ok2")),
        "/ok2": http(page("c", following="/ok3")),
        "/ok3": http(page("d", following="/ok4")),
        "/same": http(page("a", following="/same")),
        "/empty": http(page()),
        "/late-empty": http(page("a", following="/empty")),
        "/late-gone": http(page("a", following="/nowhere")),
        "/lost": http(page("a", extra=lost)),
        "/all-lost": http(f"<html><body>{lost}</body></html>"),
        "/odd": http("<html><body>完全不同</body></html>"),
        "/away": http(page("a", following="http://elsewhere.example/2")),
    }
    found = crawled(tmp_path, answers, *(query for query in answers if query not in ("/ok2", "/ok3")))
    verdicts = {query.removeprefix(HOST): found.verdict(query) for query in found.runs}
    assert verdicts == {
        "/ok": ("ok", ""),
        "/same": ("ok", ""),
        "/empty": ("empty", "says_none"),
        "/late-empty": ("ok", ""),
        "/late-gone": ("gone", "http_404"),
        "/lost": ("changed", "lost_listings"),
        "/all-lost": ("changed", "all_lost"),
        "/odd": ("changed", "no_marker"),
        "/away": ("ok", ""),
    }
    run = found.run(f"{HOST}/ok")
    assert (run.pages, run.listings, run.captures, run.lost) == (3, 4, 3, 0)
    assert found.run(f"{HOST}/lost").lost == 1
    assert run.started_at
    assert run.ended_at
    outcomes = {name: count for name, count in found.stats.items() if name.startswith("lantian/")}
    assert outcomes == {
        "lantian/outcomes/ok": 4,
        "lantian/outcomes/empty": 1,
        "lantian/outcomes/gone": 1,
        "lantian/outcomes/changed": 3,
    }


class Slow:
    """A part that holds the first page back until the last one has gone by, as a picture may."""

    async def process_item(self, item: Exhibits) -> Exhibits:
        if item.sightings.page_number == 1:
            await asyncio.sleep(0.5)
        return item


def test_the_run_ends_with_its_slowest_page(tmp_path: Path) -> None:
    answers = {"/1": http(page("a", following="/2")), "/2": http(page("b", following="/3")), "/3": http(page("c"))}
    late = {"pipelines.tie.Tie": 100, Slow: 150, "pipelines.record.Record": 300}
    found = crawled(tmp_path, answers, "/1", ITEM_PIPELINES=late)
    run = found.run(f"{HOST}/1")
    assert (run.outcome, run.pages, run.listings) == ("ok", 3, 3)


class Clumsy:
    """A part of ours with a bug that shows on page 2."""

    def process_item(self, item: Exhibits) -> Exhibits:
        if item.sightings.page_number == 2:
            raise KeyError("a bug of ours")
        return item


def test_a_page_lost_in_our_own_parts_fails_the_run_and_the_crawl(tmp_path: Path) -> None:
    answers = {"/1": http(page("a", following="/2")), "/2": http(page("b")), "/other": http(page("x"))}
    parts = {"pipelines.tie.Tie": 100, Clumsy: 150, "pipelines.record.Record": 300}
    found = crawled(tmp_path, answers, "/1", "/other", ITEM_PIPELINES=parts)
    assert found.verdict(f"{HOST}/1") == ("error", "lost_page")
    assert "page 2: KeyError" in found.run(f"{HOST}/1").detail
    assert found.verdict(f"{HOST}/other") == ("ok", "")
    assert exit_code(found.stats) == EXIT_BUG


class Careless:
    """A part that forgets what the page was read from."""

    def process_item(self, item: Sightings) -> Sightings:
        return replace(item, capture=None)


def test_a_listing_without_its_capture_is_exit_4(tmp_path: Path) -> None:
    parts = {Careless: 50, "pipelines.tie.Tie": 100, "pipelines.record.Record": 300}
    found = crawled(tmp_path, {"/s": http(page("a"))}, "/s", ITEM_PIPELINES=parts)
    assert found.verdict(f"{HOST}/s") == ("error", "lost_page")
    assert "EvidenceBroken" in found.run(f"{HOST}/s").detail
    assert exit_code(found.stats) == EXIT_EVIDENCE


class Buggy(Probe):
    """A spider whose own code fails on one page."""

    name = "buggy"

    def read(self, page: Page) -> Reading:
        if page.url.endswith("/bug"):
            raise ZeroDivisionError
        return super().read(page)


class Dumb(Probe):
    """A spider that cannot even say where to look for one of its queries."""

    name = "dumb"

    def first_url(self, query: str) -> str:
        if query.endswith("/2"):
            raise ZeroDivisionError
        return query


@pytest.mark.parametrize(("spider", "bad", "good"), [(Buggy, "/bug", "/s"), (Dumb, "/2", "/1")])
def test_a_bug_in_a_spider_is_an_error_and_exit_1(
    tmp_path: Path, spider: type[PlatformSpider], bad: str, good: str
) -> None:
    answers = {path: http(page("a")) for path in ("/bug", "/s", "/1", "/2")}
    found = crawled(tmp_path, answers, good, bad, spider=spider)
    assert found.verdict(HOST + good) == ("ok", "")
    assert found.verdict(HOST + bad) == ("error", "interrupted")
    assert exit_code(found.stats) == EXIT_BUG


class Killer:
    """Stops the crawl after the first page, as an operator's Ctrl-C does."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Killer:
        return cls(crawler)

    async def process_item(self, item: Exhibits) -> Exhibits:
        self.stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="shutdown"))
        return item


def test_a_crawl_that_is_stopped_leaves_no_run_without_an_outcome(tmp_path: Path) -> None:
    answers = {f"/{n}": http(page("a", following=f"/{n}b")) for n in range(4)}
    parts = {"pipelines.tie.Tie": 100, Killer: 150, "pipelines.record.Record": 300}
    found = crawled(tmp_path, answers, *answers, ITEM_PIPELINES=parts, CONCURRENT_REQUESTS=1)
    assert {found.verdict(query) for query in found.runs} == {("error", "interrupted")}
    assert exit_code(found.stats) == EXIT_NOT_CLEAN
    assert "stopped after" in found.run(f"{HOST}/0").detail


class Saboteur:
    """Ends one run behind the crawl's back with another outcome: the store refuses a second."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Saboteur:
        return cls(crawler)

    def process_item(self, item: Exhibits) -> Exhibits:
        seen = item.sightings
        if seen.query.endswith("/s"):
            Room.of(self.crawler).store.finish_run(seen.run, Outcome.GONE, "x", "", seen.seen_at)
        return item


def test_a_run_whose_end_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    parts = {"pipelines.tie.Tie": 100, "pipelines.record.Record": 300, Saboteur: 400}
    found = crawled(tmp_path, {"/s": http(page("a")), "/t": http(page("b"))}, "/s", "/t", ITEM_PIPELINES=parts)
    assert found.verdict(f"{HOST}/t") == ("ok", "")
    assert exit_code(found.stats) == EXIT_BUG


class Listener:
    """Hears of every run that ended, as a progress bar does."""

    heard: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Listener:
        listener = cls()
        crawler.signals.connect(listener.ended, run_ended, weak=False)
        return listener

    def ended(self, run: str) -> None:
        self.heard.append(run)


def test_listeners_hear_of_each_run_once(tmp_path: Path) -> None:
    Listener.heard.clear()
    found = crawled(
        tmp_path,
        {"/s": http(page("a")), "/t": http(page())},
        *("/s", "/t"),
        EXTENSIONS={**project.EXTENSIONS, Listener: 600},
    )
    assert sorted(Listener.heard) == sorted(found.runs.values())


class Worse:
    """A part of ours that fails on every page; `scrapy crawl` is told to use it by name."""

    def process_item(self, item: Sightings) -> Sightings:
        raise KeyError("a bug of ours")
