"""A crawl seals while it goes on and when it is over; what keeps it from that is in its exit code and costs no page."""

from __future__ import annotations

import fcntl
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crawling import HOST, Crawled, RawServer, at, config_of, crawl, http, page
from sqlalchemy.exc import OperationalError

from crawler import clock
from crawler.commands.crawl import exit_code
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken
from crawler.tables import Seal
from storage.seal import Sealer
from storage.sealing import chain
from storage.verify import verify

# Nothing is judged here: the rules cost seconds to load.
PARTS = {"pipelines.tie.Tie": 100, "pipelines.record.Record": 300}
PAGES = {f"/{number}": http(page(f"t{number}", following=f"/{number + 1}")) for number in range(1, 9)}


def crawled(home: Path, *, every: int = 500, paths: tuple[str, ...] = ("/1",), **settings: Any) -> Crawled:
    with RawServer(lambda target: PAGES.get(target, http("", status="404 Not Found"))) as server:
        config = replace(config_of(home, *at(server, "probe.example")), seal=Seal(every=every))
        return crawl(config, *(HOST + path for path in paths), pages=8, ITEM_PIPELINES=PARTS, **settings)


def sealer_of(found: Crawled) -> Sealer:
    return Sealer(found.config.archive, found.store.engine, tool="test", demand="sealed")


def test_a_plain_crawl_ends_sealed(tmp_path: Path) -> None:
    found = crawled(tmp_path)
    head = sealer_of(found).head()
    assert (head.number, head.leaves) == (1, 19), "a warcinfo and nine exchanges, robots.txt among them"
    report = verify(tmp_path)
    assert (report.broken, report.state) == ((), "sealed")
    assert exit_code(found.stats) == EXIT_DONE


def test_every_so_many_captures_a_manifest_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifth and the eighth page come only after one more seal."""
    real, sealed = Sealer.seal, threading.Semaphore(0)

    def seal(self: Sealer, rules: str, now: Any, **how: bool) -> Any:
        told = real(self, rules, now, **how)
        sealed.release()
        return told

    def answer(target: str) -> bytes:
        assert target not in {"/5", "/8"} or sealed.acquire(timeout=300)
        return PAGES.get(target, http("", status="404 Not Found"))

    monkeypatch.setattr(Sealer, "seal", seal)
    with RawServer(answer) as server:
        config = replace(config_of(tmp_path, *at(server, "probe.example")), seal=Seal(every=3))
        found = crawl(config, f"{HOST}/1", pages=8, ITEM_PIPELINES=PARTS)
    heads = sealer_of(found).heads(1, 99)
    assert len(heads) >= 3
    assert sum(head.leaves for head in heads) == 19
    assert verify(tmp_path).state == "sealed"


def test_a_round_seals_for_its_crawls_at_its_end(tmp_path: Path) -> None:
    found = crawled(tmp_path, LANTIAN_IN_ROUND=True)
    assert sealer_of(found).head().number == 0
    assert exit_code(found.stats) == EXIT_DONE
    often = crawled(tmp_path / "often", every=3, LANTIAN_IN_ROUND=True)
    assert sealer_of(often).head().number >= 1, "while it goes on it seals all the same"


def test_the_crawl_goes_on_while_a_seal_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seal that the second answer begins ends only after the server was asked for the eighth page."""
    real, asked, waited = Sealer.seal, threading.Event(), []

    def waits(self: Sealer, rules: str, now: Any, **how: bool) -> Any:
        waited.append(asked.wait(timeout=300))
        return real(self, rules, clock.now(), **how)

    def answer(target: str) -> bytes:
        if target == "/8":
            asked.set()
        return PAGES.get(target, http("", status="404 Not Found"))

    monkeypatch.setattr(Sealer, "seal", waits)
    with RawServer(answer) as server:
        config = replace(config_of(tmp_path, *at(server, "probe.example")), seal=Seal(every=2))
        found = crawl(config, f"{HOST}/1", pages=8, ITEM_PIPELINES=PARTS)
    assert waited[0]
    assert verify(tmp_path).state == "sealed"
    assert exit_code(found.stats) == EXIT_DONE


def test_a_crawl_does_not_wait_for_another_who_seals(tmp_path: Path) -> None:
    """Somebody else holds the chain until the eighth page is asked for: the crawl gets there all the same."""
    other = crawled(tmp_path)
    lock = (other.config.archive / "manifests" / ".lock").open()
    fcntl.flock(lock, fcntl.LOCK_EX)

    def answer(target: str) -> bytes:
        if target == "/8":
            lock.close()
        return PAGES.get(target, http("", status="404 Not Found"))

    with RawServer(answer) as server:
        config = replace(config_of(tmp_path, *at(server, "probe.example")), seal=Seal(every=1))
        found = crawl(config, f"{HOST}/1", pages=8, ITEM_PIPELINES=PARTS)
    assert lock.closed
    assert verify(tmp_path).state == "sealed"
    assert exit_code(found.stats) == EXIT_DONE


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (OSError(28, "No space left on device"), EXIT_USAGE),
        (OperationalError("INSERT", {}, OSError("disk full")), EXIT_USAGE),
        (EvidenceBroken("the disk does not give it back"), EXIT_EVIDENCE),
        (ZeroDivisionError(), 1),
    ],
)
def test_a_seal_that_fails_loses_no_page_and_is_in_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: Exception, code: int
) -> None:
    def fails(*_: object) -> None:
        raise wrong

    with monkeypatch.context() as patched:
        patched.setattr(chain, "save_head", fails)
        found = crawled(tmp_path)
    assert exit_code(found.stats) == code
    assert found.verdict(f"{HOST}/1") == ("ok", "")
    assert found.run(f"{HOST}/1").pages == 8
    assert sealer_of(found).head().number == 0
    assert sealer_of(found).seal("", clock.now()).leaves == 19
    assert verify(tmp_path).state == "sealed"


def test_a_seal_that_fails_on_the_way_is_made_good_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failed = chain.save_head, []

    def fails_once(*arguments: Any) -> bytes:
        if not failed:
            failed.append(1)
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(chain, "save_head", fails_once)
    found = crawled(tmp_path, every=3)
    assert failed
    assert exit_code(found.stats) == EXIT_DONE
    assert verify(tmp_path).state == "sealed"


def test_damage_found_while_sealing_is_exit_4(tmp_path: Path) -> None:
    first = crawled(tmp_path, LANTIAN_IN_ROUND=True)
    (path,) = first.config.archive.glob("*.warc.gz")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 255
    path.write_bytes(raw)
    found = crawled(tmp_path)
    assert exit_code(found.stats) == EXIT_EVIDENCE
    assert found.verdict(f"{HOST}/1") == ("ok", "")
    report = verify(tmp_path)
    assert (report.damaged, report.unsealed) == (1, 0), "the rest is sealed, and the damage as damage"
    assert {one.kind for one in report.broken} == {"rows"}, "the database knows what the damaged record was"
