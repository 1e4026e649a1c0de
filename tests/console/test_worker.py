"""`lantian worker`: two machines crawl one host as one visitor, and what they kept is collected, sealed and whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from keeping_specimens import NOW, home_in, keep_page
from sqlalchemy import select
from storage_specimens import archive_in
from test_shelf import KEY, SECRET, Server
from turn_ledger import NotedTurns, are_apart

from console.patrolling import patrol
from console.specimen import Specimen, SpecimenPage, load
from console.specimen_server import SpecimenServer
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.tables import Patrol
from crawler.watches import Claim, Slot, Watch, WatchQuery
from patrol.broker import QUEUE, Offers, application
from patrol.tick import PatrolStore, tick
from storage.db import open_database
from storage.handover import Sender, become_worker, is_waiting, waiting
from storage.shelf import open_shelf
from storage.standing import standing
from storage.tables.patrol import RosterRow
from storage.turns import StoredTurns
from tests.console.conftest import Ran
from tests.console.test_files import goods

ROOT = Path(__file__).parents[2]
DELAY = 0.4
PATIENCE = 240
QUERIES = [f"专利{word}" for word in "甲乙丙丁戊己庚辛"]
SETTINGS = """[crawl]
delay = {delay}
throttle = false
timeout = 20.0
retries = 0
[browser]
pictures = false
[pictures]
read = false
[shelf]
url = "s3://worker-evidence/office"
endpoint = "{endpoint}"
"""
Lantian = Callable[..., Ran]


class Watched:
    """An invented web that remembers which host was asked for what."""

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self.seen: list[tuple[str, str]] = []

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.specimen.hosts

    def find(self, host: str, target: str) -> SpecimenPage:
        self.seen.append((host, target))
        return self.specimen.find(host, target)


@pytest.fixture
def web(tmp_path: Path) -> Watched:
    folder = tmp_path / "web"
    folder.mkdir()
    manifest = "version = 1\n"
    for place, query in enumerate(QUERIES):
        page = goods("发明专利包授权 不过全额退款", f"发明专利申请 {query}")
        head = '<html><head><meta charset="utf-8"><title>专利 - 京东</title></head>'
        (folder / f"{place}.html").write_text(page.replace("<html>", head), encoding="utf-8")
        manifest += f'[[page]]\nhost = "search.jd.com"\npath = "/Search?keyword={query}"\nfile = "{place}.html"\n'
    (folder / "manifest.toml").write_text(manifest, encoding="utf-8")
    return Watched(load(folder))


class Machines:
    """A patrol host and workers, each with a home of its own; database, broker and shelf are everybody's."""

    def __init__(self, folder: Path, everybody: dict[str, str], endpoint: str) -> None:
        self.folder, self.endpoint = folder, endpoint
        self.everybody = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"} | everybody
        self.started: list[subprocess.Popen[bytes]] = []

    def home(self, name: str) -> Path:
        home = self.folder / name
        if not home.exists():
            home.mkdir()
            (home / "lantian.toml").write_text(SETTINGS.format(delay=DELAY, endpoint=self.endpoint), encoding="utf-8")
        return home

    def environ(self, name: str) -> dict[str, str]:
        return self.everybody | {"LANTIAN_HOME": str(self.home(name))}

    def start(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "from console.cli import main; main()", "worker", "--concurrency", "1"]
        with (self.home(name) / "said").open("wb") as said:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environ(name), stdout=said, stderr=said)
        self.started.append(process)
        return process

    def run(self, name: str, *arguments: str) -> Ran:
        code = "from console.cli import main; main()"
        command = [sys.executable, *(arguments if arguments[0] == "-m" else ("-c", code, *arguments))]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environ(name), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def files(self, name: str) -> list[str]:
        return sorted(path.name for path in (self.home(name) / "archive").glob("*.warc.gz*"))

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path: Path, web: Watched, new_database: Callable[[], str], redis_url: str) -> Iterator[Machines]:
    broker = redis_url.rpartition("/")[0] + "/8"
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
    store = Server()
    store.client.create_bucket(Bucket="worker-evidence")
    with SpecimenServer(web) as server:
        everybody = {
            "LANTIAN_DATABASE": new_database(),
            "LANTIAN_BROKER": broker,
            "LANTIAN_S3_KEY": KEY,
            "LANTIAN_S3_SECRET": SECRET,
            "LANTIAN_HOSTS": str(server.hosts_file(tmp_path / "hosts")),
        }
        machines = Machines(tmp_path, everybody, store.url)
        yield machines
        machines.end()
    store.kill()


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, f"still waiting: {what}"
        time.sleep(0.2)


def planned(store: PatrolStore) -> None:
    """Two watches of the same host, so that two workers are on it at once."""
    now = clock.now()
    for name, words in (("甲", QUERIES[:4]), ("乙", QUERIES[4:])):
        queries = tuple(WatchQuery(words=one) for one in words)
        watch = Watch(name=name, platforms=("jd",), queries=queries, schedule="0 9 * * *", depth=1)
        watch_id = store.watches.add(watch, "王主任", now - timedelta(minutes=2))
        times = {"planned_at": now - timedelta(minutes=1), "latest": now + timedelta(hours=6)}
        slots = [Slot(watch_id=watch_id, version=1, platform="jd", query=one, **times) for one in words]
        store.roster.write(watch_id, slots, now, now)


@pytest.fixture
def store(machines: Machines) -> Iterator[PatrolStore]:
    engine = open_database(machines.everybody["LANTIAN_DATABASE"])
    yield PatrolStore(engine, Patrol())
    engine.dispose()


def test_two_machines_crawl_as_one_visitor_and_one_archive_has_it_all(
    machines: Machines, web: Watched, store: PatrolStore
) -> None:
    settings, broker = store.settings, machines.everybody["LANTIAN_BROKER"]
    app = application(broker, settings)
    noted = NotedTurns(StoredTurns(machines.folder, store.database))
    workers = [machines.start(name) for name in ("worker-1", "worker-2")]
    until(lambda: len(app.control.inspect(timeout=5.0).ping() or {}) == 2, "both workers answer")
    planned(store)
    offers = Offers(app, broker, settings, lambda _: None)

    def are_ended() -> bool:
        tick(store, offers, clock.now())
        with store.database.connect() as connection:
            states = connection.execute(select(RosterRow.state)).scalars().all()
        return set(states) == {Claim.ENDED.value}

    until(are_ended, "every run has ended")
    with store.database.connect() as connection:
        columns = (RosterRow.outcome, RosterRow.attempts, RosterRow.holder, RosterRow.detail)
        rows = connection.execute(select(*columns)).all()
    assert {(row.outcome, row.attempts, row.detail) for row in rows} == {("ok", 1, "")}
    assert len(rows) == len(QUERIES)
    assert len({row.holder for row in rows}) == 2, "both worked"
    until(lambda: len(_handed_over(store)) == 2, "both have handed over")
    _end_politely(workers)

    pages = [target for host, target in web.seen if host == "search.jd.com"]
    assert len(pages) == len(QUERIES) + 2, "robots.txt is asked for once a crawl"
    begun = noted.begun("search.jd.com")
    assert len(begun) == len(pages)
    assert are_apart(begun, DELAY)
    _collected(machines)


def _handed_over(store: PatrolStore) -> list[str]:
    return [one.file for one in waiting(store.database)]


def _end_politely(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0]


def _collected(machines: Machines) -> None:
    status = machines.run("host", "evidence", "status", "--json")
    assert status.out, status.err
    told = json.loads(status.out)
    assert (told["state"], told["open"]["files"], told["met"], status.code) == ("open", 2, False, 4)
    assert told["open"]["captures"] == len(QUERIES)
    shown = machines.run("host", "leads", "--json").lines
    assert {(one["integrity"], one["seal"]) for one in shown} == {("whole", "open")}, "what is on its way is read there"
    collected = machines.run("host", "evidence", "collect", "--json")
    assert collected.code == 0, collected.err
    assert json.loads(collected.out)["files"] == 2
    assert machines.files("host") == [], "sealed and shelved"
    verified = machines.run("host", "evidence", "verify", "--json")
    assert verified.code == 0, verified.out + verified.err
    told = json.loads(verified.out)
    assert (told["ok"], told["state"]) == (True, "sealed")

    assert [len(machines.files(name)) for name in ("worker-1", "worker-2")] == [1, 1]
    freed = machines.run("worker-1", "-m", "console.handing")
    assert freed.code == 0, freed.err
    assert [len(machines.files(name)) for name in ("worker-1", "worker-2")] == [0, 1]


# -- what a worker needs ---------------------------------------------------------------------------

SECRET_WORD = "geheim-38"
AWAY = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ({"LANTIAN_BROKER": ""}, "LANTIAN_BROKER"),
        ({"LANTIAN_BROKER": f"sqs://wei:{SECRET_WORD}@"}, "LANTIAN_BROKER"),
        ({"LANTIAN_BROKER": f"redis://:{SECRET_WORD}@{AWAY}/0"}, "消息代理不可达"),
        ({"LANTIAN_DATABASE": ""}, "LANTIAN_DATABASE"),
        ({"LANTIAN_DATABASE": "sqlite:///lantian.db"}, "LANTIAN_DATABASE"),
        ({"LANTIAN_DATABASE": f"postgresql://wei:{SECRET_WORD}@{AWAY}/lantian"}, "数据库"),
    ],
    ids=["no broker", "no such broker", "broker away", "no database", "not shared", "database away"],
)
def test_what_a_worker_cannot_do_without_is_said(  # noqa: PLR0917 - fixtures
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    here: Lantian,
    new_database: Callable[[], str],
    redis_url: str,
    missing: dict[str, str],
    why: str,
) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "home" / "lantian.toml").write_text(f'[shelf]\nurl = "{tmp_path / "shelf"}"\n', encoding="utf-8")
    for name, value in ({"LANTIAN_BROKER": redis_url, "LANTIAN_DATABASE": new_database()} | missing).items():
        monkeypatch.setenv(name, value)
    ran = here("worker")
    assert ran.code == 2
    assert why in ran.err
    assert SECRET_WORD not in ran.err


def test_a_worker_without_a_shelf_is_refused(
    monkeypatch: pytest.MonkeyPatch, here: Lantian, new_database: Callable[[], str], redis_url: str
) -> None:
    monkeypatch.setenv("LANTIAN_BROKER", redis_url)
    monkeypatch.setenv("LANTIAN_DATABASE", new_database())
    ran = here("worker")
    assert (ran.code, "[shelf]" in ran.err) == (2, True)


def test_a_worker_whose_shelf_is_away_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Lantian, new_database: Callable[[], str], redis_url: str
) -> None:
    told = f'[shelf]\nurl = "s3://worker-evidence/x"\nendpoint = "http://{AWAY}"\n'
    (tmp_path / "home" / "lantian.toml").write_text(told, encoding="utf-8")
    monkeypatch.setenv("LANTIAN_BROKER", redis_url)
    monkeypatch.setenv("LANTIAN_DATABASE", new_database())
    monkeypatch.setenv("LANTIAN_S3_KEY", KEY)
    monkeypatch.setenv("LANTIAN_S3_SECRET", SECRET_WORD)
    ran = here("worker")
    assert (ran.code, "存储不可达" in ran.err) == (2, True)
    assert SECRET_WORD not in ran.err


def test_a_workers_home_has_no_rounds_of_its_own(tmp_path: Path, here: Lantian) -> None:
    (tmp_path / "home" / "WORKER").touch()
    ran = here("round", "--spiders", "jd")
    assert (ran.code, "工作机" in ran.err) == (2, True)


def test_collecting_without_a_shelf_or_on_a_worker_is_refused(tmp_path: Path, here: Lantian) -> None:
    ran = here("evidence", "collect")
    assert (ran.code, "[shelf]" in ran.err) == (2, True)
    (tmp_path / "home" / "WORKER").touch()
    ran = here("evidence", "collect")
    assert (ran.code, "工作机" in ran.err) == (2, True)


# -- the patrol host -------------------------------------------------------------------------------


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """A patrol host's home with runs that may begin and a file that a worker handed over."""

    def made(broker: str) -> Config:
        home = tmp_path / "host"
        (tmp_path / "shelf").mkdir()
        with home_in(home) as made:
            planned(PatrolStore(made.engine, Patrol()))
            become_worker(tmp_path / "worker")
            with archive_in(tmp_path / "worker" / "archive") as archive:
                keep_page(made, archive, {"a": True}, NOW)
            (home / "lantian.toml").write_text(f'[shelf]\nurl = "{tmp_path / "shelf"}"\n', encoding="utf-8")
            monkeypatch.setenv("LANTIAN_HOME", str(home))
            monkeypatch.setenv("LANTIAN_BROKER", broker)
            config = Config.load()
            shelf = open_shelf(config)
            assert shelf is not None
            Sender(tmp_path / "worker" / "archive", made.engine, shelf, "工作机甲").hand_over(clock.now())
        return config

    return made


def test_with_a_broker_the_patrol_offers_and_collects(
    host: Callable[[str], Config], redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = redis_url.rpartition("/")[0] + "/9"
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
        config = host(broker)
        assert patrol(config, is_once=True, as_json=True) == 0
        assert client.llen(QUEUE) == 2
        client.flushdb()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["taken"] for one in told if one["event"] == "ticked"] == [len(QUERIES)]
    engine = open_database(config.database)
    with engine.connect() as connection:
        assert set(connection.execute(select(RosterRow.state)).scalars()) == {Claim.PLANNED.value}
    until(lambda: not is_waiting(engine), "the child collects")
    until(lambda: standing(config.archive, engine, clock.now()).is_as("sealed"), "and seals")
    engine.dispose()


def test_a_broker_that_is_away_stops_no_patrol(
    host: Callable[[str], Config], capsys: pytest.CaptureFixture[str]
) -> None:
    config = host(f"redis://:{SECRET_WORD}@{AWAY}/0")
    assert patrol(config, is_once=True, as_json=False) == 2, "nobody was asked to look at what is due"
    said = capsys.readouterr().err
    assert "消息代理不可达" in said
    assert SECRET_WORD not in said
    engine = open_database(config.database)
    with engine.connect() as connection:
        assert len(connection.execute(select(RosterRow.state)).all()) == len(QUERIES), "nothing is lost"
    until(lambda: not is_waiting(engine), "what was handed over is collected all the same")
    engine.dispose()


def test_a_workers_home_is_no_patrol_hosts(host: Callable[[str], Config], redis_url: str) -> None:
    config = host(redis_url)
    (config.home / "WORKER").touch()
    with pytest.raises(UserMistake, match="工作机"):
        patrol(config, is_once=True, as_json=False)
