"""robots.txt to the letter, the line that forbids, signed overrides, and one turn at a time on a host."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crawling import Probe, RawServer, at, config_of, crawl, http, page
from turn_ledger import NotedTurns, are_apart

from crawler.hosts import MappedHost
from crawler.pace import Alone, turn
from crawler.politeness import MAX_ROBOTS, robots_of, survey
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import Override
from storage.turns import StoredTurns

HOST = "http://probe.example"


# -- what a robots.txt says ----------------------------------------------------------------------

GROUPS = """
User-agent: Baiduspider
User-agent: Lantian   # that is us
Disallow: /private
Allow: /private/open
Disallow: /search?q=

User-agent: *
Disallow: /
"""


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("", "/s", ""),
        ("User-agent: *\nDisallow:\n", "/s", ""),
        ("User-agent: *\nDisallow: /\n", "/s", "Disallow: /"),
        ("user-agent:*\ndisallow:/s # secret\n", "/s?wd=1", "disallow:/s"),
        ("User-agent: *\nDisallow: /a\n", "/s", ""),
        ("User-agent: *\nAllow: /s\nDisallow: /\n", "/s", ""),
        ("User-agent: *\nDisallow: /s\nAllow: /\n", "/s", "Disallow: /s"),
        ("User-agent: *\nDisallow: /s\nAllow: /s\n", "/s", ""),
        ("User-agent: *\nDisallow: /\nDisallow: /s?\nDisallow: /s\n", "/s?wd=1", "Disallow: /s?"),
        ("User-agent: *\nDisallow: /*?wd=\n", "/s?wd=1", "Disallow: /*?wd="),
        ("User-agent: *\nDisallow: /s$\n", "/s?wd=1", ""),
        ("User-agent: *\nDisallow: /专利\n", "/%E4%B8%93%E5%88%A9", "Disallow: /专利"),
        (GROUPS, "/s", ""),
        (GROUPS, "/private/x", "Disallow: /private"),
        (GROUPS, "/private/open", ""),
        (GROUPS, "/search?q=1", "Disallow: /search?q="),
        ("User-agent: lantian\nAllow: /\n\nUser-agent: *\nDisallow: /\n", "/s", ""),
        ("User-agent: lantian\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "/s", ""),
        ("User-agent: other\nDisallow: /\n", "/s", ""),
        ("User-agent: other\nDisallow: /s/long\n\nUser-agent: *\nDisallow: /s\n", "/s/long", "Disallow: /s"),
        ("Disallow: /\n", "/s", ""),
        ("\ufeffUser-agent: *\r\nDisallow: /\r\n", "/s", "Disallow: /"),
        ("<!doctype html><title>404</title>", "/s", ""),
        ("User-agent: *\nDisallow: /\nUser-agent: *\nAllow: /s\n", "/s", ""),
    ],
)
def test_the_longest_rule_of_our_own_group_decides(text: str, path: str, line: str) -> None:
    assert robots_of(200, text.encode()).refusal(HOST + path) == line


@pytest.mark.parametrize(("status", "is_open"), [(404, True), (403, True), (410, True), (429, False), (500, False)])
def test_a_robots_txt_that_is_not_there_opens_and_one_that_fails_closes(status: int, *, is_open: bool) -> None:
    refusal = robots_of(status, b"User-agent: *\nDisallow: /").refusal(HOST)
    assert refusal == ("" if is_open else f"robots.txt could not be read: HTTP {status}")


def test_a_cut_line_forbids_nothing() -> None:
    filler = b"#" * (MAX_ROBOTS - len(b"User-agent: *\n\nDisallow: /"))
    assert robots_of(200, b"User-agent: *\n" + filler + b"\nDisallow: /private\n").refusal(HOST + "/s") == ""


def test_a_robots_txt_of_thousands_of_rules_is_read_in_time() -> None:
    text = "User-agent: *\n" + "".join(f"Disallow: /s{'*' * (n % 7)}\n" for n in range(30_000))
    began = time.process_time()
    assert robots_of(200, text.encode()).refusal(HOST + "/s").startswith("Disallow: /s")
    assert time.process_time() - began < 20


# -- in a crawl ----------------------------------------------------------------------------------


class Servers:
    """One server for several hosts, each with a robots.txt of its own."""

    def __init__(self, robots: dict[str, bytes]) -> None:
        self.robots = robots
        self.server = RawServer(lambda target: http(page("星河知产")))
        self.server.answer = self._answer

    def _answer(self, target: str) -> bytes:
        host = self.server.hits[-1].header("Host")
        return self.robots[host] if target == "/robots.txt" else http(page("星河知产"))


def test_each_host_is_asked_once_and_obeyed(tmp_path: Path) -> None:
    robots = {
        "open.example": http("", status="404 Not Found"),
        "shut.example": http("User-agent: *\nDisallow: /s\n"),
        "broken.example": http("", status="503 Busy"),
        "moved.example": http("", status="302 Found", Location="http://shut.example/robots.txt"),
    }
    servers = Servers(robots)
    queries = [f"http://{host}/{path}" for host in robots for path in ("s", "s?again", "other")]
    with servers.server as server:
        found = crawl(config_of(tmp_path, *at(server, *robots)), *queries)
    verdicts = {query: found.verdict(query) for query in queries}
    assert all(verdicts[f"http://open.example/{path}"] == ("ok", "") for path in ("s", "s?again", "other"))
    for host in ("shut.example", "moved.example"):
        assert verdicts[f"http://{host}/s"] == verdicts[f"http://{host}/s?again"] == ("disallowed", "robots")
        assert found.run(f"http://{host}/s").detail == "Disallow: /s"
        assert verdicts[f"http://{host}/other"] == ("ok", "")
    for path in ("s", "s?again", "other"):
        assert found.verdict(f"http://broken.example/{path}") == ("disallowed", "robots")
    assert "HTTP 503" in found.run("http://broken.example/s").detail
    asked = [hit.header("Host") for hit in server.hits if hit.target == "/robots.txt"]
    assert sorted(asked) == ["broken.example", "moved.example", "open.example", "shut.example", "shut.example"]
    assert not [hit for hit in server.hits if hit.target == "/s" and hit.header("Host") != "open.example"]


def test_a_host_that_cannot_be_reached_is_unreachable_not_forbidding(tmp_path: Path) -> None:
    found = crawl(config_of(tmp_path), "http://no-such-host.invalid/s", "http://no-such-host.invalid/t")
    assert [found.verdict(query) for query in found.runs] == [("unreachable", "dns")] * 2


def test_a_redirect_is_asked_about_at_its_own_host(tmp_path: Path) -> None:
    def answer(target: str) -> bytes:
        if target == "/robots.txt":
            return http("User-agent: *\nDisallow: /shut\n")
        return http("", status="302 Found", Location="/shut") if target == "/s" else http(page("x"))

    with RawServer(answer) as server:
        found = crawl(config_of(tmp_path, *at(server, "probe.example")), f"{HOST}/s")
    assert found.verdict(f"{HOST}/s") == ("disallowed", "robots")
    assert found.page(f"{HOST}/s").url == f"{HOST}/shut"
    assert "/shut" not in server.targets


def test_a_wall_behind_robots_is_still_a_wall(tmp_path: Path) -> None:
    def answer(target: str) -> bytes:
        if target == "/robots.txt":
            return http("User-agent: *\nDisallow: /never-a-page\n")
        return http("", status="302 Found", Location="/never-a-page?from=s")

    with RawServer(answer) as server:
        found = crawl(config_of(tmp_path, *at(server, "probe.example")), f"{HOST}/s", f"{HOST}/never-a-page")
    assert found.verdict(f"{HOST}/s") == ("empty", "never")
    assert found.verdict(f"{HOST}/never-a-page") == ("disallowed", "robots")


class Neighbour(Probe):
    """Another platform on the same host."""

    name = "neighbour"


def test_a_signed_override_opens_its_platform_alone_and_is_kept_with_the_evidence(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    signed = Override(platform="probe", person="张虚构", reason="年度专项", signed_at=datetime(2026, 3, 1, tzinfo=UTC))
    ExhibitStore(open_database(config.database)).sign_override(signed)

    def answer(target: str) -> bytes:
        return http("User-agent: *\nDisallow: /s\n") if target == "/robots.txt" else http(page("星河知产"))

    with RawServer(answer) as server:
        config = config_of(tmp_path, *at(server, "probe.example"))
        mine = crawl(config, f"{HOST}/s", f"{HOST}/free")
        assert mine.verdict(f"{HOST}/s") == ("ok", "")
        records = [lines for file in config.archive.glob("*.warc.gz*") for lines in _requests(file)]
        override = [line for record in records for line in record if line.startswith("Lantian-Override")]
        # Records leave in packages: whose signature it is stands in the database alone.
        assert override == ["Lantian-Override: override 1: Disallow: /s"]
        whole = "".join(line for record in records for line in record)
        assert "张虚构" not in whole
        assert "年度专项" not in whole
        theirs = crawl(config, f"{HOST}/s", spider=Neighbour)
        assert theirs.verdict(f"{HOST}/s") == ("disallowed", "robots")


def _requests(warc: Path) -> list[list[str]]:
    records = gzip.decompress(warc.read_bytes()).decode("utf-8", "replace").split("WARC/1.1\r\n")
    return [record.split("\r\n") for record in records if "WARC-Type: request" in record]


# -- one turn at a time --------------------------------------------------------------------------


def test_the_delay_lies_between_all_requests_of_a_host(tmp_path: Path) -> None:
    engine = open_database(config_of(tmp_path).database)
    turns = StoredTurns(tmp_path, engine)
    noted = NotedTurns(turns)
    with RawServer(
        lambda target: http("", status="404 Not Found") if "robots" in target else http(page("x"))
    ) as server:
        config = config_of(tmp_path, *at(server, "paced.example"), delay=0.25)
        crawl(config, *(f"http://paced.example/{n}" for n in range(3)))
        assert len(server.hits) == 4
    begun = noted.begun("paced.example")
    assert len(begun) == 4
    assert are_apart(begun, 0.25)
    turns.close()
    engine.dispose()


def test_no_host_waits_until_another_is_done(tmp_path: Path) -> None:
    free_came, waited = threading.Event(), []

    def answer(target: str) -> bytes:
        if target == "/robots.txt":
            return http("", status="404 Not Found")
        if target == "/free":
            free_came.set()
        else:
            waited.append(free_came.wait(60))
        return http(page("x"))

    with RawServer(answer) as server:
        config = config_of(tmp_path, *at(server, "paced.example", "free.example"), delay=0.01, timeout=300.0)
        crawl(config, *(f"http://paced.example/{n}" for n in range(3)), "http://free.example/free")
    assert waited == [True] * 3


class Noted(Alone):
    """A ledger that notes when it let each turn begin, by its own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[tuple[str, float]] = []

    def reserve(self, host: str, delay: float) -> float:
        return self._noted(host, super().reserve(host, delay))

    def begin(self, host: str, delay: float) -> float:
        return self._noted(host, super().begin(host, delay))

    def _noted(self, host: str, wait: float) -> float:
        if wait <= 0:
            self.begun.append((host, self._lines[host].begun_at))
        return wait


def test_turns_are_shared_by_whoever_loads() -> None:
    turns, done = Noted(), []

    async def load(host: str) -> None:
        await turn(host, 0.1, turns)
        done.append(host)

    async def loads() -> None:
        await asyncio.gather(*(load("shared.example") for _ in range(4)), load("alone.example"))

    asyncio.run(loads())
    assert set(done[:2]) == {"shared.example", "alone.example"}, "no host waits for another"
    begun = [moment for host, moment in turns.begun if host == "shared.example"]
    assert len(begun) == 4
    assert are_apart(begun, 0.1)


# -- asking before a round -----------------------------------------------------------------------


def test_the_survey_tells_the_forbidding_line(tmp_path: Path) -> None:
    long = "User-agent: *\n" + "# filler\n" * 40_000 + "Disallow: /s\n"
    robots = {
        "open.example": http("", status="404 Not Found"),
        "shut.example": http(long),
        "inner.example": http("", status="302 Found", Location="http://127.0.0.1:9/robots.txt"),
    }
    servers = Servers(robots)
    with servers.server as server:
        nobody = MappedHost(host="nobody.example", address="127.0.0.1", port=1)
        config = config_of(tmp_path, *at(server, *robots), nobody)
        urls = {host: f"http://{host}/s" for host in (*robots, "nobody.example", "no-such-host.invalid")}
        assert asyncio.run(survey(config, urls)) == {"open.example": "", "shut.example": "Disallow: /s"}
