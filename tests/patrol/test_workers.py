"""Planned runs through a real Redis and a real PostgreSQL: two Celery workers, one killed, and a broker that goes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, func, select
from workshop import SETTINGS

from crawler import clock
from crawler.errors import UserMistake
from crawler.tables import Patrol
from crawler.watches import Claim, Slot, Watch, WatchQuery
from patrol.broker import ASK, QUEUE, BrokerAway, Offers, application, must_answer, shown
from patrol.tick import PatrolStore, tick
from patrol.workers import Workplace, work
from storage.db import open_database
from storage.models import Run
from storage.roster_shapes import Waiting, Wanted
from storage.tables.patrol import RosterRow

WORKSHOP = Path(__file__).parent / "workshop.py"
PLATFORMS = ("baidu", "sogou", "bing", "toutiao", "taobao", "jd")
T0 = datetime(2026, 8, 3, 2, 0, tzinfo=UTC)
NOBODY = "redis://:geheim@127.0.0.1:1/0"
PATIENCE = 240


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, f"still waiting: {what}"
        time.sleep(0.1)


@pytest.fixture
def broker(redis_url: str) -> Iterator[str]:
    """A database of the Redis of our own, empty."""
    url = redis_url.rpartition("/")[0] + "/7"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def store(database: str) -> Iterator[PatrolStore]:
    engine = open_database(database)
    yield PatrolStore(engine, SETTINGS)
    engine.dispose()


def written(store: PatrolStore, queries: int) -> int:
    """A watch of six platforms, all of whose runs may begin now."""
    now = clock.now()
    words = tuple(WatchQuery(words=f"专利 {n}") for n in range(queries))
    watch = Watch(name="示例", platforms=PLATFORMS, queries=words, schedule="0 9 * * *")
    watch_id = store.watches.add(watch, "王主任", now - timedelta(minutes=2))
    slots = [
        Slot(
            watch_id=watch_id,
            version=1,
            platform=platform,
            query=query.words,
            planned_at=now - timedelta(minutes=1),
            latest=now + timedelta(hours=6),
        )
        for platform in PLATFORMS
        for query in words
    ]
    return store.roster.write(watch_id, slots, now, now)


def ended(engine: Engine) -> int:
    query = select(func.count()).select_from(RosterRow).where(RosterRow.state == Claim.ENDED.value)
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


class Workers:
    """Worker processes, each in a folder of its own."""

    def __init__(self, folder: Path, database: str, broker: str) -> None:
        self.folder, self._started = folder, (database, broker)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> subprocess.Popen[bytes]:
        home = self.folder / name
        home.mkdir()
        with (home / "log").open("ab") as log:
            command = [sys.executable, str(WORKSHOP), "worker", *self._started, str(home)]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        return self.processes[-1]

    def acts(self, name: str) -> list[str]:
        log = self.folder / name / "acts"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def workers(tmp_path: Path, database: str, broker: str) -> Iterator[Workers]:
    workers = Workers(tmp_path, database, broker)
    yield workers
    workers.end()


def test_two_workers_and_one_is_killed(
    store: PatrolStore, workers: Workers, broker: str, is_torture: bool, tmp_path: Path
) -> None:
    queries = 200 if is_torture else 40
    planned = written(store, queries)
    assert planned == len(PLATFORMS) * queries
    heard: list[str] = []
    app = application(broker, SETTINGS)
    for platform in PLATFORMS:
        app.send_task(ASK, args=[1, 1, platform], queue=QUEUE)  # once more than the patrol does: harmless
    offers = Offers(app, broker, SETTINGS, heard.append)
    killed, _ = workers.start("甲"), workers.start("乙")

    def looked(is_so: Callable[[], bool]) -> Callable[[], bool]:
        def look() -> bool:
            tick(store, offers, clock.now())
            return is_so()

        return look

    until(looked(lambda: len(workers.acts("甲")) >= 10), "the first worker works")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    until(looked(lambda: ended(store.database) == planned), "every run has ended")
    assert heard == []
    with redis.Redis.from_url(broker) as client:
        until(lambda: client.llen(QUEUE) == 0 and client.hlen("unacked") <= 1, "every message but the dead one's")
    with store.database.connect() as connection:
        rows = connection.execute(select(RosterRow.outcome, RosterRow.attempts, RosterRow.run_id)).all()
        runs = connection.execute(select(Run.platform, Run.query, Run.outcome, Run.reason)).all()
    assert Counter(row.outcome for row in rows) == {"ok": planned}, "none lost"
    assert len({row.run_id for row in rows}) == planned
    assert {row.attempts for row in rows} == {1, 2}, "what the dead one held was tried again"
    asked = Counter((row.platform, row.query) for row in runs if row.outcome == "ok")
    assert len(asked) == planned
    assert set(asked.values()) == {1}, "none doubled"
    assert {(row.outcome, row.reason) for row in runs} - {("ok", "")} <= {("missed", "interrupted")}
    assert len(runs) == sum(row.attempts for row in rows), "each attempt is there, with its end"


def test_what_the_broker_forgot_is_offered_again(store: PatrolStore, broker: str) -> None:
    planned = written(store, 2)
    offers = Offers(application(broker, SETTINGS), broker, SETTINGS, lambda _: None)
    now = clock.now()
    assert tick(store, offers, now).taken == planned
    with redis.Redis.from_url(broker) as client:
        assert client.llen(QUEUE) == len(PLATFORMS)
        client.flushdb()
    assert tick(store, offers, now + timedelta(seconds=SETTINGS.lease - 1)).taken == 0, "not again so soon"
    assert tick(store, offers, now + timedelta(seconds=SETTINGS.lease + 1)).taken == planned


# -- offering --------------------------------------------------------------------------------------


def batch(platform: str = "baidu", version: int = 1, rows: int = 4) -> Waiting:
    return Waiting(watch_id=1, version=version, platform=platform, rows=rows, since=T0)


def offered(client: redis.Redis) -> int:
    return int(client.llen(QUEUE))


def test_an_offer_is_made_again_ever_more_seldom(broker: str) -> None:
    offers = Offers(application(broker, Patrol(lease=600.0)), broker, Patrol(lease=600.0), lambda _: None)
    made = [minutes for minutes in range(24 * 60) if offers.offer([batch()], T0 + timedelta(minutes=minutes))]
    assert made == [0, 10, 30, 70, 150, 310, 630, 990, 1350]


def test_what_was_taken_and_comes_back_is_offered_at_once(broker: str) -> None:
    offers = Offers(application(broker, Patrol()), broker, Patrol(), lambda _: None)
    assert offers.offer([batch(), batch("jd", rows=2)], T0) == 6
    assert offers.offer([batch()], T0 + timedelta(seconds=30)) == 0
    assert offers.offer([batch(), batch("jd", rows=2)], T0 + timedelta(seconds=60)) == 2
    assert offers.offer([batch(version=2)], T0 + timedelta(seconds=90)) == 4


def test_a_clock_put_back_delays_no_offer(broker: str) -> None:
    offers = Offers(application(broker, Patrol()), broker, Patrol(), lambda _: None)
    assert offers.offer([batch()], T0) == 4
    assert offers.offer([batch()], T0 - timedelta(days=3)) == 4


def test_a_broker_that_is_away_is_said_once_and_nothing_is_lost(broker: str) -> None:
    heard: list[str] = []
    offers = Offers(application(NOBODY, Patrol()), NOBODY, Patrol(), heard.append)
    assert [offers.offer([batch(), batch("jd")], T0 + timedelta(seconds=n)) for n in range(3)] == [0, 0, 0]
    (said,) = heard
    assert "redis://127.0.0.1:1" in said
    assert "geheim" not in said
    offers._app = application(broker, Patrol())
    assert offers.offer([batch(), batch("jd")], T0 + timedelta(seconds=4)) == 8
    assert len(heard) == 2
    assert "恢复" in heard[1]


# -- the application -------------------------------------------------------------------------------


def test_the_application_acknowledges_late_and_takes_json_alone(broker: str) -> None:
    conf = application(broker, Patrol(minutes=180.0)).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"
    assert conf.result_backend is None
    assert conf.broker_transport_options["visibility_timeout"] > 180 * 60


def test_on_rabbitmq_the_longest_crawl_may_be_acknowledged(broker: str) -> None:
    conf = application("amqp://wei:mi@127.0.0.1:1//", Patrol(minutes=180.0)).conf
    (queue,) = conf.task_queues
    assert queue.queue_arguments["x-consumer-timeout"] > 180 * 60 * 1000
    assert conf.broker_transport_options["confirm_publish"]
    assert "visibility_timeout" not in conf.broker_transport_options


def test_a_broker_that_answers_is_enough(broker: str) -> None:
    must_answer(application(broker, Patrol()), broker)


@pytest.mark.parametrize("url", [NOBODY, "amqp://wei:geheim@127.0.0.1:1//"])
def test_a_broker_that_is_away_is_named_without_its_password(url: str) -> None:
    with pytest.raises(BrokerAway, match=re.escape("127.0.0.1:1")) as refused:
        must_answer(application(url, Patrol()), url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "sqs://key:geheim@", "geheim", "memory://", "redis"])
def test_what_is_no_brokers_address_is_refused(url: str) -> None:
    with pytest.raises(UserMistake, match="LANTIAN_BROKER") as refused:
        application(url, Patrol())
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://wei:geheim@broker.example:6379/3", "redis://broker.example:6379"),
        ("redis://:geheim@[::1]:6379", "redis://::1:6379"),
        ("amqps://wei:geheim@broker.example//", "amqps://broker.example"),
        ("redis://broker.example:geheim", "redis://broker.example"),
    ],
)
def test_addresses_are_shown_without_passwords(url: str, told: str) -> None:
    assert shown(url) == told


def test_a_worker_whose_disk_is_full_takes_nothing() -> None:
    def never() -> PatrolStore:
        raise AssertionError("nothing was to be asked")

    full = Workplace(store=never, means=never, now=clock.now, has_room=lambda: False)  # type: ignore[arg-type]
    assert work(full, Wanted(watch_id=1, version=1, platforms=("jd",))) == 0
    with pytest.raises(AssertionError):
        work(replace(full, has_room=lambda: True), Wanted(watch_id=1, version=1))
