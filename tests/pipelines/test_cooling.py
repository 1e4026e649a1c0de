"""A host that refuses us is left alone: the next queries end as blocked by name, and nothing reaches the host."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crawling import HOST, Crawled, Probe, RawServer, at, config_of, crawl, http, page

from crawler import clock
from crawler.errors import PageBlocked
from crawler.tables import Crawl
from pipelines.cooling import asked_for
from pipelines.restraint import Restrained
from spiders.walls import Wall
from storage.db import open_database
from storage.turns import CoolDowns, StoredTurns

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WALL = "<!doctype html><html><head><title>安全验证</title></head><body>请完成验证</body></html>"


class Walled(Probe):
    """A platform with a wall that comes with status 200."""

    name = "walled"
    walls = (Wall(trouble=PageBlocked, reason="captcha", marks=("安全验证",), within="title"),)


def queries(count: int) -> list[str]:
    return [f"{HOST}/list/{number}" for number in range(count)]


def walled(home: Path, server: RawServer, count: int, **crawl_settings: float) -> Crawled:
    config = config_of(home, *at(server, "probe.example"))
    config = replace(config, crawl=replace(Crawl(delay=0.02, retries=0), **crawl_settings))
    return crawl(config, *queries(count), spider=Walled)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http(WALL), "captcha"),
        (http("<html><body>no</body></html>", status="403 Forbidden"), "http_403"),
        (http("<html><body>slow</body></html>", status="429 Too Many Requests"), "http_429"),
    ],
)
def test_a_host_that_refuses_twice_is_left_alone(tmp_path: Path, answer: bytes, reason: str) -> None:
    with RawServer(lambda target: http("", status="404 Not Found") if "robots" in target else answer) as server:
        found = walled(tmp_path, server, 30)
        verdicts = [found.verdict(query) for query in queries(30)]
        asked = sum("/list/" in target for target in server.targets)
        assert set(verdicts) == {("blocked", reason), ("blocked", "cooling")}
        assert verdicts.count(("blocked", reason)) == asked
        assert asked < 10, "two refusals, and what was already on its way"
        known = CoolDowns(found.store.engine).cooling("probe.example", clock.now())
        assert known
        assert reason in known.reason
        # Everybody who shares the database keeps away.
        before = len(server.hits)
        assert walled(tmp_path, server, 3).verdict(queries(3)[0]) == ("blocked", "cooling")
        assert len(server.hits) == before


def test_one_refusal_among_good_pages_stops_nothing(tmp_path: Path) -> None:
    def answer(target: str) -> bytes:
        return http(WALL) if target.endswith(("/3", "/6")) else http(page("甲"))

    with RawServer(answer) as server:
        found = walled(tmp_path, server, 8)
        assert [found.verdict(query)[0] for query in queries(8)].count("ok") == 6
        assert CoolDowns(found.store.engine).last("probe.example") is None


@pytest.mark.parametrize("off", [{"cooldown": 0.0}, {"delay": 0.0}])
def test_where_it_is_switched_off_every_query_is_asked(tmp_path: Path, off: dict[str, float]) -> None:
    with RawServer(lambda _: http(WALL)) as server:
        found = walled(tmp_path, server, 6, **off)
        assert {found.verdict(query) for query in queries(6)} == {("blocked", "captcha")}


def test_who_refuses_again_soon_after_is_left_alone_for_twice_as_long(tmp_path: Path) -> None:
    with RawServer(lambda _: http(WALL)) as server:
        cooldowns = CoolDowns(open_database(tmp_path / "lantian.db"))
        now = clock.now()
        cooldowns.cool("probe.example", now - timedelta(seconds=1), "captcha", now - timedelta(seconds=101))
        walled(tmp_path, server, 4, cooldown=60.0)
        last = cooldowns.last("probe.example")
        assert last
        assert last.until - last.since == timedelta(seconds=200)
        # One that lies long back counts no more.
        cooldowns.cool("probe.example", now - timedelta(days=9), "captcha", now - timedelta(days=10))
        walled(tmp_path, server, 4, cooldown=60.0)
        last = cooldowns.last("probe.example")
        assert last
        assert last.until - last.since == timedelta(seconds=60)


def test_a_retry_after_is_obeyed_at_the_first_word(tmp_path: Path) -> None:
    slow = http("slow", status="429 Too Many Requests", Retry_After="120")
    with RawServer(lambda target: http("", status="404 Not Found") if "robots" in target else slow) as server:
        found = walled(tmp_path, server, 5)
        last = CoolDowns(found.store.engine).last("probe.example")
        assert last
        assert timedelta(seconds=119) < last.until - last.since <= timedelta(seconds=121)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Mon, 02 Mar 2026 01:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 02 Mar 2026 00:10:00 GMT", timedelta()),
        ("99999999999999999999", timedelta(days=1)),
        *((junk, timedelta()) for junk in ("", "soon", "-5", "١٢", "Mon, 99 Mar 2026 01:10:00 GMT", "1e9")),
    ],
)
def test_what_a_server_asks_for_is_read_in_both_forms(told: str, wait: timedelta) -> None:
    assert asked_for(told, T0) == wait


def test_the_ledger_itself_refuses_at_the_last_moment(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    cooldowns, now = CoolDowns(engine), clock.now()
    turns = Restrained(StoredTurns(tmp_path, engine), cooldowns)
    assert turns.reserve("probe.example", 5.0) == 0
    assert turns.reserve("probe.example", 5.0) > 0
    cooldowns.cool("probe.example", now + timedelta(hours=1), "captcha", now)
    for step in (turns.reserve, turns.begin):
        with pytest.raises(PageBlocked, match="cooling"):
            step("probe.example", 5.0)
    assert turns.reserve("other.example", 5.0) == 0
    # A clock that was put back to before the word was said ends it.
    cooldowns.cool("probe.example", now + timedelta(hours=3), "captcha", now + timedelta(hours=2))
    assert turns.reserve("probe.example", 5.0) >= 0
    turns.close()
    engine.dispose()
