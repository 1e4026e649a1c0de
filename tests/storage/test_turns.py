"""One distance between requests to a host, kept by all processes that share a database; hosts left alone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from crawling import RawServer, http
from sqlalchemy import Engine, select
from storage_specimens import T0
from turn_ledger import NotedTurns, are_apart

from crawler.pace import Turns, turn
from storage.db import open_database
from storage.tables.workers import HostTurnRow
from storage.turns import FILE, CoolDowns, StoredTurns

ROOT = Path(__file__).parents[2]
DELAY = 0.2
VISITOR = """
import asyncio, sys, urllib.request
from pathlib import Path
from crawler.pace import turn
from storage.db import open_database
from storage.turns import StoredTurns

home, database, url, delay, times = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5])

async def visit():
    turns = StoredTurns(home, open_database(database))
    for _ in range(times):
        await turn("shared.example", delay, turns)
        urllib.request.urlopen(url).close()

asyncio.run(visit())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lantian.db'}"
    return str(request.getfixturevalue("new_database")())


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_database(database)
    yield engine
    engine.dispose()


def test_three_processes_visit_a_host_as_one(tmp_path: Path, database: str, engine: Engine) -> None:
    turns = StoredTurns(tmp_path, engine)
    noted = NotedTurns(turns)
    with RawServer(lambda _: http("x")) as server:
        url = f"http://127.0.0.1:{server.port}/"
        command = [sys.executable, "-c", VISITOR, str(tmp_path), database, url, str(DELAY), "5"]
        visitors = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
        assert [visitor.wait(300) for visitor in visitors] == [0, 0, 0]
        assert len(server.hits) == 15
    begun = noted.begun("shared.example")
    assert len(begun) == 15
    assert are_apart(begun, DELAY)
    turns.close()


def test_the_line_is_one_for_all_who_share_the_database(tmp_path: Path, database: str, engine: Engine) -> None:
    another = open_database(database)
    ledgers = [StoredTurns(tmp_path, engine), StoredTurns(tmp_path, another)]
    waits = [ledger.reserve("one.example", 1000.0) for ledger in (*ledgers, *ledgers)]
    assert waits[0] == 0.0
    for number, wait in enumerate(waits[1:], 1):
        assert 1000.0 * (number - 1) < wait <= 1000.0 * number
    assert ledgers[1].reserve("another.example", 1000.0) == 0.0
    ledgers[0].rest("third.example", 1000.0)
    assert 500.0 < ledgers[1].reserve("third.example", 1.0) <= 1000.0
    assert 500.0 < ledgers[1].begin("one.example", 1000.0) <= 1000.0
    for ledger in ledgers:
        ledger.close()
    another.dispose()


def test_threads_never_get_the_same_turn(tmp_path: Path, engine: Engine) -> None:
    turns, waits = StoredTurns(tmp_path, engine), []

    def stand() -> None:
        waits.extend(turns.reserve("shared.example", 1000.0) for _ in range(10))

    threads = [threading.Thread(target=stand) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns.close()
    assert sorted(round(wait / 1000.0) for wait in waits) == list(range(40))


def test_without_a_delay_there_is_no_transaction(tmp_path: Path, engine: Engine) -> None:
    turns: Turns = StoredTurns(tmp_path, engine)
    with pytest.raises(StopIteration):
        turn("free.example", 0.0, turns).send(None)
    assert not (tmp_path / FILE).exists()
    with engine.connect() as connection:
        assert connection.execute(select(HostTurnRow)).all() == []


def test_a_clock_put_back_is_no_reason_to_wait(tmp_path: Path, database: str, engine: Engine) -> None:
    turns = StoredTurns(tmp_path, engine)
    assert turns.reserve("late.example", 5.0) == 0.0
    for shared in (turns._shared or turns._own,):
        with shared.begin() as connection:
            ahead = {"free_at": HostTurnRow.free_at + 1e9, "begun_at": HostTurnRow.begun_at + 1e9}
            connection.execute(HostTurnRow.__table__.update().values(**ahead, looked_at=HostTurnRow.looked_at + 1e9))
    assert turns.reserve("late.example", 5.0) <= 5.0 + 1e-6
    assert turns.begin("late.example", 5.0) <= 5.0 + 1e-6
    turns.close()


def test_a_file_of_turns_that_is_none_any_more_begins_anew(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture, database: str
) -> None:
    if database.startswith("postgresql"):
        pytest.skip("there the turns are in the shared database")
    (tmp_path / FILE).write_bytes(b"torn by a power cut" * 1000)
    turns = StoredTurns(tmp_path, engine)
    assert turns.reserve("host.example", 1000.0) == 0.0
    assert turns.reserve("host.example", 1000.0) > 500.0
    turns.close()
    assert "begins anew" in caplog.text


def test_a_host_is_left_alone_until_its_time_is_over(engine: Engine) -> None:
    downs, until = CoolDowns(engine), T0 + timedelta(minutes=30)
    assert downs.cooling("www.example", T0) is None
    downs.cool("www.example", until, "http_429", T0)
    told = downs.cooling("www.example", T0 + timedelta(minutes=29))
    assert told is not None
    assert (told.host, told.until, told.reason) == ("www.example", until, "http_429")
    assert downs.cooling("other.example", T0) is None
    assert downs.cooling("www.example", until) is None
    assert downs.cooling("www.example", T0 - timedelta(days=1)) is None, "the clock was put back"
    downs.cool("www.example", until + timedelta(hours=1), "captcha", T0)
    later = downs.cooling("www.example", until)
    assert later is not None
    assert later.reason == "captcha"
