"""Messages go out once: several processes at a time, a death while sending, and what waits while no crawl ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from crawling import RawServer, http
from patrolled_home import until
from sqlalchemy import Engine

from console.notifying import notify, send_notice
from crawler import clock
from crawler.tables import Notify
from patrol.telling import digest_key, is_due
from storage.db import open_database
from storage.notices import SENDING, Kind, Known, Notices
from tests.console.conftest import ROOT
from tests.console.test_notifying import DAY, MORNING, at, flagged, office, sent


@pytest.fixture
def inbox() -> Iterator[RawServer]:
    with RawServer(lambda _: http("{}")) as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "lantian.db")
    yield engine
    engine.dispose()


def test_of_several_processes_one_sends(database: Engine, tmp_path: Path) -> None:
    both, here = threading.Barrier(2), threading.Event()

    def answer(_target: str) -> bytes:
        here.wait(60)  # whoever sends is still at it while the other has its turn
        return http("{}")

    notices = Notices(database)
    notices.write("digest 2026-08-02", Kind.DIGEST, "只此一份", Known(), MORNING)
    with RawServer(answer) as server, ThreadPoolExecutor(2) as pool:

        def tries(_number: int) -> None:
            (one,) = notices.waiting(MORNING, MORNING - DAY)
            both.wait(60)
            send_notice(notices, one, [at(server)], MORNING)

        ended = [pool.submit(tries, number) for number in (1, 2)]
        assert wait(ended, 60, FIRST_COMPLETED).done, "the one that has no turn does not wait for the other"
        assert notices.waiting(MORNING + timedelta(minutes=1), MORNING - DAY) == ()
        here.set()
        for one in ended:
            one.result(60)
        assert len(server.hits) == 1
    assert sent(database) == ["只此一份"]


def test_a_claim_is_one_s_alone_on_postgresql_too(migrated_database: str) -> None:
    database = open_database(migrated_database)
    flagged(database, "r1", "1", severity=2)
    flagged(database, "r2", "1", "2")
    notices = Notices(database)
    assert [count for _, _, count in notices.news(0).counts] == [2]
    assert [count for _, _, count in notices.news(1).counts] == [2], "the lesser finding hides nothing"
    assert notices.news(notices.news(0).upto).counts == ()
    notices.write("digest 2026-08-02", Kind.DIGEST, "只此一份", Known(), MORNING)
    (one,) = notices.waiting(MORNING, MORNING - DAY)
    assert [notices.claim(one, MORNING) for _ in range(2)] == [True, False]
    database.dispose()


def test_a_death_while_sending_repeats_it_once_after_its_time(tmp_path: Path) -> None:
    """A real process is killed between its claim and the result, the message being out already."""
    home = tmp_path / "home"
    home.mkdir()
    database = open_database(home / "lantian.db")
    Notices(database).write("digest 2026-08-02", Kind.DIGEST, "只此一份", Known(), MORNING)
    answers = iter([None])
    with RawServer(lambda _: next(answers, http("{}"))) as server:
        program = (
            "import sys; from datetime import datetime; from console.notifying import send_notice\n"
            "from storage.db import open_database; from storage.notices import Notices; from pathlib import Path\n"
            "notices, at = Notices(open_database(Path(sys.argv[1]))), datetime.fromisoformat(sys.argv[3])\n"
            "(one,) = notices.waiting(at, datetime(2026, 1, 1, tzinfo=at.tzinfo))\n"
            "send_notice(notices, one, [sys.argv[2]], at)"
        )
        argv = (sys.executable, "-c", program, str(home / "lantian.db"), at(server), MORNING.isoformat())
        with subprocess.Popen(argv, cwd=ROOT) as sender:
            until(lambda: bool(server.hits) or sender.poll() is not None)
            sender.kill()
        config = office(home, at(server))
        for minutes in (0, 1, 4):
            notify(config, database, MORNING + timedelta(minutes=minutes))
        assert len(server.hits) == 1, "nobody knows yet whether it is still going out"
        for minutes in (5, 6, 60, 600):
            notify(config, database, MORNING + timedelta(minutes=minutes))
        assert len(server.hits) == 2
    assert sent(database) == ["只此一份"]
    database.dispose()


def test_after_a_long_absence_a_try_is_not_followed_by_another_at_once(database: Engine) -> None:
    notices = Notices(database)
    notices.write("digest 2026-08-02", Kind.DIGEST, "只此一份", Known(), MORNING)
    late = MORNING + timedelta(hours=20)
    (one,) = notices.waiting(late, MORNING)
    assert notices.claim(one, late)
    assert notices.waiting(late + timedelta(minutes=4), MORNING) == ()
    assert len(notices.waiting(late + timedelta(minutes=5), MORNING)) == 1


def test_a_late_failure_says_nothing_of_a_later_try(database: Engine) -> None:
    notices = Notices(database)
    notices.write("digest 2026-08-02", Kind.DIGEST, "只此一份", Known(), MORNING)
    (first,) = notices.waiting(MORNING, MORNING)
    assert notices.claim(first, MORNING)
    (second,) = notices.waiting(MORNING + DAY / 24, MORNING)
    assert notices.claim(second, MORNING + DAY / 24)
    notices.tried(first, MORNING + DAY / 24, "没有送到", is_sent=False)
    assert notices.listed()[0].error == SENDING
    notices.tried(second, MORNING + DAY / 24, "", is_sent=True)
    notices.tried(second, MORNING + DAY / 12, "没有送到", is_sent=False)
    assert sent(database) == ["只此一份"]


# -- while no crawl ends -----------------------------------------------------------------------------


def test_a_digest_is_due_from_its_time_on_until_somebody_writes_it(database: Engine) -> None:
    notices, settings = Notices(database), Notify(digest="08:30")
    moment = MORNING - timedelta(minutes=30)
    assert not is_due(database, settings, moment - timedelta(seconds=1))
    for later in (timedelta(0), timedelta(hours=15)):  # a patrol that was down, a clock that jumped over it
        assert is_due(database, settings, moment + later)
    notices.write(digest_key(date(2026, 8, 2)), Kind.DIGEST, "只此一份", Known(), MORNING)
    assert is_due(database, settings, MORNING), "it waits to be sent"
    (one,) = notices.waiting(MORNING, MORNING)
    assert notices.claim(one, MORNING)
    notices.tried(one, MORNING, "没有送到", is_sent=False)
    assert not is_due(database, settings, MORNING + timedelta(minutes=4))
    assert is_due(database, settings, MORNING + timedelta(minutes=5))
    again = replace(one, tries=1)
    assert notices.claim(again, MORNING + timedelta(minutes=5))
    notices.tried(again, MORNING + timedelta(minutes=5), "", is_sent=True)
    assert not is_due(database, settings, MORNING + timedelta(hours=14))
    assert is_due(database, settings, MORNING + DAY)


def test_a_patrol_has_told_what_is_due_though_nothing_is_crawled_and_loads_nothing_for_it(
    tmp_path: Path, inbox: RawServer
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lantian.toml").write_text('[notify]\ndigest = "00:00"\n', encoding="utf-8")
    database = open_database(home / "lantian.db")
    notices, earlier = Notices(database), clock.now() - timedelta(hours=1)
    notices.write("grave 1 0", Kind.GRAVE, "上一次没有送到", Known(), earlier)
    (failed,) = notices.waiting(earlier, earlier)
    assert notices.claim(failed, earlier)
    notices.tried(failed, earlier, "没有送到", is_sent=False)
    program = (
        "import sys; from console.patrolling import patrol; from crawler.config import Config\n"
        "assert patrol(Config.load(), is_once=True, as_json=False) == 0\n"
        "print(*sys.modules)"
    )
    told = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANTIAN_HOME": str(home), "LANTIAN_NOTIFY": at(inbox)}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=told, capture_output=True, text=True, check=True
    )
    heavy = {"apprise", "scrapy", "twisted", "jieba", "playwright", "numpy", "spiders", "pipelines"}
    assert not heavy & {name.partition(".")[0] for name in ran.stdout.split()}
    assert {one.kind for one in notices.listed() if one.sent_at} == {Kind.DIGEST, Kind.GRAVE}
    assert len(inbox.hits) == len(notices.listed())
    database.dispose()
